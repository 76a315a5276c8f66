"""Every broken input of the catalogue gives its message, all of them at once and nothing else."""

from __future__ import annotations

import csv
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from netopt.data.read import read_instance, validate_folder
from netopt.errors import UsageError
from tests.data.small_instance import edit, problems_of

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("broken_inputs.toml").read_text("utf-8")
)["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_broken_input_gives_exactly_its_problems(case: dict[str, Any], folder: Path) -> None:
    for change in case["edits"]:
        edit(folder, change["file"], change["old"], change["new"])
    assert problems_of(folder) == case["problems"]


def test_names_in_the_catalogue_are_unique() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_problems_of_all_files_are_reported_at_once_in_the_order_of_the_files(folder: Path) -> None:
    edit(folder, "instance.toml", "wacc = 0.08", "wacc = nan")
    edit(folder, "data/supply.csv", "1000", "many")
    edit(folder, "data/sites.csv", "recycler", "recylcer")
    edit(folder, "data/sizes.csv", "60000000", "10000000")
    (folder / "data/operators.csv").unlink()
    rules = [problem.rule for problem in validate_folder(folder)]
    assert rules == ["finite", "type", "missing_file", "sizes_order", "foreign_key"]


def test_a_valid_folder_has_no_problems(folder: Path) -> None:
    assert validate_folder(folder) == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[" * 3000 + "]" * 3000, "nested too deep"),
        ("[" * 30 + "]" * 30, "nested deeper than 20"),
        ("1" + "0" * 400, "a whole number of 401 digits"),
        ("1" + "0" * 5000, "a whole number has thousands of digits"),
    ],
)
def test_extreme_toml_is_one_problem(folder: Path, written: str, said: str) -> None:
    edit(folder, "instance.toml", "wacc = 0.08", f"wacc = {written}")
    (problem,) = validate_folder(folder)
    assert (problem.file, problem.rule) == ("instance.toml", "toml")
    assert said in problem.message


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ('"fields": [', '"fields": [null, ', "fields[0]"),
        ('"fields": [', '"fields": [5, ', "fields[0]"),
        ('"type": "string"', '"type": null', "fields[0]"),
        ('"minimum": 0.0,', '"minimum": true,', "fields[3]"),
        ('"missingValues": [', '"missingValues": [7, ', "missingValues"),
        ('"primaryKey": [', '"primaryKey": [null, ', "primaryKey"),
        ('"foreignKeys": [', '"foreignKeys": [null, ', "foreignKeys"),
    ],
)
def test_a_descriptor_of_another_shape_is_a_problem(folder: Path, old: str, new: str, column: str) -> None:
    edit(folder, "datapackage.json", old, new)
    (problem,) = validate_folder(folder)
    assert (problem.file, problem.rule) == ("datapackage.json", "descriptor")
    assert str(problem.column).endswith(f".schema.{column}")


def test_the_longest_cell_is_the_same_whatever_ran_before(folder: Path) -> None:
    edit(folder, "data/operators.csv", "First", "x" * 200_000)
    before = csv.field_size_limit()
    try:
        said = []
        for limit in (131_072, 2**30):
            csv.field_size_limit(limit)
            said.append(problems_of(folder))
            assert csv.field_size_limit() == limit
    finally:
        csv.field_size_limit(before)
    assert said[0] == said[1]
    assert "larger than field limit (131072)" in said[0][0]


def test_missing_files(folder: Path) -> None:
    for file in ("datapackage.json", "instance.toml", "data/supply.csv"):
        (folder / file).unlink()
    assert problems_of(folder) == [
        "datapackage.json: [missing_file] the file is missing or not a regular file",
        "instance.toml: [missing_file] the file is missing or not a regular file",
        "data/supply.csv: [missing_file] the table is missing (What retires, formally collected or not.)",
    ]


