"""Why a policy cannot be met: the ceiling of each hard rule, by optimisation, in words.

A ceiling comes from a linear relaxation, so "at most" is proven: no whole plan can do better. Where no
ceiling bites, what is said of whole plants and of rules alone is asked of the mixed-integer program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.formulation.compile import standard_form
from netopt.network.build import build_network
from netopt.network.leakage import collected_share
from netopt.network.lookups import is_meant
from netopt.network.rules import fit_shares
from netopt.policy.effects import Effects, Mass
from netopt.strategies.choice import scope_for
from netopt.strategies.clock import OutOfTimeError

if TYPE_CHECKING:
    from netopt.backends.result import BackendResult
    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.policy.effects import ShareRule
    from netopt.solution.form import StandardForm
    from netopt.strategies.clock import Clock

PLAN_TIME_LIMIT_S: Final = 30.0
"""Limit of asking whether a whole plan exists; nothing is said of what is not settled by then."""

ENOUGH: Final = 1e-7
"""A share short by less than this is met."""


@dataclass(frozen=True)
class Ceiling:
    """The most a rule can reach in one period.

    Attributes
    ----------
    share
        Largest reachable ``part / whole``; None where the whole depends on the plan.
    shortfall_tonnes_per_year
        Least that is missing to the share the rule asks for.
    """

    period: str
    share: float | None
    shortfall_tonnes_per_year: float


def explain_infeasible(instance: Instance, policy: str, effects: Effects, clock: Clock) -> str:
    """Return in words why no plan exists: which rules cannot be met, and how far they could be.

    Parameters
    ----------
    instance, effects
        What was infeasible; ``policy`` is its name.
    clock
        Time limit, threads and seed of all programs together; what is not settled by its end is not
        told.
    """
    lines = [f"{instance.name} under {policy}: no plan satisfies every rule."]
    try:
        lines += _reasons(instance, effects, clock)
    except OutOfTimeError:
        lines.append("How far the rules can be met was not settled before the end.")
    return "\n".join(lines)


def _reasons(instance: Instance, effects: Effects, clock: Clock) -> list[str]:
    hard = [rule for rule in effects.share_rules if rule.penalty_cny_per_tonne is None]
    if ceilings(instance, _without_hard_rules(effects), None, clock) is None:
        return [_beyond_rules(effects)]
    lines = [line for rule in hard for line in _explained(instance, effects, rule, clock)]
    return lines or [_beyond_ceilings(instance, effects, hard, clock)]


def ceilings(
    instance: Instance, effects: Effects, rule: ShareRule | None, clock: Clock
) -> list[Ceiling] | None:
    """Return the ceiling of a rule in every period, all other hard rules left out.

    The rule is made soft and its shortfall in the period minimised over the linear relaxation. Where
    the whole is a constant (retired mass, or collected mass that has no choice), the share is
    ``1 - (whole - part) / whole`` at its largest.

    Returns
    -------
    list of Ceiling or None
        None where no plan exists even without the rule; empty where ``rule`` is None.

    Raises
    ------
    OutOfTimeError
        Where the clock's end comes first.
    """
    rules = _without_hard_rules(effects).share_rules
    if rule is not None:
        rules = (*rules, replace(rule, penalty_cny_per_tonne=1.0))
    scope = scope_for(instance, effects, clock.options)
    network = build_network(instance, replace(effects, share_rules=rules), scope=scope)
    form = standard_form(network, Perspective.SOCIAL)
    found = []
    for period in network.periods if rule is not None else network.periods[:1]:
        is_short = np.zeros(form.shape[1], dtype=bool)
        if rule is not None:
            names = form.columns
            is_short = names.are("shortfall") & (names.key == rule.rule) & (names.period == period)
        goal = replace(form, cost=is_short.astype(float), offset=0.0)
        result = _relaxed(goal, clock)
        if result.objective is None:
            return None
        if rule is not None:
            found.append(_ceiling(network, rule, period, max(0.0, result.objective)))
    return found


def _relaxed(form: StandardForm, clock: Clock) -> BackendResult:
    """Return the optimum of a linear relaxation, without an objective where it has no point."""
    result = highs.solve_form(form, clock.settings(), relaxed=True, stop=clock.options.stop)
    if result.status in (BackendStatus.LIMIT, BackendStatus.INTERRUPTED):
        raise OutOfTimeError
    return result


def _beyond_ceilings(instance: Instance, effects: Effects, hard: list[ShareRule], clock: Clock) -> str:
    """Return why no plan exists although no ceiling bites: whole plants, or what holds not all at once."""
    names = ", ".join(rule.rule for rule in hard)
    under = f" under {', '.join(effects.controls)}" if effects.controls else ""
    in_parts = _has_plan(instance, effects, clock, relaxed=True)
    if in_parts is None:
        return "What stands in the way was not settled before time ran out."
    if in_parts:
        words = (
            f"Plants that could be built and run in part would do{under}, whole ones do not: their sizes "
            "and minimum loads stand in the way."
        )
        without = _has_plan(instance, _without_hard_rules(effects), clock) if hard else None
        if without is not None:
            words += (
                f" Without the hard rules ({names}) {'a plan exists' if without else 'it is the same'}."
            )
        return words
    if len(hard) < 2:
        return f"{names} could be met in each period by itself, but not in all of them at once."
    alone = {rule.rule: _has_plan(instance, _with_hard_rule(effects, rule), clock) for rule in hard}
    if all(alone.values()):
        return f"Each hard rule could be met alone, but not all of them together{under}: {names}."
    never = [f" {name} cannot be met even alone." for name, found in alone.items() if found is False]
    return f"The hard rules cannot all be met together{under}: {names}.{''.join(never)}"


def _has_plan(instance: Instance, effects: Effects, clock: Clock, *, relaxed: bool = False) -> bool | None:
    """Return whether a plan exists, with plants in parts where ``relaxed``; None where time runs out."""
    scope = scope_for(instance, effects, clock.options)
    form = standard_form(build_network(instance, effects, scope=scope), Perspective.SOCIAL)
    goal = replace(form, cost=np.zeros_like(form.cost), offset=0.0)
    settings = clock.settings(PLAN_TIME_LIMIT_S)
    status = highs.solve_form(goal, settings, relaxed=relaxed, stop=clock.options.stop).status
    return {BackendStatus.OPTIMAL: True, BackendStatus.INFEASIBLE: False}.get(status)


def _with_hard_rule(effects: Effects, rule: ShareRule) -> Effects:
    soft = _without_hard_rules(effects)
    return replace(soft, share_rules=(*soft.share_rules, rule))


def _ceiling(network: Network, rule: ShareRule, period: str, shortfall: float) -> Ceiling:
    whole = _fixed_whole(network, rule.whole, period)
    share = None if whole is None or whole <= 0 else rule.share - shortfall / whole
    return Ceiling(period, share, shortfall)


def _fixed_whole(network: Network, whole: Mass, period: str) -> float | None:
    """Return the mass that a rule's share is of, in t/yr, where no plan can change it."""
    may_stay = network.instance.settings.prices.unserved_cny_per_tonne is not None
    returns = len(network.return_rates) > 0 and not whole.origins
    is_supply = whole.measure in ("retired", "collected", "eligible")
    if not is_supply or (whole.measure != "retired" and (may_stay or returns)):
        return None
    supplies = network.supplies
    meant = is_meant(supplies["commodity"], whole.commodities)
    meant &= is_meant(supplies["jurisdiction"], whole.origins)
    tonnes = network.supply_tonnes[period]
    if whole.measure != "retired":
        tonnes = tonnes - network.leaked_tonnes[period]
    if whole.measure == "eligible":
        fit = supplies["commodity"].map(fit_shares(network.instance)).astype(float)
        tonnes = tonnes * fit.to_numpy()
    return float(tonnes[meant.to_numpy()].sum())


