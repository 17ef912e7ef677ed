"""How boards stand: their order, and which are put away; what is written on them is the slice `boards`."""
