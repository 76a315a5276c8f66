"""The committed format reference says what the declarations say."""

from __future__ import annotations

import pytest

from netopt.data.chainchecks import CHAIN_CHECKS
from netopt.data.networkchecks import NETWORK_CHECKS
from netopt.data.reference import format_reference
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.resources import shipped


def test_the_committed_reference_is_up_to_date() -> None:
    committed = (shipped("instances") / "README.md").read_text("utf-8")
    assert committed == format_reference(), "run: python -m netopt.data.reference > instances/README.md"


@pytest.mark.parametrize("name", TABLES)
def test_every_table_and_column_is_in_the_reference(name: str) -> None:
    _, _, after = format_reference().partition(f"### {name}\n")
    section = after.split("\n### ")[0].split("\n## ")[0]
    for column in TABLES[name].columns:
        (row,) = [line for line in section.splitlines() if line.startswith(f"| `{column.name}` |")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 6
        assert cells[2] == column.unit
        assert (cells[3] == "yes") == column.nullable
        assert cells[5] == column.description
    assert all(check.message in section for check in TABLES[name].row_checks)


def test_every_check_across_tables_is_in_the_reference() -> None:
    for check in (*CHAIN_CHECKS, *NETWORK_CHECKS):
        assert check.demand.endswith(".")
        assert f"* {check.demand}\n" in format_reference()


def test_every_setting_is_in_the_reference() -> None:
    reference = format_reference()
    for name, field in Settings.model_fields.items():
        assert f"| **[{name}]** |" in reference
        for key in field.annotation.model_fields:  # type: ignore[union-attr]
            assert f"{name}.{key}" in reference
    assert "| `horizon.periods[].length_years` | integer | from 1 up to 50 | required |" in reference
    assert "| `prices.unserved_cny_per_tonne` | number | above 0 | not set |" in reference
