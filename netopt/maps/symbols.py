"""Facilities and places of a picture, and the sizes of what is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
from matplotlib.lines import Line2D
from matplotlib.patheffects import Normal, withStroke
from matplotlib.transforms import ScaledTranslation

from netopt.maps import style
from netopt.maps.layers import CRS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from netopt.maps.shipments import MapInput

_WIDEST_PT: Final = 6.5
_THINNEST_PT: Final = 0.7
_LARGEST_RADIUS_PT: Final = 6.0
_SMALLEST_RADIUS_PT: Final = 1.9


@dataclass(frozen=True)
class Sizes:
    """How tonnes become points: widths of lines, areas of facilities.

    Attributes
    ----------
    scale
        Size of the picture relative to A4 landscape.
    most_moved, most_capacity
        Tonnes a year of the widest line and of the largest symbol.
    width_power
        1 where a line is as wide as its tonnes, below 1 where light ones are to stay in sight.
    """

    scale: float
    most_moved: float
    most_capacity: float
    width_power: float = 1.0

    def width_pt(self, tonnes_per_year: float) -> float:
        """Return the width of a line in points."""
        share = tonnes_per_year / self.most_moved if self.most_moved > 0 else 0.0
        return max(_THINNEST_PT, _WIDEST_PT * math.pow(share, self.width_power)) * self.scale

    def radius_pt(self, capacity_tonnes_per_year: float) -> float:
        """Return the radius of a facility's symbol in points."""
        share = capacity_tonnes_per_year / self.most_capacity if self.most_capacity > 0 else 0.0
        return max(_SMALLEST_RADIUS_PT, _LARGEST_RADIUS_PT * math.sqrt(max(share, 0.0))) * self.scale


@dataclass(frozen=True)
class Symbol:
    """One marker: facilities of one type at one location, of which the policy says the same.

    Attributes
    ----------
    forced
        ``open``, ``closed`` or "": what the policy says of the sites.
    """

    facility_type: str
    status: str
    capacity_tonnes_per_year: float
    radius_pt: float
    forced: str = ""
    shift_pt: tuple[float, float] = (0.0, 0.0)

    @property
    def reach_pt(self) -> float:
        """Radius of the marker with the ring around it, if any, in points."""
        return ring_radius_pt(self.radius_pt) if self.forced == "open" else self.radius_pt


@dataclass(frozen=True)
class Cluster:
    """The markers of one location, side by side around it."""

    location: str
    location_name: str
    jurisdiction: str
    jurisdiction_name: str
    at: tuple[float, float]
    symbols: tuple[Symbol, ...]

    @property
    def radius_pt(self) -> float:
        """Radius of the disc that holds all markers, in points."""
        return max(math.hypot(*symbol.shift_pt) + symbol.reach_pt for symbol in self.symbols)

    @property
    def capacity_tonnes_per_year(self) -> float:
        """Capacity of all its facilities."""
        return sum(symbol.capacity_tonnes_per_year for symbol in self.symbols)


def symbol_capacities(facilities: gpd.GeoDataFrame) -> list[float]:
    """Return the capacity (t/yr) of every symbol: facilities of one location and type are added up."""
    sums = facilities.groupby(["location", "facility_type", "forced"])["capacity_tonnes_per_year"].sum()
    return [float(value) for value in sums]


def clusters(facilities: gpd.GeoDataFrame, sizes: Sizes, crs: str) -> list[Cluster]:
    """Return the facilities gathered by location, and within by type, in a projection."""
    result = []
    projected = facilities.to_crs(crs)
    for location, own in projected.groupby("location"):
        symbols = [
            _symbol(str(kind), str(forced), rows, sizes)
            for (kind, forced), rows in own.groupby(["facility_type", "forced"], sort=True)
        ]
        first = own.iloc[0]
        result.append(
            Cluster(
                str(location),
                first["location_name"],
                first["jurisdiction"],
                first["jurisdiction_name"],
                (first.geometry.x, first.geometry.y),
                _side_by_side(symbols, sizes.scale),
            )
        )
    return sorted(result, key=lambda cluster: -cluster.capacity_tonnes_per_year)


def _symbol(facility_type: str, forced: str, rows: gpd.GeoDataFrame, sizes: Sizes) -> Symbol:
    found = set(rows["status"])
    if {"existing", "new"} <= found or "expanded" in found:
        status = "expanded"
    else:
        status = next(name for name in ("new", "existing", "closed", "barred") if name in found)
    capacity = float(rows["capacity_tonnes_per_year"].sum())
    return Symbol(facility_type, status, capacity, sizes.radius_pt(capacity), forced)


