"""Each lever's effects, written down by hand."""

from __future__ import annotations

import dataclasses

import pytest
from pydantic import ValidationError

from netopt.policy.base import CONTROL, LEVERS, RULE
from netopt.policy.effects import (
    CollectionCharge,
    CountSites,
    CrossingDelay,
    DelayExemption,
    FacilityCharge,
    ForbidHauls,
    ForbidOperators,
    ForceSite,
    JurisdictionCharge,
    Mass,
    Reclassify,
    ShareRule,
    SingleSource,
    StorageCharge,
)
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


def test_every_file_of_the_package_registers_a_lever():
    assert sorted(LEVERS) == [
        "carbon_price",
        "cascade_target",
        "classification",
        "collection_duty",
        "emission_cap",
        "enforcement",
        "epr_obligation",
        "facility_cap",
        "haulage_modes",
        "import_export",
        "in_province_processing",
        "local_content",
        "maximum_haul",
        "platform",
        "provincial_levy",
        "rebate",
        "recovery_floor",
        "single_sourcing",
        "site_choice",
        "site_count",
        "subsidy",
        "transfer_ban",
        "transfer_delay",
        "whitelist",
    ]


@pytest.mark.parametrize("lever", LEVERS.values(), ids=LEVERS)
def test_every_lever_documents_itself(lever):
    assert lever.title
    assert lever.equation
    assert lever.source in (CONTROL, RULE) or "Brief (Duan 2024)" in lever.source
    assert "assumed" in lever.source or "derived" in lever.source
    for name in lever.parameters():
        assert lever.model_fields[name].description, name


def test_in_province_processing_is_one_rule_per_jurisdiction(instance):
    lever = InProvinceProcessing(jurisdictions=("B", "A"), share=0.8, commodities=("pack_lfp",))
    assert lever.effects(instance) == tuple(
        ShareRule(
            lever="in_province_processing",
            rule=f"in_province_processing[{home}]",
            part=Mass("processed", commodities=("pack_lfp",), jurisdictions=(home,), origins=(home,)),
            whole=Mass("collected", origins=(home,), commodities=("pack_lfp",)),
            share=0.8,
        )
        for home in ("A", "B")
    )


def test_in_province_processing_closes_the_border_by_default_and_may_be_soft(instance):
    lever = InProvinceProcessing(
        jurisdictions=("A",), facility_types=("dismantler",), hard=False, penalty_cny_per_tonne=50.0
    )
    (rule,) = lever.effects(instance)
    assert (rule.share, rule.penalty_cny_per_tonne) == (1.0, 50.0)
    assert rule.part.facility_types == ("dismantler",)
    assert rule.whole.commodities == ()


def test_cascade_target_is_national_without_jurisdictions(instance):
    lever = CascadeTarget(share=0.6, denominator="retired", hard=True)
    assert lever.effects(instance) == (
        ShareRule(
            "cascade_target",
            "cascade_target[national]",
            part=Mass("processed", facility_types=("cascade",)),
            whole=Mass("retired"),
            share=0.6,
        ),
    )


def test_cascade_target_per_jurisdiction_counts_batteries_by_origin_wherever_they_are_used(instance):
    lever = CascadeTarget(
        share=0.5,
        denominator="eligible",
        hard=False,
        penalty_cny_per_tonne=100.0,
        jurisdictions=("A", "C"),
        facility_types=("cascade", "hub"),
    )
    assert lever.effects(instance) == tuple(
        ShareRule(
            "cascade_target",
            f"cascade_target[{origin}]",
            part=Mass("processed", facility_types=("cascade", "hub"), origins=(origin,)),
            whole=Mass("eligible", origins=(origin,)),
            share=0.5,
            penalty_cny_per_tonne=100.0,
        )
        for origin in ("A", "C")
    )


@pytest.mark.parametrize(
    "lever",
    [
        InProvinceProcessing(jurisdictions=("A",), share=0.0),
        CascadeTarget(share=0.0, denominator="retired", hard=True),
    ],
    ids=lambda lever: lever.lever,
)
def test_a_share_of_nothing_is_no_rule(lever, instance):
    assert lever.effects(instance) == ()


@pytest.mark.parametrize(("hard", "penalty"), [(True, 5.0), (False, None)])
def test_a_rule_is_either_hard_or_priced(hard, penalty):
    with pytest.raises(ValidationError, match="penalty_cny_per_tonne"):
        CascadeTarget(share=0.5, denominator="retired", hard=hard, penalty_cny_per_tonne=penalty)
    with pytest.raises(ValidationError, match="penalty_cny_per_tonne"):
        InProvinceProcessing(jurisdictions=("A",), hard=hard, penalty_cny_per_tonne=penalty)


def test_classification_reclassifies_what_is_undismantled_and_charges_what_retires(instance):
    lever = Classification(
        goods_class="class9",
        dual_regulation_cny_per_tonne=1400.0,
        permit_cny_per_year=2e6,
        facility_types=("dismantler",),
        storage_cny_per_tonne_year=30.0,
    )
    assert lever.effects(instance) == (
        Reclassify("classification", ("cascade_lfp", "pack_lfp", "pack_ncm"), "class9"),
        CollectionCharge("classification", "compliance", 1400.0),
        FacilityCharge("classification", "compliance", 2e6, ("dismantler",)),
        StorageCharge("classification", "storage", 30.0),
    )


