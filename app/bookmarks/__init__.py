"""What one person keeps about what they read: bookmarks（しおり）, how much they wish to hear, and saved posts.

All of it is its owner's alone: in no page, count, notice or export of anybody else.
"""
