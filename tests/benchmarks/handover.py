"""Time from a network's tables to a loaded solver, against arrays written by hand from the same tables.

    python -m tests.benchmarks.handover
    python -m tests.benchmarks.handover --cases 47x1 --repeat 3 --json handover.json

A case is ``NEARESTxPERIODS``: china-2024 with the nearest sites of each type, its year repeated. ``raw`` is
what somebody would write who needs this one matrix and nothing else: pandas joins, numpy and scipy, no
names, only the equations that have rows there. Both sides end with ``passModel`` of the same program, which
is asserted; they take turns, and medians are printed. Seconds move with the machine, the ratio hardly.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import time
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final

import highspy
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array

from netopt.accounts import Perspective, weight_in
from netopt.backends import highs
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.data.settings import Period
from netopt.formulation.compile import standard_form
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.network.scope import Scope
from netopt.policy.compose import compose
from netopt.policy.read import read_policy
from netopt.resources import shipped
from netopt.solution.form import StandardForm

CASES: Final = ("47x1", "10x3")
INSTANCE, POLICY = "china-2024", "unified"
INF: Final = np.inf
Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def network_for(case: str) -> Network:
    """Return the network of a case."""
    n_nearest, n_periods = map(int, case.split("x"))
    instance = repeated(read_instance(shipped("instances") / INSTANCE), n_periods)
    effects = compose(read_policy(POLICY, instance), instance)
    return build_network(instance, effects, scope=Scope(n_nearest))


def repeated(instance: Instance, n_periods: int) -> Instance:
    """Return an instance whose one year comes ``n_periods`` times."""
    if n_periods == 1:
        return instance
    (first,) = instance.settings.horizon.periods
    years = [first.start_year + number for number in range(n_periods)]
    periods = [Period(period=str(year), start_year=year, length_years=1) for year in years]
    horizon = instance.settings.horizon.model_copy(update={"periods": periods})
    settings = instance.settings.model_copy(update={"horizon": horizon})
    rows = instance["supply"]
    supply = pd.concat([rows.assign(period=str(year)) for year in years], ignore_index=True)
    return make_instance(settings, {**instance.tables, "supply": supply})


def look_up(ids: pd.Index, values: pd.Series | pd.Index) -> Numbers:
    """Return the number of each value among ids (-1: none), each distinct value looked up once."""
    codes, found = pd.factorize(values)
    numbers: Numbers = ids.get_indexer(pd.Index(found))
    return numbers[codes] if len(numbers) else codes


@dataclass
class Raw:
    """The same program by hand: columns counted family by family, rows equation by equation."""

    network: Network
    rows: list[Numbers] = field(default_factory=list)
    columns: list[Numbers] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    sides: list[tuple[Floats, Floats]] = field(default_factory=list)
    n_rows: int = 0

    def __post_init__(self) -> None:
        """Count the columns."""
        net = self.network
        modules = net.modules
        self.t = len(net.periods)
        self.built = ~modules["stands"].to_numpy(dtype=bool)
        built = modules["module"][self.built]
        soft = net.rules.loc[net.rules["penalty_cny_per_tonne"].notna(), "rule"]
        self.ids = {
            "flow": pd.Index(net.arcs["arc"]),
            "throughput": pd.Index(net.activities["activity"]),
            **{name: pd.Index(modules["module"]) for name in ("loads", "operating", "closed")},
            **{name: pd.Index(built) for name in ("opened", "expanded", "renewed")},
            **{name: pd.Index(net.supplies["supply"]) for name in ("leaked", "unserved")},
            "shortfall": pd.Index(soft),
        }
        tables = net.instance
        kinds = [tables[f"{kind}s"][kind] for kind in ("source", "site", "market", "vendor")]
        self.places, self.goods = pd.Index(pd.concat(kinds)), pd.Index(tables["commodities"]["commodity"])
        sizes = [len(ids) * self.t for ids in self.ids.values()]
        self.first = dict(zip(self.ids, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))
        self.nothing = sum(sizes)
        self.n_columns = self.nothing + 1

    def key(self, places: pd.Series, commodities: pd.Series) -> pd.Series:
        """Return one number for each pair of a place and a commodity."""
        number = look_up(self.places, places) * len(self.goods) + look_up(self.goods, commodities)
        return pd.Series(number, index=places.index)

    def at(self, family: str, numbers: NDArray[Any] | None = None) -> Numbers:
        """Return columns, entries x periods."""
        entries = np.arange(len(self.ids[family])) if numbers is None else numbers
        found: Numbers = self.first[family] + entries[:, None] * self.t + np.arange(self.t)
        return found

    def block(self, n: int, terms: list[tuple[Any, Numbers, Any]], lower: Any, upper: Any) -> None:
        """Add n x periods rows with terms (entry, columns, coefficient)."""
        for entry, columns, value in terms:
            rows = self.n_rows + np.asarray(entry)[:, None] * self.t + np.arange(self.t)
            for store, part in zip(
                (self.rows, self.columns, self.values),
                np.broadcast_arrays(rows, columns, value),
                strict=True,
            ):
                store.append(part.ravel())
        for_all = (np.broadcast_to(side, (n, self.t)).ravel() for side in (lower, upper))
        self.sides.append(tuple(for_all))  # type: ignore[arg-type]
        self.n_rows += n * self.t

    def program(self) -> tuple[Floats, float, csc_array, list[Floats]]:
        """Return cost, offset, matrix and ``[row_lower, row_upper, lower, upper, is_integer]``."""
        self._balances()
        self._returns()
        self._facilities()
        self._limits()
        self._links()
        cost, offset = self._cost()
        entries = (np.concatenate(self.rows), np.concatenate(self.columns))
        shape = (self.n_rows, self.n_columns)
        matrix = csc_array(coo_array((np.concatenate(self.values), entries), shape=shape))
        row_lower, row_upper = (np.concatenate(side) for side in zip(*self.sides, strict=True))
        upper, whole = self._bounds()
        return cost, offset, matrix, [row_lower, row_upper, np.zeros(self.n_columns), upper, whole]

    def _balances(self) -> None:
        net, arcs = self.network, self.network.arcs
        supplies = net.supplies
        starts = pd.Index(self.key(supplies["source"], supplies["commodity"]))
        from_source = np.flatnonzero(arcs["from_kind"] == "source")
        self.starts = self.key(arcs["from_place"], arcs["commodity"])
        self.ends = self.key(arcs["to_place"], arcs["commodity"])
        supply = look_up(starts, self.starts.iloc[from_source])
        n = len(supplies)
        every = np.arange(n)
        tonnes, leaked = net.supply_tonnes.to_numpy(), net.leaked_tonnes.to_numpy()
        terms = [(supply, self.at("flow", from_source), 1.0)]
        terms += [(every, self.at(name), 1.0) for name in ("leaked", "unserved")]
        self.block(n, terms, tonnes, tonnes)
        self.block(n, [(every, self.at("leaked"), 1.0)], leaked, leaked)
        keys = {}
        for name, rows in (("in", net.activity_inputs), ("out", net.activity_outputs)):
            keys[name] = self.key(rows["site"], rows["commodity"])
        into, out = (np.flatnonzero(arcs[f"{end}_kind"] == "site") for end in ("to", "from"))
        states = pd.Index(
            pd.concat([self.ends.iloc[into], keys["in"], keys["out"], self.starts.iloc[out]]).unique()
        )
        activity = self.ids["throughput"]
        terms = [
            (look_up(states, self.ends.iloc[into]), self.at("flow", into), 1.0),
            (look_up(states, self.starts.iloc[out]), self.at("flow", out), -1.0),
        ]
        for name, rows, sign in (("in", net.activity_inputs, -1.0), ("out", net.activity_outputs, 1.0)):
            columns = self.at("throughput", look_up(activity, rows["activity"]))
            units = sign * rows["units_per_tonne"].to_numpy()[:, None]
            terms.append((look_up(states, keys[name]), columns, units))
        self.block(len(states), terms, 0.0, 0.0)

    def _returns(self) -> None:
        net, arcs = self.network, self.network.arcs
        back, sold = (np.flatnonzero(arcs[f"{end}_kind"] == "market") for end in ("from", "to"))
        returns = self.key(net.returns["market"], net.returns["commodity"])
        places = pd.Index(returns.unique())
        entry = look_up(places, self.starts.iloc[back])
        first = self.n_rows
        self.block(len(places), [(entry, self.at("flow", back), 1.0)], 0.0, 0.0)
        items = pd.DataFrame(
            {
                "return": net.returns["return"],
                "place": look_up(places, returns),
                "sold": self.key(net.returns["market"], net.returns["sold_commodity"]),
            }
        )
        ways = pd.DataFrame({"sold": self.ends.iloc[sold], "arc": sold})
        both = net.return_rates.merge(items, on="return").merge(ways, on="sold")
        period = pd.Index(net.periods)
        due, when = (look_up(period, both[name]) for name in ("period", "sold_period"))
        self.rows.append(first + both["place"].to_numpy() * self.t + due)
        self.columns.append(self.first["flow"] + both["arc"].to_numpy() * self.t + when)
        self.values.append(-both["tonnes_per_unit"].to_numpy(dtype=float))

    def _facilities(self) -> None:
        net, modules = self.network, self.network.modules
        sites = pd.Index(net.activities["site"].unique())
        site = self.site = look_up(sites, modules["site"])
        self.sites = sites
        n, built = len(modules), self.built
        every, of_built = np.arange(n), np.flatnonzero(built)
        divisible = modules["divisible"].to_numpy(dtype=bool)
        capacity = modules["capacity_tonnes_per_year"].to_numpy()
        at_site = look_up(sites, net.activities["site"])
        terms = [(at_site, self.at("throughput"), 1.0), (site, self.at("loads"), -1.0)]
        self.block(len(sites), terms, 0.0, 0.0)
        usable = np.where(
            divisible[:, None], capacity[:, None], np.minimum(capacity[:, None], self._reach())
        )
        terms = [(every, self.at("loads"), 1.0), (every, self.at("operating"), -usable)]
        self.block(n, terms, -INF, 0.0)
        self._openings(of_built, site, divisible)
        before = np.roll(self.at("operating"), 1, axis=1)
        later = (np.arange(self.t) > 0).astype(float)
        standing = np.where(np.arange(self.t) == 0, modules["standing_share"].to_numpy()[:, None], 0.0)
        terms = [(every, self.at("operating"), 1.0), (every, before, -later)]
        terms += [(of_built, self.at(name), -1.0) for name in ("opened", "expanded")]
        self.block(n, [*terms, (every, self.at("closed"), 1.0)], standing, standing)
        self.block(n, [(every, self.at("closed"), 1.0), (every, before, -later)], -INF, standing)
        start = np.arange(self.t)
        life = modules["life_years"].to_numpy()[built]
        terms = [(np.arange(len(of_built)), self.at("operating", of_built), 1.0)]
        for bought in range(self.t):
            covers = (start[None, :] >= bought) & (bought + life[:, None] >= start[None, :] + 1)
            for name in ("opened", "expanded", "renewed"):
                terms.append((np.arange(len(of_built)), self.at(name)[:, [bought]], -covers.astype(float)))
        self.block(len(of_built), terms, -INF, 0.0)

    def _openings(self, of_built: Numbers, site: Numbers, divisible: NDArray[np.bool_]) -> None:
        """Add the rows over all periods, then those on expansion."""
        stands = np.isin(np.arange(len(self.sites)), site[~self.built])
        for entry, families, most in (
            (np.unique(site[of_built], return_inverse=True)[1], ("opened",), None),
            (np.arange(len(of_built)), ("opened", "expanded"), 1.0),
        ):
            n = int(entry.max()) + 1
            for name in families:
                self.rows.append(np.repeat(self.n_rows + entry, self.t))
                self.columns.append(self.at(name).ravel())
                self.values.append(np.ones(len(entry) * self.t))
            upper = np.where(stands[np.unique(site[of_built])], 0.0, 1.0) if most is None else np.ones(n)
            self.sides.append((np.full(n, -INF), upper))
            self.n_rows += n
        free = np.flatnonzero(~np.isin(site[of_built], site[~self.built & divisible]))
        left = pd.DataFrame({"site": site[of_built[free]], "row": np.arange(len(free))})
        beside = left.merge(pd.DataFrame({"site": site, "module": np.arange(len(site))}), on="site")
        row, module = beside["row"].to_numpy(), beside["module"].to_numpy()
        later = (np.arange(self.t) > 0).astype(float)
        before = np.roll(self.at("operating", module), 1, axis=1)
        terms = [(np.arange(len(free)), self.at("expanded", free), 1.0), (row, before, -later)]
        share = self.network.modules["standing_share"].to_numpy()[module]
        standing = np.bincount(row, share, minlength=len(free))[:, None]
        self.block(len(free), terms, -INF, np.where(np.arange(self.t) == 0, standing, 0.0))

    def _reach(self) -> Floats:
        """Return what can reach each module's site: all that is collected, through the recipes."""
        net = self.network
        if len(net.return_rates):
            return np.full((len(net.modules), self.t), INF)
        units = (net.supply_tonnes - net.leaked_tonnes).groupby(
            net.supplies.set_index("supply")["commodity"]
        )
        have = units.sum()
        mass = net.instance["commodities"].set_index("commodity")["tonnes_per_unit"]
        recipes = net.instance["recipe_inputs"].merge(net.instance["recipe_outputs"], on="recipe")
        assert (recipes["mass_share"] == 1.0).all(), "the rows written by hand know one input by recipe"
        order = ["pack_", "cascade_", "scrap_", "black_mass_"]
        for stage in order:
            for name in sorted(set(recipes["commodity_x"])):
                if name.startswith(stage):
                    made = recipes[recipes["commodity_x"] == name]
                    for good, rate in zip(made["commodity_y"], made["yield_units_per_tonne"], strict=True):
                        more = have.loc[name] * mass[name] * rate
                        have.loc[good] = (have.loc[good] if good in have.index else 0.0) + more
        taken = net.activity_inputs[["site", "commodity"]].drop_duplicates()
        tonnes = (
            have.reindex(taken["commodity"]).to_numpy() * mass.loc[taken["commodity"]].to_numpy()[:, None]
        )
        found = np.zeros((len(self.sites), self.t))
        np.add.at(found, look_up(self.sites, taken["site"]), tonnes)
        reach: Floats = found[self.site]
        return reach

    def _limits(self) -> None:
        net = self.network
        to_market = np.flatnonzero(net.arcs["to_kind"] == "market")
        goods = pd.Index(self.key(net.offtakes["market"], net.offtakes["commodity"]))
        entry = look_up(goods, self.ends.iloc[to_market])
        limits = net.offtake_limits.to_numpy()
        self.block(len(goods), [(entry, self.at("flow", to_market), 1.0)], -INF, limits)
        terms = net.rule_terms
        rows, names = pd.factorize(terms["rule"] + "|" + terms["period"])
        period = pd.Index(net.periods)
        is_constant = (terms["family"] == "constant").to_numpy()
        values = terms["coefficient"].to_numpy()
        for family, ids in self.ids.items():
            at = np.flatnonzero(terms["family"] == family)
            when = look_up(period, terms["decided"].iloc[at])
            found = look_up(ids, terms["index"].iloc[at])
            self.rows.append(self.n_rows + rows[at])
            self.columns.append(self.first[family] + found * self.t + when)
            self.values.append(values[at])
        rules = pd.Series(names).str.split("|", expand=True)
        short = look_up(self.ids["shortfall"], rules[0])
        soft = np.flatnonzero(short >= 0)
        when = look_up(period, rules[1])
        everywhere = np.arange(len(names))
        self.rows += [self.n_rows + soft, self.n_rows + everywhere]
        columns = self.first["shortfall"] + short[soft] * self.t + when[soft]
        self.columns += [columns, np.full(len(names), self.nothing)]
        self.values += [np.ones(len(soft)), np.ones(len(names))]
        constant = np.bincount(rows[is_constant], values[is_constant], minlength=len(names))
        self.sides.append((-constant, np.full(len(names), INF)))
        self.n_rows += len(names)

    def _links(self) -> None:
        net, arcs = self.network, self.network.arcs
        passed = self.ends.isin(self.starts[arcs["from_kind"] == "site"])
        member = np.flatnonzero((arcs["from_kind"] == "source") & (arcs["to_kind"] == "site") & ~passed)
        way, names = pd.factorize(
            self.starts.iloc[member] * len(self.places)
            + look_up(self.places, arcs["to_place"].iloc[member])
        )
        first = np.zeros(len(names), dtype=np.int64)
        first[way[::-1]] = member[::-1]
        supplies = pd.Index(self.key(net.supplies["source"], net.supplies["commodity"]))
        supply = look_up(supplies, self.starts.iloc[first])
        site = look_up(self.sites, arcs["to_place"].iloc[first])
        left = pd.DataFrame({"site": site, "row": np.arange(len(names))})
        both = left.merge(pd.DataFrame({"site": self.site, "module": np.arange(len(self.site))}), on="site")
        row, module = both["row"].to_numpy(), both["module"].to_numpy()
        most = (net.supply_tonnes - net.leaked_tonnes).to_numpy()[supply[row]]
        capacity = net.modules["capacity_tonnes_per_year"].to_numpy()[module, None]
        is_divisible = net.modules["divisible"].to_numpy(dtype=bool)[module, None]
        room = np.where(is_divisible, capacity, np.minimum(most, capacity))
        terms = [(way, self.at("flow", member), 1.0), (row, self.at("operating", module), -room)]
        self.block(len(names), terms, -INF, 0.0)

    def _cost(self) -> tuple[Floats, float]:
        net, rates = self.network, self.network.rates
        parts = [pd.factorize(rates[name]) for name in ("category", "payer", "payee")]
        code, names = np.zeros(len(rates), dtype=np.int64), [part[1] for part in parts]
        for own, known in parts:
            code = code * len(known) + own
        weights = np.array([weight_in(Perspective.SOCIAL, *account) for account in product(*names)])
        due = rates["due_period"].map(net.period_weights).to_numpy()
        scale = sum(net.period_weights.values()) * OBJECTIVE_UNIT_CNY
        amounts = weights[code] * rates["cny_per_unit"].to_numpy() * due / scale
        cost, offset = np.zeros(self.n_columns), 0.0
        period = look_up(pd.Index(net.periods), rates["period"])
        families, named = pd.factorize(rates["family"])
        for number, family in enumerate(named):
            at = np.flatnonzero(families == number)
            if family == "constant":
                offset = float(amounts[at].sum())
                continue
            found = look_up(self.ids[family], rates["index"].iloc[at])
            own = np.bincount(found * self.t + period[at], amounts[at])
            cost[self.first[family] : self.first[family] + len(own)] += own
        return cost, offset

    def _bounds(self) -> tuple[Floats, Floats]:
        net, built = self.network, self.built
        divisible = net.modules["divisible"].to_numpy(dtype=bool)
        upper, whole = np.full(self.n_columns, INF), np.zeros(self.n_columns)
        is_open = net.open_arcs.to_numpy(dtype=bool)
        upper[self.at("flow")] = np.where(is_open, INF, 0.0)
        resold = net.modules["resale_share"].to_numpy() >= 0
        closes = np.where(built & divisible, resold, net.instance.settings.capital.may_close)
        for family, most, is_whole in (
            ("operating", net.may_operate.to_numpy(), ~divisible),
            ("closed", closes[:, None], ~divisible),
            ("opened", net.may_open.to_numpy()[built], np.ones(built.sum())),
            ("expanded", net.may_build.to_numpy()[built], ~divisible[built]),
            ("renewed", ~divisible[built][:, None], np.ones(built.sum())),
        ):
            upper[self.at(family)] = most
            whole[self.at(family)] = is_whole[:, None]
        if net.instance.settings.prices.unserved_cny_per_tonne is None:
            upper[self.at("unserved")] = 0.0
        upper[self.nothing] = 0.0
        return upper, whole


