"""The main job: what policies cost more than the base, as proven intervals with their conditions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from netopt.accounts import Perspective
from netopt.analysis.cost import Cost
from netopt.analysis.targets import (
    as_far_as_in,
    free_of_penalty,
    has_soft_targets,
    own_shortfall_cny_per_year,
)
from netopt.analysis.wording import comparison_markdown
from netopt.errors import CheckError, InfeasibleError, NoSolutionError, StoppedError, UsageError
from netopt.network.leakage import formal_share
from netopt.pipeline import lists_short_arcs, social_range, solve
from netopt.policy.compose import compose, friction_cny_per_tonne
from netopt.solution.check import check_same_supply
from netopt.solution.design import design_in_manifest
from netopt.solution.options import SolveOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.solution import Solution

FURTHER_GAP: Final = 1e-3
"""Gap of the lines beside the headline, which take ten more solves."""

FURTHER_TIME_LIMIT_S: Final = 30.0
"""Limit of each of those solves: a line keeps whatever bounds it has by then."""

SHARE_DIGITS: Final = 4
"""Formal shares of the curve are rounded to 0.01 %, far finer than anything known of them."""

PASS_THROUGHS: Final = (0.0, 0.1, 0.25, 0.5, 1.0)
"""Points of the curve: shares of a cost change that reach the formal offer."""

Found = TypeVar("Found")


LINES_LEFT_OUT: Final = (
    "the lines beside the headline (all collected, missed targets at zero, the pass-through) take a dozen "
    "more solves: --curve adds them"
)


@dataclass(frozen=True)
class Comparison:
    """Solutions under several policies and what each costs more than the first.

    Attributes
    ----------
    solutions
        By policy name, the base first; at the formal share in force, leakage off.
    social_ranges
        Of private policies: bounds on social cost (CNY a year).
    headline
        One cost per policy after the base.
    full_collection, without_penalty
        The same with everything collected formally, and with shortfalls of soft targets at zero.
    curve
        Social policies at the formal shares that follow from each pass-through.
    notes
        Which of the further lines has no plan, and why.
    unsolved
        Policy -> why it has no plan, or no interval, by the time the comparison was ended.
    """

    solutions: dict[str, Solution]
    social_ranges: dict[str, tuple[float, float]]
    headline: tuple[Cost, ...]
    full_collection: tuple[Cost, ...] = ()
    without_penalty: tuple[Cost, ...] = ()
    curve: tuple[Cost, ...] = ()
    notes: tuple[str, ...] = ()
    unsolved: Mapping[str, str] = field(default_factory=dict)

    @property
    def base(self) -> Solution:
        """The solution that the others are compared with."""
        return next(iter(self.solutions.values()))

    @property
    def retired_tonnes_per_year(self) -> float:
        """Retired mass, the same under every policy: t/yr, annual equivalent over the horizon."""
        return retired_tonnes_per_year(self.base)

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        lines = ("headline", "full_collection", "without_penalty", "curve")
        return {
            "base": self.base.policy.name,
            "formal_share": self.base.formal_share,
            **design_in_manifest(self.base.design),
            "social_ranges_cny_per_year": {name: list(ends) for name, ends in self.social_ranges.items()},
            **{line: [cost.to_dict() for cost in getattr(self, line)] for line in lines},
            "notes": list(self.notes),
            "unsolved": dict(self.unsolved),
        }

    def to_markdown(self) -> str:
        """Return the verdict in words and tables."""
        return comparison_markdown(self)


@dataclass
class _Solver:
    """Solves each policy at each formal share once."""

    instance: Instance
    options: SolveOptions
    known: dict[tuple[str, float], Solution] = field(default_factory=dict)
    ranges: dict[tuple[str, float], tuple[float, float]] = field(default_factory=dict)

    def solution(self, policy: Policy, share: float) -> Solution:
        """Return the policy's solution."""
        key = (policy.digest, share)
        if key not in self.known:
            options = replace(self.options, formal_share=share, with_social_range=True)
            found = solve(self.instance, policy, options)
            self.known[key] = found
        return self.known[key]

    def social_bounds(self, policy: Policy, share: float) -> tuple[float, float]:
        """Return lower and upper bound of the policy's social cost (CNY a year)."""
        solution = self.solution(policy, share)
        if policy.perspective is Perspective.SOCIAL:
            return solution.outcome.lower_bound_cny_per_year, solution.outcome.upper_bound_cny_per_year
        key = (policy.digest, share)
        if key not in self.ranges:
            known = solution.social_range_cny_per_year
            self.ranges[key] = known or social_range(solution, self.options)
        return self.ranges[key]

    def cost(self, policy: Policy, base: Policy, share: float, base_share: float) -> Cost:
        """Return what a policy costs more than the base, each at its formal share."""
        low, high = self.social_bounds(policy, share)
        base_low, base_high = self.social_bounds(base, base_share)
        planned = self.solution(base, base_share)
        _assert_same_supply(self.solution(policy, share), planned)
        return Cost(
            policy=policy.name,
            base=base.name,
            low_cny_per_year=low - base_high,
            high_cny_per_year=high - base_low,
            retired_tonnes_per_year=retired_tonnes_per_year(planned),
            base_gross_cny_per_year=planned.outcome.gross_cost_cny_per_year,
            formal_share=share,
            base_formal_share=base_share,
        )

    def fair_cost(self, policy: Policy, base: Policy, share: float, base_share: float) -> Cost:
        """Return the cost, counting the base's missed targets as far as the policy has them too.

        A policy without the base's targets misses none: their price would sell that as a gain. What
        a policy misses of its own targets it costs.
        """
        counted, lessened = as_far_as_in(base, policy, self.instance)
        cost = self.cost(policy, counted, share, base_share)
        missed, own = own_shortfall_cny_per_year(self.solution(policy, share), base)
        return replace(
            cost,
            penalty_priced=not lessened,
            lessened_targets=lessened,
            own_targets=own,
            own_shortfall_cny_per_year=missed,
        )

    def penalty_free_cost(self, policy: Policy, base: Policy, share: float, base_share: float) -> Cost:
        """Return the cost with shortfalls of soft targets at zero."""
        cost = self.cost(free_of_penalty(policy), free_of_penalty(base), share, base_share)
        return replace(cost, penalty_priced=False)


