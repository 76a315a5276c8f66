"""A least share of a metal that recyclers must recover from what they take in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from netopt.policy.base import (
    CnyPerTonne,
    Direction,
    Id,
    Ids,
    Lever,
    NonEmptyIds,
    Reference,
    Refusal,
    Share,
    bound_together,
    check_penalty,
    register,
)
from netopt.policy.effects import Effect, Mass, ShareRule

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class RecoveryFloor(Lever):
    """Demand that facilities recover at least a share of a metal that their inputs hold.

    One metal; state the lever once for each. It speaks of one step of the chain: what the inputs of
    recipes at those facilities hold against what their outputs hold, by ``metal_contents``, so a good
    without a row there holds none. Several facilities may make up for each other, unless each
    jurisdiction is asked for itself.
    """

    name: ClassVar[str] = "recovery_floor"
    title: ClassVar[str] = "Recovery floor"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = (
        "Brief (Duan 2024): no figure. MIIT industry norms 2024: at least 90 % of lithium and 98 % of "
        "nickel, cobalt and manganese; any price of what is missing is assumed."
    )
    equation: ClassVar[str] = (
        "metal in outputs(facility types, jurisdictions) + shortfall >= share * metal in their inputs, in "
        "every period"
    )

    lever: Literal["recovery_floor"] = "recovery_floor"
    metal: Id = Field(description="The metal, an id of metals.csv.")
    share: Share = Field(description="Least share of it that must be recovered.")
    facility_types: NonEmptyIds = Field(description="Facility types that it binds, all together.")
    jurisdictions: Ids = Field(
        default=(), description="Jurisdictions whose facilities it binds, all together; empty: all."
    )
    each_jurisdiction: bool = Field(
        default=False, description="Whether each of the jurisdictions must reach it for itself."
    )
    hard: bool = Field(default=True, description="Whether it must be met; else a shortfall is priced.")
    penalty_cny_per_tonne: CnyPerTonne | None = Field(
        default=None, description="Price of a tonne of the metal that is missing; only where hard = false."
    )

    @model_validator(mode="after")
    def _hard_or_priced(self) -> RecoveryFloor:
        check_penalty(hard=self.hard, penalty_cny_per_tonne=self.penalty_cny_per_tonne)
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return one floor for all jurisdictions together, or one for each."""
        groups = bound_together(instance, self.jurisdictions, each=self.each_jurisdiction)
        return tuple(self._rule(jurisdictions) for jurisdictions in groups)

    def _rule(self, jurisdictions: Ids) -> ShareRule:
        where = f" in {', '.join(jurisdictions)}" if jurisdictions else ""
        held = Mass(
            "contained", facility_types=self.facility_types, jurisdictions=jurisdictions, metal=self.metal
        )
        return ShareRule(
            lever=self.name,
            rule=f"{self.name}[{self.metal}: {', '.join(self.facility_types)}{where}]",
            part=replace(held, measure="recovered"),
            whole=held,
            share=self.share,
            penalty_cny_per_tonne=self.penalty_cny_per_tonne,
        )

    def references(self) -> tuple[Reference, ...]:
        """Return the metal, facility types and jurisdictions that it names."""
        return (
            Reference("metal", "metals", "metal", (self.metal,)),
            Reference("facility_types", "facility_types", "facility_type", self.facility_types),
            Reference("jurisdictions", "jurisdictions", "jurisdiction", self.jurisdictions),
        )

    def refusals(self, instance: Instance) -> tuple[Refusal, ...]:
        """Return the metal where nothing that these facilities take in is known to hold it."""
        contents, recipes = instance["metal_contents"], instance["recipes"]
        own = recipes.loc[recipes["facility_type"].isin(self.facility_types), "recipe"]
        inputs = instance["recipe_inputs"]
        taken = inputs.loc[inputs["recipe"].isin(own), "commodity"]
        if contents.loc[contents["metal"] == self.metal, "commodity"].isin(taken).any():
            return ()
        types = ", ".join(self.facility_types)
        message = f"nothing that {types} takes in is said to hold {self.metal}: any floor would be kept"
        return (Refusal("metal", self.metal, message, "add what the inputs hold to metal_contents.csv"),)
