"""The main job: what policies cost more than the base, as proven intervals with their conditions."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from netopt.accounts import Perspective
from netopt.analysis.cost import Cost
from netopt.analysis.formal_shares import collected_share_under, share_alike
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
from netopt.solution.options import SolveOptions, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from threading import Event

    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.solution import Solution

    _Case = tuple[str, float]
    Bounds = tuple[float, float]

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


@dataclass(frozen=True)
class _Difference:
    """A cost to be found: of a policy beyond a base, each at its formal share.

    ``is_priced`` unless shortfalls of soft targets count at zero.
    """

    policy: Policy
    base: Policy
    share: float
    base_share: float
    is_priced: bool = True
    pass_through: float | None = None

    def sides(self, instance: Instance) -> tuple[Policy, Policy, tuple[str, ...]]:
        """Return the policy, the base, and which of the base's targets are lessened.

        A policy without the base's targets misses none: their price would sell that as a gain. So the
        base's missed targets count as far as the policy has them too.
        """
        if not self.is_priced:
            return free_of_penalty(self.policy), free_of_penalty(self.base), ()
        return self.policy, *as_far_as_in(self.base, self.policy, instance)


@dataclass
class _Solver:
    """Solves each policy at each formal share once, as many at a time as ``pool`` has threads.

    ``stop`` is the caller's, ``options.stop`` that of the solves, which it sets too.
    """

    instance: Instance
    options: SolveOptions
    pool: ThreadPoolExecutor
    stop: Event
    known: dict[_Case, Future[Solution]] = field(default_factory=dict)
    ranges: dict[_Case, Future[Bounds]] = field(default_factory=dict)

    def begin(self, policies: Iterable[Policy], share: float) -> None:
        """Solve policies as soon as threads are free."""
        for policy in policies:
            self._solution(policy, share)

    def begin_difference(self, asked: _Difference) -> None:
        """Solve both sides of a difference, and then bound the social cost of a private plan."""
        policy, base, _ = asked.sides(self.instance)
        self._solution(policy, asked.share)
        self._solution(base, asked.base_share)
        if policy.perspective is Perspective.PRIVATE:
            self._range(policy, asked.share)

    def _solution(self, policy: Policy, share: float) -> Future[Solution]:
        key = (policy.digest, share)
        if key not in self.known:
            options = replace(self.options, formal_share=share, with_social_range=True)
            self.known[key] = self.pool.submit(solve, self.instance, policy, options)
        return self.known[key]

    def _range(self, policy: Policy, share: float) -> Future[Bounds]:
        key = (policy.digest, share)
        if key not in self.ranges:
            planned = self._solution(policy, share)
            self.ranges[key] = self.pool.submit(_social_range, planned, self.options)
        return self.ranges[key]

    def solution(self, policy: Policy, share: float) -> Solution:
        """Return the policy's solution, or raise what its solve raised."""
        return waited_for(self._solution(policy, share), self.stop)

    def social_bounds(self, policy: Policy, share: float) -> Bounds:
        """Return lower and upper bound of the policy's social cost (CNY a year)."""
        if policy.perspective is Perspective.PRIVATE:
            return waited_for(self._range(policy, share), self.stop)
        outcome = self.solution(policy, share).outcome
        return outcome.lower_bound_cny_per_year, outcome.upper_bound_cny_per_year

    def cost(self, asked: _Difference) -> Cost:
        """Return a difference. What a policy misses of targets of its own it costs."""
        policy, base, lessened = asked.sides(self.instance)
        low, high = self.social_bounds(policy, asked.share)
        base_low, base_high = self.social_bounds(base, asked.base_share)
        planned, other = self.solution(base, asked.base_share), self.solution(policy, asked.share)
        _assert_same_supply(other, planned)
        missed, own = own_shortfall_cny_per_year(other, asked.base)
        return Cost(
            policy=policy.name,
            base=base.name,
            low_cny_per_year=low - base_high,
            high_cny_per_year=high - base_low,
            retired_tonnes_per_year=retired_tonnes_per_year(planned),
            base_gross_cny_per_year=planned.outcome.gross_cost_cny_per_year,
            formal_share=collected_share_under(self.instance, policy, asked.share),
            base_formal_share=collected_share_under(self.instance, base, asked.base_share),
            pass_through=asked.pass_through,
            penalty_priced=asked.is_priced and not lessened,
            lessened_targets=lessened,
            own_targets=own,
            own_shortfall_cny_per_year=missed,
        )


def waited_for(future: Future[Found], stop: Event) -> Found:
    """Return what a future brings; Ctrl-C sets ``stop``, which lets solves end with what they have.

    Raises
    ------
    KeyboardInterrupt
        Where ``stop`` was set before.
    """
    while True:
        try:
            return future.result()
        except KeyboardInterrupt:
            if stop.is_set():
                raise
            stop.set()


def _social_range(planned: Future[Solution], options: SolveOptions) -> Bounds:
    solution = planned.result()
    return solution.social_range_cny_per_year or social_range(solution, options)


