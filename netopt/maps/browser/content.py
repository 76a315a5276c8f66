"""What the browser map knows: places, ways, routes, facilities and provinces of every run, as plain lists.

A *moment* is what the slider stops at: the mean year of the horizon first, then each period; the only
one where the horizon has one period. Every figure that changes over time has one value for each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from netopt.maps import layers, style
from netopt.maps.basemap import BaseMap
from netopt.maps.browser.chains import chains
from netopt.maps.curves import FIRST_BEND
from netopt.maps.moment import in_period
from netopt.maps.shared import common_instance
from netopt.maps.shipments import MapInput, period_columns, stage_of_commodities
from netopt.maps.text import plain
from netopt.maps.ways import PAIR, Ways
from netopt.policy.compose import compose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.data.instance import Instance

UNIT_M: Final = 100
"""Coordinates are whole numbers of this many metres."""

PROVINCE_FIGURES: Final = (
    "collected_tonnes_per_year",
    "retired_tonnes_per_year",
    "processed_tonnes_per_year",
)
_SHARED_TABLES: Final = (
    "sites",
    "operators",
    "facility_types",
    "commodities",
    "recipe_inputs",
    "road_nodes",
    "road_edges",
)
_STATUSES: Final = ("existing", "expanded", "new", "closed", "barred", "absent")
_N_CURVE_POINTS: Final = 12
_DIGITS: Final = 5
_MARKERS: Final = {
    "o": "circle",
    "^": "triangle",
    "s": "square",
    "D": "diamond",
    "v": "inverted_triangle",
    "p": "hex",
    "h": "hex",
    "P": "plus",
    "X": "triangle_pin",
    "*": "star",
}

Figures = list[list[float]]
"""A list for each row, in it a value for each moment."""


def content_of(runs: Mapping[str, MapInput], base_map: BaseMap | None, crs: str) -> dict[str, Any]:
    """Return everything that the page shows, ready for JSON.

    Parameters
    ----------
    runs
        Name -> solution or run, all of the same places and roads.
    base_map
        Boundaries of provinces; None for a plain ground.
    crs
        Projection of the page (m).

    Returns
    -------
    dict
        ``moments`` (ids), ``places``, ``jurisdictions``, ``commodities``, ``stages``, ``types``,
        ``modes``, ``sites`` (what they are called and where), ``stretches`` (coordinates, of
        ``UNIT_M``), ``ways`` (see ``chains.Chains``), ``policies`` (``routes``, ``facilities``,
        ``provinces`` of each run, t/yr by moment).

    Raises
    ------
    UsageError
        If the runs are not of the same places, roads and periods.
    """
    instance = common_instance(runs, _SHARED_TABLES)
    tables = {name: layers.route_figures(run) for name, run in runs.items()}
    hauls = pd.concat([table[PAIR] for table in tables.values()], ignore_index=True)
    hauls = hauls.drop_duplicates(ignore_index=True)
    lists = _Lists(instance, sorted(set(hauls["mode"])))
    ground = _Ground(instance, crs)
    cut = chains(ground.ways(hauls))
    way_of = {tuple(pair): rank for rank, pair in enumerate(hauls.itertuples(index=False, name=None))}
    return {
        "unit_m": UNIT_M,
        "moments": moments(instance),
        "places": lists.places(ground),
        "jurisdictions": _jurisdictions(instance, base_map, crs),
        "commodities": lists.commodities(),
        "stages": _stages(instance),
        "types": _types(instance),
        "modes": lists.modes,
        "sites": lists.sites(),
        "statuses": list(_STATUSES),
        "stretches": [ground.line(nodes) for nodes in cut.stretches],
        "ways": cut.ways,
        "policies": [
            {
                "name": plain(name),
                "title": _title(name, run),
                "routes": lists.routes(run, tables[name], way_of),
                "facilities": lists.facilities(run),
                "provinces": _provinces(run),
            }
            for name, run in runs.items()
        ],
    }


def _title(name: str, run: MapInput) -> str:
    """Return the title of a run's policy, told apart where another run has the same policy."""
    title = plain(run.policy.title or run.policy.name)
    return title if name == run.policy.name else f"{title} ({plain(name)})"


def moments(instance: Instance) -> list[str]:
    """Return the ids of what the slider stops at; "" for the mean year of several periods."""
    periods = list(instance.periods)
    return periods if len(periods) == 1 else ["", *periods]


