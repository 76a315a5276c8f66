"""How much mass can reach a site at all: what makes large capacity steps tight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from netopt.formulation.sets import Facts


def reachable_tonnes(facts: Facts) -> dict[str, dict[str, float]]:
    """Return an upper bound on the input (t/yr) of each site, by period.

    The nation's formal supply of a commodity, and what recipes could make of it if each had all
    of its input, bounds what reaches any one site. Stock and returns carry mass from earlier
    periods; where either exists the bound is infinite.

    Returns
    -------
    dict
        period -> site -> t/yr; a site that nothing can reach is missing.
    """
    network = facts.network
    carries_over = len(network.stores) > 0 or len(network.return_rates) > 0
    inputs = network.activity_inputs
    taken = {site: set(rows["commodity"]) for site, rows in inputs.groupby("site")}
    mass = network.instance["commodities"].set_index("commodity")["tonnes_per_unit"].to_dict()
    reach = {}
    for period in facts.periods:
        if carries_over:
            reach[period] = dict.fromkeys(taken, np.inf)
            continue
        units = _available_units(facts, period)
        reach[period] = {
            site: sum(units.get(commodity, 0.0) * mass[commodity] for commodity in commodities)
            for site, commodities in taken.items()
        }
    return reach


def _available_units(facts: Facts, period: str) -> dict[str, float]:
    """Return the most that can exist of each commodity in the nation, in units a year."""
    network = facts.network
    collectable = network.supply_tonnes[period] - network.leaked_tonnes[period]
    supply_of = network.supplies.set_index("supply")["commodity"]
    available: dict[str, float] = collectable.groupby(supply_of).sum().to_dict()
    recipes = network.instance["recipes"]["recipe"].tolist()
    inputs = {recipe: rows for recipe, rows in network.instance["recipe_inputs"].groupby("recipe")}
    outputs = {recipe: rows for recipe, rows in network.instance["recipe_outputs"].groupby("recipe")}
    mass = network.instance["commodities"].set_index("commodity")["tonnes_per_unit"].to_dict()
    pending = list(recipes)
    while pending:
        makers = {k for recipe in pending for k in outputs[recipe]["commodity"]} if pending else set()
        ready = [r for r in pending if r not in outputs or not makers & set(inputs[r]["commodity"])]
        for recipe in ready:
            throughput = min(
                available.get(k, 0.0) * mass[k] / share
                for k, share in zip(inputs[recipe]["commodity"], inputs[recipe]["mass_share"], strict=True)
            )
            for k, units in zip(
                outputs[recipe]["commodity"], outputs[recipe]["yield_units_per_tonne"], strict=True
            ):
                available[k] = available.get(k, 0.0) + units * throughput
        pending = [recipe for recipe in pending if recipe not in ready]
    return available
