"""When formalising a tonne pays society: by chemistry, with the formal side's cost as an interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from netopt.accounts import Perspective
from netopt.analysis.targets import free_of_penalty
from netopt.data.digest import digest
from netopt.errors import UsageError
from netopt.pipeline import solve
from netopt.policy.compose import compose
from netopt.solution.options import SolveOptions
from netopt.units import KG_PER_TONNE

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy

Bounds = tuple[float, float]


@dataclass(frozen=True)
class BreakEven:
    """What a formalised tonne of one commodity costs society on both sides (CNY/t).

    Attributes
    ----------
    commodity, metal_price_factor
        What retires; by what all prices of recovered metals, formal and informal, are multiplied.
    formal_cny_per_tonne
        Net social cost of the formal chain, lower and upper bound, mean over the tonnes formalised.
    informal_cny_per_tonne
        Net social cost of a leaked tonne: processing + damage + emissions - recovered metals.
    damage_cny_per_tonne
        Damage in the tables.
    formalised_tonnes_per_year
        The tonnes that the mean is over: all that leaks of the commodity, annual equivalent.
    """

    commodity: str
    metal_price_factor: float
    formal_cny_per_tonne: Bounds
    informal_cny_per_tonne: float
    damage_cny_per_tonne: float
    formalised_tonnes_per_year: float

    @property
    def saving_cny_per_tonne(self) -> Bounds:
        """What society saves by a formalised tonne; negative: it loses."""
        low, high = self.formal_cny_per_tonne
        return self.informal_cny_per_tonne - high, self.informal_cny_per_tonne - low

    @property
    def break_even_damage_cny_per_tonne(self) -> Bounds:
        """Damage of a leaked tonne from which on formalising pays (negative: at any damage)."""
        low, high = self.saving_cny_per_tonne
        return self.damage_cny_per_tonne - high, self.damage_cny_per_tonne - low

    @property
    def break_even_gate_fee_cny_per_tonne(self) -> Bounds:
        """Worth beyond the tables that society must see in a formal tonne, as a fee at its gate.

        Minus the saving. A fee that is paid is a transfer and saves nothing; this is how high one is
        still justified by what is not in the tables (negative: as much worth may be missing).
        """
        low, high = self.saving_cny_per_tonne
        return -high, -low

    @property
    def verdict(self) -> str:
        """Return whether formalising pays society: ``pays``, ``loses`` or ``not resolved``."""
        low, high = self.saving_cny_per_tonne
        return "pays" if low > 0 else "loses" if high < 0 else "not resolved"

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            **asdict(self),
            "saving_cny_per_tonne": self.saving_cny_per_tonne,
            "break_even_damage_cny_per_tonne": self.break_even_damage_cny_per_tonne,
            "break_even_gate_fee_cny_per_tonne": self.break_even_gate_fee_cny_per_tonne,
            "verdict": self.verdict,
        }


def with_metal_prices(instance: Instance, factor: float) -> Instance:
    """Return the instance with all prices of recovered metals times ``factor``, formal and informal."""
    offtake, informal = instance["offtake"], instance["informal"]
    is_metal = offtake["category"] == "recovered_metals"
    price = offtake["price_cny_per_unit"]
    tables = {
        **instance.tables,
        "offtake": offtake.assign(price_cny_per_unit=price.where(~is_metal, price * factor)),
        "informal": informal.assign(recovered_cny_per_tonne=informal["recovered_cny_per_tonne"] * factor),
    }
    return replace(instance, tables=tables, digest=digest(instance.settings, tables))


def with_more(instance: Instance, commodity: str, factor: float) -> Instance:
    """Return the instance in which ``factor`` times as much of a commodity retires everywhere."""
    supply = instance["supply"]
    tonnes = supply["supply_tonnes_per_year"]
    scaled = tonnes.where(supply["commodity"] != commodity, tonnes * factor)
    tables = {**instance.tables, "supply": supply.assign(supply_tonnes_per_year=scaled)}
    return replace(instance, tables=tables, digest=digest(instance.settings, tables))


def break_evens(
    instance: Instance,
    policy: Policy,
    metal_price_factors: tuple[float, ...] = (1.0,),
    options: SolveOptions | None = None,
) -> list[BreakEven]:
    """Return both sides' cost of formalising all that leaks of each retired commodity, by itself.

    Both sides are on one boundary: from a retired pack at its source to recovered metals, with emissions.
    The formal side is a difference of two solves whose formal share is the same and of which the second
    has ``1 / formal_share`` times the commodity, so that as much is collected as now retires of it. What
    leaks in both is linear and taken off exactly: ``[LB1 - UB0, UB1 - LB0] / tonnes``. Soft targets count
    at zero, as their mass would grow too.

    Parameters
    ----------
    instance, policy
        The policy must minimise social cost and not move formal shares.
    metal_price_factors
        Each more than 0: how the break-even metal price is bracketed.
    options
        Of every solve.

    Raises
    ------
    UsageError
        Where all or nothing is collected, or the policy is private or moves formal shares.
    InfeasibleError, NoSolutionError
        As ``netopt.solve``.
    """
    share = instance.settings.leakage.formal_share
    if not 0 < share < 1:
        raise UsageError(f"with a formal share of {share:g} there is no leaked tonne to be formalised")
    if policy.perspective is not Perspective.SOCIAL:
        raise UsageError(f"{policy.name} minimises private cost, which does not say what society saves")
    if compose(policy, instance).narrowed_gaps:
        raise UsageError(f"{policy.name} moves formal shares: ask for the break-even without such levers")
    if not all(factor > 0 for factor in metal_price_factors):
        raise UsageError("a factor of metal prices must be more than 0")
    options = replace(options or SolveOptions(), formal_share=None)
    bare = free_of_penalty(policy)
    found = []
    for factor in metal_price_factors:
        priced = with_metal_prices(instance, factor)
        base = _bounds(priced, bare, options)
        found += [
            _break_even(priced, bare, commodity, factor, base, options)
            for commodity in sorted(set(instance["supply"]["commodity"]))
        ]
    return found


def _break_even(
    instance: Instance, policy: Policy, commodity: str, factor: float, base: Bounds, options: SolveOptions
) -> BreakEven:
    share = instance.settings.leakage.formal_share
    informal = instance["informal"].set_index("commodity")
    processing, recovered, damage, emitted = (
        float(informal[column].to_dict()[commodity])
        for column in (
            "processing_cny_per_tonne",
            "recovered_cny_per_tonne",
            "damage_cny_per_tonne",
            "emission_kgco2e_per_tonne",
        )
    )
    carbon = instance.settings.prices.carbon_cny_per_tonne / KG_PER_TONNE
    leaked_cost = processing + damage + emitted * carbon - recovered
    retired = _annual_tonnes(instance, commodity)
    formalised = retired * (1.0 - share)
    leaks_more = (retired / share - retired) * (1.0 - share)
    low, high = _bounds(with_more(instance, commodity, 1.0 / share), policy, options)
    taken_off = leaked_cost * leaks_more
    formal = ((low - base[1] - taken_off) / formalised, (high - base[0] - taken_off) / formalised)
    return BreakEven(commodity, factor, formal, leaked_cost, damage, formalised)


def _bounds(instance: Instance, policy: Policy, options: SolveOptions) -> Bounds:
    outcome = solve(instance, policy, options).outcome
    return outcome.lower_bound_cny_per_year, outcome.upper_bound_cny_per_year


def _annual_tonnes(instance: Instance, commodity: str) -> float:
    weights = instance.period_weights()
    supply = instance["supply"]
    rows = supply[supply["commodity"] == commodity]
    discounted = rows["supply_tonnes_per_year"] * rows["period"].map(weights).astype(float)
    return float(discounted.sum() / sum(weights.values()))
