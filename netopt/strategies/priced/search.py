"""How branch and bound looks for a plan whose bound is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from netopt.solution.options import SolveOptions

    Settings = dict[str, bool | int | float | str]

LEAST_TIME_S: Final = 1.0
"""A search is given this long at least."""


def search_settings(options: SolveOptions, time_limit_s: float) -> Settings:
    """Return options of the solver for a search; its gap is set by who asks."""
    return {
        **options.solver_options,
        "threads": options.threads,
        "random_seed": options.seed,
        "time_limit": max(LEAST_TIME_S, time_limit_s),
        "mip_rel_gap": 0.0,
    }
