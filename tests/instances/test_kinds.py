"""The kind that SOURCES.md gives a column is not stronger than the weakest of the figures it names."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.instances.national import source
from tests.instances.test_sources_pages import SHIPPED, borrowed_tables, page_of

STRENGTH = {"assumed": 0, "derived": 1, "sourced": 2}
ASSUMED = re.compile(r"\bown (estimate|choice)\b|\bassumption\b|\bmodel choice\b", re.IGNORECASE)
DERIVED = re.compile(r"^(derived|computed|MA reconstruction)\b", re.IGNORECASE)
REFERENCE = re.compile(r"\b([PA]):([a-z0-9_]+\.[a-z0-9_*]+)")
HALF_NAMED = re.compile(r"[PA]:[a-z0-9_]+\.[a-z0-9_*]+,? (?:and )?(?![PA]:)[a-z0-9]+_[a-z0-9_]+")
ELSEWHERE = re.compile(r"\(as in (china-\w+)\)")


def kinds_of_figures() -> dict[str, str]:
    """Return ``P:name`` and ``A:name`` -> kind of every row of parameters.csv and assumptions.csv."""
    kinds = {}
    for name, text in source("parameters.csv")[["parameter", "source"]].itertuples(index=False):
        weak = "assumed" if ASSUMED.search(text) else "derived" if DERIVED.search(text) else "sourced"
        kinds[f"P:{name}"] = weak
    for row in source("assumptions.csv").to_dict("records"):
        kinds[f"A:{row['parameter']}"] = row["status"]
    return kinds


FIGURES = kinds_of_figures()


def described(page: str) -> list[tuple[str, str, str]]:
    """Return ``table.column``, its text and its kind, for each column or setting of a page."""
    found, table = [], ""
    for line in page.splitlines():
        if line.startswith("#"):
            table = line.lstrip("#").strip().strip("`")
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[-1] in STRENGTH:
            names = re.findall(r"`([^`]+)`", cells[0])
            found += [(f"{table}.{name}", " ".join(cells[1:-1]), cells[-1]) for name in names]
    return found


def weakest(column: str, text: str, figures: dict[str, str], pages: dict[str, str]) -> str:
    """Return the weakest kind among the figures that a text names; ``sourced`` where it names none."""
    kinds = ["sourced"]
    for letter, pattern in REFERENCE.findall(text):
        named = [kind for name, kind in figures.items() if fnmatchcase(name, f"{letter}:{pattern}")]
        assert named, f"{column}: {letter}:{pattern} is no row"
        kinds += named
    for name in ELSEWHERE.findall(text):
        kinds += [kind for other, _, kind in described(pages[name]) if other == column]
    return min(kinds, key=STRENGTH.__getitem__)


def too_strong(page: str, figures: dict[str, str], pages: dict[str, str]) -> list[str]:
    return [
        f"{column}: {kind}, but the figures are {least}"
        for column, text, kind in described(page)
        if STRENGTH[kind] > STRENGTH[least := weakest(column, text, figures, pages)]
    ]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_no_column_is_stronger_than_its_weakest_figure(folder: Path) -> None:
    pages = {each.name: page_of(each) for each in SHIPPED}
    assert described(pages[folder.name]) or borrowed_tables(folder)
    assert too_strong(pages[folder.name], FIGURES, pages) == []


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_figures_are_named_in_full(folder: Path) -> None:
    assert HALF_NAMED.findall(page_of(folder)) == []


def test_a_figure_of_ours_makes_a_column_assumed() -> None:
    for name in ("P:ef.transport", "P:cascade.second_life", "A:fac.size_reference"):
        assert FIGURES[name] == "assumed"
    page = "## t\n| `a`, `b` | P:x.one x A:y.* | - | derived |\n| `c` | P:x.one | - | sourced |\n"
    figures = {"P:x.one": "sourced", "A:y.one": "sourced", "A:y.two": "assumed"}
    expected = [f"t.{name}: derived, but the figures are assumed" for name in "ab"]
    assert too_strong(page, figures, {}) == expected
    with pytest.raises(AssertionError, match=r"A:y\.three is no row"):
        too_strong("## t\n| `a` | A:y.three | - | derived |\n", figures, {})


def test_the_last_reference_counts_too() -> None:
    assert REFERENCE.findall("P:a.b_* x A:c.d, and (P:e.f_1)") == [
        ("P", "a.b_*"),
        ("A", "c.d"),
        ("P", "e.f_1"),
    ]
