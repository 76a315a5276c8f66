"""The split strategy: a bound by splitting origins and facilities, a plan among the sites that it uses.

1. The ascent (``ascent``) raises the bound over every conceivable arc, alone at first, then beside the
   search for plans on a thread of its own.
2. Its mean says which sites are worth looking at. Among these, slope scaling gives a first plan (over
   several periods modules that cover loads, ``covering``), and neighbourhoods, one facility type after
   the other and two at a time, better ones (``priced.few_sites``).
3. When that gains no more, it begins anew among more sites: what the mean uses by then. At last all that
   lies around a place is planned anew, place by place (``priced.regions``).

The search says where to look. The bound is that of the ascent, whatever was looked at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.backends.result import BackendResult, BackendStatus
from netopt.errors import InfeasibleError, NoSolutionError, StoppedError
from netopt.formulation.build import STRENGTHENING
from netopt.formulation.compile import standard_form
from netopt.formulation.extract import decisions
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_costs, unit_gross_costs
from netopt.network.build import build_network
from netopt.network.scope import Scope
from netopt.solution.ledger import build_ledger
from netopt.solution.options import Progress, Stop
from netopt.strategies.finish import Found, agree, outcome_of, polished
from netopt.strategies.priced.few_sites import Effort, among, plan_at_few_sites
from netopt.strategies.priced.regions import plans_by_region
from netopt.strategies.priced.solve import solve_priced, transferred
from netopt.strategies.split.ascent import Ascent
from netopt.strategies.split.covering import Covering
from netopt.strategies.split.dual import SplitDual
from netopt.strategies.split.program import SplitProgram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.accounts import Perspective
    from netopt.network.network import Network
    from netopt.solution.options import SolveOptions
    from netopt.strategies.priced.few_sites import Begin, FewSites

ALONE_SHARE: Final = 0.2
"""Share of the time limit that the ascent may have before plans are looked for."""

REST_SHARE: Final = 0.1
"""Share of the time limit that is kept for writing the plan out."""

STALL_GAIN: Final = 1e-3
"""The ascent has both threads until ``ascent.STALL_STEPS`` steps gain less, relative to ``size``."""

LEAST_GAIN: Final = 2e-5
"""The ascent ends where as many steps gain less."""

LEAST_USES: Final = (0.02, 0.002, 0.0002)
"""Sites that are looked at, search by search: those whose modules the mean uses for a larger share."""

LEAST_USE_LONG: Final = 0.1
"""The same over many periods, where a program of many sites is too large to gain anything from: after the
first plan regions alone are planned anew."""

LONG: Final = 3
"""Periods beyond which fewer arcs are listed, so that the linear program stays small."""

FEW_NEAREST: Final = 3
"""Sites of each type, standing and not, that are listed then from each place."""

MOST_SITES: Final = 400
"""Sites up to which regions hold all there are, not only those that the mean ever used."""

WORTH: Final = 1e-4
"""Searches end where they could gain less, relative to the cost of ways."""


@dataclass(frozen=True)
class Incumbent:
    """A plan and the program among few sites that it is of; its cost in thousand CNY a year."""

    few: FewSites
    result: BackendResult
    cost: float
    gross: float


@dataclass
class Rival:
    """What is known meanwhile of the same plans by other means, in thousand CNY a year.

    ``cost`` of its best plan, a ``bound`` of all plans; ``is_done``: it has nothing to add.
    """

    cost: float = np.inf
    bound: float = -np.inf
    is_done: bool = False


class Search:
    """Bound and plan of one network, until they are near enough.

    Parameters
    ----------
    network
        With a scope; ``why_not_split`` has no reason against it.
    perspective
        Whose cost is minimised.
    options
        Gap, limits, threads, seed, progress, stop.
    rival
        Whose plans and bounds count too; None: there is none.
    """

    def __init__(
        self,
        network: Network,
        perspective: Perspective,
        options: SolveOptions,
        rival: Rival | None = None,
    ) -> None:
        options.tell("building the bound")
        self.began = time.monotonic()
        self.network, self.perspective, self.options = network, perspective, options
        self.dual = SplitDual(network, partial(unit_costs, perspective=perspective), options.threads)
        self.build_time_s = time.monotonic() - self.began
        self.end_s = self.began + (1.0 - REST_SHARE) * options.time_limit_s
        self.stop = Stop(options.stop)
        self.rival = Rival() if rival is None else rival
        self.best: Incumbent | None = None
        self._failure: Exception | None = None
        self.ascent = Ascent(self.dual, self.dual.first_multipliers())
        if not np.isfinite(self.ascent.bound):
            raise InfeasibleError("some supply has no way to any site that could take it")

    def run(self) -> None:
        """Bound and plan until the gap is met, nothing gains any more, or time is up."""
        self._ascend(self.began + ALONE_SHARE * self.options.time_limit_s, STALL_GAIN)
        self.dual.threads = max(1, self.options.threads - 1)
        beside = Thread(target=self._ascend_beside, daemon=True)
        beside.start()
        try:
            self._plan()
            self.dual.threads = self.options.threads
            while beside.is_alive() and not self.is_over():
                beside.join(0.2)
        finally:
            self.stop.set()
            beside.join()
        if self._failure is not None:
            raise self._failure

    def _ascend_beside(self) -> None:
        try:
            self._ascend(self.end_s, LEAST_GAIN)
        except Exception as error:
            self._failure = error

    def _ascend(self, until_s: float, least_gain: float) -> None:
        self.ascent.climb(
            least_gain,
            is_over=lambda: time.monotonic() >= until_s or self.is_over(),
            target=lambda: self.cost,
            tell=partial(self._tell, "bound over all arcs"),
        )

    def _plan(self) -> None:
        worth = WORTH * self.ascent.size
        options = replace(self.options, threads=1, stop=self.stop)
        for least in (LEAST_USE_LONG,) if self._is_long else LEAST_USES:
            self.options.tell("plan at few sites")
            found = plan_at_few_sites(
                self._nearby,
                self.perspective,
                self._use(least),
                Effort(worth, self.end_s, options),
                known=self._known(),
                begin=self._begin(),
            )
            for few, result in found:
                self._keep(few, result)
                if self.is_over():
                    return
                if self._is_long:
                    break
        self._plan_by_region(Effort(worth, self.end_s, options))

    def _plan_by_region(self, effort: Effort) -> None:
        known = self._known()
        if known is None or self.is_over():
            return
        sites = self.network.instance["sites"]["site"]
        least = LEAST_USE_LONG if self._is_long else 0.0
        chosen = set(sites if len(sites) <= MOST_SITES else self._use(least).index)
        chosen |= set(known[0].network.instance["sites"]["site"])
        self.options.tell("plan region by region")
        more = among(self._nearby, self.perspective, chosen, known[0].flows(known[1]))
        for result in plans_by_region(more, more.point_of(*known), effort):
            self._keep(more, result)
            if self.is_over():
                return

    @property
    def _nearby(self) -> Network:
        """The network whose scope is that of programs among few sites."""
        return replace(self.network, scope=Scope(FEW_NEAREST)) if self._is_long else self.network

    @property
    def _is_long(self) -> bool:
        return len(self.network.periods) > LONG

    def _begin(self) -> Begin | None:
        """Return what looks for the first plan: over several periods modules that cover loads."""
        return Covering(self.dual).first_plan if len(self.network.periods) > 1 else None

    def _use(self, least: float) -> pd.Series:
        """Return how much the mean uses each site, where that is more than ``least`` (0 to 1)."""
        modules = self.dual.layout.whole_modules
        use = pd.Series(self.ascent.use.max(axis=0, initial=0.0)).groupby(modules["site"].to_numpy()).max()
        return use[use > least]

    def _known(self) -> tuple[FewSites, NDArray[np.float64]] | None:
        best = self.best
        return None if best is None or best.result.point is None else (best.few, best.result.point)

    def _keep(self, few: FewSites, result: BackendResult) -> None:
        if result.point is None or result.objective is None:
            return
        if self.best is None or result.objective < self.best.cost:
            per_column, constant = by_column(few.form, unit_gross_costs(few.network))
            gross = float(per_column @ result.point) + constant
            self.best = Incumbent(few, result, result.objective, gross / OBJECTIVE_UNIT_CNY)
            self._tell("plan at few sites")

    @property
    def cost(self) -> float | None:
        """Cost of the best plan (thousand CNY a year), whoever found it; None where nobody did."""
        least = min(self.rival.cost, np.inf if self.best is None else self.best.cost)
        return least if np.isfinite(least) else None

    @property
    def bound(self) -> float:
        """The best bound (thousand CNY a year), whoever proved it."""
        return max(self.ascent.bound, self.rival.bound)

    def is_over(self) -> bool:
        """Whether the gap is met, time is up or the user wishes to stop."""
        if self.stop.is_set() or self.rival.is_done or time.monotonic() >= self.end_s:
            return True
        best, cost = self.best, self.cost
        return best is not None and cost is not None and cost - self.bound <= self.options.gap * best.gross

    def _tell(self, what: str) -> None:
        if self.options.on_progress is None:
            return
        best, bound = self.best, self.bound * OBJECTIVE_UNIT_CNY
        cost = None if self.cost is None else self.cost * OBJECTIVE_UNIT_CNY
        gross = 0.0 if best is None else best.gross * OBJECTIVE_UNIT_CNY
        gap = (cost - bound) / gross if cost is not None and gross > 0 else None
        time_s = time.monotonic() - self.began
        self.options.on_progress(Progress(time_s, cost, bound, gap, self.ascent.n_steps, what))


def solve_split(network: Network, perspective: Perspective, options: SolveOptions) -> Found:
    """Return a polished plan with a bound over all arcs.

    Where no plan is found among few sites, ``priced`` looks for one with the time that is left.

    Raises
    ------
    InfeasibleError
        Where some supply has no way at all, or ``priced`` finds that no plan exists.
    NoSolutionError
        Where a limit came before any plan; StoppedError where the user did.
    SolverError
        Where the solver fails or contradicts the ledger.
    """
    search = Search(network, perspective, options)
    search.run()
    best = search.best
    if best is None and options.stop.is_set():
        raise StoppedError("interrupted before any plan was found")
    if best is None:
        left_s = search.began + options.time_limit_s - time.monotonic()
        if left_s <= 0:
            raise NoSolutionError("the time limit came before any plan was found")
        return solve_priced(network, perspective, replace(options, time_limit_s=left_s))
    return found_by(search, best)


def found_by(search: Search, best: Incumbent) -> Found:
    """Return the plan in a network of all sites that lists the arcs of the plan."""
    network, perspective, options = search.network, search.perspective, search.options
    options.tell("building the plan's network")
    scope = Scope(1).with_flows(network.instance, best.few.flows(_point(best)))
    planned = build_network(network.instance, network.effects, scope=scope)
    form = standard_form(planned, perspective, without=STRENGTHENING)
    values = polished(form, transferred(best.few.form.columns, _point(best), form, planned), options)
    found = decisions(planned, form, values)
    ledger = build_ledger(planned, found)
    is_stopped = options.stop.is_set()
    status = BackendStatus.INTERRUPTED if is_stopped else BackendStatus.LIMIT
    result = replace(best.result, status=status, bound=search.ascent.bound, n_nodes=search.ascent.n_steps)
    source = "netopt's own: origins and facilities split, every conceivable arc, listed or not"
    outcome = outcome_of(planned, perspective, options, form, result, ledger, source)
    solve_time_s = time.monotonic() - search.began - search.build_time_s
    outcome = replace(outcome, build_time_s=search.build_time_s, solve_time_s=solve_time_s)
    agree(form, values, outcome)
    return Found(found, ledger, outcome, form, planned, SplitProgram(network, options))


def _point(best: Incumbent) -> NDArray[np.float64]:
    if best.result.point is None:
        raise NoSolutionError("the plan has no point")
    return best.result.point
