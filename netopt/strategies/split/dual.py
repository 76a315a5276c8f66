"""The split model's bound: supplies on one side, sites on the other, prices between them.

Let ``X[t, s, u]`` be what goods that came from supply ``u`` load at site ``s`` in period ``t`` (t/yr). The
ways of supplies fix it, the use of sites needs it; that both agree is relaxed at prices ``q >= 0``, side
rules ``r`` at multipliers ``m >= 0``. What is left falls apart into one cheapest way for each supply and
one schedule for each site:

    ``bound = constants + sum(t, u: tonnes * cheapest way at costs - m * terms + q per tonne of load)
    - sum(s: the most its modules can earn from q) + sum(r: m * side)``.

Every ``q`` and ``m`` give a valid bound over all conceivable arcs. The best of them is as strong as all
``strong_link`` and residual-capacity rows at every echelon together, with whole modules, whatever the
listed arcs are. At a site a supply fills at most what its tonnes could load there.

Source: Barcelo, Fernandez and Jornsten (1991), Computational results from a new Lagrangean relaxation
algorithm for the capacitated plant location problem, European Journal of Operational Research 53, 38-45;
here with echelons, commodities, periods and sets of modules.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.strategies.split import kernels
from netopt.strategies.split.kernels import WayAmounts, WayCosts
from netopt.strategies.split.layout import PROBES, Costs, Layout
from netopt.strategies.split.rules import Elements, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from netopt.formulation.objective import Priced
    from netopt.network.network import Network

    Floats = NDArray[np.float64]
    Goal = Callable[[Priced], pd.Series]

N_CHUNKS: Final = 16
"""Parts in which supplies and sites are worked on; sums are in their order, whatever the threads."""


@dataclass(frozen=True)
class Multipliers:
    """What the two halves pay each other, and what rules pay.

    Attributes
    ----------
    prices
        Thousand CNY per tonne of load, by period, site and supply; float32, exact as they stand.
    rules
        Thousand CNY per unit, by row of ``Rules``.
    """

    prices: NDArray[np.float32]
    rules: Floats


@dataclass(frozen=True)
class Evaluation:
    """The bound at some multipliers, and how far the halves disagree.

    Attributes
    ----------
    bound
        In thousand CNY a year, constants included.
    surplus
        What supplies load minus what sites load (t/yr), by period, site and supply.
    violation
        What each rule lacks (its unit).
    chosen
        By period and site: a bit for each whole module that operates.
    way_cost
        Sum of absolute costs of ways: a measure of size.
    """

    bound: float
    surplus: NDArray[np.float32]
    violation: Floats
    chosen: NDArray[np.int64]
    way_cost: float


class SplitDual:
    """The bound of one network under one objective; made once, asked for many multipliers.

    Parameters
    ----------
    network
        One for which ``why_not_split`` has no reason.
    goal
        From a price list to the cost of one unit of each variable (CNY a year).
    threads
        How many work on one evaluation.
    """

    def __init__(self, network: Network, goal: Goal, threads: int) -> None:
        self.layout = layout = Layout(network)
        own = goal(network)
        moving = goal(layout.everywhere)
        is_known = own.index.isin(moving.index)
        every = _joined(own[~is_known], moving) / OBJECTIVE_UNIT_CNY
        self.costs = Costs(every, layout.periods)
        self.elements = Elements.of(layout)
        self.rules = rules_of(layout, self.elements, self.costs)
        self.ways, self.uses = layout.ways, layout.uses(self.costs)
        self._element_cost = every.reindex(self.elements.index).fillna(0.0).to_numpy(dtype=float)
        self._sale_is_open = network.open_arcs.loc[layout.sales["arc"], layout.periods].to_numpy().T
        self._unserved = self._unserved_cost()
        self._constant = self._constants()
        self.threads = threads

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of periods, sites and supplies."""
        return (len(self.layout.periods), len(self.layout.sites), len(self.layout.network.supplies))

    def first_multipliers(self) -> Multipliers:
        """Return what the fullest use of the cheapest module costs, as if capacity came in any amount."""
        prices = np.repeat(self._full_cost()[:, :, None], self.shape[2], axis=2)
        soft = np.where(np.isfinite(self.rules.penalty), self.rules.penalty, 0.0)
        return Multipliers(prices.astype(np.float32), soft)

    def _full_cost(self) -> Floats:
        """Return the least cost of a tonne of load, by period and site: variable, fixed, capital by year.

        Capital is spread over the periods that are left at the weights that they have.
        """
        uses = self.uses
        weights = np.array([self.layout.network.period_weights[t] for t in self.layout.periods])
        least = np.where(uses.part_capacity > 0, uses.part_cost, np.inf)
        site = np.repeat(np.arange(self.shape[1]), np.diff(uses.module_start))
        for first in range(self.shape[0]):
            built = np.minimum(uses.opened[first], uses.expanded[first])
            capital = np.where(uses.stands, 0.0, built)
            for t in range(first, self.shape[0]):
                share = weights[t] / weights[first:].sum()
                cost = uses.load[t] + (uses.operating[t] + capital * share) / uses.capacity
                np.minimum.at(least[t], site, cost)
        return np.where(np.isfinite(least), least, 0.0)

    def evaluate(self, multipliers: Multipliers) -> Evaluation:
        """Return the bound that multipliers give."""
        costs = self._way_costs(multipliers.rules)
        prices = multipliers.prices
        n_periods, n_sites, n_supplies = self.shape
        value = np.zeros((n_periods, n_supplies))
        profit = np.zeros(n_sites)
        chosen = np.zeros((n_periods, n_sites), dtype=np.int64)
        surplus = np.zeros(self.shape, dtype=np.float32)

        def use(first: int, last: int) -> None:
            kernels.best_uses(self.uses, prices, first, last, profit, chosen, surplus)

        find = partial(self._find_ways, costs, prices, value, surplus)
        with ThreadPoolExecutor(self.threads) as pool:
            found = list(pool.map(find, *_chunks(n_supplies)))
            list(pool.map(use, *_chunks(n_sites)))
        served = value * self.ways.tonnes
        paid = float(multipliers.rules @ self.rules.side)
        bound = self._constant + float(served.sum()) - float(profit.sum()) + paid
        violation = self.rules.side - self.rules.matrix @ self._amounts(found)
        return Evaluation(bound, surplus, violation, chosen, float(np.abs(served).sum()))

    def _find_ways(
        self,
        costs: WayCosts,
        prices: NDArray[np.float32],
        value: Floats,
        surplus: NDArray[np.float32],
        first: int,
        last: int,
    ) -> WayAmounts:
        amounts = WayAmounts(
            np.zeros(costs.run.shape),
            np.zeros((*costs.own.shape, len(PROBES))),
            np.zeros(self.elements.sales.shape),
        )
        kernels.cheapest_ways(self.ways, costs, prices, (first, last), value, surplus, amounts)
        return amounts

    def _way_costs(self, multipliers: Floats) -> WayCosts:
        net = self._element_cost - self.rules.matrix.T @ multipliers
        bare, a_kilometre, a_departure = np.moveaxis(net[self.elements.probes], -1, 0)
        sale = np.where(self._sale_is_open, net[self.elements.sales], np.inf)
        sold, best_sale = self._cheapest_sales(np.where(self.ways.sale_return < 0, sale, np.inf))
        return WayCosts(
            run=net[self.elements.runs],
            own=np.ascontiguousarray(bare),
            per_km=a_kilometre - bare,
            departs=a_departure - bare,
            sold=sold,
            best_sale=best_sale,
            sale=sale,
            unserved=self._unserved,
        )

    def _cheapest_sales(self, cost: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Return cost and number of the cheapest sale, by period, commodity and site; inf where none is."""
        sales, (n_periods, n_sites, _) = self.layout.sales, self.shape
        place = (sales["of_commodity"] * n_sites + sales["of_site"]).to_numpy()
        shape = (n_periods, len(self.layout.commodities), n_sites)
        least, number = np.full(shape, np.inf), np.zeros(shape, dtype=np.int64)
        for t in range(n_periods):
            dearest_first = np.argsort(-cost[t], kind="stable")
            least[t].reshape(-1)[place[dearest_first]] = cost[t, dearest_first]
            number[t].reshape(-1)[place[dearest_first]] = dearest_first
        return least, number

    def _amounts(self, found: list[WayAmounts]) -> Floats:
        """Return the units of each element that the ways use."""
        total = np.zeros(len(self._element_cost))
        run = np.sum([part.run for part in found], axis=0)
        sent = np.sum([part.sent for part in found], axis=0)
        sent[..., 0] -= sent[..., 1] + sent[..., 2]
        np.add.at(total, self.elements.runs, run)
        np.add.at(total, self.elements.probes, sent)
        np.add.at(total, self.elements.sales, np.sum([part.sale for part in found], axis=0))
        return total

    def _unserved_cost(self) -> Floats:
        network = self.layout.network
        if network.instance.settings.prices.unserved_cny_per_tonne is None:
            return np.full((self.shape[0], self.shape[2]), np.inf)
        return self.costs.wide("unserved", network.supplies["supply"].tolist())

    def _constants(self) -> float:
        """Return what no decision changes: constants, what leaks, what standing is paid for."""
        network = self.layout.network
        leaked = self.costs.wide("leaked", network.supplies["supply"].tolist())
        tonnes = network.leaked_tonnes[self.layout.periods].to_numpy(dtype=float).T
        every = self.costs.by_variable
        constant = float(every[every.index.get_level_values("family") == "constant"].sum())
        return constant + float((leaked * tonnes).sum()) + self.layout.kept_for_nothing(self.costs)

    def open_modules(self, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which whole modules operate (``Layout.whole_modules``), by period and module."""
        site = np.repeat(np.arange(self.shape[1]), np.diff(self.uses.module_start))
        bit = np.arange(len(site)) - self.uses.module_start[site]
        return (chosen[:, site] >> bit & 1).astype(bool)


def _joined(own: pd.Series, moving: pd.Series) -> pd.Series:
    """Return both, names of the index kept."""
    joined: pd.Series = pd.concat([own, moving]).rename_axis(["family", "index", "period"])
    return joined


def _chunks(n: int) -> tuple[list[int], list[int]]:
    ends = np.linspace(0, n, N_CHUNKS + 1).astype(int).tolist()
    return ends[:-1], ends[1:]
