"""Points from a GIS merged into an instance: a GeoPackage or GeoJSON of sources, sites or locations.

A layer is a table: a feature's attributes that are called like columns of ``sources`` (with ``supply``),
``sites`` or ``locations`` become the row of its id, its point the place of its location. What the layer
does not say stays as it is in the instance, or takes a default where the row is new.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netopt.data.formats.foreign import Foreign
from netopt.data.gisfile import PointLayer, read_points, stop_at_problems
from netopt.data.problems import ProblemLog, nearest, shown, spelled
from netopt.data.read import read_instance
from netopt.data.schema import Column, ColumnType
from netopt.data.tables import TABLES
from netopt.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.instance import Instance

KINDS: Final = {"sources": "source", "sites": "site", "locations": "location"}
"""Tables that points can be rows of, and the column of their ids."""

_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "locations": {"name_zh": "", "internal_km": 0.0},
    "sources": {"fixed_cny_per_year": 0.0},
    "sites": {
        "existing_capacity_tonnes_per_year": 0.0,
        "effective_share": 1.0,
        "existing_fixed_cny_per_year": 0.0,
        "existing_divisible": False,
        "may_build": True,
    },
    "supply": {},
}
_SAME_PLACE_DEG: Final = 1e-9


@dataclass(frozen=True)
class _Layer:
    """A layer of points and the table that it holds rows of."""

    points: PointLayer
    table: str

    @property
    def columns(self) -> set[str]:
        """Columns of the tables that it may speak of."""
        return {name for table in _tables_of(self.table) for name in TABLES[table].column_names}


@dataclass
class _Merged:
    """The rows of an instance that grow, by table and key, and what is told about it."""

    instance: Instance
    rows: dict[str, dict[tuple[str, ...], dict[str, Any]]]
    log: ProblemLog
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    new_locations: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def is_first(self, table: str, key: tuple[str, ...]) -> bool:
        """Return whether no feature spoke of a row before; the next one is not the first."""
        is_first = (table, *key) not in self.seen
        self.seen.add((table, *key))
        return is_first


def read(
    path: Path, base: str | None = None, layer: str | None = None, table: str | None = None
) -> Foreign:
    """Return an instance with the points of a file merged into it.

    Parameters
    ----------
    path
        A GeoPackage or GeoJSON file.
    base
        Folder or name of the instance that the points are merged into.
    layer
        The layer to read; all point layers without it.
    table
        ``sources``, ``sites`` or ``locations``, where a layer's name and columns do not tell.

    Raises
    ------
    InstanceError
        With every problem of the file: no declared or a distorted coordinate system, features that are no
        points, ids and figures that are missing or none.
    UsageError
        Where there is no base, layer or table of the name.
    """
    if base is None:
        raise UsageError("places are merged into an instance: add --base with its folder or name")
    if table is not None and table not in KINDS:
        raise UsageError(f"--table must be one of {', '.join(KINDS)}, not {table}{_hint(table, KINDS)}")
    instance = read_instance(base)
    log = ProblemLog()
    layers = [_Layer(points, _kind_of(points, table, log)) for points in read_points(path, layer, log)]
    stop_at_problems(path, log)
    merged = _Merged(instance, {name: _keyed(instance, name) for name in (*KINDS, "supply")}, log)
    for each in layers:
        _merge(merged, each)
    stop_at_problems(path, log)
    return _foreign(merged, layers, path, base)


def _kind_of(points: PointLayer, wanted: str | None, log: ProblemLog) -> str:
    """Return the table of a layer: as asked for, or by its name or the most telling of its columns."""
    name = points.name.casefold()
    if wanted is not None or name in KINDS:
        return wanted or name
    found = [table for table, column in KINDS.items() if column in points.cells]
    if found and name not in TABLES:
        return found[0]
    message = f"neither name nor columns tell what the layer holds ({spelled(points.cells) or 'none'})"
    ids = ", ".join(KINDS.values())
    hint = f"call it {', '.join(KINDS)} or give it a column {ids}; else --table, or --layer for another"
    log.add(points.where, None, None, "layer_table", points.name, message, hint)
    return ""


def _hint(name: str, names: Iterable[str]) -> str:
    hint = nearest(name, list(names))
    return f" ({hint})" if hint else ""


def _keyed(instance: Instance, name: str) -> dict[tuple[str, ...], dict[str, Any]]:
    key = TABLES[name].key
    records = instance[name].to_dict("records")
    return {tuple(str(row[part]) for part in key): {str(k): v for k, v in row.items()} for row in records}


def _merge(merged: _Merged, layer: _Layer) -> None:
    """Take every feature of a layer as a row of its table and a point of its location."""
    id_column, cells = KINDS[layer.table], layer.points.cells
    if id_column not in cells:
        message = f"the layer has no column '{id_column}', the id of a row of {TABLES[layer.table].file}"
        hint = nearest(id_column, list(cells)) or "add it in the attribute table"
        merged.log.add(layer.points.where, None, id_column, "missing_column", "", message, hint)
        return
    columns = layer.columns
    for number in range(len(layer.points.lon_deg)):
        said = {name: values[number] for name, values in cells.items() if name in columns}
        said = {name: value for name, value in said.items() if not _is_blank(value)}
        _merge_feature(merged, layer, number, said)


def _tables_of(table: str) -> tuple[str, ...]:
    """Return the tables that a layer of a table may speak of."""
    if table == "sources":
        return "locations", "sources", "supply"
    return tuple(dict.fromkeys(("locations", table)))


def _is_blank(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _merge_feature(merged: _Merged, layer: _Layer, number: int, said: dict[str, Any]) -> None:
    """Take one feature; its row in messages is its number in the layer."""
    id_column, at = KINDS[layer.table], (layer.points.where, number + 1)
    identity = _text(said.get(id_column, ""))
    if not identity:
        message = f"the feature has no '{id_column}', the id of its row"
        merged.log.add(*at, id_column, "blank", "", message)
        return
    if layer.table != "sources" and not merged.is_first(layer.table, (identity,)):
        _refuse_twice(merged, id_column, identity, at)
        return
    known = merged.rows[layer.table].get((identity,))
    own = known["location"] if known is not None else identity
    location = _text(said.get("location", own))
    point = layer.points.lon_deg[number], layer.points.lat_deg[number]
    _place(merged, location, point, said, at)
    if layer.table == "locations":
        return
    row = {**said, id_column: identity, "location": location}
    _set(merged, layer.table, (identity,), row, at)
    if layer.table == "sources":
        _set_supply(merged, identity, said, at, is_new=known is None)


def _refuse_twice(merged: _Merged, column: str, value: str, at: tuple[str, int]) -> None:
    message = f"'{shown(value)}' stands in an earlier feature too"
    merged.log.add(*at, column, "duplicate", value, message, "one feature per row of the table")


def _place(
    merged: _Merged,
    location: str,
    point: tuple[float, float],
    said: Mapping[str, Any],
    at: tuple[str, int],
) -> None:
    """Put a location at a point; a second feature must not put it elsewhere."""
    earlier = merged.points.get(location)
    if earlier is not None:
        if max(abs(earlier[0] - point[0]), abs(earlier[1] - point[1])) > _SAME_PLACE_DEG:
            message = f"location '{shown(location)}' is given {_degrees(earlier)} and {_degrees(point)}"
            hint = "give each place a location of its own in the column `location`"
            merged.log.add(*at, "location", "two_points", location, message, hint)
        return
    merged.points[location] = point
    known = merged.rows["locations"].get((location,))
    if known is None:
        merged.new_locations.append(location)
    elif (round(known["lon_deg"], 9), round(known["lat_deg"], 9)) != point:
        merged.moved.append(location)
    own = {name: said[name] for name in ("name", "name_zh", "jurisdiction", "internal_km") if name in said}
    if known is not None:
        own.pop("name", None)  # of the place, not of where it lies
        own.pop("name_zh", None)
    row = {**own, "location": location, "lon_deg": point[0], "lat_deg": point[1]}
    _set(merged, "locations", (location,), row, at)


def _degrees(point: tuple[float, float]) -> str:
    return f"{point[0]:.6f} {point[1]:.6f}"


def _set(
    merged: _Merged, table: str, key: tuple[str, ...], said: Mapping[str, Any], at: tuple[str, int]
) -> None:
    """Set what a feature says in the row of a key; a new row needs the rest from defaults."""
    known = merged.rows[table].get(key)
    values = {}
    for name, value in said.items():
        if name in TABLES[table].column_names:
            values[name] = _typed(TABLES[table].column(name), value, merged.log, at)
    if known is not None:
        merged.known[table] = merged.known.get(table, 0) + 1
        known.update(values)
        return
    merged.new[table] = merged.new.get(table, 0) + 1
    defaults = {"name": key[0], **_DEFAULTS[table], **_only_choices(merged.instance, table)}
    row = {**{name: v for name, v in defaults.items() if name in TABLES[table].column_names}, **values}
    missing = [name for name in TABLES[table].column_names if name not in row]
    for name in missing:
        message = (
            f"a new row of {TABLES[table].file} needs '{name}': {TABLES[table].column(name).description}"
        )
        merged.log.add(*at, name, "missing_value", "", message, "add it to the layer's attributes")
    merged.rows[table][key] = row


def _only_choices(instance: Instance, table: str) -> dict[str, str]:
    """Return what a new row can only refer to, where the instance has just one of it."""
    only = {}
    for reference in TABLES[table].foreign_keys:
        ids = instance[reference.table][reference.target[0]].unique().tolist()
        if len(ids) == 1 and reference.table != "locations":
            only[reference.columns[0]] = str(ids[0])
    if table == "supply":
        retired = instance["supply"]["commodity"].unique().tolist()
        only = {"commodity": str(retired[0])} if len(retired) == 1 else {}
        only |= {"period": instance.periods[0]} if len(instance.periods) == 1 else {}
    return only


def _set_supply(
    merged: _Merged, source: str, said: Mapping[str, Any], at: tuple[str, int], *, is_new: bool
) -> None:
    """Set what retires at a source where its feature says so, which a new one must."""
    columns = {"commodity", "period", "supply_tonnes_per_year"}
    if not is_new and not columns & said.keys():
        return
    row = {**_only_choices(merged.instance, "supply"), **{k: said[k] for k in columns & said.keys()}}
    for name in sorted(columns - row.keys()):
        message = f"what retires at source '{shown(source)}' needs '{name}'"
        merged.log.add(*at, name, "missing_value", "", message, "add it to the layer's attributes")
    if columns <= row.keys():
        key = (source, _text(row["commodity"]), _text(row["period"]))
        if not merged.is_first("supply", key):
            _refuse_twice(merged, "source", source, at)
            return
        _set(merged, "supply", key, {**row, "source": source}, at)


def _text(value: Any) -> str:
    """Return an id as text; whole numbers of a GIS without a decimal point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _typed(column: Column, value: Any, log: ProblemLog, at: tuple[str, int]) -> Any:
    """Return an attribute as a cell of a column; what cannot be one is noted."""
    if column.type in (ColumnType.ID, ColumnType.TEXT):
        return _text(value)
    if column.type is ColumnType.BOOLEAN:
        answer = {"true": True, "1": True, "false": False, "0": False}.get(_text(value).casefold())
        if answer is None:
            log.add(*at, column.name, "boolean", value, f"'{shown(value)}' is neither true nor false")
        return answer or False
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        log.add(*at, column.name, "number", value, f"'{shown(value)}' is not a number")
        return 0.0
    return number


