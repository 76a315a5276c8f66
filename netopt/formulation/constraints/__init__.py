"""One function per equation."""
