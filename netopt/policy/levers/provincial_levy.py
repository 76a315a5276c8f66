"""A generic rule: a jurisdiction charges tonnes that leave it, enter it or are processed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from netopt.policy.base import RULE, CnyPerTonne, Direction, Ids, Lever, Reference, register
from netopt.policy.effects import BorderTransfer, Effect, RunTransfer

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class ProvincialLevy(Lever):
    """Charge the formal chain for tonnes, to the benefit of the jurisdiction's local government.

    A transfer: it costs society nothing by itself and moves plans only where the private cost is
    minimised.
    """

    name: ClassVar[str] = "provincial_levy"
    title: ClassVar[str] = "Provincial levy"
    direction: ClassVar[Direction] = Direction.REPRICES
    source: ClassVar[str] = RULE
    equation: ClassVar[str] = (
        "levy = cny_per_tonne * tonnes that leave, enter or are taken in by facilities of the "
        "jurisdictions, a transfer from the formal chain to local government"
    )

    lever: Literal["provincial_levy"] = "provincial_levy"
    cny_per_tonne: CnyPerTonne = Field(description="Levy on a tonne.")
    on: Literal["leaving", "entering", "processing"] = Field(
        description="What is charged: hauls over the border out of or into a jurisdiction, or what its "
        "facilities take in."
    )
    jurisdictions: Ids = Field(default=(), description="Jurisdictions that charge it; empty: all.")
    commodities: Ids = Field(
        default=(),
        description="Commodities that are charged at the border; empty: all. Not with processing.",
    )
    facility_types: Ids = Field(
        default=(),
        description="Facility types that are charged for processing; empty: all. Not at borders.",
    )

    @model_validator(mode="after")
    def _names_what_is_charged(self) -> ProvincialLevy:
        idle = self.commodities if self.on == "processing" else self.facility_types
        if idle:
            name = "commodities" if self.on == "processing" else "facility_types"
            raise PydanticCustomError(
                "idle_parameter",
                "{name} has no meaning where on = '{on}'",
                {"name": name, "on": self.on, "hint": f"leave {name} out"},
            )
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the transfer; a levy of 0 does nothing."""
        if self.cny_per_tonne == 0:
            return ()
        account = (self.name, "levy", "formal_chain", "local_government", self.cny_per_tonne)
        if self.on == "processing":
            return (RunTransfer(*account, self.facility_types, self.jurisdictions),)
        direction: Literal["out", "in"] = "out" if self.on == "leaving" else "in"
        return (BorderTransfer(*account, direction, self.commodities, self.jurisdictions),)

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdictions, commodities and facility types that it names."""
        return (
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
            Reference("commodities", "commodities", "commodity", self.commodities),
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
        )
