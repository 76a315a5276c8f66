"""Payments, fixed point and break-even of the informal channel, on toy and by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.accounts import Perspective
from netopt.analysis.break_even import break_evens
from netopt.analysis.fixed_point import fixed_point, unit_cost_cny_per_tonne
from netopt.analysis.payments import payment_cny_per_pack, payments
from netopt.data.read import read_instance
from netopt.errors import UsageError
from netopt.network.leakage import collected_share
from netopt.pipeline import solve
from netopt.policy.compose import compose
from netopt.policy.levers.classification import Classification
from netopt.policy.levers.rebate import Rebate
from netopt.policy.read import make_policy
from netopt.resources import shipped
from netopt.solution.options import SolveOptions

FREE = make_policy("free", [])
QUICK = SolveOptions(gap=1e-6, threads=1)


@pytest.fixture(scope="module")
def toy():
    return read_instance(shipped("instances") / "toy")


def test_payments_by_hand(toy):
    # beta 0.01, share 1/2: logit(0.8) / 0.01 = 100 ln 4 a pack of half a tonne; Midland retires 8,000 t.
    table = payments(toy, FREE, (0.8,)).set_index("jurisdiction")
    midland = table.loc["P2"]
    assert midland["payment_cny_per_pack"] == pytest.approx(100 * math.log(4))
    assert midland["payment_cny_per_tonne"] == pytest.approx(200 * math.log(4))
    assert midland["total_cny_per_year"] == pytest.approx(8000 * 0.8 * 200 * math.log(4))
    assert table["collected_tonnes_per_year"].sum() == pytest.approx(12_800)


def test_levers_come_before_the_payment_where_they_hold(toy):
    policy = make_policy("p", [Rebate(cny_per_pack=100 * math.log(4), jurisdictions=("P2",))])
    table = payments(toy, policy, (0.6, 0.9)).set_index(["jurisdiction", "target_share"])
    assert table.loc[("P2", 0.6), "payment_cny_per_pack"] == 0
    assert table.loc[("P2", 0.6), "collected_tonnes_per_year"] == pytest.approx(6400)
    assert table.loc[("P2", 0.9), "payment_cny_per_pack"] == pytest.approx(100 * math.log(9 / 4))
    assert table.loc[("P1", 0.9), "payment_cny_per_pack"] == pytest.approx(100 * math.log(9))


@given(target=st.floats(0.51, 0.999))
def test_the_payment_as_a_rebate_reaches_the_share(toy, target):
    payment = payment_cny_per_pack(0.5, target, 0.01)
    effects = compose(make_policy("p", [Rebate(cny_per_pack=payment)]), toy)
    assert collected_share(toy, effects) == pytest.approx(target)


@pytest.mark.parametrize(("now", "target", "beta"), [(0.3, 1.0, 0.01), (0.3, 0.0, 0.01), (0.3, 0.6, 0.0)])
def test_a_share_that_no_payment_reaches_is_refused(now, target, beta):
    with pytest.raises(UsageError, match="no payment"):
        payment_cny_per_pack(now, target, beta)


def test_the_unit_cost_is_private_and_before_consumers_are_paid(toy):
    # m CNY: collection 1.1, capital 15, fixed 3.1, haulage 1.598, loading 0.209, processing 9.324,
    # testing 0.8, end of life 0.24, local tax 0.17; sales 27.2 + 12;
    # not the 8 that consumers get; on 8,000 t.
    solution = solve(toy, FREE, QUICK)
    totals = solution.ledger.groupby(["category", "payer"])["cny_per_year"].sum()
    chain = totals.xs("formal_chain", level="payer").drop("scrap_purchase").sum()
    assert unit_cost_cny_per_tonne(solution) == pytest.approx(chain / 8000)
    assert unit_cost_cny_per_tonne(solution) == pytest.approx(-7_659_000 / 8000)


def test_a_policy_that_is_its_own_reference_stays_at_the_observed_share(toy):
    found = fixed_point(toy, FREE, FREE, 0.1, QUICK)
    assert found.is_converged
    assert [(step.share, step.residual) for step in found.steps] == [(0.5, 0.0)]


def test_a_fixed_point_is_said_not_to_be_where_a_plant_jumps_in(toy):
    surcharge = Classification(goods_class="class9", dual_regulation_cny_per_tonne=1000.0)
    reference = make_policy("reference", [surcharge])
    found = fixed_point(toy, FREE, reference, 0.1, QUICK)
    # The surcharge of 1,000 is all that sets the two unit costs apart at the share of 1/2: 50 a pack.
    assert found.reference_unit_cost_cny_per_tonne - found.steps[0].unit_cost_cny_per_tonne == (
        pytest.approx(1000)
    )
    assert found.steps[0].share_from_cost == pytest.approx(1 / (1 + math.exp(-0.5)))
    # Beyond 62.5 % a larger plant is needed, the unit cost jumps, and no share agrees with its own cost.
    assert not found.is_converged
    assert abs(found.steps[-1].residual) > 1e-2
    assert "NOT converged" in found.to_text()
    # With next to nothing passed through there is one, and it is converged.
    near = fixed_point(toy, FREE, reference, 0.01, QUICK)
    assert near.is_converged
    assert abs(near.steps[-1].residual) <= 1e-4


def test_a_pass_through_is_a_share(toy):
    with pytest.raises(UsageError, match="pass-through"):
        fixed_point(toy, FREE, FREE, 1.5, QUICK)


def test_break_even_by_hand(toy):
    (found,) = break_evens(toy, FREE, options=QUICK)
    # A leaked pack: 500 + 1,000 + 1 t CO2e at 100 - 1,500.
    assert found.informal_cny_per_tonne == pytest.approx(100)
    # 16,000 t collected instead of 8,000 cost -8,204,930 with 16,000 instead of 8,000 t leaked.
    formal = (-8_204_930 + 6_471_190 - 8000 * 100) / 8000
    assert found.formal_cny_per_tonne == (pytest.approx(formal, abs=0.1), pytest.approx(formal, abs=0.1))
    assert found.saving_cny_per_tonne[0] == pytest.approx(100 - formal, abs=0.1)
    assert found.break_even_damage_cny_per_tonne[1] == pytest.approx(1000 - (100 - formal), abs=0.1)
    assert found.verdict == "pays"


def test_the_formal_cost_is_that_of_the_same_tonnes_collected(toy):
    # Another way to the same: everything collected, and the informal cost of 8,000 t that leak no more.
    (found,) = break_evens(toy, FREE, options=QUICK)
    whole = solve(toy.with_formal_share(1.0), FREE, QUICK).outcome.upper_bound_cny_per_year
    now = solve(toy, FREE, QUICK).outcome.upper_bound_cny_per_year
    assert (now - whole) / 8000 == pytest.approx(found.saving_cny_per_tonne[1], abs=0.1)


def test_at_half_the_metal_price_formalising_loses_and_more_damage_is_needed(toy):
    half, now = break_evens(toy, FREE, (0.5, 1.0), QUICK)
    assert (half.verdict, now.verdict) == ("loses", "pays")
    assert half.informal_cny_per_tonne == pytest.approx(850)
    assert half.break_even_damage_cny_per_tonne[0] > half.damage_cny_per_tonne
    assert half.break_even_gate_fee_cny_per_tonne[0] > 0


def test_there_must_be_a_leaked_tonne_a_social_policy_and_no_lever_that_moves_shares(toy):
    with pytest.raises(UsageError, match="no leaked tonne"):
        break_evens(toy.with_formal_share(1.0), FREE, options=QUICK)
    with pytest.raises(UsageError, match="moves formal shares"):
        break_evens(toy, make_policy("p", [Rebate(cny_per_pack=1.0)]), options=QUICK)
    with pytest.raises(UsageError, match="minimises private cost"):
        break_evens(toy, make_policy("p", [], Perspective.PRIVATE), options=QUICK)
    with pytest.raises(UsageError, match="more than 0"):
        break_evens(toy, FREE, (0.0,), QUICK)
