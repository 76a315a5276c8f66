"""A network as plain arrays: supplies, sites, recipes, lanes, sales and modules by number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.network.closings import closed_sites
from netopt.network.lanes import BARE, DEPARTS, PER_KM, everywhere, why_not_priced
from netopt.network.lookups import are_undismantled, last_first
from netopt.strategies.split.kernels import Uses, Ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from netopt.data.instance import Instance
    from netopt.network.lanes import Everywhere, Lanes
    from netopt.network.network import Network

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MOST_MODULES: Final = 6
"""Whole modules of a site at most: all their sets are looked at."""

PROBES: Final = (BARE, PER_KM, DEPARTS)

MOVING: Final = ("flow", "throughput")
"""Families of what moves along the ways of supplies."""


def why_not_split(network: Network) -> str | None:
    """Return why origins and facilities of a network cannot be split; None where they can.

    Some would be a mere question of more arrays. Rules that only whole decisions can break (numbers of
    sites, single sourcing, least use) and the renewal of what outlives its life within the horizon are left
    out, which lowers the bound and no more.
    """
    return next(_obstacles(network), None)


def _obstacles(network: Network) -> Iterator[str]:
    instance = network.instance
    if reason := why_not_priced(instance, network.effects):
        yield reason
    if len(network.held):
        yield "a design is kept"
    if len(network.offers):
        yield "vendors offer goods"
    if network.returns.duplicated(["market", "sold_commodity"]).any():
        yield "one good sold comes back as several"
    terms = network.rule_terms
    if not terms["family"].isin([*MOVING, "constant"]).all():
        yield "a rule counts capacity, capital or what leaks"
    if (terms["decided"] != terms["period"]).any():
        yield "a rule counts what was decided earlier"
    whole = network.modules.loc[~network.modules["divisible"], "site"]
    if (most := int(whole.value_counts().max() if len(whole) else 0)) > MOST_MODULES:
        yield f"a site can have {most} modules"
    yield from _passed_on(instance)


def _passed_on(instance: Instance) -> Iterator[str]:
    recipes = instance["recipes"][["recipe", "facility_type"]]
    pairs = [
        recipes.merge(instance[table], on="recipe")[["facility_type", "commodity"]].drop_duplicates()
        for table in ("recipe_inputs", "recipe_outputs")
    ]
    both = pairs[0].merge(pairs[1])
    if len(both):
        yield f"{both['facility_type'].iloc[0]} takes and gives {both['commodity'].iloc[0]}"


@dataclass(frozen=True)
class Layout:
    """Numbers of everything in one network; each array is made when first used.

    Parameters
    ----------
    network
        One for which ``why_not_split`` has no reason.
    """

    network: Network

    @property
    def periods(self) -> list[str]:
        """Ids of periods."""
        return list(self.network.periods)

    @cached_property
    def everywhere(self) -> Everywhere:
        """What shipments and recipes cost anywhere."""
        return everywhere(self.network)

    @cached_property
    def sites(self) -> NDArray[np.str_]:
        """Ids of sites."""
        return np.array(sorted(self.network.instance["sites"]["site"]))

    def _numbers(self, sites: pd.Series | NDArray[np.str_]) -> Ints:
        """Return the numbers of site ids."""
        return _ints(np.searchsorted(self.sites, np.asarray(sites, dtype=self.sites.dtype)))

    @cached_property
    def commodities(self) -> list[str]:
        """Ids of commodities."""
        return self.network.instance["commodities"]["commodity"].tolist()

    @cached_property
    def _commodity_number(self) -> dict[str, int]:
        return {commodity: number for number, commodity in enumerate(self.commodities)}

    @cached_property
    def _is_whole(self) -> NDArray[np.bool_]:
        known = are_undismantled(self.network.instance, pd.Series(self.commodities))
        return known.to_numpy(dtype=bool)

    @property
    def _origins(self) -> list[str]:
        return ["", *self.network.effects.tracked_origins]

    @property
    def _n_left(self) -> int:
        return 2 if self.network.effects.tracks_departures else 1

    @cached_property
    def tonnes(self) -> Floats:
        """Collected (t/yr), by period and supply."""
        collected = (self.network.supply_tonnes - self.network.leaked_tonnes)[self.periods]
        return np.ascontiguousarray(np.maximum(collected.to_numpy(dtype=float).T, 0.0))

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Recipes at sites: ``site, recipe, commodity, units_per_tonne, number`` (of the commodity)."""
        ever = self.everywhere
        taken = ever.inputs.drop_duplicates("activity")[["activity", "commodity", "units_per_tonne"]]
        runs = ever.runs.merge(taken, on="activity").drop_duplicates(["site", "recipe"])
        runs = runs.assign(number=runs["commodity"].map(self._commodity_number))
        return runs.sort_values(["number", "recipe", "site"], ignore_index=True)

    @cached_property
    def run_names(self) -> NDArray[np.object_]:
        """Ids of activities by origin, left and run; those of dismantled goods stand for any origin."""
        ever, runs = self.everywhere, self.runs
        keys = pd.MultiIndex.from_frame(ever.runs[["site", "recipe", "origin", "left"]])
        known = pd.Series(ever.runs["activity"].to_numpy(), index=keys)
        is_whole = self._is_whole[runs["number"].to_numpy()]
        shape = (len(self._origins), self._n_left, len(runs))
        names = np.empty(shape, dtype=object)
        for number, origin in enumerate(self._origins):
            for left in range(self._n_left):
                states = (np.where(is_whole, origin, ""), is_whole & bool(left))
                wanted = pd.MultiIndex.from_arrays([runs["site"], runs["recipe"], *states])
                names[number, left] = known.loc[wanted].to_numpy()
        return names

    @cached_property
    def _lanes(self) -> tuple[list[Lanes], int]:
        """Lanes between sites, sorted by commodity, those out of sources after; how many come first."""
        filled = [lane for lane in self.everywhere.lanes if lane.km.size]
        trunk = sorted(
            (lane for lane in filled if lane.kind == "site"),
            key=lambda x: self._commodity_number[x.commodity],
        )
        return [*trunk, *(lane for lane in filled if lane.kind != "site")], len(trunk)

    @cached_property
    def probe_names(self) -> NDArray[np.object_]:
        """Ids of the three probe arcs of each giver."""
        lanes, _ = self._lanes
        return np.array(
            [[x.probe(g, what) for what in PROBES] for x in lanes for g in x.givers], dtype=object
        )

    @cached_property
    def sales(self) -> pd.DataFrame:
        """Arcs from sites to markets, with the numbers ``of_commodity`` and ``of_site``."""
        arcs = self.network.arcs
        arcs = arcs[(arcs["to_kind"] == "market") & (arcs["from_kind"] == "site")]
        arcs = arcs.assign(
            of_commodity=arcs["commodity"].map(self._commodity_number),
            of_site=self._numbers(arcs["from_place"]),
        )
        return arcs.sort_values(["of_commodity", "arc"], ignore_index=True)

    @cached_property
    def ways(self) -> Ways:
        """Everything about the ways of supplies but their costs."""
        supplies, runs = self.network.supplies, self.runs
        lanes, n_trunk = self._lanes
        n_commodities = np.arange(len(self.commodities) + 1)
        outputs = self._outputs()
        sellers = self.sales[["of_commodity", "of_site"]].drop_duplicates()
        nearest = [np.argsort(lane.km, axis=1, kind="stable") for lane in lanes]
        pairs = list(zip(lanes, nearest, strict=True))
        # Takers that are equally far from every giver are one place.
        merged = [np.unique(lane.km, axis=1, return_inverse=True) for lane in lanes]
        trunk = [self._commodity_number[lane.commodity] for lane in lanes[:n_trunk]]
        return Ways(
            tonnes=self.tonnes,
            origin=_ints([self._origins.index(origin) for origin in supplies["origin"]]),
            commodity=_ints(supplies["commodity"].map(self._commodity_number)),
            **self._lanes_out_of("first", "source", supplies[["source", "commodity"]]),
            **self._lanes_out_of("return", "market", self.returns[["market", "commodity"]]),
            order=_ints([self._commodity_number[k] for k in last_first(self.network.instance)]),
            is_whole=self._is_whole,
            run_start=_starts(runs["number"], n_commodities),
            run_site=self._numbers(runs["site"]),
            run_units=runs["units_per_tonne"].to_numpy(dtype=float),
            out_start=_starts(outputs["run"], np.arange(len(runs) + 1)),
            out_commodity=_ints(outputs["commodity"].map(self._commodity_number)),
            out_units=outputs["units_per_tonne"].to_numpy(dtype=float),
            shut=self._shut(),
            lane_start=_starts(trunk, n_commodities),
            giver_start=_ints(np.cumsum([0, *(len(lane.givers) for lane in lanes)])),
            giver_site=_ints(np.concatenate([self._giver_sites(lane) for lane in lanes])),
            n_takers=_ints([len(lane.takers) for lane in lanes]),
            haul_start=_ints(np.cumsum([0, *(lane.km.size for lane in lanes)])[:-1]),
            lane_giver=self._lane_giver(lanes[:n_trunk]),
            lane_taker=_ints(np.concatenate([self._numbers(lane.takers) for lane in lanes])),
            taker_place=_ints(np.concatenate([place for _, place in merged])),
            taker_start=_ints(np.cumsum([0, *(len(lane.takers) for lane in lanes)])),
            n_places=_ints([km.shape[1] for km, _ in merged]),
            across_start=_ints(np.cumsum([0, *(km.size for km, _ in merged)])[:-1]),
            farthest_km=np.array([_farthest(km) for km, _ in merged]),
            km_across=np.concatenate([km.T.ravel() for km, _ in merged]).astype(np.float32),
            km=np.concatenate([np.take_along_axis(lane.km, near, 1).ravel() for lane, near in pairs]),
            taker=_ints(np.concatenate([self._numbers(lane.takers)[near].ravel() for lane, near in pairs])),
            crosses=np.concatenate(
                [np.take_along_axis(lane.crosses, near, 1).ravel() for lane, near in pairs]
            ),
            leaves_mark=np.array([lane.leaves_a_mark for lane in lanes], dtype=bool),
            sale_start=_starts(self.sales["of_commodity"], n_commodities),
            sale_site=_ints(self.sales["of_site"]),
            seller=_ints(sellers["of_site"]),
            seller_start=_starts(sellers["of_commodity"], n_commodities),
            sale_return=self._sale_return(),
            return_rate=self._return_rate(),
            return_commodity=_ints(self.returns["commodity"].map(self._commodity_number)),
        )

    def _outputs(self) -> pd.DataFrame:
        """Outputs of runs, sorted by ``run``."""
        runs = self.runs.assign(run=np.arange(len(self.runs)))[["activity", "run"]]
        return runs.merge(self.everywhere.outputs, on="activity").sort_values("run", kind="stable")

    def _giver_sites(self, lane: Lanes) -> Ints:
        if lane.kind != "site":
            return np.full(len(lane.givers), -1)
        return self._numbers(lane.givers)

    def _lane_giver(self, lanes: Sequence[Lanes]) -> Ints:
        """Return the number of the giver by lane between sites and site; -1 where it gives nothing."""
        found = np.full((len(lanes), len(self.sites)), -1, dtype=np.int64)
        first = 0
        for number, lane in enumerate(lanes):
            found[number, self._numbers(lane.givers)] = first + np.arange(len(lane.givers))
            first += len(lane.givers)
        return found

    def _lanes_out_of(self, name: str, kind: str, goods: pd.DataFrame) -> dict[str, Ints]:
        """Return lanes and givers of goods (place, commodity), and where those of each begin."""
        lanes, _ = self._lanes
        starts = np.cumsum([0, *(len(lane.givers) for lane in lanes)])
        parts = [pd.DataFrame({kind: [], "commodity": [], "lane": [], "giver": []}, dtype=object)]
        parts += [
            pd.DataFrame(
                {
                    kind: lane.givers,
                    "commodity": lane.commodity,
                    "lane": number,
                    "giver": starts[number] + np.arange(len(lane.givers)),
                }
            )
            for number, lane in enumerate(lanes)
            if lane.kind == kind
        ]
        numbered = goods.set_axis([kind, "commodity"], axis=1).assign(number=np.arange(len(goods)))
        joined = numbered.merge(pd.concat(parts), on=[kind, "commodity"])
        joined = joined.sort_values(["number", "lane"], kind="stable")
        return {
            f"{name}_lanes": _ints(joined["lane"]),
            f"{name}_givers": _ints(joined["giver"]),
            f"{name}_start": _starts(joined["number"], np.arange(len(goods) + 1)),
        }

    @cached_property
    def returns(self) -> pd.DataFrame:
        """What comes back within the horizon: rows of ``Network.returns``."""
        returns = self.network.returns
        coming = returns["return"].isin(self.network.return_rates["return"])
        return returns[coming].reset_index(drop=True)

    def _sale_return(self) -> Ints:
        """Return which return each sale causes; -1 where none."""
        ends = ["market", "sold_commodity"]
        number = pd.MultiIndex.from_frame(self.returns[ends])
        return _ints(number.get_indexer(pd.MultiIndex.from_frame(self.sales[["to_place", "commodity"]])))

    def _return_rate(self) -> Floats:
        """Return tonnes that come back per unit sold, by return, period sold and period."""
        n_periods = len(self.periods)
        rate = np.zeros((len(self.returns), n_periods, n_periods))
        rates, at = self.network.return_rates, pd.Index(self.periods)
        places = (
            pd.Index(self.returns["return"]).get_indexer(pd.Index(rates["return"])),
            at.get_indexer(pd.Index(rates["sold_period"])),
            at.get_indexer(pd.Index(rates["period"])),
        )
        np.add.at(rate, places, rates["tonnes_per_unit"].to_numpy(dtype=float))
        return rate

    def _shut(self) -> NDArray[np.bool_]:
        closed = [
            closed_sites(self.network.instance, self.network.effects, period) for period in self.periods
        ]
        return np.array([np.isin(self.sites, list(sites)) for sites in closed], dtype=bool)

    @cached_property
    def whole_modules(self) -> pd.DataFrame:
        """Modules that are built or stand whole, sorted by site, with its ``number``."""
        modules = self.network.modules
        modules = modules[~modules["divisible"]]
        modules = modules.assign(number=self._numbers(modules["site"]))
        return modules.sort_values(["number", "module"], ignore_index=True)

    @cached_property
    def parts(self) -> pd.DataFrame:
        """Standing modules of which any share may be kept, with the ``number`` of their site."""
        modules = self.network.modules
        modules = modules[modules["divisible"]]
        return modules.assign(number=self._numbers(modules["site"]))

    def uses(self, costs: Costs) -> Uses:
        """Everything about what sites can do, at costs of modules."""
        network, whole = self.network, self.whole_modules
        names = whole["module"].tolist()

        def allowed(cost: Floats, table: pd.DataFrame) -> Floats:
            return np.where(table.loc[names, self.periods].to_numpy().T, cost, np.inf)

        part_cost, part_capacity = self._part(costs)
        return Uses(
            most=self.most,
            part_cost=part_cost,
            part_capacity=part_capacity,
            module_start=_starts(whole["number"], np.arange(len(self.sites) + 1)),
            capacity=whole["capacity_tonnes_per_year"].to_numpy(dtype=float),
            stands=whole["stands"].to_numpy(dtype=bool),
            load=costs.wide("loads", names),
            operating=allowed(costs.wide("operating", names), network.may_operate),
            opened=allowed(costs.wide("opened", names), network.may_open),
            expanded=allowed(costs.wide("expanded", names), network.may_build),
            may_close=network.instance.settings.capital.may_close,
        )

    def _part(self, costs: Costs) -> tuple[Floats, Floats]:
        """Return what a tonne of load costs in capacity kept for it, and that capacity (t/yr)."""
        shape = (len(self.periods), len(self.sites))
        cost, capacity = np.zeros(shape), np.zeros(shape)
        parts = self.parts
        names, at = parts["module"].tolist(), parts["number"].to_numpy()
        most = parts["capacity_tonnes_per_year"].to_numpy(dtype=float)
        fixed = np.maximum(costs.wide("operating", names), 0.0)
        cost[:, at] = costs.wide("loads", names) + fixed / most
        may = self.network.may_operate.loc[names, self.periods].to_numpy().T
        capacity[:, at] = np.where(may, most, 0.0)
        return cost, capacity

    def kept_for_nothing(self, costs: Costs) -> float:
        """Return what divisible capacity costs where a policy pays for it (thousand CNY a year)."""
        names = self.parts["module"].tolist()
        return float(np.minimum(costs.wide("operating", names), 0.0).sum())

    @cached_property
    def most(self) -> NDArray[np.float32]:
        """Most of what each supply gives that can load a site (t/yr), by period, site and supply.

        What comes back counts where it could be.
        """
        load, commodity = self._most_load(), self.ways.commodity
        most = self.tonnes[:, None, :] * load.T[None, :, commodity]
        for number, tonnes in self._most_back().items():
            most += tonnes[:, None, :] * load[number][None, :, None]
        return (most * (1.0 + ROUNDING)).astype(np.float32)

    def _most_back(self) -> dict[int, Floats]:
        """Return the most tonnes that can come back of a commodity, by period and supply."""
        kinds = self.returns[["commodity", "sold_commodity"]].drop_duplicates()
        pairs = [
            (self._commodity_number[back], sold) for back, sold in kinds.itertuples(index=False, name=None)
        ]
        rate, sold_as = self.ways.return_rate, self.returns["sold_commodity"].to_numpy()
        found = {number: np.zeros_like(self.tonnes) for number, _ in pairs}
        made = {sold: self._most_made(sold) for _, sold in pairs}
        for t in range(len(self.periods)):
            for number, sold in pairs:
                units = self.tonnes[t] * made[sold][self.ways.commodity]
                units = units + sum(tonnes[t] * made[sold][back] for back, tonnes in found.items())
                found[number] += rate[sold_as == sold, t].max(axis=0)[:, None] * units
        return found

    def _most_made(self, wanted: str) -> Floats:
        """Return the most units of a commodity that recipes make of a unit of each commodity."""
        most = np.zeros(len(self.commodities))
        for number, mass, _, outputs in self._recipes():
            made = sum(
                units * (1.0 if self.commodities[output] == wanted else most[output])
                for output, units in outputs
            )
            most[number] = max(most[number], mass * made)
        return most

    def _most_load(self) -> Floats:
        """Return the most tonnes that a unit of each commodity can load a site, by commodity and site."""
        sites = self.network.instance["sites"].sort_values("site")
        types = sites["facility_type"].to_numpy()
        most = np.zeros((len(self.commodities), len(self.sites)))
        for number, mass, facility_type, outputs in self._recipes():
            load = (types == facility_type).astype(float)
            for output, units in outputs:
                load += units * most[output]
            most[number] = np.maximum(most[number], mass * load)
        return most

    def _recipes(self) -> Iterator[tuple[int, float, str, list[tuple[int, float]]]]:
        """Yield what a recipe takes (number, tonnes per unit), where, and gives (number, units per tonne).

        Recipes of what others make come first.
        """
        instance = self.network.instance
        mass = dict(
            zip(
                instance["commodities"]["commodity"],
                instance["commodities"]["tonnes_per_unit"],
                strict=True,
            )
        )
        recipes = instance["recipes"].merge(instance["recipe_inputs"], on="recipe")
        outputs = dict(list(instance["recipe_outputs"].groupby("recipe")))
        for commodity in last_first(instance):
            own = recipes[recipes["commodity"] == commodity]
            for recipe, facility_type in zip(own["recipe"], own["facility_type"], strict=True):
                made = [] if recipe not in outputs else list(_pairs(outputs[recipe]))
                numbered = [(self._commodity_number[output], units) for output, units in made]
                yield self._commodity_number[commodity], float(mass[commodity]), facility_type, numbered


