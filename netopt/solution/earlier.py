"""What a new plan takes from an earlier run: its design."""

from __future__ import annotations

from pathlib import Path

from netopt.data.design import Design
from netopt.errors import UsageError
from netopt.solution.design import decided_in, run_digest
from netopt.solution.store import read_manifest, read_run


def read_design(path: str | Path) -> Design:
    """Read the design of a run, to be kept.

    Raises
    ------
    UsageError
        Where there is no such run, or the folder holds no plan.
    CheckError
        Where files of the run were altered, or it has no manifest: its digest could not be recorded.
    """
    if read_manifest(path).get("kind") == "comparison":
        raise UsageError(f"{path} is a comparison: name one of its runs, {Path(path) / 'runs'}/...")
    run = read_run(path)
    return Design(str(path), run_digest(Path(path)), decided_in(run.answer.facilities, run.instance))
