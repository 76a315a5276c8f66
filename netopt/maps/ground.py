"""The ground of a picture: province fills, frame, graticule, inset and scale bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle
from shapely.geometry import LineString, box

from netopt.maps import style
from netopt.maps.layers import CRS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from netopt.data.instance import Instance
    from netopt.maps.basemap import BaseMap

_SMALLEST_EXTENT_M = 20_000.0
_SMALL_ISLAND_KM2 = 400.0
_NO_FIGURE_EDGE = "#d4d9dd"


@dataclass(frozen=True)
class Frame:
    """The part of the plane that a picture shows: projection and limits (m)."""

    crs: str
    west: float
    south: float
    east: float
    north: float

    @property
    def width(self) -> float:
        """Width in metres."""
        return self.east - self.west

    @property
    def height(self) -> float:
        """Height in metres."""
        return self.north - self.south

    def show_on(self, axes: Axes) -> None:
        """Set the limits of axes, equal scale both ways, no ticks."""
        axes.set_xlim(self.west, self.east)
        axes.set_ylim(self.south, self.north)
        axes.set_aspect("equal", adjustable="box")
        axes.set_xticks([])
        axes.set_yticks([])


def frame_of(base_map: BaseMap) -> Frame:
    """Return the frame that shows what a base map has inside its ``frame_deg``."""
    inside = base_map.boundaries.to_crs(CRS).clip(box(*base_map.frame_deg)).to_crs(base_map.crs)
    return _padded(base_map.crs, tuple(inside.total_bounds), 0.015)


def frame_of_places(instance: Instance, ratio: float) -> Frame:
    """Return the frame around an instance's locations in an equal-area projection of their own.

    Parameters
    ----------
    ratio
        Width over height that the frame shall have.
    """
    at = instance["locations"]
    lon_deg, lat_deg = _middle_deg(at["lon_deg"]), float(at["lat_deg"].mean())
    crs = f"+proj=laea +lat_0={lat_deg:.4f} +lon_0={lon_deg:.4f} +datum=WGS84 +units=m +type=crs"
    points = gpd.GeoSeries(gpd.points_from_xy(at["lon_deg"], at["lat_deg"]), crs=CRS).to_crs(crs)
    close = _padded(crs, tuple(points.total_bounds), 0.18)
    middle = ((close.west + close.east) / 2, (close.south + close.north) / 2)
    height = max(close.north - close.south, close.width / ratio)
    width = height * ratio
    return Frame(
        crs, middle[0] - width / 2, middle[1] - height / 2, middle[0] + width / 2, middle[1] + height / 2
    )


def _middle_deg(lon_deg: pd.Series) -> float:
    """Return the mean direction of longitudes, right on both sides of the antimeridian."""
    angles = np.deg2rad(lon_deg.to_numpy(dtype=float))
    return float(np.rad2deg(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())))


def _padded(crs: str, bounds: tuple[float, ...], share: float) -> Frame:
    west, south, east, north = (float(value) for value in bounds)
    pad = share * max(east - west, north - south, _SMALLEST_EXTENT_M)
    return Frame(crs, west - pad, south - pad, east + pad, north + pad)


def fill_provinces(axes: Axes, shapes: gpd.GeoDataFrame, figures: pd.Series, breaks: list[float]) -> None:
    """Draw the units of a base map, each in the colour of its figure's class.

    Parameters
    ----------
    shapes
        Boundaries in the projection of the picture.
    figures
        Index jurisdiction; units without one are drawn as such.
    """
    ranks = [style.class_of(float(figures.get(unit, math.nan)), breaks) for unit in shapes["jurisdiction"]]
    areas = shapes.geom_type.str.endswith("Polygon")
    looks = pd.DataFrame(
        {
            "fill": [
                style.NO_FIGURE_COLOUR if rank is None else _fill_colour(rank, len(breaks))
                for rank in ranks
            ],
            "edge": [_NO_FIGURE_EDGE if rank is None else style.HIGHLIGHT_WHITE for rank in ranks],
        },
        index=shapes.index,
    )
    for edge, own in looks[areas].sort_values("edge").groupby("edge"):
        colours = list(own["fill"])
        shapes.loc[own.index].plot(ax=axes, color=colours, edgecolor=edge, linewidth=0.6, aspect=None)
    if not areas.all():
        shapes[~areas].plot(ax=axes, color=style.QUIET_INK, linewidth=0.6, aspect=None)
    axes.set(xlabel="", ylabel="")


def _fill_colour(rank: int, n_classes: int) -> str:
    """Return the colour of a class; fewer classes than colours use the darker ones."""
    return style.FILL_COLOURS[rank + len(style.FILL_COLOURS) - n_classes]


def fill_swatches(breaks: list[float]) -> list[tuple[str, str]]:
    """Return colour and text of every class for the legend, lowest first."""
    lower = [0.0, *breaks][: len(breaks)]
    return [
        (_fill_colour(rank, len(breaks)), f"{style.amount(low)} to {style.amount(high)}")
        for rank, (low, high) in enumerate(zip(lower, breaks, strict=True))
    ]


def inset_frame(base_map: BaseMap) -> Frame:
    """Return the frame of a base map's inset; it must have one."""
    if base_map.inset_deg is None:
        raise ValueError("the base map has no inset")
    rim = gpd.GeoSeries([box(*base_map.inset_deg).segmentize(0.5)], crs=CRS).to_crs(base_map.crs)
    return _padded(base_map.crs, tuple(rim.total_bounds), 0.0)


