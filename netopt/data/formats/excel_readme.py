"""The page of a workbook that tells a planner what it is and how to use it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from netopt.data.formats.excel_layout import LICENCE_SHEET, PERIODS, SETTINGS_SHEET
from netopt.data.notice import notice_of
from netopt.data.tables import TABLES
from netopt.units import UNITS

if TYPE_CHECKING:
    from netopt.data.instance import Instance

Line = tuple[str, tuple[str, ...]]
"""Style and cells of a row."""

_UNITS: Final = {
    "-": "a plain number; shares from 0 to 1 (60 % is 0.6)",
    "t/yr": "tonnes a year, in every year of the period",
    "t/t": "tonnes per tonne",
    "t/unit": "tonnes per unit of the commodity (t or kWh, see sheet commodities)",
    "unit": "units of the commodity (t or kWh)",
    "unit/t": "units of the commodity per tonne",
    "unit/yr": "units of the commodity a year",
    "km": "kilometres",
    "deg": "degrees, WGS 84 (no GCJ-02)",
    "yr": "years, or a year",
    "CNY": "yuan (not wan, not million)",
    "CNY/yr": "yuan a year",
    "CNY/t": "yuan per tonne",
    "CNY/unit": "yuan per unit of the commodity",
    "CNY/(t km)": "yuan per tonne and kilometre",
    "CNY/(unit yr)": "yuan per unit and year",
    "kgCO2e/t": "kilograms of CO2 equivalent per tonne",
    "kgCO2e/(t km)": "kilograms of CO2 equivalent per tonne and kilometre",
    "people": "people",
    "jobs yr/t": "jobs per tonne a year",
}
_WHAT: Final = (
    "One planning problem of netopt, the open engine for recycling network design: where batteries retire, "
    "which plants stand or could be built, what they make of what, hauls, prices and the informal channel. "
    "There is a sheet for each table.",
    "Policies (rules, targets, mandates) are not in it: they are files of their own in the folder of an "
    "instance.",
)
_EDIT: Final = (
    "Type into the sheets as into any other. Row 1 of a sheet names its columns and stays there; the "
    "comment on a name tells its meaning, unit and limits. Add rows at the end or between; blank rows are "
    "skipped.",
    "Where a cell has an arrow, choose from its list. Ids that other sheets name (locations, sites, ...) "
    "are added to their own sheet first.",
    "Numbers are plain: no unit, a share as 0.6. A blank is not a zero.",
    "Cells of ids and names are text cells: 010000 keeps its zero, and 3-1 becomes no date. Paste values "
    "only, so that they stay text cells.",
    "Formulas may be used: the value that Excel computed last is taken.",
    "Sheets whose names start with _ or with Notes are yours and are not read, nor are columns whose names "
    "start with _. Do not merge cells, rename sheets or write a title above row 1.",
)
_CHECKED: Final = (
    "Whatever is wrong is listed at once: workbook, sheet, row, column, rule, value and a hint. Nothing is "
    "guessed.",
    "With --force a folder that is there takes the new tables and keeps its policies, sources and other "
    "files. Say in its SOURCES.md where new figures come from.",
)
_LEGEND: Final = (
    ("required", "dark name", "every cell of the column must be filled"),
    ("optional", "light name", "cells may be blank"),
    ("required key", "underlined name", "part of the key: no two rows have the same key"),
)
_TABS: Final = (
    ("green tab", "settings"),
    ("dark tab", "a table that must have rows"),
    ("light blue tab", "an optional table that has rows"),
    ("grey tab", "an optional table without rows"),
)
_LETTERS_OF_A_LINE: Final = 116


def readme_lines(instance: Instance) -> list[Line]:
    """Return the rows of the page."""
    parts = (_what(instance), _how(instance), _colours(), _units(), _sheets(instance), _licence(instance))
    return [line for part in parts for line in (*part, ("plain", ("",)))]


def _said(paragraphs: tuple[str, ...]) -> Iterator[Line]:
    """Yield paragraphs as rows that run over the empty cells beside them."""
    for paragraph in paragraphs:
        for line in textwrap.wrap(paragraph, _LETTERS_OF_A_LINE):
            yield "plain", (line,)


def _what(instance: Instance) -> Iterator[Line]:
    about = instance.settings.instance
    yield "title", (about.title,)
    yield "plain", ("",)
    yield "strong", ("Instance", about.name)
    yield "strong", ("Money", f"{about.currency}, {about.price_basis}")
    yield "strong", ("Digest", instance.digest)
    yield "plain", ("", "of settings and tables as they were exported; another one after any edit")
    yield "plain", ("",)
    yield "heading", ("What this is", "", "", "")
    yield from _said(_WHAT)


def _how(instance: Instance) -> Iterator[Line]:
    yield "heading", ("How to edit", "", "", "")
    yield from _said(_EDIT)
    yield "plain", ("",)
    yield "heading", ("How to import it again", "", "", "")
    yield "strong", (f"netopt import WORKBOOK.xlsx my-{instance.name}",)
    yield "strong", (f"netopt validate my-{instance.name}",)
    yield from _said(_CHECKED)


def _colours() -> Iterator[Line]:
    yield "heading", ("Colours", "", "", "")
    for style, name, meaning in _LEGEND:
        yield style, (name, meaning)
    for row in _TABS:
        yield "plain", row


def _units() -> Iterator[Line]:
    yield "heading", ("Units, as the names of columns have them", "", "", "")
    for unit in sorted(UNITS):
        yield "plain", (unit, _UNITS[unit])


def _sheets(instance: Instance) -> Iterator[Line]:
    yield "heading", ("Sheets", "needed", "rows", "what")
    yield "plain", (SETTINGS_SHEET, "yes", "", "Money, horizon, distances, prices, informal channel.")
    yield "plain", (PERIODS.name, "yes", f"{len(instance.periods)}", PERIODS.description)
    for name, spec in TABLES.items():
        yield (
            "plain",
            (name, "yes" if spec.required else "", f"{len(instance[name]):,}", spec.description),
        )


def _licence(instance: Instance) -> Iterator[Line]:
    if notice_of(instance):
        yield "heading", ("Licence of the data", "", "", "")
        text = f"It is in sheet {LICENCE_SHEET}, which goes with every copy of these figures."
        yield from _said((text,))
