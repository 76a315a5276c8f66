"""What a plan that minimises private cost can cost society: a range, as the plan is not unique.

For any weight ``w >= 0`` and any plan whose private cost is at most ``U``, ``social >= min(social + w *
private) - w * U`` and ``social <= w * U - min(w * private - social)``. Both minima are as easy to bound
as the private optimum itself; a row that keeps private cost near its optimum is far harder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import NoSolutionError, SolverError, StoppedError
from netopt.formulation.build import build_model
from netopt.formulation.compile import compile_model
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_costs
from netopt.solution.options import Progress
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from netopt.backends.result import BackendResult
    from netopt.network.network import Network
    from netopt.solution.options import SolveOptions
    from netopt.solution.outcome import Outcome

TIME_LIMIT_S: Final = 30.0
"""Limit of each of the two solves; whatever bound is reached holds."""

LEAST_WEIGHT: Final = 5.0
GREATEST_WEIGHT: Final = 1000.0
WEIGHT_PER_GAP: Final = 5e-4
"""The proof's gap counts ``1 + weight`` times, plans dearer than the incumbent less the greater the
weight: so the weight is ``WEIGHT_PER_GAP / gap``, within the two ends."""


def social_range_cny_per_year(
    network: Network, private: Outcome, options: SolveOptions
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

    Raises
    ------
    NoSolutionError
        Where a limit comes before any bound; StoppedError where the user ends a solve before.
    """
    form = compile_model(build_model(network, Perspective.PRIVATE))
    social, social_constant = by_column(form, unit_costs(network, Perspective.SOCIAL))
    weight = min(GREATEST_WEIGHT, max(LEAST_WEIGHT, WEIGHT_PER_GAP / max(options.gap, 1e-12)))
    ceiling = private.upper_bound_cny_per_year / OBJECTIVE_UNIT_CNY
    settings = {
        **options.solver_options,
        "threads": options.threads,
        "random_seed": options.seed,
        "time_limit": min(options.time_limit_s, TIME_LIMIT_S),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": options.gap * private.gross_cost_cny_per_year / OBJECTIVE_UNIT_CNY,
    }
    ends = []
    for sense, what in ((1.0, "least social cost"), (-1.0, "greatest social cost")):
        # Divided by 1 + weight, the blend is as large as either cost: one gap means the same.
        cost = (weight * form.cost + sense * social / OBJECTIVE_UNIT_CNY) / (1.0 + weight)
        goal = replace(form, cost=cost, offset=weight * form.offset / (1.0 + weight))
        blend = _Blend(weight, ceiling, sense, social_constant)
        tell = _progress(options, what, blend, private.gross_cost_cny_per_year)
        result = highs.solve_form(goal, settings, on_progress=tell, stop=options.stop)
        _refuse_boundless(result)
        ends.append(blend.social_cny_per_year(result.bound))
    rounding = MONEY_TOLERANCE * private.gross_cost_cny_per_year
    return min(ends) - rounding, max(ends) + rounding


@dataclass(frozen=True)
class _Blend:
    """``(weight * private + sense * social) / (1 + weight)``, to be minimised; ``ceiling`` on private."""

    weight: float
    ceiling: float
    sense: float
    social_constant_cny_per_year: float

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
