"""The committed national instances are what their builder makes of the committed source tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from netopt.data.read import read_instance
from tests.instances.national import INSTANCES, NATIONAL, rebuild


@pytest.mark.parametrize("name", NATIONAL)
def test_rebuilding_gives_the_committed_instance(tmp_path: Path, name: str) -> None:
    again, committed = tmp_path / "again", INSTANCES / name
    assert rebuild(name, again).digest == read_instance(committed).digest
    made = {file.name: file.read_bytes() for file in (again / "data").iterdir()}
    assert made == {file.name: file.read_bytes() for file in (committed / "data").iterdir()}
    for file in ("instance.toml", "datapackage.json", "LICENSE-DATA.md"):
        assert (again / file).read_bytes() == (committed / file).read_bytes(), file
