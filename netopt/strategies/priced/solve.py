"""The priced strategy: a bound over every conceivable arc, and a plan over the listed ones.

1. The first plan that a heuristic meets: poor, but from then on an early end has one. Its bound is that
   of the relaxation, or of no multipliers at all.
2. The relaxation with links and unlisted arcs (``relaxation``) gives the bound.
3. Branch and bound over the sites that the relaxation uses or would use next, and all that stand, gives
   the plan; its own bound holds for these candidates alone and is not used. Where there was no first
   plan, a program among few sites gives one (``few_sites``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array, hstack, vstack

from netopt.backends import highs
from netopt.backends.result import BackendResult, BackendStatus
from netopt.errors import InfeasibleError, NoSolutionError, StoppedError, UnboundedError
from netopt.formulation.build import STRENGTHENING
from netopt.formulation.compile import standard_form
from netopt.formulation.extract import decisions
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_costs, unit_gross_costs
from netopt.network.build import build_network
from netopt.network.closings import closed_sites
from netopt.solution.ledger import build_ledger
from netopt.solution.names import ColumnName, ColumnNames, Joined
from netopt.solution.options import Progress
from netopt.strategies.finish import Found, agree, outcome_of, polished
from netopt.strategies.priced.bound import Pricer
from netopt.strategies.priced.columns import Columns
from netopt.strategies.priced.few_sites import Effort, plan_at_few_sites
from netopt.strategies.priced.relaxation import Relaxation
from netopt.strategies.priced.search import search_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from netopt.accounts import Perspective
    from netopt.formulation.objective import Priced
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions

    Floats = NDArray[np.float64]
    Goal = Callable[[Priced], pd.Series]
    Tell = Callable[[float, float | None, float | None, int], None]
    Settings = dict[str, bool | int | float | str]

BOUND_SHARE: Final = 0.6
"""Share of the time limit that the relaxation may take."""

FIRST_PLAN_SHARE: Final = 0.05
"""Share of the time limit that the search for any plan at all may take."""

PLAN_SHARE: Final = 0.35
"""Share of the time limit that branch and bound may take; a plan within the wanted gap ends it before."""

LEAST_GAIN: Final = 3e-4
"""Rounds of the relaxation end where they gain less, relative to gross cost."""

GAP_SAFETY: Final = 0.85
"""Part of the wanted gap at which the search for a plan ends: the gross cost is that of the relaxation."""

PLAN_GAP: Final = 5e-4
"""Gap over the candidates, relative to gross cost, at which the plan is good enough: the bound over all
arcs is farther from it than that."""

MOST_FURTHER_SITES: Final = 60
"""Sites of each type that the relaxation does not use, and branch and bound may."""

LINK_SLACK_TONNES: Final = 100.0
"""Links with more slack at the relaxation's point are left out of branch and bound (t/yr)."""

BOUNDING: Final = "bound over all arcs"

USED: Final = 1e-6
"""A module whose state is above is used by the relaxation."""


@dataclass(frozen=True)
class Incumbent:
    """The best plan known.

    Attributes
    ----------
    result
        How it was found, and its point.
    columns
        Names of the first columns of that point; what follows are flows.
    flows
        ``from_place, to_place``: ends of flows that it uses beside the listed ones, if any.
    """

    result: BackendResult
    columns: ColumnNames
    flows: pd.DataFrame


