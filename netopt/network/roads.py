"""Shortest ways over the instance's road network: how far, and along which nodes."""

from __future__ import annotations

from functools import cached_property
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


class RoadNetwork:
    """The roads of an instance, entered at the node nearest to each location.

    Parameters
    ----------
    instance
        With tables ``road_nodes`` and ``road_edges``.
    """

    def __init__(self, instance: Instance) -> None:
        self._places = instance["locations"]
        self._nodes, self._edges = instance["road_nodes"], instance["road_edges"]
        self._correction = instance.settings.distance.road_correction

    def distances_km(self, pairs: pd.DataFrame) -> pd.Series:
        """Return the length of the shortest way for each pair of locations.

        Formula: ``road_correction * (access(from) + shortest path + access(to))``, where access is
        1.3 times the geodesic to the nearest node.

        Parameters
        ----------
        pairs
            Columns ``from_location``, ``to_location``, ``mode``.

        Returns
        -------
        pandas.Series
            km, index of ``pairs``; NaN where no way leads from one to the other.
        """
        km = pd.Series(np.nan, index=pairs.index)
        for mode, rows in pairs.groupby("mode"):
            origins = rows["from_location"].unique()
            starts = self.nearest_nodes.loc[origins].to_numpy()
            paths = dijkstra(self._graph(str(mode)), directed=False, indices=starts)
            row_of = {location: row for row, location in enumerate(origins)}
            start = rows["from_location"].map(row_of).to_numpy()
            end = self.nearest_nodes.loc[rows["to_location"]].to_numpy()
            access_km = self._access_of_ends_km(rows)
            km.loc[rows.index] = np.asarray(paths, dtype=float)[start, end] + access_km
        km = km.where(np.isfinite(km))
        return km * self._correction

    def ways(self, pairs: pd.DataFrame) -> list[NDArray[np.int64]]:
        """Return the shortest way for each pair of locations; back is the same way as there.

        Parameters
        ----------
        pairs
            Columns ``from_location``, ``to_location``, ``mode``.

        Returns
        -------
        list of array
            Rows of ``road_nodes`` from the node nearest to one location to that nearest to the
            other, one array for each row of ``pairs``; empty where there is no way.
        """
        start = self.nearest_nodes.loc[pairs["from_location"]].to_numpy()
        end = self.nearest_nodes.loc[pairs["to_location"]].to_numpy()
        root, last = np.minimum(start, end), np.maximum(start, end)
        modes = pairs["mode"].to_numpy()
        ways: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)] * len(pairs)
        for mode in pd.unique(modes):
            graph, of_mode = self._graph(str(mode)), modes == mode
            for node in np.unique(root[of_mode]):
                before = _predecessors(graph, int(node))
                for row in np.flatnonzero(of_mode & (root == node)):
                    way = _way_to(int(last[row]), int(node), before)
                    ways[row] = way if start[row] == node else way[::-1]
        return ways

    def steps_km(self, mode: str) -> pd.Series:
        """Return how long the road between two neighbouring nodes is, the shorter of several.

        Returns
        -------
        pandas.Series
            km as in ``road_edges``, without any correction; index ``low``, ``high``: rows of
            ``road_nodes``, the lower one first.
        """
        edges = self._edges[self._edges["mode"] == mode]
        first, second = self._rows_of_ends(edges)
        ends = {"low": np.minimum(first, second), "high": np.maximum(first, second)}
        table = pd.DataFrame({**ends, "distance_km": edges["distance_km"].to_numpy()})
        return table.groupby(["low", "high"])["distance_km"].min()

    @property
    def nearest_nodes(self) -> pd.Series:
        """Row of the nearest road node, index location."""
        return self._entries["node_row"]

    @property
    def access_km(self) -> pd.Series:
        """Road length from a location to its nearest node, without any correction, km, index location."""
        return self._entries["access_km"]

    def _access_of_ends_km(self, pairs: pd.DataFrame) -> NDArray[np.float64]:
        first, last = (
            self.access_km.loc[pairs[end]].to_numpy() for end in ("from_location", "to_location")
        )
        return np.asarray(first + last, dtype=float)

    @cached_property
    def _entries(self) -> pd.DataFrame:
        """Where each location enters the roads: ``node_row``, ``access_km``, index location."""
        places, nodes = self._places, self._nodes
        n_candidates = min(_N_CANDIDATES, len(nodes))
        _, near = KDTree(on_sphere(nodes)).query(on_sphere(places), k=range(1, n_candidates + 1))
        _, _, metres = _WGS84.inv(
            np.repeat(places["lon_deg"].to_numpy(), n_candidates),
            np.repeat(places["lat_deg"].to_numpy(), n_candidates),
            nodes["lon_deg"].to_numpy()[near.ravel()],
            nodes["lat_deg"].to_numpy()[near.ravel()],
        )
        metres = np.reshape(metres, near.shape)
        least = metres.min(axis=1)
        # a tie: the first row
        nearest = np.where(metres == least[:, np.newaxis], near, len(nodes)).min(axis=1)
        return pd.DataFrame(
            {"node_row": nearest, "access_km": ACCESS_FACTOR * least / 1000.0},
            index=pd.Index(places["location"]),
        )

    def _graph(self, mode: str) -> csr_array:
        """Return the roads of a mode, km, one row and column for each node."""
        edges = self._edges[self._edges["mode"] == mode]
        n_nodes = len(self._nodes)
        return csr_array(
            (edges["distance_km"].to_numpy(), self._rows_of_ends(edges)), shape=(n_nodes, n_nodes)
        )

    def _rows_of_ends(self, edges: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        row_of = pd.Series(np.arange(len(self._nodes)), index=self._nodes["node"])
        return row_of.loc[edges["from_node"]].to_numpy(), row_of.loc[edges["to_node"]].to_numpy()


def on_sphere(places: pd.DataFrame) -> NDArray[np.float64]:
    """Return places as points of the unit sphere (columns x, y, z), whose chords order them by distance."""
    lon, lat = np.radians(places["lon_deg"].to_numpy()), np.radians(places["lat_deg"].to_numpy())
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _predecessors(graph: csr_array, root: int) -> NDArray[np.int32]:
    """Return the node before each node on the shortest way from ``root``, below 0 where there is none."""
    found = dijkstra(graph, directed=False, indices=[root], return_predecessors=True)
    return np.asarray(found[1][0], dtype=np.int32)


def _way_to(last: int, root: int, before: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the nodes from ``root`` to ``last`` by each node's predecessor; empty without a way."""
    way = [last]
    while way[-1] != root:
        node = int(before[way[-1]])
        if node < 0:
            return np.empty(0, dtype=np.int64)
        way.append(node)
    return np.array(way[::-1], dtype=np.int64)
