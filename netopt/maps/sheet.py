"""The paper of a picture: areas for map, inset and legend; title and footer."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from netopt.maps import style
from netopt.maps.glyphs import drawable, inert

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DESIGN_INCHES: Final = (11.7, 8.3)
_MARGIN: Final = 0.3
_LEGEND_WIDTH: Final = 2.35
_HEAD: Final = 1.1
_FOOT: Final = 0.62
_INSET: Final = (0.94, 1.18)
_TITLE_PT: Final = 15.0
_SUBTITLE_PT: Final = 8.6
_FOOTER_PT: Final = 6.0
_LETTER_WIDTH_EM: Final = 0.56


class Sheet:
    """A figure of a size; lengths below are inches at design size (A4 landscape), then scaled."""

    def __init__(self, figsize: tuple[float, float], dpi: int) -> None:
        self.figure = Figure(figsize=figsize, dpi=dpi)
        FigureCanvasAgg(self.figure)
        self.scale = min(side / design for side, design in zip(figsize, DESIGN_INCHES, strict=True))
        self.width, self.height = (side / self.scale for side in figsize)

    def map_area(self) -> Axes:
        """Return axes for the map."""
        return self._axes(
            _MARGIN, _FOOT, self.width - _LEGEND_WIDTH - 2.3 * _MARGIN, self.height - _HEAD - _FOOT
        )

    def legend_area(self) -> Axes:
        """Return axes without a frame for the legend."""
        left = self.width - _LEGEND_WIDTH - 0.7 * _MARGIN
        axes = self._axes(left, _FOOT, _LEGEND_WIDTH, self.height - _HEAD - _FOOT)
        axes.set_axis_off()
        return axes

    def inset_area(self, map_area: Axes) -> Axes:
        """Return axes in the lower right corner of the area that the map may fill."""
        spot = map_area.get_position(original=True)
        left = spot.x1 * self.width - _INSET[0]
        return self._axes(left, spot.y0 * self.height, *_INSET)

    def _axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        return self.figure.add_axes(
            (left / self.width, bottom / self.height, width / self.width, height / self.height)
        )

    def head(self, title: str, lines: list[str]) -> None:
        """Write the title and the lines under it."""
        y = self.height - 0.32
        self._line(
            drawable(title, longest=self._letters(_TITLE_PT)), y, _TITLE_PT, style.INK, weight="bold"
        )
        for index, line in enumerate(lines):
            text = drawable(line, longest=self._letters(_SUBTITLE_PT))
            self._line(text, y - 0.3 - 0.19 * index, _SUBTITLE_PT, style.QUIET_INK)

    def foot(self, paragraphs: list[str]) -> None:
        """Write small paragraphs at the foot, wrapped."""
        lines = [
            line
            for paragraph in paragraphs
            for line in textwrap.wrap(drawable(paragraph, longest=600), self._letters(_FOOTER_PT))
        ]
        for index, line in enumerate(lines[:4]):
            self._line(line, 0.43 - 0.105 * index, _FOOTER_PT, style.QUIET_INK)

    def _letters(self, size_pt: float) -> int:
        """Return how many letters of a size fit between the margins."""
        return int((self.width - 2 * _MARGIN) * 72 / (size_pt * _LETTER_WIDTH_EM))

    def _line(self, text: str, y: float, size_pt: float, colour: str, *, weight: str = "normal") -> None:
        look = inert(fontsize=size_pt * self.scale, color=colour, weight=weight)
        self.figure.text(_MARGIN / self.width, y / self.height, text, ha="left", va="center", **look)
