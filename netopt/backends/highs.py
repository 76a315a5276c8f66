"""HiGHS through its array interface: hand over, solve, interrupt, read the status honestly."""

from __future__ import annotations

import re
import time
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np

from netopt.backends.profiles import suggestion
from netopt.backends.result import BackendResult, BackendStatus
from netopt.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from threading import Event

    from scipy.sparse import csc_array, csr_array

    from netopt.solution.form import StandardForm

OLDEST_TRUSTED: Final = (1, 15, 1)
"""HiGHS 1.14.0 returned wrong optima (its issue 2957); nothing older is trusted."""

LARGE: Final = 100_000
"""Columns beyond which a linear program is solved from nothing by interior points. On china-2024 the
relaxations behind ``netopt explain`` took 7 to 15 s so, and 23 to 270 s by simplex (one run each)."""

LONGEST_NAME: Final = 180
"""Characters of a name in a written model; readers of LP files stop at 255."""

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.]")

_STATUS: Final[dict[Any, BackendStatus]] = {
    highspy.HighsModelStatus.kOptimal: BackendStatus.OPTIMAL,
    highspy.HighsModelStatus.kObjectiveTarget: BackendStatus.LIMIT,
    highspy.HighsModelStatus.kTimeLimit: BackendStatus.LIMIT,
    highspy.HighsModelStatus.kIterationLimit: BackendStatus.LIMIT,
    highspy.HighsModelStatus.kSolutionLimit: BackendStatus.LIMIT,
    highspy.HighsModelStatus.kInterrupt: BackendStatus.INTERRUPTED,
    highspy.HighsModelStatus.kInfeasible: BackendStatus.INFEASIBLE,
    highspy.HighsModelStatus.kUnbounded: BackendStatus.UNBOUNDED,
}

_PROVEN: Final = (BackendStatus.OPTIMAL, BackendStatus.INFEASIBLE, BackendStatus.UNBOUNDED)
"""Endings that hold even where the wish to stop came at the same moment."""


def version() -> str:
    """Return the version of HiGHS in use; SolverError where it is not to be trusted."""
    solver = highspy.Highs()
    found = (solver.versionMajor(), solver.versionMinor(), solver.versionPatch())
    text = ".".join(map(str, found))
    if found < OLDEST_TRUSTED:
        wanted = ".".join(map(str, OLDEST_TRUSTED))
        raise SolverError(f"HiGHS {text} is known to return wrong optima; install highspy >= {wanted}")
    return text


def option_problems(options: Mapping[str, bool | int | float | str]) -> list[str]:
    """Return a line for every option that HiGHS does not have, or whose value it refuses."""
    solver = highspy.Highs()
    solver.setOptionValue("log_to_console", False)
    names = [name for name in dir(highspy.HighsOptions) if not name.startswith("_")]
    lines = []
    for name, value in options.items():
        if solver.getOptionType(name)[0] != highspy.HighsStatus.kOk:
            lines.append(f"HiGHS has no option {name}{suggestion(name, names)}")
        elif solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            lines.append(f"HiGHS refuses {name} = {value!r}")
    return lines


def solve_form(
    form: StandardForm,
    options: Mapping[str, bool | int | float | str],
    *,
    relaxed: bool = False,
    start: np.ndarray | None = None,
    on_progress: Callable[[float, float | None, float | None, int], None] | None = None,
    stop: Event | None = None,
) -> BackendResult:
    """Solve a standard form.

    Parameters
    ----------
    form
        The compiled model.
    options
        HiGHS options by name; an unknown one is a SolverError.
    relaxed
        Solve the linear relaxation and return the duals of rows and columns; a form without integer
        columns is its own relaxation.
    start
        A point to start from, length n_columns.
    on_progress
        Called with seconds, incumbent, bound (in the form's unit) and nodes.
    stop
        Ends the solve once it is set, as Ctrl-C does: the status is ``INTERRUPTED``, the incumbent
        and its bound are kept.

    Raises
    ------
    SolverError
        Where HiGHS is too old, refuses an option, or ends in a state that proves nothing.
    """
    found = version()
    # Without an integer column HiGHS runs no branch and bound, and its MIP bound stays at zero.
    relaxed = relaxed or not form.is_integer.any()
    solver = highspy.Highs()
    solver.setOptionValue("log_to_console", False)  # output_flag would silence the progress callback too
    _set_options(solver, {**_method(form, relaxed=relaxed), **options})
    hand_over(solver, form, relaxed=relaxed)
    if start is not None:
        guess = highspy.HighsSolution()
        guess.col_value = start.tolist()
        solver.setSolution(guess)
    if on_progress is not None and not relaxed:
        _report_progress(solver, on_progress)
    interrupted = _run(solver, stop)
    if solver.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible and not interrupted:
        # Presolve alone cannot tell the two apart; the solver itself can.
        solver.setOptionValue("presolve", "off")
        solver.clearSolver()
        interrupted = _run(solver, stop)
    return _result(solver, found, relaxed=relaxed, interrupted=interrupted)


