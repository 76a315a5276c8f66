"""Every way in which a cell or a row of an answer can be wrong, with the tags that must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from netopt.solution.tables import LEDGER_COLUMNS, SOLUTION_COLUMNS, Answer

BALANCES = frozenset(
    {"supply_balance", "collected", "return_balance", "facility_balance", "conversion", "storage_balance"}
)
ARCS = frozenset({"arc", "provenance", "distance", "operator_rule", "unknown_id", "duplicate"})
STATES = frozenset({"stay_open", "closing", "open_once", "expansion", "replacement", "operator_rule"})
LOADS = frozenset({"module_load", "capacity_limit", "minimum_throughput", "capacity"})

EXPECTED: dict[str, dict[str, frozenset[str]]] = {
    "flows": {
        **dict.fromkeys(("from_place", "to_place", "commodity", "mode"), ARCS | BALANCES),
        **dict.fromkeys(("origin", "left_before", "left_after"), frozenset({"provenance"}) | BALANCES),
        "period": BALANCES | {"unknown_id", "duplicate"},
        "flow_units_per_year": BALANCES,
        "distance_km": frozenset({"distance"}),
    },
    "throughput": {
        "site": frozenset({"unknown_id", "activity"}) | BALANCES | LOADS,
        "recipe": frozenset({"unknown_id", "activity", "duplicate"}) | BALANCES,
        **dict.fromkeys(
            ("origin", "left"), frozenset({"unknown_id", "provenance", "duplicate"}) | BALANCES
        ),
        "period": frozenset({"unknown_id", "duplicate"}) | BALANCES | LOADS,
        "throughput_tonnes_per_year": frozenset({"module_load"}),
    },
    "facilities": {
        **dict.fromkeys(("site", "size", "period"), frozenset({"unknown_id", "complete"})),
        **dict.fromkeys(("opened", "expanded", "closed", "operating"), STATES | LOADS),
        "renewed": frozenset({"replacement", "ledger"}),
        "capacity_tonnes_per_year": frozenset({"capacity", "stay_open", "ledger"}),
        "load_tonnes_per_year": frozenset({"module_load"}),
    },
    "stored": {
        **dict.fromkeys(
            ("site", "commodity", "origin", "left", "period", "stored_units"),
            frozenset({"unknown_id", "storage_balance", "storage_limit", "duplicate"}),
        )
    },
    "supply": {
        **dict.fromkeys(
            ("source", "commodity", "period"), frozenset({"unknown_id", "same_supply", "duplicate"})
        ),
        "retired_tonnes_per_year": frozenset({"same_supply"}),
        "collected_tonnes_per_year": frozenset({"collected"}),
        "leaked_tonnes_per_year": frozenset({"leakage"}),
        "unserved_tonnes_per_year": frozenset({"supply_balance"}),
    },
    "shortfalls": {
        **dict.fromkeys(
            ("rule", "period", "shortfall_tonnes_per_year"),
            frozenset({"unknown_id", "share_rule", "ledger"}),
        )
    },
}
"""Tags of which at least one must notice a plausible but wrong value in a column."""

MISSING_ROW: dict[str, frozenset[str]] = {
    "flows": BALANCES,
    "throughput": frozenset({"module_load"}),
    "facilities": frozenset({"complete"}),
    "stored": frozenset({"storage_balance"}),
    "supply": frozenset({"supply_balance", "leakage", "same_supply"}),
    "shortfalls": frozenset({"share_rule"}),
}


@dataclass(frozen=True)
class Mutation:
    """An answer (or a ledger) that is wrong in one place, and who should say so."""

    place: str
    row: int
    what: str
    answer: Answer
    ledger: pd.DataFrame
    expected: frozenset[str]

    @property
    def name(self) -> str:
        """What is wrong, in a few words."""
        return f"{self.place} {self.what} in row {self.row}"


def one_of_each(mutations: list[Mutation]) -> list[Mutation]:
    """Return one mutation for every place (table, column), of another kind from place to place."""
    by_place: dict[str, list[Mutation]] = {}
    for mutation in mutations:
        by_place.setdefault(mutation.place, []).append(mutation)
    return [group[number % len(group)] for number, group in enumerate(by_place.values())]


def answer_mutations(
    answer: Answer, ledger: pd.DataFrame, pick: Callable[[pd.DataFrame], list[int]]
) -> Iterator[Mutation]:
    """Yield every mutation of the rows that ``pick`` takes from each table."""
    for name, table in answer.tables().items():
        for row in pick(table):
            for column, what, changed, expected in _row_mutations(name, table, row):
                mutant = replace(answer, **{name: changed})
                yield Mutation(f"{name}.{column}", row, what, mutant, ledger, expected)


def ledger_mutations(
    answer: Answer, ledger: pd.DataFrame, pick: Callable[[pd.DataFrame], list[int]]
) -> Iterator[Mutation]:
    """Yield every mutation of the ledger's picked rows."""
    noticed = frozenset({"ledger", "unknown_id", "double_entry", "duplicate"})
    for row in pick(ledger):
        for column, kind in LEDGER_COLUMNS.items():
            changes = _other_numbers if kind == "float" else _other_texts
            for what, value in changes(ledger, column, row):
                wrong = _with(ledger, row, column, value)
                yield Mutation(f"ledger.{column}", row, what, answer, wrong, noticed)
        wrong = _with(ledger, row, "cny_per_year", np.nan)
        yield Mutation("ledger.cny_per_year", row, "is NaN", answer, wrong, frozenset({"finite"}))
        wrong = ledger.drop(index=row)
        yield Mutation("ledger.row", row, "dropped", answer, wrong, frozenset({"ledger"}))
        wrong = pd.concat([ledger, ledger.loc[[row]]], ignore_index=True)
        yield Mutation("ledger.row again", row, "doubled", answer, wrong, frozenset({"duplicate"}))


