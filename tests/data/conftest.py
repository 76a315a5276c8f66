"""The small instance in memory, and as a folder that a test may break."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.write import write_instance
from tests.data.small_instance import small_settings, small_tables


@pytest.fixture(scope="session")
def small() -> Instance:
    return make_instance(small_settings(), small_tables())


@pytest.fixture(scope="session")
def _written(small: Instance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "small"
    write_instance(small, folder)
    return folder


@pytest.fixture
def folder(_written: Path, tmp_path: Path) -> Path:
    """A fresh copy of the instance's folder."""
    return Path(shutil.copytree(_written, tmp_path / "small"))
