"""Limits of markets and nature, and the share rules of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.solution.checking.capital import annuities_due
from netopt.solution.checking.numbers import Number, lookup, mapped, net_and_size, total_by

if TYPE_CHECKING:
    from collections.abc import Hashable

    from netopt.policy.effects import Mass, ShareRule
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

UNITS = {"emitted": "t CO2e/yr", "invested": "CNY/yr"}
"""Of measures that are no tonnes of goods."""


def check_limits(plan: Plan, findings: Findings) -> None:
    """Check the limits of markets and vendors, ``emission_cap`` and ``share_rule``."""
    _check_markets(plan, findings)
    _check_offers(plan, findings)
    _check_emissions(plan, findings)
    for rule in plan.facts.effects.share_rules:
        _check_rule(plan, rule, findings)


def _check_markets(plan: Plan, findings: Findings) -> None:
    keys = ["market", "commodity", "period"]
    flows = plan.flows[plan.flows["to_kind"] == "market"].rename(columns={"to_place": "market"})
    sold = total_by(flows, keys, flows["units"])
    limited = plan.facts.offtake[plan.facts.offtake["limit_units_per_year"].notna()]
    for tag, is_disposal in (("market_limit", False), ("disposal_limit", True)):
        rows = limited[(limited["category"] == "disposal") == is_disposal]
        limit = rows.set_index(keys)["limit_units_per_year"]
        taken = sold.reindex(limit.index, fill_value=0)
        findings.limit(tag, net_and_size([taken, -limit]), "units/yr")


def _check_offers(plan: Plan, findings: Findings) -> None:
    """Check that no vendor sells more than it offers."""
    keys = ["vendor", "commodity", "period"]
    bought = plan.flows[plan.flows["from_kind"] == "vendor"].rename(columns={"from_place": "vendor"})
    limit = plan.facts.offers.set_index(keys)["limit_units_per_year"]
    taken = total_by(bought, keys, bought["units"]).reindex(limit.index, fill_value=0)
    findings.limit("offer_limit", net_and_size([taken, -limit]), "units/yr")


def emission_kg(plan: Plan) -> tuple[pd.Series, pd.Series]:
    """Return the emissions (kg CO2e a year) of each row of flows and of throughput."""
    flows, keys = plan.flows, ["mode", "goods_class", "leg"]
    tariffs = plan.facts.table("haulage").set_index(keys)["emission_kgco2e_per_tonne_km"]
    per_tonne_km = lookup(tariffs, flows, keys, 0)
    runs = plan.throughput
    return flows["tonnes"] * flows["km"] * per_tonne_km, runs["tonnes"] * runs["emission_kgco2e_per_tonne"]


def _check_emissions(plan: Plan, findings: Findings) -> None:
    limits, number = plan.facts.instance.settings.limits, plan.facts.arithmetic.number
    caps = {period: limits.emission_cap(period) for period in plan.facts.periods.index}
    said = {period: number(cap) for period, cap in caps.items() if cap is not None}
    if not said:
        return
    emitted = [total[total.index.isin(said)] for total in _emissions(plan)]
    capped = pd.Series(said).rename_axis("period")
    findings.limit("emission_cap", net_and_size([*emitted, -capped]), "t CO2e/yr")


def _emissions(plan: Plan) -> list[pd.Series]:
    """Return t CO2e a year by period of hauls, and of recipes."""
    of_flows, of_runs = emission_kg(plan)
    return [
        (of_flows / 1000).groupby(plan.flows["period"]).sum(),
        (of_runs / 1000).groupby(plan.throughput["period"]).sum(),
    ]


def _every_period(plan: Plan, value: float) -> pd.Series:
    periods = plan.facts.periods.index
    return pd.Series([plan.facts.arithmetic.number(value)] * len(periods), index=periods)


def _check_rule(plan: Plan, rule: ShareRule, findings: Findings) -> None:
    """Check ``share * whole - part - shortfall <= 0`` in every period; hard rules allow none."""
    number = plan.facts.arithmetic.number
    periods = plan.facts.periods.index
    rows = plan.tables["shortfalls"]
    rows = rows[rows["rule"] == rule.rule]
    if rule.penalty_cny_per_tonne is None:
        claimed = rows["shortfall_tonnes_per_year"] > 0
        findings.rows("share_rule", rows, claimed, "a hard rule allows no shortfall")
        rows = rows[:0]
    shortfall = total_by(rows, ["period"], rows["shortfall_tonnes_per_year"])
    part, whole = mass_tonnes(plan, rule.part), mass_tonnes(plan, rule.whole) * number(rule.share)
    terms = [term.reindex(periods, fill_value=0) for term in (whole, -part, -shortfall)]
    checks = [terms]
    if not rule.is_target:
        # A budget pays back what exceeds it and no more, though in some perspectives that is free.
        checks.append([term.where(terms[2] != 0, 0) * -1 for term in terms])
    for each in checks:
        result = net_and_size(each)
        result.index = pd.MultiIndex.from_product([[rule.rule], result.index], names=["rule", "period"])
        findings.limit("share_rule", result, UNITS.get(rule.whole.measure, "t/yr"))


def mass_tonnes(plan: Plan, mass: Mass) -> pd.Series:
    """Return a mass of ``policy.effects.Mass`` by period (t/yr), absent where it is zero."""
    measures = {
        "retired": _retired,
        "collected": _collected,
        "eligible": _eligible,
        "processed": _processed,
        "throughput": _earned,
        "capacity": _earned,
        "invested": _earned,
        "emitted": _emitted,
        "contained": _contained,
        "recovered": _recovered,
        "imported": _imported,
        "exported": _exported,
        "given": _given,
    }
    return measures[mass.measure](plan, mass)


def _named(values: pd.Series, ids: tuple[str, ...]) -> pd.Series:
    return values.isin(ids) if ids else pd.Series(True, index=values.index)


def _retired(plan: Plan, mass: Mass) -> pd.Series:
    supply = plan.facts.table("supply")
    jurisdiction = mapped(supply["source"], plan.facts.places["jurisdiction"])
    meant = supply[_named(supply["commodity"], mass.commodities) & _named(jurisdiction, mass.origins)]
    return total_by(meant, ["period"], meant["supply_tonnes_per_year"])


def _collected(plan: Plan, mass: Mass) -> pd.Series:
    meant = _collecting(plan, mass)
    return total_by(meant, ["period"], meant["tonnes"])


def _collecting(plan: Plan, mass: Mass) -> pd.DataFrame:
    flows = plan.flows
    first = flows["from_kind"].isin(["source"] if mass.origins else ["source", "market"])
    named = _named(flows["commodity"], mass.commodities) & _named(flows["from_jurisdiction"], mass.origins)
    return flows[first & named]


def _eligible(plan: Plan, mass: Mass) -> pd.Series:
    """Return the collected mass times what of each commodity could pass a test, tested or not."""
    meant = _collecting(plan, mass)
    shares: dict[Hashable, Number] = {}
    for commodity in meant["commodity"].unique():
        _fit_share(plan, commodity, shares)
    return total_by(meant, ["period"], meant["tonnes"] * mapped(meant["commodity"], shares))


def _fit_share(plan: Plan, commodity: str, known: dict[Hashable, Number]) -> Number:
    """Return the cascade-grade tonnes that the best recipe makes of a tonne, through ``known``."""
    if commodity in known:
        return known[commodity]
    facts, number = plan.facts, plan.facts.arithmetic.number
    is_grade, weight = facts.commodities["cascade_grade"], facts.commodities["tonnes_per_unit"]
    if is_grade[commodity]:
        return known.setdefault(commodity, number(1.0))
    best = number(0.0)
    takes, gives = facts.table("recipe_inputs"), facts.table("recipe_outputs")
    for recipe in takes.loc[takes["commodity"] == commodity, "recipe"]:
        if any(is_grade[taken] for taken in takes.loc[takes["recipe"] == recipe, "commodity"]):
            continue
        made = gives[gives["recipe"] == recipe]
        fit = number(0.0)
        for given, units in zip(made["commodity"], made["yield_units_per_tonne"], strict=True):
            fit += units * weight[given] * _fit_share(plan, given, known)
        best = max(best, fit)
    return known.setdefault(commodity, best)


def _lineage(plan: Plan, mass: Mass) -> dict[str, str]:
    """Return whether what retires as each commodity is ``named`` by a mass, not (``other``) or both.

    It follows the recipes forward from each retired commodity: whatever battery a recipe gives out is
    of the lineage of each battery that it takes in.
    """
    instance, is_battery = plan.facts.instance, plan.facts.commodities["undismantled"]
    retired = set(instance["supply"]["commodity"])
    if not mass.origins:
        retired |= set(instance["second_life"]["returned_commodity"])
    gives = instance["recipe_outputs"].groupby("recipe")["commodity"].agg(list)
    takes = instance["recipe_inputs"].groupby("commodity")["recipe"].agg(list)
    lineage: dict[str, str] = {}
    pending = [(name, "named" if name in mass.commodities else "other") for name in sorted(retired)]
    while pending:
        name, kind = pending.pop()
        if not is_battery[name] or lineage.get(name) in (kind, "both"):
            continue
        lineage[name] = "both" if name in lineage else kind
        made = [given for recipe in takes.get(name, []) for given in gives.get(recipe, [])]
        pending += [(given, kind) for given in made]
    return lineage


def _processed(plan: Plan, mass: Mass) -> pd.Series:
    parts = []
    lineage = _lineage(plan, mass) if mass.commodities else {}
    for rows, sign in ((plan.inputs, 1), (plan.outputs, -1)):
        named = _named(rows["run_origin"], mass.origins)
        named &= _named(rows["facility_type"], mass.facility_types)
        named &= _named(rows["jurisdiction"], mass.jurisdictions)
        if mass.commodities:
            named &= rows["commodity"].map(lambda name: lineage.get(name, "") == "named").astype(bool)
        meant = rows[named & rows["undismantled"]]
        parts.append(total_by(meant, ["period"], meant["tonnes"] * sign))
    return net_and_size(parts)["net"]


def _earned(plan: Plan, mass: Mass) -> pd.Series:
    rows = what_is_paid_for(plan, mass)
    return total_by(rows, ["period"], rows["amount"])


def what_is_paid_for(plan: Plan, mass: Mass) -> pd.DataFrame:
    """Return what is taken in, could be taken in (t/yr) or is due for capital (CNY/yr) at facilities.

    Returns
    -------
    pandas.DataFrame
        ``period, jurisdiction, facility_type, amount``, any number of rows each.
    """
    tables = {
        "throughput": lambda: plan.throughput.assign(amount=plan.throughput["tonnes"]),
        "capacity": lambda: plan.modules.assign(amount=plan.modules["share"] * plan.modules["capacity"]),
        "invested": lambda: annuities_due(plan),
    }
    rows = tables[mass.measure]()
    return rows.loc[_at_facilities(rows, mass), ["period", "jurisdiction", "facility_type", "amount"]]


def _at_facilities(rows: pd.DataFrame, mass: Mass) -> pd.Series:
    return _named(rows["facility_type"], mass.facility_types) & _named(
        rows["jurisdiction"], mass.jurisdictions
    )


def _contained(plan: Plan, mass: Mass) -> pd.Series:
    return _metal_tonnes(plan, mass, plan.inputs)


def _recovered(plan: Plan, mass: Mass) -> pd.Series:
    return _metal_tonnes(plan, mass, plan.outputs)


def _metal_tonnes(plan: Plan, mass: Mass, goods: pd.DataFrame) -> pd.Series:
    """Return the tonnes of a metal in what recipes take in or give out, row by row."""
    meant = goods[_at_facilities(goods, mass)]
    contents = plan.facts.table("metal_contents")
    of_metal = contents[contents["metal"] == mass.metal]
    held = dict(zip(of_metal["commodity"], of_metal["tonnes_per_unit"], strict=True))
    zero = plan.facts.arithmetic.number(0.0)
    per_unit = mapped(meant["commodity"], {name: held.get(name, zero) for name in set(meant["commodity"])})
    return total_by(meant, ["period"], meant["units"] * per_unit)


def _emitted(plan: Plan, mass: Mass) -> pd.Series:
    of_flows, of_runs = emission_kg(plan)
    hauled = _named(plan.flows["from_jurisdiction"], mass.jurisdictions)
    parts = [
        total_by(plan.flows[hauled], ["period"], of_flows[hauled] / 1000),
        total_by(
            plan.throughput, ["period"], (of_runs / 1000).where(_at_facilities(plan.throughput, mass), 0)
        ),
    ]
    return net_and_size(parts)["net"]


def _imported(plan: Plan, mass: Mass) -> pd.Series:
    return _traded(plan, mass, "imports")


def _exported(plan: Plan, mass: Mass) -> pd.Series:
    return _traded(plan, mass, "exports")


def _traded(plan: Plan, mass: Mass, trade: str) -> pd.Series:
    flows = plan.flows
    meant = flows[plan.facts.traded(flows, trade) & _named(flows["commodity"], mass.commodities)]
    return total_by(meant, ["period"], meant["tonnes"])


def _given(plan: Plan, mass: Mass) -> pd.Series:
    return _every_period(plan, mass.tonnes_per_year)
