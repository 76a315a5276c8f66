"""A first plan over periods: what the linear program loads is covered by whole modules, site by site.

Branch and bound finds no plan of a national network over ten periods in reasonable time. The linear program
among few sites tells how much each site takes in and when; the cheapest schedule of whole modules that is
large enough (``kernels.cheapest_cover``) always gives a plan. Slope scaling (``priced.slopes``) gathers
loads at fewer sites from round to round; the cheapest round counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.backends import highs
from netopt.backends.highs import LinearProgram
from netopt.backends.result import BackendStatus
from netopt.strategies.priced.search import search_settings
from netopt.strategies.priced.slopes import NOTHING, charges
from netopt.strategies.split import kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.backends.result import BackendResult
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions
    from netopt.strategies.priced.few_sites import FewSites
    from netopt.strategies.split.dual import SplitDual

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MOST_ROUNDS: Final = 25
"""Linear programs at most."""

DECIDING: Final = ("operating", "opened", "expanded", "closed")
"""Families of decisions that a schedule of modules fixes; what is renewed follows from them."""

LAST_SHARE: Final = 0.3
"""Share of the time that is kept for the program with the modules fixed."""


@dataclass(frozen=True)
class _Schedule:
    """Sets of modules by period and site, and what the plan with them costs (thousand CNY a year)."""

    chosen: Ints
    cost: float


class Covering:
    """Finds first plans among few sites of one network.

    Parameters
    ----------
    dual
        Of the network: its modules and their costs.
    """

    def __init__(self, dual: SplitDual) -> None:
        self.dual = dual
        layout = dual.layout
        modules = layout.network.modules[["module", "site"]]
        self._site_of = pd.Series(
            np.searchsorted(layout.sites, modules["site"].to_numpy(dtype=layout.sites.dtype)),
            index=modules["module"].to_numpy(),
        )

    def first_plan(self, few: FewSites, until_s: float, options: SolveOptions) -> BackendResult | None:
        """Return a plan, or None where time or the linear program gives none.

        Parameters
        ----------
        few
            The program among few sites.
        until_s
            ``time.monotonic()`` at which to end.
        options
            Threads, seed; ``stop`` ends it too.
        """
        began = time.monotonic()
        schedule = self._cheapest(few.form, began + (1.0 - LAST_SHARE) * (until_s - began), options)
        if schedule is None:
            return None
        fixed = self._fixed(few.form, schedule.chosen)
        settings = search_settings(options, until_s - time.monotonic())
        found = highs.solve_form(fixed, settings, stop=options.stop)
        return found if found.point is not None else None

    def _cheapest(self, form: StandardForm, until_s: float, options: SolveOptions) -> _Schedule | None:
        program = LinearProgram(form, {"threads": options.threads, "random_seed": options.seed})
        multiples, best = np.ones(form.shape[1]), None
        for _ in range(MOST_ROUNDS):
            left_s = until_s - time.monotonic()
            if left_s <= 0 or options.stop.is_set():
                break
            program.change_costs(form.cost * multiples, form.offset)
            result = program.solve(time_limit_s=left_s, stop=options.stop)
            if result.status is not BackendStatus.OPTIMAL or result.point is None:
                break
            schedule = self._covered(form, result.point)
            if np.isfinite(schedule.cost) and (best is None or schedule.cost < best.cost):
                best = schedule
            multiples = charges(form.cost, result.point, form.is_integer, multiples)
        return best

    def _covered(self, form: StandardForm, point: Floats) -> _Schedule:
        required = self._loads(form, point)
        chosen, cost = np.zeros(required.shape, dtype=np.int64), np.zeros(required.shape[1])
        kernels.cheapest_cover(self.dual.uses, required, chosen, cost)
        moving = form.columns.are("flow", "throughput", "shortfall", "unserved", "leaked")
        return _Schedule(chosen, float(form.cost[moving] @ point[moving]) + float(cost.sum()))

    def _loads(self, form: StandardForm, point: Floats) -> Floats:
        """Return what each site takes in (t/yr), by period and site of the whole network."""
        columns = np.flatnonzero(form.columns.are("loads") & (point > NOTHING))
        required = np.zeros(self.dual.shape[:2])
        period = pd.Index(self.dual.layout.periods).get_indexer(pd.Index(form.columns.period[columns]))
        site = self._site_of.reindex(pd.Index(form.columns.key[columns])).to_numpy()
        np.add.at(required, (period, site), point[columns])
        return required

    def _fixed(self, form: StandardForm, chosen: Ints) -> StandardForm:
        """Return the form with all decisions about whole modules fixed to a schedule."""
        layout = self.dual.layout
        names = layout.whole_modules["module"]
        operates = self.dual.open_modules(chosen).astype(float)
        before = np.vstack([self.dual.uses.stands[None, :].astype(float), operates[:-1]])
        added, closed = np.maximum(operates - before, 0.0), np.maximum(before - operates, 0.0)
        opens = added * (self._site_operates(before) == 0)
        values = {"operating": operates, "opened": opens, "expanded": added - opens, "closed": closed}
        decided = np.flatnonzero(form.columns.are(*DECIDING) & form.is_integer)
        number = pd.Index(names).get_indexer(pd.Index(form.columns.key[decided]))
        period = pd.Index(layout.periods).get_indexer(pd.Index(form.columns.period[decided]))
        family = form.columns.family[decided]
        lower, upper = form.lower.copy(), form.upper.copy()
        for name, table in values.items():
            own = family == name
            at = decided[own]
            lower[at] = upper[at] = table[period[own], number[own]]
        return replace(form, lower=lower, upper=upper)

    def _site_operates(self, operates: Floats) -> Floats:
        """Return, by period and module, how many modules of its site operate; standing parts count."""
        uses = self.dual.uses
        site = np.repeat(np.arange(self.dual.shape[1]), np.diff(uses.module_start))
        n_sites = self.dual.shape[1]
        rows = [np.bincount(site, weights=row, minlength=n_sites) for row in operates]
        found: Floats = (np.array(rows, dtype=float) + (uses.part_capacity > 0))[:, site]
        return found
