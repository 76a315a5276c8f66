"""Data in: instance files become validated, frozen tables."""
