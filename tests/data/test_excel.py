"""Workbooks: what is written reads back to the digit, and what a planner gets wrong is said with its place."""

# ruff: noqa: E501 - messages stand here as a planner reads them

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
import time as clock
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from netopt.data.formats import excel, excel_package, excel_writing
from netopt.data.formats.excel_layout import (
    PERIOD_SETTINGS,
    PERIODS,
    SETTINGS_HEADER,
    SHEETS,
    setting_list,
)
from netopt.data.instance import Instance
from netopt.data.notice import notice_of
from netopt.data.problems import unprintable
from netopt.data.read import make_instance, read_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.data.write import write_instance
from netopt.errors import InstanceError, UsageError
from tests.data.small_instance import small_settings, small_tables
from tests.instances_random import FEATURES, random_instance

SHIPPED = ("toy", "toy-two-periods", "china-provinces", "china-2024")
TEXTS = st.text(min_size=1, max_size=30).filter(
    lambda text: not unprintable(text) and "\ufffe" not in text and "\uffff" not in text
)
IDS = TEXTS.map(str.strip).filter(bool)
HOSTILE = [
    '=HYPERLINK("http://example.org","x")',
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "{=A1}",
    "'quoted",
    "http://example.org",
    "mailto:a@example.org",
    "internal:sites!A1",
    "_x0041_",
    "_x005F_",
    "007",
    "1e5",
    "TRUE",
    "#DIV/0!",
    "1-2",
    "2024-01-02",
    "12:30",
    "NA",
    " spaces ",
    "\u3000wide\u3000",
    "<v>&amp;</v>",
    "😀 四川",
    "x" * 32_767,
]


