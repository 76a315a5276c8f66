"""The informal channel: how far it is to a collection point."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from netopt.policy.base import CnyPerPack, Direction, Ids, Lever, Reference, Share, register
from netopt.policy.effects import Effect, MoreOutlets, NarrowGap

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class CollectionDuty(Lever):
    """Make dealers collection points, up to a share of the network as planned (1: every dealer town).

    What stands before is said by source in access.csv, and by the lever where that has no row; a duty
    closes nothing that stands. Outlets multiply in proportion, each as dear as now (sources.csv).
    """

    name: ClassVar[str] = "collection_duty"
    title: ClassVar[str] = "Collection duty"
    direction: ClassVar[Direction] = Direction.REPRICES
    source: ClassVar[str] = (
        "Brief (Duan 2024): all 4S dealers should collect; makers are 30 % behind in building their "
        "network, so 0.7 of it stands (derived, the same everywhere). What access is worth to a consumer "
        "has no source: it is assumed."
    )
    equation: ClassVar[str] = (
        "logit(formal share of a source) + beta * full_access_cny_per_pack * (access - present access); "
        "+ outlets * (access / present access - 1)"
    )

    lever: Literal["collection_duty"] = "collection_duty"
    access_share: Share = Field(
        default=1.0, description="Share of the planned collection points that must stand."
    )
    present_access_share: Share = Field(
        default=0.7,
        description="Share of them that stands without the duty, where access.csv says none; more than 0.",
    )
    full_access_cny_per_pack: CnyPerPack = Field(
        description="What the whole network instead of none is worth to a consumer; assumed."
    )
    jurisdictions: Ids = Field(
        default=(), description="Jurisdictions whose sources it holds for; empty: all."
    )

    @model_validator(mode="after")
    def _adds_access(self) -> CollectionDuty:
        if self.present_access_share == 0:
            message = "present_access_share is 0: there is no outlet to be multiplied"
            raise PydanticCustomError("no_access", message)
        if self.access_share < self.present_access_share:
            message = (
                "access_share {asked} is below present_access_share {present}: a duty closes no outlet"
            )
            shares = {"asked": self.access_share, "present": self.present_access_share}
            raise PydanticCustomError("less_access", message, shares)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return what access adds to the formal offer, and the outlets; none where none is added."""
        found: list[Effect] = []
        for present, sources in self._sources_by_access(instance):
            added = self.access_share - present
            if added <= 0:
                continue
            found.append(MoreOutlets(self.name, added / present, self.jurisdictions, sources))
            if self.full_access_cny_per_pack > 0:
                worth = added * self.full_access_cny_per_pack
                found.append(NarrowGap(self.name, worth, self.jurisdictions, sources))
        return tuple(found)

    def _sources_by_access(self, instance: Instance) -> list[tuple[float, Ids]]:
        """Return what stands before the duty, and the sources where it does (``()``: all)."""
        known = instance["access"].set_index("source")["access_share"]
        if known.empty:
            return [(self.present_access_share, ())]
        stands = instance["sources"]["source"].map(known).fillna(self.present_access_share)
        groups = instance["sources"]["source"].groupby(stands)
        return [(float(present), tuple(sorted(sources))) for present, sources in groups]

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdictions that it names."""
        return (Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),)
