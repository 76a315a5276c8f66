"""Folders that appear whole or not at all, whatever happens to the writer.

A folder is written under a hidden name beside its place, flushed to disk, and renamed. The rename
is the lock: of two writers one wins and the other is told so. A killed writer leaves a hidden
folder ``.NAME.<hex>.writing`` that no reader looks at. A writer holds a lock on its draft, which the
system releases however it ends, so that the next writer beside it knows what to remove. Replacing
keeps the old folder as ``.NAME.<hex>.replaced`` until the new one is in place; readers find it there
in the moment between the two renames (``folder_to_read``).
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from netopt.errors import UsageError

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

MANIFEST: Final = "manifest.json"
STALE_AFTER_S: Final = 3600.0


def is_ours(folder: Path) -> bool:
    """Return whether a folder has a manifest of netopt."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and "netopt_version" in manifest


@contextmanager
def staged_folder(
    path: Path, *, force: bool = False, may_replace: Callable[[Path], bool] = is_ours
) -> Iterator[Path]:
    """Yield an empty hidden folder that becomes ``path`` when the block ends well.

    Parameters
    ----------
    path
        Where the folder shall be. Its parents are made.
    force
        Replace a folder that netopt wrote before. Anything else is never replaced.
    may_replace
        What ``force`` may replace, where that is something else than a folder with a manifest.

    Raises
    ------
    UsageError
        Where ``path`` may not be written (see ``refuse_overwrite``), before the block runs, where
        another writer was faster, after it, or where the disk refuses.
    """
    refuse_overwrite(path, force=force, may_replace=may_replace)
    with draft_beside(path) as staging:
        yield staging
        _flush(staging)
        refuse_overwrite(path, force=force, may_replace=may_replace)
        _put_in_place(staging, _real(path))


