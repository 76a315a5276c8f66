"""Cases that nobody here wrote: they lie beside the project; a test that lacks them skips."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Final

import pytest

VARIABLE: Final = "NETOPT_BENCH"
"""Names the folder where it does not lie beside the project."""


def bench_folder() -> Path | None:
    """Return the folder of the cases, None where there is none."""
    said = os.environ.get(VARIABLE)
    folder = Path(said) if said else Path(__file__).parents[2] / "shared" / "bench"
    return folder if folder.is_dir() else None


BENCH: Final = bench_folder()
"""Looked up once: some tests clear the environment."""


def bench_file(*parts: str) -> Path:
    """Return a file of the cases; skip the test where it is absent."""
    path = None if BENCH is None else BENCH.joinpath(*parts)
    if path is None or not path.is_file():
        pytest.skip(f"{'/'.join(parts)} is not beside the project ({VARIABLE} names its folder)")
    return path


def bench_values(*parts: str, column: str) -> dict[str, float]:
    """Return instance -> known value of a table of the cases, without blanks; empty where it is absent."""
    path = None if BENCH is None else BENCH.joinpath(*parts)
    if path is None or not path.is_file():
        return {}
    with path.open(encoding="utf-8") as stream:
        return {row["instance"]: float(row[column]) for row in csv.DictReader(stream) if row[column]}