ROUNDING: Final = 1e-6
"""By how much what can load a site is taken larger: it is held in single precision."""


@dataclass(frozen=True)
class Costs:
    """What one unit of each variable costs (thousand CNY a year), in the order of some periods."""

    by_variable: pd.Series
    periods: list[str]

    def wide(self, family: str, names: Sequence[str]) -> Floats:
        """Return costs by period (rows) and variable of a family; 0 where none is stated."""
        index = self.by_variable.index
        own = self.by_variable[index.get_level_values("family") == family].droplevel("family")
        if not len(own) or not len(names):
            return np.zeros((len(self.periods), len(names)))
        table = own.unstack("period")  # noqa: PD010 - pivot_table averages duplicates in silence
        found = table.reindex(index=pd.Index(names), columns=self.periods).fillna(0.0)
        return np.ascontiguousarray(found.to_numpy(dtype=float).T)


def _pairs(outputs: pd.DataFrame) -> Iterator[tuple[str, float]]:
    return zip(outputs["commodity"], outputs["yield_units_per_tonne"].astype(float), strict=True)


def _farthest(km: Floats) -> float:
    return float(km[np.isfinite(km)].max(initial=0.0))


def _ints(values: Sequence[int] | pd.Series | NDArray[np.intp]) -> Ints:
    return np.asarray(values, dtype=np.int64)


def _starts(keys: Sequence[int] | pd.Series, wanted: NDArray[np.intp]) -> Ints:
    """Return where each wanted key begins among sorted keys."""
    return _ints(np.searchsorted(np.asarray(keys, dtype=np.int64), wanted))
