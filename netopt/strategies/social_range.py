"""What a plan that minimises private cost can cost society: a range, as the plan is not unique.

For any weight ``w >= 0`` and any plan whose private cost is at most ``U``, ``social >= min(social + w *
private) - w * U`` and ``social <= w * U - min(w * private - social)``. Both minima are as easy to bound
as the private optimum itself; a row that keeps private cost near its optimum is far harder.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.errors import SolverError
from netopt.formulation.build import build_model
from netopt.formulation.compile import compile_model
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_costs
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
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
    for sense in (1.0, -1.0):
        # Divided by 1 + weight, the blend is as large as either cost: one gap means the same.
        blend = (weight * form.cost + sense * social / OBJECTIVE_UNIT_CNY) / (1.0 + weight)
        goal = replace(form, cost=blend, offset=weight * form.offset / (1.0 + weight))
        result = highs.solve_form(goal, settings)
        if not np.isfinite(result.bound):
            raise SolverError("no bound on the social cost of near-optimal private plans was found")
        least = (1.0 + weight) * result.bound - weight * ceiling
        ends.append(sense * least * OBJECTIVE_UNIT_CNY + social_constant)
    rounding = MONEY_TOLERANCE * private.gross_cost_cny_per_year
    return min(ends) - rounding, max(ends) + rounding
