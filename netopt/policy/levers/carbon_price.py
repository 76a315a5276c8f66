"""A price on what the formal chain emits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import Direction, Lever, register
from netopt.policy.effects import Effect, EmissionTransfer

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class CarbonPrice(Lever):
    """Let the formal chain pay for what its hauls and recipes emit.

    A transfer to the central government, which moves plans only where the private cost is minimised.
    What society counts for the same tonne is the damage price of the instance
    (``prices.carbon_cny_per_tonne``), under every policy: the two never add up in one objective.
    """

    name: ClassVar[str] = "carbon_price"
    title: ClassVar[str] = "Carbon price"
    direction: ClassVar[Direction] = Direction.REPRICES
    source: ClassVar[str] = (
        "Brief (Duan 2024): carbon peaking by 2030 and neutrality by 2060, without a price. The allowance "
        "price at the end of 2024 is 97.49 CNY per tonne (price.carbon_cea); that recyclers would pay it "
        "is assumed."
    )
    equation: ClassVar[str] = (
        "carbon_price = cny_per_tonne_co2e * emissions of flows and throughput, a transfer from the formal "
        "chain to the central government"
    )

    lever: Literal["carbon_price"] = "carbon_price"
    cny_per_tonne_co2e: Annotated[float, Field(ge=0, le=1e5)] = Field(
        description="What a tonne of CO2e costs the chain."
    )

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the transfer; a price of 0 does nothing."""
        if self.cny_per_tonne_co2e == 0:
            return ()
        parties = ("formal_chain", "central_government")
        return (EmissionTransfer(self.name, "carbon_price", *parties, self.cny_per_tonne_co2e),)
