"""Vertical fragmentation: batteries of a province must be processed inside it."""

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
    Refusal,
    Share,
    check_penalty,
    register,
)
from netopt.policy.descent import mixed_descendants
from netopt.policy.effects import Effect, Mass, ShareRule

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class InProvinceProcessing(Lever):
    """Demand that a share of what a jurisdiction collects is processed at home.

    The origin is tracked until the battery is dismantled, so that neither a detour abroad nor
    mixing in a hub changes where it counts.
    """

    name: ClassVar[str] = "in_province_processing"
    title: ClassVar[str] = "In-province processing"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = (
        "Brief (Duan 2024): Sichuan's 2025 Interim Measures mandate in-province dismantling, Jiangxi "
        "promotes it; the share of 1 is assumed."
    )
    equation: ClassVar[str] = (
        "processed(origin p, facilities in p, commodities) >= share * collected(origin p, commodities), "
        "for each jurisdiction p"
    )

    lever: Literal["in_province_processing"] = "in_province_processing"
    jurisdictions: NonEmptyIds = Field(description="Who demands it, each of its own batteries.")
    share: Share = Field(default=1.0, description="Share of the collected mass; 1 closes the border.")
    commodities: Ids = Field(
        default=(),
        description="Retired commodities that the duty is on; empty: all. Only what comes from them "
        "counts as processed; where a commodity comes from others too, the lever is refused.",
    )
    facility_types: Ids = Field(
        default=(), description="Facility types whose processing counts; empty: any, cascade use too."
    )
    hard: bool = Field(default=True, description="Whether it must be met; else a shortfall is priced.")
    penalty_cny_per_tonne: CnyPerTonne | None = Field(
        default=None, description="Price of a tonne of shortfall; only where hard = false."
    )

    @model_validator(mode="after")
    def _hard_or_priced(self) -> InProvinceProcessing:
        check_penalty(hard=self.hard, penalty_cny_per_tonne=self.penalty_cny_per_tonne)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return one rule per jurisdiction; a share of 0 demands nothing."""
        if self.share == 0:
            return ()
        return tuple(self._rule(jurisdiction) for jurisdiction in self.jurisdictions)

    def _rule(self, jurisdiction: str) -> ShareRule:
        home = (jurisdiction,)
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{jurisdiction}]",
            part=Mass(
                "processed",
                commodities=self.commodities,
                facility_types=self.facility_types,
                jurisdictions=home,
                origins=home,
            ),
            whole=Mass("collected", commodities=self.commodities, origins=home),
            share=self.share,
            penalty_cny_per_tonne=self.penalty_cny_per_tonne,
        )

    def refusals(self, instance: Instance) -> tuple[Refusal, ...]:
        """Refuse commodities of which nobody could tell, later in the chain, whether they are meant."""
        if not self.commodities:
            return ()
        named = ", ".join(self.commodities)
        return tuple(
            Refusal(
                "commodities",
                named,
                f"{commodity!r} can come from {named} and from {', '.join(sorted(others))}: once it is "
                f"processed, nobody can tell whether that meets a duty on {named}",
                f"name {', '.join(sorted(others))} too, give what is made of each an id of its own, or "
                "leave commodities out",
            )
            for commodity, others in mixed_descendants(instance, self.commodities).items()
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdictions, retired commodities and facility types that it names."""
        return (
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
            Reference("commodities", "supply", "commodity", self.commodities),
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
        )
