"""What a plan that minimises private cost can cost society: a range, as the plan is not unique."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csc_array, vstack

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.errors import SolverError
from netopt.formulation.build import build_model
from netopt.formulation.compile import compile_model
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_costs
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions
    from netopt.solution.outcome import Outcome


GAP: Final = 1e-3
"""Gap of the two solves, relative to gross cost; whatever is reached, their bounds hold."""

TIME_LIMIT_S: Final = 60.0
"""Limit of each: a row that keeps private cost near its optimum makes the search slow."""


def social_range_cny_per_year(
    network: Network, private: Outcome, options: SolveOptions
) -> tuple[float, float]:
    """Return bounds on the social cost of every plan as cheap, privately, as the incumbent.

    Low is a proven lower bound of the least social cost over plans whose private cost lies between
    the private bound and incumbent, high a proven upper bound of the greatest (CNY a year).

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
    slack = MONEY_TOLERANCE * max(1.0, private.gross_cost_cny_per_year)
    near_optimal = _between(
        form, private.lower_bound_cny_per_year - slack, private.upper_bound_cny_per_year + slack
    )
    social, constant = by_column(form, unit_costs(network, Perspective.SOCIAL))
    bounds = []
    for sense in (1.0, -1.0):
        goal = replace(near_optimal, cost=sense * social / OBJECTIVE_UNIT_CNY, offset=0.0)
        settings = {
            **options.solver_options,
            "threads": options.threads,
            "random_seed": options.seed,
            "time_limit": min(options.time_limit_s, TIME_LIMIT_S),
            "mip_rel_gap": 0.0,
            "mip_abs_gap": max(options.gap, GAP) * private.gross_cost_cny_per_year / OBJECTIVE_UNIT_CNY,
        }
        result = highs.solve_form(goal, settings)
        if not np.isfinite(result.bound):
            raise SolverError("no bound on the social cost of near-optimal private plans was found")
        bounds.append(sense * result.bound * OBJECTIVE_UNIT_CNY + constant)
    low, high = bounds
    return min(low, high), max(low, high)


def _between(form: StandardForm, low_cny: float, high_cny: float) -> StandardForm:
    """Return the form with one more row: its objective lies between two costs in CNY a year."""
    row = csc_array(form.cost.reshape(1, -1))
    return replace(
        form,
        matrix=csc_array(vstack([form.matrix, row])),
        row_lower=np.append(form.row_lower, low_cny / OBJECTIVE_UNIT_CNY - form.offset),
        row_upper=np.append(form.row_upper, high_cny / OBJECTIVE_UNIT_CNY - form.offset),
        rows=(*form.rows, "near_optimal"),
    )
