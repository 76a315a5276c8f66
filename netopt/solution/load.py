"""What a folder holds, an instance or a run, read by one name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netopt.data.folder import SETTINGS_FILE
from netopt.data.read import read_instance
from netopt.errors import UsageError
from netopt.solution.staging import folder_to_read
from netopt.solution.store import read_manifest, read_run

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.solution.store import Run


def load(path: str | Path) -> Instance | Run:
    """Return the instance or the run that a folder holds.

    Where the type must be known beforehand there are ``read_instance`` and ``read_run``.

    Parameters
    ----------
    path
        An instance (it has ``instance.toml``), a run that ``write_run``, ``netopt solve`` or a
        comparison left, or the name of a shipped instance.

    Returns
    -------
    Instance or Run
        Checked whole: an instance for problems, a run against the digests of its manifest.

    Raises
    ------
    InstanceError
        With every problem of an instance.
    UsageError
        Where there is no such folder, or it is a comparison (its runs are named) or holds no plan.
    CheckError
        Where files of a run were altered.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.load("toy")
    >>> toy.name, toy.periods, len(toy["supply"])
    ('toy', ('2025',), 3)
    """
    folder = folder_to_read(Path(path))
    if not folder.is_dir() or (folder / SETTINGS_FILE).is_file():
        return read_instance(path)
    kind = read_manifest(folder).get("kind")
    if kind == "comparison":
        runs = sorted(each.as_posix() for each in (Path(path) / "runs").glob("*") if each.is_dir())
        raise UsageError(f"{path} is a comparison of several runs; load one of {', '.join(runs)}")
    if kind is not None or (folder / "policy.toml").is_file():
        return read_run(path)
    return read_instance(path)
