"""Reported messages: what was chosen, and nothing else of the room."""
