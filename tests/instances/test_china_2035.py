"""The instances of 2025 to 2035: their paths, and that each scenario changes what it says and no more."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.data.scenarios import with_scenario
from netopt.data.volumes import volume_of, with_volume
from netopt.network.lanes import why_not_priced
from netopt.pipeline import solve
from netopt.policy.compose import compose
from netopt.policy.read import read_policy
from netopt.solution.options import SolveOptions
from tests.instances.national import INSTANCES, part, source

MIDDLE = {"2025": 755_000.0, "2030": 2_500_000.0}
SCENARIOS = {
    "retirements-low": {"supply"},
    "retirements-high": {"supply"},
    "learning-none": {"costs_by_period"},
    "learning-fast": {"costs_by_period"},
    "prices-low": {"offtake", "informal", "second_life"},
    "prices-high": {"offtake", "informal", "second_life"},
}


@pytest.fixture(scope="module")
def instance() -> Instance:
    return read_instance(INSTANCES / "china-2035")


@pytest.fixture(scope="module")
def provinces() -> Instance:
    return read_instance(INSTANCES / "china-provinces-2035")


def tonnes(instance: Instance) -> pd.Series:
    return instance["supply"].groupby("period")["supply_tonnes_per_year"].sum()


def test_eleven_years_are_ten_periods(instance: Instance) -> None:
    periods = instance.settings.horizon.periods
    assert len(periods) == 10
    assert (periods[0].start_year, periods[-1].start_year + periods[-1].length_years) == (2025, 2036)
    assert [period.length_years for period in periods] == [1] * 9 + [2]


def test_retirements_grow_at_one_rate_to_2030_and_ever_more_slowly_after(instance: Instance) -> None:
    total = tonnes(instance)
    for period, expected in MIDDLE.items():
        assert total[period] == pytest.approx(expected, rel=1e-9)
    growth = (total.to_numpy()[1:] / total.to_numpy()[:-1]) - 1
    assert growth[:5] == pytest.approx([(2_500_000 / 755_000) ** 0.2 - 1] * 5, rel=1e-9)
    assert growth[5:8] == pytest.approx([growth[4] / 2, growth[4] / 4, growth[4] / 8], rel=1e-9)
    g34, g35 = growth[4] / 16, growth[4] / 32
    last = total["2033"] * ((1 + g34) + (1 + g34) * (1 + g35)) / 2
    assert total["2034-2035"] == pytest.approx(last, rel=1e-9)


def test_the_share_of_lfp_is_the_cited_one_to_2030_and_rises_to_75_per_cent(instance: Instance) -> None:
    supply = instance["supply"]
    lfp = supply[supply["commodity"] == "pack_lfp"].groupby("period")["supply_tonnes_per_year"].sum()
    share = lfp / tonnes(instance)
    cited = source("lfp_share_tian2025.csv").set_index("year").astype(float)
    for year, row in cited.iterrows():
        expected = row["lfp_tonnes"] / (row["lfp_tonnes"] + row["ncm_tonnes"])
        assert share[str(year)] == pytest.approx(expected, rel=1e-9)
    assert share["2030"] == pytest.approx(0.60, abs=0.005)
    assert np.diff(share.to_numpy()).min() > 0
    step = (0.75 - share["2030"]) / 5
    assert share["2033"] == pytest.approx(share["2030"] + 3 * step, rel=1e-9)


def test_places_keep_their_shares_of_2024(instance: Instance) -> None:
    now = read_instance(INSTANCES / "china-2024")
    for commodity in ("pack_lfp", "pack_ncm"):
        old, new = (
            one["supply"].set_index(["commodity", "period", "source"]).sort_index().loc[(commodity, period)]
            for one, period in ((now, "2024"), (instance, "2031"))
        )
        assert len(new) == 337
        pd.testing.assert_frame_equal(new / new.sum(), old / old.sum(), rtol=1e-5)


def test_prefectures_sum_to_their_provinces(instance: Instance, provinces: Instance) -> None:
    found, expected = (
        one["supply"]
        .assign(
            location=lambda table, one=one: table["source"].map(
                one["sources"].set_index("source")["location"]
            )
        )
        .assign(
            province=lambda table, one=one: table["location"].map(
                one["locations"].set_index("location")["jurisdiction"]
            )
        )
        .groupby(["province", "commodity", "period"])["supply_tonnes_per_year"]
        .sum()
        for one in (instance, provinces)
    )
    pd.testing.assert_series_equal(found, expected, rtol=0, atol=1e-3)


def test_costs_fall_with_what_ever_retired(instance: Instance) -> None:
    """By 5 % for each doubling of the 1,646,669 t that had retired by 2024."""
    costs = instance["costs_by_period"].set_index(["table", "row", "column", "period"])["value"]
    assert {table for table, *_ in costs.index} == {"sizes", "recipes"}
    of_2024 = instance["recipes"].set_index("recipe")["cost_cny_per_tonne"]["leach_lfp"]
    total = 1_646_669 + tonnes(instance)[["2025", "2026"]].sum()
    expected = of_2024 * 0.95 ** math.log2(total / 1_646_669)
    found = costs["recipes", "leach_lfp", "cost_cny_per_tonne", "2026"]
    assert found == pytest.approx(expected, abs=0.01)
    assert not [row for _, row, _, _ in costs.index if row.startswith("test_")]


def test_demand_for_second_life_grows_by_a_tenth_to_2030(instance: Instance) -> None:
    limit = (
        instance["offtake"]
        .query("commodity == 'second_life_lfp'")
        .groupby("period")["limit_units_per_year"]
        .sum()
    )
    now = read_instance(INSTANCES / "china-2024")["offtake"].query("commodity == 'second_life_lfp'")
    assert limit["2025"] == pytest.approx(1.1 * now["limit_units_per_year"].sum(), rel=1e-5)
    assert limit["2030"] == pytest.approx(1.1**6 * now["limit_units_per_year"].sum(), rel=1e-5)
    assert limit["2034-2035"] == limit["2030"]


def test_what_stands_and_where_to_build_is_as_in_china_2024(instance: Instance) -> None:
    pd.testing.assert_frame_equal(instance["sites"], read_instance(INSTANCES / "china-2024")["sites"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_changes_its_tables_alone_and_is_named(provinces: Instance, name: str) -> None:
    other = with_scenario(provinces, name)
    changed = {table for table in provinces.tables if not other[table].equals(provinces[table])}
    assert changed == SCENARIOS[name]
    assert other.digest != provinces.digest
    assert other.settings.instance.scenario == name


def test_every_shipped_scenario_is_tested(provinces: Instance, instance: Instance) -> None:
    assert (
        set(provinces["scenarios"]["scenario"]) == set(instance["scenarios"]["scenario"]) == set(SCENARIOS)
    )


@pytest.mark.parametrize(("path", "first", "turn"), [("low", 654_000, 1e6), ("high", 1_040_000, 5.93e6)])
def test_paths_of_retirements_run_through_their_ends(
    provinces: Instance, path: str, first: float, turn: float
) -> None:
    total = tonnes(with_scenario(provinces, f"retirements-{path}"))
    assert total["2025"] == pytest.approx(first, rel=1e-9)
    assert total["2030"] == pytest.approx(turn, rel=1e-9)
    assert total["2027"] == pytest.approx(first * (turn / first) ** 0.4, rel=1e-9)
    growth = (turn / first) ** 0.2 - 1
    assert total["2031"] == pytest.approx(turn * (1 + growth / 2), rel=1e-9)


def test_without_learning_costs_are_those_of_2024(provinces: Instance) -> None:
    costs = with_scenario(provinces, "learning-none")["costs_by_period"]
    recipes = provinces["recipes"].set_index("recipe")["cost_cny_per_tonne"]
    of_recipes = costs[costs["table"] == "recipes"]
    assert len(of_recipes) == 100
    assert of_recipes["value"].to_numpy() == pytest.approx(
        of_recipes["row"].map(recipes).to_numpy(), abs=0.02
    )


@pytest.mark.parametrize(
    ("end", "lithium", "nickel"), [("low", 59_800, 115_000), ("high", 190_000, 140_000)]
)
def test_prices_go_in_even_steps_to_the_end_of_their_range(
    provinces: Instance, end: str, lithium: float, nickel: float
) -> None:
    sold = with_scenario(provinces, f"prices-{end}")["offtake"]
    price = sold[sold["market"] == "metal_market"].set_index(["commodity", "period"])["price_cny_per_unit"]
    for metal, now, then in (("li2co3", 90_000, lithium), ("ni", 125_000, nickel)):
        for period, way in (("2025", 1 / 6), ("2027", 3 / 6), ("2030", 1), ("2034-2035", 1)):
            assert price[metal, period] == pytest.approx(now + way * (then - now), rel=1e-9)


def test_prices_move_both_channels_and_the_end_of_life_alike(provinces: Instance) -> None:
    low, high = (with_scenario(provinces, f"prices-{end}") for end in ("low", "high"))
    recovered, cost = "recovered_cny_per_tonne", "end_of_life_cost_cny_per_tonne"
    assert (low["informal"][recovered] < provinces["informal"][recovered]).all()
    assert (high["informal"][recovered] > provinces["informal"][recovered]).all()
    assert (low["second_life"][cost] > provinces["second_life"][cost]).all()
    assert (high["second_life"][cost] < provinces["second_life"][cost]).all()


def test_a_volume_scales_every_period_alike(instance: Instance) -> None:
    assert volume_of(instance) == "2025-middle"
    more = with_volume(instance, "2025-high")
    assert (tonnes(more) / tonnes(instance)).to_numpy() == pytest.approx([1040 / 755] * 10, rel=1e-9)


@pytest.mark.parametrize(
    "policy", ["unified", "mandates", "mandates-legal", "open-market", "measures-2026"]
)
def test_every_named_policy_can_be_bounded_over_all_arcs(instance: Instance, policy: str) -> None:
    assert why_not_priced(instance, compose(read_policy(policy, instance), instance)) is None


@pytest.mark.parametrize("strategy", ["direct", "priced"])
def test_a_part_is_planned_over_time(provinces: Instance, strategy: str) -> None:
    """Ningxia and Qinghai, all collected: plants grow, and second life comes back from 2031 on."""
    pair = part(with_scenario(provinces, "retirements-high"), ["CN-NX", "CN-QH"])
    options = SolveOptions(gap=0.05, time_limit_s=60, threads=1, formal_share=1.0, strategy=strategy)
    solution = solve(pair, read_policy("unified", pair), options)
    assert solution.verdict.ok
    outcome = solution.outcome
    assert outcome.lower_bound_cny_per_year <= outcome.upper_bound_cny_per_year
    assert outcome.gap <= 0.05
    facilities, flows = solution.answer.facilities, solution.answer.flows
    in_use = facilities[facilities["operating"].astype(float) > 0]
    capacity = in_use.groupby("period")["capacity_tonnes_per_year"].sum()
    assert capacity["2034-2035"] > 1.5 * capacity["2025"]
    back = flows[flows["from_place"].isin(pair["markets"]["market"])]
    sold = flows[flows["commodity"].str.startswith("second_life")]
    due = {"2025": "2031", "2026": "2032", "2027": "2033", "2028": "2034-2035", "2029": "2034-2035"}
    assert set(back["period"]) == {due[period] for period in sold["period"] if period in due}
