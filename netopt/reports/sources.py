"""Where an instance's columns come from, read off its ``SOURCES.md``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netopt.data.folder import SOURCES_FILE, read_text
from netopt.data.problems import ProblemLog
from netopt.data.read import read_instance
from netopt.reports.words import KINDS_OF_SOURCE
from netopt.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netopt.data.instance import Instance
    from netopt.reports.subject import Subject

    Entry = tuple[str, str, str, str]

_BORROWED: Final = re.compile(r"^## The same files as in (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_CELL: Final = re.compile(r"(?<!\\)\|")
_NAME: Final = re.compile(r"[\w-]+")


def sources_folder(subject: Subject) -> Path | None:
    """Return where the instance's page lies: the run's copy, or the shipped instance of that digest."""
    own = subject.base.folder / "instance"
    if (own / SOURCES_FILE).is_file():
        return own
    known = shipped_like(subject.instance)
    return known.directory if known is not None else None


def shipped_like(instance: Instance) -> Instance | None:
    """Return the shipped instance of the same name and content; None where there is none."""
    folder = shipped("instances") / instance.name
    if _NAME.fullmatch(instance.name) is None or not (folder / "instance.toml").is_file():
        return None
    known = read_instance(folder)
    return known if known.digest == instance.digest else None


def read_sources(folder: Path) -> Iterator[Entry]:
    """Yield table, columns, source and kind (sourced, derived, assumed) of every entry of ``SOURCES.md``.

    Tables that the page leaves to that of another instance are read there: beside it, or as shipped.
    """
    page = read_text(folder, SOURCES_FILE, ProblemLog()) or ""
    heading = ""
    for line in page.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("#").strip().strip("`")
        cells = [cell.strip() for cell in _CELL.split(line.strip().strip("|"))]
        if line.startswith("|") and len(cells) >= 3 and cells[-1] in KINDS_OF_SOURCE:
            names = ", ".join(re.findall(r"`([^`]+)`", cells[0])) or cells[0]
            yield heading, names, _source_of(cells), cells[-1]
    for name, told in _BORROWED.findall(page):
        tables = re.findall(r"`([^`]+)`", told)
        yield from (entry for entry in _entries_of(name, folder) if entry[0] in tables)


def _entries_of(name: str, beside: Path) -> Iterator[Entry]:
    if _NAME.fullmatch(name) is None:
        return
    for folder in (beside.parent / name, shipped("instances") / name):
        if folder != beside and (folder / SOURCES_FILE).is_file():
            yield from read_sources(folder)
            return


def _source_of(cells: Sequence[str]) -> str:
    """Return the cell that tells the source: the longest that is no path, between name and kind."""
    told = [cell for cell in cells[1:-1] if not cell.startswith("`data/")] or list(cells[1:-1])
    return max(told, key=len).replace("\\|", "|")
