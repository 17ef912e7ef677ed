"""Mechanisms every feature stands on; no product noun lives here."""
