"""Workbook files as they come from anywhere: opened without trusting them.

An Excel workbook is a zip of XML parts. It is unpacked here within limits, looked through for what calamine
does not tell (formulas without a value, errors, how far a sheet reaches), and packed anew, its XML alone.
So calamine is given exactly what was looked through: no macros, and nothing larger than it said.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from netopt.data.folder import MAX_FILE_BYTES
from netopt.data.formats.excel_layout import column_letter

MOST_UNPACKED_BYTES: Final = 2 * MAX_FILE_BYTES
"""All parts of a workbook together, in bytes (512 MiB)."""
MOST_PARTS: Final = 5_000
MOST_CELLS: Final = 2**24
"""Cells of the smallest rectangle from A1 that holds all of a sheet: a million rows of sixteen columns."""

_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_OLD_OR_LOCKED: Final = b"\xd0\xcf\x11\xe0"
_DOCTYPE: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROW: Final = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\sr\s*=\s*["'](\d+)["']""")
_CELL: Final = re.compile(
    rb"<(?:\w+:)?c(?=[\s>/])([^<>]*?)(?:/>|>(.*?)(?=<(?:\w+:)?(?:c|row)[\s>/]|</(?:\w+:)?(?:c|row)>))"
    rb"|<(?:\w+:)?row(?=[\s>/])[^<>]*>",
    re.DOTALL,
)
"""A cell or the start of a row; a cell ends before whatever comes first, so that no text takes long."""
_PLACE: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_TYPE: Final = re.compile(rb"""\bt\s*=\s*["'](\w+)["']""")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</")


class WorkbookError(ValueError):
    """A file that is no workbook, or none that is read; what is wrong with it, and a hint."""

    def __init__(self, rule: str, message: str, hint: str = "") -> None:
        self.rule = rule
        self.hint = hint
        super().__init__(message)


@dataclass(frozen=True)
class SheetFacts:
    """What the XML of a sheet says beyond the values of its cells.

    Attributes
    ----------
    hidden
        Whether Excel does not show the sheet.
    n_formulas
        Cells with a formula whose value is known.
    unvalued, errors
        (row, column), counted from 0, of cells with a formula that has no value, and of cells that show an
        error, with that error.
    """

    hidden: bool = False
    n_formulas: int = 0
    unvalued: tuple[tuple[int, int], ...] = ()
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Package:
    """A workbook that may be read: its parts packed anew, facts of its sheets, whether it had macros."""

    content: bytes
    sheets: Mapping[str, SheetFacts]
    has_macros: bool


def open_package(path: Path) -> Package:
    """Return a workbook's package.

    Raises
    ------
    WorkbookError
        It is no Excel workbook, or a part is damaged, too large or not what it says.
    OSError
        The file cannot be read.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise WorkbookError(
            "file_size", f"the file has {size:,} bytes, more than the {MAX_FILE_BYTES:,} that are read"
        )
    with path.open("rb") as stream:
        _refuse_other_files(stream.read(4096))
        try:
            with zipfile.ZipFile(stream) as archive:
                parts = dict(_parts(archive))
                has_macros = any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
            message = f"the file is damaged, or no Excel workbook: {error}"
            raise WorkbookError("workbook", message, "open it in Excel and save it as .xlsx") from error
    return Package(_packed(parts), dict(_sheets(parts)), has_macros)


def _refuse_other_files(start: bytes) -> None:
    if start.startswith(_OLD_OR_LOCKED):
        message = "the file is an old .xls workbook, or one with a password"
        raise WorkbookError("workbook", message, "save it as .xlsx without a password")
    if not start.startswith(b"PK"):
        kind = (
            "the file is empty"
            if not start
            else "the file is not an Excel workbook, whatever its name says"
        )
        hint = "save it as .xlsx; a folder of CSV files needs no import"
        raise WorkbookError("workbook", kind, hint)
    if b"application/vnd.oasis.opendocument" in start:
        raise WorkbookError("workbook", "the file is an OpenDocument table (.ods)", "save it as .xlsx")


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every part of XML, each checked against its size and its sum."""
    listed = archive.infolist()
    if len(listed) > MOST_PARTS:
        raise WorkbookError("workbook", f"the file has {len(listed):,} parts; a workbook has some hundred")
    names = {part.filename for part in listed}
    if "xl/workbook.bin" in names:
        raise WorkbookError("workbook", "the file is a binary workbook (.xlsb)", "save it as .xlsx")
    wanted = [part for part in listed if part.filename.lower().endswith((".xml", ".rels"))]
    total = sum(part.file_size for part in wanted)
    if total > MOST_UNPACKED_BYTES:
        message = (
            f"unpacked the file has {total:,} bytes, more than the {MOST_UNPACKED_BYTES:,} that are read"
        )
        raise WorkbookError("file_size", message)
    if _WORKBOOK not in names:
        raise WorkbookError("workbook", "the file is a zip, but no Excel workbook", "save it as .xlsx")
    for part in wanted:
        content = archive.read(part)  # never more than file_size, and with a check of its sum
        if _DOCTYPE.search(content[:4096]):
            raise WorkbookError("workbook", f"the part {part.filename} declares a document type of its own")
        yield part.filename, content