def _explained(instance: Instance, effects: Effects, rule: ShareRule, clock: Clock) -> list[str]:
    """Return why one hard rule cannot be met alone; nothing where it can."""
    found = ceilings(instance, effects, rule, clock)
    if found is None:
        return []
    worst = max(found, key=lambda item: item.shortfall_tonnes_per_year)
    whole = _fixed_whole_words(rule.whole)
    if rule.is_cap:
        return _exceeded(rule, worst)
    if worst.share is None:
        if worst.shortfall_tonnes_per_year <= ENOUGH:
            return []
        missing = worst.shortfall_tonnes_per_year
        return [
            f"{rule.rule} asks for {rule.share:.1%} of {whole} in {worst.period}; every plan misses it "
            f"by at least {missing:,.0f} t a year."
        ]
    if worst.share >= rule.share - ENOUGH:
        return []
    lines = [
        f"{rule.rule} asks for {rule.share:.1%} of {whole} in {worst.period}; at most {worst.share:.1%} "
        f"can be reached, {worst.shortfall_tonnes_per_year:,.0f} t a year too little."
    ]
    if rule.part.measure == "processed" and rule.part.facility_types:
        lines += _steps_to_ceiling(instance, effects, rule, clock, worst)
    return lines


def _exceeded(rule: ShareRule, worst: Ceiling) -> list[str]:
    """Return by how much every plan exceeds a cap; nothing where one keeps it."""
    if worst.shortfall_tonnes_per_year <= ENOUGH:
        return []
    unit = "t CO2e" if rule.whole.measure == "emitted" else "t"
    return [
        f"{rule.rule} allows {rule.part.tonnes_per_year:,.0f} {unit} a year; every plan exceeds it in "
        f"{worst.period}, by at least {worst.shortfall_tonnes_per_year:,.0f} {unit} a year."
    ]


