"""Scenarios: cells changed by name, what is refused, and what says that one was taken."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.data.scenarios import scenarios_of, with_scenario
from netopt.data.tables import TABLES
from netopt.data.write import write_instance
from netopt.errors import InstanceError, UsageError
from netopt.solution.store import instance_in_manifest
from tests.data.small_instance import small_settings, small_tables

SIZES = "sizes"
ROWS = [
    ("dear", SIZES, "*", "capital_cny", "factor", 2.0, "invented"),
    ("flat", SIZES, "*", "fixed_cny_per_year", "value", 7.0, "invented"),
    ("wrong", SIZES, "*", "minimum_utilisation", "value", 3.0, "invented"),
]


def scenarios(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=TABLES["scenarios"].column_names)


def made(rows: list[tuple[object, ...]]) -> Instance:
    return make_instance(small_settings(), {**small_tables(), "scenarios": scenarios(rows)})


@pytest.fixture
def instance() -> Instance:
    return made(ROWS)


def changed(one: Instance, other: Instance) -> list[str]:
    return [name for name in TABLES if not one[name].equals(other[name])]


def test_a_factor_multiplies_and_a_value_replaces(instance: Instance) -> None:
    dear, flat = with_scenario(instance, "dear"), with_scenario(instance, "flat")
    assert changed(instance, dear) == changed(instance, flat) == [SIZES]
    assert dear[SIZES]["capital_cny"].tolist() == (2 * instance[SIZES]["capital_cny"]).tolist()
    assert set(flat[SIZES]["fixed_cny_per_year"]) == {7.0}
    assert set(instance[SIZES]["fixed_cny_per_year"]) != {7.0}


def test_only_the_rows_that_are_meant_change() -> None:
    sizes = make_instance(small_settings(), small_tables())[SIZES]
    first = "/".join(sizes.loc[0, list(TABLES[SIZES].key)])
    instance = made([("one", SIZES, first, "capital_cny", "factor", 3.0, "invented")])
    ratio = with_scenario(instance, "one")[SIZES]["capital_cny"] / sizes["capital_cny"]
    assert ratio.tolist() == [3.0] + [1.0] * (len(sizes) - 1)
    assert len(sizes) > 1


def test_scenarios_add_up_and_are_named_by_title_manifest_and_folder(
    instance: Instance, tmp_path: Path
) -> None:
    both = with_scenario(with_scenario(instance, "dear"), "flat")
    assert scenarios_of(both) == ["dear", "flat"]
    assert both.settings.instance.title.endswith("; scenario dear; scenario flat")
    assert instance_in_manifest(both)["scenarios"] == ["dear", "flat"]
    assert "scenarios" not in instance_in_manifest(instance)
    write_instance(both, tmp_path / "copy")
    again = read_instance(tmp_path / "copy")
    assert (again.digest, scenarios_of(again)) == (both.digest, ["dear", "flat"])
    assert len({both.digest, instance.digest, with_scenario(instance, "dear").digest}) == 3


def test_scenarios_that_are_not_taken_leave_the_digest(instance: Instance) -> None:
    assert instance.digest == make_instance(small_settings(), small_tables()).digest


def test_a_scenario_is_taken_once_and_must_be_there(instance: Instance) -> None:
    with pytest.raises(UsageError, match="is at scenario dear already"):
        with_scenario(with_scenario(instance, "dear"), "dear")
    with pytest.raises(
        UsageError, match=r"no scenario 'daer' \(did you mean 'dear'\?; dear, flat, wrong\)"
    ):
        with_scenario(instance, "daer")
    with pytest.raises(UsageError, match=r"it has no data/scenarios.csv"):
        with_scenario(make_instance(small_settings(), small_tables()), "dear")


def test_what_a_scenario_makes_is_checked_as_any_instance(instance: Instance) -> None:
    with pytest.raises(InstanceError) as caught:
        with_scenario(instance, "wrong")
    assert {problem.column for problem in caught.value.problems} == {"minimum_utilisation"}


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (("a", "sizse", "*", "capital_cny", "factor", 1.0, "x"), "scenario_table"),
        (("a", "volumes", "*", "supply_tonnes_per_year", "factor", 1.0, "x"), "scenario_table"),
        (("a", SIZES, "*", "size", "value", 1.0, "x"), "scenario_column"),
        (("a", SIZES, "nowhere/*", "capital_cny", "factor", 1.0, "x"), "scenario_row"),
        (("a", SIZES, "*", "capital_cny", "factor", -1.0, "x"), "scenario_factor"),
    ],
)
def test_what_changes_nothing_is_refused(row: tuple[object, ...], rule: str) -> None:
    with pytest.raises(InstanceError) as caught:
        made([row])
    assert [problem.rule for problem in caught.value.problems] == [rule]
