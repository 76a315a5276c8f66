"""Regional fragmentation: who may run facilities in a province."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field

from netopt.policy.base import Direction, Id, Ids, Lever, Reference, Year, register
from netopt.policy.effects import Effect, ForbidOperators

if TYPE_CHECKING:
    from netopt.data.instance import Instance

_ACTIONS: Final[dict[str, tuple[Literal["open", "receive"], ...]]] = {
    "open": ("open",),
    "receive": ("receive",),
    "both": ("open", "receive"),
}


@register
class Whitelist(Lever):
    """Keep operators from elsewhere from opening facilities in a jurisdiction, or from receiving."""

    name: ClassVar[str] = "whitelist"
    title: ClassVar[str] = "White list"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = (
        "Brief (Duan 2024): Guangdong's white list restricts market access for non-local recyclers and "
        "delays the expansion of CATL and GEM; that it bars openings but not existing plants is assumed."
    )
    equation: ClassVar[str] = (
        "opened = expanded = 0 (open), flow into the facility = 0 (receive), for facilities in the "
        "jurisdiction whose operator is neither at home there nor exempt, in periods before until_year"
    )

    lever: Literal["whitelist"] = "whitelist"
    jurisdiction: Id = Field(description="Who keeps the list.")
    action: Literal["open", "receive", "both"] = Field(
        description="What operators off the list may not do: open or expand, receive batteries, or either."
    )
    facility_types: Ids = Field(default=(), description="Facility types that need the list; empty: all.")
    exempt_operators: Ids = Field(default=(), description="Operators from elsewhere that are on the list.")
    until_year: Year | None = Field(
        default=None, description="First year in which it no longer holds; absent: it always holds."
    )

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return one prohibition per action."""
        return tuple(
            ForbidOperators(
                lever=self.name,
                jurisdiction=self.jurisdiction,
                action=action,
                facility_types=self.facility_types,
                exempt_operators=self.exempt_operators,
                until_year=self.until_year,
            )
            for action in _ACTIONS[self.action]
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdiction, facility types and operators that it names."""
        return (
            Reference("jurisdiction", "jurisdictions", "jurisdiction", (self.jurisdiction,)),
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
            Reference("exempt_operators", "operators", "operator", self.exempt_operators),
        )
