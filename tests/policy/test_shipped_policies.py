"""The committed policies: complete, sourced, comparable; and the committed page is fresh."""

from __future__ import annotations

import json
from math import isclose

import pytest

from netopt.errors import PolicyError
from netopt.finance import annuity_factor
from netopt.policy.base import CONTROL, LEVERS
from netopt.policy.catalogue import (
    COMMITTED_PAGE,
    lever_schema,
    parameter_rows,
    policies_page,
    policy_schema,
)
from netopt.policy.read import parse_policy, policy_names, policy_to_toml, read_policy, shipped_policies

NAMES = policy_names()
POLICIES = {name: parse_policy(name) for name in NAMES}
MEASURES = {name for name, lever in LEVERS.items() if lever.source != CONTROL}
"""Levers that are somebody's rule rather than a planner's control."""

ADDED = {
    "carbon_price",
    "collection_duty",
    "emission_cap",
    "enforcement",
    "epr_obligation",
    "facility_cap",
    "import_export",
    "local_content",
    "provincial_levy",
    "rebate",
    "recovery_floor",
    "subsidy",
    "transfer_ban",
}
"""Levers that no named policy has but the one that adds it alone to ``unified``."""


def levers(name: str) -> dict[str, dict[str, object]]:
    return {lever.lever: lever.model_dump(exclude={"basis"}) for lever in POLICIES[name].levers}


def test_the_named_policies_are_all_there():
    assert {"unified", "mandates", "mandates-legal", "open-market", "measures-2026"} <= set(NAMES)
    alone = {name.removeprefix("unified-plus-") for name in NAMES if name.startswith("unified-plus-")}
    assert alone == MEASURES - {"cascade_target"}


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_policy_is_called_like_its_file_and_says_what_it_is(name):
    policy = POLICIES[name]
    assert policy.name == name
    assert policy.title
    assert policy.description
    assert parse_policy(name).digest == policy.digest


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_a_shipped_policy_has_a_basis(name):
    for lever in POLICIES[name].levers:
        given = lever.model_fields_set - {"lever", "basis"}
        assert given == set(lever.basis), lever.lever


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_policy_survives_the_way_through_toml(name, tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(policy_to_toml(POLICIES[name]), encoding="utf-8")
    assert parse_policy(path) == POLICIES[name]


def test_each_lever_alone_differs_from_unified_in_that_lever_only_and_is_that_of_the_mandates():
    base, mandates = levers("unified"), levers("mandates")
    assert ADDED.isdisjoint(mandates)
    for name in MEASURES - {"cascade_target"} - ADDED:
        alone = levers(f"unified-plus-{name}")
        assert alone == {**base, name: mandates[name]}


@pytest.mark.parametrize("name", sorted(ADDED))
def test_a_lever_that_the_mandates_lack_is_added_alone_to_unified(name):
    alone = levers(f"unified-plus-{name}")
    assert alone.pop(name)
    assert alone == levers("unified")


def test_unified_and_mandates_have_the_same_soft_target():
    target = levers("unified")["cascade_target"]
    assert target == levers("mandates")["cascade_target"]
    assert not target["hard"]


def test_the_platforms_are_an_annuity_and_their_number_is_two_against_one():
    platform = levers("mandates")["platform"]
    assert isclose(platform["cny_per_year"], 300e6 * annuity_factor(0.08, 5), rel_tol=0.002)
    assert platform["jurisdictions"] == ("CN-ZJ", "national")
    assert levers("unified")["platform"]["jurisdictions"] == ("national",)


def test_open_market_is_private_and_has_no_mandate():
    assert POLICIES["open-market"].perspective == "private"
    assert set(levers("open-market")) == {"classification", "platform"}


def test_haulage_is_class_9_but_in_the_variants():
    for name in NAMES:
        expected = "hazardous" if name.endswith("-hazardous") else "class9"
        assert levers(name)["classification"]["goods_class"] == expected


def test_an_instance_elsewhere_is_told_which_provinces_it_lacks(instance):
    with pytest.raises(PolicyError) as caught:
        read_policy("mandates", instance)
    assert {problem.value for problem in caught.value.problems} == {"CN-GD", "CN-JX", "CN-SC", "CN-ZJ"}


def test_the_committed_page_is_fresh():
    committed = (shipped_policies() / COMMITTED_PAGE).read_text(encoding="utf-8")
    assert committed == policies_page(), "run `netopt.policy.catalogue.policies_page` and commit its text"


def test_the_page_shows_every_parameter_of_every_lever():
    page = policies_page()
    used = {lever.lever for policy in POLICIES.values() for lever in policy.levers}
    assert used == MEASURES
    for name, lever in LEVERS.items():
        section = page.partition(f"### `{name}`: ")[2].partition("\n### ")[0]
        for parameter in lever.parameters():
            assert f"\n| `{parameter}` | " in section
            assert (f"`{name}` | `{parameter}`" in page) == (name in used)


@pytest.mark.parametrize("name", LEVERS)
def test_schema_and_rows_tell_the_same_bounds(name):
    schema = lever_schema(name)["properties"]
    for row in parameter_rows(LEVERS[name]):
        assert row.parameter in schema
        if "share" in row.parameter:
            assert (row.unit, row.bounds) == ("-", ">= 0, <= 1")
        if row.parameter == "jurisdictions" and row.default == "required":
            assert "not empty" in row.bounds


def test_the_schema_of_a_policy_file_lists_every_lever():
    schema = json.loads(json.dumps(policy_schema()))
    options = schema["properties"]["levers"]["items"]["anyOf"]
    assert {option["properties"]["lever"]["const"] for option in options} == set(LEVERS)
    assert all("lever" in option["required"] for option in options)
