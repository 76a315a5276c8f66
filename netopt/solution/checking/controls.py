"""A planner's controls: hauls that are closed, sites that are chosen and counted, single sourcing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.solution.checking.arcs import SHOWN
from netopt.solution.checking.facilities import MODULE
from netopt.solution.checking.numbers import total_by
from netopt.units import INTEGRALITY_TOLERANCE

if TYPE_CHECKING:
    from netopt.policy.effects import ForceSite
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

SAME_KM: Final = 1e-6
"""Two distances this close are one."""


def check_controls(plan: Plan, findings: Findings) -> None:
    """Check ``haul_rule``, ``forced_open`` and ``forced_closed``."""
    _check_hauls(plan, findings)
    for rule in plan.facts.effects.forced_sites:
        periods = _periods_of(plan, rule)
        if rule.state == "open":
            _check_open(plan, rule.site, periods, findings)
        else:
            _check_closed(plan, rule.site, periods, findings)


def _check_hauls(plan: Plan, findings: Findings) -> None:
    flows = plan.flows
    for rule in plan.facts.effects.forbidden_hauls:
        closed = ~flows["at_gate"]
        closed &= flows["commodity"].isin(rule.commodities or flows["commodity"])
        closed &= flows["leg"].isin(rule.legs or flows["leg"])
        closed &= flows["mode"].isin(rule.modes or flows["mode"])
        if rule.longer_than_km is not None:
            closed &= flows["km"].astype(float) > rule.longer_than_km + SAME_KM
        findings.rows("haul_rule", flows[SHOWN], closed, f"{rule.lever} closes this haul")


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
    findings.sizes("forced_open", 1 - shares, allowed, "whole module")


def _check_closed(plan: Plan, site: str, periods: list[str], findings: Findings) -> None:
    modules = plan.modules[(plan.modules["site"] == site) & plan.modules["period"].isin(periods)]
    runs = modules["operating"] | (modules["share"] > INTEGRALITY_TOLERANCE)
    findings.rows("forced_closed", modules[MODULE], runs, "the site must be closed")
    flows = plan.flows[(plan.flows["to_place"] == site) & plan.flows["period"].isin(periods)]
    arrives = pd.Series(True, index=flows.index)
    findings.rows("forced_closed", flows[SHOWN], arrives, "nothing may arrive at a closed site")
