"""A picture of a run for print and slides: PNG, SVG or PDF, or a figure to go on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import matplotlib.style
import pandas as pd

from netopt.errors import UsageError
from netopt.maps import caption, ground, labelling, layers, style, symbols
from netopt.maps.aside import written_aside
from netopt.maps.basemap import BaseMap, base_map_of
from netopt.maps.curves import CurvedRoutes
from netopt.maps.glyphs import families
from netopt.maps.legend import Legend, add_facilities, add_traffic
from netopt.maps.moment import in_period
from netopt.maps.roadlines import RoadLines
from netopt.maps.sheet import DESIGN_INCHES, Sheet
from netopt.maps.shipments import MapInput
from netopt.maps.traffic import Traffic
from netopt.maps.ways import follows_roads

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS: Final = ("png", "svg", "pdf")
FILLS: Final = {
    "collected_tonnes_per_year": "Collected per province, t/yr",
    "retired_tonnes_per_year": "Retired per province, t/yr",
    "processed_tonnes_per_year": "Processed per province, t/yr",
}
_SMALLEST_INCHES: Final = 3.0
_LARGEST_INCHES: Final = 100.0
_MOST_PIXELS: Final = 20_000
_INSET_SCALE: Final = 0.5


def draw(
    run: MapInput,
    path: Path,
    *,
    title: str,
    dpi: int = 150,
    figsize: tuple[float, float] = DESIGN_INCHES,
    base_map: BaseMap | None = None,
    fill: str = "collected_tonnes_per_year",
) -> Path:
    """Draw one run as a map, the mean year of its periods, and return the path of the picture.

    One period alone is drawn of ``moment.in_period(run, period)``.

    Parameters
    ----------
    path
        Its suffix chooses the format: .png, .svg or .pdf. An older file is replaced.
    title
        Headline; policy, instance, years, volume and cost interval are added below.
    dpi, figsize
        Pixels per inch of a PNG; width and height in inches (at least 3).
    base_map
        Boundaries instead of the shipped ones (see ``netopt.maps.basemap``). Instances of which
        the shipped ones know no jurisdiction are drawn as places on a plain ground.
    fill
        The figure that provinces are filled by, a key of ``FILLS``.

    Raises
    ------
    UsageError
        For another suffix, fill or size, or an answer that names unknown places.
    """
    path = Path(path)
    if path.suffix.lower().lstrip(".") not in FORMATS:
        raise UsageError(f"a picture ends in {', '.join(FORMATS)}; {path.name} does not")
    with _look():
        figure = _figure(run, title, dpi, figsize, base_map, fill)
        with written_aside(path) as draft:
            figure.savefig(draft, dpi=dpi, metadata=_metadata(path, run))
    return path


def plot(
    run: MapInput,
    period: str | None = None,
    *,
    title: str | None = None,
    figsize: tuple[float, float] = DESIGN_INCHES,
    dpi: int = 150,
    base_map: BaseMap | None = None,
    fill: str = "collected_tonnes_per_year",
) -> Figure:
    """Return the map of a run as a matplotlib figure, to show in a notebook or to save.

    Parameters
    ----------
    run
        A solution, or a run read back.
    period
        Id of the period to draw; None: the mean year of all periods.
    title
        Headline; None: the policy's title.
    figsize, dpi
        Width and height in inches (at least 3), and pixels per inch.
    base_map
        Boundaries instead of the shipped ones (see ``netopt.maps.basemap``).
    fill
        What provinces are filled by, in t/yr: ``collected_tonnes_per_year``,
        ``retired_tonnes_per_year`` or ``processed_tonnes_per_year``.

    Returns
    -------
    matplotlib.figure.Figure
        The picture that ``netopt map`` writes; ``savefig`` of it gives the same.

    Raises
    ------
    UsageError
        For an unknown period, fill or size, or an answer that names unknown places.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> figure = netopt.plot(netopt.solve(toy, netopt.read_policy("unified", toy)), figsize=(9, 6))
    >>> figure.get_size_inches().tolist()
    [9.0, 6.0]
    >>> figure.savefig("unified.png")  # doctest: +SKIP
    """
    shown = run if period is None else in_period(run, period)
    headline = run.policy.title if title is None else title
    with _look():
        return _figure(shown, headline, dpi, figsize, base_map, fill)


def _figure(
    run: MapInput,
    title: str,
    dpi: int,
    figsize: tuple[float, float],
    base_map: BaseMap | None,
    fill: str,
) -> Figure:
    """Return the whole sheet, to be drawn under ``_look``."""
    _refuse_what_cannot_be_drawn(dpi, figsize, fill)
    sheet = Sheet(figsize, dpi)
    totals = _compose(sheet, run, base_map or base_map_of(run.instance), fill)
    retired, collected = totals["retired_tonnes_per_year"], totals["collected_tonnes_per_year"]
    sheet.head(title, caption.subtitle(run, retired, collected))
    return sheet.figure


def _refuse_what_cannot_be_drawn(dpi: int, figsize: tuple[float, float], fill: str) -> None:
    if min(figsize) < _SMALLEST_INCHES or dpi < 1:
        raise UsageError(f"a picture is at least {_SMALLEST_INCHES:g} inches wide and high")
    if max(figsize) > _LARGEST_INCHES or max(figsize) * dpi > _MOST_PIXELS:
        raise UsageError(
            f"a picture is at most {_LARGEST_INCHES:g} inches and {_MOST_PIXELS:,} pixels wide and high"
        )
    if fill not in FILLS:
        raise UsageError(f"provinces can be filled by {', '.join(FILLS)}; not by {fill}")


@contextmanager
def _look() -> Iterator[None]:
    """Draw by our own settings, whatever the caller's are."""
    with mpl.style.context("default"), mpl.rc_context(_settings()):
        yield


