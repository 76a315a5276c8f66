"""A planner's control: which modes may carry which goods."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import CONTROL, Direction, Ids, Lever, NonEmptyIds, Reference, register
from netopt.policy.effects import Effect, ForbidHauls

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class HaulageModes(Lever):
    """Let only the modes named carry the commodities named; of several such levers each holds."""

    name: ClassVar[str] = "haulage_modes"
    title: ClassVar[str] = "Haulage modes"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = CONTROL
    equation: ClassVar[str] = "flow = 0 on arcs of the commodities by modes that are not named"

    lever: Literal["haulage_modes"] = "haulage_modes"
    modes: NonEmptyIds = Field(description="Modes that may carry them.")
    commodities: Ids = Field(default=(), description="Commodities that it is about; empty: all.")

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return the prohibition of all other modes; nothing where every mode is named."""
        others = tuple(sorted(set(instance["haulage"]["mode"]) - set(self.modes)))
        return (ForbidHauls(self.name, self.commodities, modes=others),) if others else ()

    def references(self) -> tuple[Reference, ...]:
        """Return the modes and commodities that it names."""
        return (
            Reference("modes", "haulage", "mode", self.modes),
            Reference("commodities", "commodities", "commodity", self.commodities),
        )
