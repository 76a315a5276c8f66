"""``netopt import``: a file of another format as an instance folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from netopt.cli.console import open_console
from netopt.cli.endings import SOLVED, uninterrupted
from netopt.cli.options import Talk
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.data.imported import Imported

_SWITCH = Parameter(negative="", show_default=False)


def command(  # noqa: PLR0913 - options
    file: Path,
    directory: Path,
    *,
    format_: Annotated[str | None, Parameter(name="--format")] = None,
    capacity: float | None = None,
    base: str | None = None,
    layer: str | None = None,
    table: str | None = None,
    force: Annotated[bool, _SWITCH] = False,
    dry_run: Annotated[bool, _SWITCH] = False,
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Read a file that you already have into a new instance: workbook, RELOG, test cases, places.

    The instance is checked like any other before anything is written. IMPORT.md in its folder says
    how the file was read and whence every column comes.

    Parameters
    ----------
    file
        The file: orlib, tbed1, tscflp, mp_tscflp (text files of numbers), places (GeoPackage,
        GeoJSON), excel (workbook of an instance), relog (RELOG's
        JSON).
    directory
        The folder to make.
    format_
        What the file is, where its suffix and numbers do not tell.
    capacity
        Of OR-Library's capa, capb and capc: what the word `capacity` in the file stands for.
    base
        Of places: folder or name of the instance that they are merged into.
    layer
        Of places: the layer to read; without it every layer of points.
    table
        Of places: sources, sites or locations, where the layer's name and columns do not tell.
    force
        Replace an instance that is there; its other files (policies, pages) stay.
    dry_run
        Read and check everything, write nothing.
    """
    from netopt.data.formats.registry import detect, read, reader_of  # noqa: PLC0415 - heavy
    from netopt.data.imported import as_instance  # noqa: PLC0415 - heavy
    from netopt.data.write import refuse_to_overwrite  # noqa: PLC0415 - heavy

    console = open_console(talk)
    refuse_to_overwrite(directory.absolute(), force)
    name = format_ or detect(file)
    title = reader_of(name).title
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    options = {"capacity": capacity, "base": base, "layer": layer, "table": table}
    found = read(name, file, options)
    imported = as_instance(found, file, name, title)
    if not dry_run:
        _write(imported, directory, force=force)
    how = "as asked" if format_ else "by its suffix or numbers"
    lines = [f"format     {name}, {title} ({how})", *_text(imported, directory, dry_run=dry_run)]
    console.result("\n".join(lines), _content(imported, directory, name, dry_run=dry_run))
    return SOLVED


def _write(imported: Imported, directory: Path, *, force: bool) -> None:
    from netopt.data.write import write_instance  # noqa: PLC0415 - heavy

    try:
        directory.absolute().parent.mkdir(parents=True, exist_ok=True)
        with uninterrupted():
            write_instance(imported.instance, directory, force, imported.files)
    except OSError as error:
        raise UsageError(f"{directory} cannot be written: {error.strerror or error}") from error


def _counts(imported: Imported) -> dict[str, int]:
    return {name: len(table) for name, table in imported.instance.tables.items() if len(table)}


def _text(imported: Imported, directory: Path, *, dry_run: bool) -> list[str]:
    counts = _counts(imported)
    shown = ("sources", "sites", "markets", "commodities", "distances")
    listed = ", ".join(f"{counts[name]:,} {name}" for name in shown if name in counts)
    lines = [f"holds      {listed}", *(f"note       {note}" for note in imported.notes)]
    if dry_run:
        return [*lines, f"instance   {directory} would be written (dry run)"]
    return [*lines, f"instance   {directory}", f"next       netopt validate {directory}"]


def _content(imported: Imported, directory: Path, name: str, *, dry_run: bool) -> dict[str, Any]:
    return {
        "status": "dry_run" if dry_run else "written",
        "format": name,
        "n_rows": _counts(imported),
        "notes": list(imported.notes),
        "paths": {"instance": str(directory)},
        "digests": {"instance": imported.instance.digest},
        "files": sorted(imported.files),
    }
