"""Horizontal fragmentation: what the ministries take a retired battery to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import CnyPerTonne, CnyPerYear, Direction, Ids, Lever, Reference, register
from netopt.policy.effects import CollectionCharge, Effect, FacilityCharge, Reclassify, StorageCharge

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class Classification(Lever):
    """Set the class of goods that batteries are hauled as, and what compliance costs on top."""

    name: ClassVar[str] = "classification"
    title: ClassVar[str] = "Classification"
    direction: ClassVar[Direction] = Direction.REPRICES
    source: ClassVar[str] = (
        "Brief (Duan 2024): a 10 kt recycler's cost rose from 28 to 42 m CNY a year under two regimes, "
        "1,400 CNY/t (derived). Class 9 applies in transport; waste lithium batteries are not on the "
        "2025 list of hazardous wastes (MEE reply, 2025-11)."
    )
    equation: ClassVar[str] = (
        "haulage at the tariff of goods_class; + dual_regulation * collected; + permit * operating "
        "modules; + storage * stored tonnes"
    )

    lever: Literal["classification"] = "classification"
    goods_class: Literal["ordinary", "class9", "hazardous"] = Field(
        description="Class that they are hauled as."
    )
    commodities: Ids = Field(
        default=(),
        description="Commodities that it holds for; empty: all undismantled ones are reclassified, "
        "and all retired ones bear the charges.",
    )
    dual_regulation_cny_per_tonne: CnyPerTonne = Field(
        default=0.0, description="Surcharge of a second regime on every tonne formally collected."
    )
    permit_cny_per_year: CnyPerYear = Field(
        default=0.0, description="Permit of every operating module of facility_types."
    )
    facility_types: Ids = Field(default=(), description="Facility types that need the permit; empty: all.")
    storage_cny_per_tonne_year: CnyPerTonne = Field(
        default=0.0, description="Dearer storage, per tonne kept for a year."
    )

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return the reclassification and those charges that are not zero."""
        found: list[Effect] = [Reclassify(self.name, self._reclassified(instance), self.goods_class)]
        if self.dual_regulation_cny_per_tonne > 0:
            surcharge = self.dual_regulation_cny_per_tonne
            found.append(CollectionCharge(self.name, "compliance", surcharge, self.commodities))
        if self.permit_cny_per_year > 0:
            permit = self.permit_cny_per_year
            found.append(FacilityCharge(self.name, "compliance", permit, self.facility_types))
        if self.storage_cny_per_tonne_year > 0:
            storage = self.storage_cny_per_tonne_year
            found.append(StorageCharge(self.name, "storage", storage, self.commodities))
        return tuple(found)

    def _reclassified(self, instance: Instance) -> tuple[str, ...]:
        if self.commodities:
            return self.commodities
        commodities = instance["commodities"]
        return tuple(sorted(commodities.loc[commodities["undismantled"], "commodity"]))

    def references(self) -> tuple[Reference, ...]:
        """Return the commodities, facility types and the class, which haulage must price."""
        return (
            Reference("commodities", "commodities", "commodity", self.commodities),
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
            Reference("goods_class", "haulage", "goods_class", (self.goods_class,)),
        )
