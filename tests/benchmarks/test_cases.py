"""Synthetic cases: feasible, seeded, of the size asked for, coarse or fine."""

from __future__ import annotations

import numpy as np
import pytest

import netopt
from netopt.network.build import build_network
from netopt.policy.compose import compose
from netopt.solution.options import SolveOptions
from tests.benchmarks.cases import PLAIN, PROFILES, TONNES_PER_YEAR, synthetic


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("n_periods", [1, 3])
def test_a_case_has_a_plan_that_serves_all(profile: str, n_periods: int) -> None:
    instance = synthetic(8, 4, 3, 2, n_periods, profile, 1)
    options = SolveOptions(gap=0.05, threads=1, time_limit_s=30)
    solution = netopt.solve(instance, PLAIN, options)
    assert solution.verdict.ok
    assert solution.outcome.gap <= 0.05
    assert solution.outcome.upper_bound_cny_per_year == pytest.approx(
        solution.outcome.gross_cost_cny_per_year
    )


def test_the_same_arguments_make_the_same_case_and_seeds_differ() -> None:
    digests = [synthetic(12, 3, 2, 2, 2, "coarse", seed).digest for seed in (0, 0, 1, 2)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_the_national_case_has_its_size() -> None:
    instance = synthetic(337, 100, 60, 60, 1, "coarse", 0)
    assert len(instance["sources"]) == 337
    assert instance["sites"]["facility_type"].value_counts().to_dict() == {
        "hub": 100,
        "cascade": 60,
        "recycler": 60,
    }
    assert instance["supply"]["supply_tonnes_per_year"].sum() == pytest.approx(TONNES_PER_YEAR)
    network = build_network(instance, compose(PLAIN, instance))
    # Cities to hubs; hubs to both kinds of plant; cascade plants to recyclers; metal at the gate.
    assert len(network.arcs) == 337 * 100 + 2 * 100 * 60 + 60 * 60 + 60


def test_supply_is_uneven_and_grows() -> None:
    supply = synthetic(100, 5, 3, 3, 2, "coarse", 0)["supply"].pivot_table(
        index="source", columns="period", values="supply_tonnes_per_year"
    )
    first = supply["2025"].sort_values(ascending=False)
    assert first.iloc[:10].sum() > 3 * first.iloc[10:30].sum() / 2
    assert np.allclose(supply["2026"] / supply["2025"], 1.15, rtol=1e-3)


def test_steps_have_economies_of_scale_and_coarse_plants_are_larger() -> None:
    largest = {}
    for profile in PROFILES:
        sizes = synthetic(337, 100, 60, 60, 1, profile, 0)["sizes"]
        hubs = sizes[sizes["facility_type"] == "hub"].sort_values("capacity_tonnes_per_year")
        per_tonne = hubs["capital_cny"] / hubs["capacity_tonnes_per_year"]
        assert per_tonne.is_monotonic_decreasing
        largest[profile] = hubs["capacity_tonnes_per_year"].max()
    assert largest["coarse"] > 5 * largest["fine"]


def test_more_sites_than_cities_stand_several_in_a_city() -> None:
    instance = synthetic(3, 5, 2, 2, 1, "fine", 0)
    assert len(instance["sites"]) == 9
