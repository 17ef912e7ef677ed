"""Boards（ひろば）: topics, comments, and keeping them in order."""
