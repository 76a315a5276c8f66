from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netopt.errors import UsageError
from netopt.solution import staging
from netopt.solution.staging import ensure_writable, folder_to_read, refuse_overwrite, staged_folder


def _fill(folder: Path, text: str) -> None:
    (folder / "tables").mkdir()
    (folder / "tables" / "one.csv").write_text(text, encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"netopt_version": text}), encoding="utf-8")


def _write(path: Path, text: str, *, force: bool = False) -> None:
    with staged_folder(path, force=force) as folder:
        _fill(folder, text)


def _text(path: Path) -> str:
    return (path / "tables" / "one.csv").read_text(encoding="utf-8")


def test_a_folder_appears_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    _write(tmp_path / "deep" / "run", "first")
    assert [entry.name for entry in (tmp_path / "deep").iterdir()] == ["run"]
    assert _text(tmp_path / "deep" / "run") == "first"


def test_nothing_is_visible_while_writing_nor_after_a_failure(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), staged_folder(run) as folder:
        _fill(folder, "first")
        assert not run.exists()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_free(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    _write(tmp_path / "run", "first")
    assert _text(tmp_path / "run") == "first"


def test_a_run_is_replaced_only_with_force_and_only_by_a_whole_one(tmp_path: Path) -> None:
    run = tmp_path / "run"
    _write(run, "first")
    with pytest.raises(UsageError, match="--force"):
        _write(run, "second")
    with pytest.raises(ValueError, match="half"), staged_folder(run, force=True) as folder:
        _fill(folder, "half")
        raise ValueError("half")
    assert _text(run) == "first"
    _write(run, "second", force=True)
    assert _text(run) == "second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_force_never_replaces_what_netopt_did_not_write(tmp_path: Path) -> None:
    work = tmp_path / "thesis"
    work.mkdir()
    (work / "chapter.md").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="not written by netopt"):
        _write(work, "run", force=True)
    (work / "manifest.json").write_text('{"name": "somebody else\'s"}', encoding="utf-8")
    with pytest.raises(UsageError, match="not written by netopt"):
        refuse_overwrite(work, force=True)
    assert (work / "chapter.md").read_text(encoding="utf-8") == "years of work"
    with pytest.raises(UsageError, match="is a file"):
        refuse_overwrite(work / "chapter.md", force=True)


def test_asking_whether_a_place_can_be_written_leaves_nothing(tmp_path: Path) -> None:
    ensure_writable(tmp_path / "deep" / "deeper" / "run")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="file/runs/one cannot be written"):
        ensure_writable(tmp_path / "file" / "runs" / "one")


def test_a_disk_that_is_full_is_said_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run cannot be written: No space left"):  # noqa: SIM117
        with staged_folder(tmp_path / "run"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_an_empty_folder_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    _write(tmp_path / "run", "first")
    _write(tmp_path / "run", "second", force=True)
    assert _text(tmp_path / "disk") == "second"
    assert (tmp_path / "run").is_symlink()


def test_the_slower_of_two_writers_is_told_and_the_faster_one_kept(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(UsageError, match="exists already"), staged_folder(run) as slow:
        _fill(slow, "slow")
        _write(run, "fast")
    assert _text(run) == "fast"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


_KILLED_WRITER = """
import os, sys
from pathlib import Path
from netopt.solution import staging
import json

fatal_step, steps = int(sys.argv[2]), [0]

def counted(function):
    def wrapper(*args, **keywords):
        steps[0] += 1
        if steps[0] == fatal_step:
            os._exit(9)
        return function(*args, **keywords)
    return wrapper

os.fsync = counted(os.fsync)
Path.rename = counted(Path.rename)
staging.shutil.rmtree = counted(staging.shutil.rmtree)
with staging.staged_folder(Path(sys.argv[1]), force=True) as folder:
    (folder / "tables").mkdir()
    (folder / "tables" / "one.csv").write_text("second")
    (folder / "manifest.json").write_text(json.dumps({"netopt_version": "second"}))
print(steps[0])
"""


def _run_writer(path: Path, fatal_step: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", _KILLED_WRITER, str(path), str(fatal_step)]
    return subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603


def test_a_writer_killed_at_any_step_leaves_a_whole_run(tmp_path: Path) -> None:
    n_steps = int(_run_writer(tmp_path / "count", 0).stdout)
    seen = set()
    for step in range(1, n_steps + 3):  # replacing takes up to two steps more than writing anew
        run = tmp_path / f"at-{step}" / "run"
        _write(run, "first")
        _run_writer(run, step)
        text = _text(folder_to_read(run))
        assert text in ("first", "second"), step
        seen.add(text)
        _write(run, "third", force=True)
        assert _text(run) == "third"
    assert seen == {"first", "second"}


def test_drafts_of_dead_writers_are_removed_and_those_in_writing_left(tmp_path: Path) -> None:
    dead = tmp_path / f".yesterday.{'a' * 32}.writing"
    dead.mkdir()
    (dead / "half.csv").write_text("half", encoding="utf-8")
    foreign = tmp_path / ".notes.writing"
    foreign.mkdir()
    with staged_folder(tmp_path / "other") as draft:
        _fill(draft, "other")
        _write(tmp_path / "run", "first")
        assert draft.exists()
    assert not dead.exists()
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", "other", ".notes.writing"}


def test_without_locks_only_stale_drafts_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "fcntl", None)
    stale, fresh = (tmp_path / f".run.{letter * 32}.writing" for letter in "ab")
    old_s = time.time() - 2 * staging.STALE_AFTER_S
    for draft in (stale, fresh):
        draft.mkdir()
    os.utime(stale, (old_s, old_s))
    _write(tmp_path / "run", "first")
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", fresh.name}


def test_the_old_copy_is_read_between_two_renames_and_removed_later(tmp_path: Path) -> None:
    run = tmp_path / "run"
    _write(run, "first")
    copy = tmp_path / f".run.{'a' * 32}.replaced"
    run.rename(copy)
    assert folder_to_read(run) == copy
    _write(run, "second")
    assert folder_to_read(run) == run
    _write(run, "third", force=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]
