"""Every way on in one period, listed or not: what goods cost from a place onwards under multipliers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netopt.network.lanes import BARE, DEPARTS, PER_KM
from netopt.network.lookups import are_undismantled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from netopt.network.lanes import Lanes
    from netopt.strategies.priced.bound import Pricer
    from netopt.strategies.priced.columns import Arcs

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Provenance = tuple[str, bool]
    Onward = dict[tuple[str, str, bool], Floats]

LEAST_GAIN: Final = 1e-3
"""An unlisted arc is worth adding where it saves more (thousand CNY per unit)."""

MOST_PER_PLACE: Final = 5
"""Unlisted arcs of one commodity that are added at once from one place."""


class SourceCosts(NamedTuple):
    """What a collected tonne costs (thousand CNY) by supply, and what that rests on.

    ``absorbed`` is what the links of unlisted arcs take of the reduced costs of the form's columns;
    ``missing`` are the unlisted arcs that could not be paid for.
    """

    cost: dict[str, float]
    absorbed: Floats
    missing: pd.DataFrame


class _Undercut(NamedTuple):
    """Unlisted arcs of a lane that undercut the listed ones, and by how much (thousand CNY/t)."""

    lane: int
    givers: Ints
    takers: Ints
    gain: Floats
    origin: str


@dataclass
class Ways:
    """Every way on in one period under given multipliers.

    Attributes
    ----------
    duals
        Of the form's rows, zero for balances.
    base
        Reduced costs under them of the form's columns and then of added arcs.
    """

    pricer: Pricer
    duals: Floats
    base: Floats
    added: Arcs
    period: str
    flows: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        self.network, self.everywhere = self.pricer.network, self.pricer.everywhere
        self.number = self.pricer.site_number
        flows = self.pricer.columns.flows
        if len(self.added.table):
            flows = pd.concat([flows, self.added.table], ignore_index=True)
        flows = flows[flows["period"] == self.period]
        self.flows = flows.assign(base=self.base[flows["column"].to_numpy()])
        self.probe = self._net("flow")
        self.run = self._net("throughput")
        self.load = self._duals_by("module_load")

    def _duals_by(self, tag: str) -> dict[str, float]:
        rows = self.pricer.columns.rows
        meant = rows[rows["tag"] == tag]
        pairs = zip(meant["row"], meant["key"], strict=True)
        return {key[0]: float(self.duals[row]) for row, key in pairs if key[-1] == self.period}

    def _net(self, family: str) -> pd.Series:
        """Return, by probe or run, its cost minus what rules and the emission cap pay for it."""
        costs = self.pricer.unit_costs
        meant = (costs.index.get_level_values("family") == family) & (
            costs.index.get_level_values("period") == self.period
        )
        net = costs[meant].droplevel(["family", "period"])
        terms = self.everywhere.rule_terms
        terms = terms[(terms["family"] == family) & (terms["period"] == self.period)]
        paid = terms["coefficient"] * terms["rule"].map(self._duals_by("share_rule")).astype(float)
        by_rules = paid.groupby(terms["index"]).sum()
        emitted = self.everywhere.emissions
        emitted = emitted[emitted["family"] == family]
        cap = self._duals_by("emission_cap").get(self.period, 0.0)
        by_cap = pd.Series(
            emitted["tonnes_co2e_per_unit"].to_numpy(dtype=float) * cap, index=pd.Index(emitted["index"])
        )
        names = net.index.union(by_rules.index).union(by_cap.index)
        parts = [
            part.reindex(names, fill_value=0.0).to_numpy(dtype=float) for part in (net, by_rules, by_cap)
        ]
        return pd.Series(parts[0] - parts[1] - parts[2], index=names)

    def _numbers(self, sites: NDArray[np.str_]) -> Ints:
        """Return the numbers of sites in onward costs."""
        return self.number.index.get_indexer(pd.Index(sites))

    def onward(self) -> Onward:
        """Return the cost from each site on (thousand CNY per unit) by commodity and provenance."""
        onward: Onward = defaultdict(lambda: np.full(len(self.number), np.inf))
        for commodity in self.pricer.order:
            self._through_recipes(onward, commodity)
            for _ in range(len(self.number)):
                if not self._through_arcs(onward, commodity):
                    break
        return onward

    def _through_recipes(self, onward: Onward, commodity: str) -> None:
        inputs = self.everywhere.inputs
        taken = inputs[inputs["commodity"] == commodity]
        if not len(taken):
            return
        runs = self.everywhere.runs.set_index("activity")
        made = self._made(onward, taken["activity"])
        own = self.run.reindex(taken["activity"]).fillna(0.0).to_numpy()
        load = taken["site"].map(self.load).astype(float).fillna(0.0).to_numpy()
        cost = (own - load + made) / taken["units_per_tonne"].to_numpy()
        where = self.number.loc[taken["site"]].to_numpy()
        state = runs.loc[taken["activity"], ["origin", "left"]]
        own_origin, own_left = taken["origin"].to_numpy(), taken["left"].to_numpy(dtype=bool)
        for origin, left in (
            state.assign(o=own_origin, l=own_left)[["o", "l"]].drop_duplicates().itertuples(index=False)
        ):
            meant = (own_origin == origin) & (own_left == left)
            np.minimum.at(onward[commodity, origin, bool(left)], where[meant], cost[meant])

    def _made(self, onward: Onward, activities: pd.Series) -> Floats:
        """Return what becomes of one tonne's outputs costs, by activity."""
        outputs = self.everywhere.outputs
        given = outputs[outputs["activity"].isin(activities)]
        value = np.zeros(len(given))
        where = self.number.loc[given["site"]].to_numpy()
        keys = given[["commodity", "origin", "left"]]
        for (commodity, origin, left), rows in keys.reset_index(drop=True).groupby(
            ["commodity", "origin", "left"]
        ):
            numbers = rows.index.to_numpy()
            value[numbers] = onward[str(commodity), str(origin), bool(left)][where[numbers]]
        cost = given["units_per_tonne"].to_numpy() * value
        summed = pd.Series(cost).groupby(given["activity"].to_numpy()).sum()
        return np.asarray(summed.reindex(activities).fillna(0.0), dtype=float)

    def _through_arcs(self, onward: Onward, commodity: str) -> bool:
        """Lower onward costs by arcs between sites, and to markets; return whether any fell."""
        before = {key: values.copy() for key, values in onward.items() if key[0] == commodity}
        listed = self.flows[(self.flows["commodity"] == commodity) & (self.flows["from_kind"] == "site")]
        self._along_listed(onward, listed)
        lanes = [
            lane for lane in self.everywhere.lanes if lane.commodity == commodity and lane.kind == "site"
        ]
        for lane in lanes:
            where = self._numbers(lane.givers)
            for origin, left in self._provenances(commodity):
                cost = self._unlisted(onward, lane, listed, (origin, left)).min(axis=1, initial=np.inf)
                np.minimum.at(onward[commodity, origin, left], where, cost)
        has_fallen = any(
            (onward[key] < before.get(key, np.inf)).any() for key in list(onward) if key[0] == commodity
        )
        takes_itself = any(set(lane.givers) & set(lane.takers) for lane in lanes)
        return has_fallen and takes_itself

    def _along_listed(self, onward: Onward, listed: pd.DataFrame) -> None:
        for (commodity, origin, before, after), arcs in listed.groupby(
            ["commodity", "origin", "left_before", "left_after"]
        ):
            cost = arcs["base"].to_numpy() + self._arrival(onward, arcs, (str(origin), bool(after)))
            where = self.number.loc[arcs["from_place"]].to_numpy()
            np.minimum.at(onward[str(commodity), str(origin), bool(before)], where, cost)

    def _arrival(self, onward: Onward, arcs: pd.DataFrame, provenance: Provenance) -> Floats:
        """Return the onward cost where each arc ends; 0 in a market."""
        is_site = (arcs["to_kind"] == "site").to_numpy()
        cost = np.zeros(len(arcs))
        commodity = str(arcs["commodity"].iloc[0])
        where = self.number.loc[arcs.loc[is_site, "to_place"]].to_numpy()
        cost[is_site] = onward[commodity, *provenance][where]
        return cost

    def _provenances(self, commodity: str) -> list[Provenance]:
        instance, effects = self.network.instance, self.network.effects
        if not are_undismantled(instance, pd.Series([commodity])).iloc[0]:
            return [("", False)]
        lefts = (False, True) if effects.tracks_departures else (False,)
        return [(origin, left) for origin in ("", *effects.tracked_origins) for left in lefts]

    def _unlisted(
        self, onward: Onward, lane: Lanes, listed: pd.DataFrame, provenance: Provenance
    ) -> Floats:
        """Return what goods cost along each unlisted arc of a lane and on; inf where it is listed."""
        origin, left = provenance
        own, a_kilometre, a_departure = (
            self.probe.reindex([lane.probe(giver, what) for giver in lane.givers]).fillna(0.0).to_numpy()
            for what in (BARE, PER_KM, DEPARTS)
        )
        per_km, departs = (a_kilometre - own)[:, None], (a_departure - own)[:, None]
        where = self._numbers(lane.takers)
        marked = lane.crosses & lane.leaves_a_mark & (not left)
        stays = onward[lane.commodity, origin, left][where]
        after = np.where(marked, departs + onward[lane.commodity, origin, True][where], stays)
        # Where there is no way, a kilometre that costs nothing, or less, must not open one.
        hauled = np.full(lane.km.shape, np.inf)
        np.multiply(per_km, lane.km, out=hauled, where=np.isfinite(lane.km))
        cost = own[:, None] + hauled + after
        here = listed[(listed["mode"] == lane.mode) & (listed["origin"] == origin)]
        here = here[(here["left_before"] == left) & (here["to_kind"] == "site")]
        rows = pd.Index(lane.givers).get_indexer(pd.Index(here["from_place"]))
        columns = pd.Index(lane.takers).get_indexer(pd.Index(here["to_place"]))
        cost[rows, columns] = np.inf
        return np.asarray(cost, dtype=float)

    def missing_between_sites(self, onward: Onward, duals: Floats) -> pd.DataFrame:
        """Return unlisted arcs that carry goods on for less than the program's own duals say."""
        row_of = self.pricer.columns.row_of
        parts = [self._no_arcs()]
        for number, lane in enumerate(self.everywhere.lanes):
            if lane.kind != "site":
                continue
            listed = self.flows[
                (self.flows["commodity"] == lane.commodity) & (self.flows["from_kind"] == "site")
            ]
            for origin, left in self._provenances(lane.commodity):
                left_word = "left" if left else "home"
                states = [(place, lane.commodity, origin, left_word, self.period) for place in lane.givers]
                rows = np.array([balance_row(row_of, state) for state in states])
                asked = np.where(rows >= 0, -duals[rows], -np.inf)
                gain = asked[:, None] - self._unlisted(onward, lane, listed, (origin, left))
                givers, takers = _largest(gain)
                parts.append(self._arcs_of(number, givers, takers, (origin, left)))
        return pd.concat(parts, ignore_index=True)

    def _no_arcs(self) -> pd.DataFrame:
        nowhere = np.zeros(0, dtype=np.intp)
        return self._arcs_of(0, nowhere, nowhere, ("", False))

    def _arcs_of(self, number: int, givers: Ints, takers: Ints, provenance: Provenance) -> pd.DataFrame:
        lane = self.everywhere.lanes[number]
        origin, left = provenance
        return pd.DataFrame(
            {
                "from_place": lane.givers[givers],
                "to_place": lane.takers[takers],
                "from_kind": lane.kind,
                "to_kind": "site",
                "commodity": lane.commodity,
                "mode": lane.mode,
                "origin": origin,
                "left_before": left,
                "left_after": left | (lane.crosses[givers, takers] & lane.leaves_a_mark),
                "distance_km": lane.km[givers, takers],
                "period": self.period,
                "lane": number,
            }
        )

    def source_costs(self, onward: Onward) -> SourceCosts:
        """Return the cost of one more collected tonne by supply over all arcs out of its source."""
        cost = self._listed_source_costs(onward)
        undercuts = [
            undercut
            for number, lane in enumerate(self.everywhere.lanes)
            if lane.kind == "source"
            for undercut in self._undercuts(onward, number, cost)
        ]
        needed = np.zeros(len(self.base))
        for undercut in undercuts:
            self._ask(needed, undercut)
        paid = self._paid_share(needed)
        missing = [self._no_arcs()]
        for undercut in undercuts:
            lane = self.everywhere.lanes[undercut.lane]
            short = undercut.gain * (1.0 - paid[self._numbers(lane.takers[undercut.takers])])
            for giver, loss in zip(undercut.givers, short, strict=True):
                key = (str(lane.givers[giver]), lane.commodity)
                cost[key] = min(cost[key], self._before[key] - float(loss))
            table = np.zeros(lane.km.shape)
            table[undercut.givers, undercut.takers] = short
            missing.append(self._arcs_of(undercut.lane, *_largest(table), (undercut.origin, False)))
        absorbed = needed[: self.pricer.form.shape[1]] * self._by_operating(paid)
        supplies = self.network.supplies
        names = zip(supplies["supply"], supplies["source"], supplies["commodity"], strict=True)
        by_supply = {supply: cost[source, commodity] for supply, source, commodity in names}
        return SourceCosts(by_supply, absorbed, pd.concat(missing, ignore_index=True))

    def _listed_source_costs(self, onward: Onward) -> dict[tuple[str, str], float]:
        supplies = self.network.supplies
        cost = dict.fromkeys(zip(supplies["source"], supplies["commodity"], strict=True), np.inf)
        listed = self.flows[self.flows["from_kind"] == "source"]
        for (commodity, origin, after), arcs in listed.groupby(["commodity", "origin", "left_after"]):
            along = arcs["base"].to_numpy() + self._arrival(onward, arcs, (str(origin), bool(after)))
            for place, value in zip(arcs["from_place"], along, strict=True):
                cost[place, str(commodity)] = min(cost[place, str(commodity)], float(value))
        self._before = dict(cost)
        return cost

    def _undercuts(
        self, onward: Onward, number: int, cost: dict[tuple[str, str], float]
    ) -> list[_Undercut]:
        lane = self.everywhere.lanes[number]
        listed = self.flows[
            (self.flows["commodity"] == lane.commodity) & (self.flows["from_kind"] == "source")
        ]
        origins = np.array([self._origin_of[place, lane.commodity] for place in lane.givers])
        known = np.array([cost[place, lane.commodity] for place in lane.givers])
        found = []
        for origin in sorted(set(origins)):
            unlisted = self._unlisted(onward, lane, listed, (origin, False))
            here = origins == origin
            self._take_only_ways(lane, cost, known, unlisted, here)
            compared = (here & np.isfinite(known))[:, None]
            gain = np.where(compared, np.where(compared, known[:, None], 0.0) - unlisted, 0.0)
            givers, takers = np.nonzero(gain > 0)
            found.append(_Undercut(number, givers, takers, gain[givers, takers], str(origin)))
        return found

    def _take_only_ways(
        self,
        lane: Lanes,
        cost: dict[tuple[str, str], float],
        known: Floats,
        unlisted: Floats,
        here: NDArray[np.bool_],
    ) -> None:
        """Where no listed arc leaves a source, let the cheapest unlisted one say what a tonne costs."""
        for giver in np.flatnonzero(here & ~np.isfinite(known)):
            key = (str(lane.givers[giver]), lane.commodity)
            cost[key] = min(cost[key], float(unlisted[giver].min(initial=np.inf)))

    def _ask(self, needed: Floats, undercut: _Undercut) -> None:
        """Add what links as dear as the gains would take of the reduced cost of each module's state."""
        lane = self.everywhere.lanes[undercut.lane]
        givers = pd.Series(lane.givers[undercut.givers], dtype=str)
        same = pd.Series([lane.commodity] * len(givers), dtype=str)
        when = pd.Series([self.period] * len(givers), dtype=str)
        most = self.pricer.columns.collected(givers, same, when)
        asked = pd.DataFrame(
            {
                "site": lane.takers[undercut.takers],
                "gain": undercut.gain,
                "most": most,
                "commodity": lane.commodity,
            }
        )
        ends = asked.rename(columns={"site": "to_place"})
        asked = asked[~self.pricer.columns.holds_back(ends)]
        modules = self._modules[["site", "column", "capacity_tonnes_per_year"]]
        rows = asked.merge(modules, on="site")
        room = np.minimum(rows["most"], rows["capacity_tonnes_per_year"])
        np.add.at(needed, rows["column"].to_numpy(), (rows["gain"] * room).to_numpy())

    @cached_property
    def _modules(self) -> pd.DataFrame:
        """Modules of sites that only have built ones, with the column of their state in the period."""
        modules = self.pricer.columns.modules
        modules = modules[modules["period"] == self.period]
        divisible = set(modules.loc[modules["divisible"], "site"])
        return modules[~modules["site"].isin(divisible)]

    def _paid_share(self, needed: Floats) -> Floats:
        """Return the share of what each site's links ask that its modules' reduced costs can pay."""
        modules = self._modules
        asked = needed[modules["column"].to_numpy()]
        has = np.maximum(self.base[modules["column"].to_numpy()], 0.0)
        share = np.minimum(1.0, has / np.where(asked > 0, asked, 1.0))
        share = pd.Series(np.where(asked > 0, share, 1.0)).groupby(modules["site"].to_numpy()).min()
        paid = np.zeros(len(self.number))
        paid[self.number.loc[share.index].to_numpy()] = share.to_numpy()
        return paid

    def _by_operating(self, paid: Floats) -> Floats:
        """Return the paid share of a site in the columns of its modules' states, 0 elsewhere."""
        found = np.zeros(self.pricer.form.shape[1])
        sites = self.number.loc[self._modules["site"]].to_numpy()
        found[self._modules["column"].to_numpy()] = paid[sites]
        return found

    @cached_property
    def _origin_of(self) -> dict[tuple[str, str], str]:
        supplies = self.network.supplies
        keys = zip(supplies["source"], supplies["commodity"], strict=True)
        return dict(zip(keys, supplies["origin"], strict=True))

    def costs_from_markets(self, onward: Onward) -> dict[tuple[str, str], float]:
        """Return the cost of a unit that comes back over all arcs out of its market.

        By market and commodity; what has no arc is missing.
        """
        cost = self.costs_from("market", onward)
        for number, unlisted in self._out_of_markets(onward):
            lane = self.everywhere.lanes[number]
            for giver, least in zip(lane.givers, unlisted.min(axis=1, initial=np.inf), strict=True):
                key = (str(giver), lane.commodity)
                cost[key] = min(cost.get(key, np.inf), float(least))
        return cost

    def missing_from_markets(self, onward: Onward, duals: Floats) -> pd.DataFrame:
        """Return unlisted arcs that take returns on for less than the program's own duals say."""
        row_of, parts = self.pricer.columns.row_of, [self._no_arcs()]
        for number, unlisted in self._out_of_markets(onward):
            lane = self.everywhere.lanes[number]
            keys = [(str(giver), lane.commodity, self.period) for giver in lane.givers]
            asked = np.array(
                [
                    duals[row_of["return_balance", *key]] if key in self.pricer.returning else -np.inf
                    for key in keys
                ]
            )
            parts.append(self._arcs_of(number, *_largest(asked[:, None] - unlisted), ("", False)))
        return pd.concat(parts, ignore_index=True)

    def _out_of_markets(self, onward: Onward) -> Iterator[tuple[int, Floats]]:
        """Yield the number of each lane out of markets, and what its unlisted arcs cost with all after."""
        for number, lane in enumerate(self.everywhere.lanes):
            if lane.kind == "market":
                is_own = (self.flows["commodity"] == lane.commodity) & (self.flows["from_kind"] == "market")
                yield number, self._unlisted(onward, lane, self.flows[is_own], ("", False))

    def costs_from(self, kind: str, onward: Onward) -> dict[tuple[str, str], float]:
        """Return the cost of a unit out of markets or vendors over listed arcs.

        By place and commodity; what has no arc is missing.
        """
        listed = self.flows[self.flows["from_kind"] == kind]
        cost: dict[tuple[str, str], float] = {}
        for (origin, after, _), arcs in listed.groupby(["origin", "left_after", "commodity"]):
            along = arcs["base"].to_numpy() + self._arrival(onward, arcs, (str(origin), bool(after)))
            for place, commodity, value in zip(arcs["from_place"], arcs["commodity"], along, strict=True):
                cost[place, commodity] = min(cost.get((place, commodity), np.inf), float(value))
        return cost


def balance_row(row_of: dict[tuple[str, ...], int], state: tuple[str, ...]) -> int:
    """Return the row of a state's balance (site, commodity, origin, left, period); -1: there is none."""
    return row_of.get(("facility_balance", *state), row_of.get(("conversion", *state), -1))


def _largest(gain: Floats) -> tuple[Ints, Ints]:
    """Return the cells of the largest gains of each row, as row and column numbers."""
    if gain.shape[1] == 0:
        nowhere = np.zeros(0, dtype=np.intp)
        return nowhere, nowhere
    n_kept = min(MOST_PER_PLACE, gain.shape[1])
    best = np.argpartition(-gain, n_kept - 1, axis=1)[:, :n_kept]
    rows = np.repeat(np.arange(len(gain)), n_kept)
    columns = best.ravel()
    worth = gain[rows, columns] > LEAST_GAIN
    return rows[worth], columns[worth]
