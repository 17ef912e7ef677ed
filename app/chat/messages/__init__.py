"""What is said in a room: sending, changing, signs, bookmarks."""
