"""Lower bounds of other objectives over the plans of a network that was split."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from netopt.errors import NoSolutionError
from netopt.strategies.split.ascent import Ascent
from netopt.strategies.split.dual import SplitDual

if TYPE_CHECKING:
    from netopt.network.network import Network
    from netopt.solution.options import SolveOptions
    from netopt.strategies.finish import Goal, Tell

STALL_GAIN: Final = 1e-4
"""A bound is good enough where ``ascent.STALL_STEPS`` steps gain less, relative to the cost of ways."""


@dataclass(frozen=True)
class SplitProgram:
    """A network of which any linear objective can be bounded from below, over every conceivable arc.

    Attributes
    ----------
    network
        One for which ``why_not_split`` has no reason.
    options
        Threads; ``stop`` ends it.
    """

    network: Network
    options: SolveOptions

    def least(self, goal: Goal, tell: Tell | None, time_limit_s: float) -> float:
        """Return a lower bound of an objective over all plans, in thousand CNY a year.

        Parameters
        ----------
        goal
            From a price list to the cost of one unit of each variable (CNY a year).
        tell
            Called with seconds, None, the bound and the steps, as branch and bound calls it.
        time_limit_s
            For this bound; one evaluation is made whatever it is.

        Raises
        ------
        NoSolutionError
            Where missing a soft rule would earn without end.
        """
        began = time.monotonic()
        dual = SplitDual(self.network, goal, self.options.threads)
        if (dual.rules.penalty < 0).any():
            raise NoSolutionError("missing a target earns without end: there is no bound")
        ascent = Ascent(dual, dual.first_multipliers())

        def is_over() -> bool:
            return self.options.stop.is_set() or time.monotonic() - began >= time_limit_s

        def say() -> None:
            if tell is not None:
                tell(time.monotonic() - began, None, ascent.bound, ascent.n_steps)

        ascent.climb(STALL_GAIN, is_over, tell=say)
        return ascent.bound
