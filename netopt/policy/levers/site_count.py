"""A planner's control: how many sites operate, at least and at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from netopt.policy.base import CONTROL, Direction, Ids, Lever, Reference, bound_together, register
from netopt.policy.effects import CountSites, Effect

if TYPE_CHECKING:
    from netopt.data.instance import Instance

Count = Annotated[int, Field(ge=0, le=1_000_000)]


@register
class SiteCount(Lever):
    """Bound the number of sites that operate, of some facility types in some jurisdictions.

    Towards the maximum a site counts as soon as any part of it operates; towards the minimum only
    where at least one whole module does.
    """

    name: ClassVar[str] = "site_count"
    title: ClassVar[str] = "Number of sites"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = CONTROL
    equation: ClassVar[str] = (
        "minimum <= sum over sites of whole, sum over sites of in_use <= maximum, in every period; "
        "whole <= sum(operating at site), operating <= in_use"
    )

    lever: Literal["site_count"] = "site_count"
    minimum: Count | None = Field(default=None, description="Least number of sites; absent: any.")
    maximum: Count | None = Field(default=None, description="Greatest number of sites; absent: any.")
    facility_types: Ids = Field(
        default=(), description="Facility types that count, all together; empty: all."
    )
    jurisdictions: Ids = Field(
        default=(), description="Jurisdictions whose sites count, all together; empty: all."
    )
    each_jurisdiction: bool = Field(
        default=False, description="Whether each of the jurisdictions has these bounds for itself."
    )

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> SiteCount:
        if self.minimum is None and self.maximum is None:
            raise PydanticCustomError("no_bound", "sets no bound: give minimum, maximum or both")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            message = "minimum {low} is above maximum {high}"
            hint = "lower the minimum or raise the maximum"
            bounds = {"low": self.minimum, "high": self.maximum, "hint": hint}
            raise PydanticCustomError("bounds", message, bounds)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return one rule for all jurisdictions together, or one for each."""
        groups = bound_together(instance, self.jurisdictions, each=self.each_jurisdiction)
        return tuple(self._rule(jurisdictions) for jurisdictions in groups)

    def _rule(self, jurisdictions: Ids) -> CountSites:
        return CountSites(self.name, self.minimum, self.maximum, self.facility_types, jurisdictions)

    def references(self) -> tuple[Reference, ...]:
        """Return the facility types and jurisdictions that it names."""
        return (
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
        )
