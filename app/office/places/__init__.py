"""Cohorts, groups（班）and walls: where candidates belong."""
