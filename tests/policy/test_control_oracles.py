"""What each planner's control costs on an instance small enough to be solved by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.errors import InfeasibleError, PolicyError
from netopt.pipeline import solve
from netopt.policy.base import Lever
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.single_sourcing import SingleSourcing
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.levers.site_count import SiteCount
from netopt.policy.read import check_references, make_policy
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from tests.policy.tiny import Site, Tiny

# A and B are 100 km apart and each collects 100 t; A's recycler costs 50,000 a year, B's 1,000.
# All to B: 100 t x 100 km + 100 t x 10 km + 1,000 = 12,000; both: 2 x 100 t x 10 km + 51,000 = 53,000;
# all to A: 11,000 + 50,000 = 61,000.
TWO = Tiny(
    km={("A", "B"): 100.0},
    sites=(
        Site("RA", "A", "recycler", fixed=50_000.0),
        Site("RB", "B", "recycler", fixed=1_000.0),
    ),
)
ALL_TO_B, BOTH, ALL_TO_A = 12_000.0, 53_000.0, 61_000.0


def solved(instance: Instance, *levers: Lever) -> Solution:
    """Solve under levers, after the checks that a policy file goes through."""
    policy = make_policy("control", levers)
    check_references(policy, instance)
    return solve(instance, policy, SolveOptions(gap=1e-9, threads=1))


def cost(instance: Instance | Tiny, *levers: Lever) -> float:
    """Return the optimal cost (CNY a year) under levers."""
    made = instance.instance() if isinstance(instance, Tiny) else instance
    return solved(made, *levers).outcome.upper_bound_cny_per_year


# --- maximum_haul ---------------------------------------------------------------------------


@pytest.mark.parametrize(("km", "expected"), [(100.0, ALL_TO_B), (99.0, BOTH), (10.0, BOTH)])
def test_a_maximum_haul_keeps_batteries_near(km: float, expected: float) -> None:
    assert cost(TWO, MaximumHaul(km=km)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "narrow", [{"legs": ("trunk",)}, {"commodities": ("metal",)}], ids=["other leg", "other goods"]
)
def test_a_maximum_haul_limits_only_what_it_names(narrow: dict[str, tuple[str, ...]]) -> None:
    assert cost(TWO, MaximumHaul(km=50.0, **narrow)) == pytest.approx(ALL_TO_B)
    named = {"legs": ("first",), "commodities": ("pack",), "modes": ("road",)}
    assert cost(TWO, MaximumHaul(km=50.0, **named)) == pytest.approx(BOTH)


def test_of_two_maximum_hauls_each_holds() -> None:
    assert cost(TWO, MaximumHaul(km=50.0), MaximumHaul(km=500.0)) == pytest.approx(BOTH)


def test_a_haul_shorter_than_any_way_leaves_no_plan_and_says_which_lever_stands_in_the_way() -> None:
    with pytest.raises(InfeasibleError, match="maximum_haul"):
        cost(TWO, MaximumHaul(km=9.0))


def test_dropped_arcs_say_that_they_were_too_long() -> None:
    dropped = solved(TWO.instance(), MaximumHaul(km=99.0)).dropped_arcs
    assert set(dropped["reason"]) == {"closed by maximum_haul: longer than 99 km"}
    assert set(zip(dropped["from_place"], dropped["to_place"], strict=True)) == {("SA", "RB"), ("SB", "RA")}


# --- site_choice ----------------------------------------------------------------------------


def test_a_site_that_is_forced_open_is_paid_for_and_used() -> None:
    # With 50,000 spent anyway A's packs stay: both recyclers run.
    assert cost(TWO, SiteChoice(open=("RA",))) == pytest.approx(BOTH)
    assert cost(TWO, SiteChoice(open=("RB",))) == pytest.approx(ALL_TO_B)


def test_a_site_that_is_forced_closed_leaves_the_other_to_do_it() -> None:
    assert cost(TWO, SiteChoice(closed=("RB",))) == pytest.approx(ALL_TO_A)
    assert cost(TWO, SiteChoice(open=("RA",), closed=("RB",))) == pytest.approx(ALL_TO_A)
    assert cost(TWO, SiteChoice(closed=("RA",))) == pytest.approx(ALL_TO_B)


def test_a_candidate_that_is_forced_open_is_built() -> None:
    # The new recycler at A costs 1,000 a year: 2 x 1,000 + 2 x 1,000. Without the lever it is built too;
    # kept closed, all goes to B.
    built = replace(TWO, sites=(replace(TWO.sites[0], candidate=True), TWO.sites[1]))
    assert cost(built) == pytest.approx(4_000)
    assert cost(built, SiteChoice(open=("RA",))) == pytest.approx(4_000)
    assert cost(built, SiteChoice(closed=("RA",))) == pytest.approx(ALL_TO_B)
    # With nothing to collect at A it would stay a plan; forced, it costs 1,000.
    idle = replace(built, supply={("A", "2024"): 0.0})
    assert cost(idle) == pytest.approx(2_000)
    assert cost(idle, SiteChoice(open=("RA",))) == pytest.approx(3_000)


DIVISIBLE = replace(TWO, supply={("A", "2024"): 0.0})
"""Nothing retires at A."""


def divisible() -> Instance:
    """Return TWO with nothing to collect at A, and with plants of which a share may close.

    B's 100 t need a tenth of B's 1,000 t: 1,000 hauled and 100 fixed.
    """
    given = DIVISIBLE.instance()
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    tables["sites"]["existing_divisible"] = True
    return make_instance(given.settings, tables)


def test_standing_capacity_that_may_close_in_part_is_open_when_it_is_whole() -> None:
    assert cost(divisible()) == pytest.approx(1_000 + 100)
    assert cost(divisible(), SiteChoice(open=("RB",))) == pytest.approx(1_000 + 1_000)
    assert cost(divisible(), SiteChoice(open=("RA",))) == pytest.approx(1_000 + 100 + 50_000)
    # Closed, B's packs go to a tenth of A's plant: 100 t x 100 km and 5,000.
    assert cost(divisible(), SiteChoice(closed=("RB",))) == pytest.approx(10_000 + 5_000)


YEARS = replace(TWO, periods=("2024", "2025"))
"""Two years: each of the plans above costs the same in either."""


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ({}, BOTH),
        ({"from_year": 2024}, BOTH),
        ({"until_year": 2026}, BOTH),
        ({"until_year": 2025}, (BOTH + ALL_TO_B) / 2),
        # To be open in the second year the plant has to stand through the first.
        ({"from_year": 2025}, BOTH),
        ({"from_year": 2026}, ALL_TO_B),
        ({"until_year": 2024}, ALL_TO_B),
    ],
)
def test_open_holds_in_periods_that_start_within_its_years(years: dict[str, int], expected: float) -> None:
    assert cost(YEARS, SiteChoice(open=("RA",), **years)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ({}, ALL_TO_A),
        # A's plant stands in the first year for the sake of the second, so that both run in the first.
        ({"from_year": 2025}, (BOTH + ALL_TO_A) / 2),
        # What has closed stays closed: standing capacity is not built again.
        ({"until_year": 2025}, ALL_TO_A),
        ({"until_year": 2024}, ALL_TO_B),
    ],
)
def test_closed_holds_in_periods_that_start_within_its_years(
    years: dict[str, int], expected: float
) -> None:
    assert cost(YEARS, SiteChoice(closed=("RB",), **years)) == pytest.approx(expected)


def test_two_levers_may_say_open_and_closed_at_different_times() -> None:
    open_first = SiteChoice(open=("RA",), until_year=2025)
    closed_then = SiteChoice(closed=("RA",), from_year=2025)
    assert cost(YEARS, open_first, closed_then) == pytest.approx((BOTH + ALL_TO_B) / 2)
    with pytest.raises(PolicyError, match="RA is to be open and closed at once in 2024"):
        cost(YEARS, open_first, SiteChoice(closed=("RA",)))


def test_all_sites_closed_is_no_plan_and_the_lever_is_named() -> None:
    with pytest.raises(InfeasibleError, match="site_choice"):
        cost(TWO, SiteChoice(closed=("RA", "RB")))


def test_arcs_into_a_closed_site_are_dropped_with_every_reason() -> None:
    of_a = replace(TWO, supply={("B", "2024"): 0.0}).instance()
    closed = solved(of_a, SiteChoice(closed=("RB",))).dropped_arcs
    assert set(closed["to_place"]) == {"RB"}
    assert set(closed["reason"]) == {"closed by site_choice"}
    far = solved(of_a, SiteChoice(closed=("RB",)), MaximumHaul(km=50.0)).dropped_arcs
    assert set(far["reason"]) == {"closed by site_choice; closed by maximum_haul: longer than 50 km"}


# --- site_count -----------------------------------------------------------------------------

CHEAP = replace(TWO, sites=(replace(TWO.sites[0], fixed=1_000.0), TWO.sites[1]))
"""A's recycler costs 1,000 too: both run, 2 x 1,000 + 2 x 1,000 = 4,000."""


