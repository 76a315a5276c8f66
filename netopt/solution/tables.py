"""The tables of an answer: what is written to a run folder and what the checker reads.

Quantities are yearly rates in the period, in commodity units; ``stored`` is a stock. Rows of zero
are left out, except in ``facilities``. Anyone may write these files: the checker believes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

SOLUTION_COLUMNS: Final[dict[str, dict[str, str]]] = {
    "flows": {
        "from_place": "str",
        "to_place": "str",
        "commodity": "str",
        "mode": "str",
        "origin": "str",
        "left_before": "bool",
        "left_after": "bool",
        "period": "str",
        "flow_units_per_year": "float",
        "distance_km": "float",
    },
    "throughput": {
        "site": "str",
        "recipe": "str",
        "origin": "str",
        "left": "bool",
        "period": "str",
        "throughput_tonnes_per_year": "float",
    },
    "facilities": {
        "site": "str",
        "size": "str",
        "period": "str",
        "opened": "bool",
        "expanded": "bool",
        "closed": "bool",
        "renewed": "bool",
        "operating": "bool",
        "capacity_tonnes_per_year": "float",
        "load_tonnes_per_year": "float",
    },
    "stored": {
        "site": "str",
        "commodity": "str",
        "origin": "str",
        "left": "bool",
        "period": "str",
        "stored_units": "float",
    },
    "supply": {
        "source": "str",
        "commodity": "str",
        "period": "str",
        "retired_tonnes_per_year": "float",
        "collected_tonnes_per_year": "float",
        "leaked_tonnes_per_year": "float",
        "unserved_tonnes_per_year": "float",
    },
    "shortfalls": {
        "rule": "str",
        "period": "str",
        "shortfall_tonnes_per_year": "float",
    },
}
"""Columns and types of every table of an answer."""

LEDGER_COLUMNS: Final[dict[str, str]] = {
    "category": "str",
    "kind": "str",
    "payer": "str",
    "payee": "str",
    "jurisdiction": "str",
    "facility_type": "str",
    "commodity": "str",
    "period": "str",
    "cny_per_year": "float",
}
"""One row per account and period; ``cny_per_year`` is positive where the payer pays."""


@dataclass(frozen=True)
class Answer:
    """The tables of one plan; see ``SOLUTION_COLUMNS``."""

    flows: pd.DataFrame
    throughput: pd.DataFrame
    facilities: pd.DataFrame
    stored: pd.DataFrame
    supply: pd.DataFrame
    shortfalls: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        return {name: getattr(self, name) for name in SOLUTION_COLUMNS}
