"""Checks of single tables against their declaration: bounds, keys, references, row rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from netopt.data.cells import TEXT_TYPES, Mask, Table
from netopt.data.problems import ProblemLog, nearest
from netopt.data.schema import Column, ForeignKey, TableSpec
from netopt.data.settings import Settings

LARGEST_FIGURE: Final = 1e15
"""No quantity, price or distance of an instance is larger than this, whatever its unit."""

SHARE_TOLERANCE: Final = 1e-9
"""Largest difference from one of shares or yields that must sum to it and counts as rounding."""


@dataclass(frozen=True)
class Draft:
    """Everything of an instance that could be read, before it is known to be sound.

    ``settings`` is None where instance.toml could not be read; a table that could not be read is
    not in ``tables``. Problems go to ``log``.
    """

    tables: Mapping[str, Table]
    settings: Settings | None
    log: ProblemLog

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return the frame of one table."""
        return self.tables[name].frame

    @property
    def sound_settings(self) -> Settings:
        """The settings; ValueError where they could not be read."""
        if self.settings is None:
            raise ValueError("the settings could not be read")
        return self.settings

    def trusts(self, needs: str) -> bool:
        """Return whether all of ``"table.column"`` could be read, every cell of it."""
        name, _, column = needs.partition(".")
        return name in self.tables and self.tables[name].trusts(column)

    def refuse(
        self, name: str, wrong: pd.Series | Mask, column: str, rule: str, message: str, hint: str = ""
    ) -> None:
        """Note one problem for every row of table ``name`` where ``wrong`` is True."""
        mask = np.asarray(wrong, dtype=np.bool_)
        if mask.any():
            table = self.tables[name]
            values = table.frame.loc[mask, column].tolist()
            lines = table.lines[mask].tolist()
            self.log.add_rows(table.spec.file, lines, column, rule, values, message, hint)

    def line(self, name: str, wrong: pd.Series) -> int:
        """Return the line of the first row of table ``name`` where ``wrong`` is True."""
        return int(self.tables[name].lines[int(wrong.to_numpy().argmax())])


def check_tables(draft: Draft) -> None:
    """Note every row that breaks the declaration of its table."""
    for table in draft.tables.values():
        _check_rows_exist(table, draft.log)
        if table.frame.empty:
            continue
        for column in table.spec.columns:
            if column.name in table.frame.columns and column.type not in TEXT_TYPES:
                _check_bounds(draft, table.spec, column)
        _check_key(draft, table)
        for key in table.spec.foreign_keys:
            _check_reference(draft, table, key)
        _check_row_rules(draft, table)


def _check_rows_exist(table: Table, log: ProblemLog) -> None:
    spec = table.spec
    if spec.required and not spec.may_be_empty and table.frame.empty and table.whole and not table.doubtful:
        log.add(spec.file, None, None, "empty_table", "", "the table has no rows")


def _check_bounds(draft: Draft, spec: TableSpec, column: Column) -> None:
    values = draft[spec.name][column.name].to_numpy()
    if column.minimum is not None:
        message = f"{{value}} is below the least permitted value, {column.minimum:g}"
        draft.refuse(spec.name, values < column.minimum, column.name, "minimum", message)
    if column.maximum is not None:
        message = f"{{value}} is above the largest permitted value, {column.maximum:g}"
        draft.refuse(spec.name, values > column.maximum, column.name, "maximum", message)
        return
    ceiling = column.plausible_maximum or LARGEST_FIGURE
    unit = "" if column.unit == "-" else f" {column.unit}"
    message = f"{{value}}{unit} is not plausible, the limit is {ceiling:,.0f}{unit}"
    hint = "is the figure in another unit, such as kg or kt for t, yuan for million yuan?"
    draft.refuse(spec.name, np.abs(values) > ceiling, column.name, "plausible", message, hint)


def _check_key(draft: Draft, table: Table) -> None:
    """Note rows whose key stands in an earlier row."""
    spec = table.spec
    if not set(spec.key) <= set(table.frame.columns):
        return
    again = table.frame.duplicated(list(spec.key))
    for name in spec.key:
        if again.any() and not spec.column(name).nullable:
            again &= table.frame[name] != ""
    if not again.any():
        return
    rows = zip(*(table.frame[name].tolist() for name in spec.key), strict=True)
    keys = [", ".join(f"{name} '{cell}'" for name, cell in zip(spec.key, row, strict=True)) for row in rows]
    first = dict(zip(reversed(keys), reversed(table.lines.tolist()), strict=True))
    message = "{value} stands in an earlier row already"
    places = np.flatnonzero(again)
    draft.log.add_rows(
        spec.file,
        table.lines[places].tolist(),
        spec.key[0],
        "duplicate_key",
        [keys[place] for place in places],
        message,
        lambda key: f"first in row {first[key]}",
    )


def _check_reference(draft: Draft, table: Table, key: ForeignKey) -> None:
    """Note cells that name nothing in the table they refer to; blank cells are exempt."""
    target = draft.tables.get(key.table)
    if target is None or not target.whole or not set(key.target) <= set(target.frame.columns):
        return
    if not set(key.columns) <= set(table.frame.columns):
        return
    known = _joined(target.frame, key.target)
    given = _joined(table.frame, key.columns)
    dangling = ~given.isin(known)
    for column in key.columns:
        dangling &= table.frame[column] != ""
    if not dangling.any():
        return
    mask = dangling.to_numpy()
    lines, values = table.lines[mask].tolist(), given[mask].tolist()
    message = f"'{{value}}' is not in {target.spec.file}"
    hint = partial(nearest, names=known.tolist())
    draft.log.add_rows(table.spec.file, lines, key.columns[0], "foreign_key", values, message, hint)


def _joined(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """Return the cells of several columns as one text, which no control character can confuse."""
    joined = frame[columns[0]]
    for column in columns[1:]:
        joined = joined + "\x1f" + frame[column]
    return joined


def _check_row_rules(draft: Draft, table: Table) -> None:
    """Apply the table's own rules to the rows whose cells could all be read."""
    spec = table.spec
    if set(spec.column_names) - set(table.frame.columns):
        return
    for check in spec.row_checks:
        broken = check.failing(table.frame).astype(bool) & table.sound
        draft.refuse(spec.name, broken, check.column, check.rule, check.message, check.hint)