def test_classification_of_named_commodities_leaves_the_others_alone(instance):
    lever = Classification(
        goods_class="ordinary", commodities=("pack_ncm",), dual_regulation_cny_per_tonne=700.0
    )
    assert lever.effects(instance) == (
        Reclassify("classification", ("pack_ncm",), "ordinary"),
        CollectionCharge("classification", "compliance", 700.0, ("pack_ncm",)),
    )


@pytest.mark.parametrize(
    ("action", "forbidden"), [("open", ["open"]), ("receive", ["receive"]), ("both", ["open", "receive"])]
)
def test_whitelist_forbids_what_its_action_says(action, forbidden, instance):
    lever = Whitelist(
        jurisdiction="C", action=action, facility_types=("hub",), exempt_operators=("gem",), until_year=2030
    )
    assert lever.effects(instance) == tuple(
        ForbidOperators("whitelist", "C", one, ("hub",), ("gem",), 2030) for one in forbidden
    )


def test_transfer_delay_adds_up_the_daily_costs(instance):
    lever = TransferDelay(days=45, holding_cny_per_tonne_day=4, grade_loss_cny_per_tonne_day=1)
    (delay,) = lever.effects(instance)
    assert delay == CrossingDelay("transfer_delay", 45.0, 5.0)
    assert delay.cny_per_tonne == 225.0


def test_platform_charges_each_and_calls_the_nation_by_its_own_id(instance):
    lever = Platform(jurisdictions=("national", "B"), cny_per_year=75e6, interoperable_share=0.3)
    assert lever.effects(instance) == (
        JurisdictionCharge("platform", "platform", 75e6, ("", "B")),
        DelayExemption("platform", 0.3),
    )
    assert lever.references()[0].ids == ("B",)


def test_maximum_haul_forbids_what_is_longer(instance):
    lever = MaximumHaul(km=300, commodities=("pack_lfp",), legs=("trunk", "first"), modes=("road",))
    assert lever.effects(instance) == (
        ForbidHauls("maximum_haul", ("pack_lfp",), ("first", "trunk"), ("road",), 300.0),
    )
    assert MaximumHaul(km=300).effects(instance) == (ForbidHauls("maximum_haul", longer_than_km=300.0),)


def test_haulage_modes_forbid_the_modes_that_are_not_named(instance):
    modes = instance["haulage"].assign(mode=["rail", "road"])
    both = dataclasses.replace(instance, tables={**instance.tables, "haulage": modes})
    lever = HaulageModes(modes=("road",), commodities=("pack_lfp",))
    assert lever.effects(both) == (ForbidHauls("haulage_modes", ("pack_lfp",), modes=("rail",)),)
    assert HaulageModes(modes=("rail", "road")).effects(both) == ()


def test_site_choice_is_one_effect_per_site(instance):
    lever = SiteChoice(open=("h2", "h1"), closed=("r",), from_year=2024, until_year=2030)
    assert lever.effects(instance) == (
        ForceSite("site_choice", "h1", "open", 2024, 2030),
        ForceSite("site_choice", "h2", "open", 2024, 2030),
        ForceSite("site_choice", "r", "closed", 2024, 2030),
    )


def test_site_count_is_one_rule_or_one_for_each_jurisdiction(instance):
    together = SiteCount(minimum=1, maximum=3, facility_types=("hub",), jurisdictions=("B", "A"))
    (rule,) = together.effects(instance)
    assert rule == CountSites("site_count", 1, 3, ("hub",), ("A", "B"))
    assert rule.rule == "site_count[hub in A, B: at least 1 and at most 3]"
    each = SiteCount(maximum=3, jurisdictions=("B", "A"), each_jurisdiction=True)
    assert each.effects(instance) == tuple(
        CountSites("site_count", maximum=3, jurisdictions=(home,)) for home in ("A", "B")
    )
    everywhere = SiteCount(maximum=3, each_jurisdiction=True).effects(instance)
    assert [rule.jurisdictions for rule in everywhere] == [("A",), ("B",), ("C",)]
    assert SiteCount(minimum=0).effects(instance)[0].rule == "site_count[all: at least 0]"


def test_single_sourcing_is_one_rule(instance):
    lever = SingleSourcing(commodities=("pack_ncm", "pack_lfp"), facility_types=("hub",))
    (rule,) = lever.effects(instance)
    assert rule == SingleSource("single_sourcing", ("pack_lfp", "pack_ncm"), ("hub",))
    assert rule.rule == "single_sourcing[pack_lfp, pack_ncm to hub]"
    assert SingleSourcing().effects(instance) == (SingleSource("single_sourcing"),)


def test_ids_are_a_set(instance):
    assert Platform(jurisdictions=("B", "A"), cny_per_year=1) == Platform(
        jurisdictions=("A", "B"), cny_per_year=1
    )
    with pytest.raises(ValidationError, match="names B twice"):
        Platform(jurisdictions=("B", "B"), cny_per_year=1)