class _Ground:
    """Points of the plane: places, road nodes and the bends of curves, each with a number."""

    def __init__(self, instance: Instance, crs: str) -> None:
        self._instance = instance
        self.row_of_place = {name: row for row, name in enumerate(instance["locations"]["location"])}
        self._n_places, self._n_nodes = len(self.row_of_place), len(instance["road_nodes"])
        self._modes: dict[str, int] = {}
        tables = [instance["locations"], instance["road_nodes"]]
        lon_lat = [np.column_stack([table["lon_deg"], table["lat_deg"]]) for table in tables]
        points = np.concatenate(lon_lat).astype(float)
        projected = gpd.GeoSeries(gpd.points_from_xy(*points.T), crs=layers.CRS).to_crs(crs)
        self.xy = np.column_stack([projected.x, projected.y])
        self._bends: dict[int, tuple[float, float]] = {}
        self._first_bend = 2**40

    def ways(self, hauls: pd.DataFrame) -> list[list[int]]:
        """Return the numbers of the points along each haul (``PAIR``)."""
        found = Ways(self._instance, hauls)
        rows = zip(hauls.itertuples(index=False, name=None), found.nodes, strict=True)
        return [self._way(start, end, mode, nodes) for (start, end, mode), nodes in rows]

    def _way(self, start: str, end: str, mode: str, nodes: NDArray[np.int64]) -> list[int]:
        first, last = self.row_of_place[start], self.row_of_place[end]
        if len(nodes) == 0:
            return [first, *self._curve(first, last), last]
        # Roads and rails that meet are still two lines.
        shift = self._n_places + self._n_nodes * self._modes.setdefault(mode, len(self._modes))
        return [first, *(int(node) + shift for node in nodes), last]

    def _curve(self, first: int, last: int) -> list[int]:
        """Return new points of a curve that bends to the right, so that there and back lie apart."""
        start, end = self.xy[first], self.xy[last]
        along = end - start
        control = (start + end) / 2 + 2 * FIRST_BEND * np.array([along[1], -along[0]])
        numbers = []
        for share in np.linspace(0, 1, _N_CURVE_POINTS + 2)[1:-1]:
            point = (1 - share) ** 2 * start + 2 * share * (1 - share) * control + share**2 * end
            number = self._first_bend + len(self._bends)
            self._bends[number] = (float(point[0]), float(point[1]))
            numbers.append(number)
        return numbers

    def line(self, nodes: Sequence[int]) -> list[list[int]]:
        """Return the x and the y of points, in ``UNIT_M``."""
        points = [self._point(node) for node in nodes]
        return [[round(point[axis] / UNIT_M) for point in points] for axis in (0, 1)]

    def _point(self, node: int) -> tuple[float, float]:
        if node in self._bends:
            return self._bends[node]
        if node >= self._n_places:
            node = self._n_places + (node - self._n_places) % self._n_nodes
        return float(self.xy[node, 0]), float(self.xy[node, 1])


@dataclass(frozen=True)
class _Lists:
    """The lists that figures refer to by number."""

    instance: Instance
    modes: list[str]

    def _numbers(self, table: str, key: str) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.instance[table][key])}

    def places(self, ground: _Ground) -> dict[str, list[Any]]:
        table = self.instance["locations"]
        points = np.rint(ground.xy[: len(table)] / UNIT_M).astype(int)
        has_source = table["location"].isin(self.instance["sources"]["location"])
        return {
            "name": _texts(table["name"]),
            "name_zh": _texts(table["name_zh"]),
            "x": points[:, 0].tolist(),
            "y": points[:, 1].tolist(),
            "has_source": has_source.tolist(),
        }

    def commodities(self) -> dict[str, list[Any]]:
        table = self.instance["commodities"]
        stages = stage_of_commodities(self.instance)
        return {
            "name": _texts(table["name"]),
            "name_zh": _texts(table["name_zh"]),
            "stage": [stages[name] for name in table["commodity"]],
        }

    def sites(self) -> dict[str, list[Any]]:
        table = self.instance["sites"]
        operators = self.instance["operators"].set_index("operator")["name"]
        place = self._numbers("locations", "location")
        kind = self._numbers("facility_types", "facility_type")
        return {
            "name": _texts(table["name"]),
            "operator": _texts(table["operator"].map(operators)),
            "place": [place[name] for name in table["location"]],
            "type": [kind[name] for name in table["facility_type"]],
        }

    def routes(
        self, run: MapInput, table: pd.DataFrame, way_of: Mapping[tuple[str, ...], int]
    ) -> dict[str, list[Any]]:
        """Return the hauls between different places: numbers of what they refer to, km, cost, tonnes."""
        place = self._numbers("locations", "location")
        goods = self._numbers("commodities", "commodity")
        names = period_columns(self.instance, "tonnes_per_year")
        columns = ["tonnes_per_year", *names.values()]
        pairs = table[PAIR].itertuples(index=False, name=None)
        return {
            "from": [place[name] for name in table["from_location"]],
            "to": [place[name] for name in table["to_location"]],
            "commodity": [goods[name] for name in table["commodity"]],
            "mode": [self.modes.index(name) for name in table["mode"]],
            "stage": list(table["stage"]),
            "way": [way_of[pair] for pair in pairs],
            "km": [round(float(km), 1) for km in table["distance_km"]],
            "cny_per_tonne": _rounded(_cost_cny_per_tonne(run, table)),
            "tonnes": [_rounded(row) for row in table[columns].to_numpy(dtype=float)],
        }

    def facilities(self, run: MapInput) -> dict[str, list[Any]]:
        """Return the sites that stand, operate or are forced, with state, capacity and load by moment."""
        number = self._numbers("sites", "site")
        shown = [_sites_of(moment) for moment in _moments_of(run)]
        sites = sorted(set().union(*(table.index for table in shown)), key=number.__getitem__)
        aligned = [table.reindex(sites) for table in shown]
        forced = aligned[0]["forced"].fillna("")
        return {
            "site": [number[site] for site in sites],
            "forced": list(forced),
            "status": [
                [_STATUSES.index(status) for status in row]
                for row in zip(*(table["status"].fillna("absent") for table in aligned), strict=True)
            ],
            "capacity": _by_row(table["capacity_tonnes_per_year"] for table in aligned),
            "load": _by_row(table["load_tonnes_per_year"] for table in aligned),
        }


