"""Made-up runs to draw: an instance's tables in memory and a plausible answer to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from pyproj import Geod

from netopt.accounts import Perspective
from netopt.data.instance import Instance
from netopt.data.schema import ColumnType
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.maps.shipments import places
from netopt.network.distance import haul_distances_km
from netopt.policy.base import Policy
from netopt.solution.outcome import Outcome, Status
from netopt.solution.tables import SOLUTION_COLUMNS, Answer

DTYPES = {
    ColumnType.ID: "str",
    ColumnType.TEXT: "str",
    ColumnType.NUMBER: "float64",
    ColumnType.INTEGER: "int64",
    ColumnType.BOOLEAN: "bool",
}
BLANKS = {"str": "", "float64": 0.0, "int64": 1, "bool": False}
CHINA = (
    ("CN-GD", "Guangdong", "广东省", 113.25, 23.117, 0.30),
    ("CN-ZJ", "Zhejiang", "浙江省", 120.161, 30.294, 0.20),
    ("CN-SC", "Sichuan", "四川省", 104.067, 30.667, 0.12),
    ("CN-HB", "Hubei", "湖北省", 114.267, 30.583, 0.12),
    ("CN-BJ", "Beijing", "北京市", 116.397, 39.907, 0.14),
    ("CN-SN", "Shaanxi", "陕西省", 108.929, 34.258, 0.09),
    ("CN-XJ", "Xinjiang", "新疆维吾尔自治区", 87.6, 43.801, 0.03),
)
TOY = (
    ("A", "Aster", "", 103.0, 31.0, 0.5),
    ("B", "Birch", "", 105.5, 30.2, 0.3),
    ("C", "Cedar", "", 104.2, 29.0, 0.2),
)
COMMODITIES = (
    ("pack", "Retired packs", True, False, 800.0),
    ("cascade", "Cascade-grade packs", True, True, float("nan")),
    ("scrap", "Scrap batteries", True, False, float("nan")),
    ("black_mass", "Black mass", False, False, float("nan")),
    ("metal", "Recovered metals", False, False, float("nan")),
    ("second_life", "Second-life packs", False, False, float("nan")),
)
TYPES = {
    "hub": ("Testing hub", ("pack",), ("cascade", "scrap")),
    "cascade_plant": ("Cascade plant", ("cascade",), ("second_life",)),
    "dismantler": ("Dismantler", ("scrap",), ("black_mass",)),
    "hydromet": ("Hydromet plant", ("black_mass",), ("metal",)),
}
CASCADE_SHARE, BLACK_MASS_YIELD, METAL_YIELD = 0.3, 0.5, 0.4
KWH_PER_TONNE = 140.0


@dataclass(frozen=True)
class FakeRun:
    """The attributes that a map needs, and no more."""

    instance: Instance
    policy: Policy
    answer: Answer
    outcome: Outcome | None

    @property
    def formal_share(self) -> float:
        return self.instance.settings.leakage.formal_share


def table_of(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as a table of the format; cells not given are blank."""
    columns = TABLES[name].columns
    data = {}
    rows = list(rows)
    for column in columns:
        dtype = DTYPES[column.type]
        values = [row.get(column.name, BLANKS[dtype]) for row in rows]
        data[column.name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(data)


def make_settings(periods: int) -> Settings:
    """Return settings of one-year periods, the last one of three years if there are several."""
    lengths = [1] * (periods - 1) + [3 if periods > 1 else 1]
    starts = [2024 + sum(lengths[:index]) for index in range(periods)]
    horizon = {
        "discount_rate": 0.05,
        "base_year": 2024,
        "periods": [
            {"period": str(start), "start_year": start, "length_years": length}
            for start, length in zip(starts, lengths, strict=True)
        ],
    }
    about = {
        "name": "case",
        "title": "A case",
        "currency": "CNY",
        "price_year": 2024,
        "price_basis": "real",
    }
    leakage = {
        "formal_share": 0.3,
        "beta_per_cny": 0.001,
        "reference_gap_cny_per_pack": 900.0,
        "reference_friction_cny_per_tonne": 0.0,
        "pack_mass_tonnes": 0.4,
        "pass_through": 0.0,
    }
    return Settings.model_validate(
        {
            "instance": about,
            "horizon": horizon,
            "capital": {"wacc": 0.08},
            "distance": {"method": "geodesic", "circuity": 1.3},
            "prices": {"carbon_cny_per_tonne": 0.0},
            "leakage": leakage,
        }
    )


def make_instance(places: Iterable[tuple[Any, ...]] = TOY, periods: int = 1) -> Instance:
    """Return an instance with a source, one facility of every type and a metal market per place."""
    places = list(places)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for code, name, name_zh, lon, lat, _ in places:
        rows["jurisdictions"].append({"jurisdiction": code, "name": name, "name_zh": name_zh})
        at = {"location": f"L-{code}", "name": name, "name_zh": name_zh, "jurisdiction": code}
        rows["locations"].append({**at, "lon_deg": lon, "lat_deg": lat, "internal_km": 50.0})
        rows["sources"].append({"source": f"S-{code}", "name": name, "location": f"L-{code}"})
        rows["operators"].append(
            {"operator": f"O-{code}", "name": f"{name} Recycling", "jurisdiction": code}
        )
        rows["markets"].append({"market": f"M-{code}", "name": name, "location": f"L-{code}"})
        for kind in TYPES:
            site = {"site": f"{kind}-{code}", "name": f"{name} {kind}", "facility_type": kind}
            stands = 5000.0 if code in ("B", "CN-HB", "CN-GD") else 0.0
            site |= {"location": f"L-{code}", "operator": f"O-{code}", "effective_share": 0.5}
            rows["sites"].append({**site, "existing_capacity_tonnes_per_year": stands, "may_build": True})
    rows["markets"].append({"market": "gate", "name": "Second-life buyers"})
    for code, name, whole, cascade, collection in COMMODITIES:
        flags = {"undismantled": whole, "cascade_grade": cascade, "collection_cny_per_tonne": collection}
        unit = {"unit": "t", "tonnes_per_unit": 1.0, "goods_class": "class9"}
        if code == "second_life":
            unit |= {"unit": "kWh", "tonnes_per_unit": 1 / KWH_PER_TONNE}
        rows["commodities"].append({"commodity": code, "name": name, **unit, **flags})
    for code, (name, inputs, outputs) in TYPES.items():
        rows["facility_types"].append({"facility_type": code, "name": name, "life_years": 10})
        rows["recipes"].append(
            {"recipe": code, "facility_type": code, "name": name, "category": "processing"}
        )
        rows["recipe_inputs"] += [{"recipe": code, "commodity": each, "mass_share": 1.0} for each in inputs]
        rows["recipe_outputs"] += [{"recipe": code, "commodity": each} for each in outputs]
    tables = {name: table_of(name, table) for name, table in rows.items()}
    return Instance(make_settings(periods), tables, digest="0" * 64)


def empty_answer(**given: pd.DataFrame) -> Answer:
    """Return an answer with the given tables, the others without rows."""
    tables = {
        name: pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in columns.items()})
        for name, columns in SOLUTION_COLUMNS.items()
    }
    return Answer(**(tables | given))


