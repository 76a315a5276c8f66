"""Controls that contradict each other whatever the plan, so that no solver is needed to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netopt.data.instance import Instance
    from netopt.policy.effects import ForceSite


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
