"""Mentors: which employee stands beside which candidate."""