@dataclass
class PricedProgram:
    """A network's model with its relaxation, to be bounded and planned with.

    Parameters
    ----------
    network
        With a scope.
    perspective
        Whose cost is minimised.
    options
        Threads, seed, limits, progress.
    """

    network: Network
    perspective: Perspective
    options: SolveOptions

    def __post_init__(self) -> None:
        self.options.tell("building the model")
        stop = self.options.stop
        self.began = time.monotonic()
        self.form = standard_form(self.network, self.perspective, without=STRENGTHENING, stop=stop)
        self.build_time_s = time.monotonic() - self.began
        self.columns = Columns(self.network, self.form)
        self._gross, self._gross_constant = by_column(self.form, unit_gross_costs(self.network))
        pricer = Pricer(self.columns, partial(unit_costs, perspective=self.perspective))
        settings: Settings = {"threads": 1, "random_seed": self.options.seed}
        self.relaxation = Relaxation(self.columns, pricer, settings, partial(self._tell, BOUNDING))
        self.best: Incumbent | None = None

    def gross_cny_per_year(self, result: BackendResult | None) -> float:
        """Return the gross cost of a point of the program, an estimate where it is the relaxation's."""
        if result is None or result.point is None:
            return 0.0
        return float(self._gross @ result.point[: self.form.shape[1]]) + self._gross_constant

    def _representative(self) -> BackendResult | None:
        """Return a point of the program that says how large gross cost is."""
        if self.relaxation.result is not None or self.best is None:
            return self.relaxation.result
        return self.best.result

    def _least_gain(self, result: BackendResult) -> float:
        return LEAST_GAIN * self.gross_cny_per_year(result) / OBJECTIVE_UNIT_CNY

    def _tell(self, what: str, incumbent: float | None = None, n_nodes: int = 0) -> None:
        """Report the best plan known, ``incumbent`` among them, and the bound over all arcs."""
        if self.options.on_progress is None:
            return
        kept = None if self.best is None else self.best.result.objective
        known = [value for value in (incumbent, kept) if value is not None]
        best = min(known) * OBJECTIVE_UNIT_CNY if known else None
        bound = self.relaxation.bound * OBJECTIVE_UNIT_CNY
        proven = bound if np.isfinite(bound) else None
        gross = self.gross_cny_per_year(self._representative())
        gap = (best - proven) / gross if best is not None and proven is not None and gross > 0 else None
        time_s = time.monotonic() - self.began
        self.options.on_progress(Progress(time_s, best, proven, gap, n_nodes, what))

    def find_first_plan(self, time_limit_s: float) -> None:
        """Look for any plan over the listed arcs.

        Raises
        ------
        InfeasibleError, UnboundedError
            Of the listed arcs.
        """
        self.options.tell("first plan")
        settings = search_settings(self.options, time_limit_s) | {"mip_max_improving_sols": 1}
        found = highs.solve_form(self.form, settings, stop=self.options.stop)
        _refuse(found.status)
        self._keep(found)
        self._tell(BOUNDING)

    def _keep(self, found: BackendResult) -> None:
        """Keep a plan over listed and added arcs where it is the best."""
        if found.point is None:
            return
        added = self.relaxation.added.table
        n_columns = self.form.shape[1]
        # A plan found before an arc was added does not use it.
        flows = np.zeros(len(added))
        flows[: len(found.point) - n_columns] = found.point[n_columns:]
        self._keep_best(Incumbent(found, self.form.columns, added[flows > USED]))

    def _keep_best(self, found: Incumbent) -> None:
        value, best = found.result.objective, self.best
        if value is None:
            return
        if best is None or best.result.objective is None or value < best.result.objective:
            self.best = found

    def plan_at_few_sites(self, until_s: float) -> None:
        """Look for plans among few of the sites that the relaxation uses.

        It ends at ``until_s`` (``time.monotonic()``).
        """
        relaxed = self.relaxation.result
        is_late = time.monotonic() >= until_s
        if is_late or relaxed is None or relaxed.point is None or len(self.network.held):
            return
        self.options.tell("plan at few sites")
        worth = PLAN_GAP * self.gross_cny_per_year(relaxed) / OBJECTIVE_UNIT_CNY
        use = self._use(relaxed.point)
        for few, found in plan_at_few_sites(
            self.network, self.perspective, use, Effort(worth, until_s, self.options)
        ):
            self._keep_best(Incumbent(found, few.form.columns, few.flows(_known(found.point))))
            self._tell("plan at few sites")

    def relax(self, until_s: float) -> None:
        """Bound the whole network until ``until_s`` (``time.monotonic()``).

        Where the end comes before the first relaxation, the bound is that which needs none.

        Raises
        ------
        InfeasibleError, UnboundedError
            Of the listed arcs.
        SolverError
            Where no bound is proven.
        """
        _refuse(self.relaxation.improve(until_s, self._least_gain, self.options))
        if not np.isfinite(self.relaxation.bound):
            self.relaxation.bound_without_multipliers()

    def least(self, goal: Goal, tell: Tell | None, time_limit_s: float) -> float:
        """Return a lower bound of another objective over the same plans, in the form's unit of cost.

        Parameters
        ----------
        goal
            From a price list to the cost of one unit of each variable (CNY a year).
        tell
            Called with seconds, None, the bound and 0, as branch and bound calls it.
        time_limit_s
            For this bound.

        Raises
        ------
        NoSolutionError
            Where the limit comes before any bound (StoppedError: ``options.stop``).
        """
        began = time.monotonic()
        costs, constant = by_column(self.form, goal(self.network))
        form = replace(self.form, cost=costs / OBJECTIVE_UNIT_CNY, offset=constant / OBJECTIVE_UNIT_CNY)

        def report() -> None:
            if tell is not None and np.isfinite(self.relaxation.bound):
                tell(time.monotonic() - began, None, self.relaxation.bound, 0)

        self.relaxation.aim_at(Pricer(Columns(self.network, form), goal))
        self.relaxation.tell = report
        status = self.relaxation.improve(began + time_limit_s, self._least_gain, self.options)
        if np.isfinite(self.relaxation.bound):
            return self.relaxation.bound
        if status is BackendStatus.INTERRUPTED:
            raise StoppedError("interrupted before the network was bounded")
        raise NoSolutionError("the time limit came before the network was bounded")

    def plan(self, time_limit_s: float) -> None:
        """Look for a better plan over listed and added arcs, at the candidates of the relaxation.

        Where these have no plan, all sites are candidates.

        Raises
        ------
        InfeasibleError
            Where there is none at any site.
        """
        began = time.monotonic()
        relaxed = self.relaxation.result
        if relaxed is None or relaxed.point is None:
            return
        left_out = self._left_out(relaxed)
        found = self._branch_and_bound(relaxed, left_out, time_limit_s)
        if found.status is BackendStatus.INFEASIBLE and left_out.any():
            remaining_s = time_limit_s - (time.monotonic() - began)
            found = self._branch_and_bound(relaxed, np.zeros_like(left_out), remaining_s)
        if self.best is None:
            _refuse(found.status)
        self._keep(found)

    def _branch_and_bound(
        self, relaxed: BackendResult, left_out: NDArray[np.bool_], time_limit_s: float
    ) -> BackendResult:
        gross = self.gross_cny_per_year(relaxed)
        gap = min(PLAN_GAP, self.options.gap) * gross / OBJECTIVE_UNIT_CNY
        wanted: Settings = {"mip_abs_gap": gap, "objective_target": self._good_enough(gross)}

        def report(_time_s: float, incumbent: float | None, _bound: float | None, n_nodes: int) -> None:
            self._tell("plan", incumbent, n_nodes)

        return highs.solve_form(
            self._restricted(relaxed, left_out),
            search_settings(self.options, time_limit_s) | wanted,
            on_progress=report,
            stop=self.options.stop,
        )

    def _good_enough(self, gross_cny_per_year: float) -> float:
        """Return the cost at which a plan is near enough to the bound, in the form's unit."""
        room = GAP_SAFETY * self.options.gap * gross_cny_per_year / OBJECTIVE_UNIT_CNY
        return self.relaxation.bound + room

    def _restricted(self, relaxed: BackendResult, left_out: NDArray[np.bool_]) -> StandardForm:
        """Return the program as far as it is known, with the links that are nearly tight."""
        form, added, links = self.form, self.relaxation.added, self.relaxation.links
        point = _known(relaxed.point)
        n_added = len(added.cost)
        # What was added since the last solve is zero in its point.
        within = csr_array(csc_array(links.matrix)[:, : len(point)])
        tight = (-(within @ point) < LINK_SLACK_TONNES) | (links.duals < 0)
        rows = links.matrix[tight]
        n_links = int(rows.shape[0])
        matrix = vstack([hstack([form.matrix, added.matrix]), rows])
        names = [
            ColumnName("unlisted", str(number), period)
            for number, period in enumerate(added.table["period"])
        ]
        upper = np.where(left_out, np.minimum(form.upper, 0.0), form.upper)
        return replace(
            form,
            cost=np.concatenate([form.cost, added.cost]),
            lower=np.concatenate([form.lower, np.zeros(n_added)]),
            upper=np.concatenate([upper, np.where(self._may_be_used(), np.inf, 0.0)]),
            is_integer=np.concatenate([form.is_integer, np.zeros(n_added, dtype=bool)]),
            columns=form.columns.followed_by(names),
            matrix=csc_array(matrix),
            row_lower=np.concatenate([form.row_lower, np.full(n_links, -np.inf)]),
            row_upper=np.concatenate([form.row_upper, np.zeros(n_links)]),
            rows=Joined(form.rows, (f"link[{number}]" for number in range(n_links))),
            row_keys=form.row_keys.followed_by(("link", str(number)) for number in range(n_links)),
        )

    def _may_be_used(self) -> NDArray[np.bool_]:
        """Return which added arcs a plan may use: none where its end is closed, or sources are assigned."""
        arcs, network = self.relaxation.added.table, self.network
        if len(network.assignments):
            return np.zeros(len(arcs), dtype=bool)
        closed = {
            (site, period)
            for period in network.periods
            for site in closed_sites(network.instance, network.effects, period)
        }
        ends = zip(arcs["to_place"], arcs["period"], strict=True)
        return np.array([end not in closed for end in ends], dtype=bool)

    def _left_out(self, relaxed: BackendResult) -> NDArray[np.bool_]:
        """Return which columns buy modules at sites that the plan need not look at.

        It looks at those that the relaxation uses, and at those that it would use next, by reduced
        cost.
        """
        modules = self.columns.modules
        use = self._use(_known(relaxed.point))
        duals = _known(relaxed.column_duals)[modules["column"].to_numpy()]
        price = pd.Series(duals).groupby(modules["site"].to_numpy()).min()
        used = set(use.index[use.to_numpy() > USED])
        types = self.network.instance["sites"].set_index("site")["facility_type"]
        others = price[~price.index.isin(used)].sort_values(kind="stable")
        others = others.groupby(types.reindex(others.index).to_numpy()).head(MOST_FURTHER_SITES)
        kept = used | set(others.index)
        site_of = dict(zip(self.network.modules["module"], self.network.modules["site"], strict=True))
        buying = ("opened", "expanded", "renewed")
        names = self.form.columns
        left_out = names.are(*buying)
        left_out[left_out] = [site_of[module] not in kept for module in names.key[left_out]]
        return left_out

    def _use(self, point: Floats) -> pd.Series:
        """Return the greatest state of the modules of each site (0 to 1)."""
        modules = self.columns.modules
        return pd.Series(point[modules["column"].to_numpy()]).groupby(modules["site"].to_numpy()).max()

    def found(self) -> tuple[BackendResult, Incumbent]:
        """Return how the best plan was found, with the bound of the program, and the plan.

        Raises
        ------
        NoSolutionError
            Where a limit came before any plan; StoppedError where the user did.
        """
        is_stopped = self.options.stop.is_set()
        if self.best is None or self.best.result.point is None:
            if is_stopped:
                raise StoppedError("interrupted before any plan was found")
            raise NoSolutionError("the time limit came before any plan was found")
        status = BackendStatus.INTERRUPTED if is_stopped else self.best.result.status
        return replace(self.best.result, status=status, bound=self.relaxation.bound), self.best

    def widened(self, flows: pd.DataFrame) -> Network:
        """Return the network in which flows (``from_place, to_place``) are listed too."""
        scope = self.network.scope
        if not len(flows) or scope is None:
            return self.network
        instance = self.network.instance
        wider = build_network(instance, self.network.effects, scope=scope.with_flows(instance, flows))
        return replace(wider, held=self.network.held)


