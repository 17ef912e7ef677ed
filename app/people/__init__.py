"""Profile, directory, blocks; owns the person card."""
