"""Distances of flows, recomputed from the instance's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from pyproj import Geod
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from netopt.data.instance import Instance

_EARTH: Final = Geod(ellps="WGS84")
_ACCESS_CIRCUITY: Final = 1.3
_KEYS: Final = ["from_location", "to_location", "mode"]


def distances_km(instance: Instance, hauls: pd.DataFrame) -> pd.Series:
    """Return the length of each haul, or NaN where there is no way.

    Parameters
    ----------
    hauls
        ``from_location, to_location, mode``; ``to_location`` "" is a market at the gate (0 km).

    Returns
    -------
    Series
        km, aligned with ``hauls``. Two places at one location are ``internal_km`` apart; other
        hauls follow ``settings.distance`` (table, road or geodesic).
    """
    pairs = hauls[_KEYS].drop_duplicates()
    method = {"table": _table_km, "road": _road_km, "geodesic": _geodesic_km}
    kilometres = method[instance.settings.distance.method](instance, pairs)
    internal = instance["locations"].set_index("location")["internal_km"]
    here = pairs["from_location"] == pairs["to_location"]
    kilometres = kilometres.where(~here, pairs["from_location"].map(internal).astype("float64"))
    pairs = pairs.assign(km=kilometres.where(pairs["to_location"] != "", 0.0))
    joined = hauls[_KEYS].merge(pairs, on=_KEYS, how="left")
    return pd.Series(joined["km"].to_numpy(dtype="float64"), index=hauls.index)


def _table_km(instance: Instance, pairs: pd.DataFrame) -> pd.Series:
    table = instance["distances"]
    one_way = table.set_index(["origin", "destination", "mode"])["distance_km"]
    other_way = table.set_index(["destination", "origin", "mode"])["distance_km"]
    both = pd.concat([one_way.rename_axis(_KEYS), other_way.rename_axis(_KEYS)])
    both = both[~both.index.duplicated(keep="first")]
    found = both.reindex(pd.MultiIndex.from_frame(pairs))
    return pd.Series(found.to_numpy(dtype="float64"), index=pairs.index)


def _geodesic_km(instance: Instance, pairs: pd.DataFrame) -> pd.Series:
    places = instance["locations"].set_index("location")[["lon_deg", "lat_deg"]]
    origins = places.reindex(pairs["from_location"].to_numpy())
    destinations = places.reindex(pairs["to_location"].to_numpy())
    kilometres = _between_km(origins, destinations) * instance.settings.distance.circuity
    return pd.Series(kilometres, index=pairs.index)


def _between_km(origins: pd.DataFrame, destinations: pd.DataFrame) -> np.ndarray:
    _, _, metres = _EARTH.inv(
        origins["lon_deg"].to_numpy(),
        origins["lat_deg"].to_numpy(),
        destinations["lon_deg"].to_numpy(),
        destinations["lat_deg"].to_numpy(),
    )
    return np.asarray(metres, dtype="float64") / 1000.0


def _road_km(instance: Instance, pairs: pd.DataFrame) -> pd.Series:
    result = pd.Series(np.nan, index=pairs.index)
    for mode in pairs["mode"].unique():
        located = (pairs["from_location"] != "") & (pairs["to_location"] != "")
        rows = pairs[(pairs["mode"] == mode) & located]
        edges = instance["road_edges"]
        edges = edges[edges["mode"] == mode]
        if len(rows) and len(edges):
            result.loc[rows.index] = _one_mode_km(instance, rows, edges)
    return result * instance.settings.distance.road_correction


def _one_mode_km(instance: Instance, pairs: pd.DataFrame, edges: pd.DataFrame) -> np.ndarray:
    nodes = instance["road_nodes"]
    position = pd.Series(range(len(nodes)), index=nodes["node"].to_numpy())
    shortest = edges.groupby(["from_node", "to_node"])["distance_km"].min().reset_index()
    ends = position[shortest["from_node"]].to_numpy(), position[shortest["to_node"]].to_numpy()
    roads = csr_matrix((shortest["distance_km"].to_numpy(), ends), shape=(len(nodes), len(nodes)))
    access = _nearest_nodes(instance, pairs, nodes)
    start = position[access["node"].reindex(pairs["from_location"]).to_numpy()].to_numpy()
    finish = position[access["node"].reindex(pairs["to_location"]).to_numpy()].to_numpy()
    unique, row = np.unique(start, return_inverse=True)
    lengths = dijkstra(roads, directed=False, indices=unique)[row, finish]
    to_road = access["km"].reindex(pairs["from_location"]).to_numpy()
    from_road = access["km"].reindex(pairs["to_location"]).to_numpy()
    kilometres = lengths + _ACCESS_CIRCUITY * (to_road + from_road)
    return np.where(np.isfinite(kilometres), kilometres, np.nan)


def _nearest_nodes(instance: Instance, pairs: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Return ``node, km`` of the road node nearest to each location of ``pairs``."""
    wanted = pd.unique(pd.concat([pairs["from_location"], pairs["to_location"]]))
    places = instance["locations"].set_index("location").loc[wanted]
    found: dict[str, tuple[str, float]] = {}
    for place in places.itertuples():
        rough = _haversine(nodes, float(place.lon_deg), float(place.lat_deg))
        # The sphere errs by less than 0.6 %: whoever is nearest on the ellipsoid is among these.
        close = nodes[rough <= 1.02 * rough.min()]
        kilometres = _between_km(close.assign(lon_deg=place.lon_deg, lat_deg=place.lat_deg), close)
        nearest = int(kilometres.argmin())
        found[str(place.Index)] = (str(close["node"].iloc[nearest]), float(kilometres[nearest]))
    return pd.DataFrame.from_dict(found, orient="index", columns=["node", "km"])


def _haversine(nodes: pd.DataFrame, lon_deg: float, lat_deg: float) -> np.ndarray:
    """Return the angle between each node and a place on the sphere, rad."""
    lon, lat = np.radians(nodes["lon_deg"].to_numpy()), np.radians(nodes["lat_deg"].to_numpy())
    east, north = np.sin((lon - np.radians(lon_deg)) / 2), np.sin((lat - np.radians(lat_deg)) / 2)
    chord = np.sqrt(north**2 + np.cos(lat) * np.cos(np.radians(lat_deg)) * east**2)
    return np.asarray(2 * np.arcsin(np.clip(chord, 0, 1)), dtype="float64")