class LinearProgram:
    """The linear relaxation of a form, kept loaded: it can be changed and each solve starts warm.

    Parameters
    ----------
    form, options
        As for ``solve_form``.

    Raises
    ------
    SolverError
        Where HiGHS is too old or refuses an option or the model.
    """

    def __init__(self, form: StandardForm, options: Mapping[str, bool | int | float | str]) -> None:
        self._version = version()
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        _set_options(self._solver, {"solver": "ipm", **options})
        hand_over(self._solver, form, relaxed=True)

    def add_rows(self, matrix: csr_array, upper: np.ndarray) -> None:
        """Add rows ``matrix @ x <= upper``."""
        n_rows = matrix.shape[0]
        self._solver.addRows(
            n_rows,
            np.full(n_rows, -highspy.kHighsInf),
            upper,
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )

    def add_columns(self, cost: np.ndarray, matrix: csc_array) -> None:
        """Add columns ``>= 0`` with their costs, over all rows there are."""
        n_columns = matrix.shape[1]
        self._solver.addCols(
            n_columns,
            cost,
            np.zeros(n_columns),
            np.full(n_columns, highspy.kHighsInf),
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )

    def drop_rows(self, first: int) -> None:
        """Take away the rows from ``first`` on."""
        rows = np.arange(first, self._solver.getNumRow(), dtype=np.int32)
        self._solver.deleteRows(len(rows), rows)

    def change_bounds(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """Replace the bounds of some columns, by number."""
        self._solver.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def change_sides(self, rows: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """Replace the sides of some rows, by number."""
        for row, low, high in zip(rows.tolist(), lower.tolist(), upper.tolist(), strict=True):
            self._solver.changeRowBounds(row, low, high)

    @property
    def basis(self) -> highspy.HighsBasis:
        """Where the last solve ended, to start a later one there (``start_from``)."""
        return self._solver.getBasis()

    def start_from(self, basis: highspy.HighsBasis) -> None:
        """Start the next solve from the basis of an earlier one with the same rows and columns.

        Raises
        ------
        SolverError
            Where it does not fit.
        """
        if self._solver.setBasis(basis) == highspy.HighsStatus.kError:
            raise SolverError("HiGHS refuses the basis")

    def change_costs(self, cost: np.ndarray, offset: float) -> None:
        """Replace the cost of every column, and the constant; the next solve is by interior points."""
        columns = np.arange(len(cost), dtype=np.int32)
        self._solver.changeColsCost(len(cost), columns, cost)
        self._solver.changeObjectiveOffset(offset)
        self._solver.setOptionValue("solver", "ipm")

    def solve(self, *, time_limit_s: float, stop: Event | None = None) -> BackendResult:
        """Solve to optimality, to the limit or until ``stop`` is set; duals are those of all rows.

        Raises
        ------
        SolverError
            Where HiGHS ends in a state that proves nothing.
        """
        # HiGHS counts the time of all solves of one object.
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + max(0.1, time_limit_s))
        interrupted = _run(self._solver, stop)
        # The interior point method is quicker from nothing, simplex from the last basis.
        self._solver.setOptionValue("solver", "simplex")
        return _result(self._solver, self._version, relaxed=True, interrupted=interrupted)


def _set_options(solver: highspy.Highs, options: Mapping[str, bool | int | float | str]) -> None:
    for name, value in options.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS refuses the option {name} = {value!r}")


def _method(form: StandardForm, *, relaxed: bool) -> dict[str, str]:
    """Return the option that says how the first linear program is solved."""
    if form.shape[1] <= LARGE:
        return {}
    return {"solver" if relaxed else "mip_lp_solver": "ipm"}


def hand_over(
    solver: highspy.Highs,
    form: StandardForm,
    *,
    relaxed: bool,
    names: tuple[list[str], list[str]] | None = None,
) -> None:
    """Load a form, or its linear relaxation, into a solver; ``names`` are those of rows and columns.

    Raises
    ------
    SolverError
        Where HiGHS refuses the model.
    """
    n_rows, n_columns = form.shape
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n_columns, n_rows
    lp.col_cost_, lp.offset_ = form.cost, form.offset
    lp.col_lower_, lp.col_upper_ = form.lower, form.upper
    lp.row_lower_, lp.row_upper_ = form.row_lower, form.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = form.matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = form.matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = form.matrix.data
    if not relaxed:
        kinds = np.array([highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger], dtype=object)
        lp.integrality_ = kinds[form.is_integer.astype(np.intp)].tolist()
    if names is not None:
        lp.row_names_, lp.col_names_ = names
    if solver.passModel(lp) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refuses the model")


def write_form(form: StandardForm, path: Path) -> None:
    """Write a form as HiGHS writes it: MPS where ``path`` ends in .mps, LP where in .lp.

    Rows and columns are called ``tag(index_period)``, with ``_`` for whatever the formats do not allow in
    a name; of names that become one by this the later ones get a number.

    Raises
    ------
    SolverError
        Where HiGHS refuses the model or cannot write it.
    """
    version()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    columns = _file_names(form.columns)
    keys = form.row_keys if len(form.row_keys) else [(name,) for name in form.rows]
    hand_over(solver, form, relaxed=False, names=(_file_names(keys), columns))
    if solver.writeModel(str(path)) != highspy.HighsStatus.kOk:
        raise SolverError(f"HiGHS could not write {path.name} with the model's own names")


def _file_names(keys: Iterable[Sequence[str]]) -> list[str]:
    """Return unique names that MPS and LP allow."""
    names: dict[str, None] = {}
    for tag, *index in keys:
        inside = _NOT_IN_NAMES.sub("_", "_".join(part for part in index if part))
        name = short = f"{tag}({inside[: LONGEST_NAME - len(tag)]})"
        n_times = 1
        while name in names:
            n_times += 1
            name = f"{short}_{n_times}"
        names[name] = None
    return list(names)


def _run(solver: highspy.Highs, stop: Event | None) -> bool:
    """Run to the end or to ``stop``, which Ctrl-C sets too; return whether ``stop`` is set.

    Where nobody gave a ``stop`` nobody looks at half a result either: Ctrl-C is passed on.
    """
    solver.HandleUserInterrupt = True
    # highspy's own startSolve allows one solve at a time in a process.
    running = Thread(target=_solve, args=(solver,), daemon=True)
    running.start()
    while running.is_alive():
        try:
            running.join(0.1)
            if stop is not None and stop.is_set():
                solver.cancelSolve()
        except KeyboardInterrupt:
            solver.cancelSolve()
            if stop is None:
                running.join()
                raise
            stop.set()
    return stop is not None and stop.is_set()


def _solve(solver: highspy.Highs) -> None:
    solver.solve()
    # HiGHS's workers belong to this thread and would outlive it.
    highspy.Highs.resetGlobalScheduler(False)


def _report_progress(
    solver: highspy.Highs, on_progress: Callable[[float, float | None, float | None, int], None]
) -> None:
    def report(event: Any) -> None:
        data = event.data_out
        incumbent = data.mip_primal_bound if np.isfinite(data.mip_primal_bound) else None
        bound = data.mip_dual_bound if np.isfinite(data.mip_dual_bound) else None
        on_progress(time.monotonic() - began, incumbent, bound, int(data.mip_node_count))

    began = time.monotonic()
    solver.cbMipLogging += report


def _result(solver: highspy.Highs, found: str, *, relaxed: bool, interrupted: bool) -> BackendResult:
    said = solver.getModelStatus()
    if said == highspy.HighsModelStatus.kUnboundedOrInfeasible:
        raise SolverError(
            "HiGHS cannot tell whether the model is infeasible or unbounded; turn presolve off"
        )
    status = _STATUS.get(said)
    if interrupted and status not in _PROVEN:
        status = BackendStatus.INTERRUPTED
    if status is None:
        raise SolverError(f"HiGHS ended with '{solver.modelStatusToString(said)}', which proves nothing")
    info = solver.getInfo()
    has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    solution = solver.getSolution()
    values = np.asarray(solution.col_value, dtype=float) if has_point else None
    objective = float(info.objective_function_value) if has_point else None
    if relaxed:
        bound = objective if status is BackendStatus.OPTIMAL and objective is not None else -np.inf
    else:
        bound = float(info.mip_dual_bound)
    return BackendResult(
        status=status,
        point=values,
        objective=objective,
        bound=bound,
        n_nodes=0 if relaxed else max(0, int(info.mip_node_count)),
        solver="HiGHS",
        solver_version=found,
        row_duals=np.asarray(solution.row_dual, dtype=float) if relaxed and has_point else None,
        column_duals=np.asarray(solution.col_dual, dtype=float) if relaxed and has_point else None,
    )
