"""How bars become opinions: votes, their fusion, their words, and what became of them. Pure."""