def load_by_hand(network: Network) -> highspy.Highs:
    """Return a solver loaded with the program of a network, written by hand."""
    cost, offset, matrix, (row_lower, row_upper, lower, upper, whole) = Raw(network).program()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    n_rows, n_columns = matrix.shape
    status = solver.passModel(
        n_columns,
        n_rows,
        matrix.nnz,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        offset,
        cost,
        lower,
        upper,
        row_lower,
        row_upper,
        matrix.indptr[:-1].astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        whole.astype(np.int32),
    )
    assert status != highspy.HighsStatus.kError
    return solver


def load(network: Network) -> StandardForm:
    """Load a solver with netopt's form of a network, and return the form."""
    form = standard_form(network, Perspective.SOCIAL)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    highs.hand_over(solver, form, relaxed=False)
    return form


def compare(network: Network, form: StandardForm) -> None:
    """Raise AssertionError where the two programs differ by more than rounding, however they are ordered.

    Columns are told by their names. Rows written by hand have none: each is told by its product with one
    random point, and by its sides.
    """
    raw = Raw(network)
    cost, offset, matrix, (row_lower, row_upper, _, upper, whole) = raw.program()
    position = pd.Series(np.arange(form.shape[1]), index=form.columns.as_index())
    found = np.full(raw.n_columns, -1)
    for family, ids in raw.ids.items():
        names = pd.MultiIndex.from_product([[family], ids, network.periods])
        found[raw.at(family).ravel()] = position.index.get_indexer(names)
    found[raw.nothing] = position.index.get_indexer([("nothing", "", "")])[0]
    is_known = found >= 0
    assert is_known.sum() == form.shape[1]
    assert not cost[~is_known].any()
    assert not abs(matrix[:, ~is_known]).sum()
    for own, theirs in ((form.cost, cost), (form.upper, upper), (form.is_integer, whole)):
        np.testing.assert_allclose(own[found[is_known]], theirs[is_known], rtol=1e-9)
    assert abs(offset - form.offset) <= 1e-9 * max(1.0, abs(offset))
    point = np.random.default_rng(0).uniform(0.5, 1.5, form.shape[1])
    at_hand = np.zeros(raw.n_columns)
    at_hand[is_known] = point[found[is_known]]
    says = (np.diff(matrix.tocsr().indptr) > 0) & (np.isfinite(row_lower) | np.isfinite(row_upper))
    by_hand = np.array([matrix @ at_hand, row_lower, row_upper])[:, says]
    ours = np.array([form.matrix @ point, form.row_lower, form.row_upper])
    by_hand, ours = (rows[:, np.lexsort(rows.round(6))] for rows in (by_hand, ours))
    np.testing.assert_allclose(ours, by_hand, rtol=1e-7, atol=1e-6)


