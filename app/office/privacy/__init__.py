"""How far candidates may show themselves to each other: caps that HR lowers alone and raises only with a second person."""
