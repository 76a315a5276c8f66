"""Siting with one stage: netopt's optimum is the file's, and a bad file is refused with all its faults."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

import netopt
from netopt.accounts import Perspective
from netopt.data.formats import orlib
from netopt.data.formats.foreign import Foreign
from netopt.data.formats.registry import detect
from netopt.data.read import make_instance
from netopt.errors import InfeasibleError, InstanceError, UsageError
from netopt.policy.read import make_policy
from netopt.solution.options import SolveOptions
from netopt.solution.outcome import Outcome
from tests.bench import bench_file, bench_values
from tests.data.siting_oracle import Array, least_cost_one_stage, lines

PLAIN = make_policy("plain", [], Perspective.SOCIAL)
OPTIMA = bench_values("orlib_cap", "optima.csv", column="optimum")
QUICK = ("cap41", "cap44", "cap51", "cap63", "cap71", "cap74", "cap101", "cap121", "cap134")
CAPACITIES_B = (5000, 6000, 7000, 8000)
TBED1 = bench_values("tbed1", "optima.csv", column="optimum")

SPLIT = """ 2 3
 10 5.
 4 7.
8
 8. 24.
 6
 18. 6.
 0
 0. 0.
"""
"""By hand: 14 t need both (12); C1 goes to W1 (8); of C2, 4 t go to W2 (4) and 2 t to W1 (6): 30."""


def outcome_of(
    found: Foreign, gap: float = 1e-8, time_limit_s: float = 60.0, strategy: str = "auto"
) -> Outcome:
    instance = make_instance(found.settings, found.tables)
    options = SolveOptions(gap=gap, threads=1, time_limit_s=time_limit_s, strategy=strategy)
    solution = netopt.solve(instance, PLAIN, options)
    assert solution.verdict.ok
    return solution.outcome


def cost_of(found: Foreign) -> float:
    outcome = outcome_of(found)
    assert outcome.lower_bound_cny_per_year == pytest.approx(outcome.upper_bound_cny_per_year, rel=1e-7)
    return outcome.upper_bound_cny_per_year


def cap_text(capacity: Array, fixed: Array, demand: Array, serving: Array) -> str:
    head = lines([len(capacity), len(demand)], np.column_stack([capacity, fixed]))
    return head + "".join(lines([wanted], row) for wanted, row in zip(demand, serving, strict=True))


def tbed1_text(capacity: Array, fixed: Array, demand: Array, serving: Array) -> str:
    return lines([len(capacity), len(demand)], [capacity], [fixed], [demand], serving)


def random_case(seed: int) -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(seed)
    demand = rng.integers(1, 20, 5).astype(float)
    capacity = np.ceil(rng.uniform(0.3, 0.8, 4) * demand.sum())
    return capacity, rng.integers(1, 90, 4).astype(float), demand, rng.uniform(1, 100, (5, 4)).round(3)


@pytest.fixture
def split(tmp_path: Path) -> Path:
    path = tmp_path / "Split_1.txt"
    path.write_text(SPLIT, encoding="utf-8")
    return path


def test_a_customer_may_be_split_as_worked_by_hand(split: Path) -> None:
    found = orlib.read_cap(split)
    assert cost_of(found) == pytest.approx(30, abs=1e-6)
    assert found.settings.instance.name == "split-1"
    assert "1 customers want nothing and were left out." in found.notes


def test_numbers_stand_in_the_tables_as_the_file_has_them(split: Path) -> None:
    tables = orlib.read_cap(split).tables
    assert tables["supply"]["supply_tonnes_per_year"].tolist() == [8.0, 6.0]
    sites = tables["sites"].set_index("site")
    assert sites["existing_capacity_tonnes_per_year"].to_dict() == {"W1": 10.0, "W2": 4.0}
    assert sites["existing_fixed_cny_per_year"].to_dict() == {"W1": 5.0, "W2": 7.0}
    hauls = tables["distances"].set_index(["origin", "destination"])["distance_km"].to_dict()
    assert hauls == {("C1", "W1"): 1.0, ("C1", "W2"): 3.0, ("C2", "W1"): 3.0, ("C2", "W2"): 1.0}


@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_is_that_of_every_set_of_open_warehouses(tmp_path: Path, seed: int) -> None:
    case = random_case(seed)
    expected = least_cost_one_stage(*case)
    for text, name, reader in (
        (cap_text, "orlib", orlib.read_cap),
        (tbed1_text, "tbed1", orlib.read_tbed1),
    ):
        path = tmp_path / f"{name}.txt"
        path.write_text(text(*case), encoding="utf-8")
        assert detect(path) == name
        assert cost_of(reader(path)) == pytest.approx(expected, rel=1e-7)


def test_dear_units_are_a_higher_tariff(tmp_path: Path) -> None:
    """3e6 CNY a tonne: 20,000 km are not enough at 1 CNY a tonne-kilometre."""
    case = (np.array([5.0]), np.array([2.0]), np.array([2.0]), np.array([[6e6]]))
    path = tmp_path / "dear.txt"
    path.write_text(cap_text(*case), encoding="utf-8")
    found = orlib.read_cap(path)
    assert set(found.tables["haulage"]["tariff_cny_per_tonne_km"]) == {1000.0}
    assert cost_of(found) == pytest.approx(6e6 + 2)


def test_too_little_capacity_is_infeasible_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "tight.txt"
    path.write_text("1 1\n5 1\n6\n3\n", encoding="utf-8")
    with pytest.raises(InfeasibleError):
        outcome_of(orlib.read_cap(path))


def test_the_word_capacity_stands_for_what_the_name_or_the_option_says(tmp_path: Path) -> None:
    text = "1 1\n capacity 5.\n4\n 8.\n"
    named, plain = tmp_path / "capb-70.txt", tmp_path / "capb.txt"
    named.write_text(text, encoding="utf-8")
    plain.write_text(text, encoding="utf-8")
    capacities = [
        found.tables["sites"]["existing_capacity_tonnes_per_year"].tolist()
        for found in (orlib.read_cap(named), orlib.read_cap(named, 60.0), orlib.read_cap(plain, 50.0))
    ]
    assert capacities == [[70.0], [60.0], [50.0]]
    assert orlib.read_cap(plain, 50.0).settings.instance.name == "capb-50"
    with pytest.raises(UsageError, match="add --capacity N"):
        orlib.read_cap(plain)
    with pytest.raises(UsageError, match="above zero, not nan"):
        orlib.read_cap(plain, float("nan"))


def test_a_capacity_for_a_file_that_has_its_own_is_refused(split: Path) -> None:
    with pytest.raises(UsageError, match="leave --capacity out"):
        orlib.read_cap(split, 10.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "2 3\n10 5\n",
            "2 warehouses and 3 customers make 15 numbers in all, the file has 4 (is the file cut off",
        ),
        (SPLIT + "9\n", "make 15 numbers in all, the file has 16"),
        (SPLIT.replace("24.", "nan"), "row 5: [number] 'nan' is not a number"),
        (SPLIT.replace("24.", "inf"), "row 5: [number] 'inf' is not a number"),
        (SPLIT.replace("24.", "1e999"), "row 5: [number] '1e999' is not a number"),
        (SPLIT.replace("24.", "2_4"), "row 5: [number] '2_4' is not a number"),
        (SPLIT.replace("24.", "capacities"), "row 5: [number] 'capacities' is not a number"),
        (
            SPLIT.replace("24.", "-24."),
            "row 5, column demand or cost: [minimum] a demand or cost must not be below zero",
        ),
        (SPLIT.replace("4 7.", "-4 7."), "row 3, column capacity or fixed cost: [minimum]"),
        (
            SPLIT.replace(" 0. 0.", " 0. 1."),
            "row 8, column demand: [cost_without_demand] a customer who wants nothing",
        ),
        (SPLIT.replace("24.", "2e12"), "[maximum] a demand or cost must not be above 1,000,000,000,000"),
        (
            SPLIT.replace("24.", "2e9"),
            "row 4, column demand: [maximum] a unit for this customer costs more",
        ),
        ("1 1\n5 1\n0\n0\n", "column demand: [no_demand] no customer wants anything"),
        ("2.5 3\n", "the number of warehouses must be a whole number above zero, not '2.5'"),
        ("2 0\n", "the number of customers must be a whole number above zero, not '0'"),
        ("2", "the number of customers must be a whole number above zero, not ''"),
        ("999999999 999999999\n1 2\n", "make 1,000,000,"),
        ("9" * 5000 + " 3\n", "must be a whole number above zero"),
        ("", "the file is empty"),
        ("\0\1\2", "binary"),
    ],
)
def test_a_bad_file_is_refused_at_once_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(text, encoding="utf-8")
    began = time.monotonic()
    with pytest.raises(InstanceError) as caught:
        orlib.read_cap(path)
    assert said in str(caught.value)
    assert all(problem.file == "bad.txt" for problem in caught.value.problems)
    assert time.monotonic() - began < 5


def test_every_fault_is_told_and_the_twenty_first_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(lines([1, 30], [5, 1]) + "x\ny\n" * 30, encoding="utf-8")
    with pytest.raises(InstanceError) as caught:
        orlib.read_cap(path)
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1].message == "40 more rows break the same rule"


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(InstanceError, match=r"\[file_size\]"):
        orlib.read_cap(path)


@pytest.mark.parametrize("name", QUICK)
def test_known_optima_of_the_library(name: str) -> None:
    """To the last digit that the library prints."""
    path = bench_file("orlib_cap", f"{name}.txt")
    assert detect(path) == "orlib"
    assert cost_of(orlib.read_cap(path)) == pytest.approx(OPTIMA[name], abs=2e-3)


@pytest.mark.campaign
@pytest.mark.parametrize(
    "name", [name for name in OPTIMA if not name.startswith("capb") and name not in QUICK]
)
def test_all_other_known_optima_of_the_library(name: str) -> None:
    found = orlib.read_cap(bench_file("orlib_cap", f"{name}.txt"))
    assert cost_of(found) == pytest.approx(OPTIMA[name], abs=2e-3)


@pytest.mark.campaign
@pytest.mark.parametrize("capacity", CAPACITIES_B)
def test_the_known_optima_of_capb_are_never_contradicted(capacity: int) -> None:
    """With the strategy for large cases, whose plans are good long before its bound is."""
    found = orlib.read_cap(bench_file("orlib_cap", "capb.txt"), float(capacity))
    outcome = outcome_of(found, gap=1e-4, time_limit_s=240.0, strategy="priced")
    known = OPTIMA[f"capb-{capacity}"]
    assert outcome.lower_bound_cny_per_year <= known + 2e-3
    assert known - 2e-3 <= outcome.upper_bound_cny_per_year <= 1.02 * known


@pytest.mark.campaign
@pytest.mark.parametrize("name", TBED1)
def test_the_known_optima_of_tbed1_are_never_contradicted(name: str) -> None:
    path = bench_file("tbed1", f"{name}.txt")
    assert detect(path) == "tbed1"
    outcome = outcome_of(orlib.read_tbed1(path), gap=1e-3, time_limit_s=180.0)
    assert outcome.lower_bound_cny_per_year <= TBED1[name] + 5e-3
    assert outcome.upper_bound_cny_per_year >= TBED1[name] - 5e-3
