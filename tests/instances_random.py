"""Small random instances and random effects of levers, the same for the same seed everywhere."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.policy.effects import (
    BorderTransfer,
    CapitalTransfer,
    CollectionCharge,
    Effects,
    EmissionTransfer,
    FacilityCharge,
    ForbidHauls,
    ForbidOperators,
    JurisdictionCharge,
    Mass,
    MoreOutlets,
    NarrowGap,
    RunTransfer,
    ShareRule,
    StorageCharge,
    SupplyTransfer,
    TradeTransfer,
)

FEATURES: Final = (
    "periods",
    "second_life",
    "storage",
    "minimum_utilisation",
    "existing",
    "divisible",
    "several_inputs",
    "modes",
    "limits",
    "regional_costs",
    "transfers",
    "emission_cap",
    "unserved",
    "geodesic",
    "transit",
    "vendors",
)
"""What ``random_instance`` can switch on; everything else is the same small chain."""

_TYPES: Final = ("hub", "cascade", "dismantler", "hydromet")
_COMPONENTS: Final = ("labour", "land", "electricity", "capital", "tax")
_OPERATORS: Final = ("home", "guest")
Rows = list[dict[str, Any]]


def random_instance(seed: int, *, features: Iterable[str] = ()) -> Instance:
    """Return a small validated instance.

    Two or three jurisdictions with a location each, two to four sources, three to six sites along
    the chain hub -> cascade plant or dismantler -> recycler. What every facility makes can be
    sold at the gate, so that most instances are feasible; capacity may still be short.

    Parameters
    ----------
    seed
        The same seed and features give the same instance.
    features
        Names from ``FEATURES``; ValueError for any other.
    """
    chosen = frozenset(features)
    if unknown := chosen - set(FEATURES):
        raise ValueError(f"unknown features {sorted(unknown)}")
    draw = random.Random(f"instance {seed}")  # noqa: S311
    settings = _settings(draw, chosen)
    tables = _places(draw, chosen)
    tables |= _chain(draw, chosen)
    tables |= _sites(draw, chosen, tables["locations"])
    tables |= _sources(draw, chosen, tables["locations"], settings)
    tables |= _markets(draw, chosen, tables["locations"], settings)
    tables |= _hauls(draw, chosen, tables["locations"])
    tables |= _money(draw, chosen, tables["jurisdictions"])
    tables |= _vendors(seed, chosen, tables["locations"], settings)
    tables = _with_buyers_abroad(seed, chosen, tables)
    frames = {
        name: pd.DataFrame(rows, columns=list(TABLES[name].column_names))
        for name, rows in tables.items()
        if rows
    }
    return make_instance(settings, frames)


def zero_friction(instance: Instance) -> Instance:
    """Return the same instance with an informal channel that no friction was calibrated with."""
    leakage = instance.settings.leakage.model_copy(update={"reference_friction_cny_per_tonne": 0.0})
    settings = instance.settings.model_copy(update={"leakage": leakage})
    return make_instance(settings, dict(instance.tables))


def with_tables(instance: Instance, **changed: pd.DataFrame) -> Instance:
    """Return the same instance with other tables in the place of some."""
    return make_instance(instance.settings, {**instance.tables, **changed})


def _settings(draw: random.Random, chosen: frozenset[str]) -> Settings:
    n_periods = draw.choice((2, 2, 3)) if chosen & {"periods", "storage"} else 1
    periods, start = [], 2025
    for number in range(n_periods):
        length = draw.choice((1, 2, 3))
        periods.append({"period": f"t{number + 1}", "start_year": start, "length_years": length})
        start += length
    limits: dict[str, float] = {}
    if "emission_cap" in chosen:
        limits["emission_tonnes_co2e_per_year"] = float(draw.randint(50, 900))
    prices: dict[str, float] = {"carbon_cny_per_tonne": float(draw.choice((0, 60, 200)))}
    if "unserved" in chosen:
        prices["unserved_cny_per_tonne"] = float(draw.randint(500, 6000))
    return Settings.model_validate(
        {
            "instance": {
                "name": "random",
                "title": "A random instance",
                "currency": "CNY",
                "price_year": 2025,
                "price_basis": "Invented.",
            },
            "horizon": {
                "discount_rate": draw.choice((0.0, 0.08, 0.25)),
                "base_year": 2025 - draw.choice((0, 2)),
                "periods": periods,
            },
            "capital": {"wacc": draw.choice((0.0, 0.07))},
            "distance": {"method": "geodesic", "circuity": 1.3}
            if "geodesic" in chosen
            else {"method": "table"},
            "prices": prices,
            "limits": limits,
            "leakage": {
                "formal_share": draw.choice((0.3, 0.75, 1.0)),
                "beta_per_cny": 0.01,
                "reference_gap_cny_per_pack": 20.0,
                "reference_friction_cny_per_tonne": 300.0,
                "pack_mass_tonnes": 0.4,
                "pass_through": 0.25,
            },
        }
    )


def _places(draw: random.Random, chosen: frozenset[str]) -> dict[str, Rows]:
    n_jurisdictions = draw.choice((2, 3))
    jurisdictions = [
        {"jurisdiction": f"P{n}", "name": f"Province {n}"} for n in range(1, n_jurisdictions + 1)
    ]
    locations = [
        {
            "location": f"L{n}",
            "name": f"Town {n}",
            "jurisdiction": f"P{n}",
            "lon_deg": round(draw.uniform(95, 115), 2),
            "lat_deg": round(draw.uniform(25, 40), 2),
            "internal_km": float(draw.randint(5, 60)),
        }
        for n in range(1, n_jurisdictions + 1)
    ]
    operators = [
        {"operator": name, "name": name, "jurisdiction": f"P{n}"} for n, name in enumerate(_OPERATORS, 1)
    ]
    return {"jurisdictions": jurisdictions, "locations": locations, "operators": operators}


def _chain(draw: random.Random, chosen: frozenset[str]) -> dict[str, Rows]:
    cascade_share = draw.choice((0.2, 0.4))
    rejects = draw.choice((0.1, 0.3))
    inputs = [
        ("test", {"pack": 1.0}),
        ("repurpose", {"cascade_pack": 1.0}),
        ("dismantle_scrap", {"scrap_pack": 1.0}),
        ("dismantle_cascade", {"cascade_pack": 1.0}),
        ("leach", {"black_mass": 1.0}),
    ]
    outputs = [
        ("test", {"cascade_pack": cascade_share, "scrap_pack": 1 - cascade_share}),
        ("repurpose", {"second_life_kwh": 80 * (1 - rejects), "scrap_pack": rejects}),
        ("dismantle_scrap", {"black_mass": 0.5, "casing": 0.3}),
        ("dismantle_cascade", {"black_mass": 0.55, "casing": 0.25}),
        ("leach", {"metal": draw.choice((0.35, 0.45))}),
    ]
    if "several_inputs" in chosen:
        inputs += [("dismantle_mix", {"scrap_pack": 0.6, "cascade_pack": 0.4})]
        inputs += [("leach_mix", {"black_mass": 0.8, "casing": 0.2})]
        outputs += [("dismantle_mix", {"black_mass": 0.6, "casing": 0.25}), ("leach_mix", {"metal": 0.42})]
    return {
        "commodities": _commodities(draw),
        "facility_types": [
            {"facility_type": kind, "name": kind, "life_years": draw.randint(3, 6)} for kind in _TYPES
        ],
        "sizes": [size for kind in _TYPES for size in _sizes(draw, chosen, kind)],
        "recipes": [_recipe(draw, recipe) for recipe, _ in inputs],
        "recipe_inputs": [
            {"recipe": recipe, "commodity": commodity, "mass_share": share}
            for recipe, mix in inputs
            for commodity, share in mix.items()
        ],
        "recipe_outputs": [
            {"recipe": recipe, "commodity": commodity, "yield_units_per_tonne": units}
            for recipe, mix in outputs
            for commodity, units in mix.items()
        ],
        "metals": [{"metal": "Ni", "name": "Nickel", "import_share": None}],
        "metal_contents": [
            {"commodity": "metal", "metal": "Ni", "tonnes_per_unit": 1.0},
            {"commodity": "black_mass", "metal": "Ni", "tonnes_per_unit": 0.6},
        ],
    }


def _commodities(draw: random.Random) -> Rows:
    rows = (
        ("pack", "t", 1.0, "class9", True, False, 120.0),
        ("cascade_pack", "t", 1.0, "class9", True, True, None),
        ("scrap_pack", "t", 1.0, "class9", True, False, 80.0),
        ("second_life_kwh", "kWh", 0.01, "ordinary", False, False, None),
        ("black_mass", "t", 1.0, draw.choice(("ordinary", "class9")), False, False, None),
        ("casing", "t", 1.0, "ordinary", False, False, None),
        ("metal", "t", 1.0, "ordinary", False, False, None),
    )
    names = [name for name in TABLES["commodities"].column_names if name not in ("name", "name_zh")]
    return [{"name": row[0], **dict(zip(names, row, strict=True))} for row in rows]


def _sizes(draw: random.Random, chosen: frozenset[str], kind: str) -> Rows:
    capital = draw.randint(2, 12) * 1e6
    minimum = draw.choice((0.2, 0.5)) if "minimum_utilisation" in chosen else 0.0
    capacity = float(draw.choice((1500, 2500, 4000)))
    steps = (
        [("small", 1.0, 1.0)] if kind in ("hub", "cascade") else [("small", 1.0, 1.0), ("large", 2.5, 1.8)]
    )
    return [
        {
            "facility_type": kind,
            "size": size,
            "capacity_tonnes_per_year": capacity * larger,
            "capital_cny": capital * dearer,
            "fixed_cny_per_year": capital * dearer * 0.05,
            "variable_cny_per_tonne": round(draw.uniform(0, 200), 1),
            "minimum_utilisation": minimum,
        }
        for size, larger, dearer in steps
    ]


def _recipe(draw: random.Random, recipe: str) -> dict[str, Any]:
    kinds = {"test": "hub", "repurpose": "cascade", "leach": "hydromet", "leach_mix": "hydromet"}
    return {
        "recipe": recipe,
        "facility_type": kinds.get(recipe, "dismantler"),
        "name": recipe,
        "category": "testing" if recipe == "test" else "processing",
        "cost_cny_per_tonne": float(draw.randint(50, 1500)),
        "emission_kgco2e_per_tonne": float(draw.randint(-300, 600)),
    }


def _sites(draw: random.Random, chosen: frozenset[str], locations: Rows) -> dict[str, Rows]:
    kinds = [
        "hub",
        "dismantler",
        *draw.sample(("hub", "cascade", "cascade", "dismantler", "hydromet"), k=3),
    ]
    if "second_life" in chosen and "cascade" not in kinds:
        kinds[-1] = "cascade"
    if "several_inputs" in chosen and "hydromet" not in kinds:
        kinds.append("hydromet")
    rows = []
    for number, kind in enumerate(kinds, 1):
        stands = bool(chosen & {"existing", "divisible"}) and draw.random() < 0.5
        rows.append(
            {
                "site": f"J{number}",
                "name": f"{kind} {number}",
                "location": draw.choice(locations)["location"],
                "facility_type": kind,
                "operator": draw.choice(_OPERATORS),
                "existing_capacity_tonnes_per_year": 2000.0 if stands else 0.0,
                "effective_share": draw.choice((0.0, 0.6, 1.0)) if stands else 1.0,
                "existing_fixed_cny_per_year": float(draw.randint(1, 9)) * 1e5 if stands else 0.0,
                "existing_divisible": "divisible" in chosen and draw.random() < 0.7,
                "may_build": not stands or draw.random() < 0.7,
            }
        )
    return {"sites": rows}


def _sources(
    draw: random.Random, chosen: frozenset[str], locations: Rows, settings: Settings
) -> dict[str, Rows]:
    sources = [
        {
            "source": f"S{number}",
            "name": f"Source {number}",
            "location": draw.choice(locations)["location"],
            "fixed_cny_per_year": float(draw.randint(0, 3)) * 1e4,
        }
        for number in range(1, draw.randint(2, 4) + 1)
    ]
    retired = ["pack", "scrap_pack"] if "transit" in chosen else ["pack"]
    supply = [
        {
            "source": source["source"],
            "commodity": commodity,
            "period": period.period,
            "supply_tonnes_per_year": float(draw.randint(100, 1200)),
        }
        for source in sources
        for commodity in retired
        for period in settings.horizon.periods
        if not (number_of(period.period) > 1 and draw.random() < 0.15)
    ]
    return {"sources": sources, "supply": supply}


def number_of(period: str) -> int:
    """Return the number of a period of a random instance, 1 for the first."""
    return int(period[1:])


def _markets(
    draw: random.Random, chosen: frozenset[str], locations: Rows, settings: Settings
) -> dict[str, Rows]:
    markets = [
        {"market": "gate", "name": "At the gate", "location": ""},
        {"market": "town", "name": "In town", "location": draw.choice(locations)["location"]},
    ]
    sales = [
        ("gate", "black_mass", "recovered_metals", draw.randint(500, 3000)),
        ("gate", "casing", "disposal", -draw.randint(10, 300)),
        ("gate", "metal", "recovered_metals", draw.randint(8000, 20000)),
        ("town", "second_life_kwh", "second_life", draw.randint(20, 120)),
    ]
    if "transit" in chosen:
        sales.append(("town", "cascade_pack", "second_life", draw.randint(0, 2000)))
    offtake = []
    for market, commodity, category, price in sales:
        limit = float(draw.randint(20, 300)) * 100 if "limits" in chosen and market == "town" else None
        row = {
            "market": market,
            "commodity": commodity,
            "category": category,
            "limit_units_per_year": limit,
        }
        offtake.append({**row, "period": "", "price_cny_per_unit": float(price)})
        if draw.random() < 0.5 and len(settings.horizon.periods) > 1:
            offtake.append({**row, "period": "t2", "price_cny_per_unit": float(price) * 0.8})
    tables: dict[str, Rows] = {"markets": markets, "offtake": offtake}
    if "second_life" in chosen:
        tables["second_life"] = [
            {
                "commodity": "second_life_kwh",
                "returned_commodity": draw.choice(("pack", "scrap_pack")),
                "returned_tonnes_per_unit": 0.01,
                "lag_years": draw.randint(1, 5),
                "leakage_share": draw.choice((0.0, 0.4)),
                "end_of_life_cost_cny_per_tonne": float(draw.randint(-1500, 1500)),
            }
        ]
    return tables


def _vendors(seed: int, chosen: frozenset[str], locations: Rows, settings: Settings) -> dict[str, Rows]:
    """Return somebody who sells black mass, in the second period at another price or not at all."""
    if "vendors" not in chosen:
        return {}
    draw = random.Random(f"vendors {seed}")  # noqa: S311
    place = draw.choice(locations)["location"]
    offer = {
        "vendor": "port",
        "commodity": "black_mass",
        "category": draw.choice(("purchases", "imports", "imports")),
        "price_cny_per_unit": float(draw.randint(200, 3000)),
        "limit_units_per_year": float(draw.randint(100, 1500)),
    }
    if len(settings.horizon.periods) == 1:
        offers = [{**offer, "period": ""}]
    else:
        later = {**offer, "period": "t2", "price_cny_per_unit": offer["price_cny_per_unit"] * 1.2}
        offers = draw.choice(([{**offer, "period": "t1"}], [{**offer, "period": ""}, later]))
    return {"vendors": [{"vendor": "port", "name": "Port", "location": place}], "offers": offers}


def _with_buyers_abroad(seed: int, chosen: frozenset[str], tables: dict[str, Rows]) -> dict[str, Rows]:
    """Return tables in which somebody abroad may buy black mass too, at the first place."""
    draw = random.Random(f"abroad {seed}")  # noqa: S311
    if "vendors" not in chosen or draw.random() < 0.5:
        return tables
    market = {"market": "abroad", "name": "Abroad", "location": tables["locations"][0]["location"]}
    sale = {
        "market": "abroad",
        "commodity": "black_mass",
        "period": "",
        "category": "exports",
        "price_cny_per_unit": float(draw.randint(1000, 4000)),
        "limit_units_per_year": float(draw.randint(50, 800)),
    }
    return tables | {"markets": [*tables["markets"], market], "offtake": [*tables["offtake"], sale]}


def _hauls(draw: random.Random, chosen: frozenset[str], locations: Rows) -> dict[str, Rows]:
    modes = ("road", "rail") if "modes" in chosen else ("road",)
    haulage = [
        {
            "mode": mode,
            "goods_class": goods_class,
            "leg": leg,
            "tariff_cny_per_tonne_km": round(draw.uniform(0.2, 3), 2),
            "loading_cny_per_tonne": float(draw.randint(0, 60)),
            "emission_kgco2e_per_tonne_km": round(draw.uniform(0.02, 0.2), 3),
        }
        for mode in modes
        for goods_class in ("ordinary", "class9", "hazardous")
        for leg in ("first", "trunk")
        if not (mode == "rail" and (goods_class == "hazardous" or leg == "first"))
    ]
    ids = [row["location"] for row in locations]
    pairs = [(a, b) for index, a in enumerate(ids) for b in ids[index + 1 :]]
    distances = [
        {"origin": a, "destination": b, "mode": mode, "distance_km": float(draw.randint(50, 900))}
        for a, b in pairs
        for mode in modes
        if mode == "road" or draw.random() < 0.7
    ]
    return {"haulage": haulage, "distances": [] if "geodesic" in chosen else distances}


def _money(draw: random.Random, chosen: frozenset[str], jurisdictions: Rows) -> dict[str, Rows]:
    informal = [
        {
            "commodity": commodity,
            "processing_cny_per_tonne": float(draw.randint(200, 900)),
            "recovered_cny_per_tonne": float(draw.randint(500, 3000)),
            "damage_cny_per_tonne": float(draw.randint(0, 1500)),
            "emission_kgco2e_per_tonne": float(draw.randint(0, 900)),
        }
        for commodity in ("pack", "scrap_pack")
    ]
    tables: dict[str, Rows] = {"informal": informal}
    if "regional_costs" in chosen:
        tables["regional_costs"] = [
            {
                "jurisdiction": row["jurisdiction"],
                "component": component,
                "multiplier": draw.uniform(0.5, 1.6),
            }
            for row in jurisdictions
            for component in _COMPONENTS
            if draw.random() < 0.8
        ]
        splits = [(kind, category) for kind in _TYPES for category in ("capital", "fixed", "processing")]
        tables["cost_shares"] = [
            {
                "facility_type": kind,
                "category": category,
                "component": component,
                "share": draw.uniform(0, 0.45),
            }
            for kind, category in [("", "collection"), ("hub", "testing"), *splits]
            for component in draw.sample(_COMPONENTS, k=2)
        ]
    if "transfers" in chosen:
        tables["transfers"] = _transfers()
    if "storage" in chosen:
        tables["storage"] = [
            _store("hub", "pack", draw),
            _store("dismantler", "scrap_pack", draw),
            _store("hydromet", "black_mass", draw),
        ]
    return tables


def _store(kind: str, commodity: str, draw: random.Random) -> dict[str, Any]:
    return {
        "facility_type": kind,
        "commodity": commodity,
        "capacity_units": float(draw.randint(100, 3000)),
        "cost_cny_per_unit_year": float(draw.randint(0, 100)),
    }


def _transfers() -> Rows:
    names = ("category", "basis", "subject", "payer", "payee", "cny_per_tonne")
    rows = (
        ("scrap_purchase", "collected", "pack", "formal_chain", "consumers", 700.0),
        ("gate_fee", "collected", "pack", "consumers", "formal_chain", 90.0),
        ("local_tax", "processed", "dismantler", "formal_chain", "local_government", 60.0),
        ("gate_fee", "processed", "cascade", "central_government", "formal_chain", 110.0),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def random_effects(seed: int, instance: Instance, *, at_borders: bool = True) -> Effects:
    """Return random effects that name only ids of the instance, as levers would compose them.

    Without ``at_borders`` no transfer is paid there, which the priced strategy cannot do.
    """
    draw = random.Random(f"effects {seed}")  # noqa: S311
    homes = sorted(instance["jurisdictions"]["jurisdiction"])
    rules = tuple(_on_some_commodities(seed, instance, rule) for rule in _rules(draw, homes))
    rules += tuple(_caps(seed, homes))
    duties, quotas = _trade(seed, instance)
    rules += (*quotas, *_budget(seed))
    masses = [mass for rule in rules for mass in (rule.part, rule.whole)]
    tracked = {home for m in masses if m.measure == "processed" for home in m.origins}
    has_delay = draw.random() < 0.4
    return Effects(
        goods_class={"black_mass": "class9", "pack": "hazardous"} if draw.random() < 0.3 else {},
        forbidden_operators=tuple(_prohibitions(draw, homes)),
        collection_charges=(CollectionCharge("charge", "compliance", 150.0, ("pack",)),)
        if draw.random() < 0.3
        else (),
        facility_charges=(FacilityCharge("permit", "compliance", 2e5, ("hub", "dismantler")),)
        if draw.random() < 0.3
        else (),
        storage_charges=(StorageCharge("stock", "storage", 30.0),) if draw.random() < 0.3 else (),
        jurisdiction_charges=(JurisdictionCharge("platform", "platform", 1e5, (homes[0], "")),)
        if draw.random() < 0.3
        else (),
        delay_cny_per_tonne=float(draw.randint(20, 400)) if has_delay else 0.0,
        share_rules=rules,
        tracked_origins=tuple(sorted(tracked)),
        forbidden_hauls=tuple(_bans(seed, homes)),
        trade_transfers=duties,
        **_paid(seed, homes, at_borders=at_borders),
        **_informal(seed, homes, sorted(instance["sources"]["source"])),
    )


def _caps(seed: int, homes: list[str]) -> list[ShareRule]:
    """Return caps that may be exceeded at a price, and duties to use own batteries and recover metal."""
    draw = random.Random(f"caps {seed}")  # noqa: S311
    rules = []
    if draw.random() < 0.2:
        cap = Mass("given", tonnes_per_year=float(draw.randint(1_000, 6_000)))
        types = draw.choice(((), ("hub",), ("dismantler", "hydromet")))
        taken = Mass("throughput", facility_types=types, jurisdictions=draw.choice(((), (homes[0],))))
        rules.append(ShareRule("facility_cap", "cap", cap, taken, 1.0, draw.choice((100.0, 2_000.0))))
    if draw.random() < 0.2:
        cap = Mass("given", tonnes_per_year=float(draw.randint(100, 6_000)))
        emitted = Mass("emitted", jurisdictions=draw.choice(((), (homes[-1],))))
        rules.append(ShareRule("emission_cap", "emitted", cap, emitted, 1.0, 150.0))
    if draw.random() < 0.2:
        home = (draw.choice(homes),)
        own, all_of_it = (
            Mass("processed", jurisdictions=home, origins=home),
            Mass("processed", jurisdictions=home),
        )
        rules.append(ShareRule("local_content", "content", own, all_of_it, 0.6, draw.choice((None, 700.0))))
    if draw.random() < 0.2:
        meant = {
            "facility_types": ("hydromet",),
            "jurisdictions": draw.choice(((), (homes[0],))),
            "metal": "Ni",
        }
        held, won = Mass("contained", **meant), Mass("recovered", **meant)
        rules.append(ShareRule("recovery_floor", "floor", won, held, 0.7, draw.choice((None, 9_000.0))))
    return rules


def _trade(seed: int, instance: Instance) -> tuple[tuple[TradeTransfer, ...], tuple[ShareRule, ...]]:
    """Return duties and quotas where there is a vendor."""
    draw = random.Random(f"trade {seed}")  # noqa: S311
    if not len(instance["vendors"]):
        return (), ()
    duties, quotas = [], []
    for trade, measure in (("imports", "imported"), ("exports", "exported")):
        if draw.random() < 0.5:
            account = ("import_export", "duty", "formal_chain", "central_government")
            goods = draw.choice(((), ("black_mass",)))
            duties.append(TradeTransfer(*account, float(draw.randint(10, 300)), trade, goods))  # type: ignore[arg-type]
        if draw.random() < 0.5:
            cap = Mass("given", tonnes_per_year=float(draw.choice((0, 60, 300))))
            traded = Mass(measure, commodities=("black_mass",))  # type: ignore[arg-type]
            quotas.append(ShareRule("import_export", measure, cap, traded, 1.0))
    return tuple(duties), tuple(quotas)


def _budget(seed: int) -> list[ShareRule]:
    """Return what is paid back for each tonne of cascade use beyond a number, whatever was paid for it."""
    draw = random.Random(f"budget {seed}")  # noqa: S311
    if draw.random() < 0.7:
        return []
    most = Mass("given", tonnes_per_year=float(draw.randint(50, 600)))
    used = Mass("throughput", facility_types=("cascade",))
    back = ("subsidy", "formal_chain", "central_government")
    return [ShareRule("subsidy", "budget", most, used, 1.0, 40.0, back)]


def _bans(seed: int, homes: list[str]) -> list[ForbidHauls]:
    """Return a ban on hauls of some goods over a border, which often leaves no plan."""
    draw = random.Random(f"bans {seed}")  # noqa: S311
    if draw.random() < 0.8:
        return []
    goods = (draw.choice(("pack", "cascade_pack", "black_mass")),)
    out_of, into = draw.choice((((homes[0],), ()), ((), (homes[-1],)), ((homes[-1],), (homes[0],))))
    return [ForbidHauls("transfer_ban", goods, (), (), None, True, out_of, into)]


def _paid(seed: int, homes: list[str], *, at_borders: bool) -> dict[str, Any]:
    """Return what levers let be paid on tonnes, capital, emissions and at borders."""
    draw = random.Random(f"paid {seed}")  # noqa: S311
    chain, state, town = "formal_chain", "central_government", "local_government"
    found: dict[str, Any] = {}
    if draw.random() < 0.25:
        levy = RunTransfer("provincial_levy", "levy", chain, town, 60.0, ("dismantler",), (homes[0],))
        given = RunTransfer("subsidy", "subsidy", state, chain, 40.0, ("cascade",))
        found["run_transfers"] = (levy, given)
    if draw.random() < 0.25:
        given = CapitalTransfer(
            "subsidy", "subsidy", town, chain, 0.4, draw.choice(((), ("hub",))), (homes[-1],)
        )
        found["capital_transfers"] = (given,)
    if draw.random() < 0.25:
        found["emission_transfers"] = (
            EmissionTransfer("carbon_price", "carbon_price", chain, state, 80.0),
        )
    if draw.random() < 0.25 and at_borders:
        direction = draw.choice(("out", "in"))
        goods = draw.choice(((), ("pack",)))
        border = BorderTransfer("provincial_levy", "levy", chain, town, 90.0, direction, goods, (homes[0],))
        found["border_transfers"] = (border,)
    return found


def _informal(seed: int, homes: list[str], sources: list[str]) -> dict[str, Any]:
    """Return what moves the formal share by source, and what is paid for it."""
    draw = random.Random(f"informal {seed}")  # noqa: S311
    if draw.random() < 0.75:
        return {}
    where = draw.choice(((), (homes[0],)))
    paid = SupplyTransfer("rebate", "rebate", "formal_chain", "consumers", 30.0, "collected", where)
    fined = SupplyTransfer("enforcement", "fine", "informal_channel", "local_government", 50.0, "leaked")
    reached = draw.choice(((), (sources[-1],), tuple(sources[:2])))
    return {
        "narrowed_gaps": (NarrowGap("rebate", 12.0, where), NarrowGap("collection_duty", 7.0, (), reached)),
        "supply_transfers": (fined, paid),
        "more_outlets": (MoreOutlets("collection_duty", 0.25, (), reached),),
    }


def _rules(draw: random.Random, homes: list[str]) -> list[ShareRule]:
    rules = []
    if draw.random() < 0.5:
        home = (draw.choice(homes),)
        part = Mass("processed", jurisdictions=home, origins=home)
        penalty = draw.choice((None, 500.0, 3000.0))
        rules.append(
            ShareRule(
                "home", "home", part, Mass("collected", origins=home), draw.choice((0.4, 1.0)), penalty
            )
        )
    if draw.random() < 0.5:
        origins = draw.choice(((), (homes[-1],)))
        measure = draw.choice(("retired", "collected", "eligible"))
        rules.append(
            ShareRule(
                "cascade",
                "cascade",
                Mass("processed", facility_types=("cascade",), origins=origins),
                Mass(measure, origins=origins),  # type: ignore[arg-type]
                draw.choice((0.1, 0.5)),
                draw.choice((None, 800.0, 5000.0)),
            )
        )
    return rules


def _on_some_commodities(seed: int, instance: Instance, rule: ShareRule) -> ShareRule:
    """Return a home duty that may be on some of the retired commodities, where there are several."""
    retired = sorted(set(instance["supply"]["commodity"]))
    draw = random.Random(f"commodities {seed}")  # noqa: S311
    named = tuple(draw.choice(((), (), ("pack",), ("scrap_pack",))))
    if rule.rule != "home" or len(retired) < 2 or not named:
        return rule
    part, whole = (replace(mass, commodities=named) for mass in (rule.part, rule.whole))
    return replace(rule, part=part, whole=whole)


def _prohibitions(draw: random.Random, homes: list[str]) -> list[ForbidOperators]:
    if draw.random() < 0.6:
        return []
    action = draw.choice(("open", "receive"))
    until = draw.choice((None, 2027))
    types = draw.choice(((), ("hub",), ("dismantler", "cascade")))
    exempt = draw.choice(((), ("guest",)))
    return [ForbidOperators("whitelist", draw.choice(homes), action, types, exempt, until)]  # type: ignore[arg-type]
