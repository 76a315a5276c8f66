"""Regional fragmentation: batteries that wait for a permit to leave their province."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from netopt.policy.base import CnyPerTonne, Direction, Lever, register
from netopt.policy.effects import CrossingDelay, Effect

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class TransferDelay(Lever):
    """Hold every tonne once, when it first leaves its province of origin."""

    name: ClassVar[str] = "transfer_delay"
    title: ClassVar[str] = "Transfer delay"
    direction: ClassVar[Direction] = Direction.REPRICES
    source: ClassVar[str] = (
        "Brief (Duan 2024): interprovincial delays of up to 45 days; the cost of holding a tonne "
        "(4, 2 to 8 CNY a day: stock, capital, storage) is assumed."
    )
    equation: ClassVar[str] = (
        "delay = days * (holding + grade_loss) * (1 - interoperable share) per undismantled tonne, once, "
        "on the arc by which it first leaves its jurisdiction of origin"
    )

    lever: Literal["transfer_delay"] = "transfer_delay"
    days: float = Field(ge=0, le=365, description="Days that a tonne is held.")
    holding_cny_per_tonne_day: CnyPerTonne = Field(
        description="Stock, capital and storage of a held tonne, per day."
    )
    grade_loss_cny_per_tonne_day: CnyPerTonne = Field(
        default=0.0, description="Value that a held tonne loses by ageing, per day."
    )

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the delay with its daily costs added up."""
        daily = self.holding_cny_per_tonne_day + self.grade_loss_cny_per_tonne_day
        return (CrossingDelay(self.name, self.days, daily),)
