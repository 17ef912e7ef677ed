"""What needs two people: asked for by one, decided by another, carried out in the same moment."""
