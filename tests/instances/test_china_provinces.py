"""The shipped national instance: its figures, its making, and the origin of every column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import read_instance
from tests.instances.national import INSTANCES, KINDS, rebuild, source

FOLDER = INSTANCES / "china-provinces"


@pytest.fixture(scope="module")
def instance() -> Instance:
    return read_instance(FOLDER)


def test_tian_shares_move_supply_alone(tmp_path: Path, instance: Instance) -> None:
    variant = rebuild("china-provinces", tmp_path / "tian", "--shares", "tian")
    tonnes = variant["supply"].groupby("source")["supply_tonnes_per_year"].sum()
    assert tonnes.sum() == pytest.approx(580_000)
    eol = source("eol_tonnes_tian2025.csv")
    weights = eol["eol_tonnes_2024"].astype(float)
    guangdong = float(weights[eol["iso_3166_2"] == "CN-GD"].iloc[0] / weights.sum())
    assert tonnes["src_gd"] == pytest.approx(580_000 * guangdong)
    changed = [n for n, table in variant.tables.items() if not table.equals(instance[n])]
    # The end-of-life value holds the mean haul inside a province, which supply weighs.
    assert sorted(changed) == ["second_life", "supply"]


def test_standing_plants_can_be_made_expandable(tmp_path: Path, instance: Instance) -> None:
    variant = rebuild("china-provinces", tmp_path / "variant", "--expandable")
    assert variant.name == "china-provinces-expandable"
    changed = [n for n, table in variant.tables.items() if not table.equals(instance[n])]
    assert changed == ["sites"]
    assert variant["sites"]["may_build"].all()
    pd.testing.assert_frame_equal(
        variant["sites"].assign(may_build=instance["sites"]["may_build"]), instance["sites"]
    )


def test_black_mass_can_be_offered_from_abroad(tmp_path: Path, instance: Instance) -> None:
    """LFP by its lithium: 100 x 0.0299 per cent x 2,800 CNY; NCM by 70 % of what its leach recovers."""
    variant = rebuild("china-provinces", tmp_path / "variant", "--imports")
    assert variant.name == "china-provinces-imports"
    changed = [n for n, table in variant.tables.items() if not table.equals(instance[n])]
    assert changed == ["vendors", "offers"]
    price = variant["offers"].set_index("commodity")["price_cny_per_unit"]
    held = instance["metal_contents"].set_index(["commodity", "metal"])["tonnes_per_unit"]
    assert price["black_mass_lfp"] == pytest.approx(2800 * 100 * held["black_mass_lfp", "Li"], rel=1e-4)
    sold = instance["offtake"].drop_duplicates("commodity").set_index("commodity")["price_cny_per_unit"]
    leached = instance["recipe_outputs"].set_index(["recipe", "commodity"])["yield_units_per_tonne"]
    worth = sum(sold[metal] * leached["leach_ncm", metal] for metal in ("li2co3", "ni", "co"))
    assert price["black_mass_ncm"] == pytest.approx(0.7 * worth, rel=1e-4)


def test_trains_can_run_between_capitals(tmp_path: Path, instance: Instance) -> None:
    variant = rebuild("china-provinces", tmp_path / "variant", "--rail")
    changed = [n for n, table in variant.tables.items() if not table.equals(instance[n])]
    assert changed == ["haulage", "distances"]
    keys = ["mode", "goods_class", "leg"]
    tariff = variant["haulage"].set_index(keys)["tariff_cny_per_tonne_km"]
    assert tariff["rail", "class9", "trunk"] == pytest.approx(0.4 * tariff["road", "class9", "trunk"])
    assert len(variant["distances"]) == 2 * len(instance["distances"])


def test_supply_is_the_national_mass_in_the_national_mix(instance: Instance) -> None:
    supply = instance["supply"]
    total = supply["supply_tonnes_per_year"].sum()
    lfp = supply.loc[supply["commodity"] == "pack_lfp", "supply_tonnes_per_year"].sum()
    assert total == pytest.approx(580_000)
    assert lfp / total == pytest.approx(0.37)
    assert supply["source"].nunique() == 31


def test_provinces_share_supply_by_their_stock(instance: Instance) -> None:
    stock = source("nev_stock_2024.csv").set_index("adcode")["nev_stock_2024_est_proxy"].astype(float)
    tonnes = instance["supply"].groupby("source")["supply_tonnes_per_year"].sum()
    assert tonnes["src_sc"] / tonnes["src_xz"] == pytest.approx(stock["510000"] / stock["540000"])


@pytest.mark.parametrize("facility_type", ["dismantler", "hydromet"])
def test_standing_capacity_is_the_cited_one(instance: Instance, facility_type: str) -> None:
    cited = source("formal_capacity_tian2025.csv")["formal_capacity_t_2024"].astype(float).sum()
    sites = instance["sites"]
    chosen = sites[sites["facility_type"] == facility_type]
    sizes = instance["sizes"].query("facility_type == @facility_type and size == '100kt'")
    per_pack = float(sizes["capacity_tonnes_per_year"].iloc[0]) / 100_000
    nominal = chosen["existing_capacity_tonnes_per_year"].sum() / per_pack
    assert nominal == pytest.approx(cited, rel=1e-4)
    assert (
        chosen.loc[chosen["existing_capacity_tonnes_per_year"] > 0, "existing_fixed_cny_per_year"].min() > 0
    )


def test_capital_follows_the_scale_law(instance: Instance) -> None:
    for _, sizes in instance["sizes"].groupby("facility_type"):
        packs = sizes["size"].str.removesuffix("kt").astype(float).to_numpy()
        exponents = np.diff(np.log(sizes["capital_cny"].to_numpy())) / np.diff(np.log(packs))
        assert exponents == pytest.approx([0.65] * 3, abs=1e-6)


def test_a_tonne_keeps_its_metals_through_every_route(instance: Instance) -> None:
    """Lithium out of hydromet = content x recoveries, computed here by hand."""
    outputs = instance["recipe_outputs"].set_index(["recipe", "commodity"])["yield_units_per_tonne"]
    lithium_t = 115 * 0.106 / 1000
    expected = lithium_t * 0.98 * 0.90 * 73.891 / (2 * 6.94)
    made = outputs["dismantle_pack_lfp", "black_mass_lfp"] * outputs["leach_lfp", "li2co3"]
    assert made == pytest.approx(expected, rel=1e-4)
    nickel = outputs["dismantle_pack_ncm", "black_mass_ncm"] * outputs["leach_ncm", "ni"]
    assert nickel == pytest.approx(140 * 0.6 / 1000 * 0.98 * 0.98, rel=1e-4)


def test_no_recipe_makes_mass(instance: Instance) -> None:
    mass = instance["commodities"].set_index("commodity")["tonnes_per_unit"]
    outputs = instance["recipe_outputs"]
    tonnes = (
        (outputs["yield_units_per_tonne"] * outputs["commodity"].map(mass)).groupby(outputs["recipe"]).sum()
    )
    assert tonnes.max() <= 1 + 1e-12


def test_distances_are_symmetric_and_complete(instance: Instance) -> None:
    table = instance["distances"].pivot_table(index="origin", columns="destination", values="distance_km")
    assert table.shape == (31, 31)
    assert table.isna().to_numpy().sum() == 31
    assert np.nanmax(np.abs(table.to_numpy() - table.to_numpy().T)) == 0


def test_guangdong_has_local_and_non_local_owners(instance: Instance) -> None:
    homes = instance["operators"].set_index("operator")["jurisdiction"]
    sites = instance["sites"].query("location == '440100'")
    local = sites["operator"].map(homes) == "CN-GD"
    for facility_type, owners in local.groupby(sites["facility_type"]):
        assert set(owners) == {True, False}, facility_type


def test_end_of_life_cost_is_the_instances_own(instance: Instance) -> None:
    """LFP scrap back from storage, added up from this instance's tables by hand."""
    outputs = instance["recipe_outputs"].set_index(["recipe", "commodity"])["yield_units_per_tonne"]
    recipes = instance["recipes"].set_index("recipe")
    price = (
        instance["offtake"].query("market == 'metal_market'").set_index("commodity")["price_cny_per_unit"]
    )
    first = instance["haulage"].query("goods_class == 'class9' and leg == 'first'").iloc[0]
    locations, supply = instance["locations"].set_index("location"), instance["supply"]
    tonnes = supply.groupby("source")["supply_tonnes_per_year"].sum()
    places = instance["sources"].set_index("source")["location"]
    km = float((tonnes / tonnes.sum() * places.map(locations["internal_km"])).sum())
    carbon = instance.settings.prices.carbon_cny_per_tonne / 1000
    black = outputs["dismantle_scrap_lfp", "black_mass_lfp"]
    cost = 400 + first["loading_cny_per_tonne"] + first["tariff_cny_per_tonne_km"] * km
    cost += first["emission_kgco2e_per_tonne_km"] * km * carbon
    cost += recipes.loc["dismantle_scrap_lfp", "cost_cny_per_tonne"]
    leach = recipes.loc["leach_lfp"]
    cost += black * (leach["cost_cny_per_tonne"] + leach["emission_kgco2e_per_tonne"] * carbon)
    value = sum(outputs["dismantle_scrap_lfp", metal] * price[metal] for metal in ("cu", "al"))
    value += black * sum(outputs["leach_lfp", metal] * price[metal] for metal in ("li2co3", "fepo4"))
    stated = instance["second_life"].set_index("commodity")["end_of_life_cost_cny_per_tonne"]
    assert stated["second_life_lfp"] == pytest.approx(cost - value, abs=1.0)


