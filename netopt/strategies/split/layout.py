"""A network as plain arrays: supplies, sites, recipes, lanes and markets by number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.network.lanes import BARE, DEPARTS, FIRST, PER_KM, everywhere
from netopt.network.closings import closed_sites
from netopt.network.lookups import are_undismantled
from netopt.strategies.priced.bound import _last_first


class Layout:
    def __init__(self, network, goal):
        self.network = network
        self.everywhere = everywhere(network)
        instance = network.instance
        self.periods = list(network.periods)
        T = len(self.periods)
        costs = pd.concat([goal(self.everywhere), goal(network)]) / OBJECTIVE_UNIT_CNY
        costs = costs[~costs.index.duplicated()]
        self.costs = costs
        self.offset = float(goal(network).get("constant", pd.Series(0.0)).sum()) / OBJECTIVE_UNIT_CNY
        self.sites = np.array(sorted(instance["sites"]["site"]))
        site_no = pd.Series(np.arange(len(self.sites)), index=self.sites)
        self.site_no = site_no
        self.commodities = list(instance["commodities"]["commodity"])
        self.k_no = {k: i for i, k in enumerate(self.commodities)}
        self.is_whole = are_undismantled(instance, pd.Series(self.commodities)).to_numpy(dtype=bool)
        self.n_left = 2 if network.effects.tracks_departures else 1
        self.origins = ["", *network.effects.tracked_origins]
        self.order = np.array([self.k_no[k] for k in _last_first(instance)], dtype=np.int64)
        self._supplies()
        self._runs()
        self._lanes()
        self._markets()
        self._modules()
        self._elements()
        self._rules()
        self.shut = np.zeros((T, len(self.sites)), dtype=bool)
        for t, period in enumerate(self.periods):
            self.shut[t, site_no[list(closed_sites(instance, network.effects, period))].to_numpy(dtype=int)] = True
        self._most()

    def _cost(self, family, names, period):
        own = self.costs.loc[self.costs.index.get_level_values("family") == family]
        return own

    def wide(self, family, names):
        """Return costs [T, len(names)] of a family."""
        c = self.costs
        own = c[c.index.get_level_values(0) == family].droplevel(0)
        if not len(own):
            return np.zeros((len(self.periods), len(names)))
        table = own.unstack(level=1).reindex(index=pd.Index(names), columns=self.periods).fillna(0.0)
        return table.to_numpy(dtype=float).T.copy()

    def _supplies(self):
        n = self.network
        self.supplies = n.supplies
        kept = (n.supply_tonnes - n.leaked_tonnes)[self.periods]
        self.weight = np.maximum(kept.to_numpy(dtype=float), 0.0)
        self.origin_of = np.array([self.origins.index(o) for o in n.supplies["origin"]], dtype=np.int64)
        self.commodity_of = np.array([self.k_no[k] for k in n.supplies["commodity"]], dtype=np.int64)

    def _runs(self):
        ev, inst = self.everywhere, self.network.instance
        runs = ev.runs.merge(ev.inputs[["activity", "commodity", "units_per_tonne"]], on="activity")
        entries = runs.drop_duplicates(["site", "recipe"])[["site", "recipe", "commodity", "units_per_tonne"]]
        entries = entries.assign(k=entries["commodity"].map(self.k_no)).sort_values(["k", "recipe", "site"], ignore_index=True)
        self.entries = entries
        self.recipe_ptr = np.searchsorted(entries["k"].to_numpy(), np.arange(len(self.commodities) + 1)).astype(np.int64)
        self.run_site = self.site_no.loc[entries["site"]].to_numpy().astype(np.int64)
        self.run_units_in = entries["units_per_tonne"].to_numpy(dtype=float)
        first = ev.runs.drop_duplicates(["site", "recipe"])[["activity", "site", "recipe"]]
        outs = first.merge(ev.outputs[["activity", "commodity", "units_per_tonne"]], on="activity")
        no = pd.Series(np.arange(len(entries)), index=pd.MultiIndex.from_frame(entries[["site", "recipe"]]))
        outs["e"] = no.loc[pd.MultiIndex.from_frame(outs[["site", "recipe"]])].to_numpy()
        outs = outs.sort_values("e", kind="stable", ignore_index=True)
        self.out_ptr = np.searchsorted(outs["e"].to_numpy(), np.arange(len(entries) + 1)).astype(np.int64)
        self.out_commodity = outs["commodity"].map(self.k_no).to_numpy().astype(np.int64)
        self.out_yield = outs["units_per_tonne"].to_numpy(dtype=float)
        # activity names by [o, left, e]; "" where there is none
        key = pd.MultiIndex.from_frame(ev.runs[["site", "recipe", "origin", "left"]])
        name = pd.Series(ev.runs["activity"].to_numpy(), index=key)
        grid = np.full((len(self.origins), self.n_left, len(entries)), "", dtype=object)
        whole = self.is_whole[entries["k"].to_numpy()]
        for o, origin in enumerate(self.origins):
            for left in range(self.n_left):
                want = pd.MultiIndex.from_arrays([
                    entries["site"], entries["recipe"],
                    np.where(whole, origin, ""), np.where(whole, bool(left), False)])
                grid[o, left] = name.reindex(want).fillna("").to_numpy()
        self.run_names = grid

    def _lanes(self):
        ev = self.everywhere
        lanes = [lane for lane in ev.lanes if len(lane.givers) and len(lane.takers)]
        lanes = sorted(lanes, key=lambda x: (self.k_no[x.commodity], x.leg))
        trunk = [x for x in lanes if x.leg != FIRST]
        firsts = [x for x in lanes if x.leg == FIRST]
        self.lanes = [*trunk, *firsts]
        K = len(self.commodities)
        self.lane_ptr = np.searchsorted([self.k_no[x.commodity] for x in trunk], np.arange(K + 1)).astype(np.int64)
        self.lane_giver_ptr = np.cumsum([0, *(len(x.givers) for x in self.lanes)]).astype(np.int64)
        self.lane_n_takers = np.array([len(x.takers) for x in self.lanes], dtype=np.int64)
        self.lane_base = np.cumsum([0, *(x.km.size for x in self.lanes)])[:-1].astype(np.int64)
        self.lane_marks = np.array([bool(x.leaves_a_mark) for x in self.lanes])
        km, site, crosses, giver_site, probes = [], [], [], [], []
        for x in self.lanes:
            order = np.argsort(x.km, axis=1, kind="stable")
            km.append(np.take_along_axis(x.km, order, 1).ravel())
            takers = self.site_no.loc[x.takers].to_numpy()
            site.append(takers[order].ravel())
            crosses.append(np.take_along_axis(x.crosses, order, 1).ravel())
            giver_site.append(self.site_no.loc[x.givers].to_numpy() if x.leg != FIRST else np.full(len(x.givers), -1))
            probes += [[x.probe(g, what) for what in (BARE, PER_KM, DEPARTS)] for g in x.givers]
        self.near_km = np.concatenate(km)
        self.near_site = np.concatenate(site).astype(np.int64)
        self.near_crosses = np.concatenate(crosses)
        self.lane_giver_site = np.concatenate(giver_site).astype(np.int64)
        self.probe_names = np.array(probes, dtype=object)  # [G, 3]
        ptr, lane_list, giver_list = [0], [], []
        where = [(len(trunk) + i, x, pd.Series(np.arange(len(x.givers)), index=x.givers)) for i, x in enumerate(firsts)]
        for source, commodity in zip(self.supplies["source"], self.supplies["commodity"], strict=True):
            for number, x, index in where:
                if x.commodity == commodity and source in index.index:
                    lane_list.append(number)
                    giver_list.append(self.lane_giver_ptr[number] + int(index[source]))
            ptr.append(len(lane_list))
        self.first_lanes_ptr = np.array(ptr, dtype=np.int64)
        self.first_lanes = np.array(lane_list, dtype=np.int64)
        self.giver_of_source = np.array(giver_list, dtype=np.int64)

    def _markets(self):
        arcs = self.network.arcs
        arcs = arcs[(arcs["to_kind"] == "market") & (arcs["from_kind"] == "site")]
        arcs = arcs.drop_duplicates(["from_place", "to_place", "commodity", "mode"])
        arcs = arcs.assign(k=arcs["commodity"].map(self.k_no)).sort_values(["k", "arc"], ignore_index=True)
        self.market_arcs = arcs
        self.market_ptr = np.searchsorted(arcs["k"].to_numpy(), np.arange(len(self.commodities) + 1)).astype(np.int64)
        self.market_site = self.site_no.loc[arcs["from_place"]].to_numpy().astype(np.int64)
        self.market_open = self.network.open_arcs.loc[arcs["arc"], self.periods].to_numpy().T

    def _modules(self):
        n = self.network
        modules = n.modules.assign(s=self.site_no.loc[n.modules["site"]].to_numpy())
        part = modules[modules["divisible"] & modules["stands"]]
        whole = modules[~modules["divisible"]].sort_values(["s", "module"], ignore_index=True)
        S = len(self.sites)
        self.part = part.set_index("s")
        self.whole = whole
        self.module_ptr = np.searchsorted(whole["s"].to_numpy(), np.arange(S + 1)).astype(np.int64)
        self.capacity = whole["capacity_tonnes_per_year"].to_numpy(dtype=float)
        self.stands = whole["stands"].to_numpy(dtype=bool)
        names = whole["module"].tolist()
        self.may_run = n.may_operate.loc[names, self.periods].to_numpy().T.copy()
        self.may_open = n.may_open.loc[names, self.periods].to_numpy().T
        self.may_build = n.may_build.loc[names, self.periods].to_numpy().T
        self.may_close = bool(n.instance.settings.capital.may_close)

    def _elements(self):
        """Everything that has a price of its own: name (family, index, period) -> number."""
        T = len(self.periods)
        flat = []
        self.shape_run = (T, *self.run_names.shape)
        names = sorted(set(self.run_names.ravel()))
        at = {name: i for i, name in enumerate(names)}
        grid = np.array([at[name] for name in self.run_names.ravel()]).reshape(self.run_names.shape)
        self.run_index = np.stack([grid + t * len(names) for t in range(T)])
        for period in self.periods:
            flat += [("throughput", name, period) for name in names]
        for period in self.periods:
            flat += [("flow", name, period) for name in self.probe_names.ravel()]
        for period in self.periods:
            flat += [("flow", name, period) for name in self.market_arcs["arc"]]
        self.n_run = T * len(names)
        self.n_probe = T * self.probe_names.size
        self.elements = pd.MultiIndex.from_tuples(flat, names=["family", "index", "period"])
        self.element_cost = self.costs.reindex(self.elements).fillna(0.0).to_numpy(dtype=float)

    def _rules(self):
        """Rows ``A @ amounts (+ shortfall) >= side``."""
        n, ev = self.network, self.everywhere
        number = pd.Series(np.arange(len(self.elements)), index=self.elements)
        number = number[number.index.get_level_values(1) != ""]
        rows, cols, vals, sides, caps, scale, names = [], [], [], [], [], [], []
        total = {t: float(self.weight[:, i].sum()) for i, t in enumerate(self.periods)}
        terms = pd.concat([ev.rule_terms, n.rule_terms]) if len(ev.rule_terms) else n.rule_terms
        soft = n.rules.set_index("rule")["penalty_cny_per_tonne"]
        sf = self.costs[self.costs.index.get_level_values(0) == "shortfall"] if "shortfall" in self.costs.index.get_level_values(0) else None
        # activities of the network and of everywhere have names of their own: use everywhere's
        if len(terms):
            for (rule, period), part in terms.groupby(["rule", "period"]):
                r = len(sides)
                const = n.rule_terms
                const = const[(const["rule"] == rule) & (const["period"] == period) & (const["family"] == "constant")]
                side = -float(const["coefficient"].sum())
                part = part[part["family"].isin(["flow", "throughput"])]
                key = pd.MultiIndex.from_frame(part[["family", "index", "period"]])
                found = number.reindex(key)
                ok = found.notna().to_numpy()
                # duplicated element names (plain runs on several origins): spread to all
                m = pd.DataFrame({"key": list(key[ok]), "coef": part["coefficient"].to_numpy()[ok]}).drop_duplicates("key")
                lookup = dict(zip(m["key"], m["coef"], strict=True))
                for c, name in enumerate(self.elements):
                    if name[2] == period and name in lookup:
                        rows.append(r); cols.append(c); vals.append(lookup[name])
                sides.append(side)
                penalty = np.inf
                if sf is not None and pd.notna(soft[rule]):
                    penalty = float(self.costs.get(("shortfall", rule, period), np.inf))
                caps.append(penalty)
                scale.append(total[period])
                names.append(("share_rule", rule, period))
        limits = n.instance.settings.limits
        for i, period in enumerate(self.periods):
            cap = limits.emission_cap(period)
            if cap is None:
                continue
            raise NotImplementedError("emission cap")
        # markets
        off = n.offtakes
        arcs = self.market_arcs
        T = len(self.periods)
        base = self.n_run + self.n_probe
        for name, market, commodity in zip(off["offtake"], off["market"], off["commodity"], strict=True):
            at = np.flatnonzero((arcs["to_place"] == market).to_numpy() & (arcs["commodity"] == commodity).to_numpy())
            for i, period in enumerate(self.periods):
                limit = float(n.offtake_limits.loc[name, period])
                if not np.isfinite(limit) or not len(at):
                    continue
                r = len(sides)
                rows += [r] * len(at); cols += list(base + i * len(arcs) + at); vals += [-1.0] * len(at)
                sides.append(-limit); caps.append(np.inf)
                scale.append(max(limit, 1e-9) * 100.0)
                names.append(("market_limit", name, period))
        shape = (len(sides), len(self.elements))
        self.rules = csr_array((np.array(vals, dtype=float), (np.array(rows, dtype=int), np.array(cols, dtype=int))), shape=shape)
        self.rule_side = np.array(sides, dtype=float)
        self.rule_cap = np.array(caps, dtype=float)
        self.rule_scale = np.array(scale, dtype=float)
        self.rule_names = names

    def _most(self):
        """Most tonnes of a supply's goods that can load one site in one period: [T, S, U]."""
        inst = self.network.instance
        S, U = len(self.sites), len(self.supplies)
        # per site: entries; V = most load at s per unit of commodity anywhere (upper bound)
        most = np.zeros((len(self.commodities), S))
        types = inst["sites"].set_index("site")["facility_type"].loc[self.sites].to_numpy()
        recipes = inst["recipes"].merge(inst["recipe_inputs"], on="recipe")
        outs = inst["recipe_outputs"]
        mass = inst["commodities"].set_index("commodity")["tonnes_per_unit"]
        for k in self.order:
            commodity = self.commodities[k]
            for recipe, ftype in zip(recipes.loc[recipes["commodity"] == commodity, "recipe"], recipes.loc[recipes["commodity"] == commodity, "facility_type"], strict=True):
                load = (types == ftype).astype(float)
                for out, y in outs.loc[outs["recipe"] == recipe, ["commodity", "yield_units_per_tonne"]].itertuples(index=False):
                    load = load + y * most[self.k_no[out]]
                load = load * float(mass[commodity])
                most[k] = np.maximum(most[k], load)
        self.most_per_unit = most  # [K, S]
        share = most[self.commodity_of]  # [U, S]
        self.most = (self.weight.T[:, None, :] * share.T[None, :, :]).astype(np.float32)  # [T, S, U]
        # a little room for float32
        self.most *= np.float32(1 + 1e-6)