def back(instance: Instance) -> Instance:
    """Return an instance as it reads back from its workbook."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "book.xlsx"
        excel.write(instance, path)
        return excel.read(path)


def assert_same(again: Instance, instance: Instance) -> None:
    assert again.digest == instance.digest
    assert again.settings == instance.settings
    for table in TABLES:
        pd.testing.assert_frame_equal(again[table], instance[table], check_exact=True)


@pytest.fixture(scope="module")
def written(small: Instance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("books") / "small.xlsx"
    excel.write(small, path)
    return path


@pytest.fixture
def book(written: Path) -> Workbook:
    return openpyxl.load_workbook(written)


# --- there and back ---------------------------------------------------------------------------------------


@given(
    name=TEXTS,
    title=st.just("") | TEXTS,
    description=st.text(max_size=30).filter(
        lambda text: not unprintable(text.replace("\r\n", "").replace("\n", "")) and "\uffff" not in text
    ),
    source=IDS.filter(lambda text: text not in {"S1", "H1", "P1", "R1", "M1", "GATE", "V1"}),
    tonnes=st.floats(1e-300, 1e8),
    longitude=st.floats(101.0, 107.0),
    limit=st.none() | st.floats(0.0, 1e15),
    wacc=st.floats(0.0, 1.0),
    gap=st.floats(-1e6, 1e6),
)
@settings(max_examples=20, deadline=None)
def test_round_trip_is_exact(
    *,
    name: str,
    title: str,
    description: str,
    source: str,
    tonnes: float,
    longitude: float,
    limit: float | None,
    wacc: float,
    gap: float,
) -> None:
    tables = small_tables()
    tables["operators"].loc[0, "name"] = name
    tables["sources"].loc[1, "source"] = source
    tables["supply"].loc[2, ["source", "supply_tonnes_per_year"]] = [source, tonnes]
    tables["locations"].loc[0, "lon_deg"] = longitude
    tables["offtake"]["limit_units_per_year"] = pd.Series([limit, None, 0.1], dtype="float64")
    base = small_settings().model_dump()
    base["instance"] |= {"title": title, "description": description.replace("\ufffe", "")}
    base["capital"]["wacc"] = wacc
    base["leakage"]["reference_gap_cny_per_pack"] = gap
    instance = make_instance(Settings.model_validate(base), tables)
    assert_same(back(instance), instance)


def test_all_seventeen_digits_survive() -> None:
    """Numbers that need 17 digits, of which xlsxwriter alone would keep 16."""
    draw = random.Random(17)  # noqa: S311
    numbers = [draw.uniform(0, 1e6) for _ in range(3_000)]
    numbers += [draw.uniform(1, 10) * 10.0 ** draw.randint(-290, 5) for _ in range(3_000)]
    needy = sum(float(f"{number:.16G}") != number for number in numbers)
    assert needy > 500
    tables = small_tables()
    rows = [("road", "class9", f"L{n}", number) for n, number in enumerate(numbers)]
    frame = pd.DataFrame(rows, columns=["mode", "goods_class", "node", "lat_deg"])
    tables["road_nodes"] = pd.DataFrame(
        {"node": frame["node"], "lon_deg": frame["lat_deg"] % 180, "lat_deg": frame["lat_deg"] % 90}
    )
    instance = make_instance(small_settings(), tables)
    assert_same(back(instance), instance)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_stay_texts(text: str) -> None:
    tables = small_tables()
    tables["operators"].loc[0, "name"] = text
    tables["jurisdictions"].loc[1, "name_zh"] = text
    if text == text.strip():
        tables["locations"].loc[1, "location"] = text
        for table, column in (("sources", "location"), ("sites", "location"), ("markets", "location")):
            tables[table][column] = tables[table][column].replace("440100", text)
        tables["vendors"]["location"] = text
        tables["distances"]["destination"] = text
    instance = make_instance(small_settings(), tables)
    assert_same(back(instance), instance)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_instances_come_back(name: str, tmp_path: Path) -> None:
    instance = read_instance(name)
    path = tmp_path / f"{name}.xlsx"
    excel.write(instance, path)
    read = excel.read_all(path)
    assert_same(read.instance, instance)
    assert read.notice == notice_of(instance)
    assert read.notes == ()


def test_an_import_is_given_notes_and_licences(tmp_path: Path) -> None:
    instance = read_instance("china-provinces")
    excel.write(instance, tmp_path / "book.xlsx")
    hidden = b'<sheet name="operators" state="hidden"'
    change_part(
        tmp_path / "book.xlsx",
        tmp_path / "edited.xlsx",
        "xl/workbook.xml",
        b'<sheet name="operators"',
        hidden,
    )
    found = excel.read_foreign(tmp_path / "edited.xlsx")
    assert make_instance(found.settings, found.tables).digest == instance.digest
    assert found.notice == notice_of(instance)
    assert found.notes == ("sheet operators is hidden; it was read all the same",)


def features_of(seed: int) -> list[str]:
    draw = random.Random(f"features {seed}")  # noqa: S311
    return draw.sample(FEATURES, k=draw.randint(0, len(FEATURES)))


def assert_both_ways(seed: int, home: Path) -> None:
    """An instance comes back from its workbook, and from its Data Package."""
    instance = random_instance(seed, features=features_of(seed))
    assert_same(back(instance), instance)
    write_instance(instance, home / str(seed))
    assert_same(read_instance(home / str(seed)), instance)


@pytest.mark.parametrize("seed", random.Random(200).sample(range(200), 12))  # noqa: S311
def test_random_instances_come_back(seed: int, tmp_path: Path) -> None:
    assert_both_ways(seed, tmp_path)


@pytest.mark.campaign
@pytest.mark.parametrize("block", range(10))
def test_two_hundred_random_instances_come_back(block: int, tmp_path: Path) -> None:
    seeds = range(20 * block, 20 * block + 20)
    for seed in seeds:
        assert_both_ways(seed, tmp_path)
    assert len(list(tmp_path.iterdir())) == 20


def test_the_same_instance_gives_the_same_bytes(small: Instance, written: Path, tmp_path: Path) -> None:
    excel.write(small, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == written.read_bytes()


# --- what is in it ----------------------------------------------------------------------------------------


def test_every_table_has_a_sheet_with_its_columns_in_view(book: Workbook) -> None:
    assert tuple(book.sheetnames[: len(SHEETS)]) == SHEETS
    for name, spec in {**TABLES, PERIODS.name: PERIODS}.items():
        sheet = book[name]
        assert tuple(cell.value for cell in sheet[1]) == spec.column_names
        assert sheet.freeze_panes == "B2"
        for cell, column in zip(sheet[1], spec.columns, strict=True):
            assert cell.comment is not None
            assert column.description in cell.comment.text
            if column.unit not in ("", "-"):
                assert f"Unit: {column.unit}" in cell.comment.text


def validations_of(sheet: Worksheet) -> dict[str, Any]:
    """Return column name -> its validation, which must reach the last row."""
    found = {}
    for rule in sheet.data_validations.dataValidation:
        (area,) = rule.sqref.ranges
        assert (area.min_row, area.max_row) == (2, 1_048_576)
        found[sheet.cell(1, area.min_col).value] = rule
    return found


def test_lists_limits_and_keys_are_offered(book: Workbook) -> None:
    for name, spec in TABLES.items():
        rules = validations_of(book[name])
        for key in spec.foreign_keys:
            rule = rules[key.columns[0]]
            assert (rule.type, rule.errorStyle) == ("list", "warning")
            assert f"({key.table}!$" in rule.formula1
            assert "There is no such" in rule.error
        for column in spec.columns:
            if column.type in ("number", "integer"):
                rule = rules[column.name]
                assert rule.type == {"number": "decimal", "integer": "whole"}[column.type]
                assert float(rule.formula1) == (
                    -float(rule.formula2) if column.minimum is None else column.minimum
                )
                highest = column.maximum if column.maximum is not None else column.plausible_maximum
                assert highest is None or float(rule.formula2) == highest
                assert rule.error.startswith(column.description[:200])
            elif column.type == "boolean":
                assert rules[column.name].formula1 == '"TRUE,FALSE"'
    leg = validations_of(book["haulage"])["leg"]
    assert leg.formula1 == '"first,trunk"'
    period = validations_of(book["supply"])["period"]
    assert "(periods!$A$2" in period.formula1
    long = validations_of(book["bearers"])["category"].formula1
    listed = [row[0].value for row in book["_lists"][long.removeprefix("_lists!").replace("$", "")]]
    assert tuple(listed) == TABLES["bearers"].column("category").choices
    assert book["_lists"].sheet_state == "hidden"


def test_settings_are_rows_with_their_meaning(book: Workbook, small: Instance) -> None:
    rows = list(book["settings"].iter_rows(values_only=True))
    assert rows[0] == SETTINGS_HEADER
    assert [row[0] for row in rows[1:]] == [setting.key for setting in setting_list()]
    values = {row[0]: row[1] for row in rows[1:]}
    assert values["capital.wacc"] == 0.08
    assert values["limits.emission_tonnes_co2e_per_year"] is None
    assert all(row[2] for row in rows[1:])
    assert [row[0].value for row in book["periods"]["A2":"A3"]] == list(small.periods)
    said = small.settings.model_dump()
    leaves = {f"{section}.{key}" for section, part in said.items() for key in part}
    assert {setting.key for setting in setting_list()} == leaves - {"horizon.periods", *PERIOD_SETTINGS}


def test_the_first_page_explains(book: Workbook, small: Instance) -> None:
    page = [str(cell) for row in book["READ ME"].iter_rows(values_only=True) for cell in row if cell]
    assert {small.name, small.digest, "How to edit", "How to import it again", "Colours"} <= set(page)
    assert {spec.description for spec in TABLES.values()} <= set(page)
    assert "Licence of the data" not in page


def test_colours_tell_what_must_be_filled(book: Workbook) -> None:
    fills: dict[bool, set[str]] = {True: set(), False: set()}
    for name, spec in TABLES.items():
        for cell, column in zip(book[name][1], spec.columns, strict=True):
            fills[column.nullable].add(cell.fill.fgColor.rgb)
            assert (cell.font.underline == "single") == (column.name in spec.key)
    assert len(fills[True]) == len(fills[False]) == 1
    assert fills[True] != fills[False]


def test_ids_are_text_cells_also_below_the_last_row(book: Workbook) -> None:
    sheet = book["locations"]
    assert sheet["A2"].number_format == "@"
    assert sheet["A2"].data_type == "s"
    for name, spec in TABLES.items():
        groups = book[name].column_dimensions.values()
        for index, column in enumerate(spec.columns, 1):
            (group,) = [group for group in groups if group.min <= index <= group.max]
            assert (group.number_format == "@") == (column.type in ("id", "text"))


@pytest.mark.parametrize("text", HOSTILE[:10])
def test_no_formula_and_no_link_is_written(text: str, tmp_path: Path) -> None:
    tables = small_tables()
    tables["operators"]["name"] = text
    base = small_settings().model_dump()
    base["instance"] |= {"title": text, "description": text, "price_basis": text}
    path = tmp_path / "book.xlsx"
    excel.write(make_instance(Settings.model_validate(base), tables), path)
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == len(SHEETS) + 1
        for name in archive.namelist():
            content = archive.read(name).decode("utf-8")
            assert "<f>" not in content
            assert "<f " not in content
            assert "<hyperlink" not in content
            assert "TargetMode" not in content
    book = openpyxl.load_workbook(path)
    assert all(
        cell.data_type != "f" and cell.hyperlink is None for sheet in book for row in sheet for cell in row
    )


# --- edited by hand ---------------------------------------------------------------------------------------


def test_an_edited_tariff_is_the_only_change(small: Instance, book: Workbook, tmp_path: Path) -> None:
    sheet = book["haulage"]
    assert sheet["D3"].value == 0.9
    sheet["D3"] = 0.95
    book.save(tmp_path / "edited.xlsx")
    tables = small_tables()
    tables["haulage"].loc[1, "tariff_cny_per_tonne_km"] = 0.95
    again = excel.read(tmp_path / "edited.xlsx")
    assert_same(again, make_instance(small_settings(), tables))
    assert again.digest != small.digest


def read_edited(book: Workbook, tmp_path: Path) -> excel.Read:
    book.save(tmp_path / "edited.xlsx")
    return excel.read_all(tmp_path / "edited.xlsx")


def test_numbers_typed_as_ids_are_their_digits(small: Instance, book: Workbook, tmp_path: Path) -> None:
    for cell in ("A2", "A3"):
        book["locations"][cell] = int(book["locations"][cell].value)
    book["distances"]["A2"] = 510100
    book["supply"]["C2"] = 2025
    book["periods"]["A2"] = 2025.0
    read = read_edited(book, tmp_path)
    assert_same(read.instance, small)
    assert read.notes == (
        "sheet periods: 1 number where texts belong, taken as the digits 2025; zeros in front are lost",
        "sheet locations, column location: 2 numbers where texts belong, taken as the digits 510100, 440100; "
        "zeros in front are lost",
        "sheet supply, column period: 1 number where texts belong, taken as the digits 2025; "
        "zeros in front are lost",
        "sheet distances, column origin: 1 number where texts belong, taken as the digits 510100; "
        "zeros in front are lost",
    )


def test_truth_values_may_be_typed_in_several_ways(small: Instance, book: Workbook, tmp_path: Path) -> None:
    for cell, value in zip(
        book["commodities"]["G"][1:], ["TRUE", "true", 1, 0, "False", False], strict=True
    ):
        cell.value = value
    assert_same(read_edited(book, tmp_path).instance, small)


def test_blank_rows_own_columns_and_own_sheets_are_left_alone(
    small: Instance, book: Workbook, tmp_path: Path
) -> None:
    sheet = book["supply"]
    sheet.insert_rows(3)
    sheet["E1"], sheet["E2"], sheet["G9"] = "_who told me", "=1/0", None
    book.create_sheet("_scratch")["A1"] = "=TODAY()"
    book.create_sheet("Notes of May")["B2"] = "ask the province"
    book.create_sheet("notes_2")["B2"] = 1
    book.create_sheet("工作表1")
    book["sites"].sheet_state = "hidden"
    del book["storage"], book["_lists"], book["READ ME"]
    read = read_edited(book, tmp_path)
    tables = small_tables()
    del tables["storage"]
    assert_same(read.instance, make_instance(small_settings(), tables))
    assert read.notes == ("sheet sites is hidden; it was read all the same",)


def test_columns_and_sheets_may_stand_in_any_order(small: Instance, book: Workbook, tmp_path: Path) -> None:
    sheet = book["haulage"]
    rows = [list(reversed(row)) for row in sheet.iter_rows(values_only=True)]
    for number, row in enumerate(rows, 1):
        for index, value in enumerate(row, 1):
            sheet.cell(number, index).value = value
    book.move_sheet("haulage", -20)
    book["offtake"].title = "Offtake "
    assert_same(read_edited(book, tmp_path).instance, small)


def test_a_formula_counts_by_its_last_value(small: Instance, written: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.xlsx"
    new = b'<c r="D2"><f>1000+0.5</f><v>1000.5</v></c>'
    change_part(written, edited, sheet_part("supply"), b'<c r="D2" s="', new, until=b"</c>")
    read = excel.read_all(edited)
    assert read.instance["supply"]["supply_tonnes_per_year"].tolist() == [1000.5, 1500.0, 500.5]
    assert read.notes == ("sheet supply: 1 formula, taken by the value that was computed last",)


def sheet_part(name: str) -> str:
    return f"xl/worksheets/sheet{SHEETS.index(name) + 1}.xml"


def change_part(source: Path, target: Path, part: str, old: bytes, new: bytes, until: bytes = b"") -> None:
    """Copy a workbook with ``old`` (to the end of ``until``) replaced in one part, or a part added."""
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            content = read.read(name)
            if name == part:
                start = content.index(old)
                end = content.index(until, start) + len(until) if until else start + len(old)
                content = content[:start] + new + content[end:]
            written.writestr(name, content)
        if part not in read.namelist():
            written.writestr(part, new)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here")
def test_a_workbook_saved_by_libreoffice_reads_the_same(tmp_path: Path) -> None:
    """It keeps 15 digits of a number, which toy's figures have at most, and makes formulas of TRUE."""
    toy = read_instance("toy")
    excel.write(toy, tmp_path / "toy.xlsx")
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "xlsx",
    ]
    command += ["--outdir", str(tmp_path / "saved"), str(tmp_path / "toy.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603
    assert_same(excel.read(tmp_path / "saved" / "toy.xlsx"), toy)


# --- what may be wrong ------------------------------------------------------------------------------------


def put(sheet: str, cell: str, value: object, **style: str) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book[sheet][cell].value = value
        for name, setting in style.items():
            setattr(book[sheet][cell], name, setting)

    return change


def rename(sheet: str, name: str) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book[sheet].title = name

    return change


def drop(sheet: str) -> Callable[[Workbook], None]:
    return lambda book: book.remove(book[sheet])


def title_above(book: Workbook) -> None:
    book["supply"].insert_rows(1)
    book["supply"]["A1"] = "What retires"


def stranger(book: Workbook) -> None:
    book.create_sheet("prices of May")["A1"] = 5


def merged(book: Workbook) -> None:
    book["supply"].merge_cells("A2:A3")


def setting(key: str, value: object) -> Callable[[Workbook], None]:
    row = [setting.key for setting in setting_list()].index(key) + 2
    return put("settings", f"B{row}", value)


BROKEN: dict[str, tuple[Callable[[Workbook], None], list[str]]] = {
    "words for a number": (
        put("supply", "D2", "many"),
        ["sheet supply, row 2, column supply_tonnes_per_year: [type] 'many' is not a number"],
    ),
    "decimal comma": (
        put("supply", "D2", "12,5"),
        [
            "sheet supply, row 2, column supply_tonnes_per_year: [type] '12,5' is not a number "
            "(write a decimal point, and no thousands separator)"
        ],
    ),
    "blank": (
        put("supply", "D2", None),
        ["sheet supply, row 2, column supply_tonnes_per_year: [required] the cell is blank"],
    ),
    "merged key": (
        merged,
        [
            "sheet supply, row 3, column source: [required] the cell is blank (cells that were merged in a "
            "spreadsheet come out blank: repeat the value in every row)"
        ],
    ),
    "date of an id": (
        put("sites", "A2", date(2026, 2, 1), number_format="d-mmm"),
        [
            "sheet sites, row 2, column site: [spreadsheet_date] a spreadsheet made the date 2026-02-01 of what was "
            "typed, such as '1-2' or '2-1' (set the cell's format to Text first, then type it again)"
        ],
    ),
    "date of a number": (
        put("sizes", "D2", datetime(2026, 2, 1, 12)),
        [
            "sheet sizes, row 2, column capital_cny: [spreadsheet_date] the cell holds the date 2026-02-01 12:00:00, "
            "not a number (set the cell's format to Number, then type it again)"
        ],
    ),
    "time of a name": (
        put("operators", "B2", time(12, 30)),
        [
            "sheet operators, row 2, column name: [spreadsheet_date] a spreadsheet made the time 12:30:00 of what was "
            "typed, such as '1:30' (set the cell's format to Text first, then type it again)"
        ],
    ),
    "truth value of an id": (
        put("metals", "B2", True),
        [
            "sheet metals, row 2, column name: [spreadsheet_boolean] a spreadsheet made the truth value TRUE of what "
            "was typed (set the cell's format to Text first, then type it again)"
        ],
    ),
    "truth value of a number": (
        put("supply", "D2", True),
        ["sheet supply, row 2, column supply_tonnes_per_year: [type] 'TRUE' is not a number"],
    ),
    "fraction as an id": (
        put("operators", "B2", 1.5),
        [
            "sheet operators, row 2, column name: [number_for_text] the number 1.5 stands where a text belongs, and "
            "how it was typed is lost (set the cell's format to Text first, then type it again)"
        ],
    ),
    "error": (
        put("supply", "D3", "#DIV/0!"),
        [
            "sheet supply, row 3, column supply_tonnes_per_year: [spreadsheet_error] the cell shows the error #DIV/0! "
            "(mend the formula, or type the value)"
        ],
    ),
    "error where a blank may stand": (
        put("offtake", "F3", "#N/A"),
        [
            "sheet offtake, row 3, column limit_units_per_year: [spreadsheet_error] the cell shows the error #N/A "
            "(mend the formula, or type the value)"
        ],
    ),
    "formula that was never computed": (
        put("supply", "D2", "=500*2"),
        [
            "sheet supply, row 2, column supply_tonnes_per_year: [formula_without_value] the cell holds a formula that "
            "was never computed, or that gives nothing (open the workbook in Excel and save it, or type the value)"
        ],
    ),
    "id that is nowhere": (
        put("supply", "A2", "S11"),
        [
            "sheet supply, row 2, column source: [foreign_key] 'S11' is not in sheet sources (did you mean 'S1'?)"
        ],
    ),
    "id without its zero": (
        put("regional_costs", "A2", 10000),
        [
            "sheet regional_costs, row 2, column jurisdiction: [foreign_key] '10000' is not in sheet jurisdictions"
        ],
    ),
    "period that is nowhere": (
        put("supply", "C2", "2026"),
        [
            "sheet supply, row 2, column period: [unknown_period] '2026' is not a period of sheet periods "
            "(did you mean '2025'?)"
        ],
    ),
    "not of the list": (
        put("haulage", "C2", "frist"),
        [
            "sheet haulage, row 2, column leg: [choice] 'frist' is none of first, trunk (did you mean 'first'?)",
        ],
    ),
    "beyond a limit": (
        put("sites", "G2", 60),
        [
            "sheet sites, row 2, column effective_share: [maximum] 60 is above the largest permitted value, 1"
        ],
    ),
    "key twice": (
        put("supply", "C3", "2025"),
        [
            "sheet supply, row 3, column source: [duplicate_key] source 'S1', commodity 'pack', period '2025' stands in "
            "an earlier row already (first in row 2)"
        ],
    ),
    "row rule": (
        put("distances", "B2", "510100"),
        [
            "sheet distances, row 2, column destination: [distance_between_two_places] origin and destination are the "
            "same location (give internal_km in sheet locations)"
        ],
    ),
    "blank behind an id": (
        put("operators", "B2", "two\nlines"),
        [
            "sheet operators, row 2, column name: [control_character] the text holds a line break or another control "
            "character"
        ],
    ),
    "misnamed column": (
        put("supply", "D1", "supply_tonnes"),
        [
            "sheet supply, row 1, column supply_tonnes: [unknown_column] the table has no column 'supply_tonnes' "
            "(did you mean 'supply_tonnes_per_year'?)",
            "sheet supply, row 1, column supply_tonnes_per_year: [missing_column] the column "
            "'supply_tonnes_per_year' is missing (Retired mass.)",
        ],
    ),
    "cells beside the table": (
        put("supply", "F3", "see the yearbook"),
        [
            "sheet supply, row 1, column F: [unknown_column] column F has cells, but no name in row 1 (start the name "
            "of a column of your own with _)"
        ],
    ),
    "title above the header": (
        title_above,
        [
            "sheet supply, row 1: [missing_header] the first row must name the columns (columns: source, commodity, "
            "period, supply_tonnes_per_year)"
        ],
    ),
    "renamed sheet": (
        rename("supply", "suply"),
        [
            "sheet supply: [missing_sheet] the sheet is missing (What retires, formally collected or not.)",
            "sheet suply: [unknown_sheet] no sheet of an instance is called so (did you mean 'supply'?)",
        ],
    ),
    "sheet of their own": (
        stranger,
        [
            "sheet prices of May: [unknown_sheet] no sheet of an instance is called so (start the name of a sheet of "
            "your own with _ or Notes)"
        ],
    ),
    "no settings": (drop("settings"), ["sheet settings: [missing_sheet] the sheet is missing"]),
    "no periods": (drop("periods"), ["sheet periods: [missing_sheet] the sheet is missing"]),
    "setting beyond its limit": (
        setting("capital.wacc", 8),
        ["sheet settings, row 11, column value: [setting] capital.wacc: 8 must be less than or equal to 1"],
    ),
    "setting in words": (
        setting("leakage.formal_share", "30 %"),
        [
            "sheet settings, row 20, column value: [setting] leakage.formal_share: '30 %' must be a valid number"
        ],
    ),
    "setting left blank": (
        setting("capital.wacc", None),
        ["sheet settings, row 11, column value: [missing_key] the setting 'capital.wacc' is missing"],
    ),
    "setting as a date": (
        setting("horizon.base_year", date(2025, 1, 1)),
        [
            "sheet settings, row 10, column value: [spreadsheet_date] the cell holds the date 2025-01-01, not a number "
            "(set the cell's format to Number, then type it again)"
        ],
    ),
    "misspelt setting": (
        put("settings", "A11", "capital.wac"),
        [
            "sheet settings: [missing_key] the setting 'capital.wacc' is missing",
            "sheet settings, row 11, column key: [unknown_key] there is no setting 'capital.wac' "
            "(did you mean 'capital.wacc'?)",
        ],
    ),
    "setting twice": (
        put("settings", "A11", "horizon.base_year"),
        [
            "sheet settings: [missing_key] the setting 'capital.wacc' is missing",
            "sheet settings, row 11, column key: [duplicate_key] the key 'horizon.base_year' stands in row 10 already",
        ],
    ),
    "years that do not follow": (
        put("periods", "B3", 2031),
        ["sheet periods: [setting] period 2030 must start in 2030, where 2025 ends"],
    ),
    "period left blank": (
        put("periods", "B3", None),
        ["sheet periods, row 3, column start_year: [missing_key] the cell is blank"],
    ),
    "settings without their header": (
        put("settings", "B1", "figure"),
        ["sheet settings, row 1: [missing_header] the first row must name the columns; it lacks value"],
    ),
    "half a year": (
        put("periods", "C3", 0.5),
        ["sheet periods, row 3, column length_years: [setting] 0.5 must be a valid integer"],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_said_with_its_place(case: str, book: Workbook, tmp_path: Path) -> None:
    change, problems = BROKEN[case]
    change(book)
    assert problems_of(book, tmp_path) == [f"edited.xlsx: {problem}" for problem in problems]


def problems_of(book: Workbook, tmp_path: Path) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        read_edited(book, tmp_path)
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_are_told_at_once(book: Workbook, tmp_path: Path) -> None:
    chosen = (
        "words for a number",
        "date of an id",
        "setting beyond its limit",
        "not of the list",
        "half a year",
    )
    for case in chosen:
        BROKEN[case][0](book)
    told = problems_of(book, tmp_path)
    assert sorted(told) == sorted(f"edited.xlsx: {line}" for case in chosen for line in BROKEN[case][1])
    assert told[0].startswith("edited.xlsx: sheet settings, row 11")


def test_row_numbers_are_those_of_excel(book: Workbook, tmp_path: Path) -> None:
    book["supply"].insert_rows(3, amount=40)
    book["supply"]["D44"] = -1
    assert problems_of(book, tmp_path) == [
        "edited.xlsx: sheet sources, row 3, column source: [source_without_supply] nothing retires at source 'S2' in any "
        "period (add it to sheet supply, or remove the source)",
        "edited.xlsx: sheet supply, row 44, column supply_tonnes_per_year: [minimum] -1 is below the least "
        "permitted value, 0",
    ]


def test_many_refused_cells_are_counted_not_listed(book: Workbook, tmp_path: Path) -> None:
    for row in range(5, 105):
        for cell, value in zip("ABCD", ["S1", "pack", date(2026, 1, 2), 1], strict=True):
            book["supply"][f"{cell}{row}"].value = value
    dates = [line for line in problems_of(book, tmp_path) if "[spreadsheet_date]" in line]
    assert len(dates) == 21
    assert dates[-1] == (
        "edited.xlsx: sheet supply, column period: [spreadsheet_date] 80 more rows break the same rule"
    )


# --- files that are none ----------------------------------------------------------------------------------


def refusal_of(path: Path) -> str:
    with pytest.raises(InstanceError) as caught:
        excel.read(path)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "book.xlsx: [workbook] the file is empty"),
        (
            b"source,commodity\nS1,pack\n",
            "book.xlsx: [workbook] the file is not an Excel workbook, whatever",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "book.xlsx: [workbook] the file is an old .xls workbook",
        ),
        (b"PK\x03\x04 and no more", "book.xlsx: [workbook] the file is damaged, or no Excel workbook"),
    ],
)
def test_other_files_are_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    assert refusal_of(path).startswith(said)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, "an OpenDocument table (.ods)"),
        ({"xl/workbook.bin": b"x"}, "a binary workbook (.xlsb)"),
        ({"word/document.xml": b"<x/>"}, "a zip, but no Excel workbook"),
        ({"xl/workbook.xml": b"<x/>"}, "xl/_rels/workbook.xml.rels is missing or damaged"),
        (
            {"xl/workbook.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"},
            "declares a document type of its own",
        ),
        ({f"xl/part{n}.xml": b"" for n in range(5_001)}, "5,001 parts"),
    ],
)
def test_other_zips_are_refused(parts: dict[str, bytes], said: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert said in refusal_of(path)


def test_a_zip_bomb_is_refused_unpacked(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(written) as read, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in read.namelist():
            bomb.writestr(name, read.read(name))
        with bomb.open("xl/worksheets/bomb.xml", "w", force_zip64=True) as part:
            for _ in range(520):
                part.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    assert "unpacked the file has 54" in refusal_of(path)


def test_a_part_that_is_larger_than_it_says_is_refused(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    content = written.read_bytes()
    with zipfile.ZipFile(written) as archive:
        size = archive.getinfo("xl/sharedStrings.xml").file_size
    assert content.count(size.to_bytes(4, "little")) >= 2
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (size - 1_000).to_bytes(4, "little")))
    assert "the file is damaged" in refusal_of(path)


def test_a_sheet_that_reaches_to_the_last_cell_is_refused(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    change_part(written, path, sheet_part("supply"), b"</sheetData>", cell)
    assert "sheet 'supply' has cells as far as XFD1,048,576" in refusal_of(path)


def test_a_format_far_below_the_table_does_no_harm(small: Instance, written: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    cell = b'<row r="1048576"><c r="XFD1048576" s="3"/></row></sheetData>'
    change_part(written, path, sheet_part("supply"), b"</sheetData>", cell)
    assert_same(excel.read(path), small)


@pytest.mark.parametrize("piece", [b"<c>", b"<c ", b"<c/>", b"<row>", b"<c><v>", b"<x:c r='A1'>"])
def test_no_sheet_takes_long_to_look_through(piece: bytes, written: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    change_part(written, path, sheet_part("supply"), b"<sheetData>", b"<sheetData>" + piece * 400_000)
    started = clock.process_time()
    with suppress(InstanceError):
        excel.read(path)
    assert clock.process_time() - started < 20


def test_macros_are_not_read_and_said(small: Instance, written: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsm"
    change_part(written, path, "xl/vbaProject.bin", b"", b"\xd0\xcf\x11\xe0 evil")
    read = excel.read_all(path)
    assert_same(read.instance, small)
    assert read.notes == ("the workbook has macros, which were not read and never run",)


def test_a_huge_file_is_refused_unread(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(written.read_bytes())
    with path.open("r+b") as stream:
        stream.truncate(2**28 + 1)
    assert "268,435,457 bytes" in refusal_of(path)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_crashes_the_reader(written: Path, data: st.DataObject) -> None:
    """Bytes are changed inside parts, so that the zip itself stays whole."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "book.xlsx"
        part = data.draw(
            st.sampled_from(
                [
                    "xl/workbook.xml",
                    "xl/sharedStrings.xml",
                    "xl/styles.xml",
                    sheet_part("supply"),
                    "[Content_Types].xml",
                ]
            )
        )
        with zipfile.ZipFile(written) as archive:
            content = archive.read(part)
        at = data.draw(st.integers(0, len(content) - 1))
        size = data.draw(st.integers(0, 40))
        new = data.draw(st.binary(max_size=40))
        change_part(written, path, part, content, content[:at] + new + content[at + size :])
        try:
            excel.read(path)
        except InstanceError as error:
            assert all(not unprintable(str(problem)) for problem in error.problems)


def test_a_file_that_is_not_there_is_a_mistake_in_the_command(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        excel.read(tmp_path / "nothing.xlsx")
    with pytest.raises(UsageError, match="is not a file"):
        excel.read(tmp_path)


# --- what does not fit ------------------------------------------------------------------------------------


def test_what_no_workbook_can_hold_is_refused_in_words(
    small: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = small_tables()
    tables["operators"]["name"] = "x" * 32_768
    tables["sources"].loc[1, "name"] = "😀" * 16_384
    tables["recipes"].loc[2, "name"] = "a\uffff"
    tables["recipes"].loc[3, "name"] = "_x005F_x0041_"
    base = small_settings().model_dump()
    base["instance"]["description"] = "y" * 40_000
    instance = make_instance(Settings.model_validate(base), tables)
    monkeypatch.setattr(excel_writing, "MOST_ROWS", 6)
    path = tmp_path / "book.xlsx"
    with pytest.raises(InstanceError, match="does not fit into an Excel workbook") as caught:
        excel.write(instance, path)
    assert [(p.file, p.row, p.column, p.rule) for p in caught.value.problems] == [
        ("data/commodities.csv", None, None, "excel_rows"),
        ("data/sources.csv", 3, "name", "excel_text_length"),
        ("data/operators.csv", 2, "name", "excel_text_length"),
        ("data/recipes.csv", 4, "name", "excel_letter"),
        ("data/recipes.csv", 5, "name", "excel_letter"),
        ("data/recipe_outputs.csv", None, None, "excel_rows"),
        ("instance.toml", None, "instance.description", "excel_text_length"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_full_sheet_is_told_with_its_numbers(small: Instance, tmp_path: Path) -> None:
    ids = pd.array([f"n{number}" for number in range(1_048_576)], dtype="str")
    nodes = pd.DataFrame({"node": ids, "lon_deg": 1.0, "lat_deg": 2.0})
    instance = replace(small, tables={**small.tables, "road_nodes": nodes})
    with pytest.raises(
        InstanceError, match="1,048,576 rows and a header are more than the 1,048,576 rows of an"
    ):
        excel.write(instance, tmp_path / "book.xlsx")


def test_a_workbook_has_its_suffix_and_is_replaced_as_a_whole(
    small: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"something\.xlsx"):
        excel.write(small, tmp_path / "book.xls")
    path = tmp_path / "book.xlsx"
    excel.write(small, path)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space"):
        excel.write(read_instance("toy"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert excel_package.MOST_CELLS > 1_000_000 * 11


def with_period_settings() -> Instance:
    """Return toy-two-periods where some settings differ by period."""
    instance = read_instance("toy-two-periods")
    first = instance.periods[0]
    capital = {"opening_periods": [first], "may_close": False, "paid": "at_once"}
    caps = {"emission_tonnes_co2e_by_period": {first: 12.5}}
    settings = instance.settings.model_copy(
        update={
            "capital": instance.settings.capital.model_copy(update=capital),
            "limits": instance.settings.limits.model_copy(update=caps),
        }
    )
    return make_instance(settings, dict(instance.tables))


def test_settings_of_single_periods_are_columns_of_their_sheet(tmp_path: Path) -> None:
    instance = with_period_settings()
    path = tmp_path / "own.xlsx"
    excel.write(instance, path)
    assert excel.read(path).digest == instance.digest
    sheet = openpyxl.load_workbook(path)["periods"]
    assert [[cell.value for cell in row[-2:]] for row in sheet.iter_rows()] == [
        ["new_sites_may_open", "emission_tonnes_co2e_per_year"],
        [True, 12.5],
        [False, None],
    ]


def test_a_wrong_setting_of_a_period_is_told_with_its_sheet(tmp_path: Path) -> None:
    path = tmp_path / "own.xlsx"
    excel.write(with_period_settings(), path)
    book = openpyxl.load_workbook(path)
    sheet = book["periods"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, columns["new_sites_may_open"]).value = "perhaps"
    sheet.cell(3, columns["emission_tonnes_co2e_per_year"]).value = -1
    book.save(path)
    with pytest.raises(InstanceError) as caught:
        excel.read(path)
    told = [(problem.file.split("sheet ")[-1], problem.column) for problem in caught.value.problems]
    assert set(told) == {("periods", "emission_tonnes_co2e_per_year"), ("periods", "new_sites_may_open")}
