"""The direct strategy: hand the whole model to a solver, then polish its plan.

Nothing is pruned, so the solver's bound holds for the whole network.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netopt.backends import highs
from netopt.backends.result import BackendResult, BackendStatus
from netopt.errors import InfeasibleError, NoSolutionError, SolverError, StoppedError, UnboundedError
from netopt.formulation.build import build_model
from netopt.formulation.compile import compile_model
from netopt.formulation.extract import Decisions, decisions
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_gross_costs
from netopt.solution.ledger import build_ledger, gross_cost, ledger_total
from netopt.solution.options import Progress
from netopt.solution.outcome import Outcome, Status, gap_of
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from netopt.accounts import Perspective
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions

GAP_SAFETY: Final = 0.8
"""Share of the wanted gap that is asked for, as gross cost is an estimate until a plan is known."""


@dataclass(frozen=True)
class Found:
    """A plan of the direct strategy: decisions by family, their ledger, the outcome."""

    decisions: Decisions
    ledger: pd.DataFrame
    outcome: Outcome
    form: StandardForm


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
    began = time.monotonic()
    options.tell("building the model")
    form = compile_model(build_model(network, perspective, without=without))
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
    values = _polished(form, _point(result), options)
    found = decisions(network, form, values)
    ledger = build_ledger(network, found)
    outcome = _outcome(network, perspective, options, form, result, ledger)
    _agree(form, values, outcome)
    return Found(found, ledger, outcome, form)


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


def _polished(
    form: StandardForm, values: NDArray[np.float64], options: SolveOptions
) -> NDArray[np.float64]:
    """Return the cheapest plan with the same whole decisions, rounded exactly.

    Branch and bound accepts decisions within a tolerance of whole, which lets some tonnes through
    plants that are closed. Fixed at whole values, the remaining linear program has no such leak.
    """
    fixed = values.round()
    whole = replace(
        form,
        lower=np.where(form.is_integer, fixed, form.lower),
        upper=np.where(form.is_integer, fixed, form.upper),
    )
    settings = {"threads": options.threads, "random_seed": options.seed}
    result = highs.solve_form(whole, settings, relaxed=True)
    if result.status is not BackendStatus.OPTIMAL or result.point is None:
        raise SolverError(f"the plan does not survive rounding its decisions ({result.status})")
    return np.where(form.is_integer, fixed, np.clip(result.point, form.lower, form.upper))


def _outcome(
    network: Network,
    perspective: Perspective,
    options: SolveOptions,
    form: StandardForm,
    result: BackendResult,
    ledger: pd.DataFrame,
) -> Outcome:
    upper = ledger_total(ledger, network.period_weights, perspective)
    gross = gross_cost(ledger, network.period_weights)
    lower = result.bound * OBJECTIVE_UNIT_CNY
    tolerance = MONEY_TOLERANCE * max(1.0, gross)
    if lower > upper + tolerance:
        raise SolverError(
            f"{result.solver}'s bound {lower:.2f} lies above its plan's cost {upper:.2f} CNY a year"
        )
    lower = min(lower, upper)
    gap = gap_of(lower, upper, gross)
    return Outcome(
        status=_status(result, gap, options.gap),
        lower_bound_cny_per_year=lower,
        upper_bound_cny_per_year=upper,
        gross_cost_cny_per_year=gross,
        gap=gap,
        gap_target=options.gap,
        bound_source=f"{result.solver} {result.solver_version} branch and bound over the whole network",
        solver=result.solver,
        solver_version=result.solver_version,
        n_rows=form.shape[0],
        n_columns=form.shape[1],
        n_binaries=int(form.is_integer.sum()),
        n_nodes=result.n_nodes,
        build_time_s=0.0,
        solve_time_s=0.0,
        peak_memory_mib=_peak_memory_mib(),
        threads=options.threads,
        seed=options.seed,
    )


def _status(result: BackendResult, gap: float, wanted: float) -> Status:
    if gap <= max(wanted, MONEY_TOLERANCE):
        return Status.OPTIMAL
    return Status.INTERRUPTED if result.status is BackendStatus.INTERRUPTED else Status.LIMIT


def _agree(form: StandardForm, values: NDArray[np.float64], outcome: Outcome) -> None:
    """Refuse a plan whose ledger does not add up to the model's objective."""
    objective = form.objective(values) * OBJECTIVE_UNIT_CNY
    ledger = outcome.upper_bound_cny_per_year
    if abs(objective - ledger) > MONEY_TOLERANCE * max(1.0, outcome.gross_cost_cny_per_year):
        raise SolverError(
            f"the ledger adds up to {ledger:.2f}, the objective is {objective:.2f} CNY a year"
        )


def _peak_memory_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0**2 if sys.platform == "darwin" else 1024.0)
