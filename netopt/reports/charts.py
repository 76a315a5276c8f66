"""Charts of a report's tables, drawn by Bokeh: no request, no toolbar, no figure beyond the table's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, NumeralTickFormatter
from bokeh.plotting import figure

from netopt.reports import look
from netopt.reports.content import ChartKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netopt.reports.content import Chart, Table

ROW_PX: Final = 21
LONGEST_LABEL: Final = 26
LONGEST_LEGEND: Final = 44
LARGEST_WIDTH_PX: Final = 700
"""As wide as a printed A4 page."""


def draw(chart: Chart, table: Table) -> Any:
    """Return a chart of a table as a Bokeh model."""
    drawers: dict[ChartKind, Callable[[Chart, Table], Any]] = {
        ChartKind.BAND: _band,
        ChartKind.WATERFALL: _waterfall,
        ChartKind.BARS: _bars,
        ChartKind.HEAT: _heat,
        ChartKind.STACK: _stack,
    }
    return drawers[chart.kind](chart, table)


def is_drawable(chart: Chart, table: Table) -> bool:
    """Return whether there is anything to see: a row, and any figure that is not zero."""
    values = table.frame[list(chart.drawn)]
    return bool(len(values)) and bool((values.fillna(0.0).abs() > 0).any(axis=None))


def inert(label: object, longest: int = LONGEST_LABEL) -> str:
    r"""Return a label that Bokeh draws as it is: not as TeX, and not longer than there is room for.

    Examples
    --------
    >>> inert("$$x$$"), inert("Hydrometallurgical recycler, Guangdong")
    ('$ $x$ $', 'Hydrometallurgical recycl…')
    """
    said = str(label)
    for mark in ("$$", "\\(", "\\["):
        said = said.replace(mark, f"{mark[0]} {mark[1]}")
    return said if len(said) <= longest else said[: longest - 1].rstrip() + "…"


def _plot(height: int, **more: Any) -> Any:
    """Return an empty, quiet plot as wide as its place."""
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        max_width=LARGEST_WIDTH_PX,
        toolbar_location=None,
        tools="",
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        **more,
    )
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.axis_line_color = None
        axis.major_tick_line_color = None
        axis.minor_tick_line_color = None
        axis.major_label_text_font = look.FONT
        axis.major_label_text_font_size = "12px"
        axis.major_label_text_color = look.INK
        axis.axis_label_text_font = look.FONT
        axis.axis_label_text_font_size = "12px"
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_color = look.QUIET_INK
    plot.grid.grid_line_color = look.RULE
    plot.min_border_right = 16
    return plot


def _with_rows(plot: Any, labels: Sequence[object]) -> None:
    """Name the rows of a plot, the first at the top."""
    plot.y_range.start, plot.y_range.end = len(labels) - 0.4, -0.6
    plot.yaxis.ticker = FixedTicker(ticks=list(range(len(labels))))
    plot.yaxis.major_label_overrides = {rank: inert(label) for rank, label in enumerate(labels)}
    plot.ygrid.grid_line_color = None


def _amounts_below(plot: Any, table: Table, name: str) -> None:
    column = table.column(name)
    plot.xaxis.axis_label = column.unit
    plot.xaxis[0].ticker.desired_num_ticks = 4
    plot.xaxis.formatter = NumeralTickFormatter(format="0,0.[000000]")
    plot.vspan(x=[0], line_color=look.QUIET_INK, line_width=1)


def _waterfall(chart: Chart, table: Table) -> Any:
    """Draw parts of a difference one after the other, and their sum last."""
    (value,) = chart.drawn
    column = table.column(value)
    parts = table.frame.head(len(table.frame) - table.n_totals)
    parts = parts[parts[value].abs() > parts[value].abs().max() * 1e-6]
    ends = parts[value].cumsum()
    total = table.frame.tail(table.n_totals)
    source = ColumnDataSource(
        {
            "row": list(range(len(parts) + len(total))),
            "left": [*(ends - parts[value]), *(0.0 for _ in range(len(total)))],
            "right": [*ends, *total[value]],
            "colour": [*(_colour(each) for each in parts[value]), *(look.SUM for _ in range(len(total)))],
            "said": [inert(each) for each in (*parts[chart.label], *total[chart.label])],
            "amount": [column.shown(each) for each in (*parts[value], *total[value])],
        }
    )
    plot = _plot(ROW_PX * (len(parts) + len(total)) + 70)
    bars = plot.hbar(y="row", left="left", right="right", height=0.62, color="colour", source=source)
    _with_rows(plot, [*parts[chart.label], *total[chart.label]])
    _amounts_below(plot, table, value)
    _hover(plot, [bars], [("", "@said"), ("", "@amount")])
    return plot


def _bars(chart: Chart, table: Table) -> Any:
    """Draw signed bars, losses to the right."""
    (value,) = chart.drawn
    column = table.column(value)
    rows = table.frame.head(len(table.frame) - table.n_totals)
    source = ColumnDataSource(
        {
            "row": list(range(len(rows))),
            "value": rows[value],
            "colour": [_colour(each) for each in rows[value]],
            "said": [inert(each) for each in rows[chart.label]],
            "amount": [column.shown(each) for each in rows[value]],
        }
    )
    plot = _plot(ROW_PX * len(rows) + 70)
    bars = plot.hbar(y="row", left=0, right="value", height=0.62, color="colour", source=source)
    _with_rows(plot, list(rows[chart.label]))
    _amounts_below(plot, table, value)
    _hover(plot, [bars], [("", "@said"), ("", "@amount")])
    return plot


def _colour(value: float) -> str:
    return look.LOSS if value > 0 else look.GAIN


def _band(chart: Chart, table: Table) -> Any:
    """Draw the band between lower and upper bounds over a number, one colour per group."""
    low, high = chart.drawn
    x = table.column(chart.x)
    plot = _plot(330)
    for rank, (name, own) in enumerate(table.frame.groupby(chart.group, sort=False)):
        rows = own.sort_values(chart.x)
        colour = look.SERIES[rank % len(look.SERIES)]
        source = ColumnDataSource(
            {
                "x": rows[chart.x],
                "low": rows[low],
                "high": rows[high],
                "said": [inert(name)] * len(rows),
                "low_shown": [table.column(low).shown(each) for each in rows[low]],
                "high_shown": [table.column(high).shown(each) for each in rows[high]],
            }
        )
        plot.varea("x", "low", "high", source=source, color=colour, alpha=0.25)
        plot.line("x", "low", source=source, color=colour, line_width=1.5)
        plot.line("x", "high", source=source, color=colour, line_width=1.5, legend_label=inert(name))
        points = plot.scatter("x", "high", source=source, color=colour, size=6)
        _hover(plot, [points], [("", "@said"), ("", "@low_shown … @high_shown")])
    plot.yaxis.formatter = NumeralTickFormatter(format="0,0.[000000]")
    plot.yaxis.axis_label = table.column(low).unit
    plot.xaxis.axis_label = x.title
    plot.xgrid.grid_line_color = None
    plot.y_range.start = min(0.0, float(table.frame[low].min()) * 1.05)
    _quiet_legend(plot, "top_left")
    return plot


def _stack(chart: Chart, table: Table) -> Any:
    """Draw shares of one hundred, one bar per row."""
    rows = table.frame
    plot = _plot(34 * len(rows) + 130, x_range=(0, 100))
    start = pd.Series(0.0, index=rows.index)
    for name, colour in zip(chart.drawn, look.PARTS, strict=True):
        column = table.column(name)
        end = start + rows[name].fillna(0.0)
        source = ColumnDataSource(
            {
                "row": list(range(len(rows))),
                "left": start,
                "right": end,
                "said": [inert(column.title)] * len(rows),
                "amount": [f"{column.shown(each)} %" for each in rows[name]],
            }
        )
        bars = plot.hbar(
            y="row",
            left="left",
            right="right",
            height=0.62,
            color=colour,
            source=source,
            legend_label=inert(column.title, LONGEST_LEGEND),
        )
        _hover(plot, [bars], [("", "@said"), ("", "@amount")])
        start = end
    _with_rows(plot, list(rows[chart.label]))
    plot.xaxis.axis_label = table.column(chart.drawn[0]).unit
    _quiet_legend(plot, None)
    return plot


def _heat(chart: Chart, table: Table) -> Any:
    """Draw a square for each pair, the darker the more; the scale is a square root."""
    (value,) = chart.drawn
    rows = table.frame
    order = chart.order
    position = {name: rank for rank, name in enumerate(order)}
    largest = float(rows[value].max())
    column = table.column(value)
    source = ColumnDataSource(
        {
            "x": [position[each] for each in rows[chart.x]],
            "y": [position[each] for each in rows[chart.label]],
            "colour": [_shade(each / largest) for each in rows[value]],
            "start": [inert(each) for each in rows[chart.label]],
            "end": [inert(each) for each in rows[chart.x]],
            "amount": [f"{column.shown(each)} {column.unit}" for each in rows[value]],
        }
    )
    plot = _plot(16 * len(order) + 150, x_range=(-0.6, len(order) - 0.4), min_width=520)
    squares = plot.rect("x", "y", 0.92, 0.92, source=source, color="colour")
    _with_rows(plot, order)
    plot.xaxis.ticker = FixedTicker(ticks=list(range(len(order))))
    plot.xaxis.major_label_overrides = {rank: inert(name) for rank, name in enumerate(order)}
    plot.xaxis.major_label_orientation = math.pi / 3
    plot.xaxis.axis_label = table.column(chart.x).title
    plot.yaxis.axis_label = table.column(chart.label).title
    plot.grid.grid_line_color = None
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.major_label_text_font_size = "11px"
    _hover(plot, [squares], [("", "@start → @end"), ("", "@amount")])
    return plot


def _shade(share: float) -> str:
    return look.HEAT[min(len(look.HEAT) - 1, int(math.sqrt(max(share, 0.0)) * len(look.HEAT)))]


def _hover(plot: Any, renderers: list[Any], tooltips: list[tuple[str, str]]) -> None:
    plot.add_tools(HoverTool(renderers=renderers, tooltips=tooltips, mode="mouse"))


def _quiet_legend(plot: Any, location: str | None) -> None:
    legend = plot.legend[0]
    legend.border_line_color = None
    legend.background_fill_alpha = 0.0
    legend.label_text_font = look.FONT
    legend.label_text_font_size = "12px"
    legend.label_text_color = look.INK
    if location is None:
        legend.orientation = "horizontal"
        legend.nrows = 2
        plot.add_layout(legend, "above")
    else:
        legend.location = location
