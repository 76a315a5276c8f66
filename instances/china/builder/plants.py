"""Who and with what: operators, facility types, capacity steps, candidate and existing sites."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from builder.chemistry import mean_black_mass_yield
from builder.figures import Figures, read_source
from builder.nodes import whole_parts

CAPITAL_NORM = {
    "hub": "capex.testing_hub",
    "cascade": "capex.cascade_line",
    "dismantler": "capex.pretreatment",
    "hydromet": "capex.norm_hydro",
}
TYPE_NAMES = {
    "hub": ("Collection and testing hub", "回收检测中心"),
    "cascade": ("Cascade (second-life) plant", "梯次利用厂"),
    "dismantler": ("Dismantler", "拆解破碎厂"),
    "hydromet": ("Hydrometallurgical recycler", "湿法冶炼厂"),
}
INTEGRATED = ("dismantler", "hydromet")
NATIONAL = {
    "gem": ("GEM (Jingmen)", "CN-HB"),
    "brunp": ("Brunp, of the CATL group (Hunan)", "CN-HN"),
}
"""The two groups that the policy brief names, each at home where the first white list has its plant."""
GUANGDONG = "CN-GD"
NON_LOCAL_CANDIDATES = {"hub": "gem", "cascade": "brunp"}
"""Who else could build in Guangdong; its white list needs somebody to keep out."""
NON_LOCAL_OWNER = "gem"
"""Who owns the part of Guangdong's standing plants that is taken to be non-local."""


WHITE_LISTS = {
    "cascade": ("white_list_cascade.csv",),
    "dismantler": ("white_list_batch1.csv", "white_list_recycling.csv"),
    "hydromet": ("white_list_batch1.csv", "white_list_recycling.csv"),
}
"""Where firms are named that own standing plants of a type; recyclers own both of theirs."""


class Standing(NamedTuple):
    """Standing plants of one owner in a province."""

    suffix: str
    operator: str
    n_plants: int
    nominal_tonnes: float


class Place(NamedTuple):
    """A node, as far as its sites are named and located by it."""

    code: str
    name: str
    location: str
    iso: str
    province_code: str


class Site(NamedTuple):
    """One row of ``sites``."""

    site: str
    name: str
    location: str
    facility_type: str
    operator: str
    existing_capacity_tonnes_per_year: float
    effective_share: float
    existing_fixed_cny_per_year: float
    existing_divisible: bool
    may_build: bool


def capital_cny(figures: Figures, facility_type: str, tonnes_per_year: float) -> float:
    """Return the investment in a plant of ``tonnes_per_year`` of packs.

    Formula: ``norm x reference x (size / reference) ** exponent``.
    """
    reference = figures["fac.size_reference"]
    scale = math.pow(tonnes_per_year / reference, figures["capex.scale_exponent"])
    return figures[CAPITAL_NORM[facility_type]] * reference * scale


def input_per_pack_tonne(figures: Figures, facility_type: str) -> float:
    """Return tonnes that the type takes in per tonne of pack: black mass at a hydromet plant."""
    return mean_black_mass_yield(figures) if facility_type == "hydromet" else 1.0


def standing_recyclers(figures: Figures, province: dict[str, str]) -> list[Standing]:
    """Return a province's recyclers by owner: its own operator, in Guangdong also another."""
    cited = read_source("formal_capacity_tian2025.csv").set_index("adcode").loc[province["adcode"]]
    n_plants, nominal_tonnes = int(cited["formal_plants_2024"]), float(cited["formal_capacity_t_2024"])
    if n_plants == 0:
        return []
    local = f"local_{province['code']}"
    if province["iso"] != GUANGDONG:
        return [Standing("", local, n_plants, nominal_tonnes)]
    n_foreign = round(n_plants * figures["fac.guangdong_non_local_share"])
    mean = nominal_tonnes / n_plants
    n_local = n_plants - n_foreign
    return [
        Standing("", local, n_local, mean * n_local),
        Standing("_n", NON_LOCAL_OWNER, n_foreign, mean * n_foreign),
    ]


def standing_cascade_plants(figures: Figures, province: dict[str, str]) -> list[Standing]:
    """Return the cascade firms that the white list is known to name in a province.

    The list is known in part and gives no capacities: every firm has the mean of all on the list.
    """
    named = read_source("white_list_cascade.csv")
    n_firms = int((named["province_adcode"] == province["adcode"]).sum())
    mean_tonnes = figures["supply.whitelist_capacity_2024"] / figures["fac.white_list_firms"]
    return [Standing("", f"local_{province['code']}", n_firms, mean_tonnes * n_firms)] if n_firms else []


def plants_by_place(kind: str, plants: Standing, places: list[Place], capital: Place) -> dict[Place, int]:
    """Return how many of an owner's plants of a type stand at which place of its province.

    A firm that a white list names with its prefecture stands there, one plant each, as long as
    there are plants; all others stand at the capital. Whom a list names is local, so a non-local
    owner's plants are all at the capital.
    """
    counts = {capital: plants.n_plants}
    if plants.suffix:
        return counts
    named = [adcode for file in WHITE_LISTS[kind] for adcode in read_source(file)["prefecture_adcode"]]
    for place in places:
        n_here = min(named.count(place.location), counts[capital])
        if place != capital and n_here:
            counts[place] = n_here
            counts[capital] -= n_here
    return {place: count for place, count in counts.items() if count}


