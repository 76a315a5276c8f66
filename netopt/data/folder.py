"""The files of an instance folder, read without trusting them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from netopt.data.problems import ProblemLog, nearest, spelled
from netopt.data.tables import TABLES
from netopt.errors import UsageError
from netopt.resources import shipped

DESCRIPTOR_FILE: Final = "datapackage.json"
SETTINGS_FILE: Final = "instance.toml"
TABLE_FILES: Final = {spec.file: name for name, spec in TABLES.items()}

NOTICE_FILE: Final = "LICENSE-DATA.md"
"""The licences of an instance's data and the notices they ask for; goes with every copy."""

SOURCES_FILE: Final = "SOURCES.md"
"""Where every column comes from; goes with every copy too."""

MAX_FILE_BYTES: Final = 2**28
"""Largest file that is read, in bytes (256 MiB; a million rows take about 50)."""

_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_UTF8: Final = "save it in UTF-8; spreadsheets call it 'CSV UTF-8'"


def find_folder(path: str | Path) -> Path:
    """Return the folder of an instance given by its path or by the name of a shipped one.

    Raises
    ------
    UsageError
        There is no such folder, and no shipped instance of that name.
    """
    folder = Path(path)
    if folder.is_dir():
        return folder
    home = shipped("instances")
    names = [file.parent.name for file in sorted(home.glob(f"*/{SETTINGS_FILE}"))]
    if str(path) in names:
        return home / str(path)
    hint = nearest(str(path), names) or f"shipped instances: {spelled(names) or 'none'}"
    raise UsageError(f"no instance folder {path} ({hint})")


def table_files(folder: Path, log: ProblemLog) -> dict[str, str]:
    """Return table name -> file (relative) of every table file in ``data/``; note all others."""
    found: dict[str, str] = {}
    data = folder / "data"
    if not data.is_dir():
        log.add("data", None, None, "missing_file", "", "the folder data/ is missing")
        return found
    if not _stays_inside(folder, "data", log):
        return found
    for entry in sorted(data.iterdir()):
        file = f"data/{entry.name}"
        if file in TABLE_FILES:
            found[TABLE_FILES[file]] = file
        elif not entry.name.startswith("."):
            hint = nearest(entry.stem, TABLES) or "every file in data/ must be a table of the format"
            log.add(file, None, None, "unknown_file", "", f"no table is called '{entry.name}'", hint)
    return found


def read_text(folder: Path, file: str, log: ProblemLog) -> str | None:
    """Return the text of one file, without a byte order mark; None where a problem was noted.

    Refused are files that are missing, not regular, reached by a symbolic link that leads out of
    the folder, larger than ``MAX_FILE_BYTES`` or not in UTF-8.
    """
    path = folder / file
    if not _stays_inside(folder, file, log):
        return None
    if not path.is_file():
        log.add(file, None, None, "missing_file", "", "the file is missing or not a regular file")
        return None
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        message = f"the file has {size:,} bytes, more than the {MAX_FILE_BYTES:,} that are read"
        log.add(file, None, None, "file_size", size, message)
        return None
    try:
        return _decoded(path.read_bytes(), file, log)
    except OSError as error:
        log.add(file, None, None, "unreadable", "", f"the file cannot be read: {error.strerror}")
        return None


def _stays_inside(folder: Path, file: str, log: ProblemLog) -> bool:
    try:
        inside = (folder / file).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link that leads to itself
        inside = False
    if not inside:
        message = "a symbolic link leads out of the instance folder"
        log.add(file, None, None, "symlink", "", message, "copy the file into the folder")
    return inside


def _decoded(data: bytes, file: str, log: ProblemLog) -> str | None:
    """Return UTF-8 text, or note which other encoding the bytes look like."""
    if data.startswith(_UTF16_MARKS) or b"\0" in data[:4096]:
        message = "the file is in UTF-16 or binary, not in UTF-8"
        log.add(file, None, None, "encoding", "", message, _SAVE_AS_UTF8)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    try:
        data.decode("gb18030")
        message = "the file is not in UTF-8; it looks like GB18030 (GBK)"
    except UnicodeDecodeError:
        message = "the file is not in UTF-8"
    log.add(file, line, None, "encoding", "", message, _SAVE_AS_UTF8)
    return None
