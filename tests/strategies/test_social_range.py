"""What a private plan can cost society, against every plan of a tiny case, one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from netopt.accounts import Perspective
from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.network.build import build_network
from netopt.policy.effects import Effects
from netopt.solution.ledger import ledger_total
from netopt.solution.options import SolveOptions
from netopt.strategies.direct import solve_direct
from netopt.strategies.social_range import social_range_cny_per_year
from tests.policy.tiny import Site, Tiny

CARBON_CNY_PER_TONNE = 50.0
RECYCLING_KGCO2E_PER_TONNE = 1000.0
EXACT = SolveOptions(gap=1e-9, threads=1)


def two_ways() -> Instance:
    """Return 100 t in A, to be recycled or reused there: the same to the firms, not to society.

    Either plant is yet to be opened and costs 1,000 CNY a year; the haul is 10 km at 1 CNY/(t km).
    """
    sites = (Site("R", "A", "recycler", candidate=True), Site("C", "A", "cascade", candidate=True))
    tiny = Tiny(km={("A", "B"): 100.0}, sites=sites, cascade_cost=0.0, supply={("B", "2024"): 0.0})
    plain = tiny.instance()
    tables = {name: table.copy() for name, table in plain.tables.items() if len(table)}
    is_recycling = tables["recipes"]["facility_type"] == "recycler"
    tables["recipes"].loc[is_recycling, "emission_kgco2e_per_tonne"] = RECYCLING_KGCO2E_PER_TONNE
    prices = plain.settings.prices.model_copy(update={"carbon_cny_per_tonne": CARBON_CNY_PER_TONNE})
    return make_instance(plain.settings.model_copy(update={"prices": prices}), tables)


def every_plan() -> list[tuple[float, float]]:
    """Return private and social cost of every plan: what is open, and who takes the 100 t.

    A plan in between sends some tonnes each way and costs something in between.
    """
    plans = []
    for recycler_open, cascade_open in product((False, True), repeat=2):
        for recycled in (0.0, 100.0):
            if (recycled and not recycler_open) or (recycled < 100.0 and not cascade_open):
                continue
            private = 100.0 * 10.0 + 1000.0 * (recycler_open + cascade_open)
            carbon = recycled * RECYCLING_KGCO2E_PER_TONNE / 1000.0 * CARBON_CNY_PER_TONNE
            plans.append((private, private + carbon))
    return plans


def ends_of(most_private: float) -> tuple[float, float]:
    social = [social for private, social in every_plan() if private <= most_private]
    return min(social), max(social)


def test_the_range_is_that_of_every_plan_as_cheap() -> None:
    network = build_network(two_ways(), Effects())
    found = solve_direct(network, Perspective.PRIVATE, EXACT)
    assert found.outcome.upper_bound_cny_per_year == pytest.approx(min(p for p, _ in every_plan()))
    low, high = social_range_cny_per_year(network, found.outcome, EXACT)
    assert (low, high) == pytest.approx(ends_of(2000.0), abs=0.1)
    assert (low, high) == pytest.approx((2000.0, 7000.0), abs=0.1)
    own = ledger_total(found.ledger, network.period_weights, Perspective.SOCIAL)
    assert low - 0.1 <= own <= high + 0.1


def test_a_private_solve_that_proved_less_has_a_wider_range() -> None:
    network = build_network(two_ways(), Effects())
    found = solve_direct(network, Perspective.PRIVATE, EXACT)
    loose = replace(found.outcome, upper_bound_cny_per_year=3000.0)
    low, high = social_range_cny_per_year(network, loose, EXACT)
    # Both open, and all of it recycled: 1,000 + 2 x 1,000 + 5,000. The bounds may lie outside.
    least, greatest = ends_of(3000.0)
    assert greatest == pytest.approx(8000.0, abs=0.1)
    assert low <= least + 0.1
    assert high >= greatest - 0.1
    tight_low, tight_high = social_range_cny_per_year(network, found.outcome, EXACT)
    assert low < tight_low
    assert tight_high < high


def test_a_gap_of_the_two_solves_widens_the_range_and_never_narrows_it() -> None:
    network = build_network(two_ways(), Effects())
    found = solve_direct(network, Perspective.PRIVATE, EXACT)
    low, high = social_range_cny_per_year(network, found.outcome, SolveOptions(gap=0.5, threads=1))
    exact_low, exact_high = ends_of(2000.0)
    assert low <= exact_low + 0.1
    assert high >= exact_high - 0.1
