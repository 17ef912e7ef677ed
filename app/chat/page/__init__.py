"""The page of one room: its messages as lines, what stands around them, and names to speak to."""
