"""The answer's tables, read with distrust: malformed rows are reported and set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.solution.checking.numbers import are_in
from netopt.solution.tables import LEDGER_COLUMNS, SOLUTION_COLUMNS
from netopt.units import FLOW_TOLERANCE_TONNES

if TYPE_CHECKING:
    from netopt.solution.checking.facts import Facts
    from netopt.solution.checking.verdict import Findings
    from netopt.solution.tables import Answer

KEYS: Final[dict[str, list[str]]] = {
    "flows": ["from_place", "to_place", "commodity", "mode", "origin", "left_before", "period"],
    "throughput": ["site", "recipe", "origin", "left", "period"],
    "facilities": ["site", "size", "period"],
    "stored": ["site", "commodity", "origin", "left", "period"],
    "supply": ["source", "commodity", "period"],
    "shortfalls": ["rule", "period"],
}
"""What may occur once in each table of an answer."""


def read_answer(facts: Facts, answer: Answer, findings: Findings) -> dict[str, pd.DataFrame]:
    """Return the usable rows of every table of an answer, numbers in the facts' arithmetic.

    Reported, by tag: ``columns`` (missing, unknown, wrong type), ``integrality`` (a flag that is
    not True or False), ``finite``, ``nonnegative``, ``duplicate``, ``unknown_id``.
    """
    tables = {}
    for name, columns in SOLUTION_COLUMNS.items():
        table = typed_rows(name, getattr(answer, name), columns, findings)
        table = _without_negative(name, table, findings)
        findings.rows("duplicate", table, table.duplicated(KEYS[name]), f"{name} has a row twice")
        tables[name] = facts.arithmetic.table(_known_rows(facts, name, table, findings))
    return tables


def typed_rows(name: str, table: pd.DataFrame, columns: dict[str, str], findings: Findings) -> pd.DataFrame:
    """Return the rows whose cells have the declared types, as these types, numbers finite."""
    findings.n_checks["columns"] += 1
    if list(table.columns) != list(columns):
        findings.add("columns", f"table {name} has columns {', '.join(map(str, table.columns))}")
    if missing := [column for column in columns if column not in table.columns]:
        findings.add("columns", f"table {name} lacks {', '.join(missing)}")
        return pd.DataFrame({column: [] for column in columns}).astype(columns)
    if not table.columns.is_unique:
        findings.add("columns", f"table {name} has a column twice")
        table = table.loc[:, ~table.columns.duplicated()]
    table = table[list(columns)].reset_index(drop=True)
    usable = pd.Series(True, index=table.index)
    for column, kind in columns.items():
        tag, good = _well_typed(table[column], kind)
        findings.rows(tag, table, ~good, f"{name}.{column} is not a {kind}")
        usable &= good
    rows = table[usable].astype(columns)
    numbers = rows.select_dtypes("float64")
    finite = pd.Series(np.isfinite(numbers.to_numpy()).all(axis=1), index=rows.index)
    findings.rows("finite", rows, ~finite, f"{name} has a number that is not finite")
    return rows[finite].reset_index(drop=True)


def _well_typed(values: pd.Series, kind: str) -> tuple[str, pd.Series]:
    """Return the tag of a wrong type and whether each cell has the right one."""
    types: tuple[type, ...] = {
        "str": (str,),
        "bool": (bool, np.bool_),
        "float": (float, int, np.floating, np.integer),
    }[kind]
    good = [
        isinstance(cell, types) and not (kind == "float" and isinstance(cell, bool))
        for cell in values.tolist()
    ]
    return ("integrality" if kind == "bool" else "columns"), pd.Series(good, index=values.index, dtype=bool)


def _without_negative(name: str, table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    negative = (table.select_dtypes("float64") < -FLOW_TOLERANCE_TONNES).any(axis=1)
    findings.rows("nonnegative", table, negative, f"{name} has a negative number")
    return table


def _known_rows(facts: Facts, name: str, table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return the rows whose ids are the instance's."""
    known = known_ids(facts)
    usable = pd.Series(True, index=table.index)
    for column in table.columns:
        if column not in known:
            continue
        exists = table[column].isin(known[column])
        findings.rows("unknown_id", table, ~exists, f"{name} names an unknown {column}")
        usable &= exists
    if name == "facilities":
        is_module = are_in(table, ["site", "size"], facts.modules.index.to_frame())
        findings.rows("unknown_id", table, ~is_module & usable, "there is no such size at the site")
        usable &= is_module
    return table[usable].reset_index(drop=True)


def known_ids(facts: Facts) -> dict[str, pd.Index]:
    """Return the ids that each id column of an answer may name."""
    kinds = facts.places["kind"]
    return {
        "from_place": kinds.index,
        "to_place": kinds[kinds.isin(["site", "market"])].index,
        "site": kinds[kinds == "site"].index,
        "source": kinds[kinds == "source"].index,
        "commodity": facts.commodities.index,
        "mode": pd.Index([*facts.instance["haulage"]["mode"].unique(), ""]),
        "origin": pd.Index(["", *facts.effects.tracked_origins]),
        "recipe": pd.Index(facts.instance["recipes"]["recipe"]),
        "period": facts.periods.index,
        "rule": pd.Index([rule.rule for rule in facts.effects.share_rules], dtype="str"),
    }


def read_ledger(ledger: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return the usable rows of a given ledger; see ``read_answer`` for what is reported."""
    return typed_rows("ledger", ledger, LEDGER_COLUMNS, findings)
