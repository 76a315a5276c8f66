"""Checks of scenarios: each of their rows changes something that the instance has."""

from __future__ import annotations

import numpy as np

from netopt.data.checks import Draft
from netopt.data.crosscheck import cross_check
from netopt.data.problems import spelled
from netopt.data.scenarios import FACTOR, changeable, rows_meant
from netopt.data.tables import TABLES


@cross_check("scenarios.table", "scenarios.column")
def _scenarios_are_of_a_number(draft: Draft) -> None:
    """A scenario changes a column of numbers of a table that plans depend on."""
    rows = draft["scenarios"]
    tables = [name for name in TABLES if changeable(name)]
    unknown = ~rows["table"].isin(tables)
    message = "'{value}' is not a table that a scenario may change"
    draft.refuse(
        "scenarios", unknown, "table", "scenario_table", message, f"such tables: {spelled(tables)}"
    )
    for name in tables:
        wrong = (rows["table"] == name) & ~rows["column"].isin(changeable(name))
        message = f"'{{value}}' is not a column of numbers of {TABLES[name].file}"
        hint = f"such columns: {spelled(changeable(name))}"
        draft.refuse("scenarios", wrong, "column", "scenario_column", message, hint)


@cross_check("scenarios.table", "scenarios.row")
def _scenarios_mean_a_row(draft: Draft) -> None:
    """Every row of scenarios.csv means at least one row of the table that it changes."""
    rows = draft["scenarios"]
    for name in rows["table"].unique():
        if not changeable(name) or not all(draft.trusts(f"{name}.{key}") for key in TABLES[name].key):
            continue
        of_table = (rows["table"] == name).to_numpy()
        found = {
            row: rows_meant(draft[name], name, row).any() for row in rows.loc[of_table, "row"].unique()
        }
        misses = np.array([not found.get(row, True) for row in rows["row"]], dtype=np.bool_)
        message = f"'{{value}}' means no row of {TABLES[name].file}"
        hint = f"its ids joined by a slash, * for any part: {'/'.join(TABLES[name].key)}"
        draft.refuse("scenarios", of_table & misses, "row", "scenario_row", message, hint)


@cross_check("scenarios.change", "scenarios.amount")
def _factors_keep_signs(draft: Draft) -> None:
    """A factor of a scenario is not below zero."""
    rows = draft["scenarios"]
    wrong = (rows["change"] == FACTOR) & (rows["amount"] < 0)
    message = "a factor of {value} would turn the sign of what it multiplies"
    draft.refuse("scenarios", wrong, "amount", "scenario_factor", message, "give a value instead")


SCENARIO_CHECKS = (_scenarios_are_of_a_number, _scenarios_mean_a_row, _factors_keep_signs)
"""Every check of this module, in the order in which they run."""
