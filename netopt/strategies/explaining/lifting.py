"""What lifting a statement saves with the sites fixed: the whole of it, or the next unit of a limit.

A statement **binds** where operations would be cheaper without it, all others held. What two
statements limit alike is not opened by lifting one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.strategies.clock import OutOfTimeError
from netopt.strategies.explaining.operations import Operations
from netopt.strategies.explaining.statements import TOUCH, Kind

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.strategies.clock import Clock
    from netopt.strategies.explaining.statements import StatedForm

    Rows = tuple[dict[str, Any], ...]

CHEAP_CNY_PER_TONNE: Final = 0.005
"""Prices below half a fen are solver noise."""

_NOT_ASKED: Final = (Kind.SUPPLY, Kind.FORMAL_SHARE, Kind.OPEN, Kind.COUNT, Kind.SINGLE)
"""Tight in every plan, or about sites and who is served by whom: fixed like the sites."""


@dataclass(frozen=True)
class Saving:
    """What is saved without a statement, as rows of the tables of ``Margins``."""

    statement: str
    binding: Rows = ()
    lifted: Rows = ()
    hauls: Rows = ()
    out_of_time: bool = False


@dataclass(frozen=True)
class Lifting:
    """Operations under all statements, of which one at a time is lifted.

    Attributes
    ----------
    stated, network
        The statements, and the wide network of their model.
    operations
        Solved with all statements held and the design fixed, but for the shares of divisible plants.
    held_form
        Its form with those shares held too.
    clock
        What is left of the time.
    """

    stated: StatedForm
    network: Network
    operations: Operations
    held_form: StandardForm
    clock: Clock

    def savings(self) -> list[Saving]:
        """Return what is saved without each statement that may bind, in their order."""
        limits = self._limits
        # Limits whose duals are zero save nothing, not even together: the same duals prove the
        # optimum without them.
        may_save = limits.loc[limits["at_most"] > CHEAP_CNY_PER_TONNE, "statement"]
        asked = limits[limits["statement"].isin(may_save)]
        return [self._saving(str(name), rows) for name, rows in asked.groupby("statement", sort=False)]

    def _saving(self, statement: str, limits: pd.DataFrame) -> Saving:
        try:
            if limits["is_row"].any():
                return self._of_rows(statement, limits)
            return self._of_hauls(statement, limits)
        except OutOfTimeError:
            return Saving(statement, out_of_time=True)

    def _of_rows(self, statement: str, limits: pd.DataFrame) -> Saving:
        binding = []
        for limit in limits[limits["at_most"] > CHEAP_CNY_PER_TONNE].to_dict("records"):
            saves = self._next_unit_saves(limit)
            if saves > CHEAP_CNY_PER_TONNE:
                named = {name: limit[name] for name in ("where", "period", "limit")}
                binding.append({"statement": statement, **named, "saves_cny_per_unit": saves})
        if binding or len(limits) == 1:
            return Saving(statement, binding=tuple(binding))
        free, rows = self.stated.free, limits["index"].to_numpy(dtype=int)
        whole = self._held.with_sides(rows, free.row_lower[rows], free.row_upper[rows])
        saved = self._held.saves_cny_per_year(whole)
        if saved <= self._held.noise_cny_per_year:
            return Saving(statement)
        lifted = {"saves_cny_per_year": saved, "tonnes_per_year": 0.0, "first_tonne_saves_cny": 0.0}
        return Saving(statement, lifted=({"statement": statement, **lifted},))

    def _next_unit_saves(self, limit: dict[Any, Any]) -> float:
        """Return what one more unit of room saves (CNY of the period); rounding is kept off by duals."""
        form, row = self.operations.form, np.array([limit["index"]])
        lower, upper, step = form.row_lower[row], form.row_upper[row], 1.0 / limit["amount_per_unit"]
        is_lower = np.isfinite(limit["lower"])
        other = self.operations.with_sides(row, lower - step * is_lower, upper + step * (not is_lower))
        saved = self.operations.saves_cny_per_year(other) / limit["per_year"]
        dual = other.row_duals[row[0]] * (1.0 if is_lower else -1.0)
        at_least = dual * OBJECTIVE_UNIT_CNY / (limit["per_year"] * limit["amount_per_unit"])
        return float(min(max(saved, at_least), limit["at_most"]))

    def _of_hauls(self, statement: str, limits: pd.DataFrame) -> Saving:
        operations, columns = self._held, limits["index"].to_numpy(dtype=int)
        upper = self.stated.free.upper[columns]
        weights = (limits["amount_per_unit"] * limits["per_year"]).to_numpy(dtype=float)
        whole = operations.with_open(columns, upper)
        saved, tonnes = operations.saves_cny_per_year(whole), float(weights @ whole.point[columns])
        if saved <= operations.noise_cny_per_year or tonnes <= TOUCH:
            return Saving(statement)
        most = min(1.0, tonnes)
        first = operations.with_open_within(columns, upper, weights, most)
        at_least = -float(first.row_duals[-1]) * OBJECTIVE_UNIT_CNY
        price = max(operations.saves_cny_per_year(first) / most, saved / tonnes, at_least)
        lifted = {
            "saves_cny_per_year": saved,
            "tonnes_per_year": tonnes,
            "first_tonne_saves_cny": price,
        }
        hauls = self._hauls(columns, weights * first.point[columns] / most)
        return Saving(
            statement,
            lifted=({"statement": statement, **lifted},),
            hauls=tuple({"statement": statement, **haul} for haul in hauls),
        )

    def _hauls(self, columns: NDArray[np.int64], shares: NDArray[np.float64]) -> list[dict[str, Any]]:
        names = [self.stated.free.columns[column] for column in columns]
        ends = ["commodity", "mode", "from_place", "to_place"]
        return [
            {**self._arcs.loc[name.key, ends].to_dict(), "period": name.period, "share": float(share)}
            for name, share in sorted(zip(names, shares, strict=True), key=lambda pair: -pair[1])
            if share > TOUCH
        ]

    @cached_property
    def _held(self) -> Operations:
        """Operations with the shares of divisible plants held; solved at the first call."""
        of_plan, free = self.held_form, self.operations.form
        if np.array_equal(of_plan.lower, free.lower) and np.array_equal(of_plan.upper, free.upper):
            return self.operations
        return Operations(of_plan, self.clock, like=self.operations)

    @cached_property
    def _arcs(self) -> pd.DataFrame:
        return self.network.arcs.set_index("arc")

    @cached_property
    def _limits(self) -> pd.DataFrame:
        """What lifting one statement opens, and the most that the next unit of it saves.

        Columns of ``StatedForm.limits`` and ``limit`` (the bound with what operates, in the row's unit
        a year), ``per_year`` (annual equivalent of 1 a year in the period), ``at_most`` (CNY of the
        period per unit of the statement): the dual, which is never below the saving of the next unit.
        """
        limits = self.stated.limits
        index, is_row = limits["index"].to_numpy(dtype=int), limits["is_row"].to_numpy(dtype=bool)
        is_lower, best = np.isfinite(limits["lower"]).to_numpy(), self.operations.best
        capacity, is_scarce = self._capacity
        limit = limits["lower"].where(is_lower, limits["upper"]).to_numpy(dtype=float, copy=True)
        limit[is_row] -= capacity[index[is_row]]
        dual = np.empty(len(limits))
        dual[is_row] = best.row_duals[index[is_row]]
        dual[~is_row] = self._column_duals[index[~is_row]]
        total = sum(self.network.period_weights.values())
        per_year = limits["period"].map(self.network.period_weights).to_numpy(dtype=float) / total
        per_unit = OBJECTIVE_UNIT_CNY / (per_year * limits["amount_per_unit"].to_numpy())
        opens = np.empty(len(limits), dtype=bool)
        opens[is_row] = is_scarce[index[is_row]]
        opens[~is_row] = self._is_flow[index[~is_row]]
        kinds = limits["statement"].map({said.name: said.kind for said in self.stated.statements})
        opens &= ~kinds.isin(_NOT_ASKED).to_numpy()
        opens &= ~limits.duplicated(["is_row", "index"], keep=False).to_numpy()
        at_most = np.where(is_lower, dual, -dual) * per_unit
        found: pd.DataFrame = limits.assign(limit=limit, per_year=per_year, at_most=at_most)[opens]
        return found

    @cached_property
    def _column_duals(self) -> NDArray[np.float64]:
        """Return those of operations with shares held, as that is how closings are lifted.

        Where time ends first any will do: no closing is priced then.
        """
        try:
            return self._held.best.column_duals
        except OutOfTimeError:
            return self.operations.best.column_duals

    @cached_property
    def _is_flow(self) -> NDArray[np.bool_]:
        return np.array([name.family == "flow" for name in self.stated.free.columns], dtype=bool)

    @cached_property
    def _capacity(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return what operating capacity adds to each row, and whether it can be what is scarce.

        It is not where nothing operates (it stays idle), nor where a divisible plant could run in
        greater part.
        """
        form, point = self.operations.form, self.operations.best.point
        columns = np.flatnonzero(form.columns.are("operating"))
        part, running = form.matrix[:, columns], point[columns]
        could_rise = np.minimum(form.upper[columns], 1.0) - running > TOUCH
        has_any = abs(part) @ np.ones(len(columns)) > 0
        gives_way = abs(part) @ could_rise.astype(float) > 0
        is_idle = has_any & (abs(part) @ running <= TOUCH)
        return part @ running, ~(gives_way | is_idle)