def _foreign(merged: _Merged, layers: Sequence[_Layer], path: Path, base: str) -> Foreign:
    """Return the merged instance with what a planner should know of it."""
    import pandas as pd  # noqa: PLC0415 - heavy

    instance = merged.instance
    tables: dict[str, pd.DataFrame] = dict(instance.tables)
    for name, rows in merged.rows.items():
        tables[name] = pd.DataFrame(list(rows.values()), columns=list(TABLES[name].column_names))
    about = instance.settings.instance
    title = f"{about.title}; places of {path.stem}"
    settings = instance.settings.model_copy(update={"instance": about.model_copy(update={"title": title})})
    origins = {
        f"{table}.{column}": f"layer {shown(layer.points.name)}, else the instance {Path(base).name}"
        for layer in layers
        for table in _tables_of(layer.table)
        for column in TABLES[table].column_names
        if column in layer.points.cells or column in ("lon_deg", "lat_deg")
    }
    origins["*"] = f"the instance {Path(base).name}, which the file was merged into; see SOURCES.md"
    notes = tuple(_notes(merged, layers))
    return Foreign(settings, tables, notes=notes, origins=origins, home=instance.directory)


def _notes(merged: _Merged, layers: Sequence[_Layer]) -> Iterable[str]:
    for layer in layers:
        n_points = len(layer.points.lon_deg)
        yield f"Layer {shown(layer.points.name)}: {n_points:,} points as {layer.table}, in WGS 84."
    for table in (*KINDS, "supply"):
        new, known = merged.new.get(table, 0), merged.known.get(table, 0)
        if new or known:
            yield f"{TABLES[table].file}: {new:,} rows are new, {known:,} are of an id that was there."
    if merged.moved:
        others = _others_at(merged, merged.moved)
        also = f"; {spelled(others)} lie there too" if others else ""
        yield f"Locations that moved: {spelled(merged.moved)}{also}."
    yield from _unused(layers)
    stranded = _without_distances(merged)
    if stranded:
        yield (
            "instance.toml says method = table, and data/distances.csv has no row for "
            f"{spelled(stranded)}: no haul leads there until it has."
        )


def _others_at(merged: _Merged, locations: Iterable[str]) -> list[str]:
    """Return the places at locations that the file does not speak of but that moved with them."""
    there = set(locations)
    places = merged.instance["markets"][["market", "location"]].itertuples(index=False, name=None)
    return [market for market, location in places if location in there]


def _unused(layers: Sequence[_Layer]) -> Iterable[str]:
    for layer in layers:
        unused = [name for name in layer.points.cells if name not in layer.columns and name != "fid"]
        if unused:
            hints = [f"{shown(name)}: {hint}" for name in unused if (hint := nearest(name, layer.columns))]
            advice = f" ({'; '.join(hints[:3])})" if hints else ""
            name = shown(layer.points.name)
            yield f"Layer {name}: no column of the tables is called {spelled(unused)}{advice}."


def _without_distances(merged: _Merged) -> list[str]:
    if merged.instance.settings.distance.method != "table":
        return []
    distances = merged.instance["distances"]
    known = {*distances["origin"], *distances["destination"]}
    return [location for location in merged.new_locations if location not in known]