def _refuse(status: BackendStatus) -> None:
    """Raise what a solve over the listed arcs proved, if there is no plan."""
    if status is BackendStatus.INFEASIBLE:
        raise InfeasibleError("no plan satisfies every constraint over the listed arcs")
    if status is BackendStatus.UNBOUNDED:
        raise UnboundedError("some chain of recipes and sales earns without end")


def _known(values: Floats | None) -> Floats:
    if values is None:
        raise NoSolutionError("the relaxation has no point")
    return values


def solve_priced(network: Network, perspective: Perspective, options: SolveOptions) -> Found:
    """Return a polished plan over the listed arcs with a bound over all arcs.

    Raises
    ------
    InfeasibleError
        Where no plan exists over the listed arcs.
    NoSolutionError
        Where a limit came before any plan; StoppedError where the user did.
    UnboundedError
        Where something earns without end.
    SolverError
        Where the solver fails or contradicts the ledger, or the bound is not proven.
    """
    program = PricedProgram(network, perspective, options)
    end_s = program.began + options.time_limit_s
    program.find_first_plan(FIRST_PLAN_SHARE * options.time_limit_s)
    program.relax(program.began + BOUND_SHARE * options.time_limit_s)
    if program.best is None and not options.stop.is_set():
        program.plan_at_few_sites(end_s)
    remaining_s = end_s - time.monotonic()
    if remaining_s > 0 and not options.stop.is_set():
        program.plan(min(remaining_s, PLAN_SHARE * options.time_limit_s))
    result, plan = program.found()
    planned = program.widened(plan.flows)
    form = program.form
    if planned is not network:
        options.tell("building the plan's network")
        form = standard_form(planned, perspective, without=STRENGTHENING)
    point = _known(plan.result.point)
    values = polished(form, transferred(plan.columns, point, form, planned), options)
    found = decisions(planned, form, values)
    ledger = build_ledger(planned, found)
    source = (
        f"weak duality over every conceivable arc, listed or not, with multipliers from {result.solver} "
        f"{result.solver_version}"
    )
    outcome = outcome_of(planned, perspective, options, form, result, ledger, source)
    timed = replace(
        outcome,
        build_time_s=program.build_time_s,
        solve_time_s=time.monotonic() - program.began - program.build_time_s,
    )
    agree(form, values, timed)
    return Found(found, ledger, timed, form, planned, program)


