"""The Bokeh figures of the browser map: empty glyphs that the page's script fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bokeh.core.properties import value
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    CustomJS,
    HoverTool,
    MultiLine,
    MultiPolygons,
    PanTool,
    Range1d,
    ResetTool,
    SaveTool,
    Scatter,
    Text,
    WheelZoomTool,
)
from bokeh.models.annotations.dimensional import MetricLength
from bokeh.models.annotations.legends import ScaleBar
from bokeh.plotting import figure

from netopt.maps import ground, style
from netopt.maps.browser.content import UNIT_M
from netopt.maps.text import plain

if TYPE_CHECKING:
    import geopandas as gpd
    from bokeh.model import Model
    from bokeh.models.renderers.glyph_renderer import GlyphRenderer

    from netopt.maps.basemap import BaseMap

SIDES: Final = ("left", "right")
_TIP_COLUMNS: Final = ("head", "line_1", "line_2", "line_3", "line_4")
_TIP: Final = f"""<div class="netopt-tip">{"".join(f"<div>@{name}</div>" for name in _TIP_COLUMNS)}</div>"""
_CLOSEST_M: Final = 20_000.0
_ON_ZOOM: Final = "window.netoptMap?.zoomed()"
_NO_FIGURE_EDGE: Final = "#d4d9dd"
_FONT: Final = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"


@dataclass(frozen=True)
class Panel:
    """One map: its sources by what they hold, its figure, and its inset where there is one."""

    main: figure
    inset: figure | None

    def models(self) -> list[Model]:
        """Return the figures that go into the page."""
        return [self.main, *([self.inset] if self.inset is not None else [])]


def panels(n: int, frame: ground.Frame, base_map: BaseMap | None) -> list[Panel]:
    """Return maps that move together, named after ``SIDES``.

    Every source is called ``<side>_<what>``, what is ``provinces, casing, bands, arrows, stretches``
    (wide, unseen: what the pointer finds), ``sources, facilities, cores, forced, labels``.

    Parameters
    ----------
    n
        1 or 2.
    """
    ratio = frame.width / frame.height
    x_range = Range1d(
        start=frame.west, end=frame.east, min_interval=_CLOSEST_M * ratio, max_interval=2 * frame.width
    )
    y_range = Range1d(
        start=frame.south, end=frame.north, min_interval=_CLOSEST_M, max_interval=2 * frame.height
    )
    for each in (x_range, y_range):
        each.js_on_change("end", CustomJS(code=_ON_ZOOM))
    shapes = None if base_map is None else base_map.boundaries.to_crs(base_map.crs)
    return [_panel(side, frame, (x_range, y_range), base_map, shapes) for side in SIDES[:n]]


def _panel(
    side: str,
    frame: ground.Frame,
    ranges: tuple[Range1d, Range1d],
    base_map: BaseMap | None,
    shapes: gpd.GeoDataFrame | None,
) -> Panel:
    sources = _sources(side, shapes)
    main = _plot(f"{side}_map", ranges, frame.width / frame.height)
    main.sizing_mode = "stretch_width"
    tools = _tools()
    main.add_tools(*tools)
    main.toolbar.active_scroll = tools[1]
    main.toolbar.logo = None
    main.toolbar.autohide = True
    main.toolbar_location, main.toolbar_inner = "above", True
    _draw(main, sources, shapes)
    main.add_layout(_scale_bar(ranges[0]))
    inset = None
    if base_map is not None and base_map.inset_deg is not None and shapes is not None:
        inset = _inset(side, base_map, sources, shapes)
    return Panel(main, inset)


def _plot(name: str, ranges: tuple[Range1d, Range1d], ratio: float) -> figure:
    plot = figure(
        name=name,
        x_range=ranges[0],
        y_range=ranges[1],
        aspect_ratio=ratio,
        tools="",
        toolbar_location=None,
        min_border=0,
        outline_line_color="#c3cad0",
        background_fill_color="#fbfcfc",
        output_backend="canvas",
    )
    plot.axis.visible = False
    plot.grid.visible = False
    return plot


def _tools() -> list[Any]:
    return [PanTool(), WheelZoomTool(), BoxZoomTool(match_aspect=True), ResetTool(), SaveTool()]


def _sources(side: str, shapes: gpd.GeoDataFrame | None) -> dict[str, ColumnDataSource]:
    columns = {
        "provinces": ("unit", "name", "name_zh", "xs", "ys", "fill", "edge", *_TIP_COLUMNS),
        "casing": ("xs", "ys", "width"),
        "bands": ("xs", "ys", "width", "colour"),
        "arrows": ("x", "y", "size", "angle"),
        "stretches": ("xs", "ys", "width", *_TIP_COLUMNS),
        "sources": ("x", "y"),
        "facilities": ("x", "y", "size", "marker", "fill", "edge", "edge_width", *_TIP_COLUMNS),
        "cores": ("x", "y", "size", "marker", "fill"),
        "forced": ("x", "y", "size", "marker"),
        "labels": ("x", "y", "text", "dx", "dy", "align", "size", "colour", "style"),
    }
    sources = {
        what: ColumnDataSource({name: [] for name in names}, name=f"{side}_{what}")
        for what, names in columns.items()
    }
    if shapes is not None:
        sources["provinces"].data = _province_columns(shapes)
    return sources


def _province_columns(shapes: gpd.GeoDataFrame) -> dict[str, Any]:
    areas = shapes[shapes.geom_type.str.endswith("Polygon")]
    rings = [_rings(shape) for shape in areas.geometry]
    blank = [""] * len(areas)
    return {
        "unit": list(areas["jurisdiction"]),
        "name": [plain(name) for name in areas["name"]],
        "name_zh": [plain(name) for name in areas["name_zh"]],
        "xs": [[[ring[0] for ring in polygon] for polygon in shape] for shape in rings],
        "ys": [[[ring[1] for ring in polygon] for polygon in shape] for shape in rings],
        "fill": [style.NO_FIGURE_COLOUR] * len(areas),
        "edge": [_NO_FIGURE_EDGE] * len(areas),
        **dict.fromkeys(_TIP_COLUMNS, blank),
    }


def _rings(shape: Any) -> list[list[tuple[list[int], list[int]]]]:
    """Return the rings of each polygon of a shape, the outer one first, whole metres."""
    polygons = getattr(shape, "geoms", [shape])
    return [[_line(ring) for ring in (polygon.exterior, *polygon.interiors)] for polygon in polygons]


def _line(ring: Any) -> tuple[list[int], list[int]]:
    xs, ys = zip(*ring.coords, strict=True)
    return tuple([round(value / UNIT_M) * UNIT_M for value in axis] for axis in (xs, ys))  # type: ignore[return-value]


def _draw(plot: figure, sources: dict[str, ColumnDataSource], shapes: gpd.GeoDataFrame | None) -> None:
    """Add the glyphs from the ground up, and what the pointer says of them."""
    found: list[tuple[GlyphRenderer[Any], str]] = []
    if shapes is not None:
        areas = MultiPolygons(xs="xs", ys="ys", fill_color="fill", line_color="edge", line_width=0.8)
        found.append((plot.add_glyph(sources["provinces"], areas), "follow_mouse"))
        _draw_lines_of(plot, shapes)
    _draw_traffic(plot, sources)
    wide = MultiLine(xs="xs", ys="ys", line_width="width", line_alpha=0)
    found.append((plot.add_glyph(sources["stretches"], wide), "follow_mouse"))
    found.append((_draw_facilities(plot, sources), "snap_to_data"))
    for renderer, policy in reversed(found):
        hover = HoverTool(renderers=[renderer], tooltips=_TIP, point_policy=policy, limit=3)
        hover.visible = False
        plot.add_tools(hover)
    plot.add_glyph(
        sources["labels"],
        Text(
            x="x",
            y="y",
            text="text",
            x_offset="dx",
            y_offset="dy",
            text_align="align",
            text_baseline="middle",
            text_font=value(_FONT),
            text_font_size="size",
            text_font_style="style",
            text_color="colour",
            text_outline_color=None,
            background_fill_color="white",
            background_fill_alpha=0.72,
        ),
    )


def _draw_lines_of(plot: figure, shapes: gpd.GeoDataFrame) -> None:
    """Draw what a base map has beside polygons, as it is."""
    lines = [
        _line(part)
        for shape in shapes[~shapes.geom_type.str.endswith("Polygon")].geometry
        for part in getattr(shape, "geoms", [shape])
    ]
    if lines:
        source = ColumnDataSource({"xs": [line[0] for line in lines], "ys": [line[1] for line in lines]})
        plot.add_glyph(source, MultiLine(xs="xs", ys="ys", line_color=style.QUIET_INK, line_width=0.8))


def _draw_traffic(plot: figure, sources: dict[str, ColumnDataSource]) -> None:
    casing = MultiLine(xs="xs", ys="ys", line_width="width", line_color="white", line_cap="round")
    casing.line_join = "round"
    bands = MultiLine(xs="xs", ys="ys", line_width="width", line_color="colour", line_cap="round")
    bands.line_join = "round"
    plot.add_glyph(sources["casing"], casing)
    plot.add_glyph(sources["bands"], bands)
    arrows = Scatter(x="x", y="y", size="size", angle="angle", marker="triangle")
    arrows.update(fill_color="white", line_color=style.INK, line_width=0.5)
    plot.add_glyph(sources["arrows"], arrows)


def _draw_facilities(plot: figure, sources: dict[str, ColumnDataSource]) -> GlyphRenderer[Any]:
    dots = Scatter(x="x", y="y", size=3.2, marker="circle", fill_color=style.QUIET_INK, line_color=None)
    plot.add_glyph(sources["sources"], dots)
    symbols = Scatter(x="x", y="y", size="size", marker="marker", fill_color="fill", line_color="edge")
    symbols.line_width = "edge_width"
    renderer = plot.add_glyph(sources["facilities"], symbols)
    cores = Scatter(x="x", y="y", size="size", marker="marker", fill_color="fill", line_color=None)
    plot.add_glyph(sources["cores"], cores)
    forced = Scatter(x="x", y="y", size="size", marker="marker", fill_color=None, line_color=style.INK)
    forced.line_width = 1.4
    plot.add_glyph(sources["forced"], forced)
    return renderer


def _scale_bar(x_range: Range1d) -> ScaleBar:
    return ScaleBar(
        range=x_range,
        unit="m",
        dimensional=MetricLength(exclude=["dm", "cm", "mm", "µm", "nm"]),
        orientation="horizontal",
        location="bottom_left",
        length_sizing="adaptive",
        bar_length=0.16,
        label="@{value} @{unit}",
        border_line_color=None,
        background_fill_alpha=0.75,
        label_text_font_size="11px",
        name="scale_bar",
    )


def _inset(
    side: str, base_map: BaseMap, sources: dict[str, ColumnDataSource], shapes: gpd.GeoDataFrame
) -> figure:
    """Return the South China Sea as a small map; what is too small to see there is a dot."""
    frame = ground.inset_frame(base_map)
    ranges = Range1d(start=frame.west, end=frame.east), Range1d(start=frame.south, end=frame.north)
    plot = _plot(f"{side}_inset", ranges, frame.width / frame.height)
    plot.sizing_mode = "stretch_width"
    plot.background_fill_color = "white"
    plot.outline_line_color = style.QUIET_INK
    areas = MultiPolygons(xs="xs", ys="ys", fill_color="fill", line_color="edge", line_width=0.5)
    plot.add_glyph(sources["provinces"], areas)
    _draw_lines_of(plot, shapes)
    dots = ground.small_islands(base_map, shapes)
    at = ColumnDataSource({"x": dots.x.round(), "y": dots.y.round()})
    marks = Scatter(x="x", y="y", size=1.8, marker="circle", fill_color=style.QUIET_INK, line_color=None)
    plot.add_glyph(at, marks)
    return plot
