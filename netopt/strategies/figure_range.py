"""Between which ends a figure lies over all plans as cheap as the one found, as that plan is not unique.

For any weight ``w >= 0`` and any plan that costs at most ``U``,
``figure >= min(figure + w * cost) - w * U`` and ``figure <= w * U - min(w * cost - figure)``. Both minima
are as easy to bound as the optimum itself; a row that keeps the cost at most ``U`` is far harder. On
china-provinces the blends proved a province's tonnes in 17 s, and in 60 s the row proved nothing (one run).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import NoSolutionError, SolverError, StoppedError
from netopt.formulation.compile import standard_form
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_costs
from netopt.solution.options import Progress
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from netopt.accounts import Perspective
    from netopt.backends.result import BackendResult
    from netopt.formulation.objective import Priced
    from netopt.network.network import Network
    from netopt.solution.options import SolveOptions
    from netopt.solution.outcome import Outcome
    from netopt.strategies.finish import Program

    Tell = Callable[[float, float | None, float | None, int], None]
    Goal = Callable[[Priced], pd.Series]


@dataclass(frozen=True)
class Effort:
    """How hard the ends of a range are looked for.

    Attributes
    ----------
    weights
        Of cost against the figure. They are tried in turn until the cheapest blend is no dearer than the
        plan found: then a larger one proves no more. Every bound holds, and the best counts.
    tolerance_cny_per_year
        Absolute gap of each blend, before it is divided by ``1 + weight``.
    time_limit_s
        Of each solve.
    tells_money
        Whether readings are money, and told; else only that something is being looked for.
    """

    weights: tuple[float, ...]
    tolerance_cny_per_year: float
    time_limit_s: float
    tells_money: bool = True


def figure_range(  # noqa: PLR0913 - what is found, and how
    network: Network,
    perspective: Perspective,
    outcome: Outcome,
    goal: Goal,
    effort: Effort,
    options: SolveOptions,
    *,
    what: str,
    program: Program | None = None,
) -> tuple[float, float]:
    """Return bounds on a figure over every plan that costs at most what the plan found costs.

    Parameters
    ----------
    network
        Under the policy that was solved.
    perspective, outcome
        Whose cost was minimised, and between which bounds (CNY a year).
    goal
        The figure: from a price list to what one unit of each variable adds to it, in CNY a year or in
        what stands for it; index ``family, index, period``, constants included.
    effort, options
        How hard the ends are looked for; limits, threads and seed.
    what
        The figure's name, to be told.
    program
        Of the solve, where its network lists short arcs only; it is aimed elsewhere after.

    Returns
    -------
    tuple of float
        A proven lower bound of the least, and a proven upper bound of the greatest.

    Raises
    ------
    NoSolutionError
        Where a limit comes before any bound; StoppedError where the user ends a solve before.
    """
    bounder: _Whole | _Priced
    if program is None:
        bounder = _Whole(network, perspective, goal, effort, options)
    else:
        bounder = _Priced(program, effort.time_limit_s)
    ceiling = outcome.upper_bound_cny_per_year / OBJECTIVE_UNIT_CNY
    ends = []
    for sense, end in ((1.0, "least"), (-1.0, "greatest")):
        bounds = []
        for weight in effort.weights:
            blend = _Blend(perspective, goal, weight, ceiling, sense, _constant(goal(network)))
            gross = outcome.gross_cost_cny_per_year if effort.tells_money else None
            tell = _progress(options, f"{end} {what}", blend, gross)
            found = bounder.least(blend, tell)
            bounds.append(sense * blend.figure(found.bound))
            if found.is_as_cheap:
                break
        ends.append(sense * max(bounds))
    rounding = MONEY_TOLERANCE * outcome.gross_cost_cny_per_year
    return min(ends) - rounding, max(ends) + rounding


def _constant(amounts: pd.Series) -> float:
    """Return what of a figure no decision changes."""
    return float(amounts[amounts.index.get_level_values("family") == "constant"].sum())


@dataclass(frozen=True)
class _Least:
    """A lower bound of a blend, and whether its cheapest plan known costs no more than allowed."""

    bound: float
    is_as_cheap: bool


class _Whole:
    """Bounds a blend by branch and bound over a network that lists every arc."""

    def __init__(
        self, network: Network, perspective: Perspective, goal: Goal, effort: Effort, options: SolveOptions
    ) -> None:
        self._options, self._effort = options, effort
        self._form = standard_form(network, perspective)
        self._figure, _ = by_column(self._form, goal(network))

    def least(self, blend: _Blend, tell: Tell | None) -> _Least:
        """Return a lower bound of the blend."""
        cost = blend.of(self._form.cost, self._figure / OBJECTIVE_UNIT_CNY)
        aimed = replace(self._form, cost=cost, offset=blend.of(self._form.offset, 0.0))
        result = highs.solve_form(aimed, self._settings(blend), on_progress=tell, stop=self._options.stop)
        _refuse_boundless(result)
        if result.point is None:
            return _Least(result.bound, is_as_cheap=False)
        spent, allowed = self._form.objective(result.point), blend.ceiling
        return _Least(result.bound, is_as_cheap=spent <= allowed + MONEY_TOLERANCE * max(1.0, abs(allowed)))

    def _settings(self, blend: _Blend) -> dict[str, bool | int | float | str]:
        tolerance = self._effort.tolerance_cny_per_year / OBJECTIVE_UNIT_CNY
        return {
            **self._options.solver_options,
            "threads": self._options.threads,
            "random_seed": self._options.seed,
            "time_limit": min(self._options.time_limit_s, self._effort.time_limit_s),
            "mip_rel_gap": 0.0,
            "mip_abs_gap": tolerance / (1.0 + blend.weight),
        }


class _Priced:
    """Bounds a blend by pricing over a network that lists short arcs only."""

    def __init__(self, program: Program, time_limit_s: float) -> None:
        self._program, self._time_limit_s = program, time_limit_s

    def least(self, blend: _Blend, tell: Tell | None) -> _Least:
        """Return a lower bound of the blend over all arcs; of its plan nothing is known."""
        bound = self._program.least(blend.unit_costs, tell, self._time_limit_s)
        return _Least(bound, is_as_cheap=False)


@dataclass(frozen=True)
class _Blend:
    """``(weight * cost + sense * figure) / (1 + weight)``, to be minimised; ``ceiling`` on cost."""

    perspective: Perspective
    goal: Goal
    weight: float
    ceiling: float
    sense: float
    constant: float

    def of(self, cost: Any, figure: Any) -> Any:
        """Return the blend of two amounts. Divided by 1 + weight, it is as large as either."""
        return (self.weight * cost + self.sense * figure) / (1.0 + self.weight)

    def unit_costs(self, priced: Priced) -> pd.Series:
        """Return the blend of one unit of each variable (CNY a year), without the figure's constants."""
        cost, figure = unit_costs(priced, self.perspective), self.goal(priced)
        figure = figure[figure.index.get_level_values("family") != "constant"]
        both = cost.index.union(figure.index)
        blended: pd.Series = self.of(
            cost.reindex(both, fill_value=0.0), figure.reindex(both, fill_value=0.0)
        )
        return blended

    def figure(self, blended: float) -> float:
        """Return the figure that a value of the blend stands for where cost is the ceiling."""
        least = (1.0 + self.weight) * blended - self.weight * self.ceiling
        return self.sense * least * OBJECTIVE_UNIT_CNY + self.constant


def _refuse_boundless(result: BackendResult) -> None:
    if np.isfinite(result.bound):
        return
    message = "no bound on what near-optimal plans may differ in was found"
    if result.status is BackendStatus.INTERRUPTED:
        raise StoppedError(f"interrupted: {message}")
    raise NoSolutionError(message) if result.status is BackendStatus.LIMIT else SolverError(message)


def _progress(
    options: SolveOptions, what: str, blend: _Blend, gross_cny_per_year: float | None
) -> Tell | None:
    """Return what tells a solve's readings as the figure: what is proven, and what can be at best.

    Without a gross cost the figure is no money, and no values are told.
    """
    if options.on_progress is None:
        return None
    tell = options.on_progress

    def report(time_s: float, incumbent: float | None, bound: float | None, n_nodes: int) -> None:
        if gross_cny_per_year is None:
            tell(Progress(time_s, None, None, None, n_nodes, what))
            return
        best, proven = (None if value is None else blend.figure(value) for value in (incumbent, bound))
        known = best is not None and proven is not None and gross_cny_per_year > 0
        gap = abs(best - proven) / gross_cny_per_year if known else None  # type: ignore[operator]
        tell(Progress(time_s, best, proven, gap, n_nodes, what))

    return report
