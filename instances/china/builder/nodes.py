"""Which places stand for a province: its capital alone, or each of its prefectures.

A table of nodes has one row per place:

==================  ==========================================================================
code                suffix of the ids of its source and sites
name                the area it stands for
location            adcode of the place on the map
location_name(_zh)  its name
iso                 province, ISO 3166-2
province_code       suffix of the ids of the province's operator and market
lon_deg, lat_deg    WGS 84
internal_km         haul between two different places of the area, km
share               share of the province's retired batteries, outlets and demand that it holds
is_capital          whether it is the province's capital
==================  ==========================================================================
"""

from __future__ import annotations

import math

import pandas as pd

from builder.figures import Figures, read_source
from builder.places import MUNICIPALITIES, disc_km, internal_km


def province_nodes(figures: Figures, provinces: pd.DataFrame) -> pd.DataFrame:
    """Return one node per province, at its capital."""
    names = read_source("prefecture_population.csv").set_index("adcode")["name_zh"]
    internal = internal_km(figures, provinces)
    capitals = provinces["capital_adcode"]
    return pd.DataFrame(
        {
            "code": provinces["code"],
            "name": provinces["name_en"],
            "location": capitals,
            "location_name": provinces["capital_en"],
            "location_name_zh": [str(names[adcode]) for adcode in capitals],
            "iso": provinces["iso"],
            "province_code": provinces["code"],
            "lon_deg": provinces["capital_lon"],
            "lat_deg": provinces["capital_lat"],
            "internal_km": capitals.map(internal),
            "share": 1.0,
            "is_capital": True,
        }
    )


def prefecture_nodes(figures: Figures, provinces: pd.DataFrame) -> pd.DataFrame:
    """Return one node per prefecture; it holds its share of the province's people of 2020.

    ``internal_km`` takes the prefecture as an even disc (``disc_km``): a municipality of its
    official area, any other of the area that is nearer to its seat than to another seat of the
    province.
    """
    people = read_source("prefecture_population.csv").drop(columns="name_en")
    table = people.merge(read_source("prefecture_places.csv"), on="adcode", validate="one_to_one")
    ids = provinces[["adcode", "iso", "code"]].set_axis(["province_adcode", "iso", "province_code"], axis=1)
    table = table.merge(ids, on="province_adcode", validate="many_to_one")
    population = table["pop_2020_incl_direct_counties"].astype(float)
    area_km2 = table["thiessen_area_km2"].astype(float)
    official = table["adcode"].map({adcode: figures[name] for adcode, name in MUNICIPALITIES.items()})
    return pd.DataFrame(
        {
            "code": table["adcode"],
            "name": table["name_en"],
            "location": table["adcode"],
            "location_name": table["name_en"],
            "location_name_zh": table["name_zh"],
            "iso": table["iso"],
            "province_code": table["province_code"],
            "lon_deg": table["lon"],
            "lat_deg": table["lat"],
            "internal_km": [round(disc_km(figures, area), 1) for area in official.fillna(area_km2)],
            "share": population / population.groupby(table["iso"]).transform("sum"),
            "is_capital": table["is_province_capital"] == 1,
        }
    )


def whole_parts(total: int, weights: list[float]) -> list[int]:
    """Return ``total`` in whole parts in proportion to ``weights``; they sum to it exactly.

    Examples
    --------
    >>> whole_parts(10, [1, 1, 1])
    [3, 4, 3]
    """
    if not math.isfinite(whole := float(sum(weights))) or whole <= 0:
        raise ValueError("weights must have a positive sum")
    ends = [round(total * sum(weights[: count + 1]) / whole) for count in range(len(weights))]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
