"""What each planner's control costs on an instance small enough to be solved by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.errors import InfeasibleError
from netopt.pipeline import solve
from netopt.policy.base import Lever
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.maximum_haul import MaximumHaul
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
ALL_TO_B, BOTH = 12_000.0, 53_000.0


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
