"""A planner's controls: hauls that are closed, sites that are chosen and counted, single sourcing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netopt.solution.checking.arcs import SHOWN

if TYPE_CHECKING:
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

SAME_KM: Final = 1e-6
"""Two distances this close are one."""


def check_controls(plan: Plan, findings: Findings) -> None:
    """Check ``haul_rule``."""
    _check_hauls(plan, findings)


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
