from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from shapely.geometry import LineString, MultiLineString

from netopt.errors import UsageError
from netopt.maps import layers
from netopt.maps.basemap import base_map_of, china
from netopt.maps.lines import geodesic_line
from netopt.maps.shipments import period_shares, shipments
from netopt.policy.levers.site_choice import SiteChoice
from netopt.solution.tables import SOLUTION_COLUMNS
from tests.maps.map_cases import (
    CHINA,
    FakeRun,
    china_run,
    empty_answer,
    flows_of,
    make_instance,
    make_policy,
    toy_run,
)


def tonnes_of(run: FakeRun) -> float:
    """Return all tonnes of the answer a year, mean over the horizon, from the flows alone."""
    per_unit = run.instance["commodities"].set_index("commodity")["tonnes_per_unit"]
    flows = run.answer.flows
    tonnes = flows["flow_units_per_year"] * flows["commodity"].map(per_unit)
    return float((tonnes * flows["period"].map(period_shares(run.instance))).sum())


@pytest.mark.parametrize("periods", [1, 3])
@pytest.mark.parametrize("make_run", [toy_run, china_run])
def test_every_tonne_is_a_route_a_local_receipt_or_a_gate_sale(make_run, periods):
    run = make_run(periods)
    facilities, markets = layers.facilities(run), layers.markets(run)
    mapped = layers.routes(run)["tonnes_per_year"].sum()
    mapped += facilities["received_locally_tonnes_per_year"].sum()
    mapped += facilities["sold_at_gate_tonnes_per_year"].sum()
    mapped += markets["received_locally_tonnes_per_year"].sum()
    assert mapped == pytest.approx(tonnes_of(run), rel=1e-12)


def test_routes_of_the_toy_are_the_ones_written_down():
    routes = layers.routes(toy_run()).set_index(["from_location", "to_location", "commodity"])
    tonnes = routes["tonnes_per_year"].to_dict()
    assert tonnes == pytest.approx(
        {
            ("L-A", "L-B", "scrap"): 10_000 * 0.7 * 0.7,
            ("L-B", "L-A", "black_mass"): 10_000 * 0.7 * 0.5,
            ("L-A", "L-B", "cascade"): 10_000 * 0.7 * 0.3,
            ("L-C", "L-A", "pack"): 2_000,
        }
    )
    assert routes["leg"].to_dict()["L-C", "L-A", "pack"] == "first"
    assert routes["stage"].tolist() == ["undismantled", "intermediate", "cascade_grade", "first_leg"]
    assert routes["tonne_km_per_year"].tolist() == pytest.approx([800 * value for value in tonnes.values()])


def test_provenances_and_periods_of_one_route_are_added_up():
    instance = make_instance(periods=2)
    flows = flows_of(
        [
            ("S-A", "hub-B", "pack", "2024", 100.0, 300.0),
            ("S-A", "hub-B", "pack", "2024", 50.0, 300.0),
            ("S-A", "hub-B", "pack", "2025", 30.0, 300.0),
        ]
    )
    routes = layers.routes(FakeRun(instance, make_policy(), empty_answer(flows=flows), None))
    assert len(routes) == 1
    row = routes.iloc[0]
    assert (row["tonnes_per_year_2024"], row["tonnes_per_year_2025"]) == (150.0, 30.0)
    assert row["tonnes_per_year"] == pytest.approx((150 * 1 + 30 * 3) / 4)
    assert row["distance_km"] == 300.0


def test_units_other_than_tonnes_are_weighed():
    instance = make_instance()
    flows = flows_of([("cascade_plant-A", "M-B", "second_life", "2024", 1400.0, 300.0)])
    routes = layers.routes(FakeRun(instance, make_policy(), empty_answer(flows=flows), None))
    assert routes["tonnes_per_year"].tolist() == pytest.approx([10.0])


