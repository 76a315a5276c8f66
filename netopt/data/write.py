"""Instances to folders: whole Data Packages, written aside and moved into place."""

from __future__ import annotations

import csv
import json
import os
import secrets
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w

from netopt.data.digest import cell_texts
from netopt.data.folder import DESCRIPTOR_FILE, SETTINGS_FILE, read_text, table_files
from netopt.data.formats.datapackage import make_descriptor
from netopt.data.notice import copy_notice, copy_sources
from netopt.data.problems import ProblemLog
from netopt.data.schema import TableSpec
from netopt.data.settingsfile import parse_settings
from netopt.data.tables import TABLES
from netopt.errors import InstanceError, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.instance import Instance
    from netopt.data.settings import Settings


def write_instance(
    instance: Instance, path: str | Path, force: bool = False, extra: Mapping[str, str] | None = None
) -> None:
    r"""Write an instance as a Data Package; reading it gives the same digest.

    ``datapackage.json`` is made from the declared tables, ``instance.toml`` from the settings, and
    one CSV file is written per table that is required or has rows (UTF-8, ``\n``, shortest numbers
    that read back exactly). All files are written and synced in a folder beside ``path`` before it
    is renamed, so that ``path`` never holds half an instance.

    Parameters
    ----------
    instance
        Of whichever folder, or made in memory.
    path
        The folder to make. Its parent must exist.
    force
        Replace an instance that is there; its other files (sources, policies) are kept.
    extra
        Other files to write into it: path in the folder -> text.

    Raises
    ------
    UsageError
        ``path`` exists and ``force`` is off, or it is not an instance folder.
    OSError
        The folder cannot be written; nothing is left behind.

    Examples
    --------
    >>> import netopt
    >>> from tempfile import TemporaryDirectory
    >>> toy = netopt.read_instance("toy")
    >>> with TemporaryDirectory() as folder:
    ...     netopt.write_instance(toy, f"{folder}/copy")
    ...     netopt.read_instance(f"{folder}/copy").digest == toy.digest
    True
    """
    folder = Path(path).absolute()
    refuse_to_overwrite(folder, force)
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.new")
    try:
        if folder.exists():
            shutil.copytree(folder, aside, symlinks=True)
            shutil.rmtree(aside / "data", ignore_errors=True)
        write_package(instance, aside)
        for file, text in (extra or {}).items():
            _write_text(aside / file, text)
        _sync(aside)
        _move_into_place(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_package(instance: Instance, folder: Path) -> None:
    """Write the files of an instance into ``folder`` as they are, without moving anything.

    For callers that write a larger folder of their own aside, for example a run. The licences of
    the data (``LICENSE-DATA.md``) and their sources (``SOURCES.md``) go with it where the instance was
    read from a folder that has them.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    present = [name for name, spec in TABLES.items() if spec.required or len(instance[name])]
    for name in present:
        _write_table(TABLES[name], instance[name], folder / TABLES[name].file)
    _write_descriptor(instance.settings, present, folder)
    (folder / SETTINGS_FILE).write_text(settings_toml(instance.settings), "utf-8", newline="\n")
    copy_notice(instance, folder)
    copy_sources(instance, folder)


def describe_folder(folder: Path) -> None:
    """Write ``datapackage.json`` for a folder whose tables and settings were written by hand.

    Raises
    ------
    InstanceError
        ``instance.toml`` or the list of files in ``data/`` has problems.
    """
    log = ProblemLog()
    present = table_files(folder, log)
    toml = read_text(folder, SETTINGS_FILE, log)
    settings = parse_settings(toml, log) if toml is not None else None
    if settings is None or log.sorted([]):
        raise InstanceError(str(folder), log.sorted([]))
    _write_descriptor(settings, present, folder)


def _write_descriptor(settings: Settings, present: Collection[str], folder: Path) -> None:
    descriptor = json.dumps(make_descriptor(settings, present), ensure_ascii=False, indent=2)
    (folder / DESCRIPTOR_FILE).write_text(descriptor + "\n", "utf-8", newline="\n")


def settings_toml(settings: Settings) -> str:
    """Return the settings as the text of ``instance.toml``; what is not set is left out."""
    said = settings.model_dump(mode="json", exclude_none=True)
    if not said["solving"]:
        del said["solving"]
    for key in ("paid", "may_close"):
        if said["capital"][key] == type(settings.capital).model_fields[key].default:
            del said["capital"][key]
    return tomli_w.dumps(said)


def _write_table(spec: TableSpec, table: pd.DataFrame, file: Path) -> None:
    columns = [cell_texts(column, table[column.name]) for column in spec.columns]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(spec.column_names)
        writer.writerows(zip(*columns, strict=True))


def _write_text(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)  # never through a link
    file.write_text(text, "utf-8", newline="\n")


def refuse_to_overwrite(folder: Path, force: bool) -> None:
    """Raise UsageError where ``write_instance`` would not write to ``folder``."""
    if not folder.exists() and not folder.is_symlink():
        return
    if not force:
        raise UsageError(f"{folder} exists already (--force replaces an instance)")
    if folder.is_symlink() or not folder.is_dir():
        raise UsageError(f"{folder} is not a folder, so it is not replaced")
    if any(folder.iterdir()) and not (folder / DESCRIPTOR_FILE).is_file():
        raise UsageError(f"{folder} is not an instance folder, so it is not replaced")


def _sync(folder: Path) -> None:
    """Wait until all files and folders in ``folder`` are on disk."""
    for place in (*folder.rglob("*"), folder):
        if place.is_symlink() or not (place.is_file() or place.is_dir()):
            continue
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _move_into_place(aside: Path, folder: Path) -> None:
    """Rename ``aside`` to ``folder``; a folder that is there steps aside first, and is then deleted."""
    if folder.exists():
        old = aside.with_suffix(".old")
        folder.rename(old)
        try:
            aside.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old)
    else:
        aside.rename(folder)
