"""Flows that were given: the plan ships them, and nothing else of the same commodities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.solution.checking.numbers import tolerance_of

if TYPE_CHECKING:
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

_WAY: Final = ["from_place", "to_place", "commodity", "mode", "period"]
_ENDS: Final = {"lower_units_per_year": "lower", "upper_units_per_year": "upper"}


def check_given(plan: Plan, given: pd.DataFrame, findings: Findings) -> None:
    """Check under ``given_flow`` that every way carries what is given of it, between its two figures."""
    number = plan.facts.arithmetic.column
    flows = plan.flows[plan.flows["commodity"].isin(given["commodity"])]
    shipped = number(flows["units"]).groupby([flows[name] for name in _WAY]).sum().rename("shipped")
    ends = [
        number(given[column]).groupby([given[name] for name in _WAY]).sum().rename(name)
        for column, name in _ENDS.items()
    ]
    both = pd.concat([shipped, *ends], axis=1).fillna(0)
    tolerance = tolerance_of(both.abs().max(axis=1).astype(float))
    findings.sizes("given_flow", both["lower"] - both["shipped"], tolerance, "units/yr")
    findings.sizes("given_flow", both["shipped"] - both["upper"], tolerance, "units/yr")
