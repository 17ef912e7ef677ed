"""First friends: into a 班 by itself, cards with something to talk about, and the weekly となりの席."""
