"""Key figures of plans, to be read side by side: what a coarser map of the same country gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.solution.ledger import annual_equivalent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netopt.data.instance import Instance
    from netopt.solution.store import Run

MILLION: Final = 1e6

CATEGORIES: Final = ("haulage", "loading", "capital", "fixed", "delay")
"""Costs that place decides."""


def key_figures(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return what plans cost, haul and build, one column per run and one row per figure.

    Figures of a plan, not proven ones: other plans within the gap may haul and build otherwise. Of several
    periods amounts are annual equivalents, sites those that operate in any.

    Parameters
    ----------
    runs
        By the name of the column.

    Returns
    -------
    pandas.DataFrame
        Index: the figure with its unit; a figure that a run does not have is missing.
    """
    return pd.DataFrame({name: _figures(run) for name, run in runs.items()})


def _figures(run: Run) -> dict[str, float]:
    return {**_bounds(run), **_costs(run), **_hauls(run), **_sites(run)}


def _bounds(run: Run) -> dict[str, float]:
    if run.outcome is None:
        return {}
    return {
        "least cost, proven, m CNY/yr": run.outcome.lower_bound_cny_per_year / MILLION,
        "cost of the plan, m CNY/yr": run.outcome.upper_bound_cny_per_year / MILLION,
        "gap, % of gross cost": 100 * run.outcome.gap,
    }


def _costs(run: Run) -> dict[str, float]:
    yearly = annual_equivalent(run.ledger, run.instance.period_weights())
    amounts = yearly.groupby(run.ledger["category"]).sum()
    return {f"{name}, m CNY/yr": float(amounts.get(name, 0.0)) / MILLION for name in CATEGORIES}


def _hauls(run: Run) -> dict[str, float]:
    """Return tonnes, kilometres and borders, of the first leg and of what sites send to sites."""
    flows, instance = run.answer.flows, run.instance
    mass = instance["commodities"].set_index("commodity")["tonnes_per_unit"]
    weights = instance.period_weights()
    share = flows["period"].map(weights).astype(float) / sum(weights.values())
    tonnes = flows["flow_units_per_year"] * flows["commodity"].map(mass).astype(float) * share
    jurisdiction = _jurisdictions(instance)
    crosses = flows["from_place"].map(jurisdiction) != flows["to_place"].map(jurisdiction)
    sites = set(instance["sites"]["site"])
    ends_at_site = flows["to_place"].isin(sites)
    legs = {
        "first leg": flows["from_place"].isin(instance["sources"]["source"]),
        "between sites": flows["from_place"].isin(sites) & ends_at_site,
    }
    found = {}
    for leg, is_of in legs.items():
        moved = float(tonnes[is_of].sum())
        tonne_km = float((tonnes * flows["distance_km"])[is_of].sum())
        found[f"{leg}, m t km/yr"] = tonne_km / MILLION
        found[f"{leg}, mean km"] = tonne_km / moved if moved else 0.0
        over = float(tonnes[is_of & crosses].sum())
        found[f"{leg}, % of tonnes over a border"] = 100 * over / moved if moved else 0.0
    return found


def _jurisdictions(instance: Instance) -> pd.Series:
    """Return the jurisdiction of every source and site."""
    of_location = instance["locations"].set_index("location")["jurisdiction"]
    keys = {"sources": "source", "sites": "site"}
    places: pd.Series = pd.concat(
        [instance[table].set_index(key)["location"].map(of_location) for table, key in keys.items()]
    )
    return places


def _sites(run: Run) -> dict[str, float]:
    facilities = run.answer.facilities
    types = run.instance["sites"].set_index("site")["facility_type"]
    standing = set(run.instance["sites"].query("existing_capacity_tonnes_per_year > 0")["site"])
    at_work = facilities[facilities["operating"] & (facilities["load_tonnes_per_year"] > 0)]
    sites = at_work["site"].drop_duplicates()
    found = {}
    for kind in sorted(types.unique()):
        own = sites[sites.map(types) == kind]
        found[f"{kind}: sites at work"] = float(len(own))
        found[f"{kind}: of them new"] = float((~own.isin(standing)).sum())
    return found
