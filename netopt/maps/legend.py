"""The legend of a picture: what every colour, width, shape and size means, in round tonnes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnchoredOffsetbox, DrawingArea, HPacker, TextArea, VPacker
from matplotlib.patches import Polygon, Rectangle

from netopt.maps import style
from netopt.maps.glyphs import drawable, inert
from netopt.maps.shipments import STAGES
from netopt.maps.symbols import Sizes, forced_style, marker_style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from netopt.maps.shipments import MapInput
    from netopt.maps.traffic import Traffic

_HANDLE_PT = (22.0, 9.0)
_LONGEST = 34


class Legend:
    """Sections of rows, packed from the top of a panel."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._sections: list[Artist] = []

    def section(self, title: str, rows: list[tuple[DrawingArea, str]]) -> None:
        """Add a titled section; without rows it is left out."""
        if not rows:
            return
        heading = self._text(title, 7.4, weight="bold", color=style.INK)
        lines = [
            HPacker(children=[handle, self._text(text, 7.0)], pad=0, sep=5 * self._scale, align="center")
            for handle, text in rows
        ]
        self._sections.append(
            VPacker(children=[heading, *lines], pad=0, sep=2.6 * self._scale, align="left")
        )

    def draw(self, axes: Axes) -> None:
        """Place the sections in the upper left corner of axes; nothing without sections."""
        if not self._sections:
            return
        packed = VPacker(children=self._sections, pad=0, sep=9 * self._scale, align="left")
        axes.add_artist(AnchoredOffsetbox("upper left", child=packed, pad=0, borderpad=0, frameon=False))

    def _text(self, text: str, size_pt: float, **properties: Any) -> TextArea:
        look = inert(fontsize=size_pt * self._scale, color=style.INK) | properties
        return TextArea(drawable(text, longest=_LONGEST), textprops=look)

    def area(self) -> tuple[DrawingArea, float, float]:
        """Return an empty handle with its width and height in points."""
        width, height = (side * self._scale for side in _HANDLE_PT)
        return DrawingArea(width, height, 0, 0), width, height

    def swatch(self, colour: str) -> DrawingArea:
        """Return a filled rectangle."""
        area, width, height = self.area()
        edge = "#c3cad0"
        area.add_artist(Rectangle((0, 0), width, height, facecolor=colour, edgecolor=edge, linewidth=0.5))
        return area

    def line(self, colour: str, width_pt: float) -> DrawingArea:
        """Return a line of a width."""
        area, width, height = self.area()
        middle = [height / 2, height / 2]
        line = Line2D([0, width], middle, color=colour, linewidth=width_pt, solid_capstyle="butt")
        area.add_artist(line)
        return area

    def dashes(self, colour: str) -> DrawingArea:
        """Return a thin dashed line."""
        area, width, height = self.area()
        middle = [height / 2, height / 2]
        line = Line2D([0, width], middle, color=colour, linewidth=1.2 * self._scale, linestyle="--")
        area.add_artist(line)
        return area

    def bands(self, colours: list[str]) -> DrawingArea:
        """Return a line with a band in it for each colour, the first outside."""
        area, width, height = self.area()
        for rank, colour in enumerate(colours):
            share = 1 - rank / len(colours)
            middle = [height / 2, height / 2]
            line = Line2D([0, width], middle, color=colour, linewidth=6 * share * self._scale)
            line.set_solid_capstyle("butt")
            area.add_artist(line)
        return area

    def arrow(self) -> DrawingArea:
        """Return a small arrow on a line."""
        area, width, height = self.area()
        middle = [height / 2, height / 2]
        line = Line2D([0, width], middle, color=style.QUIET_INK, linewidth=3 * self._scale)
        line.set_solid_capstyle("butt")
        area.add_artist(line)
        x, y, size = width / 2, height / 2, 4.0 * self._scale
        points = [(x + size / 2, y), (x - size / 2, y + 0.42 * size), (x - size / 2, y - 0.42 * size)]
        arrow = Polygon(points, facecolor=style.HIGHLIGHT_WHITE)
        arrow.set(edgecolor=style.INK, linewidth=0.35 * self._scale)
        area.add_artist(arrow)
        return area

    def marker(self, marker: str, colour: str, status: str, radius_pt: float) -> DrawingArea:
        """Return a facility's symbol."""
        area, width, height = self.area()
        look = marker_style(marker, colour, status, radius_pt)
        area.add_artist(Line2D([width / 2], [height / 2], **look))
        return area

    def forced(self, state: str, radius_pt: float) -> DrawingArea:
        """Return the mark of a site that the policy forces open or closed."""
        area, width, height = self.area()
        if state == "open":
            look = marker_style("o", style.QUIET_INK, "new", radius_pt)
            area.add_artist(Line2D([width / 2], [height / 2], **look))
        area.add_artist(Line2D([width / 2], [height / 2], **forced_style(state, radius_pt)))
        return area


def add_traffic(legend: Legend, run: MapInput, traffic: Traffic, sizes: Sizes) -> None:
    """Add the colours and widths of the lines that are drawn."""
    stages = [stage for stage in STAGES if stage in traffic.stages]
    titles = style.stage_names(run.instance, stages)
    rows = [(legend.line(style.STAGE_COLOURS[stage], 3 * sizes.scale), titles[stage]) for stage in stages]
    legend.section(traffic.what, [*rows, *traffic.keys(legend)])
    widths = style.size_figures(sizes.most_moved)
    legend.section(
        traffic.how_much,
        [(legend.line(style.QUIET_INK, sizes.width_pt(tonnes)), style.amount(tonnes)) for tonnes in widths],
    )


def add_facilities(
    legend: Legend, run: MapInput, types: list[str], statuses: list[str], forced: list[str], sizes: Sizes
) -> None:
    """Add shapes, states and sizes of the facilities that are drawn, and what the policy forces."""
    shapes, colours = style.markers(run.instance), style.facility_colours(run.instance)
    names = run.instance["facility_types"].set_index("facility_type")["name"]
    radius = 3.6 * sizes.scale
    legend.section(
        "Facilities",
        [
            (legend.marker(shapes[name], colours[name], "new", radius), drawable(names[name], instead=name))
            for name in types
        ],
    )
    legend.section(
        "Facilities: state",
        [
            (legend.marker("o", style.QUIET_INK, status, radius), style.STATUS_TITLES[status])
            for status in statuses
        ],
    )
    legend.section(
        "Sites: forced by the policy",
        [(legend.forced(state, 0.7 * radius), f"Forced {state}") for state in forced],
    )
    legend.section(
        "Facilities: capacity in use, t/yr",
        [
            (
                legend.marker("o", style.QUIET_INK, "new", sizes.radius_pt(tonnes)),
                style.amount(tonnes),
            )
            for tonnes in style.size_figures(sizes.most_capacity)
        ],
    )
