"""One act on many people: chosen, previewed, done, and undone for a day."""
