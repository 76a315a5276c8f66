"""Names of places and tonnes of routes, written where there is room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib import patheffects
from shapely import contains_xy
from shapely.geometry import box

from netopt.maps import style
from netopt.maps.glyphs import drawable, inert
from netopt.maps.labels import Box, Crowd, boxes_around, boxes_at

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from netopt.maps.symbols import Cluster, Sizes
    from netopt.maps.traffic import Mark, Traffic

_N_LABELLED_LINES: Final = 8
_MOST_COVERED: Final = 0.15
_MOST_COVERED_BY_UNITS: Final = 0.8
_CROWDED: Final = 0.5
_HELD_SHARE: Final = 0.75
_UNIT_GRID: Final = 11
_UNIT_PT: Final = 4.8
_LONGEST_NAME: Final = 22
_PLACE_PT: Final = 6.8
_QUIET_PT: Final = 5.8
_ROUTE_PT: Final = 6.0
_DOT_PT: Final = 1.5
_CLEAR_PT: Final = 0.6


def crowd_of(axes: Axes, groups: list[Cluster], lines: list[Box]) -> Crowd:
    """Return what labels have to avoid: markers most of all, lines somewhat."""
    extent = axes.get_window_extent()
    crowd = Crowd((extent.x0, extent.y0, extent.x1, extent.y1))
    pixel = axes.figure.dpi / 72
    for cluster in groups:
        x, y = axes.transData.transform(cluster.at)
        for symbol in cluster.symbols:
            radius = (symbol.reach_pt + _CLEAR_PT) * pixel
            middle = (x + symbol.shift_pt[0] * pixel, y + symbol.shift_pt[1] * pixel)
            crowd.add(boxes_at([middle], (2 * radius, 2 * radius)), 30.0)
    crowd.add(lines, 1.0)
    return crowd


def label_places(
    axes: Axes, crowd: Crowd, groups: list[Cluster], scale: float, *, by: str, must: bool
) -> set[str]:
    """Write the names of places with facilities and return the ids; idle places in small grey.

    Parameters
    ----------
    by
        What a place is called: its ``jurisdiction`` (once each) or its ``location``.
    must
        Whether names of places that are not idle are written even where there is no room.
    """
    named: set[str] = set()
    for group in groups:
        key = getattr(group, by)
        if key in named:
            continue
        named.add(key)
        name = drawable(getattr(group, f"{by}_name"), instead=key, longest=_LONGEST_NAME)
        is_quiet = all(symbol.status in ("closed", "barred") for symbol in group.symbols)
        size_pt, colour = (_QUIET_PT, style.QUIET_INK) if is_quiet else (_PLACE_PT, style.INK)
        look = _Name(name, size_pt * scale, colour, must=must and not is_quiet)
        _write_around(axes, crowd, group.at, group.radius_pt, look)
    return named


def label_sources(
    axes: Axes, crowd: Crowd, places: gpd.GeoDataFrame, scale: float, *, by: str, named: set[str]
) -> None:
    """Write the names of the other places, in small grey, unless there is no room.

    Parameters
    ----------
    places
        Index location; ``name, jurisdiction, jurisdiction_name``; points.
    named
        Ids that have a name already, of what ``by`` says.
    """
    done = set(named)
    for row in places.reset_index().itertuples():
        key, name = (
            (row.jurisdiction, row.jurisdiction_name) if by == "jurisdiction" else (row.location, row.name)
        )
        if key in done:
            continue
        done.add(key)
        text = drawable(name, instead=key, longest=_LONGEST_NAME)
        look = _Name(text, _QUIET_PT * scale, style.QUIET_INK, must=False)
        _write_around(axes, crowd, (row.geometry.x, row.geometry.y), _DOT_PT * scale, look)


def label_units(
    axes: Axes, crowd: Crowd, shapes: gpd.GeoDataFrame, scale: float, *, named: set[str]
) -> None:
    """Write the names of provinces inside them, in small grey capitals, where there is room.

    Parameters
    ----------
    shapes
        ``jurisdiction, name``; polygons in the projection of the picture.
    named
        Names that are there already, as those of cities that are provinces.
    """
    units = shapes[shapes.geom_type.str.endswith("Polygon") & ~shapes["name"].isin(named | {""})]
    for name, shape in zip(units["name"], units.geometry, strict=True):
        text = drawable(name, longest=_LONGEST_NAME).upper()
        size = _text_size(axes, text, _UNIT_PT * scale)
        centres = axes.transData.transform(_points_inside(shape))
        spots = [spot for spot in boxes_at(centres, size) if _holds(axes, shape, spot)]
        if not spots:
            continue
        index, covered = _calmest(crowd, [_padded(spot) for spot in spots])
        if covered <= _MOST_COVERED_BY_UNITS:
            _write(axes, spots[index], text, _UNIT_PT * scale, style.QUIET_INK)
            crowd.add([_padded(spots[index])], 10.0)


def _calmest(crowd: Crowd, spots: list[Box]) -> tuple[int, float]:
    """Return the spot that is little covered and near to the first one, and the share covered."""
    corners = np.array(spots)
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    near = crowd.near((*low, *high))
    area = np.prod(corners[0, 2:] - corners[0, :2])
    covered = np.array([near.cost(spot) for spot in spots]) / area
    away = np.hypot(*(corners[:, :2] - corners[0, :2]).T) / np.hypot(*(high - low))
    index = int((covered + away).argmin())
    return index, float(covered[index])


def _padded(spot: Box) -> Box:
    """Return a box with room around its text."""
    room = 0.25 * (spot[3] - spot[1])
    return spot[0] - room, spot[1] - room, spot[2] + room, spot[3] + room


def _points_inside(shape: BaseGeometry) -> NDArray[np.float64]:
    """Return points of a grid inside a polygon, the one nearest to its middle first."""
    largest = max(getattr(shape, "geoms", [shape]), key=lambda part: part.area)
    west, south, east, north = largest.bounds
    steps = (np.arange(_UNIT_GRID) + 0.5) / _UNIT_GRID
    x, y = (
        axis.ravel() for axis in np.meshgrid(west + steps * (east - west), south + steps * (north - south))
    )
    inside = contains_xy(largest, x, y)
    middle = largest.representative_point()
    grid = np.column_stack([x[inside], y[inside]])
    nearest_first = np.argsort(np.hypot(grid[:, 0] - middle.x, grid[:, 1] - middle.y), kind="stable")
    return np.vstack([[(middle.x, middle.y)], grid[nearest_first]])


def _holds(axes: Axes, shape: BaseGeometry, spot: Box) -> bool:
    """Return whether most of a box (pixels) lies in a polygon, so that nobody reads it as a neighbour's."""
    corners = axes.transData.inverted().transform([spot[:2], spot[2:]])
    area = box(*corners.ravel())
    return bool(shape.intersection(area).area >= _HELD_SHARE * area.area)


