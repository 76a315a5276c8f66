"""A lower bound over every conceivable arc, from the duals of a program that lists only some.

Keep the duals of capacities, links, markets and rules as multipliers, and forget those of balances. What a
unit costs from a place onwards is then the cheapest way on, over *all* arcs and recipes, listed or not:

    ``onward(site, k) = min(recipes: (cost + sum(yield * onward(site, out))) / units,
                            arcs out: cost + onward(destination, k))``

in the order in which recipes can follow each other, and a collected tonne costs ``min(arcs out of its
source: cost + onward(destination))``. An unlisted arc that would undercut the listed ones gets a
``strong_link`` of its own, whose dual may be as large as the reduced costs of its site's modules can
pay. With these duals every column, listed or not, has a reduced cost of zero or more, so their dual
objective is a valid bound (weak duality).

What comes back from second life costs what it costs from its market onwards, and whoever sold it earlier
pays that: periods are worked through from the last to the first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array

from netopt.errors import SolverError
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.network.lanes import DEPARTS, FIRST, PER_KM, everywhere
from netopt.network.lookups import last_first
from netopt.strategies.priced.columns import ARC_COLUMNS, Arcs
from netopt.strategies.priced.ways import Ways, balance_row

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any

    from numpy.typing import NDArray

    from netopt.formulation.objective import Priced
    from netopt.network.lanes import Everywhere, Lanes
    from netopt.solution.form import StandardForm
    from netopt.strategies.priced.columns import Columns
    from netopt.strategies.priced.links import Links

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Goal = Callable[[Priced], pd.Series]
    Provenance = tuple[str, bool]
    Onward = dict[tuple[str, str, bool], Floats]

BALANCES: Final = (
    "facility_balance",
    "conversion",
    "supply_balance",
    "leakage",
    "return_balance",
    "offer_limit",
)
"""Rows whose duals are made anew."""

PRICED: Final = (*BALANCES, "module_load", "market_limit", "disposal_limit", "share_rule", "emission_cap")
"""Rows in which arcs and recipes have coefficients that are known also where they are not listed."""

DEAD_END: Final = 1e4
"""Onward cost (thousand CNY per unit) of what no recipe and no arc takes on."""

ROUNDING: Final = 1e-7
"""A reduced cost (thousand CNY per unit) below minus this is no rounding error."""

MOST_UNITS_PER_TONNE: Final = 1e3
"""No column exceeds this times what is collected: bounds what rounding can cost."""


class Pricer:
    """Bounds one network from below; made once, asked for every set of duals.

    Parameters
    ----------
    columns
        The network and its form.
    goal
        The objective: from a price list to the cost of one unit of each variable (CNY a year), as
        ``netopt.formulation.objective.unit_costs``. It must be that of the form.
    """

    def __init__(self, columns: Columns, goal: Goal) -> None:
        self.columns = columns
        self.network, self.form = columns.network, columns.form
        self.everywhere: Everywhere = everywhere(self.network)
        self.unit_costs = goal(self.everywhere) / OBJECTIVE_UNIT_CNY
        sites = np.array(sorted(self.network.instance["sites"]["site"]))
        self.site_number = pd.Series(np.arange(len(sites)), index=sites)
        self._costs: dict[str, dict[str, float]] = {}
        self.order = last_first(self.network.instance)
        touched = self.form.matrix[:, _moving(self.form)]
        touches_flow = np.diff(touched.tocsr().indptr) > 0
        is_priced = self.columns.rows["tag"].isin(PRICED).to_numpy()
        self._is_unknown = touches_flow & ~is_priced

    def bound(self, duals: Floats, links: Links, added: Arcs) -> tuple[float, pd.DataFrame]:
        """Return the bound that multipliers give, and unlisted arcs that keep it below the program's.

        Parameters
        ----------
        duals
            Of the form's rows, in HiGHS's signs: the cost of one unit more of the row's activity. Those of
            balances, and of rows whose share in unlisted arcs is not known, are not used.
        links
            Rows added to the form, with their duals.
        added
            Arcs added to the form; they count as listed.

        Returns
        -------
        float
            In the form's unit of cost, constants included.
        pandas.DataFrame
            ``ARC_COLUMNS`` but ``column``, and ``lane`` (its number in ``everywhere``): the cheapest
            unlisted arc of each place whose goods it would carry more cheaply.

        Raises
        ------
        SolverError
            Where a column keeps a negative reduced cost: then nothing is proven.
        """
        kept = np.where(self._is_unknown, 0.0, duals)
        kept[(kept > 0) & ~np.isfinite(self.form.row_lower)] = 0.0
        kept[(kept < 0) & ~np.isfinite(self.form.row_upper)] = 0.0
        kept[self.columns.row_numbers(*BALANCES)] = 0.0
        program = _Program(self.form, added, links)
        back = self.columns.row_numbers("return_balance")
        known = kept.copy()
        base = program.reduced(known)
        absorbed = np.zeros(self.form.shape[1])
        missing = []
        for period in reversed(self.network.periods):
            ways = Ways(self, kept, base, added, period)
            onward = ways.onward()
            missing.append(ways.missing_between_sites(onward, duals))
            found = ways.source_costs(onward)
            missing.append(found.missing)
            missing.append(ways.missing_from_markets(onward, duals))
            absorbed += found.absorbed
            self._balance(kept, base, ways, onward, found.cost)
            if len(back):
                known[back] = kept[back]
                base = program.reduced(known)
        value = self._dual_objective(kept, program, absorbed)
        return value, pd.concat(missing, ignore_index=True)

    def columns_of(self, arcs: pd.DataFrame, first_column: int) -> Arcs:
        """Return unlisted arcs (see ``bound``) as columns over the form's rows.

        Parameters
        ----------
        arcs
            As ``bound`` returns them; those that end in a state without a balance are left out.
        first_column
            Number of the first of them in the program.
        """
        row_of = self.columns.row_of
        lanes = self.everywhere.lanes
        entries: list[tuple[int, int, float]] = []
        kept: list[dict[Hashable, Any]] = []
        cost: list[float] = []
        for arc in arcs.to_dict("records"):
            lane = lanes[arc["lane"]]
            period = arc["period"]
            left = "left" if arc["left_after"] else "home"
            state = (arc["to_place"], lane.commodity, arc["origin"], left, period)
            into = row_of.get(("facility_balance", *state))
            if into is None:
                continue
            column = len(kept)
            kept.append(arc)
            out = 1.0 if lane.leg == FIRST else -1.0
            entries += [(into, column, 1.0), (self._row_from(arc), column, out)]
            entries += [(row, column, value) for row, value in self._side_rows(arc, lane)]
            cost.append(self._cost(arc, lane))
        table = pd.DataFrame(kept, columns=[*arcs.columns]).drop(columns=["lane", "distance_km"])
        mass = self.network.instance["commodities"].set_index("commodity")["tonnes_per_unit"]
        table["tonnes_per_unit"] = table["commodity"].map(mass).astype(float)
        table["column"] = np.arange(first_column, first_column + len(table))
        rows, numbers, values = np.array(entries, dtype=float).reshape(-1, 3).T
        places = (rows.astype(np.int64), numbers.astype(np.int64))
        shape = (self.form.shape[0], len(kept))
        matrix = csc_array(coo_array((values, places), shape=shape))
        return Arcs(table[ARC_COLUMNS], np.array(cost), matrix)

    def costs_of(self, arcs: pd.DataFrame) -> Floats:
        """Return what arcs cost that ``columns_of`` made columns of (``columns.Arcs.table``)."""
        lanes = {(lane.commodity, lane.mode, lane.kind): lane for lane in self.everywhere.lanes}
        found = []
        for arc in arcs.to_dict("records"):
            lane = lanes[arc["commodity"], arc["mode"], arc["from_kind"]]
            km = lane.km[
                int(np.flatnonzero(lane.givers == arc["from_place"])[0]),
                int(np.flatnonzero(lane.takers == arc["to_place"])[0]),
            ]
            found.append(self._cost({**arc, "distance_km": float(km)}, lane))
        return np.array(found, dtype=float)

    @cached_property
    def returning(self) -> set[tuple[str, str, str]]:
        """Market, commodity and period of everything that can come back within the horizon."""
        places = self.network.returns.set_index("return")[["market", "commodity"]]
        rates = self.network.return_rates.join(places, on="return")
        return set(zip(rates["market"], rates["commodity"], rates["period"], strict=True))

    def _row_from(self, arc: dict[Hashable, Any]) -> int:
        row_of, period = self.columns.row_of, arc["period"]
        if arc["from_kind"] == "source":
            return row_of["supply_balance", f"{arc['from_place']}:{arc['commodity']}", period]
        if arc["from_kind"] == "market":
            return row_of["return_balance", arc["from_place"], arc["commodity"], period]
        left = "left" if arc["left_before"] else "home"
        state = (arc["from_place"], arc["commodity"], arc["origin"], left, period)
        return balance_row(row_of, state)

    def _probe_costs(self, period: str) -> dict[str, float]:
        if period not in self._costs:
            costs = self.unit_costs
            own = costs[costs.index.get_level_values("family") == "flow"].xs(period, level="period")
            self._costs[period] = {
                str(name): float(value) for name, value in own.droplevel("family").items()
            }
        return self._costs[period]

    def _cost(self, arc: dict[Hashable, Any], lane: Lanes) -> float:
        costs, giver = self._probe_costs(arc["period"]), arc["from_place"]
        own = costs.get(lane.probe(giver), 0.0)
        per_km, departs = (costs.get(lane.probe(giver, what), 0.0) - own for what in (PER_KM, DEPARTS))
        leaves = arc["left_after"] and not arc["left_before"]
        return float(own + per_km * arc["distance_km"] + (departs if leaves else 0.0))

    def _side_rows(self, arc: dict[Hashable, Any], lane: Lanes) -> list[tuple[int, float]]:
        """Return what an arc adds to share rules and to the emission cap."""
        period, row_of = arc["period"], self.columns.row_of
        bare = self._terms.get((lane.probe(arc["from_place"]), period), {})
        a_kilometre = self._terms.get((lane.probe(arc["from_place"], PER_KM), period), {})
        found = []
        for rule in bare.keys() | a_kilometre.keys():
            own = bare.get(rule, 0.0)
            coefficient = own + (a_kilometre.get(rule, 0.0) - own) * arc["distance_km"]
            found.append((row_of["share_rule", rule, period], coefficient))
        cap = row_of.get(("emission_cap", period))
        if cap is not None:
            per_km = self._emitted.get(lane.probe(arc["from_place"], PER_KM), 0.0)
            found.append((cap, per_km * arc["distance_km"]))
        return found

    @cached_property
    def _terms(self) -> dict[tuple[str, str], dict[str, float]]:
        """Return coefficients by rule of each probe and period."""
        terms = self.everywhere.rule_terms
        found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        for term in terms[terms["family"] == "flow"].to_dict("records"):
            of_probe = found[term["index"], term["period"]]
            of_probe[term["rule"]] = of_probe.get(term["rule"], 0.0) + term["coefficient"]
        return found

    @cached_property
    def _emitted(self) -> dict[str, float]:
        emitted = self.everywhere.emissions
        flows = emitted[emitted["family"] == "flow"]
        return dict(zip(flows["index"], flows["tonnes_co2e_per_unit"], strict=True))

    def _balance(
        self, duals: Floats, base: Floats, ways: Ways, onward: Onward, source_cost: dict[str, float]
    ) -> None:
        """Fill in the duals of a period's balances."""
        period = ways.period
        rows = self.columns.rows
        for tag in ("facility_balance", "conversion"):
            meant = rows[rows["tag"] == tag]
            for row, (site, commodity, origin, left, when) in zip(meant["row"], meant["key"], strict=True):
                if when == period:
                    cost = onward[commodity, origin, left == "left"][self.site_number[site]]
                    duals[row] = -min(cost, DEAD_END)
        leaked = self.columns.position.loc["leaked"]
        unserved = self.columns.position.loc["unserved"]
        meant = rows[rows["tag"].isin(["supply_balance", "leakage"])]
        for tag, row, (supply, when) in zip(meant["tag"], meant["row"], meant["key"], strict=True):
            if when == period:
                stays = unserved.get((supply, period))
                free = stays is None or self.form.upper[stays] <= 0
                cost = min(source_cost[supply], DEAD_END if free else base[stays])
                duals[row] = cost if tag == "supply_balance" else base[leaked[supply, period]] - cost
        back = ways.costs_from_markets(onward)
        meant = rows[rows["tag"] == "return_balance"]
        for row, (market, commodity, when) in zip(meant["row"], meant["key"], strict=True):
            if when == period:
                duals[row] = min(back.get((market, commodity), DEAD_END), DEAD_END)
        bought = ways.costs_from("vendor", onward)
        place_of = self.network.offers.set_index("offer")[["vendor", "commodity"]]
        meant = rows[rows["tag"] == "offer_limit"]
        for row, (offer, when) in zip(meant["row"], meant["key"], strict=True):
            if when == period:
                duals[row] = min(bought.get(tuple(place_of.loc[offer]), 0.0), 0.0)

    def _dual_objective(self, duals: Floats, program: _Program, absorbed: Floats) -> float:
        """Return the dual objective; ``absorbed`` is what the links of unlisted arcs take of columns."""
        form = self.form
        every = program.reduced(duals)
        every[: form.shape[1]] -= absorbed
        if (worst := float(every[form.shape[1] :].min(initial=0.0))) < -ROUNDING:
            raise SolverError(f"the bound is not proven: an added arc has the reduced cost {worst:.3g}")
        reduced = every[: form.shape[1]]
        given = self.network.supply_tonnes.to_numpy().sum() + self.network.offer_limits.to_numpy().sum()
        most = MOST_UNITS_PER_TONNE * float(given)
        upper = np.where(np.isfinite(form.upper), form.upper, most)
        is_open = ~np.isfinite(form.upper)
        if (worst := float(reduced[is_open].min(initial=0.0))) < -ROUNDING:
            column = form.columns[int(np.flatnonzero(is_open)[reduced[is_open].argmin()])]
            raise SolverError(f"the bound is not proven: {column} has the reduced cost {worst:.3g}")
        rhs = np.where(duals > 0, form.row_lower, form.row_upper)
        from_rows = float((duals[duals != 0] * rhs[duals != 0]).sum())
        from_columns = float(np.where(reduced > 0, reduced * form.lower, reduced * upper).sum())
        from_added = most * float(np.minimum(every[form.shape[1] :], 0.0).sum())
        return form.offset + from_rows + from_columns + from_added


@dataclass(frozen=True)
class _Program:
    """A form with the arcs and links added to it."""

    form: StandardForm
    added: Arcs
    links: Links

    def reduced(self, duals: Floats) -> Floats:
        """Return the reduced costs of all columns under duals of the form's rows."""
        own = self.form.cost - self.form.matrix.T @ duals
        more = self.added.cost - self.added.matrix.T @ duals
        reduced: Floats = np.concatenate([own, more]) - self.links.matrix.T @ self.links.duals
        return reduced


def _moving(form: StandardForm) -> NDArray[np.bool_]:
    """Return which columns are flows or throughput."""
    return form.columns.are("flow", "throughput")
