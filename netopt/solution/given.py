"""Given flows beside the plan that was held to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netopt.errors import CheckError
from netopt.solution.csv_tables import read_table, write_table
from netopt.solution.staging import MANIFEST

if TYPE_CHECKING:
    import pandas as pd

BASELINE: Final = "baseline"
"""Kind of a run folder whose flows were given."""

GIVEN_FILE: Final = "given_flows.csv"
GIVEN_COLUMNS: Final[dict[str, str]] = {
    "from_place": "str",
    "to_place": "str",
    "commodity": "str",
    "mode": "str",
    "period": "str",
    "origin": "str",
    "left": "str",
    "lower_units_per_year": "float",
    "upper_units_per_year": "float",
}
"""Columns and types: between which two figures a flow must lie; of a blank origin or left, any."""


def write_given(given: pd.DataFrame, folder: Path) -> None:
    """Write the flows that a plan was held to beside it."""
    write_table(given, GIVEN_COLUMNS, folder / GIVEN_FILE)


def read_given(folder: Path, manifest: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the flows that a run was held to; None where it is no baseline.

    Raises
    ------
    CheckError
        Where it is one, and they are missing or not readable.
    """
    if manifest.get("kind") != BASELINE:
        return None
    if not (folder / GIVEN_FILE).is_file():
        raise CheckError(f"{GIVEN_FILE} is missing, and {MANIFEST} says that flows were given")
    return read_table(folder / GIVEN_FILE, GIVEN_COLUMNS)
