"""Routes and facilities of a picture, and their labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import ArrowStyle, ConnectionStyle, FancyArrowPatch
from matplotlib.transforms import ScaledTranslation

from netopt.maps import style
from netopt.maps.layers import CRS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from netopt.maps.shipments import MapInput

MOST_ROUTES: Final = 400
_WIDEST_PT: Final = 6.5
_THINNEST_PT: Final = 0.7
_LARGEST_RADIUS_PT: Final = 6.0
_SMALLEST_RADIUS_PT: Final = 1.9
_FIRST_BEND: Final = 0.13
_NEXT_BEND: Final = 0.075


@dataclass(frozen=True)
class Sizes:
    """How tonnes become points: widths of routes (linear), areas of facilities.

    Attributes
    ----------
    scale
        Size of the picture relative to A4 landscape.
    most_moved, most_capacity
        Tonnes a year of the widest route and of the largest symbol.
    """

    scale: float
    most_moved: float
    most_capacity: float

    def width_pt(self, tonnes_per_year: float) -> float:
        """Return the width of a route in points."""
        share = tonnes_per_year / self.most_moved if self.most_moved > 0 else 0.0
        return max(_THINNEST_PT, _WIDEST_PT * share) * self.scale

    def radius_pt(self, capacity_tonnes_per_year: float) -> float:
        """Return the radius of a facility's symbol in points."""
        share = capacity_tonnes_per_year / self.most_capacity if self.most_capacity > 0 else 0.0
        return max(_SMALLEST_RADIUS_PT, _LARGEST_RADIUS_PT * math.sqrt(max(share, 0.0))) * self.scale


@dataclass(frozen=True)
class Symbol:
    """One marker: facilities of one type at one location."""

    facility_type: str
    status: str
    capacity_tonnes_per_year: float
    radius_pt: float
    shift_pt: tuple[float, float] = (0.0, 0.0)


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
        return max(math.hypot(*symbol.shift_pt) + symbol.radius_pt for symbol in self.symbols)

    @property
    def capacity_tonnes_per_year(self) -> float:
        """Capacity of all its facilities."""
        return sum(symbol.capacity_tonnes_per_year for symbol in self.symbols)


def symbol_capacities(facilities: gpd.GeoDataFrame) -> list[float]:
    """Return the capacity (t/yr) of every location and type, as the symbols add them up."""
    sums = facilities.groupby(["location", "facility_type"])["capacity_tonnes_per_year"].sum()
    return [float(value) for value in sums]


