"""Which strategy solves a case: small networks whole, large ones split, others both ways at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netopt.errors import UsageError
from netopt.network.build import build_network
from netopt.network.lanes import why_not_priced
from netopt.network.scope import Scope, n_possible_arcs
from netopt.strategies.direct import solve_direct
from netopt.strategies.priced.solve import PricedProgram, solve_priced

if TYPE_CHECKING:
    from netopt.accounts import Perspective
    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.policy.effects import Effects
    from netopt.solution.options import SolveOptions
    from netopt.strategies.finish import Found, Program

MOST_ARCS: Final = 250_000
"""Pairs of places beyond which ``auto`` lists short arcs only; china-2024 has more than a million."""

FEW_ARCS: Final = 20_000
"""Pairs of places beyond which ``auto`` splits the network as well as it solves it whole."""

N_NEAREST: Final = 10
"""Sites of each type, standing and not, that are listed from each place. On china-2024 (unified) the bounds
over all arcs with 10 and with 12 differ by less than 0.01 % of gross cost (one run each)."""


def scope_for(instance: Instance, effects: Effects, options: SolveOptions) -> Scope | None:
    """Return which arcs to list: all (None: the strategy ``direct``), or short ones.

    ``auto`` lists all up to ``MOST_ARCS``, and where the rest could not be priced; ``split`` and ``priced``
    list short ones.

    Raises
    ------
    UsageError
        Where ``split`` or ``priced`` is asked for and cannot be; it says why.
    """
    if options.strategy == "direct":
        return None
    reason = why_not_priced(instance, effects)
    if options.strategy != "auto" and reason is not None:
        raise UsageError(f"the strategy {options.strategy} cannot solve {instance.name}: {reason}")
    is_small = n_possible_arcs(instance) <= MOST_ARCS
    if reason is not None or (options.strategy == "auto" and is_small):
        return None
    return Scope(N_NEAREST)


def solve_network(network: Network, perspective: Perspective, options: SolveOptions) -> Found:
    """Return a plan by the strategy that the network's scope and the options ask for; raises as these do.

    Raises
    ------
    UsageError
        Where ``split`` is asked for and cannot be; it says why.
    """
    if network.scope is None:
        return _solve_whole(network, perspective, options)
    if not _is_split(network, options):
        return solve_priced(network, perspective, options)
    from netopt.strategies.split.solve import solve_split  # noqa: PLC0415 - numba is heavy

    return solve_split(network, perspective, options)


def _solve_whole(network: Network, perspective: Perspective, options: SolveOptions) -> Found:
    """Return a plan of a network that lists every arc; ``auto`` splits it too where that may help."""
    may_split = options.strategy == "auto" and options.threads > 1 and not len(network.held)
    instance, effects = network.instance, network.effects
    if not may_split or n_possible_arcs(instance) <= FEW_ARCS or why_not_priced(instance, effects):
        return solve_direct(network, perspective, options)
    from netopt.strategies.split.layout import why_not_split  # noqa: PLC0415 - numba is heavy
    from netopt.strategies.together import solve_together  # noqa: PLC0415

    nearby = build_network(instance, effects, scope=Scope(N_NEAREST))
    if why_not_split(nearby):
        return solve_direct(network, perspective, options)
    return solve_together(network, nearby, perspective, options)


def program_of(network: Network, perspective: Perspective, options: SolveOptions) -> Program | None:
    """Return what bounds other objectives over a network's plans; None where it lists every arc.

    Raises
    ------
    UsageError
        As ``solve_network``.
    """
    if network.scope is None:
        return None
    if not _is_split(network, options):
        return PricedProgram(network, perspective, options)
    from netopt.strategies.split.program import SplitProgram  # noqa: PLC0415 - numba is heavy

    return SplitProgram(network, options)


def _is_split(network: Network, options: SolveOptions) -> bool:
    """Return whether a network of short arcs is split; UsageError where it is asked for and cannot be."""
    if options.strategy == "priced":
        return False
    from netopt.strategies.split.layout import why_not_split  # noqa: PLC0415 - numba is heavy

    reason = why_not_split(network)
    if reason is not None and options.strategy == "split":
        raise UsageError(f"the strategy split cannot solve {network.instance.name}: {reason}")
    return reason is None
