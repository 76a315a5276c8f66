"""What a plan that minimises private cost can cost society: a range, as the plan is not unique."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from netopt.accounts import Perspective
from netopt.formulation.objective import unit_costs
from netopt.strategies.figure_range import Effort, figure_range

if TYPE_CHECKING:
    from netopt.network.network import Network
    from netopt.solution.options import SolveOptions
    from netopt.solution.outcome import Outcome
    from netopt.strategies.finish import Program

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
    network: Network, private: Outcome, options: SolveOptions, program: Program | None = None
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
    gap = max(options.gap, 1e-12) if program is None else max(options.gap, private.gap)
    least = LEAST_WEIGHT if program is None else LEAST_PRICED_WEIGHT
    weight = min(GREATEST_WEIGHT, max(least, WEIGHT_PER_GAP / gap))
    effort = Effort(
        weights=(weight,),
        tolerance_cny_per_year=(1.0 + weight) * options.gap * private.gross_cost_cny_per_year,
        time_limit_s=TIME_LIMIT_S if program is None else PRICED_TIME_LIMIT_S,
    )
    goal = partial(unit_costs, perspective=Perspective.SOCIAL)
    return figure_range(
        network, Perspective.PRIVATE, private, goal, effort, options, what="social cost", program=program
    )
