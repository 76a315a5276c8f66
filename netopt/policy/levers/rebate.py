"""The informal channel: paying consumers for handing their batteries to the formal one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import CnyPerPack, Direction, Ids, Lever, Reference, register
from netopt.policy.effects import Effect, NarrowGap, SupplyTransfer

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class Rebate(Lever):
    """Pay consumers a sum for every pack that they hand to the formal channel."""

    name: ClassVar[str] = "rebate"
    title: ClassVar[str] = "Consumer rebate"
    direction: ClassVar[Direction] = Direction.REPRICES
    source: ClassVar[str] = (
        "Brief (Duan 2024): formal channels offer 150-200 CNY per pack, informal ones 200-300, nearly 70 % "
        "of consumers prefer the latter; trade-in rebates are recommended. A gap of 75 CNY per pack is "
        "derived from it; how consumers answer (beta) is fitted to that one point, so assumed."
    )
    equation: ClassVar[str] = (
        "logit(formal share of a source) + beta * cny_per_pack; rebate = cny_per_pack / pack mass per "
        "tonne collected from sources, a transfer to consumers"
    )

    lever: Literal["rebate"] = "rebate"
    cny_per_pack: CnyPerPack = Field(description="Paid to the consumer for each pack, on top of the offer.")
    paid_by: Literal["central_government", "local_government", "formal_chain"] = Field(
        default="central_government", description="Who pays it; the formal chain's is a private cost."
    )
    jurisdictions: Ids = Field(
        default=(), description="Jurisdictions whose sources it holds for; empty: all."
    )

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return what it adds to the formal offer, and the payment; a rebate of 0 does nothing."""
        if self.cny_per_pack == 0:
            return ()
        per_tonne = self.cny_per_pack / instance.settings.leakage.pack_mass_tonnes
        where = self.jurisdictions
        return (
            NarrowGap(self.name, self.cny_per_pack, where),
            SupplyTransfer(self.name, "rebate", self.paid_by, "consumers", per_tonne, "collected", where),
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdictions that it names."""
        return (Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),)
