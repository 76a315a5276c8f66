"""Which arcs, activities and provenances a network has, and why the others are not there."""

from __future__ import annotations

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.data.read import make_instance
from netopt.network.network import Network
from netopt.policy.effects import Effects, ForbidOperators
from tests.data.small_instance import small_settings, small_tables
from tests.engine import engine_optimum
from tests.formulation.golden_models import ROWS
from tests.network.variants import network_of, variant
from tests.reference.brute import brute_force


def ends(arcs: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(zip(arcs["from_place"], arcs["to_place"], arcs["commodity"], strict=True))


def reasons(network: Network) -> dict[tuple[str, str, str, str], str]:
    keys = ["from_place", "to_place", "commodity", "mode"]
    rows = network.dropped_arcs
    assert not rows.duplicated(keys).any()
    return {tuple(row[:4]): row[4] for row in rows[[*keys, "reason"]].itertuples(index=False)}


def states(network: Network, site: str, recipe: str) -> set[tuple[str, bool]]:
    """Return the provenances (origin, left) on which a site runs a recipe."""
    rows = network.activities
    rows = rows[(rows["site"] == site) & (rows["recipe"] == recipe)]
    return set(zip(rows["origin"], rows["left"], strict=True))


EVERY_ARC = {
    ("S", "C", "pack"),
    ("S", "R", "pack"),
    ("M", "C", "pack"),
    ("M", "R", "pack"),
    ("C", "M", "kwh"),
    ("V", "R", "dross"),
    ("R", "gate", "metal"),
    ("R", "dump", "slag"),
}


def test_every_producer_meets_every_taker() -> None:
    network = network_of(variant())
    assert ends(network.arcs) == EVERY_ARC
    assert network.dropped_arcs.empty
    arcs = network.arcs.set_index(["from_place", "to_place"])
    legs = {pair: (row["mode"], row["leg"], row["distance_km"]) for pair, row in arcs.iterrows()}
    assert legs["S", "C"] == ("road", "first", 10.0)
    assert legs["S", "R"] == ("road", "first", 100.0)
    assert legs["M", "R"] == ("road", "first", 100.0)
    assert legs["R", "dump"] == ("road", "trunk", 10.0)
    assert legs["R", "gate"] == ("", "", 0.0)


def test_one_arc_per_mode() -> None:
    rail = ("rail", "class9", "first", 0.5, 30.0, 0.02)
    both = [("A", "B", "road", 100.0), ("A", "B", "rail", 80.0)]
    network = network_of(variant(haulage=[*ROWS["haulage"], rail], distances=both))
    arcs = network.arcs[network.arcs["from_place"] == "S"]
    found = set(zip(arcs["to_place"], arcs["mode"], arcs["distance_km"], strict=True))
    assert found == {("C", "road", 10.0), ("C", "rail", 10.0), ("R", "road", 100.0), ("R", "rail", 80.0)}


def test_arcs_without_a_tariff_are_dropped_with_the_reason() -> None:
    network = network_of(variant(), Effects(goods_class={"slag": "hazardous"}))
    why = "no mode has a tariff for this class and leg"
    assert reasons(network) == {("R", "dump", "slag", ""): why}
    assert ends(network.arcs) == EVERY_ARC - {("R", "dump", "slag")}


def test_arcs_without_a_distance_are_dropped_with_the_reason() -> None:
    away = ("X", "X", "", "PB", 110.0, 28.0, 10.0)
    network = network_of(
        variant(locations=[*ROWS["locations"], away], distances=[("A", "X", "road", 50.0)])
    )
    assert reasons(network) == {
        ("S", "R", "pack", "road"): "no distance",
        ("M", "R", "pack", "road"): "no distance",
        ("V", "R", "dross", "road"): "no distance",
    }
    assert ends(network.arcs) == {("S", "C", "pack"), ("M", "C", "pack"), ("C", "M", "kwh")}


def test_arcs_that_a_rule_closes_in_some_periods_stay_and_in_all_are_dropped() -> None:
    def forbidden(until_year: int | None) -> Network:
        rule = ForbidOperators("whitelist", "PB", "receive", until_year=until_year)
        return network_of(variant(), Effects(forbidden_operators=(rule,)))

    for_a_while = forbidden(2027)
    assert ends(for_a_while.arcs) == EVERY_ARC
    arc = for_a_while.arcs.set_index(["from_place", "to_place"])["arc"]
    assert for_a_while.open_arcs.loc[arc["S", "R"]].tolist() == [False, True]
    assert for_a_while.open_arcs.loc[arc["S", "C"]].tolist() == [True, True]
    always = forbidden(None)
    shut = {("S", "R", "pack"), ("M", "R", "pack"), ("V", "R", "dross")}
    assert {key[:3] for key in reasons(always)} == shut
    assert set(reasons(always).values()) == {"closed by an operator rule"}
    assert not {"S", "M"} & set(always.arcs.loc[always.arcs["to_place"] == "R", "from_place"])


def test_rules_on_openings_close_sizes_and_not_arcs() -> None:
    rule = ForbidOperators("whitelist", "PB", "open", until_year=2027)
    network = network_of(variant(), Effects(forbidden_operators=(rule,)))
    assert network.may_build.loc["R/new"].tolist() == [False, True]
    assert network.may_build.loc["C/new"].tolist() == [True, True]
    assert network.may_build.loc["R/existing"].tolist() == [False, False]
    assert network.open_arcs.to_numpy().all()
    exempt = ForbidOperators("whitelist", "PB", "open", exempt_operators=("firm",))
    assert network_of(variant(), Effects(forbidden_operators=(exempt,))).may_build.loc["R/new"].all()


def test_an_arc_into_a_market_is_open_while_it_buys() -> None:
    offtake = [row for row in ROWS["offtake"] if row[1] != "metal"]
    network = network_of(
        variant(offtake=[*offtake, ("gate", "metal", "t2", "recovered_metals", 9.0, None)])
    )
    (arc,) = network.arcs.loc[network.arcs["to_place"] == "gate", "arc"]
    assert network.open_arcs.loc[arc].tolist() == [False, True]
    assert network.offtake_limits.loc["gate:metal"].tolist() == [0.0, float("inf")]


@pytest.mark.parametrize(
    ("effects", "at_cascade", "at_recycler"),
    [
        (Effects(), {("", False)}, {("", False)}),
        (Effects(tracked_origins=("PA",)), {("PA", False), ("", False)}, {("PA", False), ("", False)}),
        (Effects(tracked_origins=("PB",)), {("", False)}, {("", False)}),
        (Effects(delay_cny_per_tonne=5.0), {("", False)}, {("", True)}),
        (
            Effects(tracked_origins=("PA",), delay_cny_per_tonne=5.0),
            {("PA", False), ("", False)},
            {("PA", True), ("", True)},
        ),
    ],
    ids=["untracked", "home", "elsewhere", "departures", "both"],
)
def test_only_provenances_that_can_occur_exist(
    effects: Effects, at_cascade: set[tuple[str, bool]], at_recycler: set[tuple[str, bool]]
) -> None:
    network = network_of(variant(), effects)
    assert states(network, "C", "reuse") == at_cascade
    assert states(network, "R", "melt") == at_recycler
    outputs = network.activity_outputs
    assert set(zip(outputs["origin"], outputs["left"], strict=True)) == {("", False)}
    returned = network.arcs[network.arcs["from_kind"] == "market"]
    assert set(returned["origin"]) == {""}
    assert not returned["left_before"].any()


def test_provenance_goes_with_the_batteries_down_the_chain() -> None:
    """Two provinces, hub in Sichuan, plants in Guangdong: what left stays marked as having left."""
    instance = make_instance(small_settings(), small_tables())
    network = network_of(instance, Effects(tracked_origins=("CN-GD",), delay_cny_per_tonne=5.0))
    # Sichuan's own at home; Guangdong's, and returns from Guangdong's market, after a departure.
    assert states(network, "H1", "testing") == {("", False), ("CN-GD", True), ("", True)}
    # Everything at the plants has crossed at least once.
    assert states(network, "P1", "repurposing") == {("CN-GD", True), ("", True)}
    assert states(network, "R1", "melting") == {("CN-GD", True), ("", True)}
    arcs = network.arcs
    departures = arcs[arcs["left_after"] & ~arcs["left_before"]]
    assert ends(departures) == {
        ("S2", "H1", "pack"),
        ("M1", "H1", "pack"),
        ("H1", "P1", "fit"),
        ("H1", "R1", "scrap"),
    }
    assert set(departures.loc[departures["from_place"] == "H1", "origin"]) == {""}
    assert not arcs.loc[arcs["left_before"], "left_after"].eq(False).any()


def test_inputs_of_one_activity_share_their_provenance_and_dismantled_ones_have_none() -> None:
    instance = variant(
        recipes=[*ROWS["recipes"], ("blend", "cascade", "Blend", "processing", 1.0, 0.0)],
        recipe_inputs=[*ROWS["recipe_inputs"], ("blend", "pack", 0.6), ("blend", "metal", 0.4)],
        recipe_outputs=[*ROWS["recipe_outputs"], ("blend", "kwh", 10.0)],
    )
    network = network_of(instance, Effects(tracked_origins=("PA",)))
    assert states(network, "C", "blend") == {("PA", False), ("", False)}
    inputs = network.activity_inputs
    blend = inputs[inputs["activity"] == "C/blend[PA]"].set_index("commodity")
    assert blend.loc["pack", ["origin", "units_per_tonne"]].tolist() == ["PA", 0.6]
    assert blend.loc["metal", ["origin", "units_per_tonne"]].tolist() == ["", 0.4]


def test_a_site_uses_what_it_makes_itself() -> None:
    """Metal is a loss, cathode made of it at the same site pays; no other site makes metal."""
    offtake = [row for row in ROWS["offtake"] if row[1] != "metal"]
    offtake.append(("gate", "metal", "", "disposal", -5000.0, None))
    offtake.append(("gate", "cathode", "", "recovered_metals", 9000.0, None))
    instance = variant(
        commodities=[
            *ROWS["commodities"],
            ("cathode", "Cathode", "", "t", 1.0, "ordinary", False, False, None),
        ],
        recipes=[*ROWS["recipes"], ("refine", "recycler", "Refine", "processing", 1.0, 0.0)],
        recipe_inputs=[*ROWS["recipe_inputs"], ("refine", "metal", 1.0)],
        recipe_outputs=[*ROWS["recipe_outputs"], ("refine", "cathode", 0.9)],
        offtake=offtake,
    )
    network = network_of(instance)
    assert states(network, "R", "refine") == {("", False)}
    assert ends(network.arcs) == EVERY_ARC | {("R", "gate", "cathode")}
    optimum = brute_force(instance, Effects(), Perspective.SOCIAL)
    assert optimum is not None
    assert engine_optimum(instance, Effects(), Perspective.SOCIAL) == pytest.approx(optimum)
