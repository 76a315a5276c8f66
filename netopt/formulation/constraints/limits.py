"""Limits of markets and nature, and the side rules of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netopt.formulation.model import number_in, words
from netopt.formulation.sets import within

if TYPE_CHECKING:
    from netopt.formulation.model import Model
    from netopt.formulation.sets import Facts


def market_limit(model: Model, facts: Facts) -> None:
    """``sum(flow into market) <= limit`` by commodity (units/yr).

    Twin: tag ``market_limit``. Without it second life is sold to nobody.
    """
    _limit(model, facts, "market_limit", is_disposal=False)


def disposal_limit(model: Model, facts: Facts) -> None:
    """``sum(flow into disposal) <= limit`` by commodity (units/yr).

    Twin: tag ``disposal_limit``. Without it landfills have no end.
    """
    _limit(model, facts, "disposal_limit", is_disposal=True)


def _limit(model: Model, facts: Facts, tag: str, *, is_disposal: bool) -> None:
    offtakes = facts.network.offtakes
    meant = np.flatnonzero((offtakes["category"] == "disposal") == is_disposal)
    rows = model.state(tag, words(offtakes["offtake"])[meant])
    goods = facts.goods.of(offtakes["market"], offtakes["commodity"])[meant]
    sold = within(goods, facts.arcs_at("to", "market"))
    rows.add(sold.entry, model["flow"].columns(sold.member))
    limits = facts.by_period(facts.network.offtake_limits, "offtakes")[meant]
    rows.at_most(limits, where=np.isfinite(limits))


def offer_limit(model: Model, facts: Facts) -> None:
    """``sum(flow out of vendor) <= limit`` by commodity (units/yr).

    Twin: tag ``offer_limit``. Without it vendors sell without end.
    """
    offers = facts.network.offers
    rows = model.state("offer_limit", words(offers["offer"]))
    bought = within(facts.goods.of(offers["vendor"], offers["commodity"]), facts.arcs_at("from", "vendor"))
    rows.add(bought.entry, model["flow"].columns(bought.member))
    rows.at_most(facts.by_period(facts.network.offer_limits, "offers"))


def emission_cap(model: Model, facts: Facts) -> None:
    """``sum(emissions of flows and throughput) <= cap`` (t CO2e a year), where the instance has one.

    Twin: tag ``emission_cap``. Without it the cap is a wish.
    """
    limits = facts.network.instance.settings.limits
    caps = [limits.emission_cap(period) for period in facts.periods]
    if all(cap is None for cap in caps):
        return
    rows = model.state("emission_cap", n=1)
    for name, emitted in facts.network.emissions.groupby("family", sort=False):
        family = model[str(name)]
        columns = family.columns(number_in(family.ids, emitted["index"]))
        tonnes = emitted["tonnes_co2e_per_unit"].to_numpy(dtype=float)
        rows.add(np.zeros(len(emitted)), columns, tonnes)
    is_capped = np.array([[cap is not None for cap in caps]])
    rows.at_most(np.array([[0.0 if cap is None else cap for cap in caps]]), where=is_capped)


def share_rule(model: Model, facts: Facts) -> None:
    """``part - share * whole + shortfall >= 0`` for each side rule (t/yr); hard rules have none.

    Twin: tag ``share_rule``. Without it a mandate costs nothing.
    """
    terms = facts.network.rule_terms
    rule_of, period_of = terms["rule"].astype("str"), terms["period"].astype("str")
    rules, in_periods = pd.Index(rule_of.unique()).sort_values(), pd.Index(period_of.unique()).sort_values()
    keys = number_in(rules, rule_of) * len(in_periods) + number_in(in_periods, period_of)
    found, row = np.unique(keys, return_inverse=True)
    rule, period = np.divmod(found, max(len(in_periods), 1))
    rows = model.state("share_rule", words(rules)[rule], words(in_periods)[period], by_period=False)
    rows.add(None, model["nothing"].columns())
    is_constant = (terms["family"] == "constant").to_numpy()
    decided, coefficient = terms[~is_constant], terms["coefficient"].to_numpy(dtype=float)
    columns = model.numbered(*(pd.Index(decided[name]) for name in ("family", "index", "decided")))
    rows.add(row[~is_constant], columns[:, None], coefficient[~is_constant])
    shortfall = model["shortfall"]
    soft = np.flatnonzero(number_in(shortfall.ids, rules[rule]) >= 0)
    short = shortfall.numbered(rules[rule[soft]], in_periods[period[soft]])
    rows.add(soft, short[:, None])
    constant = np.bincount(row[is_constant], coefficient[is_constant], minlength=len(found))
    rows.at_least(-constant)
