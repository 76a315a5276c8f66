"""SOURCES.md of every shipped instance: each column has its origin and its kind."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from tests.instances.national import INSTANCES, KINDS

SHIPPED = sorted(path.parent for path in INSTANCES.glob("*/instance.toml"))


def page_of(folder: Path) -> str:
    """Return SOURCES.md of an instance, or nothing."""
    page = folder / "SOURCES.md"
    return page.read_text(encoding="utf-8") if page.is_file() else ""


def borrowed_tables(folder: Path) -> list[tuple[str, Path]]:
    """Return the tables that SOURCES.md leaves to the page of another instance, with its folder."""
    sections = re.findall(
        r"^## The same files as in (\S+)\n(.*?)(?=^## |\Z)", page_of(folder), re.MULTILINE | re.DOTALL
    )
    return [
        (table, folder.parent / name) for name, text in sections for table in re.findall(r"`([^`]+)`", text)
    ]


def documented_columns(folder: Path) -> dict[str, dict[str, str]]:
    """Return table -> column -> kind as SOURCES.md has it, itself or by the page it points to."""
    found: dict[str, dict[str, str]] = {}
    for borrowed, other in borrowed_tables(folder):
        if borrowed in (columns := documented_columns(other)):
            found[borrowed] = columns[borrowed]
    table = ""
    for line in page_of(folder).splitlines():
        if line.startswith("#"):
            table = line.lstrip("#").strip().strip("`")
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[-1] in KINDS:
            found.setdefault(table, {}).update(dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), cells[-1]))
    return found


def uncovered_columns(folder: Path) -> list[str]:
    """Return ``table.column`` of every column of every table that SOURCES.md leaves out."""
    documented = documented_columns(folder)
    return [
        f"{file.stem}.{column}"
        for file in sorted((folder / "data").glob("*.csv"))
        for column in pd.read_csv(file, nrows=0).columns
        if column not in documented.get(file.stem, {})
    ]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_sources_cover_every_column(folder: Path) -> None:
    assert uncovered_columns(folder) == []


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_sources_name_no_column_that_is_not_there(folder: Path) -> None:
    files = {file.stem: set(pd.read_csv(file, nrows=0).columns) for file in (folder / "data").glob("*.csv")}
    stray = [
        f"{table}.{column}"
        for table, columns in documented_columns(folder).items()
        if table in files
        for column in columns
        if column not in files[table]
    ]
    assert stray == []


def test_an_uncovered_column_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sizes.csv").write_text("size,capital_cny\n5kt,1\n", encoding="utf-8")
    (tmp_path / "SOURCES.md").write_text("## sizes\n\n| `size` | a | b | assumed |\n", encoding="utf-8")
    assert uncovered_columns(tmp_path) == ["sizes.capital_cny"]


def test_a_borrowed_description_is_of_the_very_same_file() -> None:
    borrowed = [(folder, *pair) for folder in SHIPPED for pair in borrowed_tables(folder)]
    assert borrowed
    for folder, table, other in borrowed:
        file = f"data/{table}.csv"
        assert (folder / file).read_bytes() == (other / file).read_bytes(), f"{folder.name}: {table}"
