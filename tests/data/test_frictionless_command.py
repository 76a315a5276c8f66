"""Instances are Data Packages to everybody: the command of the frictionless library accepts them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netopt.data.read import read_instance
from netopt.data.write import write_instance
from tests.data.small_instance import edit
from tests.docs.blocks import ROOT

COMMAND = Path(sys.executable).with_name("frictionless")
OFFLINE = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
"""Nothing answers there: whatever the command would fetch, it cannot."""
INSTANCES = sorted(path.parent.name for path in (ROOT / "instances").glob("*/datapackage.json"))


def validate(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``frictionless validate datapackage.json`` in a folder."""
    return subprocess.run(  # noqa: S603 - the command of an installed library
        [COMMAND, "validate", "datapackage.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PATH": str(COMMAND.parent), "PYTHONIOENCODING": "utf-8", "COLUMNS": "160", **OFFLINE},
        check=False,
        timeout=120,
    )


def test_all_shipped_instances_are_packages() -> None:
    assert {"toy", "china-provinces", "china-2024"} <= set(INSTANCES)


@pytest.mark.parametrize("name", INSTANCES)
def test_the_command_accepts_shipped_instances(name: str) -> None:
    folder = ROOT / "instances" / name
    done = validate(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    n_tables = len(list((folder / "data").glob("*.csv")))
    assert done.stdout.count("VALID") == n_tables
    assert "INVALID" not in done.stdout


@pytest.mark.parametrize("name", ["toy", "china-provinces"])
def test_the_command_accepts_what_is_written(name: str, tmp_path: Path) -> None:
    write_instance(read_instance(name), tmp_path / name)
    done = validate(tmp_path / name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("data/haulage.csv", ",first,", ",last,", "constraint"),
        ("data/sources.csv", "S1,", "S2,", "primary"),
        ("data/supply.csv", "S1,", "S9,", "foreign"),
        ("data/sizes.csv", ",500000", ",half a million", "type"),
    ],
)
def test_the_command_refuses_broken_tables(
    file: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ROOT / "instances" / "toy", tmp_path / "toy"))
    edit(folder, file, old, new)
    done = validate(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout.lower()
