"""A generic rule: plants of a jurisdiction must live on batteries of their own jurisdiction."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from netopt.policy.base import (
    RULE,
    CnyPerTonne,
    Direction,
    Ids,
    Lever,
    NonEmptyIds,
    Reference,
    Share,
    check_penalty,
    register,
)
from netopt.policy.effects import Effect, Mass, ShareRule

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class LocalContent(Lever):
    """Demand that a share of what a jurisdiction's facilities process retired in that jurisdiction.

    The mirror of ``in_province_processing``: that binds the batteries, this the plants. The origin is
    tracked until a battery is dismantled; black mass has none, so recyclers of black mass process
    nothing in this sense.
    """

    name: ClassVar[str] = "local_content"
    title: ClassVar[str] = "Local content"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = RULE
    equation: ClassVar[str] = (
        "processed(origin p, facilities in p) + shortfall >= share * processed(facilities in p), for each "
        "jurisdiction p"
    )

    lever: Literal["local_content"] = "local_content"
    jurisdictions: NonEmptyIds = Field(description="Who demands it, each of its own facilities.")
    share: Share = Field(description="Share of the processed mass that must be the jurisdiction's own.")
    facility_types: Ids = Field(default=(), description="Facility types that it binds; empty: all.")
    hard: bool = Field(default=True, description="Whether it must be met; else a shortfall is priced.")
    penalty_cny_per_tonne: CnyPerTonne | None = Field(
        default=None, description="Price of a tonne of shortfall; only where hard = false."
    )

    @model_validator(mode="after")
    def _hard_or_priced(self) -> LocalContent:
        check_penalty(hard=self.hard, penalty_cny_per_tonne=self.penalty_cny_per_tonne)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return one rule per jurisdiction; a share of 0 demands nothing."""
        if self.share == 0:
            return ()
        return tuple(self._rule((jurisdiction,)) for jurisdiction in self.jurisdictions)

    def _rule(self, home: Ids) -> ShareRule:
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{home[0]}]",
            part=Mass("processed", facility_types=self.facility_types, jurisdictions=home, origins=home),
            whole=Mass("processed", facility_types=self.facility_types, jurisdictions=home),
            share=self.share,
            penalty_cny_per_tonne=self.penalty_cny_per_tonne,
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdictions and facility types that it names."""
        return (
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
        )