@pytest.mark.parametrize(
    ("lever", "expected"),
    [
        (SiteCount(minimum=1), ALL_TO_B),
        (SiteCount(minimum=2), BOTH),
        (SiteCount(minimum=2, maximum=2, facility_types=("recycler",)), BOTH),
        (SiteCount(minimum=1, jurisdictions=("A",)), BOTH),
        (SiteCount(minimum=1, jurisdictions=("A", "B")), ALL_TO_B),
        (SiteCount(minimum=1, jurisdictions=("A", "B"), each_jurisdiction=True), BOTH),
        (SiteCount(minimum=1, each_jurisdiction=True), BOTH),
        (SiteCount(maximum=0, jurisdictions=("B",)), ALL_TO_A),
    ],
)
def test_a_number_of_sites_is_kept_by_what_it_counts(lever: SiteCount, expected: float) -> None:
    assert cost(TWO, lever) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("lever", "expected"),
    [
        (SiteCount(maximum=2), 4_000.0),
        (SiteCount(maximum=1), ALL_TO_B),
        (SiteCount(maximum=1, each_jurisdiction=True), 4_000.0),
        (SiteCount(maximum=0, jurisdictions=("A",)), ALL_TO_B),
    ],
)
def test_a_maximum_closes_what_is_too_much(lever: SiteCount, expected: float) -> None:
    assert cost(CHEAP, lever) == pytest.approx(expected)


