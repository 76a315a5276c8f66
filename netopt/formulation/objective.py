"""The objective: what the ledger would add up to, from one perspective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pandas as pd

from netopt.accounts import Perspective, counts_as_gross, weight_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.formulation.model import Model
    from netopt.formulation.sets import Facts
    from netopt.solution.form import StandardForm

OBJECTIVE_UNIT_CNY: Final = 1000.0
"""Solvers see thousands of yuan a year, which keeps coefficients near one."""


class Priced(Protocol):
    """Whatever has a price list: a network, or what it does not list one by one."""

    @property
    def rates(self) -> pd.DataFrame:
        """Prices, see ``netopt.network.rates``."""

    @property
    def period_weights(self) -> dict[str, float]:
        """Discounted years of each period (yr)."""


def unit_costs(priced: Priced, perspective: Perspective) -> pd.Series:
    """Return the annual-equivalent cost of one unit of each variable, in CNY a year.

    Formula: ``sum over rates of weight * w[due] / sum(w) * cny_per_unit``.

    Returns
    -------
    pandas.Series
        Index ``family, index, period``; family ``constant`` is the objective's offset.
    """
    rates = priced.rates
    accounts = rates[["category", "payer", "payee"]].drop_duplicates()
    keys = accounts.itertuples(index=False, name=None)
    weighed = accounts.assign(weight=[weight_in(perspective, *key) for key in keys])
    weights = rates.merge(weighed, how="left", on=["category", "payer", "payee"])["weight"]
    return _summed(priced, rates["cny_per_unit"] * weights.set_axis(rates.index))


def unit_gross_costs(priced: Priced) -> pd.Series:
    """Return what one unit of each variable adds to gross cost, in CNY a year.

    Exact but for accounts on which costs and savings meet (avoided emissions): an estimate to
    turn the relative gap into an absolute one before a plan is known.
    """
    rates = priced.rates
    pairs = zip(rates["category"], rates["cny_per_unit"], strict=True)
    is_gross = pd.Series([counts_as_gross(category, cny) for category, cny in pairs], index=rates.index)
    return _summed(priced, rates["cny_per_unit"].where(is_gross, 0.0))


def _summed(priced: Priced, cny_per_unit: pd.Series) -> pd.Series:
    """Return annual equivalents of ``cny_per_unit`` (index of the rates) by variable."""
    rates = priced.rates
    due = rates["due_period"].map(priced.period_weights).astype(float)
    annual = cny_per_unit * due / sum(priced.period_weights.values())
    return annual.groupby([rates["family"], rates["index"], rates["period"]]).sum()


def by_column(form: StandardForm, costs: pd.Series) -> tuple[NDArray[np.float64], float]:
    """Return costs per variable as a vector over the form's columns, and the constant."""
    found = costs.reindex(form.columns.as_index()).fillna(0.0)
    constant = costs[costs.index.get_level_values(0) == "constant"].sum()
    return found.to_numpy(dtype=float), float(constant)


def add_objective(model: Model, facts: Facts, perspective: Perspective) -> None:
    """Minimise ``total_cost`` in thousands of CNY a year, annual equivalent.

    It would be the ledger's total in the policy's perspective; the checker recomputes it from the
    instance's tables alone.
    """
    costs = unit_costs(facts.network, perspective) / OBJECTIVE_UNIT_CNY
    is_constant = costs.index.get_level_values(0) == "constant"
    model.offset = float(costs[is_constant].sum())
    variable = costs[~is_constant & (costs != 0.0).to_numpy()]
    columns = model.numbered(*(variable.index.get_level_values(level) for level in range(3)))
    model.cost[columns] = variable.to_numpy(dtype=float)
