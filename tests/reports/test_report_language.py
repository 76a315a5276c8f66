"""The catalogue: every text that a report says has its Chinese, and nothing else stands there."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import netopt.reports
from netopt.reports.content import Report
from netopt.reports.language import Language, chinese

ROOM = Path(netopt.reports.__file__).parent


def texts_of(module: ast.Module) -> set[str]:
    """Return the texts that a module gives to ``say``."""
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    said = [
        call.args[0]
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "say" and call.args
    ]
    return {each.value for each in said if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def all_texts() -> set[str]:
    """Return every text that the room says: in calls, in tables of words, on the page."""
    texts: set[str] = set()
    for file in ROOM.rglob("*.py"):
        module = ast.parse(file.read_text(encoding="utf-8"))
        texts |= texts_of(module)
        if file.name == "words.py":
            values = [
                value for node in ast.walk(module) if isinstance(node, ast.Dict) for value in node.values
            ]
            texts |= {value.value for value in values if isinstance(value, ast.Constant)}
    page = (ROOM / "page.html.j2").read_text(encoding="utf-8")
    return texts | {found[1] for found in re.findall(r"""say\((["'])(.*?)\1""", page)}


def test_every_text_has_its_chinese_and_nothing_else_is_there() -> None:
    texts = all_texts()
    assert len(texts) > 250
    assert sorted(texts - set(chinese())) == []
    assert sorted(set(chinese()) - texts) == []


def test_a_text_is_given_as_it_stands() -> None:
    """Never made up on the way, where no test could see it: variables come from tables of words."""
    for file in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                given = node.args[0]
                assert isinstance(given, ast.Constant | ast.Subscript | ast.Name), (
                    f"{file.name}: {node.lineno}"
                )


@pytest.mark.parametrize("english", sorted(chinese()))
def test_places_for_names_and_figures_are_the_same(english: str) -> None:
    places = [
        sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)
        for text in (english, chinese()[english])
    ]
    assert set(places[0]) == set(places[1])
    assert re.search("[\u4e00-\u9fff]", chinese()[english])


def test_names_are_filled_in_as_they_are() -> None:
    said = Language("en")("{policy} minus {base}", policy="{0}{{7*7}}", base="{policy}")
    assert said == "{0}{{7*7}} minus {policy}"


def test_a_text_without_chinese_is_an_error() -> None:
    with pytest.raises(KeyError):
        Language("zh")("a text that is not in the catalogue")


def test_the_chinese_report_has_the_same_tables(report: Report, chinese_report: Report) -> None:
    assert [table.name for table in report.tables] == [table.name for table in chinese_report.tables]
    for ours, theirs in zip(report.tables, chinese_report.tables, strict=True):
        assert list(ours.frame.columns) == list(theirs.frame.columns)
        assert len(ours.frame) == len(theirs.frame)
        assert all(
            re.search("[\u4e00-\u9fff%]", column.title) or column.title in LABELS
            for column in theirs.columns
        )


LABELS = {"unified", "mandates", "open-market"}