def test_types_are_counted_together() -> None:
    # Either recycler and B's cascade plant (30 CNY/t) are at most one: all to B's recycler.
    with_cascade = replace(CHEAP, sites=(*CHEAP.sites, Site("CB", "B", "cascade")))
    kinds = ("cascade", "recycler")
    assert cost(with_cascade) == pytest.approx(4_000)
    assert cost(with_cascade, SiteCount(maximum=1, facility_types=kinds)) == pytest.approx(ALL_TO_B)
    # Without a recycler all 200 t are repurposed: 11,000 hauled and 6,000.
    no_recycler = SiteCount(maximum=0, facility_types=("recycler",))
    assert cost(with_cascade, no_recycler) == pytest.approx(17_000)
    # A third site costs nothing more where it is free: it only has to operate.
    assert cost(with_cascade, SiteCount(minimum=3)) == pytest.approx(4_000)


def test_a_part_of_a_plant_counts_towards_the_maximum_and_only_a_whole_one_towards_the_minimum() -> None:
    assert cost(divisible(), SiteCount(minimum=1)) == pytest.approx(1_000 + 1_000)
    assert cost(divisible(), SiteCount(minimum=2)) == pytest.approx(1_000 + 51_000)
    assert cost(divisible(), SiteCount(maximum=1)) == pytest.approx(1_000 + 100)
    with pytest.raises(InfeasibleError, match="site_count"):
        cost(divisible(), SiteCount(maximum=0))


def test_a_maximum_shuts_even_a_tenth_of_a_plant() -> None:
    # A tenth of each: 2 x 1,000 + 5,000 + 100; a fifth of B's: 11,000 + 200.
    given = TWO.instance()
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    tables["sites"]["existing_divisible"] = True
    parts = make_instance(given.settings, tables)
    assert cost(parts) == pytest.approx(7_100)
    assert cost(parts, SiteCount(maximum=1)) == pytest.approx(11_200)


def test_bounds_that_two_levers_leave_no_room_between_are_refused() -> None:
    few, many = SiteCount(maximum=1), SiteCount(minimum=2)
    with pytest.raises(PolicyError, match="minimum 2 is above maximum 1"):
        cost(TWO, few, many)
    assert cost(TWO, many, SiteCount(maximum=2)) == pytest.approx(BOTH)
    assert cost(CHEAP, few, SiteCount(maximum=2)) == pytest.approx(ALL_TO_B)


# --- single_sourcing ------------------------------------------------------------------------

# A's recycler takes 60 t a year and costs nothing to keep, nor does B's of 1,000 t. Freely, A's 100 t
# are split: 60 x 10 + 40 x 100 = 4,600, and B's 100 t x 10 km: 5,600. Undivided they all go to B.
SPLIT = Tiny(
    km={("A", "B"): 100.0},
    sites=(Site("RA", "A", "recycler", capacity=60.0), Site("RB", "B", "recycler")),
)
FREE, UNDIVIDED = 5_600.0, 11_000.0


def test_a_source_deals_with_one_site() -> None:
    assert cost(SPLIT) == pytest.approx(FREE)
    assert cost(SPLIT, SingleSourcing()) == pytest.approx(UNDIVIDED)
    assert cost(SPLIT, SingleSourcing(commodities=("pack",))) == pytest.approx(UNDIVIDED)


