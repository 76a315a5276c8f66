"""What each lever costs on an instance small enough to be solved by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netopt.errors import InfeasibleError, PolicyError
from netopt.policy.levers.cascade_target import CascadeTarget
from netopt.policy.levers.classification import Classification
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.levers.platform import Platform
from netopt.policy.levers.transfer_delay import TransferDelay
from netopt.policy.levers.whitelist import Whitelist
from netopt.policy.read import make_policy
from netopt.solution.check import check
from tests.policy.tiny import Site, Tiny, cost, solved

# A and B are 100 km apart; A's recycler is dear to keep running, B's plants belong to a firm of A.
# Without a policy everything goes to B's recycler:
#   100 t x 100 km + 100 t x 10 km + 1,000 fixed = 12,000
# Two recyclers would cost 2 x 100 t x 10 km + 51,000 = 53,000; A's alone 61,000;
# B's cascade plant alone 10,000 + 1,000 + 200 t x 30 = 17,000.
TWO = Tiny(
    km={("A", "B"): 100.0},
    sites=(
        Site("RA", "A", "recycler", fixed=50_000.0),
        Site("RB", "B", "recycler", fixed=1_000.0, operator="of_A"),
        Site("CB", "B", "cascade", operator="of_A"),
    ),
)
BASE = 12_000.0


def test_without_a_lever_everything_goes_to_the_cheap_plant():
    assert cost(TWO) == pytest.approx(BASE)


# --- in_province_processing -----------------------------------------------------------------


def test_a_closed_border_keeps_both_recyclers_running():
    assert cost(TWO, InProvinceProcessing(jurisdictions=("A",))) == pytest.approx(53_000)


def test_a_duty_that_is_met_anyway_costs_nothing():
    assert cost(TWO, InProvinceProcessing(jurisdictions=("B",))) == pytest.approx(BASE)


@pytest.mark.parametrize(("share", "shortfall_tonnes"), [(1.0, 100), (0.5, 50)])
def test_a_soft_duty_is_paid_for_where_that_is_cheaper(share, shortfall_tonnes):
    # The penalty of 100 CNY/t on the whole shortfall is less than the 41,000 of a second recycler.
    duty = InProvinceProcessing(jurisdictions=("A",), share=share, hard=False, penalty_cny_per_tonne=100.0)
    assert cost(TWO, duty) == pytest.approx(BASE + 100 * shortfall_tonnes)


def test_cascade_use_at_home_meets_the_duty_unless_facility_types_are_named():
    # A cascade plant at A (30 CNY/t) lets A's batteries stay: 2 x 1,000 + 1,000 fixed + 100 t x 30.
    with_plant = replace(TWO, sites=(*TWO.sites, Site("CA", "A", "cascade")))
    duty = InProvinceProcessing(jurisdictions=("A",))
    assert cost(with_plant, duty) == pytest.approx(6_000)
    by_recyclers = InProvinceProcessing(jurisdictions=("A",), facility_types=("recycler",))
    assert cost(with_plant, by_recyclers) == pytest.approx(53_000)


# 100 t of another chemistry retire at A, dearer to haul; A's recycler has room for 100 t. Without a duty
# the other chemistry stays (100 t x 10 km x 2) and packs go (100 t x 100 km); B's packs take 100 t x 10 km.
CHEMISTRIES = Tiny(
    km={("A", "B"): 100.0},
    sites=(Site("RA", "A", "recycler", capacity=100.0), Site("RB", "B", "recycler")),
    other_supply={"A": 100.0},
)
ON_PACKS = InProvinceProcessing(jurisdictions=("A",), commodities=("pack",))


def test_a_duty_on_one_chemistry_is_not_met_by_another():
    assert cost(CHEMISTRIES) == pytest.approx(2_000 + 10_000 + 1_000)
    # Packs stay (100 t x 10 km), the other chemistry goes (100 t x 100 km x 2).
    assert cost(CHEMISTRIES, ON_PACKS) == pytest.approx(1_000 + 20_000 + 1_000)
    both = InProvinceProcessing(jurisdictions=("A",), share=0.5, commodities=("other", "pack"))
    assert cost(CHEMISTRIES, both) == pytest.approx(cost(CHEMISTRIES))


def test_the_checker_refuses_one_chemistry_in_the_place_of_another():
    plan = solved(CHEMISTRIES, InProvinceProcessing(jurisdictions=("A",), share=0.5))
    verdict = check(
        plan.instance,
        make_policy("on packs", (ON_PACKS,)),
        plan.answer,
        plan.ledger,
        formal_share=plan.formal_share,
    )
    assert [(violation.tag, violation.amount) for violation in verdict.violations] == [
        ("share_rule", pytest.approx(100))
    ]


def test_a_duty_on_a_chemistry_that_loses_itself_in_a_hub_is_refused():
    mixed = replace(
        CHEMISTRIES,
        tested=True,
        sites=(*CHEMISTRIES.sites, Site("HA", "A", "hub"), Site("CA", "A", "cascade")),
    )
    with pytest.raises(PolicyError, match="'scrap' can come from pack and from other"):
        cost(mixed, ON_PACKS)
    assert cost(mixed, InProvinceProcessing(jurisdictions=("A",))) > 0


# --- cascade_target -------------------------------------------------------------------------


def test_a_hard_cascade_target_moves_its_share_of_all_that_retires():
    # 0.6 x 200 t x 30 CNY/t on top.
    target = CascadeTarget(share=0.6, denominator="retired", hard=True)
    assert cost(TWO, target) == pytest.approx(BASE + 3_600)


def test_a_cascade_target_of_one_province_counts_its_own_batteries_wherever_they_go():
    target = CascadeTarget(share=0.6, denominator="retired", hard=True, jurisdictions=("A",))
    assert cost(TWO, target) == pytest.approx(BASE + 0.6 * 100 * 30)


def test_a_cheap_shortfall_is_paid_rather_than_the_target_met():
    target = CascadeTarget(share=0.6, denominator="retired", hard=False, penalty_cny_per_tonne=20.0)
    assert cost(TWO, target) == pytest.approx(BASE + 120 * 20)


def test_a_target_on_what_is_collected_shrinks_with_the_formal_share():
    # Half is collected: 50 x 100 + 50 x 10 + 1,000 = 6,500; the target takes 0.6 x 100 t x 30.
    half = replace(TWO, formal_share=0.5)
    assert cost(half) == pytest.approx(6_500)
    target = CascadeTarget(share=0.6, denominator="collected", hard=True)
    assert cost(half, target) == pytest.approx(6_500 + 1_800)


def test_a_hard_target_beyond_what_is_collected_has_no_plan():
    target = CascadeTarget(share=0.6, denominator="retired", hard=True)
    with pytest.raises(InfeasibleError, match="cascade_target"):
        cost(replace(TWO, formal_share=0.5), target)


def test_a_target_on_what_is_eligible_is_a_share_of_what_tests_as_fit():
    # Every pack is tested at B (half is fit), then 10 km to a plant at B:
    #   100 x 100 + 100 x 10 to the hub, 200 x 10 to the recycler, 1,000 fixed = 14,000;
    # 0.6 of 100 t fit go to the cascade plant instead, at the same distance and 30 CNY/t more.
    tested = replace(TWO, tested=True, sites=(*TWO.sites, Site("HB", "B", "hub")))
    assert cost(tested) == pytest.approx(14_000)
    target = CascadeTarget(share=0.6, denominator="eligible", hard=True)
    assert cost(tested, target) == pytest.approx(14_000 + 60 * 30)


def test_a_target_on_what_is_eligible_is_not_evaded_by_testing_nothing():
    # Untested, all packs go to B's recycler. Half of 200 t would test as fit, so 60 t are due: 120 t are
    # tested, 10 km more for each, and 60 t go to the cascade plant.
    untested = replace(TWO, tested=True, untested_too=True, sites=(*TWO.sites, Site("HB", "B", "hub")))
    assert cost(untested) == pytest.approx(BASE)
    target = CascadeTarget(share=0.6, denominator="eligible", hard=True)
    assert cost(untested, target) == pytest.approx(BASE + 120 * 10 + 60 * 30)
    plan = solved(untested)
    verdict = check(
        plan.instance,
        make_policy("target", (target,)),
        plan.answer,
        plan.ledger,
        formal_share=plan.formal_share,
    )
    assert [(violation.tag, violation.amount) for violation in verdict.violations] == [
        ("share_rule", pytest.approx(60))
    ]


# --- classification -------------------------------------------------------------------------


@pytest.mark.parametrize(("goods_class", "factor"), [("ordinary", 1), ("class9", 2), ("hazardous", 4)])
def test_the_class_sets_the_tariff(goods_class, factor):
    # Hazardous: 44,000 + 1,000 to B alone is still less than 4 x 2,000 + 51,000 for two recyclers.
    assert cost(TWO, Classification(goods_class=goods_class)) == pytest.approx(factor * 11_000 + 1_000)


def test_the_surcharge_is_paid_on_every_tonne_formally_collected():
    dual = Classification(goods_class="ordinary", dual_regulation_cny_per_tonne=1_400.0)
    assert cost(TWO, dual) == pytest.approx(BASE + 200 * 1_400)
    half = replace(TWO, formal_share=0.5)
    assert cost(half, dual) == pytest.approx(6_500 + 100 * 1_400)


def test_the_permit_is_paid_by_every_operating_facility_of_the_type():
    permit = Classification(
        goods_class="ordinary", permit_cny_per_year=2_000.0, facility_types=("recycler",)
    )
    assert cost(TWO, permit) == pytest.approx(BASE + 2_000)


def test_the_storage_charge_is_paid_on_what_is_stored():
    # 100 t a year arrive in 2024 at a recycler of 50 t a year, none in 2025: 50 t wait for a year.
    # 100 x 10 km = 1,000 in the first of two years: 500 a year; 50 t x 8 CNY/t: 200 a year.
    stock = Tiny(
        km={("A", "B"): 1_000.0},
        sites=(Site("RA", "A", "recycler", capacity=50.0),),
        supply={("A", "2025"): 0.0, ("B", "2024"): 0.0, ("B", "2025"): 0.0},
        periods=("2024", "2025"),
        storage_at_recyclers=500.0,
    )
    assert cost(stock) == pytest.approx(500)
    charge = Classification(goods_class="ordinary", storage_cny_per_tonne_year=8.0)
    assert cost(stock, charge) == pytest.approx(500 + 200)


# --- whitelist ------------------------------------------------------------------------------


def test_receiving_may_be_forbidden_to_firms_from_elsewhere():
    # B's recycler belongs to a firm of A: the cascade plant takes over, or nobody at B does.
    only_recyclers = Whitelist(jurisdiction="B", action="receive", facility_types=("recycler",))
    assert cost(TWO, only_recyclers) == pytest.approx(17_000)
    assert cost(TWO, Whitelist(jurisdiction="B", action="receive")) == pytest.approx(61_000)


def test_local_and_listed_firms_are_free():
    assert cost(TWO, Whitelist(jurisdiction="A", action="both")) == pytest.approx(BASE)
    listed = Whitelist(jurisdiction="B", action="both", exempt_operators=("of_A",))
    assert cost(TWO, listed) == pytest.approx(BASE)


def test_opening_may_be_forbidden_and_plants_that_stand_go_on():
    assert cost(TWO, Whitelist(jurisdiction="B", action="open")) == pytest.approx(BASE)
    green = replace(
        TWO, sites=(TWO.sites[0], replace(TWO.sites[1], candidate=True, fixed=1_000.0), TWO.sites[2])
    )
    assert cost(green) == pytest.approx(BASE)
    assert cost(green, Whitelist(jurisdiction="B", action="open")) == pytest.approx(17_000)


@pytest.mark.parametrize(("until_year", "expected"), [(2024, BASE), (2025, 61_000)])
def test_a_list_holds_in_periods_that_start_before_its_last_year(until_year, expected):
    lapsing = Whitelist(jurisdiction="B", action="both", until_year=until_year)
    assert cost(TWO, lapsing) == pytest.approx(expected)


# --- transfer_delay and platform ------------------------------------------------------------


def test_every_tonne_that_leaves_is_held():
    # 100 t leave A, 180 CNY each.
    delay = TransferDelay(days=45, holding_cny_per_tonne_day=4)
    assert cost(TWO, delay) == pytest.approx(BASE + 18_000)
    worn = TransferDelay(days=45, holding_cny_per_tonne_day=4, grade_loss_cny_per_tonne_day=1)
    assert cost(TWO, worn) == pytest.approx(BASE + 22_500)


def test_a_dear_delay_keeps_batteries_at_home():
    # 100 t x 450 CNY are more than the 41,000 of a second recycler.
    assert cost(TWO, TransferDelay(days=45, holding_cny_per_tonne_day=10)) == pytest.approx(53_000)


def test_interoperable_platforms_free_their_share_of_transfers():
    delay = TransferDelay(days=45, holding_cny_per_tonne_day=4)
    platforms = Platform(jurisdictions=("A", "national"), cny_per_year=5_000, interoperable_share=0.3)
    assert cost(TWO, platforms) == pytest.approx(BASE + 10_000)
    assert cost(TWO, platforms, delay) == pytest.approx(BASE + 10_000 + 0.7 * 18_000)


# --- where a battery comes from -------------------------------------------------------------

# Three provinces in a row, A - M - B, 100 km each. Every pack must be tested at M's hub first.
THROUGH_M = Tiny(
    km={("A", "M"): 100.0, ("B", "M"): 100.0, ("A", "B"): 200.0},
    tested=True,
    sites=(Site("HM", "M", "hub"), Site("RA", "A", "recycler"), Site("RB", "B", "recycler")),
    supply={("M", "2024"): 0.0, ("B", "2024"): 0.0},
)


@pytest.mark.parametrize("home", [False, True], ids=["two borders", "out and back"])
def test_a_battery_is_held_once_however_many_borders_it_crosses(home):
    # 100 km to the hub and 100 km on, whether to B or back to A; held once, 180 CNY a tonne.
    case = replace(THROUGH_M, sites=(THROUGH_M.sites[0], THROUGH_M.sites[1 if home else 2]))
    assert cost(case) == pytest.approx(20_000)
    delay = TransferDelay(days=45, holding_cny_per_tonne_day=4)
    assert cost(case, delay) == pytest.approx(20_000 + 18_000)


def test_a_battery_that_never_leaves_is_not_held():
    case = replace(TWO, sites=(Site("RA", "A", "recycler"), Site("RB", "B", "recycler")))
    delay = TransferDelay(days=45, holding_cny_per_tonne_day=4)
    assert cost(case, delay) == pytest.approx(cost(case)) == pytest.approx(2_000)


def test_out_and_back_counts_as_processed_at_home():
    # M's recycler is 10 km from the hub: 100 t x (100 + 10). The duty hauls them back: 100 + 100.
    case = replace(THROUGH_M, sites=(*THROUGH_M.sites, Site("RM", "M", "recycler")))
    assert cost(case) == pytest.approx(11_000)
    duty = InProvinceProcessing(jurisdictions=("A",))
    plan = solved(case, duty)
    assert plan.outcome.upper_bound_cny_per_year == pytest.approx(20_000)
    assert _recycled(plan) == {("RA", "A"): 100.0}


def test_a_hub_at_home_processes_nothing():
    # A's hub tests the packs at home, 10 km; recycling them at M would cost 100 km, at B 200.
    case = replace(
        THROUGH_M, sites=(Site("HA", "A", "hub"), Site("RM", "M", "recycler"), THROUGH_M.sites[2])
    )
    assert cost(case) == pytest.approx(100 * (10 + 100))
    with pytest.raises(InfeasibleError, match="in_province_processing"):
        cost(case, InProvinceProcessing(jurisdictions=("A",)))


def test_a_foreign_battery_does_not_count_as_processed_at_home():
    # A's dealers are 5 km from B's recycler and B's dealers 5 km from A's: without a duty they swap,
    # 2 x 100 t x 5 km, and A's recycler is full of B's batteries, which do not meet A's duty.
    near = Tiny(
        km={("A", "B"): 5.0},
        sites=(Site("RA", "A", "recycler", capacity=100.0), Site("RB", "B", "recycler")),
    )
    plan = solved(near)
    assert plan.outcome.upper_bound_cny_per_year == pytest.approx(1_000)
    duty = InProvinceProcessing(jurisdictions=("A",))
    plan = solved(near, duty)
    # A's own at home, 10 km; so A's recycler is full and B's stay at B, 10 km.
    assert plan.outcome.upper_bound_cny_per_year == pytest.approx(2_000)
    assert _recycled(plan)[("RA", "A")] == pytest.approx(100)


def test_mixing_in_a_hub_does_not_launder_the_origin():
    # A and B send 100 t each to M's hub (100 km); 100 t go on to A and 100 t to B, 100 km each.
    # With duties in both provinces the same tonnes move, but each province gets its own.
    case = replace(
        THROUGH_M,
        supply={("M", "2024"): 0.0},
        sites=(
            THROUGH_M.sites[0],
            Site("RA", "A", "recycler", capacity=100.0),
            Site("RB", "B", "recycler", capacity=100.0),
        ),
    )
    duty = InProvinceProcessing(jurisdictions=("A", "B"))
    plan = solved(case, duty)
    assert plan.outcome.upper_bound_cny_per_year == pytest.approx(cost(case)) == pytest.approx(40_000)
    assert _recycled(plan) == {("RA", "A"): pytest.approx(100), ("RB", "B"): pytest.approx(100)}
    # Less room at home than A collects: B's recycler has room for the rest, but it does not count.
    short = replace(
        case, sites=(case.sites[0], Site("RA", "A", "recycler", capacity=99.0), Site("RB", "B", "recycler"))
    )
    with pytest.raises(InfeasibleError, match="in_province_processing"):
        cost(short, duty)


def _recycled(plan) -> dict[tuple[str, str], float]:
    """Tonnes that recyclers process, by site and origin."""
    throughput = plan.answer.throughput
    recycled = throughput[throughput["site"].str.startswith("R")]
    return recycled.groupby(["site", "origin"])["throughput_tonnes_per_year"].sum().to_dict()


@pytest.mark.parametrize(
    ("label", "broken"),
    [({"A": "B", "B": "A"}, {"share_rule"}), ({"A": "A", "B": "A"}, {"conversion", "share_rule"})],
    ids=["exchanged", "all called A"],
)
def test_new_labels_at_a_hub_are_noticed_by_the_checker(label, broken):
    # The plan of two duties, with other origins on all that leaves M's hub. Exchanged, as many
    # tonnes of each origin leave the hub as came, but not for home; all called A, B's vanish in it.
    case = replace(THROUGH_M, supply={("M", "2024"): 0.0})
    plan = solved(case, InProvinceProcessing(jurisdictions=("A", "B")))
    flows, throughput = plan.answer.flows.copy(), plan.answer.throughput.copy()
    leaves_hub = flows["from_place"] == "HM"
    flows.loc[leaves_hub, "origin"] = flows.loc[leaves_hub, "origin"].map(label)
    recycled = throughput["site"].isin(["RA", "RB"])
    throughput.loc[recycled, "origin"] = throughput.loc[recycled, "origin"].map(label)
    relabelled = replace(plan.answer, flows=flows, throughput=throughput)
    verdict = check(plan.instance, plan.policy, relabelled, plan.ledger, formal_share=plan.formal_share)
    assert not verdict.ok
    assert {violation.tag for violation in verdict.violations} == broken
