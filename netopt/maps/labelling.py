"""Names of places and tonnes of routes, written where there is room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matplotlib import patheffects

from netopt.maps import style
from netopt.maps.glyphs import drawable, inert
from netopt.maps.labels import Box, Crowd, boxes_around, boxes_at

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from netopt.maps.symbols import Cluster, Curve

_N_LABELLED_ROUTES: Final = 8
_MOST_COVERED: Final = 0.35
_LONGEST_NAME: Final = 22
_PLACE_PT: Final = 6.8
_QUIET_PT: Final = 5.8
_ROUTE_PT: Final = 6.0
_DOT_PT: Final = 1.5


def crowd_of(axes: Axes, groups: list[Cluster], curves: list[Curve]) -> Crowd:
    """Return what labels have to avoid: markers most of all, routes somewhat."""
    extent = axes.get_window_extent()
    crowd = Crowd((extent.x0, extent.y0, extent.x1, extent.y1))
    pixel = axes.figure.dpi / 72
    for cluster in groups:
        x, y = axes.transData.transform(cluster.at)
        for symbol in cluster.symbols:
            radius = symbol.radius_pt * pixel
            middle = (x + symbol.shift_pt[0] * pixel, y + symbol.shift_pt[1] * pixel)
            crowd.add(boxes_at([middle], (2 * radius, 2 * radius))[0], 8.0)
    for curve in curves:
        side = max(curve.width_pt, 1.5) * pixel
        centres = [curve.point(axes, share / 12) for share in range(1, 12)]
        for spot in boxes_at(centres, (side, side)):
            crowd.add(spot, 1.0)
    return crowd


def label_places(axes: Axes, crowd: Crowd, groups: list[Cluster], scale: float, *, by: str) -> set[str]:
    """Write the names of places with facilities and return the ids; idle places in small grey.

    ``by`` is what a place is called: its ``jurisdiction`` (once each) or its ``location``.
    """
    named: set[str] = set()
    for group in groups:
        key = getattr(group, by)
        if key in named:
            continue
        named.add(key)
        name = drawable(getattr(group, f"{by}_name"), instead=key, longest=_LONGEST_NAME)
        is_quiet = all(symbol.status == "closed" for symbol in group.symbols)
        size_pt, colour = (_QUIET_PT, style.QUIET_INK) if is_quiet else (_PLACE_PT, style.INK)
        look = _Name(name, size_pt * scale, colour, must=not is_quiet)
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


@dataclass(frozen=True)
class _Name:
    """A text and its look; one that must be written is written even on top of others."""

    text: str
    size_pt: float
    colour: str
    must: bool


def _write_around(axes: Axes, crowd: Crowd, at: tuple[float, float], radius_pt: float, name: _Name) -> None:
    """Write a name at the best of eight places around a disc."""
    x, y = axes.transData.transform(at)
    size = _text_size(axes, name.text, name.size_pt)
    spots = boxes_around((float(x), float(y)), radius_pt * axes.figure.dpi / 72, size)
    index, cost = crowd.best(spots)
    if name.must or cost <= size[0] * size[1]:
        _write(axes, spots[index], name.text, name.size_pt, name.colour)
        crowd.add(spots[index], 10.0)


def label_routes(axes: Axes, crowd: Crowd, drawn: list[Curve], scale: float) -> None:
    """Write the tonnes on the heaviest routes where there is room."""
    for curve in drawn[:_N_LABELLED_ROUTES]:
        text = f"{style.amount(curve.tonnes_per_year)} t"
        size = _text_size(axes, text, _ROUTE_PT * scale)
        spots = boxes_at(_beside(axes, curve, size), size)
        index, cost = crowd.best(spots)
        if cost > _MOST_COVERED * size[0] * size[1]:
            continue
        _write(axes, spots[index], text, _ROUTE_PT * scale, style.STAGE_COLOURS[curve.stage])
        crowd.add(spots[index], 10.0)


def _beside(axes: Axes, curve: Curve, size: tuple[float, float]) -> list[tuple[float, float]]:
    """Return points beside a curve where a label of a size (pixels) does not touch it."""
    spots = []
    for share in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74):
        x, y = curve.point(axes, share)
        (x0, y0), (x1, y1) = curve.point(axes, share - 0.02), curve.point(axes, share + 0.02)
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        across, up = (y1 - y0) / length, -(x1 - x0) / length
        room = abs(across) * size[0] / 2 + abs(up) * size[1] / 2
        away = room + (curve.width_pt / 2 + 1) * axes.figure.dpi / 72
        spots += [(x + side * away * across, y + side * away * up) for side in (1, -1)]
    return spots


def _text_size(axes: Axes, text: str, size_pt: float) -> tuple[float, float]:
    probe = axes.text(0, 0, text, fontsize=size_pt, **inert())
    extent = probe.get_window_extent()
    probe.remove()
    return extent.width, extent.height


def _write(axes: Axes, box: Box, text: str, size_pt: float, colour: str) -> None:
    x, y = axes.transData.inverted().transform(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
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