def flows_of(rows: list[tuple[str, str, str, str, float, float]]) -> pd.DataFrame:
    """Return a table of flows from (from_place, to_place, commodity, period, units, km)."""
    columns = ["from_place", "to_place", "commodity", "period", "flow_units_per_year", "distance_km"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"flow_units_per_year": float, "distance_km": float} | dict.fromkeys(columns[:4], "str")
    )
    table = table.assign(mode="road", origin="", left_before=False, left_after=False)
    table[["mode", "origin"]] = table[["mode", "origin"]].astype("str")
    return table[list(SOLUTION_COLUMNS["flows"])]


def make_answer(
    instance: Instance, targets: Mapping[str, Mapping[str, str]], shares: Mapping[str, float], tonnes: float
) -> Answer:
    """Return a plan in which each place sends to one place per facility type.

    Parameters
    ----------
    targets
        Facility type -> place code -> place code whose facility serves it (itself if missing).
    shares
        Place code -> share of the collected tonnes; it grows by half from period to period.
    """
    flows: list[tuple[str, str, str, str, float, float]] = []
    loads: dict[tuple[str, str], float] = {}
    for index, period in enumerate(instance.periods):
        for code, share in shares.items():
            amount = tonnes * share * 1.5**index
            _send(flows, loads, code, amount, period, targets)
    return empty_answer(
        flows=flows_of(flows),
        facilities=_facilities_of(instance, loads),
        supply=_supply_of(instance, shares, tonnes),
    )


