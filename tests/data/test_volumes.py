"""Volumes: supply at another total, its split kept, and what says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.data.tables import TABLES
from netopt.data.volumes import volume_of, with_volume
from netopt.data.write import write_instance
from netopt.errors import InstanceError, UsageError
from tests.data.small_instance import small_settings, small_tables

VOLUMES = [
    ("2030-low", 2030, 400.0, "invented"),
    ("2030-high", 2030, 9000.0, "invented"),
]


def volumes(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=TABLES["volumes"].column_names)


@pytest.fixture
def instance() -> Instance:
    return make_instance(small_settings(), {**small_tables(), "volumes": volumes(VOLUMES)})


def tonnes(instance: Instance) -> pd.Series:
    keys = ["source", "commodity", "period"]
    return instance["supply"].set_index(keys)["supply_tonnes_per_year"]


def test_supply_has_the_new_total_in_the_first_period_and_the_old_split(instance: Instance) -> None:
    scaled = with_volume(instance, "2030-high")
    by_period = tonnes(scaled).groupby("period").sum()
    assert by_period["2025"] == pytest.approx(9000.0, rel=1e-12)
    factor = 9000.0 / tonnes(instance).groupby("period").sum()["2025"]
    assert np.allclose(tonnes(scaled), tonnes(instance) * factor, rtol=1e-12)
    assert len(tonnes(scaled)) > 2


def test_all_else_stays(instance: Instance) -> None:
    scaled = with_volume(instance, "2030-high")
    changed = [name for name in TABLES if not scaled[name].equals(instance[name])]
    assert changed == ["supply", "volumes"]
    assert scaled["volumes"]["volume"].tolist() == ["2030-high"]
    about = scaled.settings.instance.model_copy(update={"title": instance.settings.instance.title})
    assert scaled.settings.model_copy(update={"instance": about}) == instance.settings
    assert scaled.settings.instance.title == "Two provinces; volume 2030-high: 9,000 t a year"


def test_a_volume_has_a_digest_of_its_own_that_survives_a_folder(
    instance: Instance, tmp_path: Path
) -> None:
    digests = {with_volume(instance, name).digest for name in ("2030-low", "2030-high")}
    assert len(digests | {instance.digest}) == 3
    scaled = with_volume(instance, "2030-low")
    write_instance(scaled, tmp_path / "copy")
    again = read_instance(tmp_path / "copy")
    assert again.digest == scaled.digest
    assert volume_of(again) == "2030-low"


def test_volumes_that_are_not_taken_leave_the_digest(instance: Instance) -> None:
    assert instance.digest == make_instance(small_settings(), small_tables()).digest


def test_which_volume_an_instance_is_at(instance: Instance) -> None:
    assert volume_of(instance) == ""
    assert volume_of(with_volume(instance, "2030-high")) == "2030-high"
    total = float(tonnes(instance).groupby("period").sum()["2025"])
    today = volumes([*VOLUMES, ("today", 2025, total, "invented")])
    assert volume_of(make_instance(small_settings(), {**small_tables(), "volumes": today})) == "today"


def test_an_unknown_volume_is_refused_with_a_suggestion(instance: Instance) -> None:
    with pytest.raises(
        UsageError, match=r"no volume '2030-hgh' \(did you mean '2030-high'\?; 2030-low, 2030"
    ):
        with_volume(instance, "2030-hgh")
    with pytest.raises(UsageError, match=r"it has no data/volumes.csv"):
        with_volume(make_instance(small_settings(), small_tables()), "2030-high")


def test_nothing_cannot_be_scaled(instance: Instance) -> None:
    nothing = {**instance.tables, "supply": instance["supply"].assign(supply_tonnes_per_year=0.0)}
    with pytest.raises(UsageError, match="nothing retires in period '2025'"):
        with_volume(Instance(instance.settings, nothing, ""), "2030-high")


def test_a_volume_is_given_once_and_is_something() -> None:
    rows = [*VOLUMES, ("2030-high", 2030, 1.0, "again"), ("none", 2030, 0.0, "invented")]
    with pytest.raises(InstanceError) as caught:
        make_instance(small_settings(), {**small_tables(), "volumes": volumes(rows)})
    assert {problem.file for problem in caught.value.problems} == {"data/volumes.csv"}
    assert len(caught.value.problems) == 2
