"""Answers, their ledger and their independent check, without a solver."""