Change = tuple[str, str, pd.DataFrame, frozenset[str]]


def _row_mutations(name: str, table: pd.DataFrame, row: int) -> Iterator[Change]:
    """Yield column, what is wrong, the table with it, and the tags that may notice."""
    for column, kind in SOLUTION_COLUMNS[name].items():
        expected = EXPECTED[name][column]
        if kind == "str":
            for what, value in _other_texts(table, column, row):
                yield column, what, _with(table, row, column, value), expected
            unknown = _with(table, row, column, "nowhere")
            yield column, "is unknown", unknown, frozenset({"unknown_id"})
        elif kind == "bool":
            yield column, "flipped", _with(table, row, column, not table[column][row]), expected
            half = table.astype({column: object})
            half.loc[row, column] = 0.5
            yield column, "is half true", half, frozenset({"integrality"})
        else:
            for what, changed, tags in _number_mutations(table, column, row, expected):
                yield column, what, changed, tags
    says_something = table.select_dtypes("float").loc[row].any()
    if says_something or name == "facilities":
        yield "row", "dropped", table.drop(index=row), MISSING_ROW[name]
    again = pd.concat([table, table.loc[[row]]], ignore_index=True)
    yield "row again", "doubled", again, frozenset({"duplicate"})


def _number_mutations(
    table: pd.DataFrame, column: str, row: int, expected: frozenset[str]
) -> Iterator[tuple[str, pd.DataFrame, frozenset[str]]]:
    for what, value in _other_numbers(table, column, row):
        yield what, _with(table, row, column, value), expected
    negative = -1.0 - abs(table[column][row])
    yield "negative", _with(table, row, column, negative), frozenset({"nonnegative"})
    for value in (np.nan, np.inf):
        yield f"is {value}", _with(table, row, column, value), frozenset({"finite"})


def _other_numbers(table: pd.DataFrame, column: str, row: int) -> Iterator[tuple[str, float]]:
    value = float(table[column][row])
    yield "one more", value + 1.0
    if abs(value) > 1.0:
        yield "a hundredth less", value * 0.99


def _other_texts(table: pd.DataFrame, column: str, row: int) -> Iterator[tuple[str, str]]:
    """Yield the column's other values; where it has none, something that no table knows."""
    others = sorted(set(table[column]) - {table[column][row]})
    for value in others[:2] or ["nowhere"]:
        yield f"is {value or 'blank'}", value


def _with(table: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    changed = table.copy()
    changed.loc[row, column] = value
    return changed