def test_facilities_know_their_status_capacity_and_load():
    run = toy_run()
    table = layers.facilities(run).set_index("site")
    assert table["status"].to_dict() == {
        "hub-A": "new",
        "hub-B": "expanded",
        "cascade_plant-B": "expanded",
        "dismantler-B": "expanded",
        "hydromet-A": "new",
        "hydromet-B": "closed",
    } | {"cascade_plant-B": table.loc["cascade_plant-B", "status"]}
    load = run.answer.facilities.groupby("site")["load_tonnes_per_year"].sum()
    assert table["load_tonnes_per_year"].to_dict() == pytest.approx(load[table.index].to_dict())
    used = table["load_tonnes_per_year"] / table["capacity_tonnes_per_year"]
    pd.testing.assert_series_equal(table["utilisation_share"], used, check_names=False)
    assert table.loc["hub-A", "opened_period"] == "2024"
    assert table.loc["hydromet-B", ["opened_period", "closed_period"]].tolist() == ["", "2024"]
    assert table.loc["dismantler-B", "sizes"] == "existing+large"


def test_a_facility_that_ends_before_the_horizon_is_closed():
    run = toy_run(2)
    table = run.answer.facilities
    ends = (table["site"] == "hub-A") & (table["period"] == "2025")
    answer = replace(run.answer, facilities=table.assign(operating=table["operating"] & ~ends))
    facilities = layers.facilities(replace(run, answer=answer)).set_index("site")
    assert facilities.loc["hub-A", ["status", "closed_period"]].tolist() == ["closed", "2025"]
    assert facilities.loc["hub-B", "status"] == "expanded"


