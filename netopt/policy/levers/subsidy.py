"""Subsidies for recycling: by tonne, by capacity, or of what is invested."""

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
    Refusal,
    Share,
    register,
)
from netopt.policy.effects import (
    CapacityTransfer,
    CapitalTransfer,
    Effect,
    Mass,
    RunTransfer,
    ShareRule,
)

if TYPE_CHECKING:
    from netopt.data.instance import Instance


Measure = Literal["throughput", "capacity", "invested"]


@register
class Subsidy(Lever):
    """Pay the formal chain for tonnes that facilities take in, for their capacity, or for investment.

    A transfer, which moves plans only where the private cost is minimised. Where a budget is spent,
    nothing is paid for more: the ledger books what all of it would get, and what exceeds the budget
    back to the payer, in proportion where it was earned.
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
        "subsidy = min(cny_per_tonne * throughput, or cny_per_tonne_capacity * operating capacity, or "
        "capital_share * annuities of investments; budget_cny_per_year), a transfer from government to "
        "the formal chain"
    )

    lever: Literal["subsidy"] = "subsidy"
    cny_per_tonne: CnyPerTonne = Field(default=0.0, description="Paid for a tonne that is taken in.")
    cny_per_tonne_capacity: CnyPerTonne = Field(
        default=0.0, description="Paid a year for a tonne a year that operating modules could take in."
    )
    capital_share: Share = Field(
        default=0.0, description="Share of what is invested that is paid, as its annuities fall due."
    )
    budget_cny_per_year: CnyPerYear | None = Field(
        default=None, description="Most that is paid in a year, by one of the three; none: any amount."
    )
    facility_types: Ids = Field(default=(), description="Facility types that get it; empty: all.")
    jurisdictions: Ids = Field(default=(), description="Jurisdictions whose facilities get it; empty: all.")
    paid_by: Literal["central_government", "local_government"] = Field(
        default="local_government", description="Who pays it."
    )

    @model_validator(mode="after")
    def _pays_something(self) -> Subsidy:
        amounts = (self.cny_per_tonne, self.cny_per_tonne_capacity, self.capital_share)
        given = sum(amount > 0 for amount in amounts)
        if given == 0:
            message = "pays nothing: give cny_per_tonne, cny_per_tonne_capacity or capital_share"
            raise PydanticCustomError("no_amount", message)
        if self.budget_cny_per_year is not None and given > 1:
            message = "budget_cny_per_year bounds one amount: give each of them in a subsidy of its own"
            raise PydanticCustomError("budget_of_several", message)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return the transfers, and what pays back beyond the budget."""
        parties = (self.name, "subsidy", self.paid_by, "formal_chain")
        meant = (self.facility_types, self.jurisdictions)
        ways: tuple[tuple[float, type[RunTransfer | CapacityTransfer | CapitalTransfer], Measure], ...] = (
            (self.cny_per_tonne, RunTransfer, "throughput"),
            (self.cny_per_tonne_capacity, CapacityTransfer, "capacity"),
            (self.capital_share, CapitalTransfer, "invested"),
        )
        found: list[Effect] = []
        for amount, transfer, measure in ways:
            if amount > 0:
                found.append(transfer(*parties, amount, *meant))
                if self.budget_cny_per_year is not None:
                    found.append(self._budget(self.budget_cny_per_year, amount, measure))
        return tuple(found)

    def _budget(self, cny_per_year: float, amount: float, measure: Measure) -> ShareRule:
        """Return what pays back the subsidy of everything beyond the budget."""
        what = ", ".join(self.facility_types) or "all"
        where = f" in {', '.join(self.jurisdictions)}" if self.jurisdictions else ""
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{what}{where}]",
            part=Mass("given", tonnes_per_year=cny_per_year / amount),
            whole=Mass(measure, facility_types=self.facility_types, jurisdictions=self.jurisdictions),
            share=1.0,
            penalty_cny_per_tonne=amount,
            account=("subsidy", "formal_chain", self.paid_by),
        )

    def refusals(self, instance: Instance) -> tuple[Refusal, ...]:
        """Refuse to pay for capital that can be resold: the subsidy would be kept, or earned by resale."""
        resold = instance["expansions"]["resale_share"] > 0
        if self.capital_share == 0 or not resold.any():
            return ()
        message = "pays for capital that can be got back: expansions.csv has a resale_share above 0"
        hint = "pay by tonne or by capacity, or leave resale_share blank"
        return (Refusal("capital_share", str(self.capital_share), message, hint),)

    def references(self) -> tuple[Reference, ...]:
        """Return the facility types and jurisdictions that it names."""
        return (
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
        )
