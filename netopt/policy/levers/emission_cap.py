"""A cap on what the formal network emits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from netopt.policy.base import (
    NATIONAL,
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
class EmissionCap(Lever):
    """Bound the emissions of hauls and recipes, whatever damage they are priced at.

    They are those of the ledger's ``emissions``, a haul's where it starts: nothing is credited for
    metals that need not be mined, and what the informal channel emits is not capped. An instance may
    have a cap of its own (``limits.emission_tonnes_co2e_per_year``): then both hold.
    """

    name: ClassVar[str] = "emission_cap"
    title: ClassVar[str] = "Emission cap"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = (
        "Brief (Duan 2024): carbon peaking by 2030 and neutrality by 2060, without a figure for batteries; "
        "any cap is assumed."
    )
    equation: ClassVar[str] = (
        "sum(emissions of throughput in the jurisdictions, and of flows that start there) <= "
        "tonnes_co2e_per_year + excess, in every period"
    )

    lever: Literal["emission_cap"] = "emission_cap"
    tonnes_co2e_per_year: Annotated[float, Field(ge=0, le=1e10)] = Field(
        description="Most that the formal network may emit (t CO2e/yr)."
    )
    jurisdictions: Ids = Field(
        default=(), description="Jurisdictions whose emissions it bounds, all together; empty: all."
    )
    each_jurisdiction: bool = Field(
        default=False, description="Whether each of the jurisdictions has this cap for itself."
    )
    hard: bool = Field(default=True, description="Whether it must be kept; else an excess is priced.")
    penalty_cny_per_tonne: CnyPerTonne | None = Field(
        default=None, description="Price of a tonne of CO2e above the cap; only where hard = false."
    )

    @model_validator(mode="after")
    def _hard_or_priced(self) -> EmissionCap:
        check_penalty(hard=self.hard, penalty_cny_per_tonne=self.penalty_cny_per_tonne)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return one cap for all jurisdictions together, or one for each."""
        groups = bound_together(instance, self.jurisdictions, each=self.each_jurisdiction)
        return tuple(self._rule(jurisdictions) for jurisdictions in groups)

    def _rule(self, jurisdictions: Ids) -> ShareRule:
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{', '.join(jurisdictions) or NATIONAL}]",
            part=Mass("given", tonnes_per_year=self.tonnes_co2e_per_year),
            whole=Mass("emitted", jurisdictions=jurisdictions),
            share=1.0,
            penalty_cny_per_tonne=self.penalty_cny_per_tonne,
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdictions that it names."""
        return (Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),)
