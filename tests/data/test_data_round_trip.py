"""What is written reads back with the same digest, and writing leaves either all or nothing."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path

import frictionless
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netopt.data.digest import digest, settings_json
from netopt.data.folder import DESCRIPTOR_FILE, SETTINGS_FILE
from netopt.data.formats.datapackage import table_schema
from netopt.data.instance import Instance
from netopt.data.problems import unprintable
from netopt.data.read import make_instance, read_instance, validate_folder
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.data.write import describe_folder, write_instance
from netopt.errors import InstanceError, UsageError
from tests.data.small_instance import small_settings, small_tables

TEXTS = st.text(min_size=1, max_size=30).filter(lambda text: not unprintable(text))
IDS = TEXTS.map(str.strip).filter(bool)


@given(
    name=TEXTS,
    title=st.just("") | TEXTS,
    source=IDS.filter(lambda text: text not in {"S1", "H1", "P1", "R1", "M1", "GATE"}),
    tonnes=st.floats(0.0, 1e8, exclude_min=True),
    longitude=st.floats(101.0, 107.0),
    limit=st.none() | st.floats(0.0, 1e15),
    wacc=st.floats(0.0, 1.0),
)
@settings(max_examples=25, deadline=None)
def test_round_trip_keeps_the_digest(
    name: str, title: str, source: str, tonnes: float, longitude: float, limit: float | None, wacc: float
) -> None:
    tables = small_tables()
    tables["operators"].loc[0, "name"] = name
    tables["sources"].loc[1, "source"] = source
    tables["supply"].loc[2, ["source", "supply_tonnes_per_year"]] = [source, tonnes]
    tables["locations"].loc[0, "lon_deg"] = longitude
    tables["offtake"]["limit_units_per_year"] = pd.Series([limit, None, 0.1], dtype="float64")
    base = small_settings()
    about = base.instance.model_copy(update={"title": title})
    capital = base.capital.model_copy(update={"wacc": wacc})
    instance = make_instance(base.model_copy(update={"instance": about, "capital": capital}), tables)
    with tempfile.TemporaryDirectory() as home:
        write_instance(instance, Path(home) / "copy")
        again = read_instance(Path(home) / "copy")
    assert again.digest == instance.digest
    assert again.settings == instance.settings
    for table in TABLES:
        pd.testing.assert_frame_equal(again[table], instance[table], check_exact=True)


@given(text=st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_any_text_in_a_cell_is_either_kept_or_refused(text: str) -> None:
    tables = small_tables()
    tables["operators"].loc[0, "name"] = text
    try:
        instance = make_instance(small_settings(), tables)
    except InstanceError as error:
        assert {problem.rule for problem in error.problems} <= {"required", "control_character"}
        assert text == "" or unprintable(text)
        assert not unprintable("".join(str(problem) for problem in error.problems))
    else:
        assert instance["operators"]["name"].tolist() == [text]


def _write_bytes(folder: Path, file: str, data: bytes) -> None:
    (folder / file).write_bytes(data)


@given(
    data=st.binary(max_size=300), file=st.sampled_from(["data/supply.csv", SETTINGS_FILE, DESCRIPTOR_FILE])
)
@settings(max_examples=50, deadline=None)
def test_no_bytes_crash_the_reader(small_folder: Path, data: bytes, file: str) -> None:
    original = (small_folder / file).read_bytes()
    try:
        for content in (data, original + data, original[: len(data)] + data):
            _write_bytes(small_folder, file, content)
            try:
                read_instance(small_folder)
            except InstanceError as error:
                assert all(not unprintable(str(problem)) for problem in error.problems)
    finally:
        _write_bytes(small_folder, file, original)


@pytest.fixture(scope="module")
def small_folder(small: Instance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bytes") / "small"
    write_instance(small, folder)
    return folder


def test_digest_ignores_row_order_integer_spelling_and_place(small: Instance, tmp_path: Path) -> None:
    shuffled = {
        name: table.sample(frac=1, random_state=7)[list(reversed(table.columns))]
        for name, table in small_tables().items()
    }
    assert make_instance(small_settings(), shuffled).digest == small.digest
    whole = small_tables()
    whole["sizes"]["capital_cny"] = whole["sizes"]["capital_cny"].astype("int64")
    whole["sites"]["existing_fixed_cny_per_year"] *= -1.0
    whole["sites"]["existing_fixed_cny_per_year"] = whole["sites"]["existing_fixed_cny_per_year"].abs()
    assert make_instance(small_settings(), whole).digest == small.digest
    zero = {name: table.replace(0.0, -0.0) for name, table in small.tables.items()}
    assert digest(small.settings, zero) == small.digest


FILLED = [name for name, rows in small_tables().items() if len(rows)]


@pytest.mark.parametrize("name", [name for name in FILLED if not TABLES[name].in_digest])
def test_digest_is_blind_to_what_no_plan_depends_on(small: Instance, name: str) -> None:
    fewer = {**small.tables, name: small[name].iloc[1:]}
    assert digest(small.settings, fewer) == small.digest


@pytest.mark.parametrize("name", [name for name in FILLED if TABLES[name].in_digest])
def test_digest_notices_a_row_less_and_another_cell(small: Instance, name: str) -> None:
    fewer = {**small.tables, name: small[name].iloc[1:]}
    assert digest(small.settings, fewer) != small.digest
    for column in small[name].columns:
        table = small[name].copy()
        cell = table[column].iloc[0]
        changed = (
            (not cell) if isinstance(cell, (bool, np.bool_)) else "x" if isinstance(cell, str) else 12345
        )
        table.loc[0, column] = changed
        assert digest(small.settings, {**small.tables, name: table}) != small.digest, column


def test_digest_notices_cells_that_move_between_columns(small: Instance) -> None:
    table = small["jurisdictions"].copy()
    table.loc[0, ["name", "name_zh"]] = ["四川", "Sichuan"]
    assert digest(small.settings, {**small.tables, "jurisdictions": table}) != small.digest


def test_whole_numbers_in_toml_count_as_the_decimal(small: Instance) -> None:
    raw = small.settings.model_dump()
    raw["capital"]["wacc"] = 1
    decimal = json.loads(json.dumps(raw))
    decimal["capital"]["wacc"] = 1.0
    assert settings_json(Settings.model_validate(raw)) == settings_json(Settings.model_validate(decimal))


def test_written_files_are_plain(small: Instance, folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["data", DESCRIPTOR_FILE, SETTINGS_FILE]
    for path in folder.rglob("*.*"):
        assert b"\r" not in path.read_bytes()
        path.read_bytes().decode("utf-8")
    with (folder / "data/supply.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream))[3] == ["S2", "pack", "2025", "500.5"]
    assert not (folder / "data/road_nodes.csv").exists()
    assert list(folder.parent.iterdir()) == [folder]


def test_frictionless_alone_accepts_what_netopt_writes(folder: Path) -> None:
    report = frictionless.validate(str(folder / DESCRIPTOR_FILE))
    assert report.valid, report.flatten(["place", "note"])
    assert len(report.tasks) == len(list((folder / "data").iterdir()))


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("data/sites.csv", "hub,O1", "hub,O9", "foreign-key"),
        ("data/supply.csv", "S2,pack,2025,500.5", "S1,pack,2025,500.5", "primary-key"),
        ("data/sizes.csv", "60000000", "-1", "constraint-error"),
        ("data/facility_types.csv", "15", "fifteen", "type-error"),
    ],
)
def test_frictionless_alone_notices_what_the_schemas_say(
    folder: Path, file: str, old: str, new: str, rule: str
) -> None:
    path = folder / file
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    report = frictionless.validate(str(folder / DESCRIPTOR_FILE))
    assert [error for (error,) in report.flatten(["type"])] == [rule]


def test_an_edited_schema_is_noticed_by_the_second_opinion(folder: Path) -> None:
    path = folder / DESCRIPTOR_FILE
    path.write_text(path.read_text("utf-8").replace('"minimum": 1,', '"minimum": 18,', 1), "utf-8")
    problems = validate_folder(folder)
    assert [(problem.file, problem.row, problem.column, problem.rule) for problem in problems] == [
        ("data/facility_types.csv", 3, "life_years", "frictionless_constraint_error")
    ]
    assert read_instance(folder).name == "small"


def test_a_broken_schema_is_noticed_by_the_second_opinion(folder: Path) -> None:
    path = folder / DESCRIPTOR_FILE
    path.write_text(path.read_text("utf-8").replace('"type": "string"', '"type": "strnig"', 1), "utf-8")
    problems = validate_folder(folder)
    assert problems
    assert all(problem.rule.startswith("frictionless_") for problem in problems)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_schema_is_valid_and_carries_units(name: str) -> None:
    schema = table_schema(TABLES[name], TABLES)
    frictionless.Schema.from_descriptor(schema)
    units = {field["name"]: field.get("unit", "") for field in schema["fields"]}
    assert units == {column.name: column.unit for column in TABLES[name].columns}
    keys = [(tuple(key["fields"]), key["reference"]["resource"]) for key in schema.get("foreignKeys", [])]
    assert keys == [(key.columns, key.table) for key in TABLES[name].foreign_keys]


def test_writing_never_replaces_unasked(small: Instance, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists already"):
        write_instance(small, folder)
    other = tmp_path / "papers"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="not an instance folder"):
        write_instance(small, other, force=True)
    with pytest.raises(UsageError, match="not a folder"):
        write_instance(small, other / "thesis.txt", force=True)
    assert (other / "thesis.txt").read_text() == "years of work"


def test_force_replaces_tables_and_keeps_other_files(small: Instance, folder: Path) -> None:
    (folder / "SOURCES.md").write_text("where it is from")
    (folder / "data/road_nodes.csv").write_text("stale")
    write_instance(small, folder, force=True)
    assert (folder / "SOURCES.md").read_text() == "where it is from"
    assert not (folder / "data/road_nodes.csv").exists()
    assert read_instance(folder).digest == small.digest
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("step", ["_write_table", "_sync", "_move_into_place"])
def test_a_failing_write_leaves_the_old_folder_whole(
    small: Instance, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"netopt.data.write.{step}", fail)
    with pytest.raises(OSError, match="No space left"):
        write_instance(small, folder, force=True)
    with pytest.raises(OSError, match="No space left"):
        write_instance(small, folder.with_name("new"))
    assert read_instance(folder).digest == small.digest
    assert list(folder.parent.iterdir()) == [folder]


def test_a_failing_rename_puts_the_old_folder_back(
    small: Instance, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fail_for_new(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(OSError, match="Input/output"):
        write_instance(small, folder, force=True)
    monkeypatch.undo()
    assert read_instance(folder).digest == small.digest
    assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_made_by_hand_gets_its_descriptor(small: Instance, folder: Path) -> None:
    before = (folder / DESCRIPTOR_FILE).read_text("utf-8")
    (folder / DESCRIPTOR_FILE).unlink()
    describe_folder(folder)
    assert (folder / DESCRIPTOR_FILE).read_text("utf-8") == before
    (folder / SETTINGS_FILE).write_text("[capital")
    with pytest.raises(InstanceError, match="not valid TOML"):
        describe_folder(folder)
