"""The independent checker, one room of the house that believes nothing it is given."""
