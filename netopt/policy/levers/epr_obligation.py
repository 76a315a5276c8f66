"""The informal channel: producers must see to it that a share of what retires is collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from netopt.policy.base import (
    CnyPerPack,
    CnyPerTonne,
    Direction,
    Ids,
    Lever,
    Reference,
    Share,
    check_penalty,
    register,
)
from netopt.policy.effects import CollectionCharge, Effect, Mass, ShareRule

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class EprObligation(Lever):
    """Oblige producers to collect a share of what retires, at a penalty, and to pay for the means.

    Which batteries reach the formal chain is their holders' choice, so no plan can collect more than
    the formal share: the obligation says what is missing and what that costs. What would close the
    gap is a rebate, enforcement or denser collection (``netopt informal payments``).
    """

    name: ClassVar[str] = "epr_obligation"
    title: ClassVar[str] = "Producers' obligation to collect"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = (
        "Brief (Duan 2024): producers' responsibility costs battery makers about 4,200 CNY per tonne "
        "(the formal route's cost, not added again) and car makers 500-800 CNY per vehicle; a link of "
        "recycling performance to approvals is recommended. The obliged share and its penalty are assumed."
    )
    equation: ClassVar[str] = (
        "collected(origin p) + shortfall >= share * retired(origin p), for the nation or each jurisdiction "
        "p; compliance cost = cny_per_pack / pack mass per tonne collected"
    )

    lever: Literal["epr_obligation"] = "epr_obligation"
    share: Share = Field(description="Share of what retires that must be collected formally.")
    hard: bool = Field(description="Whether it must be met; else a shortfall is priced.")
    penalty_cny_per_tonne: CnyPerTonne | None = Field(
        default=None, description="Price of a tonne of shortfall; only where hard = false."
    )
    cny_per_pack: CnyPerPack = Field(
        default=0.0,
        description="What each pack collected costs its maker beside the formal route: a resource cost.",
    )
    commodities: Ids = Field(default=(), description="Retired commodities that it is on; empty: all.")
    jurisdictions: Ids = Field(
        default=(), description="One obligation for each, of what retires in it; empty: a national one."
    )

    @model_validator(mode="after")
    def _hard_or_priced(self) -> EprObligation:
        check_penalty(hard=self.hard, penalty_cny_per_tonne=self.penalty_cny_per_tonne)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return the rules and the charge; a share of 0 demands nothing, 0 CNY charge nothing."""
        places = self.jurisdictions or ("",)
        rules = tuple(self._rule(place) for place in places) if self.share > 0 else ()
        if self.cny_per_pack == 0:
            return rules
        per_tonne = self.cny_per_pack / instance.settings.leakage.pack_mass_tonnes
        return (*rules, CollectionCharge(self.name, "compliance", per_tonne, self.commodities))

    def _rule(self, place: str) -> ShareRule:
        origins = (place,) if place else ()
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{place or 'national'}]",
            part=Mass("collected", commodities=self.commodities, origins=origins),
            whole=Mass("retired", commodities=self.commodities, origins=origins),
            share=self.share,
            penalty_cny_per_tonne=self.penalty_cny_per_tonne,
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the retired commodities and jurisdictions that it names."""
        return (
            Reference("commodities", "supply", "commodity", self.commodities),
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
        )