@dataclass(frozen=True)
class _Name:
    """A text and its look; one that must be written is written even on top of others."""

    text: str
    size_pt: float
    colour: str
    must: bool


def _write_around(axes: Axes, crowd: Crowd, at: tuple[float, float], radius_pt: float, name: _Name) -> None:
    """Write a name at the best of eight places around a disc, further off where all of them are crowded."""
    x, y = axes.transData.transform(at)
    size = _text_size(axes, name.text, name.size_pt)
    radius, area = radius_pt * axes.figure.dpi / 72, size[0] * size[1]
    spots = boxes_around((float(x), float(y)), radius, size)
    index, cost = crowd.best(spots)
    if cost > _CROWDED * area:
        spots += boxes_around((float(x), float(y)), radius + 0.6 * size[1], size)
        index, cost = crowd.best(spots)
    if name.must or cost <= area:
        _write(axes, spots[index], name.text, name.size_pt, name.colour)
        crowd.add([_padded(spots[index])], 10.0)


def label_lines(axes: Axes, crowd: Crowd, traffic: Traffic, sizes: Sizes) -> None:
    """Write the tonnes on the heaviest lines where there is room, apart from each other."""
    apart_px = traffic.marks_apart_pt * sizes.scale * axes.figure.dpi / 72
    size_pt = _ROUTE_PT * sizes.scale
    written: list[Box] = []
    for mark in traffic.marks(axes, sizes):
        text = f"{style.amount(mark.tonnes_per_year)} t/yr"
        size = _text_size(axes, text, size_pt)
        spots = boxes_at(_beside(axes, mark, size), size)
        index, cost = crowd.best(spots)
        spot = spots[index]
        is_near = any(math.dist(spot[:2], other[:2]) < apart_px for other in written)
        if is_near or cost > _MOST_COVERED * size[0] * size[1]:
            continue
        _write(axes, spot, text, size_pt, mark.colour)
        crowd.add([_padded(spot)], 10.0)
        written.append(spot)
        if len(written) == _N_LABELLED_LINES:
            break


def _beside(axes: Axes, mark: Mark, size: tuple[float, float]) -> list[tuple[float, float]]:
    """Return points beside a line where a label of a size (pixels) does not touch it."""
    spots = []
    for anchor in mark.anchors:
        length = math.hypot(*anchor.along) or 1.0
        across, up = anchor.along[1] / length, -anchor.along[0] / length
        room = abs(across) * size[0] / 2 + abs(up) * size[1] / 2
        away = room + (mark.width_pt / 2 + 1) * axes.figure.dpi / 72
        spots += [(anchor.x + side * away * across, anchor.y + side * away * up) for side in (1, -1)]
    return spots


def _text_size(axes: Axes, text: str, size_pt: float) -> tuple[float, float]:
    probe = axes.text(0, 0, text, fontsize=size_pt, **inert())
    extent = probe.get_window_extent()
    probe.remove()
    return extent.width, extent.height


def _write(axes: Axes, spot: Box, text: str, size_pt: float, colour: str) -> None:
    x, y = axes.transData.inverted().transform(((spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2))
    halo = [patheffects.withStroke(linewidth=0.32 * size_pt, foreground=style.HIGHLIGHT_WHITE)]
    axes.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=size_pt,
        color=colour,
        path_effects=halo,
        zorder=7,
        **inert(),
    )
