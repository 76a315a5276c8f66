"""``netopt new``: a copy of a shipped instance to edit."""

from __future__ import annotations

import shutil
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


def command(
    directory: Path,
    *,
    from_: Annotated[str, Parameter(name="--from")] = "toy",
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
    force
        Write over the files of an instance that is there.
    dry_run
        Say which files would be written, write nothing.
    """
    console = open_console(talk)
    source = shipped("instances") / only_name(shipped_instances(), from_, "instance")
    files = sorted(path for part in PARTS for path in source.glob(part) if path.is_file())
    _refuse(directory, [path.relative_to(source) for path in files], force=force)
    if not dry_run:
        for path in files:
            target = directory / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    listed = [path.relative_to(source).as_posix() for path in files]
    verb = "would hold" if dry_run else "holds"
    text = f"{directory} {verb} a copy of {from_} ({len(files)} files); next: netopt validate {directory}"
    content = {"status": "dry_run" if dry_run else "written", "paths": {"instance": str(directory)}}
    console.result(text, {**content, "files": listed})
    return SOLVED


def _refuse(directory: Path, files: list[Path], *, force: bool) -> None:
    """Raise UsageError where a copy would cost the planner files, or mix two instances."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file")
    if not directory.exists() or not any(directory.iterdir()):
        return
    if not force:
        raise UsageError(f"{directory} is not empty; choose another folder or add --force to write over it")
    foreign = [path for part in ("data/*.csv",) for path in directory.glob(part)]
    mixed = [path.name for path in foreign if path.relative_to(directory) not in files]
    if mixed:
        raise UsageError(
            f"{directory}/data has tables that the copy lacks ({', '.join(mixed)}); remove them first"
        )
