"""Two strategies on one network at once: the whole model in branch and bound, and split.

Which of them is ahead depends on the case. Few big plants: splitting has a plan and a bound long before
branch and bound. Where branch and bound comes to an end it proves an optimum, which splitting without
branching cannot. Each has threads of its own; what one knows counts for the other, and the better plan and
the better bound are returned.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Final

from netopt.errors import InfeasibleError, NoSolutionError, StoppedError, UnboundedError
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.solution.options import Stop
from netopt.solution.outcome import gap_of
from netopt.strategies.direct import solve_direct
from netopt.strategies.finish import status_of
from netopt.strategies.split.solve import Rival, Search, found_by

if TYPE_CHECKING:
    from netopt.accounts import Perspective
    from netopt.network.network import Network
    from netopt.solution.options import Progress, SolveOptions
    from netopt.strategies.finish import Found

POLL_S: Final = 0.2
"""How often it is looked whether the other has come to an end."""


def solve_together(
    network: Network, nearby: Network, perspective: Perspective, options: SolveOptions
) -> Found:
    """Return the better plan of ``direct`` and ``split`` with the better of their bounds.

    Parameters
    ----------
    network
        With every arc.
    nearby
        The same with a scope; ``why_not_split`` has no reason against it.
    perspective
        Whose cost is minimised.
    options
        Gap, limits, two threads or more, seed, progress, stop.

    Raises
    ------
    InfeasibleError
        Where no plan exists; UnboundedError where something earns without end.
    NoSolutionError
        Where a limit came before any plan; StoppedError where the user did.
    SolverError
        Where a solver fails or contradicts the ledger.
    """
    beside = _Beside(network, perspective, replace(options, threads=1))
    beside.thread.start()
    search = None
    try:
        search = Search(nearby, perspective, replace(options, threads=options.threads - 1), beside.known)
        search.run()
        while beside.thread.is_alive() and not search.is_over():
            beside.thread.join(POLL_S)
    except InfeasibleError:
        beside.thread.join()
    finally:
        beside.stop.set()
        beside.thread.join()
    return _better(search, beside, options)


class _Beside:
    """The strategy ``direct`` on a thread of its own."""

    def __init__(self, network: Network, perspective: Perspective, options: SolveOptions) -> None:
        self.known, self.stop = Rival(), Stop(options.stop)
        self.found: Found | None = None
        self.failure: Exception | None = None
        own = replace(options, stop=self.stop, on_progress=self._hear)
        self.thread = Thread(target=self._solve, args=(network, perspective, own), daemon=True)

    def _solve(self, network: Network, perspective: Perspective, options: SolveOptions) -> None:
        try:
            self.found = solve_direct(network, perspective, options)
            self.known.is_done = not self.stop.is_set()
        except (StoppedError, NoSolutionError) as error:
            self.failure = error
        except Exception as error:
            self.failure, self.known.is_done = error, True

    def _hear(self, said: Progress) -> None:
        if said.incumbent_cny_per_year is not None:
            self.known.cost = min(self.known.cost, said.incumbent_cny_per_year / OBJECTIVE_UNIT_CNY)
        if said.bound_cny_per_year is not None:
            self.known.bound = max(self.known.bound, said.bound_cny_per_year / OBJECTIVE_UNIT_CNY)


def _better(search: Search | None, beside: _Beside, options: SolveOptions) -> Found:
    """Return the cheaper plan, with the higher bound."""
    if isinstance(beside.failure, InfeasibleError | UnboundedError):
        raise beside.failure
    found = [] if beside.found is None else [beside.found]
    if search is not None and search.best is not None:
        found.append(found_by(search, search.best))
    if not found:
        raise beside.failure or NoSolutionError("the time limit came before any plan was found")
    cheapest = min(found, key=lambda plan: plan.outcome.upper_bound_cny_per_year)
    proven = max(found, key=lambda plan: plan.outcome.lower_bound_cny_per_year)
    return _with_bound(cheapest, proven, options)


def _with_bound(plan: Found, proven: Found, options: SolveOptions) -> Found:
    """Return a plan with the bound of another one, where that is higher."""
    outcome, bound = plan.outcome, proven.outcome
    lower = min(bound.lower_bound_cny_per_year, outcome.upper_bound_cny_per_year)
    gap = gap_of(lower, outcome.upper_bound_cny_per_year, outcome.gross_cost_cny_per_year)
    joined = replace(
        outcome,
        lower_bound_cny_per_year=lower,
        gap=gap,
        status=status_of(gap, options.gap, is_interrupted=options.stop.is_set()),
        bound_source=bound.bound_source,
        threads=options.threads,
    )
    return replace(plan, outcome=joined)
