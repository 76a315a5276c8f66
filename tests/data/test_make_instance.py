"""Tables in memory are checked like files, and typed the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.schema import ColumnType
from netopt.data.tables import TABLES
from netopt.errors import InstanceError
from tests.data.small_instance import small_settings, small_tables

DTYPES = {
    ColumnType.ID: "str",
    ColumnType.TEXT: "str",
    ColumnType.NUMBER: "float64",
    ColumnType.INTEGER: "int64",
    ColumnType.BOOLEAN: "bool",
}


def problems_in_memory(name: str, column: str, cells: list[Any]) -> list[str]:
    tables = small_tables()
    tables[name][column] = pd.Series(cells, dtype=object)
    return _problems(tables)


def _problems(tables: dict[str, pd.DataFrame]) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        make_instance(small_settings(), tables)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_typed_and_in_the_order_of_the_format(small: Instance, name: str) -> None:
    wanted = {column.name: DTYPES[column.type] for column in TABLES[name].columns}
    assert small[name].dtypes.astype(str).to_dict() == wanted
    assert list(small[name].columns) == list(wanted)
    assert small[name].index.equals(pd.RangeIndex(len(small[name])))


def test_blank_cells_in_memory(small: Instance) -> None:
    assert small["commodities"]["name_zh"].tolist() == [""] * 6
    assert small["offtake"]["limit_units_per_year"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("name", "column", "cells", "problem"),
    [
        ("sources", "fixed_cny_per_year", [0.0, np.nan], "data/sources.csv, row 3, column fixed_cny_per_year: [required] the cell is blank"),  # noqa: E501
        ("sources", "fixed_cny_per_year", [0.0, "12"], ""),
        ("sources", "location", [510100, "440100"], "data/sources.csv, row 2, column location: [type] '510100' is not a text (ids and texts are strings)"),  # noqa: E501
        ("sites", "may_build", [True, False, 1], "data/sites.csv, row 4, column may_build: [type] '1' is not a truth value (write true or false)"),  # noqa: E501
        ("sites", "effective_share", [True, 1.0, 0.5], "data/sites.csv, row 2, column effective_share: [type] 'True' is not a number"),  # noqa: E501
        ("sources", "source", ["S1", None], "data/sources.csv, row 3, column source: [required] the cell is blank (cells that were merged in a spreadsheet come out blank: repeat the value in every row)"),  # noqa: E501
    ],
)  # fmt: skip
def test_mixed_cells_in_memory(name: str, column: str, cells: list[Any], problem: str) -> None:
    if problem:
        assert problem in problems_in_memory(name, column, cells)
    else:
        tables = small_tables()
        tables[name][column] = pd.Series(cells, dtype=object)
        assert make_instance(small_settings(), tables)[name][column].tolist() == [0.0, 12.0]


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_in_memory(number: float) -> None:
    tables = small_tables()
    tables["sizes"].loc[1, "capital_cny"] = number
    assert _problems(tables) == [
        f"data/sizes.csv, row 3, column capital_cny: [finite] '{number:g}' is not a finite number "
        "(every number must be finite; leave a cell blank only where the format allows it)"
    ]


@pytest.mark.parametrize("years", [2.5, 1e300])
def test_integers_in_memory(years: float) -> None:
    tables = small_tables()
    tables["facility_types"]["life_years"] = [20.0, years, 20.0]
    assert _problems(tables) == [
        f"data/facility_types.csv, row 3, column life_years: [type] '{years:g}' is not a whole number"
    ]


def test_missing_and_unknown_tables_and_columns_in_memory() -> None:
    tables = small_tables()
    tables["suply"] = tables.pop("supply")
    tables["operators"] = tables["operators"].rename(columns={"name": "nmae"})
    assert _problems(tables) == [
        "data/supply.csv: [missing_file] the table is missing (What retires, formally collected or not.)",
        "data/operators.csv, row 1, column nmae: [unknown_column] the table has no column 'nmae' (did you mean 'name'?)",  # noqa: E501
        "data/operators.csv, row 1, column name: [missing_column] the column 'name' is missing (Name.)",
        "data/suply.csv: [unknown_file] no table is called 'suply' (did you mean 'supply'?)",
    ]


def test_the_caller_keeps_its_tables(small: Instance) -> None:
    tables = small_tables()
    before = {name: table.copy() for name, table in tables.items()}
    instance = make_instance(small_settings(), tables)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, before[name])
    tables["supply"].loc[0, "supply_tonnes_per_year"] = 1.0
    assert instance["supply"]["supply_tonnes_per_year"].tolist() == [1000.0, 1500.0, 500.5]


def test_an_instance_goes_through_make_instance_unchanged(small: Instance) -> None:
    assert make_instance(small.settings, small.tables).digest == small.digest


def test_one_location_needs_no_distances() -> None:
    tables = small_tables()
    tables["locations"] = tables["locations"].iloc[:1]
    for name in ("sources", "sites", "vendors"):
        tables[name]["location"] = "510100"
    tables["markets"].loc[0, "location"] = "510100"
    del tables["distances"]
    assert make_instance(small_settings(), tables)["distances"].empty


def test_roads_name_known_junctions_and_modes() -> None:
    tables = small_tables()
    tables["road_nodes"] = pd.DataFrame(
        {"node": ["a", "b"], "lon_deg": [104.0, 113.0], "lat_deg": [30.0, 23.0]}
    )
    edges = {
        "from_node": ["a", "a"],
        "to_node": ["b", "c"],
        "mode": ["rail", "road"],
        "distance_km": [1.0, 1.0],
    }
    tables["road_edges"] = pd.DataFrame(edges)
    assert _problems(tables) == [
        "data/road_edges.csv, row 2, column mode: [foreign_key] 'rail' is not a mode of data/haulage.csv (modes: road)",  # noqa: E501
        "data/road_edges.csv, row 3, column to_node: [foreign_key] 'c' is not in data/road_nodes.csv",
    ]
    tables["road_edges"] = pd.DataFrame(edges).replace({"rail": "road", "c": "a"}).iloc[:1]
    assert len(make_instance(small_settings(), tables)["road_edges"]) == 1