@contextmanager
def _solver(instance: Instance, options: SolveOptions) -> Iterator[_Solver]:
    """Yield a solver whose solves end with the block that asks it.

    Policies are solved side by side, each by one thread of the solver where there are enough: branch and
    bound gains little from a second.
    """
    stop = Stop(options.stop)
    n_at_a_time = max(1, options.threads)
    alone = replace(options, threads=1, stop=stop) if n_at_a_time > 1 else replace(options, stop=stop)
    with ThreadPoolExecutor(n_at_a_time, thread_name_prefix="solve") as pool:
        try:
            yield _Solver(instance, alone, pool, options.stop)
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


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

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> policies = [netopt.read_policy(name, toy) for name in ("unified", "mandates")]
    >>> found = netopt.compare(toy, policies, curve=False)
    >>> [cost] = found.headline
    >>> print(f"{cost.policy}: {cost.low_cny_per_year:,.0f} to {cost.high_cny_per_year:,.0f} CNY a year")
    mandates: 6,110,900 to 6,110,900 CNY a year
    >>> list(found.solutions)
    ['unified', 'mandates']
    """
    options = options or SolveOptions()
    _refuse_meaningless(policies)
    share = options.formal_share
    if share is None:
        share = instance.settings.leakage.formal_share
    with _solver(instance, options) as solver:
        comparison = _headline(solver, policies, share)
        if options.stop.is_set() or curve is False:
            return comparison
        if curve is None and lists_short_arcs(instance, policies[0], options):
            return replace(comparison, notes=(LINES_LEFT_OUT,))
        return _with_further_lines(comparison, solver, policies, share)


def _headline(solver: _Solver, policies: Sequence[Policy], share: float) -> Comparison:
    """Return the comparison with leakage off, all policies at one formal share."""
    base, others = policies[0], policies[1:]
    asked = {policy.name: _Difference(policy, base, share, share) for policy in others}
    solver.begin(policies, share)
    for difference in asked.values():
        solver.begin_difference(difference)
    unsolved: dict[str, str] = {}
    solutions = {base.name: solver.solution(base, share)}
    solutions |= _each(others, lambda policy: solver.solution(policy, share), unsolved)
    planned = [policy for policy in others if policy.name in solutions]
    headline = _each(planned, lambda policy: solver.cost(asked[policy.name]), unsolved)
    private = [policy for policy in planned if policy.perspective is Perspective.PRIVATE]
    ranges = _each(private, lambda policy: solver.social_bounds(policy, share), unsolved)
    return Comparison(solutions, ranges, tuple(headline.values()), unsolved=unsolved)


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
    comparison: Comparison, solver: _Solver, policies: Sequence[Policy], share: float
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
    base, instance = policies[0], solver.instance
    social = [
        policy
        for policy in policies[1:]
        if policy.name in comparison.solutions and policy.perspective is Perspective.SOCIAL
    ]
    has_targets = any(has_soft_targets(instance, policy) for policy in (base, *social))
    priced = social if has_targets else []
    lines = {
        "everything collected formally": {
            policy.name: _Difference(policy, base, 1.0, 1.0) for policy in social
        },
        "missed targets at zero": {
            policy.name: _Difference(policy, base, share, share, is_priced=False) for policy in priced
        },
        "over the pass-through": _curve(instance, base, social),
    }
    for points in lines.values():
        for point in points.values():
            beside.begin_difference(point)
    notes: list[str] = []
    found = [_each_or_note(line, points, beside, notes) for line, points in lines.items()]
    full_collection, without_penalty, curve = found
    return replace(
        comparison,
        full_collection=full_collection,
        without_penalty=without_penalty,
        curve=curve,
        notes=tuple(notes),
    )


def _each_or_note(
    line: str, points: Mapping[str, _Difference], solver: _Solver, notes: list[str]
) -> tuple[Cost, ...]:
    """Return the costs of a further line; where a solve has no plan, note why and go on."""
    costs = []
    for name, point in points.items():
        try:
            costs.append(solver.cost(point))
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
    """Refuse to compare plans for other batteries, and with like shares for like leaks."""
    sides = ((one.policy, one.formal_share), (other.policy, other.formal_share))
    if share_alike(*sides, one.instance):
        names = (f"{one.policy.name}", f"{other.policy.name} (base)")
        differences = check_same_supply(dict(zip(names, (one.answer, other.answer), strict=True)))
        if differences:
            listed = "\n".join(f"  {difference}" for difference in differences[:20])
            raise CheckError(f"the compared plans are not for the same batteries:\n{listed}")
    keys = ["source", "commodity", "period"]
    ours, theirs = (s.answer.supply.set_index(keys)["retired_tonnes_per_year"] for s in (one, other))
    if not ours.sort_index().equals(theirs.sort_index()):
        raise CheckError("the compared plans are not for the same retired batteries")


def _curve(instance: Instance, base: Policy, others: Sequence[Policy]) -> dict[str, _Difference]:
    """Return what to ask at the formal shares that each pass-through leads to."""
    leakage = instance.settings.leakage
    frictions = {
        policy.digest: friction_cny_per_tonne(compose(policy, instance), instance)
        for policy in (base, *others)
    }

    def at(pass_through: float, policy: Policy) -> _Difference:
        share, base_share = (
            round(formal_share(leakage, frictions[side.digest], pass_through), SHARE_DIGITS)
            for side in (policy, base)
        )
        return _Difference(policy, base, share, base_share, pass_through=pass_through)

    return {
        f"{policy.name} at {pass_through:g}": at(pass_through, policy)
        for pass_through in PASS_THROUGHS
        for policy in others
    }
