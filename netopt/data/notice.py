"""Pages that go with every copy of an instance's data: their licences, and where each column comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netopt.data.folder import NOTICE_FILE, SOURCES_FILE, read_text
from netopt.data.problems import ProblemLog

if TYPE_CHECKING:
    from netopt.data.instance import Instance


def notice_of(instance: Instance) -> str:
    """Return the text of the instance's own ``LICENSE-DATA.md``, "" where it has none.

    The file lies in the folder that the instance was read from; a link out of that folder is not followed.
    """
    return _page_of(instance, NOTICE_FILE)


def copy_notice(instance: Instance, folder: Path) -> list[Path]:
    """Write the instance's notice into ``folder``; return the file, or nothing where there is none."""
    return _copy(instance, NOTICE_FILE, folder)


def copy_sources(instance: Instance, folder: Path) -> list[Path]:
    """Write the instance's ``SOURCES.md`` into ``folder``; return the file, or nothing likewise."""
    return _copy(instance, SOURCES_FILE, folder)


def _page_of(instance: Instance, name: str) -> str:
    home = instance.directory
    if home is None or not (home / name).is_file():
        return ""
    return read_text(home, name, ProblemLog()) or ""


def _copy(instance: Instance, name: str, folder: Path) -> list[Path]:
    page = _page_of(instance, name)
    if not page:
        return []
    target = folder / name
    target.write_text(page, "utf-8", newline="\n")
    return [target]
