"""Better plans, region by region: whole decisions at the sites around a place are planned anew.

A large neighbourhood search: all other sites stay as they are, branch and bound has a few seconds, and the
number of sites grows where these were more than enough. It says where to look; no bound comes from it.

Source: Shaw (1998), Using constraint programming and local search methods to solve vehicle routing
problems, CP-98, 417-431; with branch and bound inside as in Fischetti and Lodi (2003), Local branching,
Mathematical Programming 98, 23-47.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import KDTree

from netopt.backends.result import BackendStatus
from netopt.network.roads import on_sphere
from netopt.strategies.priced.few_sites import held, solved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from netopt.backends.result import BackendResult
    from netopt.strategies.priced.few_sites import Effort, FewSites

    Floats = NDArray[np.float64]

FIRST_SITES: Final = 20
LEAST_SITES: Final = 6
LARGER: Final = 1.25
SMALLER: Final = 0.8
"""Sites in a region: how many at first and at least, and by what factor that changes."""

TURN_S: Final = 10.0
"""Seconds for one region."""

QUICK: Final = 0.4
"""Share of these within which branch and bound ends where regions may be larger."""

REGION_WORTH: Final = 0.1
"""What a region is worth being planned anew for, as a share of what a whole search is."""

MOST_FAILURES: Final = 30
"""Regions in a row without a better plan after which the search ends."""


def plans_by_region(few: FewSites, start: Floats, effort: Effort) -> Iterator[BackendResult]:
    """Yield plans, each cheaper than the one before, the first than ``start``.

    Parameters
    ----------
    few
        A program.
    start
        One of its plans.
    effort
        For all regions together.
    """
    regions = Regions(few, effort.options.seed, FIRST_SITES)
    point, value = start, few.form.objective(start)
    worth, n_failed = REGION_WORTH * effort.worth, 0
    while n_failed < MOST_FAILURES and effort.left_s > 0 and not effort.options.stop.is_set():
        began = time.monotonic()
        rest = held(few.form, point, regions.elsewhere())
        turn_s = min(TURN_S, effort.left_s)
        result = solved(rest, turn_s, effort.options, start=point, mip_abs_gap=worth)
        regions.adapt(result.status, time.monotonic() - began)
        n_failed += 1
        if result.point is not None and few.form.objective(result.point) < value - worth:
            point, value, n_failed = result.point, few.form.objective(result.point), 0
            yield result


class Regions:
    """Draws places, and the sites around them.

    Parameters
    ----------
    few
        The program whose sites they are.
    seed
        Of the draw.
    size
        How many sites are around a place.
    """

    def __init__(self, few: FewSites, seed: int, size: int) -> None:
        instance = few.network.instance
        sites = instance["sites"].merge(instance["locations"], on="location")
        self._names, self._places = sites["site"].to_numpy(), on_sphere(sites)
        self._near, self._draw = KDTree(self._places), np.random.default_rng(seed)
        self._site_of_column = few.sites()
        self._size = min(size, len(sites))

    def elsewhere(self) -> NDArray[np.bool_]:
        """Return which columns are decisions about sites that are not around a place drawn anew."""
        place = self._places[self._draw.integers(len(self._places))]
        _, numbers = self._near.query(place, k=range(1, self._size + 1))
        kept: NDArray[np.bool_] = ~np.isin(self._site_of_column, ["", *self._names[numbers]])
        return kept

    def adapt(self, status: BackendStatus, took_s: float) -> None:
        """Make regions smaller where branch and bound did not end, larger where it was quick."""
        if status is not BackendStatus.OPTIMAL:
            self._size = max(min(LEAST_SITES, len(self._names)), int(self._size * SMALLER))
        elif took_s < QUICK * TURN_S:
            self._size = min(len(self._names), int(self._size * LARGER) + 1)
