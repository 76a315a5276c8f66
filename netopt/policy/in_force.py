"""When a rule with years holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.policy.effects import ForceSite

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.effects import ForbidOperators


def periods_in_force(rule: ForbidOperators | ForceSite, instance: Instance) -> list[str]:
    """Return the periods in which a rule holds: those that start within its years."""
    from_year = rule.from_year if isinstance(rule, ForceSite) else None
    return [
        period.period
        for period in instance.settings.horizon.periods
        if (from_year is None or period.start_year >= from_year)
        and (rule.until_year is None or period.start_year < rule.until_year)
    ]
