"""When capital falls due, read off a plan and the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.solution.checking.accounting import annuity, factor
from netopt.solution.checking.numbers import mapped

if TYPE_CHECKING:
    from netopt.solution.checking.facts import Facts
    from netopt.solution.checking.plan import Plan


def annuities_due(plan: Plan) -> pd.DataFrame:
    """Return annuities from the start of the period of investment, for the life or until the horizon ends.

    Where the settings say ``at_once``, all that was invested is due in the period of investment.

    Returns
    -------
    pandas.DataFrame
        ``period`` (in which they are due), ``jurisdiction, facility_type, amount`` (CNY a year).
    """
    facts = plan.facts
    modules = plan.modules[~plan.modules["stands"]]
    times = modules[["opened", "expanded", "renewed"]].sum(axis=1)
    grown = modules["share"] - modules["share_before"]
    times = times.where(~modules["expands"], grown.where(grown > 0, 0))
    bought = modules[times > 0].assign(times=times[times > 0])
    cost = bought["capital_cny"] * bought["times"]
    cost *= factor(facts, bought["jurisdiction"], bought["facility_type"], "capital")
    if facts.instance.settings.capital.paid == "at_once":
        return _at_once(facts, bought, cost)
    wacc = facts.arithmetic.number(facts.instance.settings.capital.wacc)
    rates = [annuity(wacc, int(life)) for life in bought["life_years"]]
    start = mapped(bought["period"], facts.periods["start"])
    parts = []
    for due, opens, ends in facts.spans:
        years = [
            facts.discounted_years(max(first, opens), min(first + life, ends))
            for first, life in zip(start.tolist(), bought["life_years"].tolist(), strict=True)
        ]
        share = pd.Series(years, index=bought.index, dtype=cost.dtype) / facts.weights[due]
        paid = cost * share * pd.Series(rates, index=bought.index, dtype=cost.dtype)
        where = bought[["jurisdiction", "facility_type"]]
        when = pd.Series(due, index=bought.index, dtype="str")
        parts.append(where.assign(period=when, amount=paid))
    return pd.concat(parts, ignore_index=True)


def got_back(plan: Plan) -> pd.DataFrame:
    """Return what is got back for capacity of expansions that is given up; columns of ``annuities_due``."""
    modules = plan.modules[plan.modules["expands"] & plan.modules["resale_share"].notna()]
    shrunk = modules["share_before"] - modules["share"]
    sold = modules[shrunk > 0]
    cost = sold["capital_cny"] * shrunk[shrunk > 0] * sold["resale_share"]
    cost *= factor(plan.facts, sold["jurisdiction"], sold["facility_type"], "capital")
    return _at_once(plan.facts, sold, cost)


def _at_once(facts: Facts, bought: pd.DataFrame, cost: pd.Series) -> pd.DataFrame:
    """Return what is invested, due in the first year of the period of investment."""
    start = mapped(bought["period"], facts.periods["start"]).tolist()
    worth = [facts.discounted_years(first, first + 1) for first in start]
    share = pd.Series(worth, index=bought.index, dtype=cost.dtype) / mapped(bought["period"], facts.weights)
    return bought[["jurisdiction", "facility_type", "period"]].assign(amount=cost * share)
