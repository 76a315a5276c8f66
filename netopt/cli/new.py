"""``netopt new``: a copy of a shipped instance to edit."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from netopt.cli.console import open_console
from netopt.cli.endings import SOLVED
from netopt.cli.inputs import only_name, shipped_instances
from netopt.cli.options import Talk
from netopt.errors import UsageError
from netopt.resources import shipped

PARTS: Final = ("instance.toml", "datapackage.json", "*.md", "data/*.csv", "policies/*.toml")
"""What belongs to an instance; builders and sources of a shipped one stay behind."""

NOTEBOOK: Final = "notebook.py"
"""A marimo notebook that plans the instance beside it; it lies among the shipped instances."""


def command(
    directory: Path,
    *,
    from_: Annotated[str, Parameter(name="--from")] = "toy",
    notebook: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    force: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    dry_run: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Copy a shipped instance to a folder, ready to edit; every file explains itself.

    Parameters
    ----------
    directory
        The folder to make.
    from_
        The shipped instance.
    notebook
        Also write notebook.py, which plans, compares and draws the instance beside it with marimo
        (pip install 'netopt[notebook]', then: marimo edit DIRECTORY/notebook.py).
    force
        Replace an instance that is there. Files of your own that would mix with the copy (tables,
        policies, pages) are refused; all others stay.
    dry_run
        Say which files would be written, write nothing.
    """
    console = open_console(talk)
    files = _files_of(only_name(shipped_instances(), from_, "instance"), notebook=notebook)
    stale = _leftovers(directory, list(files), force=force)
    if not dry_run:
        _copy(files, directory, stale)
    verb = "would hold" if dry_run else "holds"
    text = f"{directory} {verb} a copy of {from_} ({len(files)} files); next: netopt validate {directory}"
    if notebook:
        text += f", or: marimo edit {directory / NOTEBOOK}"
    listed = [path.as_posix() for path in files]
    content = {"status": "dry_run" if dry_run else "written", "paths": {"instance": str(directory)}}
    console.result(text, {**content, "files": listed})
    return SOLVED


def _files_of(instance: str, *, notebook: bool) -> dict[Path, Path]:
    """Return every file that the copy will hold, relative to it, and where it is copied from."""
    source = shipped("instances") / instance
    found = sorted(path for part in PARTS for path in source.glob(part) if path.is_file())
    files = {path.relative_to(source): path for path in found}
    return files | ({Path(NOTEBOOK): shipped("instances") / NOTEBOOK} if notebook else {})


def _leftovers(directory: Path, files: list[Path], *, force: bool) -> list[Path]:
    """Return files of another shipped instance that lie in the folder and that the copy lacks.

    Raises
    ------
    UsageError
        Where a copy would cost the planner files, or mix two instances, or nothing can be written.
    """
    from netopt.solution.staging import ensure_writable  # noqa: PLC0415 - heavy

    ensure_writable(directory, force=force, may_replace=_anything)
    there = [path.relative_to(directory) for part in PARTS for path in sorted(directory.glob(part))]
    others = [path for path in there if path not in files]
    foreign = [path.as_posix() for path in others if not _is_a_copy(directory, path)]
    if foreign:
        listed = ", ".join(foreign)
        raise UsageError(
            f"{directory} has files of your own that the copy lacks ({listed}); move them first"
        )
    if there and _is_where_we_are(directory):
        raise UsageError(f"{directory} is replaced as a whole; run this from outside of it")
    return others


def _is_a_copy(directory: Path, file: Path) -> bool:
    """Return whether a file is, byte by byte, that of a shipped instance."""
    if not (directory / file).is_file():
        return False
    content = (directory / file).read_bytes()
    homes = [shipped("instances") / name for name in shipped_instances()]
    return any((home / file).is_file() and (home / file).read_bytes() == content for home in homes)


def _is_where_we_are(directory: Path) -> bool:
    return Path.cwd().resolve().is_relative_to(directory.resolve())


def _anything(_folder: Path) -> bool:
    return True


def _copy(files: Mapping[Path, Path], directory: Path, stale: list[Path]) -> None:
    """Make the copy aside and put it in place as a whole; what else the folder holds stays."""
    from netopt.solution.staging import draft_beside, move_into, staged_folder  # noqa: PLC0415 - heavy

    if _is_where_we_are(directory):  # nothing of an instance is there; a shell stands in the folder
        with draft_beside(directory) as draft:
            _fill(draft, files)
            move_into(draft, directory)
        return
    with staged_folder(directory, force=True, may_replace=_anything) as draft:
        if directory.is_dir():
            shutil.copytree(directory, draft, symlinks=True, dirs_exist_ok=True)
        for file in stale:
            (draft / file).unlink()
        _fill(draft, files)


def _fill(folder: Path, files: Mapping[Path, Path]) -> None:
    for path, source in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # never through a link
        shutil.copyfile(source, target)
