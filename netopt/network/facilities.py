"""Facilities as columns: sites with their place, modules, and which may be built when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.network.lookups import jurisdictions_of
from netopt.policy.in_force import periods_in_force

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.effects import Effects, ForbidOperators

EXISTING = "existing"
"""Size id of capacity that stands before the horizon."""


def located_sites(instance: Instance) -> pd.DataFrame:
    """Return the sites with their ``jurisdiction`` and their operator's ``home``.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``sites`` plus ``jurisdiction``, ``home`` (jurisdiction ids).
    """
    homes = instance["operators"].set_index("operator")["jurisdiction"]
    sites = instance["sites"]
    return sites.assign(
        jurisdiction=jurisdictions_of(instance, sites["location"]), home=sites["operator"].map(homes)
    )


def build_modules(instance: Instance) -> pd.DataFrame:
    """Return every capacity step that stands or could be built; see ``Network.modules``.

    Also carries ``facility_type``, ``jurisdiction``, ``capital_cny``, ``fixed_cny_per_year`` and
    ``variable_cny_per_tonne`` before regional multipliers.
    """
    sites = located_sites(instance)
    types = instance["facility_types"][["facility_type", "life_years"]]
    effective = sites["existing_capacity_tonnes_per_year"] * sites["effective_share"]
    standing = sites.assign(
        size=EXISTING,
        capacity_tonnes_per_year=effective,
        capital_cny=0.0,
        fixed_cny_per_year=sites["existing_fixed_cny_per_year"],
        variable_cny_per_tonne=0.0,
        minimum_utilisation=0.0,
        stands=True,
        divisible=sites["existing_divisible"],
    )[effective > 0]
    buildable = sites[sites["may_build"]].merge(instance["sizes"], on="facility_type")
    buildable = buildable.assign(stands=False, divisible=False)
    modules = pd.concat([standing, buildable], ignore_index=True).merge(types, on="facility_type")
    modules.insert(0, "module", modules["site"] + "/" + modules["size"])
    columns = ["module", "site", "size", "capacity_tonnes_per_year", "minimum_utilisation", "life_years"]
    columns += ["stands", "divisible", "facility_type", "jurisdiction"]
    columns += ["capital_cny", "fixed_cny_per_year", "variable_cny_per_tonne"]
    return modules[columns].sort_values("module", ignore_index=True)


def may_build(instance: Instance, effects: Effects, modules: pd.DataFrame) -> pd.DataFrame:
    """Return whether each module may be opened or added, by module id and period."""
    allowed = pd.DataFrame(
        {period: ~modules["stands"].to_numpy() for period in instance.periods},
        index=pd.Index(modules["module"]),
    )
    sites = located_sites(instance)
    for rule in effects.forbidden_operators:
        if rule.action == "open":
            barred = modules["site"].isin(barred_sites(rule, sites)).to_numpy()
            allowed.loc[barred, periods_in_force(rule, instance)] = False
    return allowed


def may_operate(instance: Instance, effects: Effects, modules: pd.DataFrame) -> pd.DataFrame:
    """Return whether each module may operate, by module id and period: not at closed sites."""
    allowed = pd.DataFrame(True, index=pd.Index(modules["module"]), columns=list(instance.periods))
    for rule in effects.forced_sites:
        if rule.state == "closed":
            here = (modules["site"] == rule.site).to_numpy()
            allowed.loc[here, periods_in_force(rule, instance)] = False
    return allowed


def barred_sites(rule: ForbidOperators, sites: pd.DataFrame) -> list[str]:
    """Return the ids of the sites whose operator the rule keeps out."""
    barred = (sites["jurisdiction"] == rule.jurisdiction) & (sites["home"] != rule.jurisdiction)
    barred &= ~sites["operator"].isin(rule.exempt_operators)
    if rule.facility_types:
        barred &= sites["facility_type"].isin(rule.facility_types)
    return sites.loc[barred, "site"].tolist()


def build_stores(instance: Instance, stocked: pd.DataFrame) -> pd.DataFrame:
    """Return every store; see ``Network.stores``.

    Parameters
    ----------
    instance
        With the table ``storage``.
    stocked
        ``site, commodity, origin, left``: what each site can take in or give out.
    """
    sites = instance["sites"][["site", "facility_type"]]
    stores = sites.merge(instance["storage"], on="facility_type").merge(stocked, on=["site", "commodity"])
    left = stores["left"].map({True: "left", False: ""}).astype(str)
    stores.insert(
        0, "store", stores["site"] + ":" + stores["commodity"] + ":" + stores["origin"] + ":" + left
    )
    columns = ["store", "site", "commodity", "origin", "left", "capacity_units", "cost_cny_per_unit_year"]
    return stores[[*columns, "facility_type"]].sort_values("store", ignore_index=True)
