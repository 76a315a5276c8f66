"""Points of a GeoPackage or GeoJSON file in WGS 84; undeclared and distorted systems are refused."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from netopt.data.folder import MAX_FILE_BYTES
from netopt.data.problems import ProblemLog, nearest, shown, spelled
from netopt.errors import InstanceError, UsageError

MOST_FEATURES: Final = 200_000
"""Features of one layer that are read."""

_WGS84: Final = "EPSG:4326"
_SQLITE: Final = b"SQLite format 3\x00"
_MOST_METADATA: Final = 2**16

_DISTORTED: Final = re.compile(
    r"gcj|bd[-_ ]?09|(?<![a-z])mars(?![a-z])|(?<![a-z])amap(?![a-z])|autonavi|gaode|baidu|火星|高德|百度",
    re.IGNORECASE,
)
"""Words by which a file tells that its coordinates are GCJ-02, or BD-09, which is made from it."""

_TELLS_SYSTEM: Final = re.compile(r"crs|srs|datum|coord|projection|坐标", re.IGNORECASE)
"""Columns whose values may name the system of the coordinates."""

_WHY_REFUSED: Final = (
    "GCJ-02 (and BD-09, made from it) shifts every point by 100 to 700 m, by a rule that is not published "
    "and differs from place to place; beside WGS 84 it puts plants on the wrong road and sources in the "
    "wrong county"
)
WHAT_TO_DO: Final = (
    "ask whoever made the file for WGS 84 or CGCS2000 coordinates, or convert it with a tool you answer "
    "for; then save it as EPSG:4326. If its points are WGS 84 all the same, remove what says otherwise"
)


@dataclass(frozen=True)
class PointLayer:
    """One layer as read: a point and the attributes by name of every feature.

    Attributes
    ----------
    where
        What the layer is called in messages.
    lon_deg, lat_deg
        WGS 84.
    """

    name: str
    where: str
    lon_deg: Sequence[float]
    lat_deg: Sequence[float]
    cells: dict[str, Sequence[Any]]


def read_points(path: Path, wanted: str | None, log: ProblemLog) -> list[PointLayer]:
    """Return the layers of points of a file.

    Parameters
    ----------
    path
        The file.
    wanted
        Name of the layer to read; None: every layer that may hold points.
    log
        Where what is wrong with layers and features is noted.

    Raises
    ------
    InstanceError
        Where a layer, or the whole file, cannot be taken.
    UsageError
        Where there is no layer of the name.
    """
    import pyogrio  # noqa: PLC0415 - heavy
    from pyogrio.errors import DataLayerError, DataSourceError  # noqa: PLC0415

    texts = _checked_head(path, log)
    stop_at_problems(path, log)
    try:
        found = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
        names = [name for name, _ in found]
        if wanted is not None and wanted not in names:
            raise UsageError(f"{path.name} has no layer {wanted!r}{_hint(wanted, names)}")
        chosen = [name for name, kind in found if wanted == name or (wanted is None and _may_hold(kind))]
        layers = [_read_layer(path, name, texts, log) for name in chosen]
    except (DataSourceError, DataLayerError) as error:
        log.add(path.name, None, None, "unreadable", "", f"the file cannot be read: {shown(str(error))}")
        layers = []
    stop_at_problems(path, log)
    if not layers:
        log.add(path.name, None, None, "no_points", "", "the file has no layer of points")
        stop_at_problems(path, log)
    return [layer for layer in layers if layer is not None]


def stop_at_problems(path: Path, log: ProblemLog) -> None:
    """Raise InstanceError with all that was noted, if anything was."""
    if problems := log.sorted([]):
        raise InstanceError(path.name, problems)


def _hint(name: str, names: Sequence[str]) -> str:
    return f" ({nearest(name, names) or f'its layers: {spelled(names) or None}'})"


def _may_hold(kind: str | None) -> bool:
    """Return whether a layer of a geometry type may hold points; lines and areas are other layers."""
    return kind is not None and (kind.startswith(("Point", "Unknown", "GeometryCollection")) or not kind)


def _checked_head(path: Path, log: ProblemLog) -> list[str]:
    """Return what a file says of itself beside its layers; note what it must not be."""
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        message = f"the file has {size:,} bytes, more than the {MAX_FILE_BYTES:,} that are read"
        log.add(path.name, None, None, "file_size", size, message)
        return []
    with path.open("rb") as stream:
        is_package = stream.read(len(_SQLITE)) == _SQLITE
    return _package_texts(path, log) if is_package else _geojson_texts(path, log)


def _package_texts(path: Path, log: ProblemLog) -> list[str]:
    """Return names, descriptions and metadata of a GeoPackage."""
    texts: list[str] = []
    queries = (
        "SELECT table_name || ' ' || coalesce(identifier, '') || ' ' || coalesce(description, '') "
        "FROM gpkg_contents",
        "SELECT srs_name || ' ' || organization || ' ' || coalesce(description, '') "
        "FROM gpkg_spatial_ref_sys WHERE srs_id IN (SELECT srs_id FROM gpkg_contents)",
        "SELECT metadata FROM gpkg_metadata",
    )
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as package:
        for number, query in enumerate(queries):
            try:
                texts += [str(text)[:_MOST_METADATA] for (text,) in package.execute(query).fetchmany(1000)]
            except sqlite3.Error as error:
                if number == 0:
                    message = f"the file is no whole GeoPackage: {error}"
                    log.add(path.name, None, None, "unreadable", "", message)
                    break
    return texts


def _geojson_texts(path: Path, log: ProblemLog) -> list[str]:
    """Return the members of a GeoJSON beside its features; its CRS, where it names one, must be known."""
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        message = "the file is neither a GeoPackage nor GeoJSON in UTF-8"
        log.add(path.name, getattr(error, "lineno", None), None, "unreadable", "", message)
        return []
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        message = "the file is JSON, but no GeoJSON FeatureCollection"
        log.add(path.name, None, None, "unreadable", "", message)
        return []
    named = content.get("crs")
    told = named.get("properties", {}) if isinstance(named, dict) else {}
    name = told.get("name") if isinstance(told, dict) else None
    if named is not None and not _DISTORTED.search(str(named)) and not _is_known(name):
        message = f"the file names a coordinate system that is not known: {shown(name or named)}"
        hint = "GeoJSON without the member `crs` is in WGS 84 by its standard"
        log.add(path.name, None, "crs", "crs_unknown", name or "", message, hint)
    rest = {key: value for key, value in content.items() if key != "features"}
    return [json.dumps(rest, ensure_ascii=False)[:_MOST_METADATA]]


def _is_known(name: object) -> bool:
    from pyproj import CRS  # noqa: PLC0415 - heavy
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    try:
        CRS.from_user_input(name)
    except CRSError:
        return False
    return True


def _read_layer(path: Path, name: str, texts: list[str], log: ProblemLog) -> PointLayer | None:
    """Return one layer, None where it is refused."""
    from pyogrio import raw, read_info  # noqa: PLC0415 - heavy

    where = f"{path.name}: {name}"
    info = read_info(path, layer=name)
    fields = [str(column) for column in info["fields"]]
    if info["features"] > MOST_FEATURES:
        message = (
            f"the layer has {info['features']:,} features, more than the {MOST_FEATURES:,} that are read"
        )
        log.add(where, None, None, "feature_count", info["features"], message)
        return None
    metadata = [str(info.get(part)) for part in ("layer_metadata", "dataset_metadata")]
    if not _may_use(where, info["crs"], [path.stem, name, *fields, *texts, *metadata], log):
        return None
    _, _, shapes, columns = raw.read(path, layer=name, encoding="utf-8")
    cells = dict(zip(fields, columns, strict=True))
    for column, values in cells.items():
        if _TELLS_SYSTEM.search(column):
            _refuse_distorted(where, [str(value) for value in values], log, column)
    lon_deg, lat_deg = _points(where, shapes, info["crs"], log)
    return PointLayer(name, where, lon_deg, lat_deg, cells)


def _may_use(where: str, crs: str | None, texts: Iterable[str], log: ProblemLog) -> bool:
    """Return whether a layer's coordinates can be taken; else note why not."""
    if _refuse_distorted(where, [crs or "", *texts], log, "crs"):
        return False
    if not crs:
        message = "the layer does not declare its coordinate system"
        hint = "in QGIS: right-click the layer, Layer CRS, Set Layer CRS; then export it again"
        log.add(where, None, "crs", "crs_missing", "", message, hint)
        return False
    from pyproj import CRS  # noqa: PLC0415 - heavy

    system = CRS.from_user_input(crs)
    is_earthly = system.is_geographic or system.is_projected
    if not is_earthly or system.name.casefold().startswith(("undefined", "unknown")):
        message = f"the layer's coordinate system, '{shown(system.name)}', is tied to no place on earth"
        hint = "declare the one it was made in, for example EPSG:4326 or EPSG:4490"
        log.add(where, None, "crs", "crs_missing", system.name, message, hint)
        return False
    return True


