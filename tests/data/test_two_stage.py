"""Siting with two stages: capacities by product hold exactly, known values are never contradicted."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from netopt.data.formats import two_stage
from netopt.data.formats.registry import detect
from netopt.errors import InstanceError, NoSolutionError
from tests.bench import bench_file, bench_values
from tests.data.siting_oracle import TwoStage, least_cost, lines, random_two_stage
from tests.data.test_orlib import cost_of, outcome_of

ONE = """1 2 2
3
4
10 5
2 1
4 6
5 1
1 9
2 2
"""
"""By hand: 7 t need both satellites (6 + 1) and the plant (5). C1 by S1 costs 2 + 1, by S2 1 + 2; C2 by S1
2 + 9, by S2 1 + 2. S2 takes all 4 t of C2 (12) and 1 t of C1 (3), S1 the other 2 t (6): 33."""


def one_text(case: TwoStage) -> str:
    n_satellites, n_customers = case.second.shape[1:]
    counts = [len(case.plants), n_satellites, n_customers]
    return lines(counts, case.demand, case.plants, case.first[0], case.satellites, case.second[0])


def many_text(case: TwoStage) -> str:
    n_satellites, n_customers = case.second.shape[1:]
    counts = [len(case.plants), n_satellites, n_customers, case.n_products]
    return lines(counts, case.demand, case.plants, *case.first, case.satellites, *case.second)


def written(folder: Path, text: str, name: str = "case.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_one_product_as_worked_by_hand(tmp_path: Path) -> None:
    path = written(tmp_path, ONE)
    assert detect(path) == "tscflp"
    assert cost_of(two_stage.read_one(path)) == pytest.approx(33, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_one_product_is_the_best_of_all_sets_of_open_sites(tmp_path: Path, seed: int) -> None:
    case = random_two_stage(seed, 1)
    path = written(tmp_path, one_text(case))
    assert detect(path) == "tscflp"
    assert cost_of(two_stage.read_one(path)) == pytest.approx(least_cost(case), rel=1e-7)


@pytest.mark.parametrize("n_products", [2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_several_products_are_the_best_of_all_sets_of_open_sites(
    tmp_path: Path, seed: int, n_products: int
) -> None:
    case = random_two_stage(seed, n_products)
    path = written(tmp_path, many_text(case))
    assert detect(path) == "mp_tscflp"
    assert cost_of(two_stage.read_many(path)) == pytest.approx(least_cost(case), rel=1e-7)


@pytest.mark.parametrize("seed", range(2))
def test_long_arcs_priced_instead_of_listed_contradict_nothing(tmp_path: Path, seed: int) -> None:
    """The strategy of the largest cases: its bound is below and its plan above the least cost."""
    case = random_two_stage(seed, 2)
    found = two_stage.read_many(written(tmp_path, many_text(case)))
    outcome = outcome_of(found, gap=1e-6, strategy="priced")
    assert outcome.lower_bound_cny_per_year <= least_cost(case) * (1 + 1e-7)
    assert outcome.upper_bound_cny_per_year >= least_cost(case) * (1 - 1e-7)


def test_a_capacity_is_of_its_product_and_of_no_other(tmp_path: Path) -> None:
    """Both of two plants: 6 t of a product, of which each makes 3, while 20 t stand idle for the other."""
    case = TwoStage(
        demand=np.array([[6.0, 1.0]]),
        plants=np.array([[3.0, 20.0, 100.0], [3.0, 20.0, 200.0]]),
        first=np.ones((2, 2, 1)),
        satellites=np.array([[9.0, 9.0, 10.0]]),
        second=np.ones((2, 1, 1)),
    )
    path = written(tmp_path, many_text(case))
    assert cost_of(two_stage.read_many(path)) == pytest.approx(100 + 200 + 10 + 2 * 7)
    at_satellites = TwoStage(
        demand=np.array([[6.0, 1.0]]),
        plants=np.array([[9.0, 9.0, 10.0]]),
        first=np.ones((2, 1, 2)),
        satellites=np.array([[3.0, 20.0, 100.0], [3.0, 20.0, 200.0]]),
        second=np.ones((2, 2, 1)),
    )
    path = written(tmp_path, many_text(at_satellites))
    assert cost_of(two_stage.read_many(path)) == pytest.approx(100 + 200 + 10 + 2 * 7)


def test_demands_of_nothing_are_left_out(tmp_path: Path) -> None:
    case = random_two_stage(7, 2)
    demand = case.demand.copy()
    demand[0, 1] = 0.0
    fewer = TwoStage(demand, case.plants, case.first, case.satellites, case.second)
    found = two_stage.read_many(written(tmp_path, many_text(fewer)))
    assert len(found.tables["sources"]) == demand.size - 1
    assert cost_of(found) == pytest.approx(least_cost(fewer), rel=1e-7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ONE[:-2], "1 plants, 2 satellites, 2 customers make 17 numbers in all, the file has 16"),
        (ONE.replace("10 5", "10 -5"), "row 4, column capacity or fixed cost: [minimum]"),
        (ONE.replace("1 9", "1 NaN"), "row 8: [number] 'NaN' is not a number"),
        (
            ONE.replace("1 9", "1 9e9"),
            "cost satellite to customer: [maximum] a cost satellite to customer must",
        ),
        (ONE.replace("3\n4\n", "0\n0\n"), "[no_demand] a product is wanted by nobody"),
        ("1 2 999999999\n3\n", "the file has 4"),
        ("1 2 0\n3\n", "the number of customers must be a whole number above zero"),
        ("1 -2 3\n3\n", "the number of satellites must be a whole number above zero, not '-2'"),
    ],
)
def test_a_bad_file_is_refused_at_once_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    began = time.monotonic()
    with pytest.raises(InstanceError) as caught:
        two_stage.read_one(written(tmp_path, text))
    assert said in str(caught.value)
    assert time.monotonic() - began < 5


TIME_LIMIT_S = {"tscflp": 90.0, "mp_tscflp": 400.0}
KNOWN = [
    (family, name)
    for family in TIME_LIMIT_S
    for name in bench_values(family, "best_known.csv", column="best_known")
    if family == "tscflp" or name.endswith("-50-5")  # the others have half a million arcs and more
]


@pytest.mark.campaign
@pytest.mark.parametrize(("family", "name"), KNOWN)
def test_a_bound_never_exceeds_the_best_known_plan(family: str, name: str) -> None:
    """Nor does a plan cost less than the largest lower bound that others have proven.

    Where a busy machine has no plan in time there is nothing to contradict, and the test skips.
    """
    path = bench_file(family, f"{name}.txt")
    assert detect(path) == family
    read = two_stage.read_one if family == "tscflp" else two_stage.read_many
    try:
        outcome = outcome_of(read(path), gap=1e-3, time_limit_s=TIME_LIMIT_S[family])
    except NoSolutionError as error:
        pytest.skip(str(error))
    best = bench_values(family, "best_known.csv", column="best_known")[name]
    assert outcome.lower_bound_cny_per_year <= best * (1 + 1e-9)
    assert outcome.upper_bound_cny_per_year >= _proven(family, name) * (1 - 1e-6)


def _proven(family: str, name: str) -> float:
    table, column = (
        ("best_known.csv", "lower_bound") if family == "tscflp" else ("gurobi_13_one_hour.csv", "bound")
    )
    return bench_values(family, table, column=column)[name]


def test_the_largest_case_is_read_in_seconds() -> None:
    path = bench_file("mp_tscflp", "PSC1-C4-100-10.txt")
    began = time.monotonic()
    found = two_stage.read_many(path)
    assert len(found.tables["distances"]) == 10 * (400 * 200 + 200 * 100 + 200)
    assert time.monotonic() - began < 30
