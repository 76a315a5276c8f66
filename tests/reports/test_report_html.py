"""The page: complete, traceable, inert, in two languages, and drawn offline at two widths."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netopt.maps import style
from netopt.reports import look
from netopt.reports.content import Report
from netopt.reports.html import html_of
from tests.browser import opened
from tests.reports.hostile import NAMES
from tests.reports.page import Page, read_page

if TYPE_CHECKING:
    from playwright.sync_api import Page as PageInBrowser

NUMBER = re.compile(r"(?<![\w.,/])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w/])")
WIDTHS = (1280, 420)


@pytest.fixture(scope="module")
def page(report: Report) -> Page:
    return read_page(html_of(report))


@pytest.fixture(scope="module")
def chinese_page(chinese_report: Report) -> Page:
    return read_page(html_of(chinese_report))


def test_every_section_and_table_is_there_in_order(page: Page, report: Report) -> None:
    sections = [about["id"] for tag, about in page.elements if tag == "section"]
    assert sections == [section.key for section in report.sections]
    assert list(page.cells) == [table.name for table in report.tables]
    links = [about["href"] for tag, about in page.elements if tag == "a"]
    assert links == ["#headline", "#proof", *(f"#{key}" for key in sections)]


def test_cells_are_those_of_the_tables(page: Page, report: Report) -> None:
    for table in report.tables:
        head, *rows = page.cells[table.name]
        assert len(head) == len(table.columns)
        assert rows == [[cell.strip() for cell in row] for row in table.cells()], table.name


def test_every_number_in_a_sentence_stands_in_a_table(page: Page, report: Report) -> None:
    """Texts outside tables, charts and the title hold no figure that no table has."""
    known = {
        number
        for table in report.tables
        for column in table.columns
        for value in table.frame[column.name]
        for number in NUMBER.findall(column.shown(value))
    }
    said = [text for text in page.texts if not {"table", "header", "footer", "nav"} & set(text.around)]
    numbers = [
        (number, text.words) for text in said if not text.is_own for number in NUMBER.findall(text.words)
    ]
    assert len(numbers) >= 20
    assert [found for found in numbers if found[0] not in known] == []


def test_the_page_is_fit_for_readers_who_do_not_see_it(page: Page, report: Report) -> None:
    tags = Counter(tag for tag, _ in page.elements)
    assert tags["h1"] == tags["main"] == tags["nav"] == 1
    assert tags["caption"] == tags["table"] == len(report.tables)
    heads = [about for tag, about in page.elements if tag == "th"]
    assert all(about.get("scope") in ("col", "row") for about in heads)
    charts = [about for _, about in page.elements if about.get("role") == "img"]
    assert charts
    assert all(len(str(about["aria-label"])) > 40 for about in charts)
    ids = [about["id"] for _, about in page.elements if about.get("id")]
    assert len(set(ids)) == len(ids)
    regions = [about for _, about in page.elements if about.get("role") == "region"]
    assert all(about.get("tabindex") == "0" and about.get("aria-label") for about in regions)


def test_the_page_refers_to_nothing_outside(page: Page) -> None:
    for tag, about in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base"), about
        assert "src" not in about, (tag, about)
        href = str(about.get("href", "#"))
        assert href.startswith("#"), href


def test_alarms_are_red_and_in_words(report: Report) -> None:
    from dataclasses import replace  # noqa: PLC0415 - only here

    red = read_page(html_of(replace(report, alarms=("NOT PROVEN: a gap.",))))
    banner = [about for _, about in red.elements if about.get("role") == "alert"]
    assert [about["class"] for about in banner] == ["verdict alarm"]
    assert any(text.words == "NOT PROVEN: a gap." for text in red.texts)
    assert not [about for _, about in read_page(html_of(report)).elements if about.get("role") == "alert"]


def test_the_chinese_page_has_the_same_figures(page: Page, chinese_page: Page) -> None:
    assert list(chinese_page.cells) == list(page.cells)
    for name, rows in page.cells.items():
        if name in ("tables", "conditions", "sources_by_kind"):
            continue
        numbers = [[NUMBER.findall(cell) for cell in row] for row in rows[1:]]
        theirs = [[NUMBER.findall(cell) for cell in row] for row in chinese_page.cells[name][1:]]
        assert sorted(map(str, numbers)) == sorted(map(str, theirs)), name


OWN_WORDS = {
    *(
        "netopt",
        "compare",
        "report",
        "incidence",
        "range",
        "curve",
        "calibration",
        "INSTANCE",
        "SOURCES",
        "md",
    ),
    *(
        "unified",
        "mandates",
        "open",
        "market",
        "toy",
        "cascade_target",
        "national",
        "in_province_processing",
    ),
    *("Parquet", "SHA", "UTC", "logit", "km", "P1", "s"),
}
"""Names of policies, targets and instances, of commands and files, and what Chinese texts call so too."""


def test_no_english_is_left_on_the_chinese_page(chinese_page: Page, chinese_report: Report) -> None:
    """But for names, and words of the instance, which are marked as such."""
    texts = [
        text for text in chinese_page.texts if not text.is_own and text.around[-1] not in ("h1", "code")
    ]
    words = [word for text in texts for word in re.findall(r"[A-Za-z][A-Za-z_0-9]*", text.words)]
    digests = {word for word in words if re.search(r"\d", word)}
    assert sorted(set(words) - OWN_WORDS - digests) == []
    assert len(texts) > 300
    assert any(text.words.startswith("西州") for text in texts)


def test_marked_words_are_those_of_the_instance_alone(chinese_page: Page, chinese_report: Report) -> None:
    """What is marked as quoted holds no text of the catalogue, which would have a Chinese."""
    from netopt.reports.language import chinese  # noqa: PLC0415 - only here

    quoted = {text.words for text in chinese_page.texts if text.is_own}
    sentences = {english for english in chinese() if " " in english}
    assert not quoted & sentences


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_drawn_offline(report: Report, report_files: Path, width: int) -> None:
    with opened(report_files / "report.html", width=width) as seen:
        seen.page.wait_for_timeout(500)
        seen.assert_quiet()
        overflow = seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0
        places = seen.page.locator(".chart")
        assert places.count() == sum(len(section.charts) for section in report.sections)
        sizes = [box for place in places.all() if (box := place.bounding_box())]
        assert all(box["height"] > 80 and box["width"] > 250 for box in sizes)
        drawn = seen.page.evaluate(
            """() => {
              const inks = (root) => [...root.querySelectorAll("*")].flatMap((each) => [
                ...(each.tagName === "CANVAS" ? [each] : []),
                ...(each.shadowRoot ? inks(each.shadowRoot) : []),
              ]);
              return [...document.querySelectorAll(".chart")].map((chart) => inks(chart).some((canvas) => {
                const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
                return data.some((value) => value !== 0);
              }));
            }"""
        )
        assert drawn
        assert all(drawn)


def test_the_page_prints_with_everything_unfolded(report_files: Path, tmp_path: Path) -> None:
    with opened(report_files / "report.html") as seen:
        seen.page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
        assert seen.page.locator("details:not([open])").count() == 0
        seen.assert_quiet()
    assert (tmp_path / "report.pdf").stat().st_size > 50_000


@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_names_do_nothing(hostile_files: Path, width: int) -> None:
    with opened(hostile_files / "report.html", width=width) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for chart in seen.page.locator(".chart").all():
            chart.hover()
        over_bars(seen.page)
        seen.page.wait_for_timeout(300)
        seen.assert_quiet()
        words = seen.page.locator("body").inner_text()
        assert seen.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert seen.page.locator("main img, main svg:not(.chart svg), header b, main b").count() == 0
    for name in NAMES[:7]:
        assert name in words, name


def over_bars(page: PageInBrowser) -> None:
    """Move over the first bar of the provinces until its tooltip shows the name of the province."""
    chart = page.locator("#provinces .chart").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    for step in range(10):
        page.mouse.move(box["x"] + box["width"] * step / 10, box["y"] + 18)
        page.wait_for_timeout(150)
        shown = page.evaluate(
            """() => {
              const all = (root) => [...root.querySelectorAll("*")].flatMap((each) => [
                each, ...(each.shadowRoot ? all(each.shadowRoot) : []),
              ]);
              return all(document).filter((each) => String(each.className).includes("bk-Tooltip"))
                .map((each) => (each.shadowRoot ?? each).textContent).join(" ");
            }"""
        )
        if NAMES[0] in shown:
            return
    pytest.fail("no tooltip shows the name")


def test_hostile_names_are_text_in_the_file(hostile_report: Report) -> None:
    hostile = read_page(html_of(hostile_report))
    seen = " ".join(text.words for text in hostile.texts)
    for name in NAMES[:7]:
        assert name in seen
    scripts = [tag for tag, _ in hostile.elements if tag == "script"]
    own = [tag for tag, _ in hostile.elements if tag in ("img", "svg", "b")]
    assert own == []
    assert len(scripts) <= 4


def test_colours_are_those_of_the_maps() -> None:
    assert set(look.SERIES) == set(style.STAGE_COLOURS.values())
    assert {look.LOSS, look.GAIN, look.SUM} < set(look.SERIES)
    assert (look.INK, look.QUIET_INK) == (style.INK, style.QUIET_INK)
    assert set(look.PARTS) <= {*look.SERIES, *style.FILL_COLOURS}
