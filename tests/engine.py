"""The engine's answer to effects that are given as they are, without a policy around them."""

from __future__ import annotations

from netopt.accounts import Perspective
from netopt.data.instance import Instance
from netopt.errors import InfeasibleError
from netopt.network.build import build_network
from netopt.policy.effects import Effects
from netopt.solution.options import SolveOptions
from netopt.strategies.direct import solve_direct

EXACT = SolveOptions(gap=1e-9, time_limit_s=60.0, threads=1)


def engine_optimum(instance: Instance, effects: Effects, perspective: Perspective) -> float | None:
    """Return the engine's incumbent in CNY a year; None where it says infeasible."""
    network = build_network(instance, effects)
    try:
        found = solve_direct(network, perspective, EXACT)
    except InfeasibleError:
        return None
    return found.outcome.upper_bound_cny_per_year
