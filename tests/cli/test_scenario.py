"""What a command plans for: the switches of leakage, volumes and existing plants."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from netopt.cli.options import Scenario
from netopt.cli.scenario import words_of
from tests.cli.conftest import Run

COMMANDS = ("solve", "compare", "explain")

# Everything collected: 4,000 + 8,000 + 4,000 = 16,000 t, so two hubs (10,000 t each) of which H2 is full.
# C2 fills its market of 120,000 kWh with 1,500 t and rejects 300; to be dismantled are 12,000 + 300 +
# (4,000 - 1,500) = 14,800 t: D3 is full with 8,000, and a small D1 (2,500) is too little, so a large one
# takes 6,800. Black mass is 7,400 t: one site opens one size, so R3 large (5,000) and R2 medium (2,500) for
# the other 2,400, where small (2,000) is too little and large costs 5.1 million more.
NO_LEAKAGE = {
    # 3 x 100,000; 4,000 x 110 + 8,000 x 100 + 4,000 x 90
    "collection": 1_900_000,
    "testing": 16_000 * 100,
    # packs x 2: S1>H1 40,000, S2>H2 60,000, S2>H1 200,000, S3>H2 400,000 t km; packs x 1: H1>D1 60,000,
    # H2>C2 15,000, H2>D1 80,000, H2>D3 770,000, C2>D3 30,000; x 0.5: black mass D1>R2 240,000, D1>R3
    # 200,000, D3>R3 40,000; second life 12,000
    "haulage": 700_000 * 2 + 955_000 + 492_000 * 0.5,
    # 16,000 packs, 6,000 + 1,500 + 8,500 out of the hubs, 300 rejects, 7,400 black mass, 1,200 second life
    "loading": (16_000 + 16_000 + 300 + 7_400 + 1_200) * 10,
    # C2; D1 with 20 of variable cost, in dear Westland; D3; R2 with 150, in dear Midland; R3 with 100
    "processing": 1_500 * 300
    + 6_800 * 420 * 1.1
    + 8_000 * 400 * 0.9
    + 2_400 * 2_150 * 1.1
    + 5_000 * 2_100 * 0.9,
    # H1, H2, C2 2.5 each, D1 large 3.75, R3 large 10, R2 medium 5.25 million
    "capital": 3 * 2_500_000 + 3_750_000 + 10_000_000 + 5_250_000,
    "fixed": 3 * 500_000 + 750_000 + 600_000 + 1_500_000 + 1_150_000,
    # 2,147,000 t km x 0.01; plants (-1,500 + 1,480 + 7,400) t CO2e x 100
    "emissions": 21_470 + 738_000,
    "recovered_metals": -2_960 * 20_000,
    "second_life": -12_000_000,
    "end_of_life": 240_000,
    # only the half of the 1,200 t of second life that leaks in 2026, discounted by 0.8: 480 t
    "informal_processing": 480 * 500,
    "informal_recovery": -480 * 1_000,
    "informal_damage": 480 * 1_000,
    "informal_emissions": 480 * 100,
    "platform": 100_000,
    # the soft target asks for 9,600 t; 1,500 - 300 are reached
    "target_shortfall": 8_400 * 100,
    "scrap_purchase": 16_000 * 1_000,
    "local_tax": 7_400 * 50,
}
TRANSFERS = ("scrap_purchase", "local_tax")


def ledger_of(run: Path) -> dict[str, float]:
    """Return the ledger of a run by category, CNY a year."""
    ledger = pd.read_csv(run / "ledger.csv")
    return dict(ledger.groupby("category")["cny_per_year"].sum())


def test_no_leakage_is_full_formal_collection_as_derived_by_hand(netopt_here: Run) -> None:
    words = ("solve", "toy", "--policy", "unified", "--threads", 1, "--json")
    switch = netopt_here(*words, "--no-leakage", "-o", "switch").json()
    share = netopt_here(*words, "--formal-share", 1, "-o", "share").json()
    assert (switch["formal_share"], switch["checked"]) == (1.0, True)
    assert switch["objective"] == pytest.approx(share["objective"])
    assert ledger_of(Path("switch")) == pytest.approx(NO_LEAKAGE, abs=0.01)
    counted = sum(cny for category, cny in NO_LEAKAGE.items() if category not in TRANSFERS)
    assert switch["objective"] == pytest.approx(counted, abs=0.01)


def test_a_comparison_without_leakage_says_so(netopt_here: Run) -> None:
    words = (
        "--policies",
        "unified,open-market",
        "--no-curve",
        "--no-maps",
        "-o",
        "compared",
        "--threads",
        1,
    )
    assert netopt_here("compare", "toy", "--no-leakage", *words).code == 0
    assert "formal share 100% on both sides" in Path("compared", "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_two_ways_to_set_the_formal_share_exclude_each_other(netopt_here: Run, command: str) -> None:
    policy = [] if command == "compare" else ["--policy", "unified"]
    ended = netopt_here(command, "toy", *policy, "--no-leakage", "--formal-share", 1)
    assert ended.code == 2
    assert "--no-leakage means --formal-share 1: give one of the two" in ended.err


@pytest.mark.parametrize("command", ["solve", "compare"])
def test_a_dry_run_plans_for_the_scenario_and_writes_nothing(netopt_here: Run, command: str) -> None:
    policy = ["--policies", "unified,mandates"] if command == "compare" else ["--policy", "unified"]
    ended = netopt_here(command, "toy", *policy, "--no-leakage", "--dry-run", "--json")
    assert (ended.code, ended.json()["status"]) == (0, "dry_run")
    assert list(Path().iterdir()) == []


def test_a_run_has_its_own_scenario(netopt_here: Run, toy_run: Path) -> None:
    ended = netopt_here("explain", toy_run, "--no-leakage")
    assert ended.code == 2
    assert "--no-leakage goes with --policy" in ended.err


def test_the_command_that_explains_asks_for_the_same_scenario(netopt_here: Run) -> None:
    ended = netopt_here("solve", "toy", "--policy", "mandates", "--no-leakage", "-o", "why", "-q")
    assert ended.code == 4
    assert "netopt explain toy --policy mandates --no-leakage" in ended.err


def test_every_option_of_a_scenario_has_its_words() -> None:
    assert words_of(Scenario()) == []
    every = Scenario(
        formal_share=0.25,
        no_leakage=True,
        volumes="2030-low",
        scenario=("a", "b"),
        greenfield=True,
        fix_sites=Path("run"),
    )
    words = ["--formal-share", "0.25", "--no-leakage", "--volumes", "2030-low"]
    words += ["--scenario", "a", "--scenario", "b", "--greenfield"]
    assert words_of(every) == [*words, "--fix-sites", "run"]


# Nothing stands, so D3 must be built: only a large dismantler (8,000 t) takes all 6,800 t, and Eastland's
# labour is the cheapest and nearest to R3. All else is as in the toy's README.
GREENFIELD = {
    "capital": 15_000_000 + 3_750_000,
    "fixed": 3_100_000 - 600_000 + 750_000,
    "processing": 9_324_000 + 6_800 * 20 * 0.9,
}


def test_on_a_green_field_annuities_count_in_full_as_derived_by_hand(netopt_here: Run) -> None:
    words = ("solve", "toy", "--policy", "unified", "--threads", 1, "--json")
    stands = netopt_here(*words, "-o", "stands").json()
    green = netopt_here(*words, "--greenfield", "-o", "green").json()
    ledger = ledger_of(Path("green"))
    assert {category: ledger[category] for category in GREENFIELD} == pytest.approx(GREENFIELD, abs=0.01)
    more = 3_750_000 - 600_000 + 750_000 + 6_800 * 20 * 0.9
    assert green["objective"] - stands["objective"] == pytest.approx(more, abs=0.01)
    facilities = pd.read_csv(Path("green", "tables", "facilities.csv"))
    opened = facilities.loc[facilities["opened"], ["site", "size"]].itertuples(index=False, name=None)
    assert set(opened) == {("C2", "standard"), ("D3", "large"), ("H2", "standard"), ("R3", "large")}
    assert "existing" not in set(facilities["size"])


def test_a_green_field_tells_what_it_is(netopt_here: Run) -> None:
    said = "; greenfield: no plant stands, every site may be built on"
    words = ("--policy", "unified", "--threads", 1, "-q")
    assert netopt_here("solve", "toy", *words, "--greenfield", "-o", "green").code == 0
    assert netopt_here("solve", "toy", *words, "-o", "stands").code == 0
    green, stands = (
        json.loads(Path(run, "manifest.json").read_text(encoding="utf-8"))["instance"]
        for run in ("green", "stands")
    )
    assert green["title"] == f"{stands['title']}{said}"
    assert green["digest"] != stands["digest"]
    assert netopt_here("check", "green").code == 0
    compared = ("--policies", "unified,open-market", "--no-curve", "--no-maps", "-o", "compared")
    assert netopt_here("compare", "toy", "--greenfield", *compared).code == 0
    assert said in Path("compared", "README.md").read_text(encoding="utf-8").splitlines()[0]
    explained = netopt_here("explain", "toy", "--policy", "unified", "--greenfield", "--json").json()
    assert explained["digests"]["instance"] == green["digest"]
    sizes = netopt_here("solve", "toy", "--policy", "unified", "--greenfield", "--dry-run", "--json").json()
    # D3's two sizes take the place of what stands
    assert sizes["networks"]["unified"]["n_modules"] == 1 + 1 + 1 + 2 + 2 + 3 + 3
