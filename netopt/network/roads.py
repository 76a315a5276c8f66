"""Shortest ways over the instance's road network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from pyproj import Geod
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.data.instance import Instance

ACCESS_FACTOR: Final = 1.3
"""Road length per geodesic length between a location and its nearest road node (assumed)."""

_N_CANDIDATES: Final = 8
"""Nodes nearest on the sphere that are measured on the ellipsoid; the two differ by 0.6 % at most."""

_WGS84 = Geod(ellps="WGS84")


def road_distances_km(instance: Instance, pairs: pd.DataFrame) -> pd.Series:
    """Return the length of the shortest way over ``road_edges`` for each pair of locations.

    Formula: ``road_correction * (access(from) + shortest path + access(to))``, where access is
    1.3 times the geodesic to the nearest node.

    Parameters
    ----------
    instance
        With tables ``road_nodes`` and ``road_edges``.
    pairs
        Columns ``from_location``, ``to_location``, ``mode``.

    Returns
    -------
    pandas.Series
        km, index of ``pairs``; NaN where no way leads from one to the other.
    """
    nearest, access_km = _nearest_nodes(instance)
    km = pd.Series(np.nan, index=pairs.index)
    for mode, rows in pairs.groupby("mode"):
        origins = rows["from_location"].unique()
        paths = _shortest_paths_km(instance, str(mode), nearest.loc[origins].to_numpy())
        row_of = {location: row for row, location in enumerate(origins)}
        start = rows["from_location"].map(row_of).to_numpy()
        end = nearest.loc[rows["to_location"]].to_numpy()
        ends_km = (
            access_km.loc[rows["from_location"]].to_numpy() + access_km.loc[rows["to_location"]].to_numpy()
        )
        km.loc[rows.index] = paths[start, end] + ends_km
    km = km.where(np.isfinite(km))
    return km * instance.settings.distance.road_correction


def _nearest_nodes(instance: Instance) -> tuple[pd.Series, pd.Series]:
    """Return, by location, the row of the nearest road node and the access distance in km."""
    places, nodes = instance["locations"], instance["road_nodes"]
    n_candidates = min(_N_CANDIDATES, len(nodes))
    _, near = KDTree(_on_sphere(nodes)).query(_on_sphere(places), k=range(1, n_candidates + 1))
    _, _, metres = _WGS84.inv(
        np.repeat(places["lon_deg"].to_numpy(), n_candidates),
        np.repeat(places["lat_deg"].to_numpy(), n_candidates),
        nodes["lon_deg"].to_numpy()[near.ravel()],
        nodes["lat_deg"].to_numpy()[near.ravel()],
    )
    metres = np.reshape(metres, near.shape)
    least = metres.min(axis=1)
    nearest = np.where(metres == least[:, np.newaxis], near, len(nodes)).min(axis=1)  # a tie: the first row
    index = pd.Index(places["location"])
    return pd.Series(nearest, index=index), pd.Series(ACCESS_FACTOR * least / 1000.0, index=index)


def _on_sphere(places: pd.DataFrame) -> NDArray[np.float64]:
    """Return places as points of the unit sphere (columns x, y, z), whose chords order them by distance."""
    lon, lat = np.radians(places["lon_deg"].to_numpy()), np.radians(places["lat_deg"].to_numpy())
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _shortest_paths_km(
    instance: Instance, mode: str, start_nodes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return km from each start node (rows) to every node (columns), inf where unreachable."""
    nodes, edges = instance["road_nodes"], instance["road_edges"]
    edges = edges[edges["mode"] == mode]
    row_of = pd.Series(np.arange(len(nodes)), index=nodes["node"])
    ends = (row_of.loc[edges["from_node"]].to_numpy(), row_of.loc[edges["to_node"]].to_numpy())
    graph = csr_array((edges["distance_km"].to_numpy(), ends), shape=(len(nodes), len(nodes)))
    return np.asarray(dijkstra(graph, directed=False, indices=start_nodes), dtype=float)
