"""The green field: what stands is gone, every site may be built on, and the instance says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from netopt.data.greenfield import as_greenfield
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.data.tables import TABLES
from netopt.data.write import write_instance
from netopt.resources import shipped
from tests.data.small_instance import small_settings, small_tables


@pytest.fixture
def instance() -> Instance:
    return read_instance(shipped("instances") / "toy")


def test_nothing_stands_and_every_site_may_be_built_on(instance: Instance) -> None:
    before, sites = instance["sites"].set_index("site"), as_greenfield(instance)["sites"].set_index("site")
    assert before.loc["D3", "existing_capacity_tonnes_per_year"] > 0
    assert not before.loc["D3", "may_build"]
    assert sites["may_build"].all()
    for column in ("existing_capacity_tonnes_per_year", "existing_fixed_cny_per_year"):
        assert (sites[column] == 0).all()
    assert not sites["existing_divisible"].any()


def test_a_type_without_sizes_cannot_be_built(instance: Instance) -> None:
    sizes = instance["sizes"]
    tables = {**instance.tables, "sizes": sizes[sizes["facility_type"] != "dismantler"]}
    sites = as_greenfield(Instance(instance.settings, tables, ""))["sites"]
    assert set(sites.loc[~sites["may_build"], "site"]) == {"D1", "D3"}


def test_all_else_stays_and_twice_is_once(instance: Instance) -> None:
    green = as_greenfield(instance)
    assert [name for name in TABLES if not green[name].equals(instance[name])] == ["sites"]
    assert green.settings.instance.title.startswith(instance.settings.instance.title)
    again = as_greenfield(green)
    assert (again.digest, again.settings) == (green.digest, green.settings)


def test_it_has_a_digest_of_its_own_that_survives_a_folder(tmp_path: Path) -> None:
    small = make_instance(small_settings(), small_tables())
    green = as_greenfield(small)
    assert green.digest != small.digest
    write_instance(green, tmp_path / "copy")
    assert read_instance(tmp_path / "copy").digest == green.digest