def _steps_to_ceiling(
    instance: Instance, effects: Effects, rule: ShareRule, clock: Clock, worst: Ceiling
) -> list[str]:
    """Return what lowers the ceiling, step by step: fitness, rejects, the formal share."""
    formal_share = collected_share(instance, effects)
    everything = instance.with_formal_share(1.0)
    asked = replace(rule, share=1.0, whole=replace(rule.whole, measure="retired"))
    fit_part = Mass("eligible", commodities=rule.part.commodities, origins=rule.part.origins)
    steps = []
    for words, part in (
        ("is fit for it before rejects", fit_part),
        (
            "could be used so after rejects, capacities and market limits, if all of it were collected",
            rule.part,
        ),
    ):
        found = ceilings(everything, effects, replace(asked, part=part), clock)
        share = _share_in(found, worst.period)
        if share is not None:
            steps.append(f"{share:.1%} of the retired mass {words}")
    if rule.whole.measure == "retired":
        steps.append(f"{formal_share:.0%} of the retired mass is collected formally")
    return [f"  Why: {'; '.join(steps)}."] if steps else []


def _share_in(found: list[Ceiling] | None, period: str) -> float | None:
    for item in found or []:
        if item.period == period:
            return item.share
    return None


def _without_hard_rules(effects: Effects) -> Effects:
    soft = tuple(rule for rule in effects.share_rules if rule.penalty_cny_per_tonne is not None)
    return replace(effects, share_rules=soft)


def _beyond_rules(effects: Effects) -> str:
    levers = sorted({rule.lever for rule in effects.forbidden_operators})
    barred = f" with operators kept out by {', '.join(levers)}" if levers else ""
    controlled = f" under {', '.join(effects.controls)}" if effects.controls else ""
    return (
        "Even without any hard share rule the collected mass cannot be placed"
        f"{barred}{controlled}: capacity, minimum loads, market limits, storage, the emission cap or "
        "missing arcs stand in the way."
    )


def _fixed_whole_words(whole: Mass) -> str:
    if whole.measure == "contained":
        return f"the {whole.metal} that {', '.join(whole.facility_types)} takes in"
    where = f" from {', '.join(whole.origins)}" if whole.origins else ""
    what = f" {', '.join(whole.commodities)}" if whole.commodities else ""
    return f"all {whole.measure}{what} mass{where}"
