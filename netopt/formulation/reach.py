"""How much mass can reach a site at all: what makes large capacity steps tight."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from netopt.formulation.model import number_in
from netopt.formulation.sets import cells

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netopt.formulation.sets import Facts


def reachable_tonnes(facts: Facts) -> NDArray[np.float64]:
    """Return an upper bound on the input (t/yr) of each site, by period.

    The nation's formal supply of a commodity, what vendors offer of it, and what recipes could make of
    it if each had all of its input, bounds what reaches any one site. Stock and returns carry mass
    from earlier periods; where either exists the bound is infinite.

    Returns
    -------
    numpy.ndarray
        ``facts.sites`` x periods, t/yr; 0 at a site that nothing can reach.
    """
    network = facts.network
    taken = network.activity_inputs[["site", "commodity"]].drop_duplicates()
    site = number_in(facts.sites, taken["site"])
    carries_over = len(network.stores) > 0 or len(network.return_rates) > 0
    mass = _mass(facts)
    reach = np.zeros((len(facts.sites), len(facts.periods)))
    for at, period in enumerate(facts.periods):
        if carries_over:
            reach[site, at] = np.inf
            continue
        units = _available_units(facts, period)
        tonnes = taken["commodity"].map({name: units[name] * mass[name] for name in mass}).astype(float)
        reach[:, at] = np.bincount(site, tonnes, minlength=len(facts.sites))
    return reach


def _available_units(facts: Facts, period: str) -> dict[str, float]:
    """Return the most that can exist of each commodity in the nation, in units a year.

    Recipes run once everything that could make their inputs has run; they form no cycle.
    """
    network = facts.network
    available: dict[str, float] = defaultdict(float)
    collectable = cells(network.supply_tonnes - network.leaked_tonnes)
    for supply, commodity in zip(network.supplies["supply"], network.supplies["commodity"], strict=True):
        available[commodity] += collectable[supply, period]
    for commodity, units in zip(network.offers["commodity"], network.offer_limits[period], strict=True):
        available[commodity] += float(units)
    mass = _mass(facts)
    inputs = _shares(network.instance["recipe_inputs"], "mass_share")
    outputs = _shares(network.instance["recipe_outputs"], "yield_units_per_tonne")
    pending = set(inputs)
    while pending:
        coming = {commodity for recipe in pending for commodity in outputs.get(recipe, {})}
        ready = {recipe for recipe in pending if not coming & inputs[recipe].keys()}
        for recipe in sorted(ready):
            tonnes = min(available[k] * mass[k] / share for k, share in inputs[recipe].items())
            for commodity, units in outputs.get(recipe, {}).items():
                available[commodity] += units * tonnes
        pending -= ready
    return available


def _shares(rows: pd.DataFrame, column: str) -> dict[str, dict[str, float]]:
    """Return what each recipe takes or gives by commodity."""
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    for recipe, commodity, share in zip(rows["recipe"], rows["commodity"], rows[column], strict=True):
        shares[recipe][commodity] = float(share)
    return dict(shares)


def _mass(facts: Facts) -> dict[str, float]:
    """Return the mass of one unit (t) by commodity."""
    commodities = facts.network.instance["commodities"]
    return dict(zip(commodities["commodity"], commodities["tonnes_per_unit"].astype(float), strict=True))
