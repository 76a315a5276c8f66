"""Which files of a folder are as its manifest lists them, by their SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from netopt.solution.design import DESIGN_FILE
from netopt.solution.given import BASELINE, GIVEN_FILE
from netopt.solution.staging import MANIFEST

_CHECKED_FOLDERS: Final = ("instance", "tables", "runs")
_OF_A_RUN: Final = ("policy.toml", "outcome.json", "verdict.json", "ledger.csv", "dropped_arcs.csv")
_LISTED: Final = {
    "run": _OF_A_RUN,
    BASELINE: (*_OF_A_RUN, GIVEN_FILE),
    "comparison": ("comparison.json",),
}
"""What a manifest of each kind must list: none of it may be swapped unseen."""


def differences(manifest: Mapping[str, Any], found: Mapping[str, str]) -> list[str]:
    """Return what does not agree with a manifest that lists ``files``, one line per file.

    Parameters
    ----------
    manifest
        Of the folder.
    found
        The folder's ``digests``.
    """
    listed = manifest["files"]
    changed = [f"{file}: changed" for file in listed if file in found and found[file] != listed[file]]
    missing = [f"{file}: missing" for file in listed if file not in found]
    read_back = [file for file in found if file.split("/", 1)[0] in _CHECKED_FOLDERS]
    added = [f"{file}: added" for file in read_back if file not in listed]
    unlisted = [f"{file}: not listed" for file in _always_listed(manifest) if file not in listed]
    return sorted([*changed, *missing, *added, *unlisted])


def _always_listed(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    kind = str(manifest.get("kind"))
    files = _LISTED.get(kind, ())
    return (*files, DESIGN_FILE) if "fixed_design" in manifest and kind in ("run", BASELINE) else files


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every regular file below a folder by relative path; not the manifest's."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    relative = {file.relative_to(folder).as_posix(): file for file in files}
    return {name: _sha256(file) for name, file in relative.items() if name != MANIFEST}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