def _moments_of(run: MapInput) -> list[MapInput]:
    periods = run.instance.periods
    return [run, *(in_period(run, period) for period in periods)] if len(periods) > 1 else [run]


def _sites_of(run: MapInput) -> pd.DataFrame:
    """Return ``status, forced, capacity_, load_tonnes_per_year`` of the sites to be shown, index site."""
    columns = ["site", "status", "forced", "capacity_tonnes_per_year", "load_tonnes_per_year"]
    parts = [layers.facilities(run), layers.barred_sites(run)]
    shown = [part.reindex(columns=columns) for part in parts if len(part)]
    table = pd.concat(shown) if shown else pd.DataFrame(columns=columns)
    return table.set_index("site")


def _by_row(columns: Iterable[pd.Series]) -> Figures:
    table = np.column_stack([np.nan_to_num(column.to_numpy(dtype=float)) for column in columns])
    return [_rounded(row) for row in table]


def _provinces(run: MapInput) -> dict[str, Figures]:
    """Return each of ``PROVINCE_FIGURES`` by jurisdiction (of the instance) and moment, t/yr."""
    tables = [layers.jurisdiction_figures(moment) for moment in _moments_of(run)]
    return {figure: _by_row(table[figure] for table in tables) for figure in PROVINCE_FIGURES}


def _cost_cny_per_tonne(run: MapInput, routes: pd.DataFrame) -> pd.Series:
    """Return what hauling and loading cost by the tariffs that hold under the policy, CNY/t.

    Formula: ``tariff_cny_per_tonne_km * km + loading_cny_per_tonne``, as the ledger's ``haulage`` and
    ``loading``. Emissions, delays and levies are not in it.
    """
    instance = run.instance
    listed = instance["commodities"].set_index("commodity")["goods_class"].to_dict()
    classes = listed | compose(run.policy, instance).goods_class
    keys = ["mode", "goods_class", "leg"]
    tariffs = instance["haulage"].set_index(keys)[["tariff_cny_per_tonne_km", "loading_cny_per_tonne"]]
    table = routes.assign(goods_class=routes["commodity"].map(classes)).join(tariffs, on=keys)
    return table["tariff_cny_per_tonne_km"] * table["distance_km"] + table["loading_cny_per_tonne"]


def _jurisdictions(instance: Instance, base_map: BaseMap | None, crs: str) -> dict[str, list[Any]]:
    """Return names and, where there are boundaries, a spot for the name of each jurisdiction."""
    table = instance["jurisdictions"]
    spots: dict[str, list[int]] = {}
    if base_map is not None:
        shapes = base_map.boundaries[base_map.boundaries["jurisdiction"] != ""].to_crs(crs)
        for unit, shape in shapes.dissolve("jurisdiction").geometry.items():
            largest = max(getattr(shape, "geoms", [shape]), key=lambda part: part.area)
            spot = largest.representative_point()
            spots[str(unit)] = [round(spot.x / UNIT_M), round(spot.y / UNIT_M)]
    return {
        "id": list(table["jurisdiction"]),
        "name": _texts(table["name"]),
        "name_zh": _texts(table["name_zh"]),
        "spot": [spots.get(name) for name in table["jurisdiction"]],
    }


def _stages(instance: Instance) -> list[dict[str, str]]:
    """Return the stages in the order of the chain; a name only where one commodity is all of a stage."""
    table, of_commodity = instance["commodities"], stage_of_commodities(instance)
    stage_of_row = table["commodity"].map(of_commodity)
    found = []
    for stage, colour in style.STAGE_COLOURS.items():
        own = table[(stage_of_row == stage) & (stage != "first_leg")]
        name, name_zh = (_texts(own[column])[0] if len(own) == 1 else "" for column in ("name", "name_zh"))
        found.append({"id": stage, "colour": colour, "name": name, "name_zh": name_zh})
    return found


def _types(instance: Instance) -> list[dict[str, str]]:
    shapes, colours = style.markers(instance), style.facility_colours(instance)
    table = instance["facility_types"]
    return [
        {
            "name": plain(name),
            "name_zh": plain(name_zh),
            "marker": _MARKERS[shapes[kind]],
            "colour": colours[kind],
        }
        for kind, name, name_zh in zip(table["facility_type"], table["name"], table["name_zh"], strict=True)
    ]


def _texts(column: pd.Series) -> list[str]:
    return [plain(text) for text in column]


def _rounded(values: Iterable[float]) -> list[float]:
    """Return values to five digits, so that the page stays light; what is not finite is 0."""
    return [float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else 0.0 for value in values]
