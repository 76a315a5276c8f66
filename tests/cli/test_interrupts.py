"""Signals: what was found is checked and written, what was not is not, and nothing is ever half."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Run, environment, files_of

SHELL_CODE = {signal.SIGINT: 130, signal.SIGTERM: 143}
ONE_POLICY = ("solve", "china-provinces", "--policy", "unified", "--threads", "1", "--gap", "1e-7")
SMALL = ("compare", "toy-two-periods", "--threads", "1", "--profile", "exact", "--no-maps")
LARGE = ("compare", "china-provinces", "--threads", "1", "--no-curve")
N_MOMENTS = 10


@contextmanager
def _running(folder: Path, *words: object) -> Iterator[subprocess.Popen[str]]:
    """Start a command and wait for its first reading: from then on it can be asked to stop."""
    command = [sys.executable, "-m", "netopt", *map(str, words), "-o", "out"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(  # noqa: S603
        command, cwd=folder, env=environment(), text=True, **pipes
    ) as process:
        try:
            assert process.stderr is not None
            assert json.loads(process.stderr.readline())["event"] == "progress"
            yield process
        finally:
            process.kill()


def _read_until(process: subprocess.Popen[str], wanted: Callable[[dict[str, object]], bool]) -> None:
    """Read progress until one reading is as wanted."""
    assert process.stderr is not None
    for line in process.stderr:
        if wanted(json.loads(line)):
            return
    raise AssertionError("the command ended before such a reading")


def _has_incumbent(reading: dict[str, object]) -> bool:
    return reading["incumbent_cny_per_year"] is not None


def _assert_checked(netopt_here: Run, run: Path) -> dict[str, float]:
    """Return the outcome of a run that the checker passes and that has a bound."""
    assert netopt_here("check", run).code == 0
    outcome: dict[str, float] = json.loads((run / "outcome.json").read_text(encoding="utf-8"))
    assert outcome["lower_bound_cny_per_year"] <= outcome["upper_bound_cny_per_year"]
    return outcome


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_solve_leaves_the_checked_incumbent(
    netopt_here: Run, tmp_path: Path, number: signal.Signals
) -> None:
    with _running(tmp_path, *ONE_POLICY) as process:
        _read_until(process, _has_incumbent)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == SHELL_CODE[number], err
    assert "status     interrupted, checked independently" in out
    outcome = _assert_checked(netopt_here, tmp_path / "out")
    assert outcome["status"] == "interrupted"
    assert outcome["gap"] > 1e-7


def test_a_signal_before_any_plan_says_so_and_writes_nothing(tmp_path: Path) -> None:
    with _running(tmp_path, *ONE_POLICY) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert re.search(
        r"interrupted before (the model was built|any plan was found); nothing was written", err
    )
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    with _running(tmp_path, *ONE_POLICY) as process:
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "once more ends at once" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=5)
    assert process.returncode == -signal.SIGINT  # a shell calls it 130
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_comparison_keeps_what_has_a_plan(netopt_here: Run, tmp_path: Path) -> None:
    policy = tmp_path / "open-sky.toml"
    policy.write_text('name = "open-sky"\n', encoding="utf-8")
    words = ("--policies", f"{policy},open-market", "--gap", "0.02")
    with _running(tmp_path, *LARGE, *words) as process:
        _read_until(process, lambda reading: reading["policy"] == "open-market")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert set(comparison["unsolved"]) == {"open-market"}
    assert comparison["headline"] == []
    assert "There is no interval for open-market" in out
    assert (tmp_path / "out" / "README.md").read_text(encoding="utf-8").rstrip() in out
    _assert_checked(netopt_here, tmp_path / "out" / "runs" / "open-sky")
    assert not (tmp_path / "out" / "maps").exists()


def _stop_at(folder: Path, moment_s: float, words: tuple[str, ...]) -> int:
    """Return the exit code of a command that is sent SIGINT some time after its first reading."""
    folder.mkdir()
    with _running(folder, *words) as process:
        try:
            process.wait(moment_s)
            was_sent = False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            was_sent = True
        _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert process.returncode == (130 if was_sent else 0), err
    return process.returncode


def _assert_whole(netopt_here: Run, folder: Path) -> bool:
    """Assert that a folder holds a whole result or nothing; return whether it holds one."""
    assert [entry.name for entry in folder.iterdir()] in ([], ["out"])
    runs = sorted(folder.glob("out/runs/*")) or sorted(folder.glob("out"))
    for run in runs:
        _assert_checked(netopt_here, run)
    return bool(runs)


def test_a_comparison_may_be_stopped_at_any_moment(netopt_here: Run, tmp_path: Path) -> None:
    draw = random.Random(7)  # noqa: S311 - not for secrets
    for step in range(3):
        folder = tmp_path / f"at-{step}"
        code = _stop_at(folder, draw.uniform(0.0, 3.0), SMALL)
        assert _assert_whole(netopt_here, folder) or code == 130


@pytest.mark.campaign
@pytest.mark.parametrize("words", [ONE_POLICY, LARGE], ids=["solve", "compare"])
def test_ten_random_moments(netopt_here: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    draw = random.Random(130)  # noqa: S311 - not for secrets
    written = []
    for step in range(N_MOMENTS):
        folder = tmp_path / f"at-{step}"
        _stop_at(folder, draw.uniform(0.0, 20.0), words)
        written.append(_assert_whole(netopt_here, folder))
    assert any(written)
    assert not all(written)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL and locks are POSIX")
def test_a_killed_comparison_leaves_earlier_runs_and_no_half_one(netopt_here: Run, tmp_path: Path) -> None:
    earlier = tmp_path / "out"
    assert netopt_here("solve", "toy", "--policy", "unified", "-o", earlier, "-q").code == 0
    before = files_of(earlier)
    with _running(tmp_path, *SMALL, "--force", "--no-curve") as process:
        while not (drafts := list(tmp_path.glob(".out.*.writing"))):
            assert process.poll() is None, "the comparison ended before it wrote"
            time.sleep(0.01)
        process.kill()
        process.wait()
    assert files_of(earlier) == before
    assert netopt_here("check", earlier).code == 0
    assert [entry.name for entry in tmp_path.iterdir() if not entry.name.startswith(".")] == ["out"]
    assert drafts[0].exists()
    assert netopt_here("solve", "toy", "--policy", "unified", "-o", tmp_path / "next", "-q").code == 0
    assert {entry.name for entry in tmp_path.iterdir()} == {"out", "next"}
