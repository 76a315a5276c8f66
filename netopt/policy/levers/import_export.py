"""What may be bought from abroad or sold there, and at which duty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from netopt.policy.base import CnyPerTonne, Direction, Ids, Lever, Reference, Refusal, register
from netopt.policy.effects import Effect, Mass, ShareRule, TradeTransfer

if TYPE_CHECKING:
    from netopt.data.instance import Instance

_MEASURES: Final[dict[str, Literal["imported", "exported"]]] = {
    "imports": "imported",
    "exports": "exported",
}


@register
class ImportExport(Lever):
    """Bound what is imported or exported, close that border, or charge a duty on it.

    What could be traded at all, where and at which price is the instance's: offers of vendors and
    offtake of markets whose category is ``imports`` or ``exports``. Without the lever all of it is
    allowed.
    """

    name: ClassVar[str] = "import_export"
    title: ClassVar[str] = "Import and export"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = (
        "Brief (Duan 2024): losing lithium and cobalt increases reliance on imports, without a rule. "
        "Announcement 14/2025: black mass of a stated quality may be imported from 2025-08-01. Quotas and "
        "duties are assumed."
    )
    equation: ClassVar[str] = (
        "imported or exported tonnes of the commodities <= tonnes_per_year, in every period; duty = "
        "cny_per_tonne * those tonnes, a transfer from the formal chain to central government"
    )

    lever: Literal["import_export"] = "import_export"
    trade: Literal["imports", "exports"] = Field(description="Which way goods go.")
    commodities: Ids = Field(default=(), description="What is meant, all together; empty: all goods.")
    tonnes_per_year: Annotated[float, Field(ge=0, le=1e10)] | None = Field(
        default=None, description="Quota, 0 for a closed border; none: any amount."
    )
    duty_cny_per_tonne: CnyPerTonne = Field(default=0.0, description="Duty on a tonne that is traded.")

    @model_validator(mode="after")
    def _says_something(self) -> ImportExport:
        if self.tonnes_per_year is None and self.duty_cny_per_tonne == 0:
            message = "changes nothing: give tonnes_per_year, duty_cny_per_tonne or both"
            raise PydanticCustomError("no_rule", message)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the quota and the duty."""
        found: list[Effect] = []
        if self.tonnes_per_year is not None:
            measure = _MEASURES[self.trade]
            what = ", ".join(self.commodities) or "all"
            found.append(
                ShareRule(
                    lever=self.name,
                    rule=f"{self.name}[{self.trade}: {what}]",
                    part=Mass("given", tonnes_per_year=self.tonnes_per_year),
                    whole=Mass(measure, commodities=self.commodities),
                    share=1.0,
                )
            )
        if self.duty_cny_per_tonne > 0:
            account = (self.name, "duty", "formal_chain", "central_government")
            found.append(TradeTransfer(*account, self.duty_cny_per_tonne, self.trade, self.commodities))
        return tuple(found)

    def references(self) -> tuple[Reference, ...]:
        """Return the commodities that it names."""
        return (Reference("commodities", "commodities", "commodity", self.commodities),)

    def refusals(self, instance: Instance) -> tuple[Refusal, ...]:
        """Return a refusal where the instance offers nothing that the lever speaks of."""
        table = "offers" if self.trade == "imports" else "offtake"
        rows = instance[table]
        traded = rows.loc[rows["category"] == self.trade, "commodity"]
        if traded.isin(self.commodities or traded).any():
            return ()
        what = f" and is of {', '.join(self.commodities)}" if self.commodities else ""
        message = f"no row of {table}.csv has the category '{self.trade}'{what}"
        return (Refusal("trade", self.trade, message, f"add one to data/{table}.csv, or drop the lever"),)
