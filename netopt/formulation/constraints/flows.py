"""Mass balances: what enters the network, is converted in it and leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo

from netopt.formulation.sets import cells

if TYPE_CHECKING:
    from netopt.formulation.sets import Facts, State


def supply_balance(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(flow out of source and commodity) + leaked + unserved = supply`` (t/yr).

    Twin: tag ``supply_balance``. Without it the cheapest plan collects nothing.
    """
    supplies = facts.network.supplies
    places = zip(supplies["source"], supplies["commodity"], strict=True)
    place_of = dict(zip(supplies["supply"], places, strict=True))
    retired = cells(facts.network.supply_tonnes)

    def rule(m: Any, supply: str, period: str) -> Any:
        out = pyo.quicksum(m.flow[arc, period] for arc in facts.out_of_supply.get(place_of[supply], []))
        return out + m.leaked[supply, period] + m.unserved[supply, period] == retired[supply, period]

    model.supply_balance = pyo.Constraint(model.SUPPLIES, model.PERIODS, rule=rule)


def leakage(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``leaked = (1 - formal share of the source) * supply`` (t/yr): behaviour, not a planner's choice.

    Twin: tag ``leakage``. Without it the plan leaks whatever is dear to collect.
    """
    leaked = cells(facts.network.leaked_tonnes)

    def rule(m: Any, supply: str, period: str) -> Any:
        return m.leaked[supply, period] == leaked[supply, period]

    model.leakage = pyo.Constraint(model.SUPPLIES, model.PERIODS, rule=rule)


def return_balance(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(flow out of market and returned commodity) = sum(return_rate * sold earlier)`` (t/yr).

    Twin: tag ``return_balance``. Without it batteries vanish into second life.
    """
    returns = facts.network.returns.set_index("return")
    rates = facts.network.return_rates
    places = sorted(set(zip(returns["market"], returns["commodity"], strict=True)))
    model.RETURNS = pyo.Set(initialize=places, dimen=2)
    earlier: dict[tuple[str, str, str], list[tuple[tuple[str, str], str, float]]] = {}
    for row in rates.to_dict("records"):
        item = returns.loc[row["return"]]
        sale = ((item["market"], item["sold_commodity"]), row["sold_period"], row["tonnes_per_unit"])
        earlier.setdefault((item["market"], item["commodity"], row["period"]), []).append(sale)

    def rule(m: Any, market: str, commodity: str, period: str) -> Any:
        out = pyo.quicksum(m.flow[arc, period] for arc in facts.out_of_return.get((market, commodity), []))
        back = pyo.quicksum(
            rate * m.flow[arc, sold_period]
            for sold, sold_period, rate in earlier.get((market, commodity, period), [])
            for arc in facts.into_market.get(sold, [])
        )
        if _is_empty(out) and _is_empty(back):
            return pyo.Constraint.Skip
        return out - back == 0

    model.return_balance = pyo.Constraint(model.RETURNS, model.PERIODS, rule=rule)


def facility_balance(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``inflow + own outputs = inputs of recipes + outflow``, by commodity and provenance.

    In commodity units a year, for what a site takes in and cannot store. Twin: tag
    ``facility_balance``. Without it a plant processes what never reached it.
    """
    states = [state for state in facts.taken_states if state not in facts.store_of]
    model.facility_balance = pyo.Constraint(states, model.PERIODS, rule=_balance_rule(facts))


def conversion(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``outputs of recipes = outflow``, by commodity and provenance, in commodity units a year.

    For what a site only gives out and cannot store. Twin: tag ``conversion``. Without it a plant
    sells metal that no recipe yields, or hides what it must dispose of.
    """
    states = [state for state in facts.given_states if state not in facts.store_of]
    model.conversion = pyo.Constraint(states, model.PERIODS, rule=_balance_rule(facts))


def _balance_rule(facts: Facts) -> Any:
    def rule(m: Any, *index: str) -> Any:
        *parts, period = index
        surplus = _surplus(m, facts, tuple(parts), period)
        return pyo.Constraint.Skip if _is_empty(surplus) else surplus == 0

    return rule


def storage_balance(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``stored[t] = stored[t-1] + length * (in - out)`` (units), empty at both ends of the horizon.

    Replaces ``facility_balance`` and ``conversion`` where storage is allowed. Twin: tag
    ``storage_balance``. Without it stock appears from nowhere or is forgotten.
    """
    last = facts.periods[-1]

    def rule(m: Any, *index: str) -> Any:
        *parts, period = index
        state = tuple(parts)
        store = facts.store_of[state]  # type: ignore[index]
        before = facts.before(period)
        opening = m.stored[store, before] if before else 0.0
        closing = 0.0 if period == last else m.stored[store, period]
        change = facts.years(period) * _surplus(m, facts, state, period)
        return opening + change - closing == 0

    model.storage_balance = pyo.Constraint(sorted(facts.store_of), model.PERIODS, rule=rule)


def storage_limit(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(stored over provenances) <= capacity * min(1, sum(operating))`` (units); 0 at the end.

    Two rows: at most the capacity, and nothing where nothing operates. Twin: tag
    ``storage_limit``. Without it closed plants are warehouses without end.
    """
    stores = facts.network.stores
    groups = {key: rows["store"].tolist() for key, rows in stores.groupby(["site", "commodity"])}
    capacity = stores.groupby(["site", "commodity"])["capacity_units"].first().to_dict()

    def room_rule(m: Any, site: str, commodity: str, period: str) -> Any:
        kept = pyo.quicksum(m.stored[store, period] for store in groups[site, commodity])
        return kept <= (0.0 if period == facts.periods[-1] else capacity[site, commodity])

    def open_rule(m: Any, site: str, commodity: str, period: str) -> Any:
        kept = pyo.quicksum(m.stored[store, period] for store in groups[site, commodity])
        operating = pyo.quicksum(m.operating[module, period] for module in facts.modules_at.get(site, []))
        return kept - capacity[site, commodity] * operating <= 0

    model.storage_room = pyo.Constraint(sorted(groups), model.PERIODS, rule=room_rule)
    model.storage_limit = pyo.Constraint(sorted(groups), model.PERIODS, rule=open_rule)


def _surplus(m: Any, facts: Facts, state: State | tuple[str, ...], period: str) -> Any:
    """Return what a site gains of a state in a year: inflow + outputs - inputs - outflow."""
    arrives = [m.flow[arc, period] for arc in facts.inflow.get(state, [])]  # type: ignore[arg-type]
    leaves = [m.flow[arc, period] for arc in facts.outflow.get(state, [])]  # type: ignore[arg-type]
    made = [units * m.throughput[a, period] for a, units in facts.produced.get(state, [])]  # type: ignore[arg-type]
    used = [units * m.throughput[a, period] for a, units in facts.consumed.get(state, [])]  # type: ignore[arg-type]
    return pyo.quicksum(arrives) + pyo.quicksum(made) - pyo.quicksum(used) - pyo.quicksum(leaves)


def _is_empty(expression: Any) -> bool:
    return not pyo.is_potentially_variable(expression)