def _packed(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _sheets(parts: Mapping[str, bytes]) -> Iterator[tuple[str, SheetFacts]]:
    """Yield name and facts of every worksheet."""
    targets: dict[str, str] = {}
    for item in _xml(parts, _RELATIONS):
        if (relation := item.get("Id", "")) in targets:
            raise WorkbookError("workbook", f"the part {_RELATIONS} names {relation} twice")
        targets[relation] = posixpath.normpath(posixpath.join("/xl", item.get("Target", ""))).lstrip("/")
    for item in _xml(parts, _WORKBOOK).iter():
        if _local(item.tag) == "sheet":
            relation = next((value for key, value in item.attrib.items() if _local(key) == "id"), "")
            name, hidden = item.get("name", ""), item.get("state", "visible") != "visible"
            if targets.get(relation) not in parts:
                raise WorkbookError("workbook", f"sheet '{name}' has no part in the file")
            yield name, _facts(name, parts[targets[relation]], hidden=hidden)


def _xml(parts: Mapping[str, bytes], name: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(parts.get(name, b""))  # noqa: S314 - without a document type
    except ElementTree.ParseError as error:
        raise WorkbookError("workbook", f"the part {name} is missing or damaged: {error}") from error


def _local(name: str) -> str:
    """Return a name of XML without its namespace."""
    return name.rpartition("}")[2]


def _facts(name: str, content: bytes, *, hidden: bool) -> SheetFacts:
    """Look through a sheet; WorkbookError where it reaches further than any table can."""
    row, column, last_row, last_column, n_formulas = -1, -1, -1, -1, 0
    unvalued, errors = [], {}
    for found in _CELL.finditer(content):
        attributes, inner = found[1], found[2]
        if attributes is None:
            number = _ROW.match(found[0])
            row, column = (int(number[1]) - 1 if number else row + 1), -1
            continue
        place = _PLACE.search(attributes)
        row, column = (int(place[2]) - 1, _index(place[1].upper())) if place else (row, column + 1)
        if inner is None:
            continue
        last_row, last_column = max(last_row, row), max(last_column, column)
        kind = _TYPE.search(attributes)
        value = _VALUE.search(inner)
        if kind and kind[1] == b"e":
            errors[row, column] = value[1].decode("utf-8", "replace") if value else "error"
        elif _FORMULA.search(inner):
            if value and value[1]:
                n_formulas += 1
            else:
                unvalued.append((row, column))
    if (last_row + 1) * (last_column + 1) > MOST_CELLS:
        reach = f"{column_letter(last_column)}{last_row + 1:,}"
        message = f"sheet '{name}' has cells as far as {reach}"
        raise WorkbookError("sheet_size", message, "delete what lies beyond the table")
    return SheetFacts(hidden, n_formulas, tuple(unvalued), errors)


def _index(letters: bytes) -> int:
    """Return the index from 0 of a column given by its letters.

    Examples
    --------
    >>> _index(b"A"), _index(b"AA"), _index(b"XFD")
    (0, 26, 16383)
    """
    total = 0
    for letter in letters:
        total = total * 26 + letter - ord("A") + 1
    return total - 1
