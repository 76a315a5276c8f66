"""Workbook, Parquet and Markdown, read again by other libraries."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from netopt.reports.content import Report
from tests.reports.hostile import NAMES


def test_the_workbook_has_a_sheet_of_every_table(report: Report, report_files: Path) -> None:
    book = openpyxl.load_workbook(report_files / "report.xlsx")
    assert book.sheetnames == ["READ ME", *(table.name for table in report.tables)]
    for table in report.tables:
        sheet = book[table.name]
        assert sheet.freeze_panes == "A2", table.name
        assert [cell.value for cell in sheet[1]] == [column.heading for column in table.columns]
        assert sheet.max_row == len(table.frame) + 1


def test_workbook_parquet_and_report_hold_the_same(report: Report, report_files: Path) -> None:
    book = CalamineWorkbook.from_path(str(report_files / "report.xlsx"))
    for table in report.tables:
        _, *rows = book.get_sheet_by_name(table.name).to_python()
        twin = pd.read_parquet(report_files / "tables" / f"{table.name}.parquet")
        assert list(twin.columns) == [column.name for column in table.columns]
        for column, place in zip(table.columns, range(len(table.columns)), strict=True):
            ours = table.frame[column.name].tolist()
            if not column.is_number:
                assert twin[column.name].tolist() == ours
                assert [str(row[place]) for row in rows] == ours, (table.name, column.name)
                continue
            assert twin[column.name].tolist() == pytest.approx(ours, nan_ok=True, abs=0, rel=0)
            shown = [float("nan") if row[place] == "" else row[place] for row in rows]
            assert shown == pytest.approx(ours, nan_ok=True, rel=1e-14)


def test_numbers_of_the_workbook_have_their_decimals(report: Report, report_files: Path) -> None:
    book = openpyxl.load_workbook(report_files / "report.xlsx")
    for table in report.tables:
        for place, column in enumerate(table.columns, start=1):
            cell = book[table.name].cell(2, place)
            if column.digits is not None and cell.value is not None:
                wanted = "#,##0" + ("." + "0" * column.digits if column.digits else "")
                assert cell.number_format == wanted, (table.name, column.name)


def test_the_read_me_names_sheets_units_files_and_digests(report: Report, report_files: Path) -> None:
    sheet = openpyxl.load_workbook(report_files / "report.xlsx")["READ ME"]
    words = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    told = " ".join(words)
    for table in report.tables:
        assert table.name in words
        assert table.title in words
        assert all(column.heading in told for column in table.columns)
    runs = next(table for table in report.tables if table.name == "runs")
    assert all(digest in words for digest in runs.frame["manifest"])
    assert report.verdict in words


def test_parquet_says_titles_units_and_origins(report: Report, report_files: Path) -> None:
    assert {path.stem for path in (report_files / "tables").iterdir()} == {
        table.name for table in report.tables
    }
    for table in report.tables:
        schema = pq.read_schema(report_files / "tables" / f"{table.name}.parquet")
        assert schema.metadata[b"title"].decode() == table.title
        assert json.loads(schema.metadata[b"origin"]) == list(table.origin)
        for column in table.columns:
            about = schema.field(column.name).metadata
            assert (about[b"title"].decode(), about[b"unit"].decode()) == (column.title, column.unit)


def test_markdown_has_every_section_sentence_and_row(report: Report, report_files: Path) -> None:
    lines = (report_files / "summary.md").read_text(encoding="utf-8").splitlines()
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert headings == [section.heading for section in report.sections]
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == sum(len(table.shown_frame) + 2 for table in report.tables)
    assert any("mandates costs society" in line and line.startswith("**") for line in lines)


def test_hostile_names_run_nothing_in_the_workbook(hostile_files: Path) -> None:
    with zipfile.ZipFile(hostile_files / "report.xlsx") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert not [name for name in parts if "externalLink" in name or "vba" in name]
    for name, part in parts.items():
        if name.startswith("xl/worksheets/"):
            assert "<f>" not in part
            assert "<hyperlink" not in part
    book = openpyxl.load_workbook(hostile_files / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert all(cell.hyperlink is None for cell in cells)
    values = {str(cell.value) for cell in cells}
    assert {NAMES[1], NAMES[7]} & values


def test_hostile_names_are_kept_as_they_are_in_parquet(hostile_report: Report, hostile_files: Path) -> None:
    found = set()
    for path in (hostile_files / "tables").iterdir():
        twin = pd.read_parquet(path)
        texts = twin.select_dtypes(exclude="number")
        found |= {text for column in texts for text in texts[column]}
    named = {name for name in NAMES if any(name in text for text in found)}
    assert len(named) >= 6


def test_hostile_names_are_inert_in_markdown(hostile_files: Path) -> None:
    words = (hostile_files / "summary.md").read_text(encoding="utf-8")
    assert not re.search(r"<[a-zA-Z/]", words)
    assert not re.search(r"(?<!\\)\]\(", words)
    tables = [line for line in words.splitlines() if line.startswith("| ")]
    widths = [len(re.split(r"(?<!\\)\|", line)) for line in tables]
    rules = [rank for rank, line in enumerate(tables) if line.startswith("| ---")]
    for rank in rules:
        assert widths[rank - 1] == widths[rank]
    assert "javascript:" in words
