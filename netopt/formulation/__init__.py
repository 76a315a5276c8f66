"""The mathematics, said once, in Pyomo."""
