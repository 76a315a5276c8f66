"""Where: provinces, hauls inside them, sources, supply, markets and regional costs."""

from __future__ import annotations

import math

import pandas as pd

from builder.chemistry import CHEMISTRIES, metal_prices
from builder.figures import Figures, read_source

PERIOD = "2024"
MODE = "road"
METAL_MARKET = "metal_market"
MUNICIPALITIES = {
    "110000": "distance.area_beijing",
    "120000": "distance.area_tianjin",
    "310000": "distance.area_shanghai",
    "500000": "distance.area_chongqing",
}
OUTLETS = {"CN-SC": "collection.outlets_sichuan", "CN-JS": "collection.outlets_jiangsu"}


def read_provinces() -> pd.DataFrame:
    """Return the 31 mainland provinces with ``iso``, ``code``, capital, population and GDP."""
    table = read_source("provinces.csv")
    table = table[table["capital_adcode"] != ""].copy()
    table["iso"] = table["iso_3166_2"]
    table["code"] = table["iso"].str.removeprefix("CN-").str.lower()
    for column in ("capital_lon", "capital_lat", "pop_2020_census", "gdp_2021_100m_cny"):
        table[column] = table[column].astype(float)
    return table.sort_values("adcode").reset_index(drop=True)


def internal_km(figures: Figures, provinces: pd.DataFrame) -> dict[str, float]:
    """Return capital adcode -> mean haul inside its province, km.

    Population-weighted road distance of the prefectures to the capital times the correction,
    the capital's own prefecture at ``distance.capital_city_km``; a municipality by ``disc_km``.
    """
    roads = read_source("road_km_to_capital_OSM_ODbL.csv")
    people = read_source("prefecture_population.csv")
    table = people.merge(roads, on="adcode", validate="one_to_one")
    km = table["road_km"] * figures["distance.osm_correction"]
    table["haul_km"] = km.where(table["is_province_capital"] == 0, figures["distance.capital_city_km"])
    weight = table["pop_2020_incl_direct_counties"]
    weighted = (table["haul_km"] * weight).groupby(table["province_adcode"]).sum()
    mean = weighted / weight.groupby(table["province_adcode"]).sum()
    for adcode, name in MUNICIPALITIES.items():
        mean[adcode] = disc_km(figures, figures[name])
    capitals = dict(zip(provinces["adcode"], provinces["capital_adcode"], strict=True))
    return {capital: round(float(mean[adcode]), 1) for adcode, capital in capitals.items()}


def disc_km(figures: Figures, area_km2: float) -> float:
    """Return the mean haul to the centre of an even disc of an area, km.

    Formula: ``2/3 x radius`` times circuity, times the concentration of its people.
    """
    radius_km = math.sqrt(area_km2 / math.pi)
    factor = figures["distance.municipality_circuity"] * figures["distance.municipality_concentration"]
    return 2 / 3 * radius_km * factor


def supply_shares(provinces: pd.DataFrame, shares: str) -> pd.Series:
    """Return each province's share of what retires (index iso).

    ``stock`` splits by the licence-clean estimate of the NEV stock, ``tian`` by the end-of-life
    tonnes of Tian et al. 2025.
    """
    files = {
        "stock": ("nev_stock_2024.csv", "nev_stock_2024_est_proxy"),
        "tian": ("eol_tonnes_tian2025.csv", "eol_tonnes_2024"),
    }
    file, column = files[shares]
    base = provinces[["adcode", "iso"]].merge(read_source(file), on="adcode", validate="one_to_one")
    weights = base.set_index("iso")[column].astype(float)
    return weights / weights.sum()


def outlets(figures: Figures, provinces: pd.DataFrame) -> pd.Series:
    """Return dealer outlets by province (index iso).

    Known in Sichuan and Jiangsu; elsewhere the NEV stock times the outlets per vehicle of these two.
    """
    stock = read_source("nev_stock_2024.csv").merge(provinces[["adcode", "iso"]], on="adcode")
    vehicles = stock.set_index("iso")["nev_stock_2024_est_proxy"].astype(float)
    known = {iso: figures[name] for iso, name in OUTLETS.items()}
    per_vehicle = sum(known.values()) / vehicles[list(known)].sum()
    counts = (vehicles * per_vehicle).round()
    return counts.mask(counts.index.isin(list(known)), counts.index.map(known).astype(float))


