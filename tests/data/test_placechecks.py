"""Figures against what is known of the world: places in their provinces, supply in its unit."""

from __future__ import annotations

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.placechecks import INSIDE_ANOTHER_KM, OUTSIDE_ALL_KM
from netopt.data.read import make_instance, read_instance
from netopt.errors import InstanceError, Problem
from tests.data.small_instance import small_settings, small_tables


@pytest.fixture(scope="module")
def provinces() -> Instance:
    return read_instance("china-provinces")


def problems(given: Instance, **tables: pd.DataFrame) -> list[Problem]:
    with pytest.raises(InstanceError) as caught:
        make_instance(given.settings, {**given.tables, **tables})
    return list(caught.value.problems)


def moved(given: Instance, location: str, lon_deg: float, lat_deg: float) -> pd.DataFrame:
    locations = given["locations"].copy()
    locations.loc[locations["location"] == location, ["lon_deg", "lat_deg"]] = [lon_deg, lat_deg]
    return locations


def test_chengdu_in_shanghai_is_refused(provinces: Instance) -> None:
    (problem,) = problems(provinces, locations=moved(provinces, "510100", 121.47, 31.23))
    assert (problem.file, problem.column) == ("data/locations.csv", "location")
    assert (problem.rule, problem.value) == ("outside_jurisdiction", "510100")
    assert "km outside of CN-SC, in CN-SH" in problem.message
    assert provinces["locations"]["location"].iloc[int(problem.row or 0) - 2] == "510100"


def test_places_far_out_at_sea_are_refused(provinces: Instance) -> None:
    (problem,) = problems(provinces, locations=moved(provinces, "310000", 126.5, 31.0))
    assert problem.rule == "outside_jurisdiction"
    assert ", in " not in problem.message


def test_tolerances_are_those_that_shipped_places_need() -> None:
    """Daxing'anling's seat and Sansha are the two that need them; all others lie inside."""
    assert read_instance("china-2024")["locations"]["location"].isin(["232700", "460300"]).sum() == 2
    assert 93 < INSIDE_ANOTHER_KM < 2 * 93
    assert 169 < OUTSIDE_ALL_KM < 2 * 169


@pytest.mark.parametrize("lon_deg", [101.0, 106.9])
def test_places_near_the_border_are_left_alone(provinces: Instance, lon_deg: float) -> None:
    make_instance(
        provinces.settings, {**provinces.tables, "locations": moved(provinces, "510100", lon_deg, 30.6)}
    )


def test_any_shipped_place_with_its_coordinates_swapped_is_told_so(provinces: Instance) -> None:
    swapped = provinces["locations"].rename(columns={"lon_deg": "lat_deg", "lat_deg": "lon_deg"})
    found = problems(provinces, locations=swapped.loc[:, provinces["locations"].columns])
    listed = [problem for problem in found if problem.rule == "lon_lat_order" and problem.row]
    assert len(listed) == 20  # of 31; more are counted, not listed
    assert {problem.rule for problem in found} <= {"lon_lat_order", "maximum"}


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_supply_in_another_unit_is_refused_where_volumes_say_so(provinces: Instance, factor: float) -> None:
    supply = provinces["supply"].copy()
    supply["supply_tonnes_per_year"] *= factor
    (problem,) = problems(provinces, supply=supply)
    assert (problem.file, problem.rule) == ("data/supply.csv", "unit")
    assert f"sums to {580_000 * factor:,.6g} t/yr" in problem.message
    without = {**provinces.tables, "volumes": provinces["volumes"].iloc[:0], "supply": supply}
    make_instance(provinces.settings, without)


def test_a_part_of_the_country_may_keep_the_volumes(provinces: Instance) -> None:
    tables = dict(provinces.tables)
    tables["sources"] = provinces["sources"].query("location == '540100'").reset_index(drop=True)
    supply = provinces["supply"]
    tables["supply"] = supply[supply["source"].isin(tables["sources"]["source"])].reset_index(drop=True)
    assert 0 < tables["supply"]["supply_tonnes_per_year"].sum() < 566_060 / 50
    make_instance(provinces.settings, tables)


def test_without_volumes_any_supply_will_do() -> None:
    tables = small_tables()
    tables["supply"]["supply_tonnes_per_year"] *= 1e-3
    make_instance(small_settings(), tables)