def divisible_run(shares: list[float]) -> FakeRun:
    """Return a run in which B's hub (2,500 t/yr stand) keeps a share in each period, flagged closed."""
    instance = make_instance(periods=len(shares))
    rows = [
        ("hub-B", "existing", period, False, False, share < 1, False, share > 0, 2500.0 * share, 0.0)
        for period, share in zip(instance.periods, shares, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(SOLUTION_COLUMNS["facilities"]))
    facilities = table.astype(dict.fromkeys(("site", "size", "period"), "str"))
    return FakeRun(instance, make_policy(), empty_answer(facilities=facilities), None)


def hub_of(run: FakeRun) -> pd.Series:
    """Return the row of B's hub."""
    return layers.facilities(run).set_index("site").loc["hub-B"]


def test_a_plant_that_keeps_a_part_is_not_closed():
    row = hub_of(divisible_run([0.4]))
    assert (row["status"], row["closed_period"]) == ("existing", "")
    assert row["standing_capacity_tonnes_per_year"] == pytest.approx(2500.0)
    assert row["kept_share"] == pytest.approx(0.4)
    assert row["capacity_tonnes_per_year"] == pytest.approx(1000.0)


def test_a_plant_is_closed_from_the_period_on_in_which_nothing_is_left():
    row = hub_of(divisible_run([0.6, 0.2, 0.0]))
    assert (row["status"], row["closed_period"], row["kept_share"]) == ("closed", "2026", 0.0)
    shares = [row[f"kept_share_{year}"] for year in (2024, 2025, 2026)]
    assert shares == pytest.approx([0.6, 0.2, 0.0])
    assert hub_of(divisible_run([0.0]))["closed_period"] == "2024"


def test_what_is_new_had_nothing_to_keep():
    table = layers.facilities(toy_run()).set_index("site")
    assert table.loc["hub-A", "standing_capacity_tonnes_per_year"] == 0.0
    assert pd.isna(table.loc["hub-A", "kept_share"])
    assert table.loc["hub-B", "kept_share"] == 1.0
    assert table["kept_share"].dropna().between(0, 1).all()


def test_facilities_of_one_place_are_numbered_by_type():
    table = layers.facilities(toy_run()).set_index("site")
    here = table[table["location"] == "L-B"]
    assert here["n_at_location"].tolist() == [len(here)] * len(here)
    ranks = here.sort_values("rank_at_location")["facility_type"]
    assert ranks.tolist() == ["hub", "cascade_plant", "dismantler", "hydromet"]
    assert sorted(here["rank_at_location"]) == [1, 2, 3, 4]


def test_facilities_say_which_sites_the_policy_forces():
    lever = SiteChoice(open=("hub-A",), closed=("hydromet-B", "hub-C"), from_year=2025)
    policy = replace(make_policy(), levers=(lever,))
    table = layers.facilities(replace(toy_run(2), policy=policy)).set_index("site")
    assert table["forced"][table["forced"] != ""].to_dict() == {"hub-A": "open", "hydromet-B": "closed"}
    too_late = layers.facilities(replace(toy_run(1), policy=policy))
    assert set(too_late["forced"]) == {""}


def test_sources_carry_what_retires_and_what_is_collected():
    run = china_run(2)
    sources = layers.sources(run)
    shares = period_shares(run.instance)
    supply = run.answer.supply
    for figure in ("retired", "collected", "leaked"):
        column = f"{figure}_tonnes_per_year"
        expected = (supply[column] * supply["period"].map(shares)).sum()
        assert sources[column].sum() == pytest.approx(expected)
    assert {"collected_tonnes_per_year_2024", "collected_tonnes_per_year_2025"} <= set(sources.columns)


def test_all_34_units_are_drawn_whatever_the_instance_has():
    run = china_run()
    provinces = layers.jurisdictions(run, china().boundaries)
    assert len(provinces) == 34
    assert {"CN-TW", "CN-HK", "CN-MO"} <= set(provinces["jurisdiction"])
    assert provinces.geometry.notna().all()
    assert set(provinces.geom_type) == {"MultiPolygon"}
    figures = provinces.set_index("jurisdiction")["collected_tonnes_per_year"]
    assert figures.notna().sum() == len(CHINA)
    assert figures["CN-GD"] == pytest.approx(0.3 * 174_000)


def test_units_without_boundaries_keep_their_figures():
    run = toy_run()
    assert base_map_of(run.instance) is None
    provinces = layers.jurisdictions(run, None)
    assert provinces.geometry.isna().all()
    assert provinces["collected_tonnes_per_year"].sum() == pytest.approx(10_000)


def test_an_answer_without_flows_has_empty_layers():
    run = FakeRun(make_instance(), make_policy(), empty_answer(), None)
    assert len(layers.routes(run)) == 0
    assert len(layers.sources(run)) == 3
    facilities = layers.facilities(run)
    assert len(facilities) == 0
    assert "capacity_tonnes_per_year" in facilities.columns


def test_a_flow_of_an_unknown_place_is_refused():
    flows = flows_of([("S-A", "nowhere", "pack", "2024", 1.0, 1.0)])
    with pytest.raises(UsageError, match="nowhere"):
        shipments(FakeRun(make_instance(), make_policy(), empty_answer(flows=flows), None))


def test_a_return_from_a_market_is_a_first_leg():
    flows = flows_of([("M-A", "dismantler-B", "scrap", "2024", 5.0, 100.0)])
    routes = layers.routes(FakeRun(make_instance(), make_policy(), empty_answer(flows=flows), None))
    assert routes["leg"].tolist() == ["first"]
    assert routes["stage"].tolist() == ["first_leg"]


def test_lines_are_geodesics_and_stop_at_the_antimeridian():
    straight = geodesic_line((100.0, 30.0), (120.0, 30.0))
    assert isinstance(straight, LineString)
    assert straight.coords[0] == (100.0, 30.0)
    assert straight.coords[-1] == (120.0, 30.0)
    assert max(lat for _, lat in straight.coords) > 30.2
    cut = geodesic_line((178.0, -18.0), (-179.0, -17.0))
    assert isinstance(cut, MultiLineString)
    assert [part.coords[0][0] for part in cut.geoms] == [178.0, -180.0]
    assert [part.coords[-1][0] for part in cut.geoms] == [180.0, -179.0]
