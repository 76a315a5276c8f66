"""From an instance and a policy to a checked solution: the only way in to the solver's rooms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from netopt.accounts import Perspective
from netopt.data.given import with_given_supply
from netopt.errors import (
    CheckError,
    InfeasibleError,
    InstanceError,
    NoSolutionError,
    StoppedError,
    UnboundedError,
)
from netopt.formulation.compile import standard_form
from netopt.formulation.extract import answer
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.network.build import build_network
from netopt.network.given import given_ranges, match_flows, only_given
from netopt.network.held import barred_openings
from netopt.network.leakage import formal_shares
from netopt.policy.compose import compose
from netopt.policy.read import check_references
from netopt.solution.check import check
from netopt.solution.given import GIVEN_COLUMNS
from netopt.solution.options import Progress, SolveOptions
from netopt.solution.solution import Solution
from netopt.strategies.ceilings import explain_infeasible
from netopt.strategies.choice import program_of, scope_for, solve_network
from netopt.strategies.clock import Clock
from netopt.strategies.direct import solve_direct
from netopt.strategies.explaining.collect import stated_form, wide_network
from netopt.strategies.explaining.infeasible import Infeasibility, why_infeasible
from netopt.strategies.explaining.loops import find_loop
from netopt.strategies.explaining.margins import Margins, margins
from netopt.strategies.figure_range import Effort
from netopt.strategies.figure_range import figure_range as find_range
from netopt.strategies.fixed_design import explain_fixed
from netopt.strategies.given_flows import explain_misfit
from netopt.strategies.social_range import social_range_cny_per_year

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from netopt.data.cells import Table
    from netopt.data.design import Design
    from netopt.data.instance import Instance
    from netopt.data.problems import ProblemLog
    from netopt.formulation.objective import Priced
    from netopt.network.network import Network
    from netopt.policy.base import Policy
    from netopt.solution.form import StandardForm
    from netopt.solution.outcome import Outcome
    from netopt.solution.store import Run
    from netopt.solution.tables import Answer
    from netopt.strategies.explaining.statements import StatedForm
    from netopt.strategies.finish import Found

RANGE_WEIGHTS: Final = (5.0, 25.0, 125.0)
RANGE_TOLERANCE: Final = 5e-3
LEAST_RANGE_TOLERANCE: Final = 1e-5
"""The same at least, of gross cost, where a figure of the plan is near zero."""

RANGE_TIME_LIMIT_S: Final = 60.0
"""How hard ranges of figures are looked for, see ``netopt.strategies.figure_range.Effort``."""


def solve(instance: Instance, policy: Policy, options: SolveOptions | None = None) -> Solution:
    """Return the cheapest plan under a policy, proven to a gap and independently checked.

    Parameters
    ----------
    instance
        Validated; ``options.formal_share`` overrides its formal share.
    policy
        Its perspective decides whose cost is minimised.
    options
        Gap, limits, threads, seed; default ``SolveOptions()``.

    Raises
    ------
    PolicyError
        Where a policy made in Python names ids that the instance does not have.
    InfeasibleError
        Where no plan exists, with the reason in words and the ceiling of each hard rule; where
        ``options.design`` is kept, by how much capacity it falls short if that is why.
    UnboundedError
        Where the tables let something earn without end; it is named.
    NoSolutionError, SolverError
        Where a limit comes before any plan (StoppedError: ``options.stop``); where the solver
        fails or contradicts itself.
    CheckError
        Where the independent checker rejects the plan: it is never returned.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> solution = netopt.solve(toy, netopt.read_policy("unified", toy))
    >>> low, high = solution.outcome.lower_bound_cny_per_year, solution.outcome.upper_bound_cny_per_year
    >>> print(f"between {low:,.0f} and {high:,.0f} CNY a year")
    between -5,531,190 and -5,531,190 CNY a year
    >>> solution.verdict.ok
    True
    """
    options = (options or SolveOptions()).telling(policy.name)
    if options.stop.is_set():
        raise StoppedError("interrupted before it was begun")
    check_references(policy, instance)
    clock = Clock(options)
    options.tell("building the network")
    network = network_of(instance, policy, options)
    try:
        _refuse_barred(network)
        found = solve_network(network, policy.perspective, options)
    except InfeasibleError:
        raise InfeasibleError(_why(network, policy, clock), policy.name) from None
    except UnboundedError:
        raise UnboundedError(_unbounded(network, policy, options)) from None
    solution = _checked(policy, found, options)
    ends = _range_at_once(network, policy, found, options)
    _tell_planned(solution.outcome, options)
    return replace(solution, social_range_cny_per_year=ends)


def _tell_planned(outcome: Outcome, options: SolveOptions) -> None:
    if options.on_progress is None:
        return
    reading = Progress(
        outcome.build_time_s + outcome.solve_time_s,
        outcome.upper_bound_cny_per_year,
        outcome.lower_bound_cny_per_year,
        outcome.gap,
        outcome.n_nodes,
        "planned and checked",
        is_last=True,
    )
    options.on_progress(reading)


def _range_at_once(
    network: Network, policy: Policy, found: Found, options: SolveOptions
) -> tuple[float, float] | None:
    """Return the social range of a private plan while its program is at hand; else None."""
    is_private = policy.perspective is Perspective.PRIVATE
    if found.program is None or not (options.with_social_range and is_private) or options.stop.is_set():
        return None
    try:
        return social_range_cny_per_year(network, found.outcome, options, found.program)
    except NoSolutionError:
        return None


def held_to_flows(
    instance: Instance, policy: Policy, flows: Table, log: ProblemLog, tolerance: float
) -> tuple[Network, pd.DataFrame]:
    """Return the network in which only what is given is shipped, and which arc each given row is.

    Parameters
    ----------
    instance
        Supply becomes what the flows take from sources (``netopt.data.given.with_given_supply``).
    policy
        The rules that hold.
    flows, log
        As ``netopt.data.given.read_flows`` returned and noted them.
    tolerance
        Share (0 to 1) by which a flow may differ from what is given.

    Raises
    ------
    InstanceError
        With every bad row, and every row that is no shipment of the network.
    """
    file, rows = flows.spec.file, flows.frame.assign(line=flows.lines)[flows.sound]
    noted = {problem.row for problem in log.sorted((file,)) if problem.file == file}
    rows = rows[~rows["line"].isin(noted)]
    adapted = with_given_supply(instance, rows, formal_shares(instance, compose(policy, instance)))
    network = build_network(adapted, compose(policy, adapted))
    given = match_flows(network, rows, file, log)
    if problems := log.sorted((file,)):
        raise InstanceError(file, problems)
    return only_given(network, given, tolerance), given


def price_flows(
    network: Network,
    given: pd.DataFrame,
    policy: Policy,
    file: str,
    options: SolveOptions,
    tolerance: float,
) -> Solution:
    """Return the cheapest operation that ships what is given, independently checked.

    Parameters
    ----------
    network, given, tolerance
        Of ``held_to_flows``.
    policy
        Whose cost is minimised.
    file
        What the planner calls the flows.
    options
        Gap, limits, threads, seed.

    Raises
    ------
    InfeasibleError
        Where the flows cannot all have been; it says which, row by row.
    NoSolutionError, SolverError, CheckError
        As ``solve``.
    """
    try:
        found = solve_direct(network, policy.perspective, options)
    except InfeasibleError:
        words = explain_misfit(network, policy.name, given, file, options)
        raise InfeasibleError(words, policy.name) from None
    ranges = given_ranges(given, tolerance)
    kept = given.assign(lower_units_per_year=ranges["lower"], upper_units_per_year=ranges["upper"])
    return _checked(policy, found, options, kept[list(GIVEN_COLUMNS)].astype(GIVEN_COLUMNS))


def _checked(
    policy: Policy,
    found: Found,
    options: SolveOptions,
    given_flows: pd.DataFrame | None = None,
) -> Solution:
    """Return a plan as a solution; CheckError where the independent checker rejects it."""
    options.tell("checking the plan")
    network = found.network
    instance, plan = network.instance, answer(network, found.decisions)
    share = instance.settings.leakage.formal_share
    verdict = check(
        instance,
        policy,
        plan,
        found.ledger,
        formal_share=share,
        upper_bound_cny_per_year=found.outcome.upper_bound_cny_per_year,
        design=options.design,
        given_flows=given_flows,
    )
    if not verdict.ok:
        listed = "\n".join(f"  {violation}" for violation in verdict.violations[:20])
        raise CheckError(f"the checker rejects the plan for {instance.name} under {policy.name}:\n{listed}")
    return Solution(
        instance=instance,
        policy=policy,
        formal_share=share,
        answer=plan,
        ledger=found.ledger,
        outcome=_for_design(found.outcome, options.design),
        verdict=verdict,
        dropped_arcs=network.dropped_arcs,
        design=options.design,
        given_flows=given_flows,
    )


def network_of(instance: Instance, policy: Policy, options: SolveOptions) -> Network:
    """Return the network that a solve would be over; its ``scope`` says whether it lists every arc.

    Parameters
    ----------
    instance, policy, options
        As for ``solve``.
    """
    if options.formal_share is not None:
        instance = instance.with_formal_share(options.formal_share)
    effects = compose(policy, instance)
    return build_network(instance, effects, options.design, scope_for(instance, effects, options))


def whole_model(instance: Instance, policy: Policy, options: SolveOptions | None = None) -> StandardForm:
    """Return the whole model of an instance under a policy, every arc listed, for other programs.

    Parameters
    ----------
    instance, policy
        As for ``solve``.
    options
        Its formal share and design hold; default ``SolveOptions()``.

    Returns
    -------
    StandardForm
        The objective is in CNY a year with its constant: its least value is what ``solve`` brackets.
    """
    options = replace(options or SolveOptions(), strategy="direct")
    network = network_of(instance, policy, options)
    form = standard_form(network, policy.perspective, stop=options.stop)
    return replace(form, cost=form.cost * OBJECTIVE_UNIT_CNY, offset=form.offset * OBJECTIVE_UNIT_CNY)


def lists_short_arcs(instance: Instance, policy: Policy, options: SolveOptions) -> bool:
    """Return whether a solve under a policy lists short arcs only and prices all others."""
    return scope_for(instance, compose(policy, instance), options) is not None


def social_range(solution: Solution, options: SolveOptions | None = None) -> tuple[float, float]:
    """Return bounds on the social cost of a policy whose plan minimises private cost.

    Parameters
    ----------
    solution
        Of a policy with the private perspective; a social one has its own bounds.
    options
        Gap and limits of the two solves; default ``SolveOptions()``.

    Returns
    -------
    tuple of float
        Lower bound of the least and upper bound of the greatest social cost (CNY a year) over
        plans whose private cost is at most the incumbent's.

    Raises
    ------
    NoSolutionError
        Where a limit comes before any bound (StoppedError: ``options.stop``).
    """
    options = (options or SolveOptions()).telling(solution.policy.name)
    if options.stop.is_set():
        raise StoppedError("interrupted before its social cost was bounded")
    options.tell("building the model")
    effects = compose(solution.policy, solution.instance)
    scope = scope_for(solution.instance, effects, options)
    network = build_network(solution.instance, effects, solution.design, scope)
    program = program_of(network, Perspective.PRIVATE, options)
    ends = social_range_cny_per_year(network, solution.outcome, options, program)
    _tell_planned(solution.outcome, options)
    return ends


def figure_range(
    plan: Solution | Run,
    goal: Callable[[Priced], pd.Series],
    own_cny_per_year: float,
    what: str,
    options: SolveOptions | None = None,
    *,
    tells_money: bool = True,
) -> tuple[float, float]:
    """Return bounds on a figure over every plan that costs at most what a plan costs.

    Parameters
    ----------
    plan
        A solution, or a run read back, with its bounds; its sites are as free as they were.
    goal
        What one unit of each variable adds to the figure, in CNY a year or what stands for it; index
        ``family, index, period``.
    own_cny_per_year
        The plan's own figure, in the same unit: the ends are found to ``RANGE_TOLERANCE`` of it.
    what
        The figure's name.
    options
        Limits, threads and seed of the solves; default ``SolveOptions()``.
    tells_money
        Whether readings of the solves are money, and told.

    Raises
    ------
    NoSolutionError
        Where a limit comes before any bound (StoppedError: ``options.stop``).
    ValueError
        Where the plan states no bounds.
    """
    outcome = plan.outcome
    if outcome is None:
        raise ValueError("the plan has no bounds")
    options = replace(options or SolveOptions(), formal_share=plan.formal_share, design=plan.design)
    options = options.telling(plan.policy.name)
    network = network_of(plan.instance, plan.policy, options)
    perspective = plan.policy.perspective
    program = program_of(network, perspective, options)
    least = LEAST_RANGE_TOLERANCE * outcome.gross_cost_cny_per_year
    tolerance = max(least, RANGE_TOLERANCE * abs(own_cny_per_year))
    effort = Effort(RANGE_WEIGHTS, tolerance, RANGE_TIME_LIMIT_S, tells_money)
    ends = find_range(network, perspective, outcome, goal, effort, options, what=what, program=program)
    _tell_planned(outcome, options)
    return ends


def infeasibility(
    instance: Instance, policy: Policy, options: SolveOptions | None = None
) -> Infeasibility | None:
    """Return what contradicts what where no plan exists, and what to lift; None where one exists.

    Parameters
    ----------
    instance, policy
        As for ``solve``.
    options
        ``time_limit_s`` is for all programs together; default ``SolveOptions()``.

    Raises
    ------
    NoSolutionError
        Where time runs out before anything is known.
    """
    options = options or SolveOptions()
    if options.formal_share is not None:
        instance = instance.with_formal_share(options.formal_share)
    effects = compose(policy, instance)
    scope = scope_for(instance, effects, options)
    stated = stated_form(instance, effects, policy.perspective, scope=scope)
    return why_infeasible(stated, options)


def operating_margins(
    instance: Instance, policy: Policy, plan: Answer, options: SolveOptions | None = None
) -> tuple[StatedForm, Margins]:
    """Return the statements of a planned instance, and what binds and costs with its sites fixed.

    Parameters
    ----------
    instance
        With the formal share that the plan was made for.
    policy, plan
        What was solved, and the tables of the answer.
    options
        Threads, seed, time limit and the design that the plan was held to; default
        ``SolveOptions()``.

    Raises
    ------
    SolverError
        Where the plan's design cannot be operated.
    """
    options = options or SolveOptions()
    effects = compose(policy, instance)
    scope = scope_for(instance, effects, options)
    if scope is not None:
        scope = scope.with_flows(instance, plan.flows)
    stated = stated_form(instance, effects, policy.perspective, options.design, scope)
    network = wide_network(instance, effects, scope=scope)
    return stated, margins(stated, network, plan, options)


def _refuse_barred(network: Network) -> None:
    if barred_openings(network.held, network.may_build):
        raise InfeasibleError("the design builds what may not be built")


def _why(network: Network, policy: Policy, clock: Clock) -> str:
    """Return in words why no plan exists."""
    clock.options.tell("asking why there is no plan")
    if clock.options.design is not None:
        return explain_fixed(network, policy.name, clock.options.design, clock.options)
    words = explain_infeasible(network.instance, policy.name, network.effects, clock)
    return words if network.scope is None else f"{words}\n{network.scope.caveat}"


def _for_design(outcome: Outcome, design: Design | None) -> Outcome:
    """Return the outcome with bounds that say which design they are for.

    Where every whole decision is held what was solved is a linear program, whatever the strategy.
    """
    if design is None:
        return outcome
    program = f"{outcome.solver} {outcome.solver_version} linear program over the whole network"
    source = f"{outcome.bound_source if outcome.n_binaries else program}, {design}"
    return replace(outcome, bound_source=source, fixed_design=design.digest)


def _unbounded(network: Network, policy: Policy, options: SolveOptions) -> str:
    form = standard_form(network, policy.perspective)
    loop = find_loop(network, form, options)
    opening = f"{network.instance.name} under {policy.name}: costs have no lower bound."
    return f"{opening} {loop}" if loop else f"{opening} What earns without end was not found."
