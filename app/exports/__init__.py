"""A member's own export: everything that is theirs, gathered into one ZIP when they ask, and kept for a day.

`gathering.py` says what is theirs and reads it in batches; `archive.py` writes it down twice, for machines and for people;
`shelf.py` is where the file lies. Nothing of it is ever anybody else's text.
"""
