"""Named figures: every number of the instance is read from here by name."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

SOURCE = Path(__file__).parent.parent / "source"


@dataclass(frozen=True)
class Figures:
    """Rows of parameters.csv and assumptions.csv by name.

    Attributes
    ----------
    rows
        Parameter name -> row with the texts ``value``, ``low``, ``high``, ``unit``, ``source``.
    """

    rows: dict[str, dict[str, str]]

    def __getitem__(self, name: str) -> float:
        """Return the base value of a figure in the unit of its row; KeyError where there is none."""
        return float(self.rows[name]["value"])

    def low(self, name: str) -> float:
        """Return the low end of a figure's range."""
        return float(self.rows[name]["low"])

    def high(self, name: str) -> float:
        """Return the high end of a figure's range."""
        return float(self.rows[name]["high"])


def read_figures(folder: Path = SOURCE) -> Figures:
    """Read parameters.csv and assumptions.csv; ValueError where both name the same figure."""
    rows: dict[str, dict[str, str]] = {}
    for file in ("parameters.csv", "assumptions.csv"):
        with (folder / file).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if row["parameter"] in rows:
                    raise ValueError(f"{file}: {row['parameter']} is given twice")
                rows[row["parameter"]] = row
    return Figures(rows)


def read_source(file: str, folder: Path = SOURCE) -> pd.DataFrame:
    """Read one source table with ids as text and figures as numbers.

    Columns whose name ends in ``adcode``, and texts, stay str.
    """
    table = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
    for column in table.columns:
        is_id = column.endswith("adcode") or column == "batch"
        numbers = pd.to_numeric(table[column], errors="coerce")
        if not is_id and numbers.notna().all():
            table[column] = numbers
    return table
