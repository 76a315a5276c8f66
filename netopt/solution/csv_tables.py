"""CSV files of a run: written so that a spreadsheet runs nothing, read so that nothing is guessed.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-``, ``@``, tab or carriage return for a
formula. Such a *text* gets an apostrophe in front in every exported table, and loses it on reading; numbers
are left alone, and so is the copy of the instance, which must stay what the planner wrote.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from netopt.data.csvfile import longest_cell
from netopt.errors import CheckError

DROPPED_COLUMNS: Final[dict[str, str]] = {
    "from_place": "str",
    "to_place": "str",
    "commodity": "str",
    "mode": "str",
    "reason": "str",
}
"""Columns and types of ``dropped_arcs.csv``."""

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_BOOLEANS: Final = {"true": True, "false": False}
_MOST_MESSAGES: Final = 20


def guard_text(text: str) -> str:
    """Return the text as an exported cell: harmless in a spreadsheet, and reversible.

    Examples
    --------
    >>> guard_text("=1+1"), guard_text("'=1+1"), guard_text("CN-11")
    ("'=1+1", "''=1+1", 'CN-11')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguard_text(cell: str) -> str:
    """Return the text of an exported cell, the inverse of ``guard_text``.

    Examples
    --------
    >>> unguard_text("'=1+1"), unguard_text("''=1+1"), unguard_text("'quoted'")
    ('=1+1', "'=1+1", "'quoted'")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write_table(table: pd.DataFrame, columns: Mapping[str, str], path: Path) -> None:
    """Write the columns of a table as CSV (RFC 4180, UTF-8, decimal point, shortest exact floats).

    Parameters
    ----------
    table
        Has at least ``columns``; they are written in that order.
    columns
        Column -> ``str``, ``float`` or ``bool``.
    path
        The file.
    """
    written = table[list(columns)].copy()
    for name, kind in columns.items():
        if kind == "str":
            written[name] = [guard_text(str(text)) for text in written[name]]
    written.to_csv(path, index=False, encoding="utf-8", lineterminator="\r\n")


def read_table(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read a CSV file written by anyone as a table with exactly these columns and types.

    Parameters
    ----------
    path
        The file; an absent file is a table without rows.
    columns
        Column -> ``str``, ``float`` or ``bool``.

    Raises
    ------
    CheckError
        With every problem: columns missing, cells that are no finite number or no boolean.
    """
    raw = _read_text(path, columns)
    if missing := [name for name in columns if name not in raw.columns]:
        raise CheckError(f"{path.name}: columns missing: {', '.join(missing)}")
    problems: list[str] = []
    typed = {name: _typed(raw[name], kind, path.name, problems) for name, kind in columns.items()}
    if problems:
        more = len(problems) - _MOST_MESSAGES
        tail = [f"... and {more} more"] if more > 0 else []
        raise CheckError("\n".join([*problems[:_MOST_MESSAGES], *tail]))
    return pd.DataFrame(typed, columns=list(columns))


def _read_text(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame(columns=list(columns), dtype="str")
    try:
        with path.open(encoding="utf-8", newline="") as stream, longest_cell():
            header, *rows = list(csv.reader(stream, strict=True)) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise CheckError(f"{path.name} is not a readable CSV file: {error}") from error
    if len(set(header)) != len(header):
        raise CheckError(f"{path.name}: a column appears twice")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise CheckError(
                f"{path.name}, row {line}: {len(row)} cells where the header has {len(header)}"
            )
    return pd.DataFrame(rows, columns=header, dtype="str")


def _typed(cells: pd.Series[str], kind: str, file: str, problems: list[str]) -> pd.Series:
    """Return one column typed; every cell that cannot be is added to ``problems``."""
    if kind == "str":
        return pd.Series([unguard_text(cell) for cell in cells], index=cells.index, dtype="str")
    values: list[float | bool] = []
    for line, cell in enumerate(cells, start=2):
        value = _BOOLEANS.get(cell.lower()) if kind == "bool" else _finite(cell)
        if value is None:
            wanted = "True or False" if kind == "bool" else "a finite number"
            problems.append(f"{file}, row {line}, column {cells.name}: {cell!r} is not {wanted}")
            value = False
        values.append(value)
    return pd.Series(values, index=cells.index, dtype=kind)


def _finite(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
