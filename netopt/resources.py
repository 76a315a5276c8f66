"""Where shipped data lies: in the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path


def shipped(folder: str) -> Path:
    """Return the path of a shipped folder (``instances`` or ``solvers``)."""
    package = Path(__file__).parent
    in_wheel = package / "_shipped" / folder
    return in_wheel if in_wheel.is_dir() else package.parent / folder
