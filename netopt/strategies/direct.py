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
from netopt.formulation.build import build_model
from netopt.formulation.compile import compile_model
from netopt.formulation.extract import decisions
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_gross_costs
from netopt.solution.ledger import build_ledger
from netopt.solution.options import Progress
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
    began = time.monotonic()
    options.tell("building the model")
    form = compile_model(build_model(network, perspective, without=without))
    build_time_s = time.monotonic() - began
    options.tell("linear relaxation")
    settings = _highs_options(options, began)
    relaxed = _solved(highs.solve_form(form, settings, relaxed=True, stop=options.stop))
    gross_per_column, gross_constant = by_column(form, unit_gross_costs(network))
    gross_estimate = float(gross_per_column @ _point(relaxed)) + gross_constant
    result = _branch_and_bound(form, options, gross_estimate, began)
    result = replace(result, bound=max(result.bound, relaxed.bound))
    values = polished(form, _point(result), options)
    found = decisions(network, form, values)
    ledger = build_ledger(network, found)
    outcome = outcome_of(network, perspective, options, form, result, ledger, _source(result))
    timed = replace(
        outcome, build_time_s=build_time_s, solve_time_s=time.monotonic() - began - build_time_s
    )
    agree(form, values, timed)
    return Found(found, ledger, timed, form, network)


def _branch_and_bound(
    form: StandardForm, options: SolveOptions, gross_estimate: float, began: float
) -> BackendResult:
    absolute_gap = GAP_SAFETY * options.gap * gross_estimate / OBJECTIVE_UNIT_CNY
    settings = _highs_options(options, began) | {"mip_abs_gap": absolute_gap, "mip_rel_gap": 0.0}
    tell = _progress(options, gross_estimate)
    return _solved(highs.solve_form(form, settings, on_progress=tell, stop=options.stop))


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
