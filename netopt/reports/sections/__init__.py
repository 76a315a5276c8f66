"""The sections of a report, one file per question; each reads runs and returns tables and sentences."""