def compare(
    instance: Instance,
    policies: Sequence[Policy],
    options: SolveOptions | None = None,
    *,
    curve: bool | None = None,
) -> Comparison:
    """Return what each policy costs more than the first, on the same retired batteries.

    Parameters
    ----------
    instance
        What is planned for.
    policies
        At least two; the first is the base and must minimise social cost.
    options
        Of every solve; ``formal_share`` holds on both sides (leakage off).
    curve
        Also compare with everything collected, with soft targets priced at zero, and over the
        pass-through of the informal channel. None: where the network is small enough to list every arc.

    Raises
    ------
    UsageError
        Where there is nothing to compare, or the base minimises private cost.
    NoSolutionError
        Where a limit comes before the base has a plan (StoppedError: ``options.stop``). Later, what
        has a plan is compared, and ``Comparison.unsolved`` says what has none.
    CheckError
        Where two plans are not for the same batteries.
    """
    options = options or SolveOptions()
    _refuse_meaningless(policies)
    base, others = policies[0], policies[1:]
    solver = _Solver(instance, options)
    share = options.formal_share
    if share is None:
        share = instance.settings.leakage.formal_share
    solutions = {base.name: solver.solution(base, share)}
    unsolved: dict[str, str] = {}
    solutions |= _each(others, lambda policy: solver.solution(policy, share), unsolved)
    planned = [policy for policy in others if policy.name in solutions]
    headline = _each(planned, lambda policy: solver.fair_cost(policy, base, share, share), unsolved)
    private = [policy for policy in planned if policy.perspective is Perspective.PRIVATE]
    ranges = _each(private, lambda policy: solver.social_bounds(policy, share), unsolved)
    comparison = Comparison(solutions, ranges, tuple(headline.values()), unsolved=unsolved)
    if options.stop.is_set() or curve is False:
        return comparison
    if curve is None and lists_short_arcs(instance, options):
        return replace(comparison, notes=(LINES_LEFT_OUT,))
    return _with_further_lines(comparison, solver, base, planned, share)


def _each(
    policies: Sequence[Policy], find: Callable[[Policy], Found], unsolved: dict[str, str]
) -> dict[str, Found]:
    """Return what is found for each policy, by name; where a limit came before, note why."""
    found = {}
    for policy in policies:
        try:
            found[policy.name] = find(policy)
        except NoSolutionError as error:
            unsolved.setdefault(policy.name, str(error))
    return found


