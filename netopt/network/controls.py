"""A planner's controls as columns: what is forced open, counted, and assigned to one site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.network.facilities import located_sites
from netopt.policy.in_force import periods_in_force

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.effects import CountSites, Effects, SingleSource


def forced_open(instance: Instance, effects: Effects) -> pd.DataFrame:
    """Return where a whole module must operate, and when: ``site, period``, each pair once."""
    pairs = {
        (rule.site, period)
        for rule in effects.forced_sites
        if rule.state == "open"
        for period in periods_in_force(rule, instance)
    }
    return pd.DataFrame(sorted(pairs), columns=["site", "period"])


def site_counts(effects: Effects) -> pd.DataFrame:
    """Return the bounds on numbers of sites; see ``Network.site_counts``."""
    rows = [
        (rule.rule, bound, number)
        for rule in effects.site_counts
        for bound, number in (("minimum", rule.minimum), ("maximum", rule.maximum))
        if number is not None
    ]
    return pd.DataFrame(rows, columns=["rule", "bound", "n_sites"])


def counted_sites(instance: Instance, effects: Effects, modules: pd.DataFrame) -> pd.DataFrame:
    """Return the sites that each rule on numbers counts: ``rule, site``, only where modules are."""
    sites = located_sites(instance)
    usable = sites[sites["site"].isin(modules["site"])]
    rows = [(rule.rule, site) for rule in effects.site_counts for site in _counted(rule, usable)]
    return pd.DataFrame(rows, columns=["rule", "site"])


def _counted(rule: CountSites, sites: pd.DataFrame) -> list[str]:
    meant = pd.Series(True, index=sites.index)
    for column, ids in (("facility_type", rule.facility_types), ("jurisdiction", rule.jurisdictions)):
        if ids:
            meant &= sites[column].isin(ids)
    return sorted(sites.loc[meant, "site"])


def assignments(
    instance: Instance, effects: Effects, arcs: pd.DataFrame, supplies: pd.DataFrame
) -> pd.DataFrame:
    """Return what single sourcing chooses among; see ``Network.assignments``.

    Parameters
    ----------
    instance, effects
        What to plan and under which rules.
    arcs, supplies
        As in ``Network``.
    """
    kinds = instance["sites"].set_index("site")["facility_type"]
    first = arcs[(arcs["from_kind"] == "source") & (arcs["to_kind"] == "site")]
    links = first[["from_place", "commodity", "to_place"]].drop_duplicates()
    links = links.set_axis(["source", "commodity", "site"], axis=1)
    links = links.merge(supplies[["supply", "source", "commodity"]], on=["source", "commodity"])
    links["facility_type"] = links["site"].map(kinds)
    columns = ["rule", "assignment", "supply", "site"]
    parts = [_choices(rule, links)[columns] for rule in effects.single_sources]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _choices(rule: SingleSource, links: pd.DataFrame) -> pd.DataFrame:
    """Return the links that a rule binds, where there is more than one to choose from."""
    meant = pd.Series(True, index=links.index)
    for column, ids in (("commodity", rule.commodities), ("facility_type", rule.facility_types)):
        if ids:
            meant &= links[column].isin(ids)
    bound = links[meant]
    bound = bound[bound.groupby("supply")["site"].transform("size") > 1]
    return bound.assign(rule=rule.rule, assignment=bound["supply"] + ">" + bound["site"])
