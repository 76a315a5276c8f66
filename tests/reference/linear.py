"""A plain linear program with named variables, for the brute force; solved by scipy's HiGHS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

Name = tuple[object, ...]
Terms = dict[Name, float]
Bounds = Mapping[Name, tuple[float, float]]

_OPTIMAL = 0
_INFEASIBLE = 2


class LinearProgram:
    """Minimise ``constant + cost * x`` over named variables ``x >= 0`` and two kinds of rows."""

    def __init__(self) -> None:
        self.constant = 0.0
        self._column: dict[Name, int] = {}
        self._cost: list[float] = []
        self._upper: list[float] = []
        self._rows: dict[str, list[tuple[Terms, float]]] = {"equal": [], "at_most": []}
        self._matrices: dict[str, tuple[csr_array, np.ndarray] | None] | None = None

    def variable(self, name: Name, cost: float = 0.0, upper: float = math.inf) -> None:
        """Add a variable; ``cost`` in CNY a year (annual equivalent) per unit of it."""
        if name in self._column:
            raise ValueError(f"variable {name} is declared twice")
        self._column[name] = len(self._cost)
        self._cost.append(cost)
        self._upper.append(upper)

    def equal(self, terms: Terms, value: float) -> None:
        """Demand that the sum of ``coefficient * variable`` equals ``value``."""
        self._rows["equal"].append((dict(terms), value))

    def at_most(self, terms: Terms, value: float) -> None:
        """Demand that the sum of ``coefficient * variable`` is at most ``value``."""
        self._rows["at_most"].append((dict(terms), value))

    def _matrix(self, kind: str) -> tuple[csr_array, np.ndarray] | None:
        rows = self._rows[kind]
        if not rows:
            return None
        entries = [
            (coefficient, row, self._column[name])
            for row, (terms, _) in enumerate(rows)
            for name, coefficient in terms.items()
        ]
        values, row_index, column_index = zip(*entries, strict=True) if entries else ((), (), ())
        matrix = csr_array((values, (row_index, column_index)), shape=(len(rows), len(self._cost)))
        return matrix, np.array([value for _, value in rows])

    def minimum(self, bounds: Bounds, surcharges: Terms) -> float | None:
        """Return the least cost under other bounds and added costs; None if infeasible.

        Raises RuntimeError where the solver ends in any other way (unbounded, numerical trouble).
        """
        if self._matrices is None:
            self._matrices = {kind: self._matrix(kind) for kind in self._rows}
        box = np.column_stack([np.zeros(len(self._upper)), self._upper])
        for name, limits in bounds.items():
            box[self._column[name]] = limits
        cost = np.array(self._cost)
        for name, surcharge in surcharges.items():
            cost[self._column[name]] += surcharge
        equal, at_most = self._matrices["equal"], self._matrices["at_most"]
        solved: Any = linprog(  # type: ignore[call-overload]
            cost,
            A_eq=equal and equal[0],
            b_eq=None if equal is None else equal[1],
            A_ub=at_most and at_most[0],
            b_ub=None if at_most is None else at_most[1],
            bounds=box,
            method="highs",
        )
        if solved.status == _INFEASIBLE:
            return None
        if solved.status != _OPTIMAL:
            raise RuntimeError(f"linprog ended with status {solved.status}: {solved.message}")
        return float(solved.fun) + self.constant
