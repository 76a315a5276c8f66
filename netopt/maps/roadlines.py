"""Flows on roads in a picture: lines as wide as the tonnes, in them a band for every stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from shapely import get_coordinates

from netopt.maps import style
from netopt.maps.labels import Box, boxes_at
from netopt.maps.roadflows import STAGE_COLUMNS, road_flows
from netopt.maps.traffic import Anchor, Mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.offsetbox import DrawingArea
    from numpy.typing import NDArray

    from netopt.maps.legend import Legend
    from netopt.maps.shipments import MapInput
    from netopt.maps.symbols import Sizes

_CASING_PT: Final = 0.6
_BOX_STEP_PX: Final = 6.0
_MARKED_SHARE: Final = 0.1
_ARROWS_APART_PT: Final = 30.0
_ARROW_ON_PT: Final = 1.2
_ONE_WAY_SHARE: Final = 0.67
_LONG_DASHES_SHARE: Final = 0.02
_DASHES: Final = (2.0, 1.5)


class RoadLines:
    """Flows on roads; see ``traffic.Traffic``.

    The width of a line grows with the square root of what moves in all: tonnes on roads run over
    four powers of ten. Bands in it are the stages' shares, the first leg outside. All first bands
    are drawn before all second ones, so that the core of a heavy road runs through what crosses it.
    What is no road (the way to the nearest one) is dashed.
    """

    what = "Roads: what is hauled"
    how_much = "Roads: how much, t/yr, both ways"
    omitted = ""
    width_power = 0.5
    in_inset = True
    marks_apart_pt = 45.0

    def __init__(self, run: MapInput, crs: str) -> None:
        flows = road_flows(run).to_crs(crs)
        self._parts = flows.explode(ignore_index=True)
        self._is_road = (self._parts["kind"] == "road").to_numpy()
        self._lines = [get_coordinates(line) for line in self._parts.geometry]

    @property
    def most_tonnes_per_year(self) -> float:
        """Tonnes of the widest line, 0 without lines."""
        return float(self._parts["tonnes_per_year"].max()) if len(self._parts) else 0.0

    @property
    def stages(self) -> set[str]:
        """Stages that are drawn."""
        return {stage for stage, column in STAGE_COLUMNS.items() if (self._parts[column] > 0).any()}

    def keys(self, legend: Legend) -> list[tuple[DrawingArea, str]]:
        """Return what bands, arrows and dashes mean, where they are drawn."""
        inner = [stage for stage in list(STAGE_COLUMNS)[1:] if stage in self.stages][:1]
        colours = [style.STAGE_COLOURS[stage] for stage in ("first_leg", *inner)]
        rows = [(legend.bands(colours), "Bands: shares of what moves")] if inner else []
        if len(self._parts):
            rows.append((legend.arrow(), "Most of it goes this way"))
        if self._has_long_dashes():
            rows.append((legend.dashes(style.STAGE_COLOURS["first_leg"]), "Way to the nearest road"))
        return rows

    def draw(self, axes: Axes, sizes: Sizes, radii_pt: Mapping[str, float]) -> None:  # noqa: ARG002
        """Draw the lines, heavy ones on top, and arrows on the heavy ones."""
        widths, shares = self._widths_pt(sizes), shares_from(self._parts)
        self._add(axes, self._is_road, widths + _CASING_PT * sizes.scale, style.HIGHLIGHT_WHITE, 2.9)
        for rank, stage in enumerate(STAGE_COLUMNS):
            shown = shares[:, rank] > 0
            colour, zorder = style.STAGE_COLOURS[stage], 3 + 0.01 * rank
            for rows, dashes in ((shown & self._is_road, None), (shown & ~self._is_road, _DASHES)):
                self._add(axes, rows, widths * shares[:, rank], colour, zorder, dashes=dashes)
        self._add_arrows(axes, widths, sizes.scale)

    def _add(
        self,
        axes: Axes,
        rows: NDArray[np.bool_],
        widths_pt: NDArray[np.float64],
        colour: str,
        zorder: float,
        *,
        dashes: tuple[float, float] | None = None,
    ) -> None:
        """Draw some rows, the heaviest last."""
        if not rows.any():
            return
        order = np.flatnonzero(rows)[::-1]
        lines = LineCollection([self._lines[row] for row in order], linewidths=widths_pt[order])
        lines.set(color=colour, zorder=zorder, capstyle="butt" if dashes else "round", joinstyle="round")
        if dashes:
            lines.set_linestyle((0, dashes))
        axes.add_collection(lines, autolim=False)

    def _add_arrows(self, axes: Axes, widths_pt: NDArray[np.float64], scale: float) -> None:
        """Draw small arrows where far more moves one way than the other."""
        onward = (self._parts["onward_tonnes_per_year"] / self._parts["tonnes_per_year"]).to_numpy()
        one_way = np.maximum(onward, 1 - onward) >= _ONE_WAY_SHARE
        wide = widths_pt >= _ARROW_ON_PT * scale
        long = self._lengths_pt(axes) >= _ARROW_ON_PT * scale
        pixel = axes.figure.dpi / 72
        arrows = []
        for row in self._apart(
            axes, self._is_road & one_way & wide & long, _ARROWS_APART_PT * scale * pixel
        ):
            ends = axes.transData.transform(self._lines[row])[[0, -1]]
            ends = ends if onward[row] > 0.5 else ends[::-1]
            arrow = _arrow(ends, (0.75 * widths_pt[row] + 1.6 * scale) * pixel)
            arrows.append(axes.transData.inverted().transform(arrow))
        drawn = PolyCollection(arrows, facecolor=style.HIGHLIGHT_WHITE, zorder=3.5)
        drawn.set(edgecolor=style.INK, linewidth=0.35 * scale, joinstyle="round")
        axes.add_collection(drawn, autolim=False)

    def _apart(self, axes: Axes, rows: NDArray[np.bool_], apart_px: float) -> list[int]:
        """Return some of the rows, the heaviest first, whose middles are apart from each other."""
        chosen: list[int] = []
        middles = np.empty((0, 2))
        for row in np.flatnonzero(rows):
            middle = axes.transData.transform(self._lines[row])[[0, -1]].mean(axis=0)
            if (np.hypot(*(middles - middle).T) > apart_px).all():
                chosen.append(int(row))
                middles = np.vstack([middles, middle])
        return chosen

    def _lengths_pt(self, axes: Axes) -> NDArray[np.float64]:
        ends = np.array([line[[0, -1]] for line in self._lines]).reshape(-1, 2)
        pixels = axes.transData.transform(ends).reshape(-1, 2, 2)
        return np.asarray(np.hypot(*(pixels[:, 1] - pixels[:, 0]).T) * 72 / axes.figure.dpi)

    def boxes(self, axes: Axes, sizes: Sizes) -> list[Box]:
        """Return boxes along every line."""
        pixel = axes.figure.dpi / 72
        found: list[Box] = []
        for line, width_pt in zip(self._lines, self._widths_pt(sizes), strict=True):
            side = max(float(width_pt), 1.5) * pixel
            found += boxes_at(
                _spaced(axes.transData.transform(line), max(side, _BOX_STEP_PX)), (side, side)
            )
        return found

    def marks(self, axes: Axes, sizes: Sizes) -> list[Mark]:
        """Return what to write on heavy roads, the heaviest first."""
        tonnes = self._parts["tonnes_per_year"].to_numpy()
        heavy = tonnes >= _MARKED_SHARE * self.most_tonnes_per_year
        long = self._lengths_pt(axes) >= _ARROW_ON_PT * sizes.scale
        found = []
        for row in np.flatnonzero(self._is_road & heavy & long):
            start, end = axes.transData.transform(self._lines[row])[[0, -1]]
            x, y = (start + end) / 2
            anchor = Anchor(float(x), float(y), (float(end[0] - start[0]), float(end[1] - start[1])))
            found.append(Mark(float(tonnes[row]), style.INK, sizes.width_pt(tonnes[row]), [anchor]))
        return found

    def _has_long_dashes(self) -> bool:
        """Return whether dashes are long enough to be seen as such in the picture."""
        if not len(self._parts):
            return False
        west, south, east, north = self._parts.total_bounds
        off_road_m = self._parts.length[self._parts["kind"] != "road"]
        return bool((off_road_m > _LONG_DASHES_SHARE * max(east - west, north - south)).any())

    def _widths_pt(self, sizes: Sizes) -> NDArray[np.float64]:
        return np.array([sizes.width_pt(tonnes) for tonnes in self._parts["tonnes_per_year"]])


def _arrow(ends: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """Return a triangle in the middle of a line, pointing to its end; all in pixels."""
    along = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    across = np.array([-along[1], along[0]])
    middle = ends.mean(axis=0)
    back = middle - 0.5 * size * along
    return np.array([middle + 0.5 * size * along, back + 0.42 * size * across, back - 0.42 * size * across])


def _spaced(line: NDArray[np.float64], step: float) -> list[tuple[float, float]]:
    """Return points on a line, about a step apart."""
    start, end = line[0], line[-1]
    count = max(int(np.hypot(*(end - start)) // step), 1)
    return [
        (float(x), float(y))
        for x, y in (start + (end - start) * (index + 0.5) / count for index in range(count))
    ]


def shares_from(flows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the share of the tonnes that is of a stage (column) or a later one, by row."""
    tonnes = flows[list(STAGE_COLUMNS.values())].to_numpy(dtype=float)
    from_stage = np.cumsum(tonnes[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(from_stage / from_stage[:, :1])
