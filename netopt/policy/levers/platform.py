"""Regional fragmentation: traceability platforms that each cost money and do not talk to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import (
    NATIONAL,
    CnyPerYear,
    Direction,
    Lever,
    NonEmptyIds,
    Reference,
    Share,
    register,
)
from netopt.policy.effects import DelayExemption, Effect, JurisdictionCharge

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class Platform(Lever):
    """Run a platform per named jurisdiction; what they exchange moves without the transfer delay."""

    name: ClassVar[str] = "platform"
    title: ClassVar[str] = "Traceability platforms"
    direction: ClassVar[Direction] = Direction.REPRICES
    source: ClassVar[str] = (
        "Brief (Duan 2024): Zhejiang and a national platform, 300 m CNY each, less than 30 % "
        "interoperable; 75 m CNY a year is derived (8 %, 5 years)."
    )
    equation: ClassVar[str] = (
        "+ cny_per_year for each platform; delay * (1 - interoperable_share) on first departures"
    )

    lever: Literal["platform"] = "platform"
    jurisdictions: NonEmptyIds = Field(
        description='Who runs one; "national" is the nation. Their number is explicit.'
    )
    cny_per_year: CnyPerYear = Field(description="Yearly cost of each platform.")
    interoperable_share: Share = Field(
        default=0.0, description="Share of cross-border tonnes that moves without the transfer delay."
    )

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the yearly charge and the exemption from the delay."""
        payers = tuple(sorted("" if name == NATIONAL else name for name in self.jurisdictions))
        return (
            JurisdictionCharge(self.name, "platform", self.cny_per_year, payers),
            DelayExemption(self.name, self.interoperable_share),
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdictions that it names."""
        provinces = tuple(name for name in self.jurisdictions if name != NATIONAL)
        return (Reference("jurisdictions", "jurisdictions", "jurisdiction", provinces),)
