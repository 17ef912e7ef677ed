"""Notices（通知）: what is told to one person, why, and how it reaches them: list, mail, digest, push."""
