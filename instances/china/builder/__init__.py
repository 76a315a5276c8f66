"""How the tables of this instance are made from the committed source tables."""