def case_of(name: str, repeat: int) -> dict[str, Any]:
    """Measure one case and return its figures."""
    network = network_for(name)
    form = load(network)
    compare(network, form)
    seconds: dict[str, list[float]] = {"raw": [], "netopt": []}
    for _ in range(repeat):
        for side, loads in (("raw", load_by_hand), ("netopt", load)):
            gc.collect()
            began = time.perf_counter()
            loads(network)
            seconds[side].append(time.perf_counter() - began)
    n_rows, n_columns = form.shape
    ratios = [ours / raw for ours, raw in zip(seconds["netopt"], seconds["raw"], strict=True)]
    return {
        "case": name,
        "n_rows": n_rows,
        "n_columns": n_columns,
        "n_nonzeros": int(form.matrix.nnz),
        "raw_s": seconds["raw"],
        "netopt_s": seconds["netopt"],
        "ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
    }


def table(cases: list[dict[str, Any]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| case | columns | rows | non-zeros | raw (s) | netopt (s) | netopt / raw |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in cases:
        low, high = one["ratio_range"]
        lines.append(
            f"| {one['case']} | {one['n_columns']:,} | {one['n_rows']:,} | {one['n_nonzeros']:,} | "
            f"{statistics.median(one['raw_s']):.2f} | {statistics.median(one['netopt_s']):.2f} | "
            f"{one['ratio']:.2f} ({low:.2f} to {high:.2f}) |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure the cases that are asked for, print the table and write the figures."""
    parser = argparse.ArgumentParser(description="Time the hand-over of a model to a solver.")
    parser.add_argument("--cases", nargs="*", default=list(CASES), help="NEARESTxPERIODS")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path, default=Path("handover.json"))
    given = parser.parse_args()
    cases = [case_of(name, given.repeat) for name in given.cases]
    found = {"python": platform.python_version(), "highs": highs.version(), "cases": cases}
    given.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    print(table(cases))


if __name__ == "__main__":
    main()