def distortion(texts: Iterable[str]) -> str | None:
    """Return what a file's texts tell of GCJ-02 or BD-09 and why that is refused; None if nothing.

    Examples
    --------
    >>> distortion(["EPSG:4326", "lng_gcj02"]).startswith("the coordinates are said to be GCJ-02")
    True
    """
    for text in texts:
        if found := _DISTORTED.search(text):
            around = text[max(0, found.start() - 25) : found.end() + 25]
            return f"the coordinates are said to be GCJ-02 or BD-09 ('{shown(around)}'): {_WHY_REFUSED}"
    return None


def _refuse_distorted(where: str, texts: Iterable[str], log: ProblemLog, column: str) -> bool:
    """Note the first text that tells of GCJ-02 or BD-09; return whether there is one."""
    told = [text for text in texts if _DISTORTED.search(text)][:1]
    if message := distortion(told):
        found = _DISTORTED.search(told[0])
        log.add(where, None, column, "distorted_coordinates", found and found[0], message, WHAT_TO_DO)
    return bool(told)


def _points(
    where: str, shapes: Sequence[bytes | None], crs: str, log: ProblemLog
) -> tuple[list[float], list[float]]:
    """Return longitude and latitude (WGS 84, deg) of every feature; note what is no point on earth."""
    import numpy as np  # noqa: PLC0415 - heavy
    import shapely  # noqa: PLC0415
    from pyproj import CRS, Transformer  # noqa: PLC0415

    read: Any = shapely.from_wkb(shapes)
    kinds, empty = shapely.get_type_id(read), shapely.is_empty(read) | shapely.is_missing(read)
    found: Any = np.where(empty, None, read)
    wrong = [number for number in range(len(found)) if empty[number] or kinds[number] != 0]
    values = ["none" if empty[number] else str(found[number].geom_type) for number in wrong]
    hint = "in QGIS: Vector, Geometry Tools, Centroids or Multipart to Singleparts"
    lines = [number + 1 for number in wrong]
    log.add_rows(where, lines, None, "not_a_point", values, "a place is one point, this is: {value}", hint)
    east, north = shapely.get_x(found), shapely.get_y(found)
    transformer = Transformer.from_crs(crs, _WGS84, always_xy=True)
    lon_deg, lat_deg = transformer.transform(east, north)
    off = [
        number
        for number in range(len(found))
        if number + 1 not in lines and not _on_earth(lon_deg[number], lat_deg[number])
    ]
    values = [f"{east[number]:.10g} {north[number]:.10g}" for number in off]
    message = (
        f"'{{value}}' is no place on earth in the declared system, {shown(CRS.from_user_input(crs).name)}"
    )
    hint = "is another system declared than the points are in, or are longitude and latitude swapped?"
    log.add_rows(where, [number + 1 for number in off], None, "off_the_earth", values, message, hint)
    return [round(float(x), 9) for x in lon_deg], [round(float(y), 9) for y in lat_deg]


def _on_earth(lon_deg: float, lat_deg: float) -> bool:
    return math.isfinite(lon_deg) and math.isfinite(lat_deg) and abs(lon_deg) <= 180 and abs(lat_deg) <= 90
