"""A planner's controls: hauls that are closed, sites that are chosen and counted, single sourcing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.solution.checking.arcs import SHOWN
from netopt.solution.checking.facilities import MODULE
from netopt.solution.checking.numbers import total_by
from netopt.units import FLOW_TOLERANCE_TONNES, INTEGRALITY_TOLERANCE

if TYPE_CHECKING:
    from netopt.policy.effects import CountSites, ForceSite, SingleSource
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

SAME_KM: Final = 1e-6
"""Two distances this close are one."""


def check_controls(plan: Plan, findings: Findings) -> None:
    """Check ``haul_rule``, ``forced_open``, ``forced_closed``, ``site_count``, ``single_sourcing``."""
    _check_hauls(plan, findings)
    for rule in plan.facts.effects.forced_sites:
        periods = _periods_of(plan, rule)
        if rule.state == "open":
            _check_open(plan, rule.site, periods, findings)
        else:
            _check_closed(plan, rule.site, periods, findings)
    for count in plan.facts.effects.site_counts:
        _check_count(plan, count, findings)
    for single in plan.facts.effects.single_sources:
        _check_single(plan, single, findings)


def _check_hauls(plan: Plan, findings: Findings) -> None:
    flows = plan.flows
    for rule in plan.facts.effects.forbidden_hauls:
        closed = ~flows["at_gate"]
        closed &= flows["commodity"].isin(rule.commodities or flows["commodity"])
        closed &= flows["leg"].isin(rule.legs or flows["leg"])
        closed &= flows["mode"].isin(rule.modes or flows["mode"])
        if rule.longer_than_km is not None:
            closed &= flows["km"].astype(float) > rule.longer_than_km + SAME_KM
        if rule.crossing:
            closed &= flows["crosses"]
            closed &= flows["from_jurisdiction"].isin(rule.from_jurisdictions or flows["from_jurisdiction"])
            closed &= flows["to_jurisdiction"].isin(rule.to_jurisdictions or flows["to_jurisdiction"])
        longer = "" if rule.longer_than_km is None else f", longer than {rule.longer_than_km:,g} km"
        findings.rows("haul_rule", flows[[*SHOWN, "km"]], closed, f"{rule.lever} closes this haul{longer}")


def _periods_of(plan: Plan, rule: ForceSite) -> list[str]:
    """Return the periods whose first year lies within the rule's years."""
    start = plan.facts.periods["start"]
    after = start >= (start.min() if rule.from_year is None else rule.from_year)
    before = start < (start.max() + 1 if rule.until_year is None else rule.until_year)
    return start[after & before].index.tolist()


def _check_open(plan: Plan, site: str, periods: list[str], findings: Findings) -> None:
    """Check that modules add up to one that is whole in every period, whether there are any or not."""
    here = plan.modules[plan.modules["site"] == site]
    places = pd.MultiIndex.from_product([[site], periods], names=["site", "period"])
    shares = total_by(here, ["site", "period"], here["share"]).reindex(places, fill_value=0)
    allowed = pd.Series(INTEGRALITY_TOLERANCE, index=places)
    findings.sizes("forced_open", 1 - shares, allowed, "whole module too little")


def _check_closed(plan: Plan, site: str, periods: list[str], findings: Findings) -> None:
    modules = plan.modules[(plan.modules["site"] == site) & plan.modules["period"].isin(periods)]
    runs = modules["operating"] | (modules["share"] > INTEGRALITY_TOLERANCE)
    findings.rows("forced_closed", modules[MODULE], runs, "the site must be closed")
    flows = plan.flows[(plan.flows["to_place"] == site) & plan.flows["period"].isin(periods)]
    arrives = pd.Series(True, index=flows.index)
    findings.rows("forced_closed", flows[SHOWN], arrives, "nothing may arrive at a closed site")


def _check_count(plan: Plan, rule: CountSites, findings: Findings) -> None:
    """Check both bounds on how many sites operate, in every period."""
    modules = plan.modules
    meant = modules["facility_type"].isin(rule.facility_types or modules["facility_type"])
    meant &= modules["jurisdiction"].isin(rule.jurisdictions or modules["jurisdiction"])
    by_site = modules[meant].groupby(["period", "site"])["share"]
    used = (by_site.max() > INTEGRALITY_TOLERANCE).groupby("period").sum()
    whole = (by_site.sum() >= 1 - INTEGRALITY_TOLERANCE).groupby("period").sum()
    for bound, number, sign, found, unit in (
        ("minimum", rule.minimum, -1, whole, "sites too few"),
        ("maximum", rule.maximum, 1, used, "sites too many"),
    ):
        if number is not None:
            n_sites = found.reindex(plan.facts.periods.index, fill_value=0).astype(int)
            beyond = (n_sites - number) * sign
            said = [(f"{rule.rule} {bound}", period) for period in plan.facts.periods.index]
            beyond.index = pd.MultiIndex.from_tuples(said, names=["rule", "period"])
            findings.sizes("site_count", beyond, beyond * 0, unit)


def _check_single(plan: Plan, rule: SingleSource, findings: Findings) -> None:
    """Check that no source sends one commodity to more than one site in a period."""
    flows = plan.flows
    meant = (flows["from_kind"] == "source") & (flows["to_kind"] == "site")
    meant &= flows["commodity"].isin(rule.commodities or flows["commodity"])
    meant &= flows["to_facility_type"].isin(rule.facility_types or flows["to_facility_type"])
    sent = flows[meant & (flows["tonnes"] > FLOW_TOLERANCE_TONNES)]
    sent = sent.rename(columns={"from_place": "source"})
    n_sites = sent.groupby(["source", "commodity", "period"])["to_place"].nunique()
    findings.sizes("single_sourcing", n_sites - 1, n_sites * 0, "sites too many")
