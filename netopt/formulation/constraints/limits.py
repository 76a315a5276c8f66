"""Limits of markets and nature, and the side rules of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from netopt.formulation.sets import cells

if TYPE_CHECKING:
    from netopt.formulation.sets import Facts


def market_limit(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(flow into market) <= limit`` by commodity (units/yr).

    Twin: tag ``market_limit``. Without it second life is sold to nobody.
    """
    _limit(model, facts, "market_limit", is_disposal=False)


def disposal_limit(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(flow into disposal) <= limit`` by commodity (units/yr).

    Twin: tag ``disposal_limit``. Without it landfills have no end.
    """
    _limit(model, facts, "disposal_limit", is_disposal=True)


def _limit(model: pyo.ConcreteModel, facts: Facts, name: str, *, is_disposal: bool) -> None:
    offtakes = facts.network.offtakes
    limits = cells(facts.network.offtake_limits)
    meant = offtakes[(offtakes["category"] == "disposal") == is_disposal]
    keys = list(zip(meant["offtake"], meant["market"], meant["commodity"], strict=True))
    bounded = {
        (offtake, period): facts.into_market[market, commodity]
        for offtake, market, commodity in keys
        if (market, commodity) in facts.into_market
        for period in facts.periods
        if np.isfinite(limits[offtake, period])
    }

    def rule(m: Any, offtake: str, period: str) -> Any:
        sold = pyo.quicksum(m.flow[arc, period] for arc in bounded[offtake, period])
        return sold <= limits[offtake, period]

    model.add_component(name, pyo.Constraint(list(bounded), rule=rule))


def offer_limit(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(flow out of vendor) <= limit`` by commodity (units/yr).

    Twin: tag ``offer_limit``. Without it vendors sell without end.
    """
    offers = facts.network.offers
    limits = cells(facts.network.offer_limits)
    places = zip(offers["vendor"], offers["commodity"], strict=True)
    ways = {
        offer: facts.out_of_offer[place]
        for offer, place in zip(offers["offer"], places, strict=True)
        if place in facts.out_of_offer
    }

    def rule(m: Any, offer: str, period: str) -> Any:
        return pyo.quicksum(m.flow[arc, period] for arc in ways[offer]) <= limits[offer, period]

    model.offer_limit = pyo.Constraint(list(ways), model.PERIODS, rule=rule)


def emission_cap(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(emissions of flows and throughput) <= cap`` (t CO2e a year), where the instance has one.

    Twin: tag ``emission_cap``. Without it the cap is a wish.
    """
    limits = facts.network.instance.settings.limits
    caps = {period: limits.emission_cap(period) for period in facts.periods}
    if all(cap is None for cap in caps.values()):
        return
    rows = facts.network.emissions.itertuples(index=False, name=None)
    emitted = [(getattr(model, family), index, tonnes) for family, index, tonnes in rows]

    def rule(_m: Any, period: str) -> Any:
        total = pyo.quicksum(tonnes * variable[index, period] for variable, index, tonnes in emitted)
        return pyo.Constraint.Feasible if not emitted or caps[period] is None else total <= caps[period]

    model.emission_cap = pyo.Constraint(model.PERIODS, rule=rule)


def share_rule(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``part - share * whole + shortfall >= 0`` for each side rule (t/yr); hard rules have none.

    Twin: tag ``share_rule``. Without it a mandate costs nothing.
    """
    terms = facts.network.rule_terms
    soft = set(model.SOFT_RULES)
    rows = dict(list(terms.groupby(["rule", "period"])))

    def rule(m: Any, name: str, period: str) -> Any:
        constant, expressions = 0.0, [m.nothing]
        for term in rows[name, period].to_dict("records"):
            if term["family"] == "constant":
                constant += term["coefficient"]
            else:
                variable = getattr(m, term["family"])
                expressions.append(term["coefficient"] * variable[term["index"], term["decided"]])
        if name in soft:
            expressions.append(m.shortfall[name, period])
        return pyo.quicksum(expressions) >= -constant

    model.share_rule = pyo.Constraint(sorted(rows), rule=rule)
