"""The tables of a report as Parquet files, with titles, units and origins in their metadata."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    from netopt.reports.content import Report, Table


def write_parquet(report: Report, folder: Path) -> None:
    """Write every table as ``folder/NAME.parquet``."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in report.tables:
        pq.write_table(arrow_of(table), folder / f"{table.name}.parquet")


def arrow_of(table: Table) -> pa.Table:
    """Return a table as Arrow: texts as strings, numbers as float64, unknown as null."""
    fields, arrays = [], []
    for column in table.columns:
        cells = table.frame[column.name]
        kind = pa.float64() if column.is_number else pa.string()
        about = {"title": column.title, "unit": column.unit}
        fields.append(pa.field(column.name, kind, metadata=about))
        arrays.append(pa.array(cells.astype(object).where(cells.notna(), None).tolist(), type=kind))
    about = {"title": table.title, "origin": json.dumps(table.origin, ensure_ascii=False)}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=about))
