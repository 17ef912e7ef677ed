"""Doors: sign-in, sessions, second factor, one's own security, roles, suspension, leaving."""
