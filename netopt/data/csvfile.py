"""CSV text to columns of raw cells, with the line of the file that each row stands on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from netopt.data.problems import ProblemLog, nearest
from netopt.data.schema import TableSpec

LONGEST_CELL: Final = 131_072
"""Letters that one cell may have at most."""

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class RawTable:
    """Cells of a table as they stand in its file.

    Attributes
    ----------
    cells
        Column name -> texts; only columns of the format that the file has.
    lines
        Line of the file of each row (the header is line 1).
    whole
        Whether no row had to be left out.
    noted
        Column name -> True where a problem of the cell is noted already; such a cell is "".
    """

    cells: dict[str, Sequence[str]]
    lines: npt.NDArray[np.int64]
    whole: bool
    noted: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


@contextmanager
def longest_cell() -> Iterator[None]:
    """Hold the csv module to ``LONGEST_CELL``, a limit of the whole process that libraries change."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def parse_csv(text: str, spec: TableSpec, log: ProblemLog) -> RawTable | None:
    """Split the text of one table; None where a noted problem makes its cells meaningless.

    Blank lines are skipped. Cells with line breaks in quotes are refused, so that a row is a line
    in every tool; rows of another length than the header's are left out and noted.
    """
    rows: list[list[str]] = []
    ends: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        with longest_cell():
            for row in reader:
                rows.append(row)
                ends.append(reader.line_num)
    except csv.Error as error:
        line = (ends[-1] if ends else 0) + 1
        if not rows and not _separated_by_commas([_unquoted_header(text)], spec, log):
            return None
        log.add(
            spec.file, line, None, "csv", "", f"the row is not valid CSV: {error}", "is a quote missing?"
        )
        return None
    if not rows or not any(rows[0]):
        message = "the first line must be the header"
        log.add(
            spec.file, 1, None, "missing_header", "", message, "columns: " + ", ".join(spec.column_names)
        )
        return None
    header = rows[0]
    if not _separated_by_commas(header, spec, log):
        return None
    starts = np.array([0, *ends[:-1]], dtype=np.int64) + 1
    tall = np.flatnonzero(np.array(ends) > starts)
    kept, whole = _sound_rows(rows, starts, tall, spec, log)
    columns = list(zip(*(rows[index] for index in kept), strict=True)) or [()] * len(header)
    cells = known_columns(header, columns, spec, log)
    return RawTable(cells, starts[kept], whole)


def _separated_by_commas(header: list[str], spec: TableSpec, log: ProblemLog) -> bool:
    for separator, name in _OTHER_SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            message = f"cells are separated by {name}, not by commas"
            hint = "export with commas between cells and a decimal point in numbers"
            log.add(spec.file, 1, None, "separator", separator, message, hint)
            return False
    return True


def _unquoted_header(text: str) -> str:
    """Return the first line without quotes, "" where it has a comma."""
    header = text.partition("\n")[0].strip()
    return "" if "," in header else header.replace('"', "")


def _sound_rows(
    rows: list[list[str]],
    starts: npt.NDArray[np.int64],
    tall: npt.NDArray[np.intp],
    spec: TableSpec,
    log: ProblemLog,
) -> tuple[npt.NDArray[np.intp], bool]:
    """Return the positions of the rows to keep, and whether only blank lines are left out."""
    width = len(rows[0])
    lengths = np.fromiter(map(len, rows), np.intp, len(rows))
    odd = np.flatnonzero((lengths != width) & (lengths != 0))
    message = f"the row has {{value}} cells, the header {width}"
    hint = "quote texts that hold a comma; write numbers with a decimal point and no thousands separator"
    log.add_rows(spec.file, starts[odd].tolist(), None, "cell_count", lengths[odd].tolist(), message, hint)
    message = "a cell holds a line break"
    hint = "keep every row on one line"
    log.add_rows(spec.file, starts[tall].tolist(), None, "line_break", [""] * len(tall), message, hint)
    keep = lengths == width
    keep[0] = False
    keep[tall] = False
    return np.flatnonzero(keep), not (len(odd) or len(tall))


def known_columns(
    header: list[str], columns: Sequence[Sequence[str]], spec: TableSpec, log: ProblemLog
) -> dict[str, Sequence[str]]:
    """Return the columns that the format knows; note the others, and any that stands twice."""
    cells: dict[str, Sequence[str]] = {}
    missing = [name for name in spec.column_names if name not in header]
    for name, column in zip(header, columns, strict=True):
        if name in cells:
            log.add(spec.file, 1, name, "duplicate_column", name, "the column stands twice in the header")
        elif name in spec.column_names:
            cells[name] = column
        else:
            message = f"the table has no column '{name}'" if name else "a column has no name"
            log.add(
                spec.file,
                1,
                name,
                "unknown_column",
                name,
                message,
                nearest(name, missing or spec.column_names),
            )
    return cells
