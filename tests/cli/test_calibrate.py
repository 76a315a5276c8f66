"""``netopt calibrate``: prints every target; what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_every_target_is_printed_with_class_and_error(netopt_here: Run) -> None:
    ended = netopt_here("calibrate", "china-2024", "--json", "--threads", 1)
    assert ended.code == 0
    targets = {each["target"]: each for each in ended.json()["targets"]}
    assert targets["own_kt"]["kind"] == "fitted"
    assert targets["neighbour_kt"]["error"] == pytest.approx(-8.4, abs=0.5)
    assert targets["dual"]["model"] is None
    text = netopt_here("calibrate", "china-2024", "-q", "--threads", 1).out
    assert "| National formal share | % | 30.0 | 30.0 | fitted | 0.00 |" in text


def test_what_cannot_be_calibrated_is_refused(netopt_here: Run, toy: Path, toy_run: Path) -> None:
    ended = netopt_here("calibrate", toy)
    assert ended.code == 2
    assert "no folder calibration/" in " ".join(ended.err.split())
    ended = netopt_here("calibrate", "china-2024", "--runs", toy_run)
    assert ended.code == 2
    assert "is no comparison" in " ".join(ended.err.split())


def test_a_bad_table_ends_with_3(netopt_here: Run, toy: Path) -> None:
    (toy / "calibration").mkdir()
    ended = netopt_here("calibrate", toy)
    assert ended.code == 3
    assert "targets.csv" in ended.err