def test_missing_data_folder(folder: Path) -> None:
    (folder / "data").rename(folder / "date")
    assert problems_of(folder)[0] == "data: [missing_file] the folder data/ is missing"


def test_optional_tables_may_be_absent(folder: Path) -> None:
    (folder / "data/storage.csv").unlink()
    edit(folder, "datapackage.json", '"data/storage.csv"', '"data/road_nodes.csv"')
    edit(folder, "datapackage.json", '"name": "storage"', '"name": "road_nodes"')
    (folder / "data/road_nodes.csv").write_text("node,lon_deg,lat_deg\n")
    instance = read_instance(folder)
    assert instance["storage"].empty
    assert list(instance["storage"].dtypes.astype(str)) == ["str", "str", "float64", "float64"]


def test_unknown_file_in_data_gets_the_nearest_name(folder: Path) -> None:
    (folder / "data/recipes_inputs.csv").write_text("recipe\n")
    (folder / "data/workbook.xlsx").write_bytes(b"PK")
    (folder / "data/.DS_Store").write_bytes(b"\0")
    assert problems_of(folder) == [
        "data/recipes_inputs.csv: [unknown_file] no table is called 'recipes_inputs.csv' (did you mean 'recipe_inputs'?)",  # noqa: E501
        "data/workbook.xlsx: [unknown_file] no table is called 'workbook.xlsx' (every file in data/ must be a table of the format)",  # noqa: E501
    ]


def test_unknown_folder_gets_the_nearest_shipped_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no instance folder .*nowhere"):
        read_instance(tmp_path / "nowhere")


def test_shipped_instances_are_found_by_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("netopt.data.folder.shipped", lambda _: folder.parent)
    monkeypatch.chdir(tmp_path.parent)
    assert read_instance("small").directory == folder
    with pytest.raises(UsageError, match="did you mean 'small'"):
        read_instance("smal")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused(folder: Path, encoding: str) -> None:
    path = folder / "data/jurisdictions.csv"
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    assert problems_of(folder) == [
        "data/jurisdictions.csv: [encoding] the file is in UTF-16 or binary, not in UTF-8 (save it in UTF-8; spreadsheets call it 'CSV UTF-8')"  # noqa: E501
    ]


def test_gb18030_is_refused(folder: Path) -> None:
    path = folder / "data/jurisdictions.csv"
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    assert problems_of(folder) == [
        "data/jurisdictions.csv, row 2: [encoding] the file is not in UTF-8; it looks like GB18030 (GBK) (save it in UTF-8; spreadsheets call it 'CSV UTF-8')"  # noqa: E501
    ]


def test_other_encodings_are_refused(folder: Path) -> None:
    path = folder / "instance.toml"
    path.write_bytes(path.read_bytes().replace(b"Two provinces", b"Z\xff\xffrich"))
    assert problems_of(folder) == [
        "instance.toml, row 3: [encoding] the file is not in UTF-8 (save it in UTF-8; spreadsheets call it 'CSV UTF-8')"  # noqa: E501
    ]


def test_byte_order_mark_and_crlf_are_accepted(folder: Path) -> None:
    digest = read_instance(folder).digest
    for path in (*folder.glob("data/*.csv"), folder / "instance.toml", folder / "datapackage.json"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_instance(folder).digest == digest
    assert validate_folder(folder) == []


def test_blank_lines_do_not_shift_row_numbers(folder: Path) -> None:
    edit(folder, "data/supply.csv", "S1,pack,2025,1000\n", "\nS1,pack,2025,1000\n\n")
    assert len(read_instance(folder)["supply"]) == 3
    edit(folder, "data/supply.csv", "500.5", "half")
    assert problems_of(folder) == [
        "data/supply.csv, row 6, column supply_tonnes_per_year: [type] 'half' is not a number"
    ]


def test_links_out_of_the_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    (folder / "data/supply.csv").rename(secret)
    (folder / "data/supply.csv").symlink_to(secret)
    assert problems_of(folder) == [
        "data/supply.csv: [symlink] a symbolic link leads out of the instance folder (copy the file into the folder)"  # noqa: E501
    ]


def test_a_linked_data_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "data").rename(tmp_path / "elsewhere")
    (folder / "data").symlink_to(tmp_path / "elsewhere")
    assert problems_of(folder)[0].startswith("data: [symlink]")


