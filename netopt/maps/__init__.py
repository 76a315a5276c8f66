"""One file per map format."""
