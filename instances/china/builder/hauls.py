"""How far it is: a table of hauls between capitals, or the road network itself."""

from __future__ import annotations

import pandas as pd

from builder.figures import Figures, read_source
from builder.places import MODE


def capital_hauls(figures: Figures) -> dict[str, pd.DataFrame]:
    """Return ``distances``: road distance between the 31 capitals times the correction, both ways."""
    roads = read_source("road_km_capitals_OSM_ODbL.csv")
    km = (roads["road_km"] * figures["distance.osm_correction"]).round(1)
    pairs = pd.DataFrame(
        {"origin": roads["origin_adcode"], "destination": roads["destination_adcode"], "distance_km": km}
    )
    back = pairs.rename(columns={"origin": "destination", "destination": "origin"})
    distances = pd.concat([pairs, back], ignore_index=True).assign(mode=MODE)
    return {"distances": distances[["origin", "destination", "mode", "distance_km"]]}


def road_network() -> dict[str, pd.DataFrame]:
    """Return ``road_nodes`` and ``road_edges``: the highways between the 337 seats, ferry included.

    Lengths are as mapped; the correction comes on top as the instance's ``road_correction``.
    """
    nodes, edges = read_source("road_nodes_OSM_ODbL.csv"), read_source("road_edges_OSM_ODbL.csv")
    return {
        "road_nodes": pd.DataFrame(
            {"node": nodes["node"].astype(str), "lon_deg": nodes["lon"], "lat_deg": nodes["lat"]}
        ),
        "road_edges": pd.DataFrame(
            {
                "from_node": edges["u"].astype(str),
                "to_node": edges["v"].astype(str),
                "mode": MODE,
                "distance_km": edges["km"],
            }
        ),
    }
