"""Rebate, enforcement and collection duty: worked by hand on toy, where half of 16,000 t leaks."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from netopt.accounts import Perspective
from netopt.analysis.compare import compare
from netopt.analysis.payments import payments
from netopt.data.read import make_instance, read_instance
from netopt.network.leakage import collected_share, formal_shares, share_at
from netopt.pipeline import solve
from netopt.policy.compose import compose
from netopt.policy.effects import MoreOutlets, NarrowGap, SupplyTransfer
from netopt.policy.levers.collection_duty import CollectionDuty
from netopt.policy.levers.enforcement import Enforcement
from netopt.policy.levers.rebate import Rebate
from netopt.policy.read import make_policy
from netopt.resources import shipped
from netopt.solution.check import check
from netopt.solution.options import SolveOptions
from tests.instances_random import random_instance

# beta of toy is 0.01 per CNY and its formal share 1/2: a gain of 100 ln 3 CNY a pack makes it 3/4.
GAIN = 100 * math.log(3)
PACK_TONNES = 0.5
QUICK = SolveOptions(gap=1e-4, threads=1)


@pytest.fixture(scope="module")
def toy():
    return read_instance(shipped("instances") / "toy")


@pytest.fixture(scope="module")
def china():
    return read_instance(shipped("instances") / "china-provinces")


def shares(instance, *levers):
    return formal_shares(instance, compose(make_policy("p", levers), instance))


def paid(solution, category):
    """Return what a category sums to by payer and payee."""
    rows = solution.ledger[solution.ledger["category"] == category]
    return rows.groupby(["payer", "payee"])["cny_per_year"].sum().to_dict()


def supply_of(solution):
    return solution.answer.supply.set_index("source")


def test_a_rebate_moves_the_share_and_is_a_transfer_to_consumers(toy):
    solution = solve(toy, make_policy("p", [Rebate(cny_per_pack=GAIN)]), QUICK)
    assert supply_of(solution)["collected_tonnes_per_year"].to_list() == pytest.approx([3000, 6000, 3000])
    # 12,000 t are 24,000 packs.
    expected = 24_000 * GAIN
    assert paid(solution, "rebate") == {("central_government", "consumers"): pytest.approx(expected)}
    # 4,000 t leak at 1,000 CNY/t damage, and 480 t of what returns from second life as without a rebate.
    assert sum(paid(solution, "informal_damage").values()) == pytest.approx(4_480_000)


def test_who_pays_a_rebate_changes_no_social_cost_but_the_private_one(toy):
    def cost(payer, perspective):
        lever = Rebate(cny_per_pack=GAIN, paid_by=payer)
        solution = solve(toy, make_policy("p", [lever], Perspective(perspective)), QUICK)
        return solution.outcome.upper_bound_cny_per_year

    state, chain = "central_government", "formal_chain"
    assert cost(chain, "social") == pytest.approx(cost(state, "social"))
    assert cost(chain, "private") - cost(state, "private") == pytest.approx(24_000 * GAIN)


def test_fines_lower_the_informal_offer_where_they_hold_and_go_to_local_government(toy):
    # 0.17 x fine x 0.5 t a pack = 100 ln 3.
    fine = GAIN / (0.17 * PACK_TONNES)
    lever = Enforcement(detection_share=0.17, fine_cny_per_tonne=fine, jurisdictions=("P1",))
    solution = solve(toy, make_policy("p", [lever]), QUICK)
    assert supply_of(solution)["leaked_tonnes_per_year"].to_list() == pytest.approx([1000, 4000, 2000])
    expected = 1000 * 0.17 * fine
    assert paid(solution, "fine") == {("informal_channel", "local_government"): pytest.approx(expected)}


def test_a_duty_widens_access_from_what_stands_and_multiplies_outlets(toy):
    # 0.3 x 100 ln 3 / 0.3; outlets of 300,000 CNY a year by 1 / 0.7.
    lever = CollectionDuty(full_access_cny_per_pack=GAIN / 0.3)
    solution = solve(toy, make_policy("p", [lever]), QUICK)
    assert supply_of(solution)["collected_tonnes_per_year"].to_list() == pytest.approx([3000, 6000, 3000])
    collection = sum(paid(solution, "collection").values())
    # Collection costs 100 CNY/t of 12,000 t collected here; with 8,000 t it is 1.1 m with the outlets.
    assert collection == pytest.approx(300_000 / 0.7 + 12_000 * 100)


def with_access(toy, **by_source):
    access = pd.DataFrame({"source": list(by_source), "access_share": list(by_source.values())})
    return make_instance(toy.settings, {**toy.tables, "access": access})


def test_a_duty_starts_from_what_stands_at_each_source(toy):
    # S1 lacks half of its points and S2 none; S3 has no row and lacks 0.25 as the lever says.
    lever = CollectionDuty(full_access_cny_per_pack=2 * GAIN, present_access_share=0.75)
    solution = solve(with_access(toy, S1=0.5, S2=1.0), make_policy("p", [lever]), QUICK)
    third = 3**0.5 / (1 + 3**0.5)
    collected = supply_of(solution)["collected_tonnes_per_year"].to_list()
    assert collected == pytest.approx([3000, 4000, 4000 * third])
    outlets = dict(zip(toy["sources"]["source"], toy["sources"]["fixed_cny_per_year"], strict=True))
    fixed = outlets["S1"] / 0.5 + outlets["S2"] + outlets["S3"] / 0.75
    # Labour makes a collected tonne cost 110, 100 and 90 CNY.
    by_tonne = 110 * collected[0] + 100 * collected[1] + 90 * collected[2]
    assert sum(paid(solution, "collection").values()) == pytest.approx(fixed + by_tonne)
    assert solution.verdict.ok


def test_a_duty_below_what_stands_closes_nothing_and_all_shares_may_be_known(toy):
    lever = CollectionDuty(full_access_cny_per_pack=2 * GAIN, access_share=0.8)
    known = with_access(toy, S1=0.9, S2=0.8, S3=1.0)
    assert lever.effects(known) == ()
    assert (shares(known, lever) == 0.5).all()


def test_payments_where_sources_of_a_province_start_from_different_shares(toy):
    here = toy["locations"].assign(jurisdiction="P1")
    joined = make_instance(toy.settings, {**with_access(toy, S1=0.5, S2=1.0).tables, "locations": here})
    lever = CollectionDuty(full_access_cny_per_pack=2 * GAIN, present_access_share=0.75)
    (row,) = payments(joined, make_policy("p", [lever]), (0.8,)).to_dict("records")
    tonnes = joined["supply"].groupby("source")["supply_tonnes_per_year"].sum()
    beta, held = joined.settings.leakage.beta_per_cny, 0.0
    for source, gain in (("S1", GAIN), ("S2", 0.0), ("S3", GAIN / 2)):
        held += tonnes[source] / (1 + math.exp(-beta * (gain + row["payment_cny_per_pack"])))
    assert held == pytest.approx(0.8 * tonnes.sum())
    assert row["collected_tonnes_per_year"] == pytest.approx(held)


def test_levers_add_up_in_the_logit_and_say_their_effects(toy):
    three = [
        Rebate(cny_per_pack=GAIN / 2),
        Enforcement(detection_share=0.5, fine_cny_per_tonne=GAIN),
        CollectionDuty(full_access_cny_per_pack=GAIN / 1.2),
    ]
    assert shares(toy, *three).to_list() == pytest.approx([0.75, 0.75, 0.75])
    assert Rebate(cny_per_pack=10.0).effects(toy) == (
        NarrowGap("rebate", 10.0, ()),
        SupplyTransfer("rebate", "rebate", "central_government", "consumers", 20.0, "collected", ()),
    )
    added = CollectionDuty(full_access_cny_per_pack=10.0, present_access_share=0.5).effects(toy)
    assert added == (MoreOutlets("collection_duty", 1.0), NarrowGap("collection_duty", 5.0))


@pytest.mark.parametrize(
    "lever",
    [
        Rebate(cny_per_pack=0.0),
        Enforcement(detection_share=0.0, fine_cny_per_tonne=1e5),
        CollectionDuty(access_share=0.7, full_access_cny_per_pack=100.0),
    ],
)
def test_a_lever_that_adds_nothing_leaves_the_share_exactly(lever, toy):
    assert lever.effects(toy) == ()
    assert (shares(toy, lever) == 0.5).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rebate(cny_per_pack=-1.0), "greater than or equal to 0"),
        (lambda: Rebate(cny_per_pack=1.0, paid_by="nobody"), "central_government"),
        (lambda: Enforcement(detection_share=1.7, fine_cny_per_tonne=1.0), "less than or equal to 1"),
        (lambda: Enforcement(detection_share=0.1, fine_cny_per_tonne=math.inf), "finite"),
        (lambda: CollectionDuty(access_share=0.5, full_access_cny_per_pack=1.0), "closes no outlet"),
        (
            lambda: CollectionDuty(present_access_share=0.0, full_access_cny_per_pack=1.0),
            "no outlet to be multiplied",
        ),
    ],
)
def test_bad_parameters_are_refused_in_words(make, message):
    with pytest.raises(ValidationError, match=message):
        make()


# --- properties -------------------------------------------------------------------------------

MONEY = st.floats(0, 1e5)


@given(before=st.floats(0.01, 0.99), beta=st.floats(1e-4, 0.05), gains=st.lists(MONEY, min_size=2))
def test_the_share_is_a_share_and_never_falls_with_what_is_gained(before, beta, gains):
    after = share_at(before, beta, pd.Series(sorted(gains)))
    assert ((after >= before - 1e-12) & (after <= 1)).all()
    assert (after.diff().dropna() >= -1e-15).all()


@given(rebate=st.floats(0, 500), fine=st.floats(0, 2000), more=st.floats(1, 500))
def test_shares_lie_between_0_and_1_and_rise_with_rebate_and_enforcement(toy, rebate, fine, more):
    def of(paid, fined):
        return shares(
            toy,
            Rebate(cny_per_pack=paid, jurisdictions=("P1",)),
            Enforcement(detection_share=0.5, fine_cny_per_tonne=fined, jurisdictions=("P2",)),
        )

    before = of(rebate, fine)
    assert ((before > 0) & (before < 1)).all()
    assert of(rebate + more, fine)["S1"] > before["S1"]
    assert of(rebate, fine + more)["S2"] > before["S2"]
    assert of(rebate + more, fine + more)["S3"] == 0.5


@given(share=st.floats(0, 1))
def test_without_a_gain_the_share_stays_to_the_last_bit(share):
    assert share_at(share, 0.01, pd.Series([0.0]))[0] == share


def test_all_and_nothing_stay_what_they_are():
    gains = pd.Series([0.0, 10.0, 1e9])
    assert share_at(1.0, 0.01, gains).to_list() == [1.0, 1.0, 1.0]
    assert share_at(0.0, 0.01, gains).to_list() == [0.0, 0.0, 0.0]


def test_the_national_share_of_the_brief_comes_out_with_its_gap_of_75_cny(china):
    leakage = china.settings.leakage
    gap = leakage.reference_gap_cny_per_pack
    assert 1 / (1 + math.exp(leakage.beta_per_cny * gap)) == pytest.approx(0.3, abs=1e-4)
    assert collected_share(china, compose(make_policy("p", []), china)) == 0.3
    with_rebate = compose(make_policy("p", [Rebate(cny_per_pack=gap)]), china)
    assert collected_share(china, with_rebate) == pytest.approx(0.5, abs=1e-4)


# --- checker and comparison -------------------------------------------------------------------


def test_the_checker_knows_each_sources_share_by_itself(toy):
    policy = make_policy("p", [Rebate(cny_per_pack=GAIN, jurisdictions=("P1",))])
    solution = solve(toy, policy, QUICK)
    supply = supply_of(solution)
    total = supply[["collected_tonnes_per_year", "leaked_tonnes_per_year"]].sum(axis=1)
    assert total.to_list() == pytest.approx(supply["retired_tonnes_per_year"].to_list())
    assert check(toy, policy, solution.answer, solution.ledger, formal_share=0.5, exact=True).ok
    for wrong in (make_policy("p", []), make_policy("p", [Rebate(cny_per_pack=GAIN)])):
        tags = {item.tag for item in check(toy, wrong, solution.answer, None, formal_share=0.5).violations}
        assert "leakage" in tags
    tampered = solution.answer.supply.copy()
    tampered.loc[tampered["source"] == "S1", "leaked_tonnes_per_year"] += 1.0
    tampered.loc[tampered["source"] == "S1", "unserved_tonnes_per_year"] -= 1.0
    answer = replace(solution.answer, supply=tampered)
    found = check(toy, policy, answer, None, formal_share=0.5).violations
    assert "leakage" in {item.tag for item in found}


def test_the_checker_misses_no_rebate_and_no_fine(toy):
    levers = [Rebate(cny_per_pack=50.0), Enforcement(detection_share=0.17, fine_cny_per_tonne=500.0)]
    policy = make_policy("p", levers)
    solution = solve(toy, policy, QUICK)
    for category in ("rebate", "fine"):
        without = solution.ledger[solution.ledger["category"] != category]
        verdict = check(toy, policy, solution.answer, without, formal_share=0.5)
        assert not verdict.ok
        assert category in str(verdict.violations[0])


def test_actors_gain_and_lose_what_rebates_and_fines_are_and_nothing_in_sum(toy):
    levers = [Rebate(cny_per_pack=50.0), Enforcement(detection_share=0.17, fine_cny_per_tonne=500.0)]
    solution = solve(toy, make_policy("p", levers), QUICK)
    moved = solution.ledger[solution.ledger["category"].isin(["rebate", "fine"])]
    assert set(moved["kind"]) == {"transfer"}
    received = moved.groupby("payee")["cny_per_year"].sum()
    gain = received.sub(moved.groupby("payer")["cny_per_year"].sum(), fill_value=0.0)
    supply = solution.answer.supply
    # 50 CNY for a pack of half a tonne; 17 % of leaked tonnes are fined 500 CNY.
    rebate = 100.0 * supply["collected_tonnes_per_year"].sum()
    fine = 85.0 * supply["leaked_tonnes_per_year"].sum()
    assert gain.to_dict() == {
        "central_government": pytest.approx(-rebate),
        "consumers": pytest.approx(rebate),
        "informal_channel": pytest.approx(-fine),
        "local_government": pytest.approx(fine),
    }


def test_a_comparison_says_whose_formal_share_is_moved(toy):
    policies = [make_policy("base", []), make_policy("rebated", [Rebate(cny_per_pack=GAIN)])]
    comparison = compare(toy, policies, QUICK, curve=True)
    (cost,) = comparison.headline
    assert (cost.base_formal_share, cost.formal_share) == (0.5, pytest.approx(0.75))
    assert "rebated: 75.0%" in comparison.to_markdown()
    # Toy's friction is 1,000 CNY/t less than the reference: at a pass-through of 1 it is worth 500 a pack.
    ends = {point.pass_through: point for point in comparison.curve}
    assert ends[0.0].formal_share == pytest.approx(0.75)
    assert ends[1.0].base_formal_share == pytest.approx(1 / (1 + math.exp(-5)), abs=1e-4)
    assert ends[1.0].formal_share == pytest.approx(1 / (1 + math.exp(-5) / 3), abs=1e-4)


@pytest.mark.parametrize("seed", [3, 11, 20, 27])
def test_random_instances_are_planned_and_checked_source_by_source(seed):
    instance = random_instance(seed, features=("unserved", "transfers", "periods"))
    home = tuple(instance["jurisdictions"]["jurisdiction"])[:1]
    levers = [
        Rebate(cny_per_pack=40.0, paid_by="local_government", jurisdictions=home),
        Enforcement(detection_share=0.17, fine_cny_per_tonne=800.0),
        CollectionDuty(full_access_cny_per_pack=60.0),
    ]
    policy = make_policy("p", levers)
    solution = solve(instance, policy, QUICK)
    supply = solution.answer.supply
    expected = supply["source"].map(formal_shares(instance, compose(policy, instance)))
    leaked = supply["retired_tonnes_per_year"] * (1 - expected)
    assert supply["leaked_tonnes_per_year"].to_list() == pytest.approx(leaked.to_list(), abs=1e-3)
    parts = ["collected_tonnes_per_year", "leaked_tonnes_per_year", "unserved_tonnes_per_year"]
    whole = supply["retired_tonnes_per_year"].to_list()
    assert supply[parts].sum(axis=1).to_list() == pytest.approx(whole, abs=1e-3)


def test_the_priced_strategy_sees_the_levers_too(toy):
    levers = [Rebate(cny_per_pack=40.0, paid_by="formal_chain", jurisdictions=("P1",))]
    policy = make_policy("p", levers, Perspective.PRIVATE)
    direct = solve(toy, policy, QUICK).outcome
    priced = solve(toy, policy, replace(QUICK, strategy="priced")).outcome
    assert priced.lower_bound_cny_per_year <= direct.upper_bound_cny_per_year + 1
    assert direct.lower_bound_cny_per_year <= priced.upper_bound_cny_per_year + 1
