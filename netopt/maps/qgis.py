"""QGIS styles (QML) for the layers of a GeoPackage, so that it opens readable.

Every text goes through an XML writer and every expression through ``_quoted``, so that a name can
never become markup or part of an expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from netopt.maps import style

_QGIS_VERSION: Final = "3.22.16"
_DOCTYPE: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_WIDEST_MM: Final = 2.4
_THINNEST_MM: Final = 0.3
_LARGEST_MM: Final = 6.0
_SMALLEST_MM: Final = 2.0
SOURCE_MM: Final = 1.0
"""Sources are many: small enough to leave roads in sight."""

_LEGEND_MM: Final = 3.0
_GAP_MM: Final = 0.4
_CORE_SHARE: Final = 0.5
_CAPACITY: Final = '"capacity_tonnes_per_year"'
_KIND: Final = '"facility_type" || \' \' || "status"'
_N_HERE: Final = "n_at_location"
_RANK_HERE: Final = "rank_at_location"


def routes_qml(breaks: list[float]) -> str:
    """Return a style for routes: width graduated by ``tonnes_per_year``, colour by ``stage``.

    Parameters
    ----------
    breaks
        Upper bounds of the classes, t/yr, ascending; see ``style.width_breaks``.
    """
    widths = _steps(_THINNEST_MM, _WIDEST_MM, len(breaks))
    symbols = [_line_symbol(str(rank), width) for rank, width in enumerate(widths)]
    return _graduated("tonnes_per_year", breaks, symbols, method="GraduatedSize", unit="t/yr")


def road_flows_qml(breaks: list[float], stage_columns: Mapping[str, str]) -> str:
    """Return a style for flows on roads: width graduated by ``tonnes_per_year``, in it a band per stage.

    The bands lie one in the other, as wide as their share of the tonnes, the first stage outside.

    Parameters
    ----------
    breaks
        Upper bounds of the classes, t/yr, ascending; see ``style.width_breaks``.
    stage_columns
        Stage -> column of its tonnes, in the order of the chain.
    """
    widths = _steps(_THINNEST_MM, _WIDEST_MM, len(breaks))
    symbols = [_banded_symbol(str(rank), width, stage_columns) for rank, width in enumerate(widths)]
    return _graduated(
        "tonnes_per_year", breaks, symbols, method="GraduatedSize", unit="t/yr", in_passes=True
    )


def _banded_symbol(name: str, width_mm: float, stage_columns: Mapping[str, str]) -> ET.Element:
    columns = list(stage_columns.values())
    symbol = ET.Element("symbol", {"name": name, "type": "line", "alpha": "1", "clip_to_extent": "1"})
    for rank, stage in enumerate(stage_columns):
        inside = " + ".join(f'"{column}"' for column in columns[rank:])
        expressions = {
            "outlineWidth": f'{width_mm:.3f} * ({inside}) / "tonnes_per_year"',
            "enabled": f"({inside}) > 0",
        }
        look = _line_look(style.STAGE_COLOURS[stage], width_mm)
        _add_symbol_layer(symbol, "SimpleLine", look, expressions, drawing_pass=rank)
    return symbol


def provinces_qml(column: str, breaks: list[float]) -> str:
    """Return a style for jurisdictions: grey fills graduated by a column."""
    colours = style.FILL_COLOURS[len(style.FILL_COLOURS) - len(breaks) :]
    symbols = [_fill_symbol(str(rank), colour) for rank, colour in enumerate(colours)]
    if not breaks:
        return _single(_fill_symbol("0", style.NO_FIGURE_COLOUR))
    return _graduated(column, breaks, symbols, method="GraduatedColor", unit="t/yr")


class Kind(NamedTuple):
    """Facilities of one type in one state: the name of the type, its marker and colour."""

    name: str
    marker: str
    colour: str
    status: str


def facilities_qml(kinds: Mapping[str, Kind], most_tonnes_per_year: float) -> str:
    """Return a style for facilities: shape and colour by type, fill by status, area by capacity.

    Those of one location stand around it, each in a sector of its own, and large ones are drawn
    below small ones. The layer has the columns of ``layers.facilities``.

    Parameters
    ----------
    kinds
        Facility type and status, as ``kind_key`` writes them -> what it is.
    most_tonnes_per_year
        Capacity of the largest symbol.
    """
    attributes = {"type": "categorizedSymbol", "attr": _KIND, "symbollevels": "0", "enableorderby": "1"}
    root = ET.Element("renderer-v2", attributes)
    categories = ET.SubElement(root, "categories")
    symbols = ET.SubElement(root, "symbols")
    for rank, (key, kind) in enumerate(kinds.items()):
        label = f"{kind.name}: {style.STATUS_TITLES[kind.status].lower()}"
        entry = {"value": key, "label": label, "symbol": str(rank), "render": "true"}
        ET.SubElement(categories, "category", entry)
        symbols.append(_facility_symbol(str(rank), kind, most_tonnes_per_year))
    order = ET.SubElement(root, "orderby")
    ET.SubElement(order, "orderByClause", {"asc": "0", "nullsFirst": "0"}).text = _CAPACITY
    return _document(root)


def kind_key(facility_type: str, status: str) -> str:
    """Return the category of a facility, as the style's expression makes it."""
    return f"{facility_type} {status}"