def operators_table(provinces: pd.DataFrame) -> pd.DataFrame:
    """Return one provincial operator per province and the two named groups."""
    rows = [
        ("local_" + row["code"], "Operators of " + row["name_en"], row["iso"])
        for row in provinces.to_dict("records")
    ]
    rows += [(operator, name, home) for operator, (name, home) in NATIONAL.items()]
    return pd.DataFrame(rows, columns=["operator", "name", "jurisdiction"])


def facility_types_table(figures: Figures) -> pd.DataFrame:
    """Return the four technologies with the life of their capital."""
    rows = [(kind, *names, int(figures["capex.life"])) for kind, names in TYPE_NAMES.items()]
    return pd.DataFrame(rows, columns=["facility_type", "name", "name_zh", "life_years"])


def sizes_table(figures: Figures) -> pd.DataFrame:
    """Return four capacity steps per type; a hydromet step is the black mass of so many packs."""
    steps = read_source("steps.csv")
    rows = []
    for kind in CAPITAL_NORM:
        for step in steps.to_dict("records"):
            packs = float(step["capacity_tonnes_per_year"])
            capital = capital_cny(figures, kind, packs)
            capacity = round(packs * input_per_pack_tonne(figures, kind))
            fixed = round(capital * figures["fac.fixed_share_new"])
            rows.append((kind, step["size"], capacity, round(capital), fixed, 0.0, 0.0))
    columns = [
        "facility_type",
        "size",
        "capacity_tonnes_per_year",
        "capital_cny",
        "fixed_cny_per_year",
        "variable_cny_per_tonne",
        "minimum_utilisation",
    ]
    return pd.DataFrame(rows, columns=columns)


def sites_table(
    figures: Figures, provinces: pd.DataFrame, nodes: pd.DataFrame, *, may_expand: bool
) -> pd.DataFrame:
    """Return what stands and the candidates: every type at every node, one or the other.

    Recyclers stand where Tian et al. count formal plants, cascade plants where the white list is
    known to name a firm; with ``may_expand`` they may be added to. Elsewhere, and for hubs
    everywhere, there is a candidate.
    """
    rows: list[Site] = []
    for province in provinces.to_dict("records"):
        own = nodes[nodes["iso"] == province["iso"]]
        places = [Place(*row) for row in own[list(Place._fields)].itertuples(index=False)]
        capital = places[own["is_capital"].tolist().index(True)]
        recyclers = standing_recyclers(figures, province)
        stands = {"cascade": standing_cascade_plants(figures, province)}
        stands |= dict.fromkeys(INTEGRATED, recyclers)
        standing = [
            site
            for kind, owners in stands.items()
            for plants in owners
            for site in _existing(figures, kind, plants, plants_by_place(kind, plants, places, capital))
        ]
        taken = {(site.facility_type, site.location) for site in standing}
        rows += [
            _candidate(kind, place, f"local_{place.province_code}")
            for place in places
            for kind in CAPITAL_NORM
            if (kind, place.location) not in taken
        ]
        rows += [site._replace(may_build=may_expand) for site in standing]
        if province["iso"] == GUANGDONG:
            rows += [_candidate(kind, capital, owner, "_n") for kind, owner in NON_LOCAL_CANDIDATES.items()]
    return pd.DataFrame(rows, columns=list(Site._fields))


def _candidate(kind: str, place: Place, operator: str, suffix: str = "") -> Site:
    name = f"{TYPE_NAMES[kind][0]}, {place.name}{' (non-local owner)' if suffix else ''}"
    site = f"{kind}_{place.code}{suffix}"
    return Site(site, name, place.location, kind, operator, 0.0, 1.0, 0.0, False, True)


def _existing(figures: Figures, kind: str, plants: Standing, counts: dict[Place, int]) -> list[Site]:
    """Return an owner's plants as one site per place; capacity and fixed cost are divided by plants."""
    packs_per_plant = plants.nominal_tonnes / plants.n_plants
    capital_cny_all = plants.n_plants * capital_cny(figures, kind, packs_per_plant)
    capacity = round(plants.nominal_tonnes * input_per_pack_tonne(figures, kind))
    fixed_cny = round(capital_cny_all * figures["fac.existing_fixed_share"])
    weights = [float(count) for count in counts.values()]
    owner = ", non-local owner" if plants.suffix else ""
    return [
        Site(
            f"{kind}_{place.code}{plants.suffix}",
            f"{TYPE_NAMES[kind][0]}, {place.name} ({count} standing plant{'s' * (count > 1)}{owner})",
            place.location,
            kind,
            plants.operator,
            capacity_here,
            figures["fac.existing_effective_share"],
            fixed_here,
            True,
            False,
        )
        for (place, count), capacity_here, fixed_here in zip(
            counts.items(), whole_parts(capacity, weights), whole_parts(fixed_cny, weights), strict=True
        )
    ]
