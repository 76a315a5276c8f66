"""The digest of an instance: what it says, whatever the order of rows and wherever it lies."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from netopt.data.schema import Column, ColumnType, TableSpec
from netopt.data.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.settings import Settings

_LATER: Final = {
    "instance": ("scenario",),
    "capital": ("paid", "may_close", "opening_periods"),
    "limits": ("emission_tonnes_co2e_by_period",),
}
"""Settings by table that the format did not have from the start."""

_CELL_END = "\x1f"  # no cell of a validated table holds a control character


def digest(settings: Settings, tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the SHA-256 of settings and validated tables, as 64 hexadecimal digits.

    Settings count as JSON with sorted keys, tables as sorted rows of cells in the order of the
    columns in ``netopt.data.tables.TABLES``. Numbers count by value: 5 and 5.0 are one, as are 0
    and -0. A table without rows counts like an absent one, and
    tables whose declaration says so (``in_digest``) do not count.
    """
    total = hashlib.sha256(settings_json(settings).encode())
    for name, spec in TABLES.items():
        if spec.in_digest and name in tables and len(tables[name]):
            total.update(f"\n{name}\n".encode())
            total.update("\n".join(_rows(spec, tables[name])).encode())
    return total.hexdigest()


def settings_json(settings: Settings) -> str:
    """Return the settings as canonical JSON, but for how to solve: sorted keys, ASCII, no spaces.

    Settings that the format did not have from the start count only where they say something, so that
    the digest of an older instance stays what it was.
    """
    said = settings.model_dump(mode="json", exclude={"solving"})
    for table, keys in _LATER.items():
        unsaid = type(getattr(settings, table)).model_fields
        for key in keys:
            if said[table][key] == unsaid[key].default:
                del said[table][key]
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def cell_texts(column: Column, series: pd.Series) -> list[str]:
    """Return the cells of a validated column as they are written to a file.

    Numbers, in the column's unit, are the shortest texts that read back as the same float64; NaN is
    blank, flags are true or false.

    Examples
    --------
    >>> import pandas as pd
    >>> from netopt.data.schema import Column, ColumnType
    >>> km = Column("km", ColumnType.NUMBER, "Length.", "km", nullable=True)
    >>> cell_texts(km, pd.Series([5.0, 0.1, None, -0.0]))
    ['5', '0.1', '', '0']
    """
    if column.type is ColumnType.BOOLEAN:
        return ["true" if flag else "false" for flag in series.tolist()]
    if column.type is ColumnType.NUMBER:
        return [_number_text(number) for number in series.tolist()]
    return [str(cell) for cell in series.tolist()]


def _rows(spec: TableSpec, table: pd.DataFrame) -> list[str]:
    columns = [cell_texts(column, table[column.name]) for column in spec.columns]
    return sorted(map(_CELL_END.join, zip(*columns, strict=True)))


def _number_text(number: float) -> str:
    if math.isnan(number):
        return ""
    return repr(number + 0.0).removesuffix(".0")
