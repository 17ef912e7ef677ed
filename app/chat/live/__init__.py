"""What open pages are told of rooms, and how they catch up."""
