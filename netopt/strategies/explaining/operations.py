"""Operations with the sites fixed: one linear program, kept loaded, in which limits are lifted in turn.

A dual is a price only where it is the only one. Where a limit closes what would not be used anyway
(a haul to a site without capacity) any large number is a valid dual. So no saving is read from
duals: the program is solved again without the limit, warm, from its own optimum. What duals do
prove is that a limit saves nothing, as those of the whole program still prove its optimum without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import SolverError
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.strategies.clock import OutOfTimeError

if TYPE_CHECKING:
    import highspy
    from numpy.typing import NDArray

    from netopt.backends.result import BackendResult
    from netopt.solution.form import StandardForm
    from netopt.strategies.clock import Clock

NOISE: Final = 1e-10
"""Savings below this share of all that is paid and earned are rounding."""


@dataclass(frozen=True)
class Optimum:
    """What an optimum is known by.

    Attributes
    ----------
    objective
        In the form's unit.
    point, row_duals, column_duals
        In the form's units, by column, row and column.
    """

    objective: float
    point: NDArray[np.float64]
    row_duals: NDArray[np.float64]
    column_duals: NDArray[np.float64]


class Operations:
    """The linear program of operations, solved, and solved again without some of its limits.

    Parameters
    ----------
    form
        With every whole decision fixed.
    clock
        Threads, seed, and what is left of the time (s) for all solves together.
    like
        Solved with the same rows and columns, to start from its optimum; None: from nothing.

    Attributes
    ----------
    form
        As given.
    best
        Its optimum.
    basis
        Where that was found.
    noise_cny_per_year
        Two optima that differ by less cost the same (``NOISE``).

    Raises
    ------
    OutOfTimeError
        Where time ends first.
    SolverError
        Where the form has no solution.
    """

    def __init__(self, form: StandardForm, clock: Clock, like: Operations | None = None) -> None:
        self.form = form
        self._clock = clock
        settings = {
            "solver": "ipm" if like is None and form.shape[1] > highs.LARGE else "simplex",
            "threads": clock.options.threads,
            "random_seed": clock.options.seed,
        }
        self._program = highs.LinearProgram(form, settings)
        if like is not None:
            self._program.start_from(like.basis)
        self.best = self._solved()
        self.basis: highspy.HighsBasis = self._program.basis
        turnover = float(np.abs(form.cost * self.best.point).sum())
        self.noise_cny_per_year = NOISE * turnover * OBJECTIVE_UNIT_CNY

    def saves_cny_per_year(self, other: Optimum) -> float:
        """Return by how much another optimum is cheaper (annual equivalent; never negative)."""
        return max(0.0, self.best.objective - other.objective) * OBJECTIVE_UNIT_CNY

    def with_sides(
        self, rows: NDArray[np.int64], lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> Optimum:
        """Return the optimum with other sides of some rows.

        Parameters
        ----------
        rows
            Their numbers.
        lower, upper
            Their sides instead, no tighter than they are.

        Raises
        ------
        OutOfTimeError
            Where time ends first.
        """
        form = self.form
        self._program.change_sides(rows, lower, upper)
        try:
            return self._solved_again()
        finally:
            self._program.change_sides(rows, form.row_lower[rows], form.row_upper[rows])

    def with_open(self, columns: NDArray[np.int64], upper: NDArray[np.float64]) -> Optimum:
        """Return the optimum with other upper bounds of some columns.

        Parameters
        ----------
        columns
            Their numbers.
        upper
            Their bounds instead, no tighter than they are.

        Raises
        ------
        OutOfTimeError
            Where time ends first.
        """
        form = self.form
        self._program.change_bounds(columns, form.lower[columns], upper)
        try:
            return self._solved_again()
        finally:
            self._program.change_bounds(columns, form.lower[columns], form.upper[columns])

    def with_open_within(
        self,
        columns: NDArray[np.int64],
        upper: NDArray[np.float64],
        weights: NDArray[np.float64],
        most: float,
    ) -> Optimum:
        """Return the optimum of ``with_open`` where also ``weights @ columns <= most``.

        ``row_duals`` has that row last.

        Raises
        ------
        OutOfTimeError
            Where time ends first.
        """
        n_rows, n_columns = self.form.shape
        entries = (weights, (np.zeros(len(columns), dtype=int), columns))
        self._program.start_from(self.basis)
        self._program.add_rows(csr_array(entries, shape=(1, n_columns)), np.array([most]))
        self._program.change_bounds(columns, self.form.lower[columns], upper)
        try:
            return self._solved()
        finally:
            self._program.change_bounds(columns, self.form.lower[columns], self.form.upper[columns])
            self._program.drop_rows(n_rows)

    def _solved_again(self) -> Optimum:
        self._program.start_from(self.basis)
        return self._solved()

    def _solved(self) -> Optimum:
        left_s = float(self._clock.settings()["time_limit"])
        found = self._program.solve(time_limit_s=left_s)
        if found.status is BackendStatus.LIMIT:
            raise OutOfTimeError
        return self._optimum(found)

    def _optimum(self, result: BackendResult) -> Optimum:
        if result.status is not BackendStatus.OPTIMAL:
            raise SolverError(f"the design cannot be operated under its own statements ({result.status})")
        if result.point is None or result.row_duals is None or result.column_duals is None:
            raise SolverError("no duals of the fixed design were returned")
        objective = self.form.objective(result.point)
        return Optimum(objective, result.point, result.row_duals, result.column_duals)
