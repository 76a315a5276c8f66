"""The objective: what the ledger would add up to, from one perspective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyomo.environ as pyo

from netopt.accounts import Perspective, weight_in

if TYPE_CHECKING:
    import pandas as pd

    from netopt.formulation.sets import Facts
    from netopt.network.network import Network

OBJECTIVE_UNIT_CNY: Final = 1000.0
"""Solvers see thousands of yuan a year, which keeps coefficients near one."""


def unit_costs(network: Network, perspective: Perspective) -> pd.Series:
    """Return the annual-equivalent cost of one unit of each variable, in CNY a year.

    Formula: ``sum over rates of weight * w[due] / sum(w) * cny_per_unit``.

    Returns
    -------
    pandas.Series
        Index ``family, index, period``; family ``constant`` is the objective's offset.
    """
    rates = network.rates
    accounts = rates[["category", "payer", "payee"]].drop_duplicates()
    weights = {
        (row.category, row.payer, row.payee): weight_in(perspective, row.category, row.payer, row.payee)
        for row in accounts.itertuples()
    }
    counted = rates.merge(
        accounts.assign(weight=[weights[key] for key in accounts.itertuples(index=False, name=None)]),
        on=["category", "payer", "payee"],
    )
    total = sum(network.period_weights.values())
    due = counted["due_period"].map(network.period_weights).astype(float) / total
    costs = counted["weight"] * due * counted["cny_per_unit"]
    keys = [counted["family"], counted["index"], counted["period"]]
    return costs.groupby(keys).sum()


def add_objective(model: pyo.ConcreteModel, facts: Facts, perspective: Perspective) -> None:
    """Declare ``total_cost`` in thousands of CNY a year, annual equivalent.

    It would be the ledger's total in the policy's perspective; the checker recomputes it from the
    instance's tables alone.
    """
    costs = unit_costs(facts.network, perspective) / OBJECTIVE_UNIT_CNY
    constant, expressions = 0.0, []
    for family, rows in costs.groupby(level=0):
        if family == "constant":
            constant = float(rows.sum())
            continue
        variable = getattr(model, str(family))
        pairs = zip(rows.index, rows.to_numpy(), strict=True)
        expressions += [float(cost) * variable[index, period] for (_, index, period), cost in pairs if cost]
    model.total_cost = pyo.Objective(expr=pyo.quicksum(expressions, linear=True) + constant)
