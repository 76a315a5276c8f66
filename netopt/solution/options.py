"""What a caller may ask of a solve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """A reading of a running solve: objective in CNY a year, gap relative to gross cost."""

    time_s: float
    incumbent_cny_per_year: float | None
    bound_cny_per_year: float | None
    gap: float | None
    n_nodes: int


@dataclass(frozen=True)
class SolveOptions:
    """Options of one solve; profiles in ``solvers/*.toml`` are named sets of them.

    Attributes
    ----------
    gap
        Proven gap to stop at, relative to gross cost.
    time_limit_s, threads, seed
        Wall-clock limit of the solver, its threads, its random seed.
    solver_options
        Passed to the solver as they are.
    formal_share
        Overrides the instance's formal share, the same on every side of a comparison.
    on_progress
        Called now and then while the solver runs.
    """

    gap: float = 1e-4
    time_limit_s: float = 600.0
    threads: int = 2
    seed: int = 0
    solver_options: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    formal_share: float | None = None
    on_progress: Callable[[Progress], None] | None = None