def _settings() -> Any:
    """Return matplotlib settings: fonts with fallback, nothing that differs from run to run."""
    return {
        "font.family": list(families()),
        "svg.hashsalt": "netopt",
        "pdf.fonttype": 42,
        "figure.facecolor": "white",
        "axes.unicode_minus": False,
    }


def _metadata(path: Path, run: MapInput) -> dict[str, str | None]:
    """Return file metadata: notices that the data ask for, no date, so that a run gives the same file."""
    notices = " ".join(caption.credits_of(run.instance))
    kind = path.suffix.lower()
    plain: dict[str, dict[str, str | None]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    key = {".svg": "Rights", ".pdf": "Subject"}.get(kind, "Copyright")
    return plain.get(kind, {"Software": "netopt"}) | ({key: notices} if notices else {})


def _compose(sheet: Sheet, run: MapInput, base_map: BaseMap | None, fill: str) -> pd.Series:
    """Draw everything but the head onto the sheet, from the ground up; return the provinces' totals."""
    axes = sheet.map_area()
    facilities, figures = layers.facilities(run), layers.jurisdiction_figures(run)
    frame = _frame(axes, run, base_map)
    frame.show_on(axes)
    legend = Legend(sheet.scale)
    if base_map is None:
        ground.draw_graticule(axes, frame, sheet.scale)
        _frame_line(axes)
        inset = None
    else:
        inset = _draw_provinces(sheet, axes, legend, base_map, figures[fill], FILLS[fill])
    ground.draw_scale_bar(axes, frame, sheet.scale)
    traffic: Traffic = (RoadLines if follows_roads(run.instance) else CurvedRoutes)(run, frame.crs)
    most_capacity = max(symbols.symbol_capacities(facilities), default=0.0)
    sizes = symbols.Sizes(sheet.scale, traffic.most_tonnes_per_year, most_capacity, traffic.width_power)
    barred = layers.barred_sites(run)
    sites = pd.concat([facilities, barred]) if len(barred) else facilities
    groups = symbols.clusters(sites, sizes, frame.crs)
    places = symbols.places_in(run, frame.crs)
    _draw_network(axes, run, groups, traffic, sizes, places)
    if inset is not None and traffic.in_inset:
        small = replace(sizes, scale=_INSET_SCALE * sizes.scale)
        traffic.draw(inset, small, {})
        symbols.draw_sources(inset, places[places["has_source"]], small.scale)
    _label(axes, groups, traffic, places, sizes, base_map)
    _add_keys(legend, run, groups, traffic, sizes)
    legend.draw(sheet.legend_area())
    sheet.foot(caption.footer(run, base_map, traffic.omitted))
    return figures.sum()


def _frame(axes: Axes, run: MapInput, base_map: BaseMap | None) -> ground.Frame:
    if base_map is not None:
        return ground.frame_of(base_map)
    area = axes.get_window_extent()
    return ground.frame_of_places(run.instance, area.width / area.height)


def _frame_line(axes: Axes) -> None:
    axes.set_facecolor("#fafbfb")
    for spine in axes.spines.values():
        spine.set(edgecolor="#c3cad0", linewidth=0.7)


def _draw_provinces(
    sheet: Sheet, axes: Axes, legend: Legend, base_map: BaseMap, figures: pd.Series, heading: str
) -> Axes | None:
    """Fill the provinces on the map and on the inset, add their classes to the legend, return the inset."""
    axes.set_axis_off()
    shapes = base_map.boundaries.to_crs(base_map.crs)
    breaks = style.class_breaks(figures)
    grounds, inset = [axes], None
    if base_map.inset_deg is not None:
        inset = sheet.inset_area(axes)
        ground.draw_inset(inset, base_map, shapes, sheet.scale)
        grounds.append(inset)
    for each in grounds:
        limits = each.get_xlim(), each.get_ylim()
        ground.fill_provinces(each, shapes, figures, breaks)
        each.set(xlim=limits[0], ylim=limits[1])
    rows = [(legend.swatch(colour), text) for colour, text in ground.fill_swatches(breaks)]
    legend.section(
        heading, [*rows, (legend.swatch(style.NO_FIGURE_COLOUR), "none, or not in the instance")]
    )
    return inset


def _draw_network(
    axes: Axes,
    run: MapInput,
    groups: list[symbols.Cluster],
    traffic: Traffic,
    sizes: symbols.Sizes,
    places: gpd.GeoDataFrame,
) -> None:
    traffic.draw(axes, sizes, {group.location: group.radius_pt for group in groups})
    built = {group.location for group in groups if any(each.status != "barred" for each in group.symbols)}
    symbols.draw_sources(axes, places[places["has_source"] & ~places.index.isin(built)], sizes.scale)
    symbols.draw_facilities(axes, groups, run)


def _label(
    axes: Axes,
    groups: list[symbols.Cluster],
    traffic: Traffic,
    places: gpd.GeoDataFrame,
    sizes: symbols.Sizes,
    base_map: BaseMap | None,
) -> None:
    """Write names and tonnes; where provinces hold many places, their own names too."""
    crowd = labelling.crowd_of(axes, groups, traffic.boxes(axes, sizes))
    sources = places[places["has_source"]]
    is_fine = bool(places["jurisdiction"].duplicated().any())
    by = "location" if base_map is None or is_fine else "jurisdiction"
    named = labelling.label_places(axes, crowd, groups, sizes.scale, by=by, must=not is_fine)
    labelling.label_lines(axes, crowd, traffic, sizes)
    if base_map is None or not is_fine:
        labelling.label_sources(axes, crowd, sources, sizes.scale, by=by, named=named)
    else:
        shapes = base_map.boundaries.to_crs(base_map.crs)
        cities = {group.location_name for group in groups}
        labelling.label_units(axes, crowd, shapes, sizes.scale, named=cities)


def _add_keys(
    legend: Legend,
    run: MapInput,
    groups: list[symbols.Cluster],
    traffic: Traffic,
    sizes: symbols.Sizes,
) -> None:
    """Add the keys of what is drawn to the legend, in the order of the chain."""
    add_traffic(legend, run, traffic, sizes)
    every = run.instance["facility_types"]["facility_type"]
    drawn = [symbol for group in groups for symbol in group.symbols]
    there = {symbol.facility_type for symbol in drawn if symbol.status != "barred"}
    types = [name for name in every if name in there]
    states = [name for name in style.STATUS_TITLES if name in {symbol.status for symbol in drawn}]
    forced = sorted({symbol.forced for symbol in drawn if symbol.forced}, reverse=True)
    add_facilities(legend, run, types, states, forced, sizes)
