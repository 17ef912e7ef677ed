"""Files: uploaded, rebuilt, attached, handed out to whoever may see what they belong to."""
