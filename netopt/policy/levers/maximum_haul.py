"""A planner's control: how far goods may be hauled in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import CONTROL, Direction, Ids, Legs, Lever, Reference, register
from netopt.policy.effects import Effect, ForbidHauls

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class MaximumHaul(Lever):
    """Close every haul that is longer than so many kilometres; of several limits each holds."""

    name: ClassVar[str] = "maximum_haul"
    title: ClassVar[str] = "Maximum haul"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = CONTROL
    equation: ClassVar[str] = "flow = 0 on arcs longer than km, of the commodities, legs and modes named"

    lever: Literal["maximum_haul"] = "maximum_haul"
    km: Annotated[float, Field(gt=0, le=40_000)] = Field(
        description="Longest way of one haul, from place to place."
    )
    commodities: Ids = Field(default=(), description="Commodities that it limits; empty: all.")
    legs: Legs = Field(
        default=(),
        description="Legs that it limits: first leaves a source or a return, trunk is all else; "
        "empty: both.",
    )
    modes: Ids = Field(default=(), description="Modes that it limits; empty: all.")

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the prohibition of what is longer."""
        return (ForbidHauls(self.name, self.commodities, self.legs, self.modes, self.km),)

    def references(self) -> tuple[Reference, ...]:
        """Return the commodities and modes that it names."""
        return (
            Reference("commodities", "commodities", "commodity", self.commodities),
            Reference("modes", "haulage", "mode", self.modes),
        )
