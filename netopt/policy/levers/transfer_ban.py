"""A generic rule: goods may not be hauled over borders between jurisdictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from netopt.policy.base import RULE, Direction, Ids, Legs, Lever, Reference, register
from netopt.policy.effects import Effect, ForbidHauls

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class TransferBan(Lever):
    """Close every haul of some goods over a border: out of some jurisdictions, into some, or any.

    ``in_province_processing`` follows batteries to where they are processed and lets them pass a hub
    abroad; a ban stops the lorry, whatever it carries on the way to.
    """

    name: ClassVar[str] = "transfer_ban"
    title: ClassVar[str] = "Transfer ban"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = RULE
    equation: ClassVar[str] = (
        "flow = 0 on hauls whose ends lie in different jurisdictions, out of from_jurisdictions and into "
        "to_jurisdictions, of the commodities and legs named"
    )

    lever: Literal["transfer_ban"] = "transfer_ban"
    commodities: Ids = Field(default=(), description="Commodities that may not pass; empty: all.")
    from_jurisdictions: Ids = Field(
        default=(), description="Jurisdictions that nothing may leave; empty: any."
    )
    to_jurisdictions: Ids = Field(
        default=(),
        description="Jurisdictions that nothing may enter; empty: any. Where both are named, only hauls "
        "out of the former into the latter are closed.",
    )
    legs: Legs = Field(
        default=(),
        description="Legs that it closes: first leaves a source or a return, trunk is all else; "
        "empty: both.",
    )

    @model_validator(mode="after")
    def _some_border_is_meant(self) -> TransferBan:
        if len(self.from_jurisdictions) == 1 and self.from_jurisdictions == self.to_jurisdictions:
            raise PydanticCustomError(
                "no_border",
                "closes no border: it names {home} at both ends",
                {"home": self.from_jurisdictions[0], "hint": "leave one of the two out"},
            )
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the prohibition of what crosses."""
        return (
            ForbidHauls(
                self.name,
                self.commodities,
                self.legs,
                crossing=True,
                from_jurisdictions=self.from_jurisdictions,
                to_jurisdictions=self.to_jurisdictions,
            ),
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the commodities and jurisdictions that it names."""
        return (
            Reference("commodities", "commodities", "commodity", self.commodities),
            Reference("from_jurisdictions", "jurisdictions", "jurisdiction", self.from_jurisdictions),
            Reference("to_jurisdictions", "jurisdictions", "jurisdiction", self.to_jurisdictions),
        )
