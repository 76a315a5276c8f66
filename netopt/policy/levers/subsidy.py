"""Subsidies for recycling: by tonne, or of what is invested."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from netopt.policy.base import (
    CnyPerTonne,
    CnyPerYear,
    Direction,
    Ids,
    Lever,
    Reference,
    Share,
    register,
)
from netopt.policy.effects import CapitalTransfer, Effect, Mass, RunTransfer, ShareRule

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class Subsidy(Lever):
    """Pay the formal chain for tonnes that facilities take in, or a share of their investment.

    A transfer, which moves plans only where the private cost is minimised. Where the budget of a subsidy
    by the tonne is spent, nothing is paid for a tonne more: the ledger books what all tonnes would get in
    their provinces, and what exceeds the budget back to the payer, nationally.
    """

    name: ClassVar[str] = "subsidy"
    title: ClassVar[str] = "Subsidy"
    direction: ClassVar[Direction] = Direction.RELAXES
    source: ClassVar[str] = (
        "Brief (Duan 2024): local governments give up to 70 % of subsidies to lithium extraction and "
        "processing; it recommends that fiscal instruments favour repurposing. No amount is given: any is "
        "assumed."
    )
    equation: ClassVar[str] = (
        "subsidy = min(cny_per_tonne * throughput, budget_cny_per_year) + capital_share * annuities of "
        "investments, a transfer from government to the formal chain"
    )

    lever: Literal["subsidy"] = "subsidy"
    cny_per_tonne: CnyPerTonne = Field(default=0.0, description="Paid for a tonne that is taken in.")
    capital_share: Share = Field(
        default=0.0, description="Share of what is invested that is paid, as its annuities fall due."
    )
    budget_cny_per_year: CnyPerYear | None = Field(
        default=None, description="Most that is paid by the tonne in a year; none: any amount."
    )
    facility_types: Ids = Field(default=(), description="Facility types that get it; empty: all.")
    jurisdictions: Ids = Field(default=(), description="Jurisdictions whose facilities get it; empty: all.")
    paid_by: Literal["central_government", "local_government"] = Field(
        default="local_government", description="Who pays it."
    )

    @model_validator(mode="after")
    def _pays_something(self) -> Subsidy:
        if self.cny_per_tonne == 0 and self.capital_share == 0:
            message = "pays nothing: give cny_per_tonne, capital_share or both"
            raise PydanticCustomError("no_amount", message)
        if self.budget_cny_per_year is not None and (self.cny_per_tonne == 0 or self.capital_share > 0):
            message = "budget_cny_per_year bounds cny_per_tonne: give that, and capital_share by itself"
            raise PydanticCustomError("budget_of_capital", message)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the transfers."""
        parties = (self.name, "subsidy", self.paid_by, "formal_chain")
        meant = (self.facility_types, self.jurisdictions)
        found: list[Effect] = []
        if self.cny_per_tonne > 0:
            found.append(RunTransfer(*parties, self.cny_per_tonne, *meant))
        if self.budget_cny_per_year is not None:
            found.append(self._budget(self.budget_cny_per_year))
        if self.capital_share > 0:
            found.append(CapitalTransfer(*parties, self.capital_share, *meant))
        return tuple(found)

    def _budget(self, cny_per_year: float) -> ShareRule:
        """Return what pays back the subsidy of each tonne beyond the budget."""
        what = ", ".join(self.facility_types) or "all"
        where = f" in {', '.join(self.jurisdictions)}" if self.jurisdictions else ""
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{what}{where}]",
            part=Mass("given", tonnes_per_year=cny_per_year / self.cny_per_tonne),
            whole=Mass("throughput", facility_types=self.facility_types, jurisdictions=self.jurisdictions),
            share=1.0,
            penalty_cny_per_tonne=self.cny_per_tonne,
            account=("subsidy", "formal_chain", self.paid_by),
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the facility types and jurisdictions that it names."""
        return (
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
        )
