"""Bookmarks（しおり）: what each person keeps for themselves about boards: how far they read, what they saved, how much to hear."""
