from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from netopt.cli.inputs import shipped_instances
from netopt.data.write import describe_folder
from netopt.resources import shipped


@pytest.mark.parametrize("name", shipped_instances())
def test_the_descriptor_of_a_shipped_instance_is_of_today(name: str, tmp_path: Path) -> None:
    copy = tmp_path / name
    shutil.copytree(shipped("instances") / name, copy)
    describe_folder(copy)
    here, there = (folder / name / "datapackage.json" for folder in (tmp_path, shipped("instances")))
    assert here.read_text(encoding="utf-8") == there.read_text(encoding="utf-8")