def small_islands(base_map: BaseMap, shapes: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the middles of what lies in the inset south of the map and is too small to see.

    Parameters
    ----------
    shapes
        The base map's boundaries in its own projection; so is the result.
    """
    if base_map.inset_deg is None:
        return gpd.GeoSeries([], crs=base_map.crs)
    inside = box(*base_map.inset_deg)
    parts = shapes[shapes.geom_type.str.endswith("Polygon")].geometry.explode(ignore_index=True)
    centres = parts.centroid.to_crs(CRS)
    southern = centres.within(inside) & (centres.y < base_map.frame_deg[1])
    return centres[southern & (parts.area < _SMALL_ISLAND_KM2 * 1e6)].to_crs(base_map.crs)


def draw_inset(axes: Axes, base_map: BaseMap, shapes: gpd.GeoDataFrame, scale: float) -> None:
    """Frame an inset; what lies south of the map and is too small to see is a dot."""
    if base_map.inset_deg is None:
        return
    inset_frame(base_map).show_on(axes)
    small = small_islands(base_map, shapes)
    axes.plot(small.x, small.y, "o", markersize=1.6 * scale, color=style.QUIET_INK, markeredgewidth=0)
    axes.text(
        0.5,
        0.03,
        "South China\nSea Islands",
        transform=axes.transAxes,
        ha="center",
        va="bottom",
        fontsize=5.4 * scale,
        color=style.QUIET_INK,
        linespacing=1.1,
    )
    for spine in axes.spines.values():
        spine.set(edgecolor=style.QUIET_INK, linewidth=0.6)


def draw_graticule(axes: Axes, frame: Frame, scale: float) -> None:
    """Draw meridians and parallels where there are no boundaries, labelled at the rim."""
    window = box(frame.west, frame.south, frame.east, frame.north)
    degrees = gpd.GeoSeries([window.segmentize(frame.width / 20)], crs=frame.crs).to_crs(CRS).total_bounds
    west, south, east, north = (float(value) for value in degrees)
    if east - west > 180:
        return
    step = style.round_figure((east - west) / 4)
    for lon in np.arange(math.ceil(west / step) * step, east, step):
        line = LineString([(lon, south), (lon, north)]).segmentize((north - south) / 40)
        _rim_line(axes, frame, line, f"{lon:g}°", scale, at_bottom=True)
    for lat in np.arange(math.ceil(south / step) * step, north, step):
        line = LineString([(west, lat), (east, lat)]).segmentize((east - west) / 40)
        _rim_line(axes, frame, line, f"{lat:g}°", scale, at_bottom=False)


def _rim_line(
    axes: Axes, frame: Frame, line: LineString, text: str, scale: float, *, at_bottom: bool
) -> None:
    window = box(frame.west, frame.south, frame.east, frame.north)
    inside = gpd.GeoSeries([line], crs=CRS).to_crs(frame.crs).intersection(window).iloc[0]
    if inside.geom_type != "LineString" or inside.is_empty:
        return
    x, y = inside.xy
    axes.plot(x, y, color="#dfe3e6", linewidth=0.6, zorder=0.5)
    axes.annotate(
        text,
        inside.coords[0],
        (0, 2 * scale) if at_bottom else (3 * scale, 0),
        textcoords="offset points",
        ha="center" if at_bottom else "left",
        va="bottom" if at_bottom else "center",
        fontsize=6 * scale,
        color=style.QUIET_INK,
        zorder=0.6,
    )


def draw_scale_bar(axes: Axes, frame: Frame, scale: float) -> None:
    """Draw a two-part scale bar of a round length in the lower left corner."""
    half = style.round_figure(frame.width / 1000 / 9) * 1000
    left, bottom = frame.west + 0.02 * frame.width, frame.south + 0.03 * frame.width
    height = 0.006 * frame.width
    for index, colour in enumerate((style.INK, style.HIGHLIGHT_WHITE)):
        patch = Rectangle((left + index * half, bottom), half, height, facecolor=colour)
        patch.set(edgecolor=style.INK, linewidth=0.6, zorder=6)
        axes.add_patch(patch)
    texts = ["0", f"{half / 1000:,g}", f"{2 * half / 1000:,g} km"]
    for index, text in enumerate(texts):
        axes.annotate(
            text,
            (left + index * half, bottom + height),
            (0, 2 * scale),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=6.5 * scale,
            color=style.INK,
            zorder=6,
        )
