"""The informal channel: fines on what it takes, as far as it is found out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import CnyPerTonne, Direction, Ids, Lever, Reference, Share, register
from netopt.policy.effects import Effect, NarrowGap, SupplyTransfer

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class Enforcement(Lever):
    """Fine the informal channel for what it is found to take; its offer falls by the expected fine."""

    name: ClassVar[str] = "enforcement"
    title: ClassVar[str] = "Enforcement"
    direction: ClassVar[Direction] = Direction.REPRICES
    source: ClassVar[str] = (
        "Brief (Duan 2024): rural enforcement coverage below 17 %. No source gives a fine per tonne: it is "
        "assumed, as is that the informal offer falls by all of the expected fine. The cost of inspections "
        "is not in the model."
    )
    equation: ClassVar[str] = (
        "logit(formal share of a source) + beta * detection_share * fine * pack mass; fine = "
        "detection_share * fine_cny_per_tonne per leaked tonne, a transfer to local government"
    )

    lever: Literal["enforcement"] = "enforcement"
    detection_share: Share = Field(description="Share of leaked tonnes that are found out and fined.")
    fine_cny_per_tonne: CnyPerTonne = Field(description="Fine on a leaked tonne that is found out.")
    jurisdictions: Ids = Field(
        default=(), description="Jurisdictions whose sources it holds for; empty: all."
    )

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return what it takes off the informal offer, and the fines; none where nothing is expected."""
        expected = self.detection_share * self.fine_cny_per_tonne
        if expected == 0:
            return ()
        per_pack = expected * instance.settings.leakage.pack_mass_tonnes
        where, payer, payee = self.jurisdictions, "informal_channel", "local_government"
        return (
            NarrowGap(self.name, per_pack, where),
            SupplyTransfer(self.name, "fine", payer, payee, expected, "leaked", where),
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the jurisdictions that it names."""
        return (Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),)