def test_links_within_the_folder_are_followed_and_loops_are_not(folder: Path) -> None:
    (folder / "data/supply.csv").rename(folder / "supply_2024.csv")
    (folder / "data/supply.csv").symlink_to(folder / "supply_2024.csv")
    assert validate_folder(folder) == []
    (folder / "data/supply.csv").unlink()
    (folder / "data/supply.csv").symlink_to("supply.csv")
    assert [problem.file for problem in validate_folder(folder)] == ["data/supply.csv"]


def test_a_file_over_the_size_limit_is_refused_unread(folder: Path) -> None:
    with (folder / "data/supply.csv").open("r+b") as stream:
        stream.truncate(2**28 + 1)
    assert problems_of(folder) == [
        "data/supply.csv: [file_size] the file has 268,435,457 bytes, more than the 268,435,456 that are read"  # noqa: E501
    ]


def test_a_folder_in_the_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "data/supply.csv").unlink()
    (folder / "data/supply.csv").mkdir()
    assert problems_of(folder) == [
        "data/supply.csv: [missing_file] the file is missing or not a regular file"
    ]


def test_ids_and_formulas_stay_the_text_that_they_are(folder: Path) -> None:
    edit(folder, "data/markets.csv", "Metals", "=cmd|' /C calc'!A0")
    edit(folder, "data/jurisdictions.csv", "Guangdong", "NA")
    for file in ("data/operators.csv", "data/sites.csv", "data/sites.csv", "data/sites.csv"):
        edit(folder, file, "O1", "010000")
    instance = read_instance(folder)
    assert instance["markets"]["name"].tolist() == ["Storage users", "=cmd|' /C calc'!A0"]
    assert instance["jurisdictions"]["name"].tolist() == ["Sichuan", "NA"]
    assert instance["operators"]["operator"].tolist() == ["010000"]
    assert instance["sites"]["operator"].tolist() == ["010000"] * 3


def test_many_broken_rows_are_counted_not_listed(folder: Path) -> None:
    rows = "".join(f"S{number},pack,2025,x\n" for number in range(3, 103))
    edit(folder, "data/supply.csv", "500.5\n", "500.5\n" + rows)
    problems = validate_folder(folder)
    of_type = [str(problem) for problem in problems if problem.rule == "type"]
    assert len(of_type) == 21
    assert of_type[-1] == (
        "data/supply.csv, column supply_tonnes_per_year: [type] 80 more rows break the same rule"
    )


def test_a_deeply_nested_descriptor_is_refused(folder: Path) -> None:
    (folder / "datapackage.json").write_text("[" * 100_000)
    assert [problem.rule for problem in validate_folder(folder)] == ["json"]


def test_a_million_rows_are_read_in_seconds(folder: Path) -> None:
    ids = [f"{number:06d}" for number in range(1001)]
    with (folder / "data/locations.csv").open("a") as stream:
        stream.writelines(f"{place},Somewhere,,CN-SC,104.5,30.5,1\n" for place in ids)
    with (folder / "data/distances.csv").open("a") as stream:
        for number, origin in enumerate(ids):
            ends = (end for end in enumerate(ids) if end[0] != number)
            stream.writelines(f"{origin},{end},road,{(number ^ other) / 7 + 1}\n" for other, end in ends)
    started = time.process_time()
    instance = read_instance(folder)
    seconds = time.process_time() - started
    assert len(instance["distances"]) == 1_001_001
    assert seconds < 60, f"reading a million rows took {seconds:.1f} s of processor time"
