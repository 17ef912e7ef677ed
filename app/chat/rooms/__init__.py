"""Rooms: how they come about, who is in them, and the lists and pages around their messages."""
