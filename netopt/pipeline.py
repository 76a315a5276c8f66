"""From an instance and a policy to a checked solution: the only way in to the solver's rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.errors import CheckError, InfeasibleError, StoppedError, UnboundedError
from netopt.formulation.build import build_model
from netopt.formulation.compile import compile_model
from netopt.formulation.extract import answer
from netopt.network.build import build_network
from netopt.policy.compose import compose
from netopt.solution.check import check
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from netopt.strategies.ceilings import explain_infeasible
from netopt.strategies.direct import solve_direct
from netopt.strategies.explaining.collect import stated_form, wide_network
from netopt.strategies.explaining.infeasible import Infeasibility, why_infeasible
from netopt.strategies.explaining.loops import find_loop
from netopt.strategies.explaining.margins import Margins, margins
from netopt.strategies.social_range import social_range_cny_per_year

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.policy.base import Policy
    from netopt.solution.tables import Answer
    from netopt.strategies.explaining.statements import StatedForm


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
    InfeasibleError
        Where no plan exists, with the reason in words and the ceiling of each hard rule.
    UnboundedError
        Where the tables let something earn without end; it is named.
    NoSolutionError, SolverError
        Where a limit comes before any plan (StoppedError: ``options.stop``); where the solver
        fails or contradicts itself.
    CheckError
        Where the independent checker rejects the plan: it is never returned.
    """
    options = (options or SolveOptions()).telling(policy.name)
    if options.stop.is_set():
        raise StoppedError("interrupted before it was begun")
    if options.formal_share is not None:
        instance = instance.with_formal_share(options.formal_share)
    effects = compose(policy, instance)
    options.tell("building the network")
    network = build_network(instance, effects)
    try:
        found = solve_direct(network, policy.perspective, options)
    except InfeasibleError:
        words = explain_infeasible(instance, policy.name, effects, options)
        raise InfeasibleError(words, policy.name) from None
    except UnboundedError:
        raise UnboundedError(_unbounded(network, policy, options)) from None
    options.tell("checking the plan")
    plan = answer(network, found.decisions)
    share = instance.settings.leakage.formal_share
    verdict = check(
        instance,
        policy,
        plan,
        found.ledger,
        formal_share=share,
        upper_bound_cny_per_year=found.outcome.upper_bound_cny_per_year,
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
        outcome=found.outcome,
        verdict=verdict,
        dropped_arcs=network.dropped_arcs,
    )


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
    network = build_network(solution.instance, compose(solution.policy, solution.instance))
    return social_range_cny_per_year(network, solution.outcome, options)


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
    stated = stated_form(instance, compose(policy, instance), policy.perspective)
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
        Threads, seed and time limit; default ``SolveOptions()``.

    Raises
    ------
    SolverError
        Where the plan's design cannot be operated.
    """
    effects = compose(policy, instance)
    stated = stated_form(instance, effects, policy.perspective)
    network = wide_network(instance, effects)
    return stated, margins(stated, network, plan, options or SolveOptions())


def _unbounded(network: Network, policy: Policy, options: SolveOptions) -> str:
    form = compile_model(build_model(network, policy.perspective))
    loop = find_loop(network, form, options)
    opening = f"{network.instance.name} under {policy.name}: costs have no lower bound."
    return f"{opening} {loop}" if loop else f"{opening} What earns without end was not found."
