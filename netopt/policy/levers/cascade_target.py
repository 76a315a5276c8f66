"""Vertical fragmentation: a quota of retired batteries for cascade use."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from netopt.policy.base import (
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
class CascadeTarget(Lever):
    """Demand that a share of battery mass goes to cascade use; what a plant rejects does not count."""

    name: ClassVar[str] = "cascade_target"
    title: ClassVar[str] = "Cascade target"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = (
        "Brief (Duan 2024): at least 60 % of retired batteries, from the 2021 measures; unconfirmed, "
        "public summaries of the measures only encourage cascade use. The penalty is assumed."
    )
    equation: ClassVar[str] = (
        "processed(cascade facilities) + shortfall >= share * denominator (retired, collected or eligible)"
    )

    lever: Literal["cascade_target"] = "cascade_target"
    share: Share = Field(description="Share of the denominator that must go to cascade use.")
    denominator: Literal["retired", "collected", "eligible"] = Field(
        description="Mass that the share is of: all that retires, what is formally collected, or what "
        "of that would test as fit for cascade use, whether it is tested or not."
    )
    hard: bool = Field(description="Whether it must be met; else a shortfall is priced.")
    penalty_cny_per_tonne: CnyPerTonne | None = Field(
        default=None, description="Price of a tonne of shortfall; only where hard = false."
    )
    facility_types: NonEmptyIds = Field(
        default=("cascade",), description="Facility types whose processing is cascade use."
    )
    jurisdictions: Ids = Field(
        default=(),
        description="One target for each, of the batteries that retire in it, wherever they are "
        "used; empty: one national target.",
    )

    @model_validator(mode="after")
    def _hard_or_priced(self) -> CascadeTarget:
        check_penalty(hard=self.hard, penalty_cny_per_tonne=self.penalty_cny_per_tonne)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the national rule or one per jurisdiction; a share of 0 demands nothing."""
        if self.share == 0:
            return ()
        if not self.jurisdictions:
            return (self._rule("national", ()),)
        return tuple(self._rule(jurisdiction, (jurisdiction,)) for jurisdiction in self.jurisdictions)

    def _rule(self, subject: str, origins: tuple[str, ...]) -> ShareRule:
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{subject}]",
            part=Mass("processed", facility_types=self.facility_types, origins=origins),
            whole=Mass(self.denominator, origins=origins),
            share=self.share,
            penalty_cny_per_tonne=self.penalty_cny_per_tonne,
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the facility types and jurisdictions that it names."""
        return (
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
        )