def transferred(columns: ColumnNames, point: Floats, form: StandardForm, network: Network) -> Floats:
    """Return the whole decisions of a plan in the columns of a form, 0 elsewhere.

    ``columns`` are the names of the first columns of ``point``.

    Where a plan among few sites had no choice of a site it has no column for it: it ships there.
    """
    known = dict(zip(columns, point[: len(columns)], strict=True))
    chosen = _chosen(known, network)
    values = np.zeros(len(form.columns))
    decided = form.columns.taken(np.flatnonzero(form.is_integer))
    values[form.is_integer] = [known.get(name, float(name in chosen)) for name in decided]
    return values


def _chosen(known: dict[ColumnName, float], network: Network) -> set[ColumnName]:
    """Return the names of the assignments along which something is shipped."""
    links = network.assignments.merge(network.supplies[["supply", "source", "commodity"]], on="supply")
    ends = ["source", "commodity", "site"]
    arcs = network.arcs[["arc", "from_place", "commodity", "to_place"]].set_axis(["arc", *ends], axis=1)
    pairs = links.merge(arcs, on=ends)[["assignment", "arc"]].itertuples(index=False)
    return {
        ColumnName("assigned", assignment, period)
        for assignment, arc in pairs
        for period in network.periods
        if known.get(ColumnName("flow", arc, period), 0.0) > USED
    }