def test_a_source_may_change_its_site_from_year_to_year() -> None:
    # In the second year A collects 60 t, which A's recycler can take: 600 + 1,000.
    years = replace(SPLIT, periods=("2024", "2025"), supply={("A", "2025"): 60.0})
    assert cost(years, SingleSourcing()) == pytest.approx((UNDIVIDED + 1_600) / 2)


def test_one_site_of_the_types_named_and_others_besides() -> None:
    # A cascade plant of 30 t at A: 40 CNY/t. Freely 60 t are recycled at A, 30 t reused, 10 t go to B:
    # 600 + 1,200 + 1,000 and B's 1,000. With one recycler only, 30 t reused and 70 t to B: 8,200.
    both = replace(SPLIT, sites=(*SPLIT.sites, Site("CA", "A", "cascade", capacity=30.0)))
    assert cost(both) == pytest.approx(3_800)
    assert cost(both, SingleSourcing(facility_types=("recycler",))) == pytest.approx(9_200)
    assert cost(both, SingleSourcing(facility_types=("cascade",))) == pytest.approx(3_800)
    assert cost(both, SingleSourcing()) == pytest.approx(UNDIVIDED)
    two = (SingleSourcing(), SingleSourcing(facility_types=("recycler",)))
    assert cost(both, *two) == pytest.approx(UNDIVIDED)


def test_no_site_that_takes_a_whole_source_is_no_plan() -> None:
    small = replace(SPLIT, sites=(SPLIT.sites[0], Site("RB", "B", "recycler", capacity=90.0)))
    with pytest.raises(InfeasibleError, match="single_sourcing"):
        cost(replace(small, supply={("B", "2024"): 0.0}), SingleSourcing())


# --- haulage_modes --------------------------------------------------------------------------


def with_rail() -> Instance:
    """Return TWO with a railway: 0.25 CNY/(t km) and 20 CNY a tonne for loading.

    All to B, A's by rail: 100 t x (100 x 0.25 + 20) = 4,500; B's by road: 100 t x 10 = 1,000; and
    1,000 fixed: 6,500. B's by rail too: 100 t x (10 x 0.25 + 20) = 2,250, that is 7,750.
    """
    given = TWO.instance()
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    rail = [("rail", "ordinary", leg, 0.25, 20.0, 0.0) for leg in ("first", "trunk")]
    for name, rows in (("haulage", rail), ("distances", [("A", "B", "rail", 100.0)])):
        more = pd.DataFrame(rows, columns=tables[name].columns)
        tables[name] = pd.concat([tables[name], more], ignore_index=True)
    return make_instance(given.settings, tables)


RAIL_OR_ROAD, ROAD, RAIL = 6_500.0, ALL_TO_B, 7_750.0


@pytest.mark.parametrize(
    ("modes", "expected"), [(("road",), ROAD), (("rail",), RAIL), (("rail", "road"), RAIL_OR_ROAD)]
)
def test_only_the_modes_named_carry_goods(modes: tuple[str, ...], expected: float) -> None:
    assert cost(with_rail()) == pytest.approx(RAIL_OR_ROAD)
    assert cost(with_rail(), HaulageModes(modes=modes)) == pytest.approx(expected)
    of_packs = HaulageModes(modes=modes, commodities=("pack",))
    assert cost(with_rail(), of_packs) == pytest.approx(expected)


def test_modes_of_other_goods_change_nothing() -> None:
    assert cost(with_rail(), HaulageModes(modes=("road",), commodities=("metal",))) == pytest.approx(
        RAIL_OR_ROAD
    )


def test_two_levers_on_modes_leave_what_both_allow() -> None:
    road, rail = HaulageModes(modes=("road",)), HaulageModes(modes=("rail",), commodities=("pack",))
    with pytest.raises(InfeasibleError, match="haulage_modes"):
        cost(with_rail(), road, rail)
    either = HaulageModes(modes=("rail", "road"))
    assert cost(with_rail(), road, either) == pytest.approx(ROAD)


def test_a_maximum_haul_of_one_mode_leaves_the_other() -> None:
    assert cost(with_rail(), MaximumHaul(km=50.0, modes=("rail",))) == pytest.approx(ROAD)
    by_road = MaximumHaul(km=50.0, modes=("road",))
    assert cost(with_rail(), by_road) == pytest.approx(RAIL_OR_ROAD)


def test_arcs_by_other_modes_are_dropped_with_the_reason() -> None:
    dropped = solved(with_rail(), HaulageModes(modes=("road",))).dropped_arcs
    assert set(dropped["mode"]) == {"rail"}
    assert set(dropped["reason"]) == {"closed by haulage_modes"}