@contextmanager
def draft_beside(path: Path) -> Iterator[Path]:
    """Yield an empty hidden folder beside ``path``, which is gone after the block unless it was renamed.

    Parents of ``path`` that are missing are made.

    Raises
    ------
    UsageError
        Where the system refuses something inside the block; the message names ``path``.
    """
    with _refusals_name(path):
        place = _real(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(place)
        draft, lock = _new_draft(place)
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if lock is not None:
                os.close(lock)


def move_into(draft: Path, folder: Path) -> None:
    """Move every file of a draft to its place in ``folder``; each is replaced at once, others stay."""
    _flush(draft)
    for file in sorted(entry for entry in draft.rglob("*") if not entry.is_dir()):
        target = folder / file.relative_to(draft)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


def ensure_writable(
    path: Path, *, force: bool = False, may_replace: Callable[[Path], bool] = is_ours
) -> None:
    """Raise UsageError where a result cannot be written to ``path``; leave nothing behind.

    Asked before a solve, so that a plan is not lost to a place that could have been seen to be
    closed. Parents that are missing are made and removed again.

    Raises
    ------
    UsageError
        As ``refuse_overwrite``, or where the system refuses a folder there.
    """
    refuse_overwrite(path, force=force, may_replace=may_replace)
    with _refusals_name(path):
        place = _real(path)
        missing = [parent for parent in place.parents if not parent.exists()]
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            draft, lock = _new_draft(place)
            shutil.rmtree(draft)
            if lock is not None:
                os.close(lock)
        finally:
            for parent in missing:
                with suppress(OSError):
                    parent.rmdir()


@contextmanager
def _refusals_name(path: Path) -> Iterator[None]:
    """Turn what the system refuses inside the block into a UsageError that names ``path``."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{path} cannot be written: a file stands where a folder must be") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def _real(path: Path) -> Path:
    """Return the path without symbolic links: a folder cannot be renamed onto a link."""
    try:
        return path.resolve()
    except RuntimeError as error:  # a link that leads to itself, before Python 3.13
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error


def refuse_overwrite(
    path: Path, *, force: bool = False, may_replace: Callable[[Path], bool] = is_ours
) -> None:
    """Raise UsageError where a result may not be written to ``path``.

    An absent or empty folder is free. With ``force`` so is a folder with a manifest of netopt,
    and nothing else: a slip such as ``-o . --force`` must not cost a planner's work.
    """
    with _refusals_name(path):
        if not path.exists():
            return
        if not path.is_dir():
            raise UsageError(f"{path} is a file, not a folder")
        if _real(path).is_mount():
            raise UsageError(f"{path} is a mounted disk, which cannot be replaced; choose a folder on it")
        if not any(path.iterdir()):
            return
    if not force:
        raise UsageError(f"{path} exists already; choose another output or add --force to replace it")
    if not may_replace(path):
        raise UsageError(f"{path} was not written by netopt ({MANIFEST} is missing); it is not replaced")


def folder_to_read(path: Path) -> Path:
    """Return ``path``, or its old copy where a writer is, or was killed, between two renames."""
    try:
        path = _real(path)
    except OSError:
        return path
    if path.exists():
        return path
    copies = [copy for copy in _leftovers(path, "replaced") if is_ours(copy)]
    return max(copies, key=lambda copy: copy.stat().st_mtime) if copies else path


def _hidden(path: Path, purpose: str) -> Path:
    return path.parent / f".{path.name}.{uuid4().hex}.{purpose}"


def _new_draft(path: Path) -> tuple[Path, int | None]:
    """Return a new hidden folder and the descriptor of its lock (None where the system has none)."""
    while True:
        staging = _hidden(path, "writing")
        staging.mkdir()
        try:
            lock = _lock(staging)
        except OSError:
            if staging.exists():
                return staging, None
            continue  # another writer took it for abandoned before it was locked
        if staging.exists():
            return staging, lock
        os.close(lock)


def _lock(folder: Path, *, at_once: bool = False) -> int:
    """Lock a folder and return the descriptor that holds the lock; OSError where that cannot be."""
    if fcntl is None:
        raise OSError("no locks on this system")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (fcntl.LOCK_NB if at_once else 0))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _leftovers(path: Path, purpose: str, name: str | None = None) -> list[Path]:
    """Return hidden folders beside ``path``: of its own, or of any name that matches ``name``."""
    name = re.escape(path.name) if name is None else name
    pattern = re.compile(rf"\.{name}\.[0-9a-f]{{32}}\.{purpose}")
    if not path.parent.is_dir():
        return []
    return [sibling for sibling in path.parent.iterdir() if pattern.fullmatch(sibling.name)]


def _remove_leftovers(path: Path) -> None:
    """Remove what killed writers left: drafts of any name, and old copies once a whole folder stands."""
    for draft in _leftovers(path, "writing", ".+"):
        _remove_if_abandoned(draft)
    if is_ours(path):
        for copy in _leftovers(path, "replaced"):
            shutil.rmtree(copy, ignore_errors=True)


def _remove_if_abandoned(draft: Path) -> None:
    """Remove a draft that nobody writes: its lock is free, or without locks nothing changed for long."""
    try:
        lock = _lock(draft, at_once=True)
    except BlockingIOError:
        return
    except OSError:
        if _last_change(draft) < time.time() - STALE_AFTER_S:
            shutil.rmtree(draft, ignore_errors=True)
        return
    try:
        shutil.rmtree(draft, ignore_errors=True)
    finally:
        os.close(lock)


def _last_change(folder: Path) -> float:
    """Return the newest change inside a folder (s); now where it vanishes meanwhile."""
    try:
        return max(entry.stat().st_mtime for entry in (folder, *folder.rglob("*")))
    except OSError:
        return time.time()


def _put_in_place(staging: Path, path: Path) -> None:
    if path.exists() and any(path.iterdir()):
        _swap(staging, path)
    else:
        _rename(staging, path)
    _flush_folder(path.parent)


def _swap(staging: Path, path: Path) -> None:
    """Replace ``path``; at every moment it or its ``.replaced`` copy is whole."""
    replaced = _hidden(path, "replaced")
    _rename(path, replaced)
    try:
        _rename(staging, path)
    except UsageError:
        if not path.exists():
            replaced.rename(path)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


def _rename(old: Path, new: Path) -> None:
    try:
        old.rename(new)
    except OSError as error:
        raise UsageError(f"{new} could not be put in place: {error.strerror}") from error


def _flush(folder: Path) -> None:
    """Make every file and folder below ``folder`` durable."""
    for entry in sorted(folder.rglob("*"), reverse=True):
        if entry.is_dir():
            _flush_folder(entry)
        else:
            with entry.open("rb+") as stream:
                os.fsync(stream.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