def _send(flows: list, loads: dict, code: str, amount: float, period: str, targets: Mapping) -> None:
    def target(kind: str, at: str) -> str:
        return targets.get(kind, {}).get(at, at)

    hub = target("hub", code)
    plant, yard = target("cascade_plant", hub), target("dismantler", hub)
    smelter = target("hydromet", yard)
    cascade, scrap = amount * CASCADE_SHARE, amount * (1 - CASCADE_SHARE)
    mass = scrap * BLACK_MASS_YIELD
    steps = [
        (f"S-{code}", f"hub-{hub}", "pack", amount),
        (f"hub-{hub}", f"cascade_plant-{plant}", "cascade", cascade),
        (f"hub-{hub}", f"dismantler-{yard}", "scrap", scrap),
        (f"dismantler-{yard}", f"hydromet-{smelter}", "black_mass", mass),
        (f"hydromet-{smelter}", f"M-{smelter}", "metal", mass * METAL_YIELD),
        (f"cascade_plant-{plant}", "gate", "second_life", cascade * KWH_PER_TONNE),
    ]
    for start, end, commodity, units in steps:
        km = 0.0 if end == "gate" else 50.0 if start.rsplit("-", 1)[-1] == end.rsplit("-", 1)[-1] else 800.0
        flows.append((start, end, commodity, period, units, km))
        if end.split("-")[0] in TYPES:
            loads[(end, period)] = loads.get((end, period), 0.0) + units