def place_tables(
    figures: Figures, provinces: pd.DataFrame, nodes: pd.DataFrame, shares: str
) -> dict[str, pd.DataFrame]:
    """Return jurisdictions, locations, sources, supply and markets for a table of nodes."""
    per_outlet_cny = figures["cost.collection_point_fixed"] * figures["collection.battery_share_of_outlet"]
    jurisdictions = provinces[["iso", "name_en", "name_zh"]]
    return {
        "jurisdictions": jurisdictions.set_axis(["jurisdiction", "name", "name_zh"], axis=1),
        "locations": pd.DataFrame(
            {
                "location": nodes["location"],
                "name": nodes["location_name"],
                "name_zh": nodes["location_name_zh"],
                "jurisdiction": nodes["iso"],
                "lon_deg": nodes["lon_deg"],
                "lat_deg": nodes["lat_deg"],
                "internal_km": nodes["internal_km"],
            }
        ),
        "sources": pd.DataFrame(
            {
                "source": "src_" + nodes["code"],
                "name": "Retired batteries of " + nodes["name"],
                "location": nodes["location"],
                "fixed_cny_per_year": nodes["iso"].map(outlets(figures, provinces))
                * nodes["share"]
                * per_outlet_cny,
            }
        ),
        "supply": _supply(figures, provinces, nodes, shares),
        "markets": _markets(provinces),
    }


def _supply(figures: Figures, provinces: pd.DataFrame, nodes: pd.DataFrame, shares: str) -> pd.DataFrame:
    lfp = figures["supply.lfp_share_mass_2024"]
    mass = {"lfp": lfp, "ncm": 1 - lfp}
    tonnes = supply_shares(provinces, shares) * figures["seed.retired_mass_2024"]
    rows = [
        (f"src_{code}", f"pack_{c}", PERIOD, round(float(tonnes[iso]) * share * mass[c], 6))
        for code, iso, share in nodes[["code", "iso", "share"]].itertuples(index=False)
        for c in CHEMISTRIES
    ]
    return pd.DataFrame(rows, columns=["source", "commodity", "period", "supply_tonnes_per_year"])


def volumes_table(figures: Figures) -> pd.DataFrame:
    """Return the national totals that supply may be scaled to: low, middle and high of three years."""
    rows = read_source("volumes.csv")
    bounds = {"low": figures.low, "value": figures.__getitem__, "high": figures.high}
    tonnes = [bounds[row["bound"]](row["parameter"]) for row in rows.to_dict("records")]
    table = rows.assign(supply_tonnes_per_year=tonnes)
    return table[["volume", "year", "supply_tonnes_per_year", "source"]]


def _markets(provinces: pd.DataFrame) -> pd.DataFrame:
    second_life = pd.DataFrame(
        {
            "market": "use_" + provinces["code"],
            "name": "Second-life storage in " + provinces["name_en"],
            "location": provinces["capital_adcode"],
        }
    )
    metals = pd.DataFrame({"market": [METAL_MARKET], "name": ["Metal and salt buyers"], "location": [""]})
    return pd.concat([second_life, metals], ignore_index=True)


def offtake_table(figures: Figures, provinces: pd.DataFrame) -> pd.DataFrame:
    """Return offtake: metals at the gate, second-life energy in every province up to a limit.

    The national limit is a share of a year's storage additions; provinces share it by GDP.
    """
    rows = [
        (METAL_MARKET, metal, "", "recovered_metals", round(price, 2), float("nan"))
        for metal, price in metal_prices(figures).items()
    ]
    price = figures["price.second_life_lfp"]
    prices = {"lfp": price, "ncm": price * figures["price.second_life_ncm_ratio"]}
    gdp_share = provinces["gdp_2021_100m_cny"] / provinces["gdp_2021_100m_cny"].sum()
    for chemistry in CHEMISTRIES:
        national_kwh = (
            figures["market.storage_additions_2024"] * figures[f"market.second_life_share_{chemistry}"]
        )
        rows += [
            (
                f"use_{code}",
                f"second_life_{chemistry}",
                "",
                "second_life",
                round(prices[chemistry], 2),
                round(national_kwh * share),
            )
            for code, share in zip(provinces["code"], gdp_share, strict=True)
        ]
    columns = ["market", "commodity", "period", "category", "price_cny_per_unit", "limit_units_per_year"]
    return pd.DataFrame(rows, columns=columns)


def regional_costs_table(figures: Figures, provinces: pd.DataFrame) -> pd.DataFrame:
    """Return labour multipliers: GDP per head over the mean of the 31, damped and bounded."""
    per_head = provinces["gdp_2021_100m_cny"] / provinces["pop_2020_census"]
    mean = provinces["gdp_2021_100m_cny"].sum() / provinces["pop_2020_census"].sum()
    multiplier = (per_head / mean) ** figures["regional.labour_elasticity"]
    bounded = multiplier.clip(figures["regional.labour_floor"], figures["regional.labour_ceiling"])
    return pd.DataFrame(
        {"jurisdiction": provinces["iso"], "component": "labour", "multiplier": bounded.round(4)}
    )
