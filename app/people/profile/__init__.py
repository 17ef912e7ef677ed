"""What candidates say about themselves, and to whom: their profile's fields and the audience of each."""
