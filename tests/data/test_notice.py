"""The licences of an instance's data go with every copy of the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from netopt.data.folder import NOTICE_FILE
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.data.write import write_instance
from tests.data.small_instance import small_settings, small_tables

NOTICE = "(c) OpenStreetMap contributors, 开放\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_instance(make_instance(small_settings(), small_tables()), tmp_path / "home")
    return tmp_path / "home"


def copied(instance: Instance, folder: Path) -> Path:
    write_instance(instance, folder)
    return folder / NOTICE_FILE


def test_the_notice_goes_with_copies_of_copies(home: Path, tmp_path: Path) -> None:
    (home / NOTICE_FILE).write_text(NOTICE, encoding="utf-8")
    first = copied(read_instance(home).with_formal_share(0.5), tmp_path / "first")
    assert first.read_text(encoding="utf-8") == NOTICE
    assert copied(read_instance(first.parent), tmp_path / "second").read_text(encoding="utf-8") == NOTICE


def test_without_a_notice_there_is_none(home: Path, tmp_path: Path) -> None:
    assert not copied(read_instance(home), tmp_path / "first").exists()


def test_a_link_out_of_the_folder_is_not_followed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "private.md").write_text("private", encoding="utf-8")
    (home / NOTICE_FILE).symlink_to(tmp_path / "private.md")
    assert not copied(read_instance(home), tmp_path / "first").exists()