def _side_by_side(symbols: list[Symbol], scale: float) -> tuple[Symbol, ...]:
    """Return the symbols moved onto a ring on which no two neighbours touch."""
    count = len(symbols)
    if count == 1:
        return tuple(symbols)
    gap = 0.8 * scale
    pairs = zip(symbols, [*symbols[1:], symbols[0]], strict=True)
    widest = max(first.reach_pt + second.reach_pt for first, second in pairs) + gap
    ring = widest / (2 * math.sin(math.pi / count))
    turned = []
    for index, symbol in enumerate(symbols):
        angle = math.pi - 2 * math.pi * index / count
        shift = (ring * math.cos(angle), ring * math.sin(angle))
        turned.append(replace(symbol, shift_pt=shift))
    return tuple(turned)


def marker_style(marker: str, colour: str, status: str, radius_pt: float) -> dict[str, Any]:
    """Return Line2D properties: new is full, existing hollow, expanded half full, closed pale."""
    hollow = style.PALE_FILL if status == "closed" else style.HIGHLIGHT_WHITE
    edge = style.PALE_EDGE if status == "closed" else colour
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": 2 * radius_pt,
        "fillstyle": "bottom" if status == "expanded" else "full",
        "markerfacecolor": hollow if status in ("existing", "closed") else colour,
        "markerfacecoloralt": style.HIGHLIGHT_WHITE,
        "markeredgecolor": style.HIGHLIGHT_WHITE if status == "new" else edge,
        "markeredgewidth": 0.5 if status == "new" else 0.28 * math.sqrt(radius_pt) + 0.45,
    }


def ring_radius_pt(radius_pt: float) -> float:
    """Return the radius of the ring around a marker whose site is forced open."""
    return 1.42 * radius_pt + 1.0


def forced_style(state: str, radius_pt: float) -> dict[str, Any]:
    """Return Line2D properties: a ring around what is forced open, a cross on what is forced closed."""
    is_open = state == "open"
    halo = withStroke(linewidth=2.4, foreground=style.HIGHLIGHT_WHITE)
    return {
        "linestyle": "none",
        "marker": "o" if is_open else "x",
        "markersize": 2 * (ring_radius_pt(radius_pt) if is_open else 1.1 * radius_pt + 0.6),
        "fillstyle": "none",
        "markeredgecolor": style.INK,
        "markeredgewidth": 1.1,
        "path_effects": [halo, Normal()],
    }


def draw_sources(axes: Axes, places: gpd.GeoDataFrame, scale: float) -> None:
    """Draw the locations of sources as dots, under everything that is built there."""
    axes.plot(
        places.geometry.x,
        places.geometry.y,
        linestyle="none",
        marker="o",
        markersize=2.2 * scale,
        color=style.QUIET_INK,
        markeredgewidth=0,
        zorder=4,
    )


def draw_facilities(axes: Axes, drawn: list[Cluster], run: MapInput) -> None:
    """Draw every cluster, the largest first, so that small ones stay in sight."""
    shapes, colours = style.markers(run.instance), style.facility_colours(run.instance)
    inches = axes.figure.dpi_scale_trans
    for cluster in drawn:
        x, y = cluster.at
        for symbol in cluster.symbols:
            kind, radius = symbol.facility_type, symbol.radius_pt
            move = ScaledTranslation(symbol.shift_pt[0] / 72, symbol.shift_pt[1] / 72, inches)
            looks = (
                []
                if symbol.status == "barred"
                else [marker_style(shapes[kind], colours[kind], symbol.status, radius)]
            )
            looks += [forced_style(symbol.forced, radius)] if symbol.forced else []
            for look in looks:
                axes.add_line(Line2D([x], [y], transform=axes.transData + move, zorder=5, **look))


def places_in(run: MapInput, crs: str) -> gpd.GeoDataFrame:
    """Return the locations of an instance as points in a projection.

    Returns
    -------
    GeoDataFrame
        Index location; ``name, jurisdiction, jurisdiction_name, has_source``.
    """
    table = run.instance["locations"].set_index("location")
    names = run.instance["jurisdictions"].set_index("jurisdiction")["name"]
    about = table[["name", "jurisdiction"]].assign(
        jurisdiction_name=table["jurisdiction"].map(names),
        has_source=table.index.isin(run.instance["sources"]["location"]),
    )
    points = gpd.points_from_xy(table["lon_deg"], table["lat_deg"])
    return gpd.GeoDataFrame(about, geometry=points, crs=CRS).to_crs(crs)
