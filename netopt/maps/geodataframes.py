"""Every map layer of a run at once, for further work in geopandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.maps import layers
from netopt.maps.basemap import BaseMap, base_map_of
from netopt.maps.roadflows import road_flows
from netopt.maps.ways import follows_roads

if TYPE_CHECKING:
    import geopandas as gpd

    from netopt.maps.shipments import MapInput


def to_geopandas(run: MapInput, *, base_map: BaseMap | None = None) -> dict[str, gpd.GeoDataFrame]:
    """Return a run's map layers as GeoDataFrames (EPSG:4326), those of the GeoPackage.

    Parameters
    ----------
    run
        A solution, or a run read back.
    base_map
        Boundaries instead of the shipped ones, which know China's provinces only.

    Returns
    -------
    dict of GeoDataFrame
        ``jurisdictions`` (polygons, without shape where no boundary is known), ``sources``,
        ``markets``, ``vendors`` where the instance has any, ``facilities`` (points), ``routes``
        (lines between places) and, where hauls follow roads, ``road_flows`` (lines, what moves on
        each stretch). Columns and units are those of ``netopt.maps.layers`` and
        ``netopt.maps.roadflows``: t/yr are means over the horizon, with a further column for each of
        several periods.

    Raises
    ------
    UsageError
        If the answer names places or commodities that the instance does not have.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> layers = netopt.to_geopandas(netopt.solve(toy, netopt.read_policy("unified", toy)))
    >>> list(layers)
    ['jurisdictions', 'sources', 'markets', 'facilities', 'routes']
    >>> layers["facilities"][["site", "status", "load_tonnes_per_year"]]
      site    status  load_tonnes_per_year
    0   H2       new                8000.0
    1   C2       new                1500.0
    2   D3  existing                6800.0
    3   R3       new                3400.0
    """
    ground = base_map or base_map_of(run.instance)
    result = {
        "jurisdictions": layers.jurisdictions(run, None if ground is None else ground.boundaries),
        "sources": layers.sources(run),
        "markets": layers.markets(run),
    }
    if len(run.instance["vendors"]):
        result["vendors"] = layers.vendors(run)
    result |= {"facilities": layers.facilities(run), "routes": layers.routes(run)}
    if follows_roads(run.instance):
        result["road_flows"] = road_flows(run)
    return result
