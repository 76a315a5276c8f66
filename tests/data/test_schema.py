"""A table's declaration is refused where it contradicts itself."""

from __future__ import annotations

import pytest

from netopt.data.schema import Column, ColumnType, TableSpec

TONNES = Column("supply_tonnes", ColumnType.NUMBER, "Mass.", "t/yr")


def test_a_unit_must_be_on_the_closed_list() -> None:
    with pytest.raises(ValueError, match=r"furlong is not a unit"):
        Column("reach_furlong", ColumnType.NUMBER, "How far.", "furlong")


def test_a_column_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        TableSpec("supply", "Supply", "What retires.", (TONNES, TONNES), key=("supply_tonnes",))


def test_a_key_names_columns_of_the_table() -> None:
    with pytest.raises(ValueError, match=r"unknown columns \['source'\]"):
        TableSpec("supply", "Supply", "What retires.", (TONNES,), key=("source",))
