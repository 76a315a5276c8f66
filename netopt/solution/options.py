"""What a caller may ask of a solve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netopt.data.design import Design


@dataclass(frozen=True)
class Progress:
    """A reading of a running solve: objective in CNY a year, gap relative to gross cost.

    ``what`` is being done, in words, for the plan under ``policy``; what is not known yet is None.
    ``is_last`` of what is said of that plan.
    """

    time_s: float
    incumbent_cny_per_year: float | None
    bound_cny_per_year: float | None
    gap: float | None
    n_nodes: int
    what: str = ""
    policy: str = ""
    is_last: bool = False


class Stop(Event):
    """A wish to stop of one's own, beside a caller's: setting it leaves the caller's as it is."""

    def __init__(self, of_caller: Event) -> None:
        super().__init__()
        self._of_caller = of_caller

    def is_set(self) -> bool:
        """Return whether either wishes to stop."""
        return super().is_set() or self._of_caller.is_set()


@dataclass(frozen=True)
class SolveOptions:
    """Options of one solve; profiles in ``solvers/*.toml`` are named sets of them.

    Attributes
    ----------
    gap
        Proven gap to stop at, relative to gross cost.
    time_limit_s, threads, seed
        Wall-clock limit of the solver, its threads, its random seed. ``compare`` solves as many policies at
        a time as there are threads.
    strategy
        ``direct`` (the whole model to the solver), ``split`` (supplies and sites solved apart, priced
        against each other), ``priced`` (short arcs listed, all others priced), or ``auto``: the first where
        the network is small, else the second where it can, else the third where it can.
    solver_options
        Passed to the solver as they are.
    formal_share
        Overrides the instance's formal share, the same on every side of a comparison.
    design
        What is opened, added, closed and renewed, where only tonnes may be re-routed; None: free.
    on_progress
        Called now and then while the solver runs.
    with_social_range
        Also bound what a private plan costs society (``Solution.social_range_cny_per_year``).
    stop
        Once it is set, whatever runs ends as soon as it can and keeps the plan it has. Every
        strategy hands it to every solve (``backends.highs.solve_form(..., stop=options.stop)``).
    """

    gap: float = 1e-4
    time_limit_s: float = 600.0
    threads: int = 2
    seed: int = 0
    strategy: str = "auto"
    solver_options: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    formal_share: float | None = None
    design: Design | None = None
    on_progress: Callable[[Progress], None] | None = None
    with_social_range: bool = False
    stop: Event = field(default_factory=Event, compare=False)

    def telling(self, policy: str) -> SolveOptions:
        """Return the options with readings that say under which policy is planned."""
        tell = self.on_progress
        if tell is None:
            return self
        return replace(self, on_progress=lambda progress: tell(replace(progress, policy=policy)))

    def tell(self, what: str) -> None:
        """Report that a step begins of which there are no figures yet."""
        if self.on_progress is not None:
            self.on_progress(Progress(0.0, None, None, None, 0, what))