def points_qml(colour: str, marker: str = "o", size_mm: float = _SMALLEST_MM) -> str:
    """Return a style for plain points."""
    look = _point_look(marker, colour) | {"size": f"{size_mm:.2f}"}
    return _single(_symbol("0", "marker", "SimpleMarker", look, {}))


def _steps(low: float, high: float, count: int) -> list[float]:
    """Return widths that grow in equal steps to ``high``, none below ``low``."""
    return [max(low, high * (rank + 1) / count) for rank in range(count)]


def _graduated(
    column: str,
    breaks: list[float],
    symbols: list[ET.Element],
    *,
    method: str,
    unit: str,
    in_passes: bool = False,
) -> str:
    """Return a graduated style; ``in_passes`` draws the same layer of all symbols before the next."""
    attributes = {"type": "graduatedSymbol", "attr": column, "graduatedMethod": method}
    attributes["symbollevels"] = "1" if in_passes else "0"
    root = ET.Element("renderer-v2", attributes)
    ranges = ET.SubElement(root, "ranges")
    lower = [0.0, *breaks][: len(breaks)]
    for rank, (low, high) in enumerate(zip(lower, breaks, strict=True)):
        label = f"{style.amount(low)} to {style.amount(high)} {unit}"
        entry = {"lower": f"{low:.15g}", "upper": f"{high:.15g}", "symbol": str(rank), "label": label}
        ET.SubElement(ranges, "range", {**entry, "render": "true"})
    holder = ET.SubElement(root, "symbols")
    holder.extend(symbols)
    return _document(root)


def _single(symbol: ET.Element) -> str:
    root = ET.Element("renderer-v2", {"type": "singleSymbol", "symbollevels": "0"})
    ET.SubElement(root, "symbols").append(symbol)
    return _document(root)


def _line_symbol(name: str, width_mm: float) -> ET.Element:
    cases = " ".join(
        f'WHEN "stage" = {_quoted(stage)} THEN {_quoted(colour)}'
        for stage, colour in style.STAGE_COLOURS.items()
    )
    look = _line_look(style.QUIET_INK, width_mm)
    return _symbol(name, "line", "SimpleLine", look, {"outlineColor": f"CASE {cases} END"})


def _line_look(colour: str, width_mm: float) -> dict[str, str]:
    return {
        "line_color": _rgba(colour),
        "line_style": "solid",
        "line_width": f"{width_mm:.3f}",
        "line_width_unit": "MM",
        "capstyle": "round",
        "joinstyle": "round",
    }


def _fill_symbol(name: str, colour: str) -> ET.Element:
    look = {
        "color": _rgba(colour),
        "style": "solid",
        "outline_color": _rgba(style.HIGHLIGHT_WHITE),
        "outline_style": "solid",
        "outline_width": "0.26",
        "outline_width_unit": "MM",
    }
    return _symbol(name, "fill", "SimpleFill", look, {})


def _facility_symbol(name: str, kind: Kind, most_tonnes_per_year: float) -> ET.Element:
    """Return a marker as in pictures; what pictures fill by half has a full core."""
    largest = max(most_tonnes_per_year, 1e-9)
    size = f"max({_SMALLEST_MM}, {_LARGEST_MM} * sqrt(coalesce({_CAPACITY}, 0) / {largest:.15g}))"
    symbol = ET.Element("symbol", {"name": name, "type": "marker", "alpha": "1", "clip_to_extent": "1"})
    expressions = {"size": size, "offset": _around_its_place(size)}
    _add_symbol_layer(symbol, "SimpleMarker", _facility_look(kind), expressions)
    if kind.status == "expanded":
        core = _facility_look(kind._replace(status="new"))
        _add_symbol_layer(symbol, "SimpleMarker", core, expressions | {"size": f"{_CORE_SHARE} * {size}"})
    return symbol


