"""Bridges to solvers."""
