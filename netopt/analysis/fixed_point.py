"""The formal share that agrees with the unit cost of its own plan: a scenario, without an interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netopt.accounts import Actor, Perspective, weight_in
from netopt.errors import UsageError
from netopt.network.leakage import share_at
from netopt.pipeline import solve
from netopt.solution.ledger import annual_equivalent
from netopt.solution.options import SolveOptions

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.solution import Solution

TOLERANCE: Final = 1e-4
"""Residual of the formal share that counts as converged."""

MOST_STEPS: Final = 12
"""Solves of the policy before the search ends without having converged."""


@dataclass(frozen=True)
class Step:
    """One plan: the share it was made for, its unit cost, and the share that this cost would lead to."""

    share: float
    unit_cost_cny_per_tonne: float
    share_from_cost: float

    @property
    def residual(self) -> float:
        """By how much the share that follows from the cost is above that of the plan."""
        return self.share_from_cost - self.share


@dataclass(frozen=True)
class FixedPoint:
    """The search for a share that is its own consequence.

    Attributes
    ----------
    policy, reference
        Names; the reference's plan at the instance's formal share has the unit cost of calibration.
    pass_through
        Share of a cost change that reaches the formal offer; assumed.
    reference_unit_cost_cny_per_tonne
        Of the reference's plan.
    steps
        In order; shares before what rebate, enforcement and access add.
    is_converged
        Whether the last residual is within ``TOLERANCE``.
    """

    policy: str
    reference: str
    pass_through: float
    reference_unit_cost_cny_per_tonne: float
    steps: tuple[Step, ...]
    is_converged: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            **{name: value for name, value in asdict(self).items() if name != "steps"},
            "steps": [{**asdict(step), "residual": step.residual} for step in self.steps],
        }

    def to_text(self) -> str:
        """Return the search and its end in words."""
        lines = [
            f"scenario: the formal share of {self.policy} that agrees with its own plan's unit cost",
            f"pass-through {self.pass_through:g} (assumed); at the unit cost of {self.reference}, "
            f"{self.reference_unit_cost_cny_per_tonne:,.2f} CNY per tonne collected, the share is the "
            "instance's",
        ]
        lines += [
            f"  share {step.share:8.4%}  unit cost {step.unit_cost_cny_per_tonne:12,.2f} CNY/t  leads to "
            f"{step.share_from_cost:8.4%}"
            for step in self.steps
        ]
        last = self.steps[-1]
        end = "converged" if self.is_converged else "NOT converged"
        lines.append(
            f"{end} after {len(self.steps)} plans: share {last.share:.4%}, residual {last.residual:+.2e}"
        )
        lines.append("one plan each: no interval belongs to this share, and other fixed points may exist")
        return "\n".join(lines)


def unit_cost_cny_per_tonne(solution: Solution) -> float:
    """Return what a collected tonne costs the formal chain, net of sales, before consumers are paid.

    Of this plan: its ledger's private cost without what consumers get, over tonnes collected from
    sources (CNY/t, annual equivalent).

    Raises
    ------
    UsageError
        Where nothing is collected.
    """
    weights = solution.instance.period_weights()
    ledger = solution.ledger
    counts = [
        0.0 if payee == Actor.CONSUMERS else weight_in(Perspective.PRIVATE, category, payer, payee)
        for category, payer, payee in zip(ledger["category"], ledger["payer"], ledger["payee"], strict=True)
    ]
    cny_per_year = float((annual_equivalent(ledger, weights) * counts).sum())
    supply = solution.answer.supply
    due = supply["period"].map(weights).astype(float) / sum(weights.values())
    tonnes_per_year = float((supply["collected_tonnes_per_year"] * due).sum())
    if tonnes_per_year <= 0:
        raise UsageError("nothing is collected formally: there is no unit cost")
    return cny_per_year / tonnes_per_year


def fixed_point(
    instance: Instance,
    policy: Policy,
    reference: Policy,
    pass_through: float,
    options: SolveOptions | None = None,
) -> FixedPoint:
    """Return the search for the share that follows from the unit cost of the plan made for it.

    Formula: ``logit(share) = logit(formal_share) + beta * pass_through * pack mass * (reference unit cost
    - unit cost of the plan at share)``; each step goes half of the way.

    Parameters
    ----------
    instance
        Its formal share is that of the reference.
    policy, reference
        The policy asked about, and the one under which the formal share was observed.
    pass_through
        0 to 1; assumed.
    options
        Of every solve; ``formal_share`` replaces the instance's.

    Raises
    ------
    UsageError
        Where the pass-through is no share, or nothing is collected.
    InfeasibleError, NoSolutionError
        As ``netopt.solve``.
    """
    if not 0 <= pass_through <= 1:
        raise UsageError(f"--pass-through {pass_through:g} is not a share from 0 to 1")
    options = options or SolveOptions()
    leakage = instance.settings.leakage
    start = leakage.formal_share if options.formal_share is None else options.formal_share
    reference_cost = unit_cost_cny_per_tonne(
        solve(instance, reference, replace(options, formal_share=start))
    )
    steps: list[Step] = []
    share = start
    while len(steps) < MOST_STEPS:
        plan = solve(instance, policy, replace(options, formal_share=share))
        cost = unit_cost_cny_per_tonne(plan)
        relief = pass_through * leakage.pack_mass_tonnes * (reference_cost - cost)
        led_to = float(share_at(start, leakage.beta_per_cny, pd.Series([relief])).iloc[0])
        steps.append(Step(share, cost, led_to))
        if abs(steps[-1].residual) <= TOLERANCE:
            break
        share = (share + led_to) / 2.0
    converged = abs(steps[-1].residual) <= TOLERANCE
    return FixedPoint(policy.name, reference.name, pass_through, reference_cost, tuple(steps), converged)