def _facility_look(kind: Kind) -> dict[str, str]:
    """Return the look of a marker: new is full, existing hollow, closed pale."""
    look = _point_look(kind.marker, kind.colour if kind.status == "new" else style.HIGHLIGHT_WHITE)
    if kind.status == "new":
        return look | {"outline_color": _rgba(style.HIGHLIGHT_WHITE)}
    if kind.status == "closed":
        pale = {"color": _rgba(style.PALE_FILL), "outline_color": _rgba(style.PALE_EDGE)}
        return look | pale | {"outline_width": "0.3"}
    return look | {"outline_color": _rgba(kind.colour), "outline_width": "0.5"}


def _around_its_place(size_mm: str) -> str:
    """Return an expression for the offset (mm, right and down) that keeps symbols of one place apart.

    Each gets an equal sector around the place and lies as far out as its own size asks for.
    """
    sector = f'pi() / "{_N_HERE}"'
    away = f"({_GAP_MM} + 0.5 * {size_mm}) / sin({sector})"
    angle = f'({sector} * (2 * "{_RANK_HERE}" - 1))'
    x, y = (f"to_string(round({away} * {part}, 3))" for part in (f"-cos({angle})", f"-sin({angle})"))
    return f"if(\"{_N_HERE}\" > 1, {x} || ',' || {y}, '0,0')"


def _point_look(marker: str, colour: str) -> dict[str, str]:
    return {
        "name": style.qgis_marker(marker),
        "angle": style.qgis_angle(marker),
        "color": _rgba(colour),
        "size": f"{_LEGEND_MM:.2f}",
        "size_unit": "MM",
        "offset": "0,0",
        "offset_unit": "MM",
        "outline_color": _rgba(style.INK),
        "outline_style": "solid",
        "outline_width": "0.2",
        "outline_width_unit": "MM",
    }


def _symbol(
    name: str, kind: str, layer_class: str, look: Mapping[str, str], expressions: Mapping[str, str]
) -> ET.Element:
    symbol = ET.Element("symbol", {"name": name, "type": kind, "alpha": "1", "clip_to_extent": "1"})
    _add_symbol_layer(symbol, layer_class, look, expressions)
    return symbol


def _add_symbol_layer(
    symbol: ET.Element,
    layer_class: str,
    look: Mapping[str, str],
    expressions: Mapping[str, str],
    *,
    drawing_pass: int = 0,
) -> None:
    attributes = {"class": layer_class, "enabled": "1", "locked": "0", "pass": str(drawing_pass)}
    layer = ET.SubElement(symbol, "layer", attributes)
    _options(layer, look.items())
    for key, value in look.items():
        ET.SubElement(layer, "prop", {"k": key, "v": value})
    if expressions:
        _data_defined(layer, expressions)


def _options(parent: ET.Element, items: Iterable[tuple[str, str]]) -> ET.Element:
    options = ET.SubElement(parent, "Option", {"type": "Map"})
    for key, value in items:
        ET.SubElement(options, "Option", {"name": key, "type": "QString", "value": value})
    return options


def _data_defined(layer: ET.Element, expressions: Mapping[str, str]) -> None:
    holder = _options(ET.SubElement(layer, "data_defined_properties"), [("name", "")])
    properties = ET.SubElement(holder, "Option", {"name": "properties", "type": "Map"})
    for key, expression in expressions.items():
        one = ET.SubElement(properties, "Option", {"name": key, "type": "Map"})
        ET.SubElement(one, "Option", {"name": "active", "type": "bool", "value": "true"})
        ET.SubElement(one, "Option", {"name": "expression", "type": "QString", "value": expression})
        ET.SubElement(one, "Option", {"name": "type", "type": "int", "value": "3"})
    ET.SubElement(holder, "Option", {"name": "type", "type": "QString", "value": "collection"})


def _document(renderer: ET.Element) -> str:
    root = ET.Element("qgis", {"version": _QGIS_VERSION, "styleCategories": "Symbology"})
    root.append(renderer)
    ET.SubElement(root, "blendMode").text = "0"
    ET.SubElement(root, "featureBlendMode").text = "0"
    ET.SubElement(root, "layerOpacity").text = "1"
    ET.indent(root)
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def _quoted(text: str) -> str:
    """Return text as a string of a QGIS expression."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[start : start + 2], 16)) for start in (1, 3, 5)) + ",255"
