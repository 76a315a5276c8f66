"""Facilities as columns: sites with their place, modules, and which may be built when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.network.lookups import costs_in, jurisdictions_of
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

    Also carries ``facility_type`` and ``jurisdiction``.
    """
    sites = located_sites(instance)
    types = instance["facility_types"][["facility_type", "life_years"]]
    effective = sites["existing_capacity_tonnes_per_year"] * sites["effective_share"]
    standing = sites.assign(
        size=EXISTING,
        capacity_tonnes_per_year=effective,
        minimum_utilisation=0.0,
        stands=True,
        divisible=sites["existing_divisible"],
        standing_share=1.0,
        resale_share=0.0,
    )[effective > 0]
    buildable = sites.assign(is_there=effective > 0)[sites["may_build"]]
    steps = buildable.merge(instance["sizes"], on="facility_type")
    steps = steps.assign(stands=False, divisible=False, standing_share=0.0, resale_share=0.0)
    added = buildable.merge(instance["expansions"], on="facility_type")
    share = added["standing_tonnes_per_year"] / added["capacity_tonnes_per_year"]
    added = added.assign(
        stands=False, divisible=True, minimum_utilisation=0.0, standing_share=share * added["is_there"]
    )
    parts = [standing, steps, *([added] if len(added) else [])]
    modules = pd.concat(parts, ignore_index=True).merge(types, on="facility_type")
    modules.insert(0, "module", modules["site"] + "/" + modules["size"])
    columns = ["module", "site", "size", "capacity_tonnes_per_year", "minimum_utilisation", "life_years"]
    columns += ["stands", "divisible", "standing_share", "resale_share", "facility_type", "jurisdiction"]
    return modules[columns].sort_values("module", ignore_index=True)


def module_costs(instance: Instance, modules: pd.DataFrame) -> pd.DataFrame:
    """Return the modules once for every period with what they cost in it, before regional multipliers.

    Returns
    -------
    pandas.DataFrame
        Columns of ``modules``; ``period``; ``capital_cny`` (invested in the period);
        ``fixed_cny_per_year``; ``variable_cny_per_tonne``.
    """
    standing = costs_in(instance, "sites", instance["sites"])
    standing = standing.assign(size=EXISTING, fixed_cny_per_year=standing["existing_fixed_cny_per_year"])
    added = costs_in(instance, "expansions", instance["expansions"])
    most = added["capacity_tonnes_per_year"]
    added = added.assign(
        capital_cny=added["capital_cny_per_tonne"] * most,
        fixed_cny_per_year=added["fixed_cny_per_tonne"] * most,
    )
    of_types = [costs_in(instance, "sizes", instance["sizes"]), *([added] if len(added) else [])]
    money = ["capital_cny", "fixed_cny_per_year", "variable_cny_per_tonne"]
    steps = pd.concat(of_types, ignore_index=True)[["facility_type", "size", "period", *money]]
    stand = modules[modules["stands"]]
    stand = stand.merge(standing[["site", "size", "period", "fixed_cny_per_year"]], on=["site", "size"])
    built = modules[~modules["stands"]].merge(steps, on=["facility_type", "size"])
    costs = pd.concat([stand, built], ignore_index=True)
    costs = costs.fillna(dict.fromkeys(money, 0.0))
    return costs.sort_values(["module", "period"], ignore_index=True)


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


def may_open(instance: Instance, modules: pd.DataFrame, allowed: pd.DataFrame) -> pd.DataFrame:
    """Return whether a site may open with each module, by module id and period.

    Where something may be built at all (``allowed``), but for expansions, and in the periods that the
    settings name for openings.
    """
    opens = allowed.mul(~modules["divisible"].to_numpy(dtype=bool), axis=0).astype(bool)
    named = instance.settings.capital.opening_periods
    if named is not None:
        opens.loc[:, [period for period in instance.periods if period not in named]] = False
    return opens


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
