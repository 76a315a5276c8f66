"""A generic rule: facilities of a jurisdiction may take in only so much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from netopt.policy.base import (
    RULE,
    CnyPerTonne,
    Direction,
    Ids,
    Lever,
    Reference,
    bound_together,
    check_penalty,
    register,
)
from netopt.policy.effects import Effect, Mass, ShareRule

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class FacilityCap(Lever):
    """Bound what facilities of some types take in a year: a permit for tonnes, not for buildings.

    How many sites operate is bounded by ``site_count``.
    """

    name: ClassVar[str] = "facility_cap"
    title: ClassVar[str] = "Cap on throughput"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = RULE
    equation: ClassVar[str] = (
        "throughput(facility types, jurisdictions) <= tonnes_per_year + excess, in every period"
    )

    lever: Literal["facility_cap"] = "facility_cap"
    tonnes_per_year: Annotated[float, Field(ge=0, le=1e10)] = Field(
        description="Most that they may take in, all together (t/yr)."
    )
    facility_types: Ids = Field(
        default=(), description="Facility types that it binds, all together; empty: all."
    )
    jurisdictions: Ids = Field(
        default=(), description="Jurisdictions whose facilities it binds, all together; empty: all."
    )
    each_jurisdiction: bool = Field(
        default=False, description="Whether each of the jurisdictions has this cap for itself."
    )
    hard: bool = Field(default=True, description="Whether it must be kept; else an excess is priced.")
    penalty_cny_per_tonne: CnyPerTonne | None = Field(
        default=None, description="Price of a tonne above the cap; only where hard = false."
    )

    @model_validator(mode="after")
    def _hard_or_priced(self) -> FacilityCap:
        check_penalty(hard=self.hard, penalty_cny_per_tonne=self.penalty_cny_per_tonne)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return one cap for all jurisdictions together, or one for each."""
        groups = bound_together(instance, self.jurisdictions, each=self.each_jurisdiction)
        return tuple(self._rule(jurisdictions) for jurisdictions in groups)

    def _rule(self, jurisdictions: Ids) -> ShareRule:
        what = ", ".join(self.facility_types) or "all"
        where = f" in {', '.join(jurisdictions)}" if jurisdictions else ""
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{what}{where}]",
            part=Mass("given", tonnes_per_year=self.tonnes_per_year),
            whole=Mass("throughput", facility_types=self.facility_types, jurisdictions=jurisdictions),
            share=1.0,
            penalty_cny_per_tonne=self.penalty_cny_per_tonne,
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the facility types and jurisdictions that it names."""
        return (
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
        )
