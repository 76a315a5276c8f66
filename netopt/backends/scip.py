"""SCIP as a second opinion: the same standard form, an independent solver, the same honesty.

It is an optional dependency and imported only when asked for. It returns points and bounds, no duals.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netopt.backends.result import BackendResult, BackendStatus
from netopt.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from netopt.solution.form import StandardForm

POINT_TOLERANCE: Final = 1e-5
"""Largest violation of a row, bound or whole number that a point may have, scaled by ``max(1, size)``."""

TELL_S: Final = 1.0
"""How often the bound is told (s)."""

_STATUS: Final[dict[str, BackendStatus]] = {
    "optimal": BackendStatus.OPTIMAL,
    "gaplimit": BackendStatus.OPTIMAL,
    "timelimit": BackendStatus.LIMIT,
    "nodelimit": BackendStatus.LIMIT,
    "totalnodelimit": BackendStatus.LIMIT,
    "stallnodelimit": BackendStatus.LIMIT,
    "sollimit": BackendStatus.LIMIT,
    "bestsollimit": BackendStatus.LIMIT,
    "restartlimit": BackendStatus.LIMIT,
    "memlimit": BackendStatus.LIMIT,
    "primallimit": BackendStatus.LIMIT,
    "duallimit": BackendStatus.LIMIT,
    "userinterrupt": BackendStatus.INTERRUPTED,
    "terminate": BackendStatus.INTERRUPTED,
    "infeasible": BackendStatus.INFEASIBLE,
    "unbounded": BackendStatus.UNBOUNDED,
}


def version() -> str:
    """Return the version of SCIP in use; SolverError where it is not installed."""
    solver = _pyscipopt().Model()
    return f"{solver.getMajorVersion()}.{solver.getMinorVersion()}.{solver.getTechVersion()}"


def solve_form(
    form: StandardForm,
    options: Mapping[str, bool | int | float | str],
    *,
    relaxed: bool = False,
    on_progress: Callable[[float, float | None, float | None, int], None] | None = None,
) -> BackendResult:
    """Solve a standard form with SCIP.

    Parameters
    ----------
    form
        The compiled model.
    options
        SCIP parameters by name, for example ``limits/time``; an unknown one is a SolverError. With
        ``limits/gap`` or ``limits/absgap``, ``OPTIMAL`` means proven within that gap.
    relaxed
        Solve the linear relaxation.
    on_progress
        Called at every better plan and about once a second with seconds since the model was handed over,
        incumbent, bound (in the form's unit; None: none yet) and nodes.

    Raises
    ------
    SolverError
        Where SCIP is not installed, refuses an option, ends in a state that proves nothing, or
        returns a point that the standard form does not allow.
    """
    scip = _pyscipopt()
    solver = scip.Model("netopt")
    solver.hideOutput()
    for name, value in options.items():
        _set_option(solver, name, value)
    columns = _hand_over(scip, solver, form, relaxed=relaxed)
    if on_progress is not None:
        _report_progress(scip, solver, on_progress)
    solver.optimize()
    return _result(solver, form, columns, relaxed=relaxed)


def _pyscipopt() -> Any:
    try:
        import pyscipopt  # noqa: PLC0415 - optional: only a second opinion needs it
    except ImportError as error:
        raise SolverError("SCIP is not installed: pip install pyscipopt") from error
    return pyscipopt


def _set_option(solver: Any, name: str, value: bool | int | float | str) -> None:
    try:
        solver.setParam(name, value)
    except (KeyError, LookupError, TypeError, ValueError) as error:
        raise SolverError(f"SCIP refuses the option {name} = {value!r}: {error}") from error


def _hand_over(scip: Any, solver: Any, form: StandardForm, *, relaxed: bool) -> list[Any]:
    whole = np.zeros(len(form.columns), dtype=bool) if relaxed else form.is_integer
    columns = [
        solver.addVar(lb=_finite(lower), ub=_finite(upper), obj=float(cost), vtype="I" if is_whole else "C")
        for lower, upper, cost, is_whole in zip(form.lower, form.upper, form.cost, whole, strict=True)
    ]
    solver.addObjoffset(form.offset)
    rows = form.matrix.tocsr()
    for number, (lower, upper) in enumerate(zip(form.row_lower, form.row_upper, strict=True)):
        terms = slice(rows.indptr[number], rows.indptr[number + 1])
        pairs = zip(rows.indices[terms], rows.data[terms], strict=True)
        _add_row(scip, solver, [(columns[index], float(value)) for index, value in pairs], lower, upper)
    return columns


def _add_row(scip: Any, solver: Any, terms: list[tuple[Any, float]], lower: float, upper: float) -> None:
    if not terms:
        # SCIP takes no row without variables; one fixed at 0 stands in for the empty sum.
        terms = [(solver.addVar(lb=0.0, ub=0.0), 1.0)]
    total = scip.quicksum(value * column for column, value in terms)
    if lower == upper:
        solver.addCons(total == float(lower))
        return
    if np.isfinite(lower):
        solver.addCons(total >= float(lower))
    if np.isfinite(upper):
        solver.addCons(total <= float(upper))


def _report_progress(
    scip: Any, solver: Any, on_progress: Callable[[float, float | None, float | None, int], None]
) -> None:
    """Tell every better plan at once, and otherwise the bound about once a second."""
    better, solved = scip.SCIP_EVENTTYPE.BESTSOLFOUND, scip.SCIP_EVENTTYPE.LPSOLVED
    began = time.monotonic()

    class Reporter(scip.Eventhdlr):  # type: ignore[misc]
        told_s = -TELL_S

        def eventinit(self) -> None:
            for kind in (better, solved):
                self.model.catchEvent(kind, self)

        def eventexit(self) -> None:
            for kind in (better, solved):
                self.model.dropEvent(kind, self)

        def eventexec(self, event: Any) -> None:
            now_s = time.monotonic() - began
            if event.getType() != better and now_s - self.told_s < TELL_S:
                return
            self.told_s = now_s
            # SCIP's own primal bound is still that of the plan before, when it tells of a better one.
            has_plan = solver.getNSols() > 0
            incumbent = float(solver.getSolObjVal(solver.getBestSol())) if has_plan else None
            bound = float(solver.getDualbound())
            known = None if solver.isInfinity(abs(bound)) else bound
            on_progress(now_s, incumbent, known, int(solver.getNTotalNodes()))

    solver.includeEventhdlr(Reporter(), "reporter", "tells incumbent and bound")


def _finite(bound: float) -> float | None:
    return float(bound) if np.isfinite(bound) else None


def _result(solver: Any, form: StandardForm, columns: list[Any], *, relaxed: bool) -> BackendResult:
    said = solver.getStatus()
    status = _STATUS.get(said)
    if status is None:
        raise SolverError(f"SCIP ended with '{said}', which proves nothing")
    has_point = solver.getNSols() > 0 and status is not BackendStatus.UNBOUNDED
    point = _point(solver, columns) if has_point else None
    if point is not None:
        _trust(form, point, relaxed=relaxed)
    if point is None and status is BackendStatus.OPTIMAL:
        raise SolverError("SCIP says optimal and has no point")
    return BackendResult(
        status=status,
        point=point,
        objective=None if point is None else form.objective(point),
        bound=_bound(solver, status),
        n_nodes=int(solver.getNTotalNodes()),
        solver="SCIP",
        solver_version=version(),
    )


def _point(solver: Any, columns: list[Any]) -> NDArray[np.float64]:
    best = solver.getBestSol()
    return np.array([solver.getSolVal(best, column) for column in columns], dtype=float)


def _bound(solver: Any, status: BackendStatus) -> float:
    """Return the proven lower bound: -inf where none is proven, inf where no point exists."""
    if status is BackendStatus.INFEASIBLE:
        return np.inf
    bound = float(solver.getDualbound())
    is_proven = status is not BackendStatus.UNBOUNDED and not solver.isInfinity(-bound)
    return bound if is_proven else -np.inf


def _trust(form: StandardForm, point: NDArray[np.float64], *, relaxed: bool) -> None:
    """Refuse a point that breaks a row, a bound or a whole number of the form itself."""
    sums = form.matrix @ point
    broken = [
        _excess(sums, form.row_lower, form.row_upper),
        _excess(point, form.lower, form.upper),
        0.0 if relaxed else _excess(point, np.round(point), np.round(point), where=form.is_integer),
    ]
    worst = max(broken)
    if not worst <= POINT_TOLERANCE:
        raise SolverError(f"SCIP returns a point that breaks the model by {worst:.2g}")


def _excess(
    values: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    where: NDArray[np.bool_] | None = None,
) -> float:
    """Return the largest excess over bounds, each scaled by ``max(1, |bound|)``; 0 where there is none."""
    below = (lower - values) / np.maximum(1.0, np.where(np.isfinite(lower), np.abs(lower), 1.0))
    above = (values - upper) / np.maximum(1.0, np.where(np.isfinite(upper), np.abs(upper), 1.0))
    excess = np.maximum(below, above)
    if where is not None:
        excess = excess[where]
    return float(max(0.0, excess.max(initial=0.0))) if np.isfinite(values).all() else np.inf
