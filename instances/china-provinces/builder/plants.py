"""Who and with what: operators, facility types, capacity steps, candidate and existing sites."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from builder.chemistry import mean_black_mass_yield
from builder.figures import Figures, read_source

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


class Standing(NamedTuple):
    """Standing plants of one owner in a province, as one site."""

    suffix: str
    operator: str
    n_plants: int
    nominal_tonnes: float


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


def standing_plants(figures: Figures, iso: str, n_plants: int, nominal_tonnes: float) -> list[Standing]:
    """Return a province's standing plants by owner: its own operator, in Guangdong also another."""
    if n_plants == 0:
        return []
    local = "local_" + iso.removeprefix("CN-").lower()
    if iso != GUANGDONG:
        return [Standing("", local, n_plants, nominal_tonnes)]
    n_foreign = round(n_plants * figures["fac.guangdong_non_local_share"])
    mean = nominal_tonnes / n_plants
    n_local = n_plants - n_foreign
    return [
        Standing("", local, n_local, mean * n_local),
        Standing("_n", NON_LOCAL_OWNER, n_foreign, mean * n_foreign),
    ]


def named_cascade_plants(figures: Figures) -> dict[str, Standing]:
    """Return, by adcode, the cascade firms that the white list is known to name, as one site each.

    The list is known in part and gives no capacities: every firm has the mean of all on the list.
    """
    named = read_source("white_list_cascade.csv").groupby("province_adcode").size()
    mean_tonnes = figures["supply.whitelist_capacity_2024"] / figures["fac.white_list_firms"]
    return {
        str(adcode): Standing("", "", int(n_firms), mean_tonnes * int(n_firms))
        for adcode, n_firms in named.items()
    }


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


def sites_table(figures: Figures, provinces: pd.DataFrame) -> pd.DataFrame:
    """Return what stands and the candidates: every type in every province, one or the other.

    Recyclers stand where Tian et al. count formal plants, cascade plants where the white list is
    known to name a firm; nothing is added there. Elsewhere, and for hubs everywhere, there is a
    candidate.
    """
    capacity = read_source("formal_capacity_tian2025.csv")
    cited_capacity = {row["adcode"]: row for row in capacity.to_dict("records")}
    cascade_firms = named_cascade_plants(figures)
    rows: list[tuple[object, ...]] = []
    for row in provinces.to_dict("records"):
        iso, place = row["iso"], (row["code"], row["name_en"], row["capital_adcode"])
        local = "local_" + row["code"]
        cited = cited_capacity[row["adcode"]]
        n_plants, nominal = int(cited["formal_plants_2024"]), float(cited["formal_capacity_t_2024"])
        recyclers = standing_plants(figures, iso, n_plants, nominal)
        firms = cascade_firms.get(row["adcode"])
        stands = {"cascade": [firms._replace(operator=local)] if firms else []}
        stands |= dict.fromkeys(INTEGRATED, recyclers)
        rows += [_candidate(kind, place, local) for kind in CAPITAL_NORM if not stands.get(kind)]
        rows += [_existing(figures, kind, place, plants) for kind in stands for plants in stands[kind]]
        if iso == GUANGDONG:
            rows += [_candidate(kind, place, owner, "_n") for kind, owner in NON_LOCAL_CANDIDATES.items()]
    columns = [
        "site",
        "name",
        "location",
        "facility_type",
        "operator",
        "existing_capacity_tonnes_per_year",
        "effective_share",
        "existing_fixed_cny_per_year",
        "existing_divisible",
        "may_build",
    ]
    return pd.DataFrame(rows, columns=columns)


def _candidate(
    kind: str, place: tuple[str, str, str], operator: str, suffix: str = ""
) -> tuple[object, ...]:
    code, province, location = place
    name = f"{TYPE_NAMES[kind][0]}, {province}{' (non-local owner)' if suffix else ''}"
    return (f"{kind}_{code}{suffix}", name, location, kind, operator, 0.0, 1.0, 0.0, False, True)


def _existing(
    figures: Figures, kind: str, place: tuple[str, str, str], plants: Standing
) -> tuple[object, ...]:
    code, province, location = place
    packs_per_plant = plants.nominal_tonnes / plants.n_plants
    capital = plants.n_plants * capital_cny(figures, kind, packs_per_plant)
    plural = "s" if plants.n_plants > 1 else ""
    owner = ", non-local owner" if plants.suffix else ""
    return (
        f"{kind}_{code}{plants.suffix}",
        f"{TYPE_NAMES[kind][0]}, {province} ({plants.n_plants} standing plant{plural}{owner})",
        location,
        kind,
        plants.operator,
        round(plants.nominal_tonnes * input_per_pack_tonne(figures, kind)),
        figures["fac.existing_effective_share"],
        round(capital * figures["fac.existing_fixed_share"]),
        True,
        False,
    )