def clusters(facilities: gpd.GeoDataFrame, sizes: Sizes, crs: str) -> list[Cluster]:
    """Return the facilities gathered by location, and within by type, in a projection."""
    result = []
    projected = facilities.to_crs(crs)
    for location, own in projected.groupby("location"):
        symbols = [
            _symbol(str(kind), rows, sizes) for kind, rows in own.groupby("facility_type", sort=True)
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


def _symbol(facility_type: str, rows: gpd.GeoDataFrame, sizes: Sizes) -> Symbol:
    found = set(rows["status"])
    if {"existing", "new"} <= found or "expanded" in found:
        status = "expanded"
    else:
        status = next(name for name in ("new", "existing", "closed") if name in found)
    capacity = float(rows["capacity_tonnes_per_year"].sum())
    return Symbol(facility_type, status, capacity, sizes.radius_pt(capacity))


def _side_by_side(symbols: list[Symbol], scale: float) -> tuple[Symbol, ...]:
    """Return the symbols moved onto a ring on which no two neighbours touch."""
    count = len(symbols)
    if count == 1:
        return tuple(symbols)
    gap = 0.8 * scale
    pairs = zip(symbols, [*symbols[1:], symbols[0]], strict=True)
    widest = max(first.radius_pt + second.radius_pt for first, second in pairs) + gap
    ring = widest / (2 * math.sin(math.pi / count))
    turned = []
    for index, symbol in enumerate(symbols):
        angle = math.pi - 2 * math.pi * index / count
        shift = (ring * math.cos(angle), ring * math.sin(angle))
        turned.append(
            Symbol(
                symbol.facility_type,
                symbol.status,
                symbol.capacity_tonnes_per_year,
                symbol.radius_pt,
                shift,
            )
        )
    return tuple(turned)


def marker_style(marker: str, colour: str, status: str, radius_pt: float) -> dict[str, Any]:
    """Return Line2D properties: new is full, existing hollow, expanded half full, closed grey."""
    edge = {"closed": "#a3abb3"}.get(status, colour)
    full = {"new": "full", "expanded": "bottom"}.get(status, "none" if status == "closed" else "full")
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": 2 * radius_pt,
        "fillstyle": full,
        "markerfacecolor": style.HIGHLIGHT_WHITE if status == "existing" else colour,
        "markerfacecoloralt": style.HIGHLIGHT_WHITE,
        "markeredgecolor": style.HIGHLIGHT_WHITE if status == "new" else edge,
        "markeredgewidth": 0.5 if status == "new" else 0.28 * math.sqrt(radius_pt) + 0.45,
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
            kind = symbol.facility_type
            move = ScaledTranslation(symbol.shift_pt[0] / 72, symbol.shift_pt[1] / 72, inches)
            look = marker_style(shapes[kind], colours[kind], symbol.status, symbol.radius_pt)
            axes.add_line(Line2D([x], [y], transform=axes.transData + move, zorder=5, **look))


@dataclass(frozen=True)
class Curve:
    """A route as it is drawn: ends in the projection, bend, width (pt), stage and tonnes."""

    start: tuple[float, float]
    end: tuple[float, float]
    to_location: str
    bend: float
    width_pt: float
    stage: str
    tonnes_per_year: float

    def point(self, axes: Axes, share: float) -> tuple[float, float]:
        """Return the pixel at a share of the way along the curve."""
        (x0, y0), (x2, y2) = (axes.transData.transform(end) for end in (self.start, self.end))
        x1 = (x0 + x2) / 2 + self.bend * (y2 - y0)
        y1 = (y0 + y2) / 2 - self.bend * (x2 - x0)
        rest = 1 - share
        x = rest**2 * x0 + 2 * rest * share * x1 + share**2 * x2
        y = rest**2 * y0 + 2 * rest * share * y1 + share**2 * y2
        return float(x), float(y)


def strands(routes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what is drawn as one curve: routes of one stage between two places, heaviest first.

    Returns
    -------
    DataFrame
        ``from_location, to_location, stage, tonnes_per_year``.
    """
    keys = ["from_location", "to_location", "stage"]
    sums = pd.DataFrame(routes.groupby(keys)["tonnes_per_year"].sum().reset_index())
    return sums.sort_values(["tonnes_per_year", *keys], ascending=[False, True, True, True])


def curves(drawn: pd.DataFrame, places: gpd.GeoDataFrame, sizes: Sizes) -> list[Curve]:
    """Return the heaviest strands as curves that bend to the right; parallel ones bend further.

    Parameters
    ----------
    drawn
        See ``strands``.
    places
        Points of the locations in the picture's projection, index location.
    """
    result: list[Curve] = []
    met: dict[tuple[str, str], int] = {}
    top = drawn.head(MOST_ROUTES)
    pairs = zip(top["from_location"], top["to_location"], strict=True)
    for pair, stage, tonnes in zip(pairs, top["stage"], top["tonnes_per_year"], strict=True):
        start, end = (places.geometry[name] for name in pair)
        if start.equals(end):
            continue
        rank = met[pair] = met.get(pair, -1) + 1
        bend, width_pt = _FIRST_BEND + _NEXT_BEND * rank, sizes.width_pt(tonnes)
        result.append(Curve((start.x, start.y), (end.x, end.y), pair[1], bend, width_pt, stage, tonnes))
    return result


def draw_routes(axes: Axes, drawn: list[Curve], radii_pt: dict[str, float], scale: float) -> None:
    """Draw the curves with a head at the destination, the heaviest first.

    Parameters
    ----------
    radii_pt
        Radius of the markers at a location, where the head stops short.
    """
    for curve in drawn:
        head = max(2.0 * curve.width_pt, curve.width_pt + 3.2 * scale)
        axes.add_patch(
            FancyArrowPatch(
                curve.start,
                curve.end,
                arrowstyle=ArrowStyle.Simple(head_length=head, head_width=head, tail_width=curve.width_pt),
                connectionstyle=ConnectionStyle.Arc3(rad=curve.bend),
                mutation_scale=1,
                shrinkA=1.5 * scale,
                shrinkB=0.75 * radii_pt.get(curve.to_location, 1.5 * scale),
                facecolor=style.STAGE_COLOURS[curve.stage],
                edgecolor=style.HIGHLIGHT_WHITE,
                linewidth=min(0.35 * scale, 0.14 * curve.width_pt),
                alpha=0.92,
                zorder=3,
            )
        )


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
