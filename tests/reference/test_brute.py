"""The brute force against arithmetic that fits on the back of an envelope, and the engine against it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from netopt.accounts import Perspective
from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.policy.base import Lever
from netopt.policy.compose import compose
from netopt.policy.effects import (
    CollectionCharge,
    CountSites,
    Effects,
    FacilityCharge,
    ForbidHauls,
    ForbidOperators,
    ForceSite,
    JurisdictionCharge,
    Mass,
    ShareRule,
)
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.single_sourcing import SingleSourcing
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.levers.site_count import SiteCount
from netopt.policy.read import make_policy
from netopt.resources import shipped
from tests.engine import engine_optimum
from tests.instances_random import FEATURES, random_effects, random_instance, with_tables
from tests.reference.brute import brute_force
from tests.reference.case import Case
from tests.reference.patterns import patterns_of

SOCIAL, PRIVATE = Perspective.SOCIAL, Perspective.PRIVATE
COMBINED = (
    ("periods", "existing", "divisible"),
    ("periods", "second_life", "limits", "unserved"),
    ("several_inputs", "modes", "regional_costs", "transfers"),
    ("periods", "minimum_utilisation", "unserved", "emission_cap"),
    ("periods", "existing", "vendors"),
)
TOY_Z = -6_471_190.0


@pytest.fixture
def toy() -> Instance:
    return read_instance(shipped("instances") / "toy")


def least(instance: Instance, effects: Effects, perspective: Perspective = SOCIAL) -> float:
    found = brute_force(instance, effects, perspective)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("effects", "more_cny_per_year"),
    [
        (Effects(collection_charges=(CollectionCharge("l", "compliance", 10.0, ("pack",)),)), 80_000),
        (Effects(collection_charges=(CollectionCharge("l", "compliance", 10.0, ("metal",)),)), 0),
        (Effects(facility_charges=(FacilityCharge("l", "compliance", 1_000.0),)), 4_000),
        (Effects(facility_charges=(FacilityCharge("l", "compliance", 1_000.0, ("hub",)),)), 1_000),
        (Effects(jurisdiction_charges=(JurisdictionCharge("l", "platform", 5.0, ("P1", "")),)), 10),
        # Scrap and cascade grade of Midland's packs depart towards D3; S1's and S3's left before.
        # Each keeps its provenance; the 1,500 t that cascade use takes are Midland's as far as
        # they go, so 1,000 t of Midland's stay, and its 3,000 t of scrap and 200 t of rejects go.
        (Effects(delay_cny_per_tonne=1.0), 4_000 + 3_000 + 200),
        (Effects(goods_class={"black_mass": "class9"}), 3_400 * 10 * 0.5),
    ],
)
def test_effects_add_what_the_toys_plan_pays(
    toy: Instance, effects: Effects, more_cny_per_year: float
) -> None:
    assert least(toy, effects) == pytest.approx(TOY_Z + more_cny_per_year, abs=0.01)


def test_shortfall_is_priced_and_a_hard_rule_beyond_reach_is_infeasible(toy: Instance) -> None:
    rule = ShareRule("l", "r", Mass("processed", facility_types=("cascade",)), Mass("retired"), 0.1, 7.0)
    soft = Effects(share_rules=(rule,))
    # A tonne into cascade use counts 0.8 t, its rejects do not: 1,600 t are due, 1,200 t are done.
    assert least(toy, soft) == pytest.approx(TOY_Z + 400 * 7, abs=0.01)
    hard = Effects(share_rules=(replace(rule, penalty_cny_per_tonne=None),))
    assert brute_force(toy, hard, SOCIAL) is None


@pytest.mark.parametrize("action", ["open", "receive"])
def test_a_guest_that_is_kept_out_gives_way_to_the_next_best(
    toy: Instance, action: Literal["open", "receive"]
) -> None:
    sites = toy["sites"].assign(
        operator=toy["sites"]["operator"].mask(toy["sites"]["site"] == "R3", "west")
    )
    guest = with_tables(toy, sites=sites)
    rule = ForbidOperators("l", "P3", action, ("hydromet",))
    # All black mass goes 90 km further, with its carbon, and is leached at Midland's factor.
    more = 3_400 * (90 * (0.5 + 0.01) + (2_000 + 100) * (1.1 - 0.9))
    assert least(guest, Effects(forbidden_operators=(rule,))) == pytest.approx(TOY_Z + more, abs=0.01)
    for harmless in (replace(rule, exempt_operators=("west",)), replace(rule, until_year=2025)):
        assert least(guest, Effects(forbidden_operators=(harmless,))) == pytest.approx(TOY_Z, abs=0.01)


def controlled(toy: Instance, *levers: Lever) -> float:
    """Return the optimum under levers, on which engine and brute force agree."""
    effects = compose(make_policy("controls", levers), toy)
    found = least(toy, effects)
    assert engine_optimum(toy, effects, SOCIAL) == pytest.approx(found, abs=0.01)
    return found


SECOND_HUB = 3_000_000 - 2_000 * 90 * 2.01 + 500 * 90 * 1.01 + 1_500 * 100 * 1.01
"""A hub at Westtown costs 3.0 million a year and spares 90 km of S1's first leg; what it gives out goes
90 km further to C2 and 100 km further to D3 (haulage and carbon in CNY a tonne and kilometre)."""

ONE_HUB_AT_WESTTOWN = 380_000 * 2.01 + 1_500 * 90 * 1.01 + 6_500 * 100 * 1.01
"""Forced open, Westtown's hub takes all 8,000 t and Midtown's is not built: packs travel 820,000 instead
of 440,000 t km, cascade grade goes 90 km further to C2, all else 100 km further to D3."""

BLACK_MASS_TO_R2 = 3_400 * (90 * (0.5 + 0.01) + (2_000 + 100) * (1.1 - 0.9))


@pytest.mark.parametrize(
    ("lever", "more_cny_per_year"),
    [
        (SiteChoice(open=("H1",)), ONE_HUB_AT_WESTTOWN),
        (SiteChoice(open=("H1", "H2")), SECOND_HUB),
        (SiteCount(minimum=2, facility_types=("hub",)), SECOND_HUB),
        (SiteCount(maximum=4), 0.0),
        (SiteChoice(closed=("R3",)), BLACK_MASS_TO_R2),
        (SiteCount(maximum=0, facility_types=("hydromet",), jurisdictions=("P3",)), BLACK_MASS_TO_R2),
        (MaximumHaul(km=100.0), 0.0),
        (SingleSourcing(), 0.0),
    ],
    ids=str,
)
def test_controls_cost_what_the_toys_arithmetic_says(
    toy: Instance, lever: Lever, more_cny_per_year: float
) -> None:
    assert controlled(toy, lever) == pytest.approx(TOY_Z + more_cny_per_year, abs=0.01)


def test_cascade_grade_that_may_not_go_far_takes_a_hub_and_a_dismantler_at_westtown(toy: Instance) -> None:
    # Midtown's hub can place 1,500 t of cascade grade at C2, so it tests 6,000 t; S1's 2,000 t go to H1.
    # D1 (small, 1.5 million) takes 500 t cascade grade and 1,500 t scrap from 10 km instead of 100, at a
    # factor of 1.1 instead of 0.9 and 50 x 1.1 more; its black mass goes 190 km further to R3.
    at_d1 = -90 * 1.01 + 400 * (1.1 - 0.9) + 50 * 1.1 + 0.5 * 190 * 0.51
    more = 3_000_000 + 1_500_000 - 2_000 * 90 * 2.01 + 2_000 * at_d1
    near = MaximumHaul(km=50.0, commodities=("cascade_pack",))
    assert controlled(toy, near) == pytest.approx(TOY_Z + more, abs=0.01)


def test_sources_that_may_not_be_split_fill_small_hubs_worse(toy: Instance) -> None:
    # Hubs of 5,000 t: H2 takes S3 and half of what S1 leaves no room for at H1. A tonne of S2 at H1
    # travels 90 km more, a tonne of S3 100 km, and from there on 25 % go 90 and 75 % go 100 km further.
    sizes = toy["sizes"].assign(
        capacity_tonnes_per_year=toy["sizes"]["capacity_tonnes_per_year"].mask(
            toy["sizes"]["facility_type"] == "hub", 5_000.0
        )
    )
    small = with_tables(toy, sizes=sizes)
    onward = 0.25 * 90 * 1.01 + 0.75 * 100 * 1.01
    split = 1_000 * (90 * 2.01 + onward)
    whole = 2_000 * (100 * 2.01 + onward)
    assert controlled(small) == pytest.approx(TOY_Z + SECOND_HUB + split, abs=0.01)
    assert controlled(small, SingleSourcing()) == pytest.approx(TOY_Z + SECOND_HUB + whole, abs=0.01)
    only_dismantlers = SingleSourcing(facility_types=("dismantler",))
    assert controlled(small, only_dismantlers) == pytest.approx(TOY_Z + SECOND_HUB + split, abs=0.01)


CONTROLS = {
    "hauls": Effects(forbidden_hauls=(ForbidHauls("maximum_haul", legs=("trunk",), longer_than_km=100.0),)),
    "sites": Effects(
        forced_sites=(
            ForceSite("site_choice", "J3", "open", until_year=2026),
            ForceSite("site_choice", "J1", "closed", from_year=2026),
        )
    ),
    "counts": Effects(
        site_counts=(
            CountSites("site_count", minimum=2, facility_types=("hub", "cascade")),
            CountSites("site_count", maximum=3),
        )
    ),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_engine_finds_the_brute_optimum_under_controls_in_two_periods(name: str) -> None:
    effects = CONTROLS[name]
    # Where batteries may lie, all of these do: what is forced is then all that is built.
    may_lie = random_instance(2, features=("periods", "unserved"))
    two = random_instance(15, features=("periods",)) if name == "hauls" else may_lie
    expected, free = least(two, effects), engine_optimum(two, Effects(), SOCIAL)
    assert free is not None
    assert expected > free + 1.0
    assert engine_optimum(two, effects, SOCIAL) == pytest.approx(expected, rel=1e-6, abs=1.0)


def test_divisible_capacity_pays_for_what_it_keeps(toy: Instance) -> None:
    sites = toy["sites"].assign(existing_divisible=toy["sites"]["site"] == "D3")
    saved = 600_000 * (1 - 6_800 / 8_000)
    assert least(with_tables(toy, sites=sites), Effects()) == pytest.approx(TOY_Z - saved, abs=0.01)


def test_without_sites_nothing_can_be_collected(toy: Instance) -> None:
    sites = toy["sites"][toy["sites"]["facility_type"] != "hydromet"]
    assert brute_force(with_tables(toy, sites=sites), Effects(), SOCIAL) is None


def test_patterns_count_what_may_open_expand_and_close() -> None:
    case = Case(read_instance(shipped("instances") / "toy-two-periods"), Effects(), SOCIAL)
    # One size, two years: never, both, the first only, the second only.
    assert len(patterns_of(case, "H1")) == 4
    # What stands and may not grow: to the end, closed in the second, closed at once.
    assert len(patterns_of(case, "D3")) == 3
    # Two sizes: 4 x 2 - 1 with one of them, and (first or both) x second in either order.
    assert len(patterns_of(case, "D1")) == 1 + 3 + 3 + 4


def test_replacement_is_bought_when_a_life_ends_and_not_before() -> None:
    two = read_instance(shipped("instances") / "toy-two-periods")
    short = two["facility_types"].assign(life_years=two["facility_types"]["life_years"] - 1)
    case = Case(with_tables(two, facility_types=short), Effects(), SOCIAL)
    costs = {pattern.operating: pattern.cost for pattern in patterns_of(case, "H1")}
    # A life of one year has the annuity 1.25; bought in both years, or once.
    yearly = 3_600_000 * 1.25 + 500_000
    both, first = frozenset({("standard", 0), ("standard", 1)}), frozenset({("standard", 0)})
    assert costs[both] == pytest.approx(yearly)
    assert costs[first] == pytest.approx(yearly / 1.8)


def assert_engine_agrees(seed: int, features: tuple[str, ...]) -> None:
    instance = random_instance(seed, features=features)
    effects = random_effects(seed, instance)
    perspective = (SOCIAL, PRIVATE)[seed % 2]
    expected = brute_force(instance, effects, perspective)
    found = engine_optimum(instance, effects, perspective)
    if expected is None or found is None:
        assert expected is found, (seed, features)
    else:
        assert found == pytest.approx(expected, rel=1e-6, abs=1.0), (seed, features)


@pytest.mark.parametrize("features", [(), *((feature,) for feature in FEATURES), *COMBINED], ids="+".join)
def test_engine_finds_the_brute_optimum(features: tuple[str, ...]) -> None:
    assert_engine_agrees(3, features)


@pytest.mark.campaign
@pytest.mark.parametrize("features", [(), *((feature,) for feature in FEATURES), *COMBINED], ids="+".join)
@pytest.mark.parametrize("seed", range(15))
def test_engine_finds_the_brute_optimum_campaign(seed: int, features: tuple[str, ...]) -> None:
    assert_engine_agrees(100 + seed, features)
