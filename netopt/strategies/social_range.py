"""What a plan that minimises private cost can cost society: a range, as the plan is not unique.

For any weight ``w >= 0`` and any plan whose private cost is at most ``U``, ``social >= min(social + w *
private) - w * U`` and ``social <= w * U - min(w * private - social)``. Both minima are as easy to bound
as the private optimum itself; a row that keeps private cost near its optimum is far harder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import NoSolutionError, SolverError, StoppedError
from netopt.formulation.compile import standard_form
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_costs
from netopt.solution.options import Progress
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[[float, float | None, float | None, int], None]

    from netopt.backends.result import BackendResult
    from netopt.formulation.objective import Priced
    from netopt.network.network import Network
    from netopt.solution.options import SolveOptions
    from netopt.solution.outcome import Outcome
    from netopt.strategies.priced.solve import PricedProgram

TIME_LIMIT_S: Final = 30.0
"""Limit of each of the two solves; whatever bound is reached holds."""

LEAST_WEIGHT: Final = 5.0
LEAST_PRICED_WEIGHT: Final = 1.0
"""The same where the proof's gap is that of a national case."""

PRICED_TIME_LIMIT_S: Final = 60.0
"""Limit of each of the two bounds over all arcs."""

GREATEST_WEIGHT: Final = 1000.0
WEIGHT_PER_GAP: Final = 5e-4
"""The proof's gap counts ``1 + weight`` times, plans dearer than the incumbent less the greater the
weight: so the weight is ``WEIGHT_PER_GAP / gap``, within the two ends."""


def social_range_cny_per_year(
    network: Network, private: Outcome, options: SolveOptions, program: PricedProgram | None = None
) -> tuple[float, float]:
    """Return bounds on the social cost of every plan as cheap, privately, as the incumbent.

    Low is a proven lower bound of the least social cost over plans whose private cost is at most
    the incumbent's, high a proven upper bound of the greatest (CNY a year).

    Parameters
    ----------
    network
        Under the policy that was solved privately.
    private
        Bounds of that solve, CNY a year.
    options
        Gap, limits and threads of the two solves.
    program
        Of the private solve, where its network lists short arcs only; it is aimed elsewhere after.

    Raises
    ------
    NoSolutionError
        Where a limit comes before any bound; StoppedError where the user ends a solve before.
    """
    bounder = _Whole(network, private, options) if program is None else _Priced(program)
    gap = max(options.gap, 1e-12) if program is None else max(options.gap, private.gap)
    least = LEAST_WEIGHT if program is None else LEAST_PRICED_WEIGHT
    weight = min(GREATEST_WEIGHT, max(least, WEIGHT_PER_GAP / gap))
    ceiling = private.upper_bound_cny_per_year / OBJECTIVE_UNIT_CNY
    ends = []
    for sense, what in ((1.0, "least social cost"), (-1.0, "greatest social cost")):
        blend = _Blend(weight, ceiling, sense, _constant(network))
        tell = _progress(options, what, blend, private.gross_cost_cny_per_year)
        ends.append(blend.social_cny_per_year(bounder.least(blend, tell)))
    rounding = MONEY_TOLERANCE * private.gross_cost_cny_per_year
    return min(ends) - rounding, max(ends) + rounding


def _constant(network: Network) -> float:
    """Return the social cost that no decision changes, CNY a year."""
    costs = unit_costs(network, Perspective.SOCIAL)
    return float(costs[costs.index.get_level_values("family") == "constant"].sum())


class _Whole:
    """Bounds a blend by branch and bound over a network that lists every arc."""

    def __init__(self, network: Network, private: Outcome, options: SolveOptions) -> None:
        self._options = options
        self._form = standard_form(network, Perspective.PRIVATE)
        self._social, _ = by_column(self._form, unit_costs(network, Perspective.SOCIAL))
        self._settings = {
            **options.solver_options,
            "threads": options.threads,
            "random_seed": options.seed,
            "time_limit": min(options.time_limit_s, TIME_LIMIT_S),
            "mip_rel_gap": 0.0,
            "mip_abs_gap": options.gap * private.gross_cost_cny_per_year / OBJECTIVE_UNIT_CNY,
        }

    def least(self, blend: _Blend, tell: Tell | None) -> float:
        """Return a lower bound of the blend."""
        cost = blend.of(self._form.cost, self._social / OBJECTIVE_UNIT_CNY)
        goal = replace(self._form, cost=cost, offset=blend.of(self._form.offset, 0.0))
        result = highs.solve_form(goal, self._settings, on_progress=tell, stop=self._options.stop)
        _refuse_boundless(result)
        return result.bound


class _Priced:
    """Bounds a blend by pricing over a network that lists short arcs only."""

    def __init__(self, program: PricedProgram) -> None:
        self._program = program

    def least(self, blend: _Blend, tell: Tell | None) -> float:
        """Return a lower bound of the blend over all arcs."""
        return self._program.least(blend.unit_costs, tell, PRICED_TIME_LIMIT_S)


@dataclass(frozen=True)
class _Blend:
    """``(weight * private + sense * social) / (1 + weight)``, to be minimised; ``ceiling`` on private."""

    weight: float
    ceiling: float
    sense: float
    social_constant_cny_per_year: float

    def of(self, private: Any, social: Any) -> Any:
        """Return the blend of two amounts. Divided by 1 + weight, it is as large as either."""
        return (self.weight * private + self.sense * social) / (1.0 + self.weight)

    def unit_costs(self, priced: Priced) -> pd.Series:
        """Return the blend's cost of one unit of each variable (CNY a year), without social constants."""
        private, social = (unit_costs(priced, view) for view in (Perspective.PRIVATE, Perspective.SOCIAL))
        social = social[social.index.get_level_values("family") != "constant"]
        both = private.index.union(social.index)
        blended: pd.Series = self.of(
            private.reindex(both, fill_value=0.0), social.reindex(both, fill_value=0.0)
        )
        return blended

    def social_cny_per_year(self, blended: float) -> float:
        """Return the social cost that a value of the blend stands for where private is the ceiling."""
        least = (1.0 + self.weight) * blended - self.weight * self.ceiling
        return self.sense * least * OBJECTIVE_UNIT_CNY + self.social_constant_cny_per_year


def _refuse_boundless(result: BackendResult) -> None:
    if np.isfinite(result.bound):
        return
    message = "no bound on the social cost of near-optimal private plans was found"
    if result.status is BackendStatus.INTERRUPTED:
        raise StoppedError(f"interrupted: {message}")
    raise NoSolutionError(message) if result.status is BackendStatus.LIMIT else SolverError(message)


def _progress(
    options: SolveOptions, what: str, blend: _Blend, gross_cny_per_year: float
) -> Callable[[float, float | None, float | None, int], None] | None:
    """Return what tells a solve's readings as social cost: what is proven, and what can be at best."""
    if options.on_progress is None:
        return None
    tell = options.on_progress

    def report(time_s: float, incumbent: float | None, bound: float | None, n_nodes: int) -> None:
        best, proven = (
            None if value is None else blend.social_cny_per_year(value) for value in (incumbent, bound)
        )
        known = best is not None and proven is not None and gross_cny_per_year > 0
        gap = abs(best - proven) / gross_cny_per_year if known else None  # type: ignore[operator]
        tell(Progress(time_s, best, proven, gap, n_nodes, what))

    return report
