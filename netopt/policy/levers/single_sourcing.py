"""A planner's control: each source deals with one site."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import CONTROL, Direction, Ids, Lever, Reference, register
from netopt.policy.effects import Effect, SingleSource

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class SingleSourcing(Lever):
    """Let each source send all that it collects of a commodity to one site, period by period.

    In another period it may be another site, and of another commodity too. What comes back from
    second life is not bound.
    """

    name: ClassVar[str] = "single_sourcing"
    title: ClassVar[str] = "Single sourcing"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = CONTROL
    equation: ClassVar[str] = (
        "sum over sites of assigned <= 1, flow from source to site <= collected * assigned, for each "
        "source, commodity and period"
    )

    lever: Literal["single_sourcing"] = "single_sourcing"
    commodities: Ids = Field(default=(), description="Retired commodities that it binds; empty: all.")
    facility_types: Ids = Field(
        default=(),
        description="Facility types of which it may be one site only; sites of other types may be "
        "served besides. Empty: one site of all.",
    )

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the rule."""
        return (SingleSource(self.name, self.commodities, self.facility_types),)

    def references(self) -> tuple[Reference, ...]:
        """Return the retired commodities and facility types that it names."""
        return (
            Reference("commodities", "supply", "commodity", self.commodities),
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
        )
