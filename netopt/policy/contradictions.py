"""Controls that contradict each other whatever the plan, so that no solver is needed to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netopt.data.instance import Instance
    from netopt.policy.effects import CountSites, ForceSite


def site_conflicts(forced: Sequence[ForceSite], instance: Instance, where: str) -> list[Problem]:
    """Return one problem for each site that is to be open and closed in one period."""
    states: dict[tuple[str, str], set[str]] = {}
    for rule in forced:
        for period in instance.settings.horizon.periods:
            begun = rule.from_year is None or period.start_year >= rule.from_year
            ended = rule.until_year is not None and period.start_year >= rule.until_year
            if begun and not ended:
                states.setdefault((rule.site, period.period), set()).add(rule.state)
    clashes: dict[str, list[str]] = {}
    for (site, name), found in sorted(states.items()):
        if len(found) > 1:
            clashes.setdefault(site, []).append(name)
    return [
        Problem(
            where,
            None,
            "site_choice",
            "contradictory_levers",
            site,
            f"{site} is to be open and closed at once in {', '.join(periods)}",
            "keep one of them",
        )
        for site, periods in clashes.items()
    ]


def count_conflicts(counts: Sequence[CountSites], where: str) -> list[Problem]:
    """Return one problem for each set of sites whose bounds leave no number between them."""
    alike: dict[tuple[object, ...], list[CountSites]] = {}
    for rule in counts:
        alike.setdefault((rule.lever, rule.facility_types, rule.jurisdictions), []).append(rule)
    problems = []
    for rules in alike.values():
        low = max((rule.minimum for rule in rules if rule.minimum is not None), default=None)
        high = min((rule.maximum for rule in rules if rule.maximum is not None), default=None)
        if low is not None and high is not None and low > high:
            message = f"{' and '.join(rule.rule for rule in rules)}: minimum {low} is above maximum {high}"
            lever, hint = rules[0].lever, "lower the minimum or raise the maximum"
            problems.append(
                Problem(where, None, lever, "contradictory_levers", rules[0].rule, message, hint)
            )
    return problems
