"""The direct strategy: hand the whole model to a solver, then polish its plan.

Nothing is pruned, so the solver's bound holds for the whole network.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from netopt.backends import highs
from netopt.backends.result import BackendResult, BackendStatus
from netopt.errors import InfeasibleError, NoSolutionError, StoppedError, UnboundedError
from netopt.formulation.compile import standard_form
from netopt.formulation.extract import decisions
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_gross_costs
from netopt.solution.ledger import build_ledger
from netopt.solution.options import Progress
from netopt.solution.outcome import Status
from netopt.strategies.finish import Found, agree, outcome_of, polished

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from netopt.accounts import Perspective
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions

GAP_SAFETY: Final = 0.8
"""Share of the wanted gap that is asked for, as gross cost is an estimate until a plan is known."""


def solve_direct(
    network: Network,
    perspective: Perspective,
    options: SolveOptions,
    *,
    without: frozenset[str] = frozenset(),
) -> Found:
    """Solve the whole network with HiGHS and return a polished plan with its bounds.

    Raises
    ------
    InfeasibleError
        Where no plan exists; the pipeline explains why.
    NoSolutionError
        Where a limit came before any plan; StoppedError where the user did.
    UnboundedError
        Where something earns without end; the pipeline names it.
    SolverError
        Where the solver fails or contradicts the ledger.
    """
    options.tell("building the model")
    began = time.monotonic()
    form = standard_form(network, perspective, without=without, stop=options.stop)
    build_time_s = time.monotonic() - began
    options.tell("linear relaxation")
    settings = _highs_options(options, began)
    relaxed = _solved(highs.solve_form(form, settings, relaxed=True, stop=options.stop))
    gross_per_column, gross_constant = by_column(form, unit_gross_costs(network))
    gross = float(gross_per_column @ _point(relaxed)) + gross_constant
    result = _solved(_branch_and_bound(form, options, gross, began))
    result = replace(result, bound=max(result.bound, relaxed.bound))
    plan = _plan(network, perspective, options, form, result)
    while _is_worth_going_on(plan, result, options, gross, began):
        gross = plan.outcome.gross_cost_cny_per_year
        more = _branch_and_bound(form, options, gross, began, start=_point(result))
        result = _better(result, more)
        plan = _plan(network, perspective, options, form, result)
    solve_time_s = time.monotonic() - began - build_time_s
    outcome = replace(plan.outcome, build_time_s=build_time_s, solve_time_s=solve_time_s)
    return replace(plan, outcome=outcome)


def _branch_and_bound(
    form: StandardForm,
    options: SolveOptions,
    gross_cny_per_year: float,
    began: float,
    start: NDArray[np.float64] | None = None,
) -> BackendResult:
    absolute_gap = GAP_SAFETY * options.gap * gross_cny_per_year / OBJECTIVE_UNIT_CNY
    settings = _highs_options(options, began) | {"mip_abs_gap": absolute_gap, "mip_rel_gap": 0.0}
    tell = _progress(options, gross_cny_per_year)
    return highs.solve_form(form, settings, start=start, on_progress=tell, stop=options.stop)


def _is_worth_going_on(
    plan: Found, result: BackendResult, options: SolveOptions, asked_gross: float, began: float
) -> bool:
    """Whether the solver met the gap it was asked for, but the plan's own gross cost makes it too wide.

    The relaxation's gross cost, or that of an earlier plan, was the larger: with the plan's own the
    absolute gap is tighter each time, so this comes to an end.
    """
    met_what_was_asked = result.status is BackendStatus.OPTIMAL
    in_time = time.monotonic() - began < options.time_limit_s
    misses = plan.outcome.status is not Status.OPTIMAL
    return met_what_was_asked and misses and in_time and plan.outcome.gross_cost_cny_per_year < asked_gross


def _better(known: BackendResult, more: BackendResult) -> BackendResult:
    """Return the better plan of two solves of one form with the better bound; how the later ended."""
    has_plan = more.point is not None and more.objective is not None and known.objective is not None
    best = more if has_plan and more.objective <= known.objective else known  # type: ignore[operator]
    return replace(
        best,
        status=more.status,
        bound=max(known.bound, more.bound),
        n_nodes=known.n_nodes + more.n_nodes,
    )


def _plan(
    network: Network,
    perspective: Perspective,
    options: SolveOptions,
    form: StandardForm,
    result: BackendResult,
) -> Found:
    """Return the polished plan of a result with its ledger and its bounds; times are not yet known."""
    values = polished(form, _point(result), options)
    found = decisions(network, form, values)
    ledger = build_ledger(network, found)
    outcome = outcome_of(network, perspective, options, form, result, ledger, _source(result))
    agree(form, values, outcome)
    return Found(found, ledger, outcome, form, network)


def _highs_options(options: SolveOptions, began: float) -> dict[str, bool | int | float | str]:
    remaining_s = max(0.1, options.time_limit_s - (time.monotonic() - began))
    own = {"threads": options.threads, "random_seed": options.seed, "time_limit": remaining_s}
    return {**options.solver_options, **own}


def _progress(
    options: SolveOptions, gross_estimate: float
) -> Callable[[float, float | None, float | None, int], None] | None:
    if options.on_progress is None:
        return None
    tell = options.on_progress

    def report(time_s: float, incumbent: float | None, bound: float | None, n_nodes: int) -> None:
        scaled = [None if value is None else value * OBJECTIVE_UNIT_CNY for value in (incumbent, bound)]
        known = incumbent is not None and bound is not None and gross_estimate > 0
        gap = (incumbent - bound) * OBJECTIVE_UNIT_CNY / gross_estimate if known else None  # type: ignore[operator]
        tell(Progress(time_s, scaled[0], scaled[1], gap, n_nodes))

    return report


def _solved(result: BackendResult) -> BackendResult:
    """Return the result if it has a point; otherwise say what there is instead of a plan."""
    if result.status is BackendStatus.INFEASIBLE:
        raise InfeasibleError("no plan satisfies every constraint")
    if result.status is BackendStatus.UNBOUNDED:
        raise UnboundedError("some chain of recipes and sales earns without end")
    if result.point is None and result.status is BackendStatus.INTERRUPTED:
        raise StoppedError("interrupted before any plan was found")
    if result.point is None:
        raise NoSolutionError(f"{result.solver} ended ({result.status}) before it found any plan")
    return result


def _point(result: BackendResult) -> NDArray[np.float64]:
    if result.point is None:
        raise NoSolutionError("no plan was found")
    return result.point


def _source(result: BackendResult) -> str:
    return f"{result.solver} {result.solver_version} branch and bound over the whole network"
