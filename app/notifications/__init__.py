"""Notices: what each person is told, where, and how seldom."""