def _facilities_of(instance: Instance, loads: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    rows = []
    sites = instance["sites"].set_index("site")
    stands = sites["existing_capacity_tonnes_per_year"] * sites["effective_share"]
    for site, existing in stands.items():
        own = [loads.get((site, period), 0.0) for period in instance.periods]
        for index, period in enumerate(instance.periods):
            load, runs, ran = own[index], own[index] > 0, index > 0 and own[index - 1] > 0
            old = min(load, existing)
            if existing > 0:
                closed = index == 0 and not runs
                rows.append((site, "existing", period, False, closed, runs, existing, old))
            if max(own) > existing:
                opened = runs and not ran
                rows.append((site, "large", period, opened, False, runs, max(own) - existing, load - old))
    columns = ["site", "size", "period", "opened", "closed", "operating"]
    columns += ["capacity_tonnes_per_year", "load_tonnes_per_year"]
    table = pd.DataFrame(rows, columns=columns).assign(expanded=False, renewed=False)
    return table[list(SOLUTION_COLUMNS["facilities"])].astype(
        dict.fromkeys(("site", "size", "period"), "str")
    )


def _supply_of(instance: Instance, shares: Mapping[str, float], tonnes: float) -> pd.DataFrame:
    formal = instance.settings.leakage.formal_share
    rows = []
    for index, period in enumerate(instance.periods):
        for code, share in shares.items():
            collected = tonnes * share * 1.5**index
            retired = collected / formal
            rows.append((f"S-{code}", "pack", period, retired, collected, retired - collected, 0.0))
    table = pd.DataFrame(rows, columns=list(SOLUTION_COLUMNS["supply"]))
    return table.astype(dict.fromkeys(("source", "commodity", "period"), "str"))


def make_outcome(upper: float = 1.2345e9) -> Outcome:
    """Return an outcome with a small proven gap."""
    return Outcome(
        status=Status.OPTIMAL,
        lower_bound_cny_per_year=upper * 0.9999,
        upper_bound_cny_per_year=upper,
        gross_cost_cny_per_year=upper,
        gap=1e-4,
        gap_target=1e-4,
        bound_source="HiGHS",
        solver="highs",
        solver_version="1.15.1",
        n_rows=1,
        n_columns=1,
        n_binaries=1,
        n_nodes=1,
        build_time_s=0.1,
        solve_time_s=0.1,
        peak_memory_mib=1.0,
        threads=1,
        seed=0,
    )


def make_policy(name: str = "unified", title: str = "Unified planning") -> Policy:
    """Return a policy without levers."""
    return Policy(name, title, Perspective.SOCIAL, (), digest="0" * 64)


def toy_run(periods: int = 1) -> FakeRun:
    """Return a run on three places without boundaries: C's packs go to A, scrap meets at B."""
    instance = make_instance(TOY, periods)
    targets = {
        "hub": {"C": "A"},
        "cascade_plant": {"A": "B"},
        "dismantler": {"A": "B"},
        "hydromet": {"B": "A"},
    }
    answer = make_answer(instance, targets, {row[0]: row[5] for row in TOY}, 10_000.0)
    return FakeRun(instance, make_policy(), answer, make_outcome())


ROAD_NODES = (
    ("a", 103.0, 31.0),
    ("m", 104.0, 30.2),
    ("b", 105.4, 30.2),
    ("c", 104.2, 29.1),
    ("island", 110.0, 20.0),
)
ROADS = (("a", "m"), ("b", "m"), ("m", "c"), ("a", "b"))
DETOUR_FACTOR = 1.2


def with_roads(
    run: FakeRun, nodes: Iterable[tuple[Any, ...]] = ROAD_NODES, roads: Iterable[tuple[str, str]] = ROADS
) -> FakeRun:
    """Return a run whose hauls follow roads as long as their geodesics.

    The one from a to b is longer by ``DETOUR_FACTOR``, so that the way over m is shorter. Hauls of
    the answer get the distances that the model would give them.
    """
    at = {node: (lon, lat) for node, lon, lat in nodes}
    lengths = {
        pair: Geod(ellps="WGS84").inv(*at[pair[0]], *at[pair[1]])[2] / 1000
        * (DETOUR_FACTOR if pair == ("a", "b") else 1.0)
        for pair in roads
    }  # fmt: skip
    tables = dict(run.instance.tables)
    tables["road_nodes"] = table_of(
        "road_nodes", [{"node": node, "lon_deg": lon, "lat_deg": lat} for node, (lon, lat) in at.items()]
    )
    tables["road_edges"] = table_of(
        "road_edges",
        [
            {"from_node": first, "to_node": second, "mode": "road", "distance_km": km}
            for (first, second), km in lengths.items()
        ],
    )
    distance = run.instance.settings.distance.model_copy(update={"method": "road", "road_correction": 1.05})
    settings = run.instance.settings.model_copy(update={"distance": distance})
    instance = replace(run.instance, settings=settings, tables=tables)
    at_place = places(instance)["location"]
    hauls = run.answer.flows.assign(
        from_location=run.answer.flows["from_place"].map(at_place),
        to_location=run.answer.flows["to_place"].map(at_place),
    )
    located = hauls[hauls["to_location"] != ""]
    km = haul_distances_km(instance, located).reindex(hauls.index, fill_value=0.0)
    answer = replace(run.answer, flows=run.answer.flows.assign(distance_km=km))
    return replace(run, instance=instance, answer=answer)


def china_run(periods: int = 1) -> FakeRun:
    """Return a run on seven provinces with shipped boundaries."""
    instance = make_instance(CHINA, periods)
    far = ("CN-XJ", "CN-SN", "CN-BJ")
    targets = {
        "hub": {"CN-XJ": "CN-SN"},
        "cascade_plant": {"CN-ZJ": "CN-GD", **dict.fromkeys(far, "CN-BJ")},
        "dismantler": {"CN-SC": "CN-HB", **dict.fromkeys(far, "CN-HB")},
        "hydromet": {"CN-ZJ": "CN-GD", "CN-HB": "CN-ZJ"},
    }
    answer = make_answer(instance, targets, {row[0]: row[5] for row in CHINA}, 174_000.0)
    return FakeRun(instance, make_policy(), answer, make_outcome())
