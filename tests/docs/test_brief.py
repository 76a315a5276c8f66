"""The map of the brief: nothing of it is left over, and every place that the map names is there."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import netopt.policy.levers  # noqa: F401 - registers every lever
from netopt.cli.main import COMMANDS
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.formulation.build import EQUATIONS
from netopt.policy.base import LEVERS
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

CHINA = ROOT / "instances" / "china"
BRIEF = ROOT.parent / "shared" / "data" / "000_26b08e72a52bdaa0.txt"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = rows_of(CHINA / "brief.csv")
PLACES = sorted({place for row in ROWS for place in row["place"].split("; ")})
LISTED = {
    "parameter": {row["parameter"] for row in rows_of(CHINA / "source" / "parameters.csv")},
    "target": {
        row["target"] for row in rows_of(ROOT / "instances" / "china-2024" / "calibration" / "targets.csv")
    },
    "constraint": set(EQUATIONS),
    "policy": {path.stem for path in (ROOT / "instances" / "policies").glob("*.toml")},
    "none": {""},
}


def is_lever(name: str) -> bool:
    lever, _, parameter = name.partition(".")
    return lever in LEVERS and (not parameter or parameter in LEVERS[lever].model_fields)


def is_column(name: str) -> bool:
    table, _, column = name.partition(".")
    return table in TABLES and column in {spec.name for spec in TABLES[table].columns}


def is_setting(name: str) -> bool:
    section, _, key = name.partition(".")
    field = Settings.model_fields.get(section)
    return field is not None and key in getattr(field.annotation, "model_fields", {})


def is_command(name: str) -> bool:
    return name in COMMANDS


CHECKS: dict[str, Callable[[str], bool]] = {
    "lever": is_lever,
    "column": is_column,
    "setting": is_setting,
    "indicator": is_command,
}


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_there(place: str) -> None:
    kind, _, name = place.partition(" ")
    is_there = CHECKS[kind] if kind in CHECKS else LISTED[kind].__contains__
    assert is_there(name)


def test_what_is_not_there_is_noticed() -> None:
    assert not is_lever("whitelst")
    assert not is_lever("whitelist.days")
    assert not is_column("supply.mass")
    assert not is_setting("leakage.share")
    assert not is_command("calibration")


def test_every_lever_of_the_brief_has_a_statement() -> None:
    """The others are a planner's controls, or rules that planners of other countries need."""
    named = {place.split(" ")[1].split(".")[0] for place in PLACES if place.startswith("lever ")}
    quoting = {name for name, lever in LEVERS.items() if "Brief" in lever.source}
    assert quoting - named == set()


def test_what_has_no_place_says_why() -> None:
    assert [
        row["statement"] for row in ROWS if "none" in row["place"].split("; ") and not row["reading"]
    ] == []


def test_the_page_is_made_of_the_table() -> None:
    made = subprocess.run(  # noqa: S603
        [sys.executable, str(CHINA / "brief.py")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout
    assert made == (ROOT / "docs" / "brief.md").read_text(encoding="utf-8")


def body_of(text: str) -> str:
    """Return the brief without title, headings, references and markup, on one line."""
    text = re.split(r"^## References", text, flags=re.MULTILINE)[0]
    text = re.sub(r"</?sup>|\*\*|\\", "", re.sub(r"^#.*$", "", text, flags=re.MULTILINE))
    return re.sub(r"\s+", " ", text.partition("Rui Duan, MA 2024")[2])


@pytest.mark.skipif(not BRIEF.is_file(), reason="the brief itself is not part of the project")
def test_no_figure_and_no_recommendation_is_left_over() -> None:
    body = body_of(BRIEF.read_text(encoding="utf-8"))
    fragments = [part.strip() for row in ROWS for part in row["statement"].split(" | ")]
    assert [fragment for fragment in fragments if fragment not in body] == []
    quoted = {
        place
        for fragment in fragments
        for found in re.finditer(re.escape(fragment), body)
        for place in range(found.start(), found.end())
    }
    left = [found for found in re.finditer(r"\d[\d,.]*", body) if found.start() not in quoted]
    assert [body[found.start() - 60 : found.end() + 20] for found in left] == []
    assert len(re.findall(r"\d[\d,.]*", body)) > 60
