"""Mass balances: what enters the network, is converted in it and leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netopt.formulation.model import number_in, words
from netopt.formulation.sets import pairs, position_in, within

if TYPE_CHECKING:
    from netopt.formulation.model import Floats, Model, Rows
    from netopt.formulation.sets import Facts, Numbers


def supply_balance(model: Model, facts: Facts) -> None:
    """``sum(flow out of source and commodity) + leaked + unserved = supply`` (t/yr).

    Twin: tag ``supply_balance``. Without it the cheapest plan collects nothing.
    """
    supplies = facts.network.supplies
    supply, arc, _ = facts.arcs_of_supply
    rows = model.state("supply_balance", words(supplies["supply"]))
    rows.add(supply, model["flow"].columns(arc))
    rows.add(None, model["leaked"].columns())
    rows.add(None, model["unserved"].columns())
    rows.equal(facts.by_period(facts.network.supply_tonnes, "supplies"))


def leakage(model: Model, facts: Facts) -> None:
    """``leaked = (1 - formal share of the source) * supply`` (t/yr): behaviour, not a planner's choice.

    Twin: tag ``leakage``. Without it the plan leaks whatever is dear to collect.
    """
    rows = model.state("leakage", words(facts.network.supplies["supply"]))
    rows.add(None, model["leaked"].columns())
    rows.equal(facts.by_period(facts.network.leaked_tonnes, "supplies"))


def return_balance(model: Model, facts: Facts) -> None:
    """``sum(flow out of market and returned commodity) = sum(return_rate * sold earlier)`` (t/yr).

    Twin: tag ``return_balance``. Without it batteries vanish into second life.
    """
    returns = facts.network.returns
    returned = facts.goods.of(returns["market"], returns["commodity"])
    sold = facts.goods.of(returns["market"], returns["sold_commodity"])
    places = np.unique(returned)
    rows = model.state("return_balance", *facts.goods.words(places))
    out = within(places, facts.arcs_at("from", "market"))
    rows.add(out.entry, model["flow"].columns(out.member))
    rates = facts.network.return_rates
    item = number_in(pd.Index(returns["return"]), rates["return"])
    due, sold_in = (number_in(model.periods, rates[name]) for name in ("period", "sold_period"))
    sales = pairs(sold[item], facts.arcs_at("to", "market"))
    at = position_in(places, returned[item]) * len(model.periods) + due
    earlier = model["flow"].columns(sales.member)[np.arange(len(sales.member)), sold_in[sales.entry]]
    rows.add_each(at[sales.entry], earlier, -rates["tonnes_per_unit"].to_numpy(dtype=float)[sales.entry])
    rows.equal(0.0)


def facility_balance(model: Model, facts: Facts) -> None:
    """``inflow + own outputs = inputs of recipes + outflow``, by commodity and provenance.

    In commodity units a year, for what a site takes in and cannot store. Twin: tag
    ``facility_balance``. Without it a plant processes what never reached it.
    """
    states = np.setdiff1d(facts.taken_states, facts.stored_states)
    rows = model.state("facility_balance", *facts.states.words(states))
    _add_surplus(rows, model, facts, states)
    rows.equal(0.0)


def conversion(model: Model, facts: Facts) -> None:
    """``outputs of recipes = outflow``, by commodity and provenance, in commodity units a year.

    For what a site only gives out and cannot store. Twin: tag ``conversion``. Without it a plant
    sells metal that no recipe yields, or hides what it must dispose of.
    """
    states = np.setdiff1d(facts.given_states, facts.stored_states)
    rows = model.state("conversion", *facts.states.words(states))
    _add_surplus(rows, model, facts, states)
    rows.equal(0.0)


def storage_balance(model: Model, facts: Facts) -> None:
    """``stored[t] = stored[t-1] + length * (in - out)`` (units), empty at both ends of the horizon.

    Replaces ``facility_balance`` and ``conversion`` where storage is allowed. Twin: tag
    ``storage_balance``. Without it stock appears from nowhere or is forgotten.
    """
    store = np.argsort(facts.stored_states)
    states = facts.stored_states[store]
    rows = model.state("storage_balance", *facts.states.words(states))
    rows.add(None, model["stored"].columns_before(store))
    _add_surplus(rows, model, facts, states, per_year=facts.years)
    is_kept = np.arange(len(model.periods)) < len(model.periods) - 1
    rows.add(None, model["stored"].columns(store), -1.0 * is_kept[None, :])
    rows.equal(0.0)


def storage_limit(model: Model, facts: Facts) -> None:
    """``sum(stored over provenances) <= capacity * min(1, sum(operating))`` (units); 0 at the end.

    Two rows: at most the capacity, and nothing where nothing operates. Twin: tag
    ``storage_limit``. Without it closed plants are warehouses without end.
    """
    stores = facts.network.stores
    goods, first, group = np.unique(
        facts.goods.of(stores["site"], stores["commodity"]), return_index=True, return_inverse=True
    )
    capacity = stores["capacity_units"].to_numpy(dtype=float)[first]
    index = facts.goods.words(goods)
    room = model.state("storage_room", *index)
    room.add(group, model["stored"].columns())
    is_last = np.arange(len(model.periods)) == len(model.periods) - 1
    room.at_most(np.where(is_last, 0.0, capacity[:, None]))
    modules = facts.modules_at(number_in(facts.sites, pd.Index(index[0])))
    rows = model.state("storage_limit", *index)
    rows.add(group, model["stored"].columns())
    rows.add(modules.entry, model["operating"].columns(modules.member), -capacity[modules.entry])
    rows.at_most(0.0)


def _add_surplus(
    rows: Rows, model: Model, facts: Facts, states: Numbers, per_year: Floats | float = 1.0
) -> None:
    """Add what a site gains of each state in a year: inflow + outputs - inputs - outflow."""
    for links, family, sign in (
        (facts.inflow, "flow", 1.0),
        (facts.produced, "throughput", 1.0),
        (facts.consumed, "throughput", -1.0),
        (facts.outflow, "flow", -1.0),
    ):
        here = within(states, links)
        rows.add(here.entry, model[family].columns(here.member), sign * here.units[:, None] * per_year)
