"""Composition: order means nothing, charges add up, delays do not, contradictions are refused."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netopt.errors import PolicyError
from netopt.network.leakage import formal_share
from netopt.policy.compose import compose, friction_cny_per_tonne
from netopt.policy.effects import Effects
from netopt.policy.levers.cascade_target import CascadeTarget
from netopt.policy.levers.classification import Classification
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.platform import Platform
from netopt.policy.levers.single_sourcing import SingleSourcing
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.levers.site_count import SiteCount
from netopt.policy.levers.transfer_delay import TransferDelay
from netopt.policy.levers.whitelist import Whitelist
from netopt.policy.read import make_policy

DELAY = TransferDelay(days=45, holding_cny_per_tonne_day=4)
MANY = (
    InProvinceProcessing(jurisdictions=("B", "A")),
    InProvinceProcessing(jurisdictions=("B", "C")),
    CascadeTarget(share=0.6, denominator="retired", hard=False, penalty_cny_per_tonne=1000),
    CascadeTarget(share=0.1, denominator="eligible", hard=True),
    CascadeTarget(share=0.2, denominator="collected", hard=True, jurisdictions=("C",)),
    Classification(goods_class="class9", dual_regulation_cny_per_tonne=1400),
    Whitelist(jurisdiction="C", action="both"),
    Whitelist(jurisdiction="B", action="open", exempt_operators=("gem",)),
    DELAY,
    TransferDelay(days=10, holding_cny_per_tonne_day=5),
    Platform(jurisdictions=("national",), cny_per_year=75e6, interoperable_share=0.1),
    Platform(jurisdictions=("B",), cny_per_year=60e6, interoperable_share=0.3),
    MaximumHaul(km=300),
    MaximumHaul(km=200, legs=("first",)),
    HaulageModes(modes=("road",)),
    SiteChoice(open=("hub_a",), until_year=2025),
    SiteChoice(closed=("hub_a",), from_year=2025),
    SiteChoice(open=("hub_b",)),
    SiteCount(minimum=1, facility_types=("hub",)),
    SiteCount(maximum=3, facility_types=("hub",)),
    SiteCount(maximum=2, jurisdictions=("A", "B"), each_jurisdiction=True),
    SingleSourcing(),
    SingleSourcing(facility_types=("hub",)),
)


def composed(instance, *levers) -> Effects:
    return compose(make_policy("p", levers), instance)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(levers=st.permutations(MANY))
def test_the_order_of_levers_means_nothing(instance, levers):
    assert composed(instance, *levers) == composed(instance, *MANY)
    assert make_policy("p", levers).digest == make_policy("q", MANY).digest


def test_no_lever_no_effect(instance):
    effects = composed(instance)
    assert effects == Effects()
    assert not effects.tracks_departures


def test_the_costliest_delay_counts_once_and_the_largest_exemption_lightens_it(instance):
    assert composed(instance, DELAY).delay_cny_per_tonne == 180.0
    assert composed(instance, *MANY).delay_cny_per_tonne == pytest.approx(180.0 * 0.7)


def test_full_interoperability_ends_the_delay(instance):
    free = Platform(jurisdictions=("national",), cny_per_year=1, interoperable_share=1)
    effects = composed(instance, DELAY, free)
    assert effects.delay_cny_per_tonne == 0
    assert not effects.tracks_departures


def test_every_platform_is_paid_for(instance):
    charges = composed(instance, *MANY).jurisdiction_charges
    assert sum(charge.cny_per_year * len(charge.jurisdictions) for charge in charges) == 135e6


def test_origins_are_tracked_only_where_a_rule_asks_for_them(instance):
    target = CascadeTarget(share=0.6, denominator="retired", hard=True)
    assert composed(instance, target).tracked_origins == ()
    assert composed(instance, InProvinceProcessing(jurisdictions=("B",))).tracked_origins == ("B",)
    assert composed(instance, *MANY).tracked_origins == ("A", "B", "C")


def test_a_rule_that_two_levers_state_alike_is_one_rule(instance):
    rules = [rule.rule for rule in composed(instance, *MANY).share_rules]
    assert sorted(rule for rule in rules if rule.startswith("in_province")) == [
        "in_province_processing[A]",
        "in_province_processing[B]",
        "in_province_processing[C]",
    ]


def test_rules_on_different_masses_keep_apart(instance):
    rules = composed(instance, *MANY).share_rules
    ids = [rule.rule for rule in rules]
    assert len(set(ids)) == len(ids)
    assert {"cascade_target[national]", "cascade_target[national] #2", "cascade_target[C]"} <= set(ids)


def test_goods_classes_by_commodity(instance):
    effects = composed(
        instance,
        Classification(goods_class="class9", commodities=("pack_ncm",)),
        Classification(goods_class="ordinary", commodities=("pack_lfp",)),
    )
    assert effects.goods_class == {"pack_lfp": "ordinary", "pack_ncm": "class9"}


CONTRADICTIONS = {
    "two goods classes": (
        (Classification(goods_class="class9"), Classification(goods_class="ordinary")),
        "pack_lfp is given two goods classes: class9 and ordinary",
    ),
    "two hard shares": (
        (
            InProvinceProcessing(jurisdictions=("A", "B"), share=0.5),
            InProvinceProcessing(jurisdictions=("B",), share=0.8),
        ),
        r"in_province_processing\[B\] is demanded with share 0.5 and share 0.8",
    ),
    "two penalties": (
        (
            CascadeTarget(share=0.6, denominator="retired", hard=False, penalty_cny_per_tonne=1),
            CascadeTarget(share=0.6, denominator="retired", hard=False, penalty_cny_per_tonne=2),
        ),
        "share 0.6 at 1 CNY/t and share 0.6 at 2 CNY/t",
    ),
    "open and closed": (
        (SiteChoice(open=("hub_b",), from_year=2025), SiteChoice(closed=("hub_b",))),
        "hub_b is to be open and closed at once in late",
    ),
    "too many and too few": (
        (SiteCount(minimum=3, maximum=4), SiteCount(maximum=2)),
        "minimum 3 is above maximum 2",
    ),
    "the same lever twice": ((DELAY, DELAY), "transfer_delay is given twice alike"),
}


@pytest.mark.parametrize(("levers", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictory_levers_are_refused(instance, levers, message):
    with pytest.raises(PolicyError, match=message):
        composed(instance, *levers)


def test_all_contradictions_are_reported_together(instance):
    levers = [lever for pair, _ in CONTRADICTIONS.values() for lever in pair]
    with pytest.raises(PolicyError) as caught:
        composed(instance, *levers)
    rules = [problem.rule for problem in caught.value.problems]
    # Three commodities, one share, one penalty, one site, one number, for which there are too few sites.
    assert rules.count("contradictory_levers") == 8
    assert rules.count("repeated_lever") == 1


def test_a_hard_floor_beside_a_soft_target_is_no_contradiction(instance):
    floor = CascadeTarget(share=0.1, denominator="retired", hard=True)
    target = CascadeTarget(share=0.6, denominator="retired", hard=False, penalty_cny_per_tonne=10)
    assert len(composed(instance, floor, target).share_rules) == 2


def test_friction_is_the_mean_over_what_retires(instance):
    # 100 + 3 * 200 = 700 t of pack_lfp and 300 t of pack_ncm retire over the horizon.
    everywhere = Classification(goods_class="class9", dual_regulation_cny_per_tonne=1400)
    assert friction_cny_per_tonne(composed(instance, everywhere), instance) == 1400
    on_lfp = Classification(
        goods_class="class9", commodities=("pack_lfp",), dual_regulation_cny_per_tonne=1000
    )
    assert friction_cny_per_tonne(composed(instance, on_lfp), instance) == pytest.approx(700)
    assert friction_cny_per_tonne(composed(instance), instance) == 0


def test_the_formal_share_rises_as_frictions_fall(instance):
    leakage = instance.settings.leakage
    shares = [formal_share(leakage, friction, 0.25) for friction in (1400.0, 700.0, 0.0)]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("gap", [1e9, -1e9])
def test_no_gap_is_too_wide_for_the_logit(instance, gap):
    leakage = instance.settings.leakage.model_copy(update={"reference_gap_cny_per_pack": gap})
    assert formal_share(leakage, 0.0, 0.0) == (0.0 if gap > 0 else 1.0)


@pytest.mark.parametrize(("friction", "pass_through"), [(0.0, 1.1), (0.0, -0.1), (float("nan"), 0.5)])
def test_leakage_refuses_nonsense(instance, friction, pass_through):
    with pytest.raises(ValueError, match="must"):
        formal_share(instance.settings.leakage, friction, pass_through)