def _with_further_lines(
    comparison: Comparison, solver: _Solver, base: Policy, others: Sequence[Policy], share: float
) -> Comparison:
    """Return the comparison with the lines beside the headline, with looser limits.

    Social policies only: what a private plan costs society is a range already.
    """
    quick = replace(
        solver.options,
        gap=max(solver.options.gap, FURTHER_GAP),
        time_limit_s=min(solver.options.time_limit_s, FURTHER_TIME_LIMIT_S),
    )
    beside = replace(solver, options=quick)
    social = [policy for policy in others if policy.perspective is Perspective.SOCIAL]
    has_targets = any(has_soft_targets(solver.instance, policy) for policy in (base, *social))
    priced = social if has_targets else []
    notes: list[str] = []
    return replace(
        comparison,
        full_collection=_each_or_note(
            "everything collected formally",
            {policy.name: partial(beside.fair_cost, policy, base, 1.0, 1.0) for policy in social},
            notes,
        ),
        without_penalty=_each_or_note(
            "missed targets at zero",
            {
                policy.name: partial(beside.penalty_free_cost, policy, base, share, share)
                for policy in priced
            },
            notes,
        ),
        curve=_each_or_note("over the pass-through", _curve(beside, base, social), notes),
        notes=tuple(notes),
    )


def _each_or_note(
    line: str, points: Mapping[str, Callable[[], Cost]], notes: list[str]
) -> tuple[Cost, ...]:
    """Return the costs of a further line; where a solve has no plan, note why and go on."""
    costs = []
    for name, point in points.items():
        try:
            costs.append(point())
        except StoppedError:
            notes.append(f"{line}, {name} and what follows: interrupted")
            break
        except (InfeasibleError, NoSolutionError) as error:
            notes.append(f"{line}, {name}: {' '.join(str(error).split())}")
    return tuple(costs)


def retired_tonnes_per_year(solution: Solution) -> float:
    """Return the retired mass of a solution: t/yr, annual equivalent over the horizon."""
    weights = solution.instance.period_weights()
    supply = solution.answer.supply
    discounted = supply["retired_tonnes_per_year"] * supply["period"].map(weights).astype(float)
    return float(discounted.sum() / sum(weights.values()))


def _refuse_meaningless(policies: Sequence[Policy]) -> None:
    if len(policies) < 2:
        raise UsageError("a comparison needs at least two policies; the first is the base")
    names = [policy.name for policy in policies]
    if len(set(names)) < len(names):
        raise UsageError(f"two policies of a comparison have the same name: {', '.join(names)}")
    if policies[0].perspective is not Perspective.SOCIAL:
        raise UsageError(f"the base of a comparison must minimise social cost; {names[0]} is private")


def _assert_same_supply(one: Solution, other: Solution) -> None:
    """Refuse to compare plans for other batteries; at one formal share also what leaks is the same."""
    if one.formal_share == other.formal_share:
        names = (f"{one.policy.name}", f"{other.policy.name} (base)")
        differences = check_same_supply(dict(zip(names, (one.answer, other.answer), strict=True)))
        if differences:
            listed = "\n".join(f"  {difference}" for difference in differences[:20])
            raise CheckError(f"the compared plans are not for the same batteries:\n{listed}")
    keys = ["source", "commodity", "period"]
    ours, theirs = (s.answer.supply.set_index(keys)["retired_tonnes_per_year"] for s in (one, other))
    if not ours.sort_index().equals(theirs.sort_index()):
        raise CheckError("the compared plans are not for the same retired batteries")


def _curve(solver: _Solver, base: Policy, others: Sequence[Policy]) -> dict[str, Callable[[], Cost]]:
    """Return, to be solved, the costs at the formal shares that each pass-through leads to."""
    leakage = solver.instance.settings.leakage
    frictions = {
        policy.digest: friction_cny_per_tonne(compose(policy, solver.instance), solver.instance)
        for policy in (base, *others)
    }

    def at(pass_through: float, policy: Policy) -> Cost:
        share, base_share = (
            round(formal_share(leakage, frictions[side.digest], pass_through), SHARE_DIGITS)
            for side in (policy, base)
        )
        return replace(solver.fair_cost(policy, base, share, base_share), pass_through=pass_through)

    return {
        f"{policy.name} at {pass_through:g}": partial(at, pass_through, policy)
        for pass_through in PASS_THROUGHS
        for policy in others
    }
