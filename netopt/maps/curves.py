"""Routes of a picture as curves between places, where no roads are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.patches import ArrowStyle, ConnectionStyle, FancyArrowPatch

from netopt.maps import style
from netopt.maps.labels import Box, boxes_at
from netopt.maps.layers import route_figures
from netopt.maps.symbols import places_in
from netopt.maps.traffic import Anchor, Mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.offsetbox import DrawingArea

    from netopt.maps.legend import Legend
    from netopt.maps.shipments import MapInput
    from netopt.maps.symbols import Sizes

MOST_ROUTES: Final = 400
_N_LABELLED: Final = 12
FIRST_BEND: Final = 0.13
"""How far a curve leaves the straight line at its middle, relative to its length."""
_NEXT_BEND: Final = 0.075
_HEAD_SHARE: Final = 0.6
_BOX_STEP_PX: Final = 4.0


class CurvedRoutes:
    """The heaviest routes as curves; see ``traffic.Traffic``."""

    what = "Routes: what is hauled"
    how_much = "Routes: how much, t/yr"
    width_power = 1.0
    in_inset = False
    marks_apart_pt = 0.0

    def __init__(self, run: MapInput, crs: str) -> None:
        self._strands = strands(route_figures(run))
        self._places = places_in(run, crs)

    @property
    def most_tonnes_per_year(self) -> float:
        """Tonnes of the widest curve, 0 without curves."""
        return float(self._strands["tonnes_per_year"].max()) if len(self._strands) else 0.0

    @property
    def stages(self) -> set[str]:
        """Stages that are drawn."""
        return set(self._strands["stage"].head(MOST_ROUTES))

    @property
    def omitted(self) -> str:
        """Which routes were too many to draw, in words."""
        if not len(self._strands):
            return "No shipment leaves its place."
        rest = self._strands["tonnes_per_year"].iloc[MOST_ROUTES:]
        if not len(rest):
            return ""
        share = rest.sum() / self._strands["tonnes_per_year"].sum()
        return f"The {len(rest)} lightest routes ({share:.1%} of the tonnes) are not drawn."

    def keys(self, legend: Legend) -> list[tuple[DrawingArea, str]]:  # noqa: ARG002
        """Return no rows: colours and widths say all."""
        return []

    def draw(self, axes: Axes, sizes: Sizes, radii_pt: Mapping[str, float]) -> None:
        """Draw the curves with a head at the destination."""
        draw_routes(axes, self._curves(sizes), radii_pt, sizes.scale)

    def boxes(self, axes: Axes, sizes: Sizes) -> list[Box]:
        """Return boxes along every curve."""
        pixel = axes.figure.dpi / 72
        found: list[Box] = []
        for curve in self._curves(sizes):
            side = max(curve.width_pt, 1.5) * pixel
            count = max(int(curve.length_pt(axes) * pixel // max(side, _BOX_STEP_PX)), 12)
            shares = [(rank + 0.5) / count for rank in range(count)]
            found += boxes_at([curve.point(axes, share) for share in shares], (side, side))
        return found

    def marks(self, axes: Axes, sizes: Sizes) -> list[Mark]:
        """Return what to write on the heaviest curves."""
        heaviest = self._curves(sizes)[:_N_LABELLED]
        return [
            Mark(
                curve.tonnes_per_year, style.STAGE_COLOURS[curve.stage], curve.width_pt, curve.anchors(axes)
            )
            for curve in heaviest
        ]

    def _curves(self, sizes: Sizes) -> list[Curve]:
        return curves_of(self._strands, self._places, sizes)


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

    def length_pt(self, axes: Axes) -> float:
        """Return how far apart its ends are in the picture, points."""
        ends = axes.transData.transform([self.start, self.end])
        return float(math.dist(*ends)) * 72 / axes.figure.dpi

    def anchors(self, axes: Axes) -> list[Anchor]:
        """Return spots for a label, the middle first."""
        spots = []
        for share in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74):
            (x0, y0), (x1, y1) = self.point(axes, share - 0.02), self.point(axes, share + 0.02)
            spots.append(Anchor(*self.point(axes, share), (x1 - x0, y1 - y0)))
        return spots


def strands(routes: pd.DataFrame) -> pd.DataFrame:
    """Return what is drawn as one curve: routes of one stage between two places, heaviest first.

    Returns
    -------
    DataFrame
        ``from_location, to_location, stage, tonnes_per_year``.
    """
    keys = ["from_location", "to_location", "stage"]
    sums = pd.DataFrame(routes.groupby(keys)["tonnes_per_year"].sum().reset_index())
    return sums.sort_values(["tonnes_per_year", *keys], ascending=[False, True, True, True])


def curves_of(drawn: pd.DataFrame, places: gpd.GeoDataFrame, sizes: Sizes) -> list[Curve]:
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
        bend, width_pt = FIRST_BEND + _NEXT_BEND * rank, sizes.width_pt(tonnes)
        result.append(Curve((start.x, start.y), (end.x, end.y), pair[1], bend, width_pt, stage, tonnes))
    return result


def draw_routes(axes: Axes, drawn: list[Curve], radii_pt: Mapping[str, float], scale: float) -> None:
    """Draw the curves with a head at the destination, the heaviest first.

    Parameters
    ----------
    radii_pt
        Radius of the markers at a location, where the head stops short.
    """
    for curve in drawn:
        head = max(2.0 * curve.width_pt, curve.width_pt + 3.2 * scale)
        back_pt, stop_pt = 1.5 * scale, 0.75 * radii_pt.get(curve.to_location, 1.5 * scale)
        length = min(head, _HEAD_SHARE * max(curve.length_pt(axes) - back_pt - stop_pt, 1.0))
        axes.add_patch(
            FancyArrowPatch(
                curve.start,
                curve.end,
                arrowstyle=ArrowStyle.Simple(
                    head_length=length, head_width=head, tail_width=curve.width_pt
                ),
                connectionstyle=ConnectionStyle.Arc3(rad=curve.bend),
                mutation_scale=1,
                shrinkA=back_pt,
                shrinkB=stop_pt,
                facecolor=style.STAGE_COLOURS[curve.stage],
                edgecolor=style.HIGHLIGHT_WHITE,
                linewidth=min(0.35 * scale, 0.14 * curve.width_pt),
                alpha=0.92,
                zorder=3,
            )
        )