def test_every_assumption_says_what_it_is() -> None:
    assumptions = source("assumptions.csv")
    assert list(assumptions.columns) == [
        "parameter",
        "value",
        "low",
        "high",
        "unit",
        "year",
        "source",
        "status",
        "note",
    ]
    assert set(assumptions["status"]) <= KINDS
    assert (assumptions["source"] != "").all()
    assert not assumptions["parameter"].duplicated().any()
    own = assumptions["source"].str.startswith("own estimate")
    assert (assumptions.loc[own, "status"] == "assumed").all()


def test_the_named_groups_are_at_home_where_the_first_white_list_has_them(instance: Instance) -> None:
    listed = set(source("white_list_batch1.csv")["province_adcode"])
    provinces = source("provinces.csv").set_index("iso_3166_2")["adcode"]
    operators = instance["operators"]
    named = operators[~operators["operator"].str.startswith("local_")]
    assert set(named["operator"]) == {"brunp", "gem"}
    assert set(named["jurisdiction"].map(provinces)) <= listed


def test_candidates_stand_where_their_rules_say(instance: Instance) -> None:
    sites = instance["sites"].assign(
        province=lambda table: table["location"].map(
            instance["locations"].set_index("location")["jurisdiction"]
        )
    )
    provinces = source("provinces.csv").dropna(subset=["capital_adcode"])
    everywhere = set(instance["jurisdictions"]["jurisdiction"])
    firms = set(source("white_list_cascade.csv")["province_adcode"])
    named = set(provinces.loc[provinces["adcode"].isin(firms), "iso_3166_2"])
    candidates = sites[sites["may_build"]].groupby("facility_type")["province"].agg(set)
    standing = sites[~sites["may_build"]].groupby("facility_type")["province"].agg(set)
    assert candidates["hub"] == everywhere
    assert standing["cascade"] == named
    assert len(named) == 9
    assert candidates["cascade"] == everywhere - named | {"CN-GD"}
    assert standing["dismantler"] == standing["hydromet"]
    assert candidates["dismantler"] == candidates["hydromet"] == everywhere - standing["dismantler"]
    assert (sites["existing_divisible"] == (sites["existing_capacity_tonnes_per_year"] > 0)).all()


def test_a_named_cascade_firm_has_the_mean_capacity_of_the_white_list(instance: Instance) -> None:
    sites = instance["sites"].set_index("site")
    assert sites.loc["cascade_tj", "existing_capacity_tonnes_per_year"] == round(4_233_000 / 156)
