"""The linear relaxation over all arcs: links separated, arcs added, until neither is missing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from netopt.backends.highs import LinearProgram
from netopt.backends.result import BackendStatus
from netopt.strategies.priced.columns import Arcs
from netopt.strategies.priced.links import Links, Separator

if TYPE_CHECKING:
    from collections.abc import Callable

    from netopt.backends.result import BackendResult
    from netopt.solution.options import SolveOptions
    from netopt.strategies.priced.bound import Pricer
    from netopt.strategies.priced.columns import Columns

    Settings = dict[str, bool | int | float | str]

MOST_ROUNDS: Final = 80
"""Solves of the program at most."""

PRICED_EVERY: Final = 4
"""Unlisted arcs are priced in every round of this number, and whenever no link is broken."""


@dataclass
class Relaxation:
    """The program over all arcs, as far as it is known.

    Attributes
    ----------
    columns
        The network and its form, without ``strong_link``.
    pricer
        Bounds it and prices what is not listed.
    result
        The last optimal solve; its point has the columns of the form, then those of ``added``.
    links, added
        Rows and arcs added to the form.
    bound
        Proven over all arcs (the form's unit of cost); ``-inf`` before the first.
    tell
        Called after each round.
    """

    columns: Columns
    pricer: Pricer
    settings: Settings
    tell: Callable[[], None]
    links: Links = field(init=False)
    added: Arcs = field(init=False)
    result: BackendResult | None = None
    bound: float = -np.inf
    n_rounds: int = 0

    def __post_init__(self) -> None:
        form = self.columns.form
        self._program = LinearProgram(form, self.settings)
        self.links = Links(csr_array((0, form.shape[1])))
        self.added = Arcs.none(form)
        self._separator = Separator(self.columns, self.added.table)
        self._add_links(self._separator.strong())

    def bound_without_multipliers(self) -> None:
        """Raise the bound to what holds whatever a solve will say: as if nothing were scarce."""
        free, _ = self.pricer.bound(np.zeros(self.columns.form.shape[0]), self.links, self.added)
        self.bound = max(self.bound, free)

    def aim_at(self, pricer: Pricer) -> None:
        """Bound another objective over the same plans: that of ``pricer`` and of its form.

        Links and added arcs stay.
        """
        added = pricer.costs_of(self.added.table)
        form = pricer.form
        self._program.change_costs(np.concatenate([form.cost, added]), form.offset)
        self.columns, self.pricer = pricer.columns, pricer
        self.added = replace(self.added, cost=added)
        self.result, self.bound, self.n_rounds = None, -np.inf, 0

    def improve(
        self, until_s: float, least_gain: Callable[[BackendResult], float], options: SolveOptions
    ) -> BackendStatus:
        """Add links and arcs until the bound is as near to the program as it may stay, or time is up.

        Parameters
        ----------
        until_s
            ``time.monotonic()`` at which to end.
        least_gain
            From a solve to what is too little to go on for, in the form's unit of cost.
        options
            ``stop`` ends it too.

        Returns
        -------
        BackendStatus
            OPTIMAL, or how the first solve ended that was not.
        """
        priced = -np.inf
        while self.n_rounds < MOST_ROUNDS:
            status = self._solve(until_s, options)
            if status is not BackendStatus.OPTIMAL or self.result is None or self.result.point is None:
                return status
            value = self.result.bound
            n_links = self._add_links(self._separator.broken(self.result.point))
            n_arcs, is_near = 0, False
            if n_links == 0 or self.n_rounds % PRICED_EVERY == 0:
                n_arcs = self._price(self.result)
                enough = least_gain(self.result)
                is_near = value - self.bound < enough and abs(value - priced) < enough
                priced = value
            self.tell()
            if is_near or n_links + n_arcs == 0 or options.stop.is_set():
                return BackendStatus.OPTIMAL
        return BackendStatus.OPTIMAL

    def _solve(self, until_s: float, options: SolveOptions) -> BackendStatus:
        found = self._program.solve(time_limit_s=until_s - time.monotonic(), stop=options.stop)
        self.n_rounds += 1
        if found.status is BackendStatus.OPTIMAL and found.row_duals is not None:
            self.result = found
            self.links.duals = np.minimum(found.row_duals[self.columns.form.shape[0] :], 0.0)
        return found.status

    def _add_links(self, rows: csr_array) -> int:
        n_rows = int(rows.shape[0])
        if n_rows:
            self._program.add_rows(rows, np.zeros(n_rows))
            self.links.add(rows)
        return n_rows

    def _price(self, result: BackendResult) -> int:
        """Raise the bound, add the arcs that keep it down, and their links; return how many arcs."""
        if result.row_duals is None:
            return 0
        duals = result.row_duals[: self.columns.form.shape[0]]
        bound, missing = self.pricer.bound(duals, self.links, self.added)
        self.bound = max(self.bound, bound)
        first = self.columns.form.shape[1] + len(self.added.table)
        more = self.pricer.columns_of(missing, first)
        if not len(more.table):
            return 0
        self.links.widen(first + len(more.table))
        no_part = csc_array((self.links.matrix.shape[0], len(more.table)))
        self._program.add_columns(more.cost, csc_array(vstack([more.matrix, no_part])))
        self.added = self.added.joined(more)
        self._separator = Separator(self.columns, self.added.table)
        self._add_links(self._separator.strong(first))
        return len(more.table)
