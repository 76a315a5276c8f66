"""How far apart two locations are, by the method that the instance names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Geod

from netopt.network.roads import RoadNetwork

if TYPE_CHECKING:
    from netopt.data.instance import Instance

_WGS84 = Geod(ellps="WGS84")


def haul_distances_km(instance: Instance, hauls: pd.DataFrame) -> pd.Series:
    """Return the length of each haul.

    Two different places at one location are ``internal_km`` apart; all other hauls follow
    ``[distance] method`` of the instance (table, road or geodesic times circuity).

    Parameters
    ----------
    instance
        Where locations and distances come from.
    hauls
        Columns ``from_location``, ``to_location``, ``mode`` (ids).

    Returns
    -------
    pandas.Series
        km, index of ``hauls``; NaN where the instance knows no way.
    """
    keys = ["from_location", "to_location", "mode"]
    number = hauls.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    pairs = hauls[keys].drop_duplicates(ignore_index=True)  # in the order of the groups' numbers
    method = instance.settings.distance.method
    if method == "table":
        km = _table_km(instance, pairs)
    elif method == "road":
        km = RoadNetwork(instance).distances_km(pairs)
    else:
        km = geodesic_km(instance, pairs) * instance.settings.distance.circuity
    internal_km = instance["locations"].set_index("location")["internal_km"]
    is_internal = pairs["from_location"] == pairs["to_location"]
    km = km.mask(is_internal, pairs["from_location"].map(internal_km).astype(float))
    return pd.Series(km.to_numpy(dtype=float)[number], index=hauls.index, name="distance_km")


def _table_km(instance: Instance, pairs: pd.DataFrame) -> pd.Series:
    """Return the table's distances; a row holds both ways."""
    ends = {"origin": "from_location", "destination": "to_location"}
    back = {"origin": "to_location", "destination": "from_location"}
    table = instance["distances"]
    both_ways = pd.concat([table.rename(columns=ends), table.rename(columns=back)])
    keys = ["from_location", "to_location", "mode"]
    known = both_ways.drop_duplicates(keys, keep="first")
    return pairs.merge(known, how="left", on=keys, validate="one_to_one")["distance_km"]


def geodesic_km(instance: Instance, pairs: pd.DataFrame) -> pd.Series:
    """Return the WGS-84 geodesic of each pair of locations in km, index of ``pairs``."""
    places = instance["locations"].set_index("location")
    origin = places.loc[pairs["from_location"]]
    destination = places.loc[pairs["to_location"]]
    _, _, metres = _WGS84.inv(
        origin["lon_deg"].to_numpy(),
        origin["lat_deg"].to_numpy(),
        destination["lon_deg"].to_numpy(),
        destination["lat_deg"].to_numpy(),
    )
    return pd.Series(np.asarray(metres) / 1000.0, index=pairs.index)
