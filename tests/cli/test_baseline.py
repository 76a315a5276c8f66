"""``netopt baseline``: given flows priced, checked and tied out with spend, by hand on the toy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from netopt.accounts import INFORMAL_CATEGORIES
from tests.cli.conftest import Run
from tests.cli.test_fix_sites import edited, set_cells
from tests.reference.test_toy import TOY_LEDGER, TRANSFERS

# The optimum of the toy's README: its ledger is derived there line by line.
PLAN = """\
from_place,to_place,commodity,mode,period,flow_units_per_year
S1,H2,pack,road,2025,2000
S2,H2,pack,road,2025,4000
S3,H2,pack,road,2025,2000
H2,C2,cascade_pack,road,2025,1500
H2,D3,cascade_pack,road,2025,500
H2,D3,scrap_pack,road,2025,6000
C2,D3,scrap_pack,road,2025,300
C2,V2,second_life_kwh,road,2025,120000
D3,R3,black_mass,road,2025,3400
R3,G,metal,,2025,1360
"""
UNBILLED = ("emissions", *INFORMAL_CATEGORIES)
SOLVED = ("--threads", 1, "-q")


def given(text: str, name: str = "flows.csv") -> Path:
    """Write a file and return its path."""
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)


def without(*starts: str) -> str:
    """Return the plan without the rows that begin so."""
    return "".join(line for line in PLAN.splitlines(True) if not line.startswith(starts))


def ledger_of(run: Path) -> dict[str, float]:
    ledger = pd.read_csv(run / "ledger.csv")
    return dict(ledger.groupby("category")["cny_per_year"].sum())


def test_the_plan_of_the_readme_has_the_ledger_of_the_readme(netopt_here: Run) -> None:
    ended = netopt_here("baseline", "toy", given(PLAN), "-o", "base", "--json", *SOLVED)
    assert ended.code == 0, ended.err
    assert ledger_of(Path("base")) == pytest.approx(TOY_LEDGER | TRANSFERS, abs=100.0)
    content = ended.json()
    assert content["objective"] == pytest.approx(-6_471_190.0, abs=100.0)
    assert content["checked"]
    total = content["tie_out"][-1]
    billed = sum(cny for category, cny in (TOY_LEDGER | TRANSFERS).items() if category not in UNBILLED)
    assert total["model_cny_per_year"] == pytest.approx(billed, abs=100.0)
    assert total["given_cny_per_year"] is None
    assert "H2 needs a plant of size standard (10,000 t a year) from 2025" in "\n".join(content["inferred"])
    manifest = json.loads(Path("base", "manifest.json").read_text(encoding="utf-8"))
    assert manifest["kind"] == "baseline"
    assert manifest["instance"]["title"].endswith("; baseline: supply as in the given flows")
    assert {"tie_out.csv", "given_flows.csv", "README.md"} <= set(manifest["files"])


def test_model_and_spend_are_tied_out_by_category(netopt_here: Run) -> None:
    """haulage 1,598,000 against 1,500,000: 98,000, 6.53 %; metal -27.2 against -27.0 million: -0.74 %.

    The model delays nothing, so what was spent on it is missing whole. Total: 1,598,000 - 27,200,000
    against 1,500,000 - 27,000,000 + 50,000.
    """
    spend = given(
        "category,spend_cny_per_year\nhaulage,1500000\nrecovered_metals,-27000000\ndelay,50000\n",
        "spend.csv",
    )
    ended = netopt_here("baseline", "toy", given(PLAN), "--spend", spend, "-o", "base", "--json", *SOLVED)
    rows = {row["category"]: row for row in ended.json()["tie_out"]}
    expected = {
        "haulage": (1_598_000, 1_500_000, 98_000, 100 * 98 / 1_500),
        "recovered_metals": (-27_200_000, -27_000_000, -200_000, -100 * 0.2 / 27),
        "delay": (0, 50_000, -50_000, -100.0),
        "total": (-25_602_000, -25_450_000, -152_000, -100 * 152 / 25_450),
    }
    columns = ("model_cny_per_year", "given_cny_per_year", "difference_cny_per_year", "difference_percent")
    for category, figures in expected.items():
        found = [rows[category][column] for column in columns]
        assert found[:3] == pytest.approx(list(figures[:3]), abs=100.0)
        assert found[3] == pytest.approx(figures[3], abs=0.01)
    assert rows["testing"]["given_cny_per_year"] is None
    assert not {"emissions", "informal_damage", "unserved"} & set(rows)
    report = Path("base", "README.md").read_text(encoding="utf-8")
    assert "| haulage | 1,598,000 | 1,500,000 | 98,000 | +6.5 |" in report
    table = pd.read_csv(Path("base", "tie_out.csv"))
    assert table["category"].iloc[-1] == "total"


def test_spend_may_be_by_jurisdiction(netopt_here: Run) -> None:
    """Collection: outlets of 100,000 each; 2,000 x 110, 4,000 x 100 and 2,000 x 90."""
    spend = given(
        "category,jurisdiction,spend_cny_per_year\ncollection,P1,320000\ncollection,P3,200000\ntesting,,800000\n",
        "spend.csv",
    )
    ended = netopt_here("baseline", "toy", given(PLAN), "--spend", spend, "-o", "base", "--json", *SOLVED)
    rows = {(row["category"], row["jurisdiction"]): row for row in ended.json()["tie_out"]}
    model = {place: rows["collection", place]["model_cny_per_year"] for place in ("P1", "P2", "P3")}
    assert model == pytest.approx({"P1": 320_000, "P2": 500_000, "P3": 280_000}, abs=1.0)
    assert rows["collection", "P3"]["difference_percent"] == pytest.approx(40.0, abs=0.01)
    assert rows["collection", "P2"]["given_cny_per_year"] is None
    assert rows["total", ""]["model_cny_per_year"] == pytest.approx(320_000 + 280_000 + 800_000, abs=1.0)


def test_what_is_dear_is_priced_as_it_was(netopt_here: Run) -> None:
    """All over H1: packs (2,000 x 10 + 4,000 x 100 + 2,000 x 200) x 2 = 1,640,000 instead of 880,000; to C2
    1,500 x 100 instead of 1,500 x 10; to D3 6,500 x 200 instead of 6,500 x 100.
    """
    ended = netopt_here("baseline", "toy", given(PLAN.replace("H2", "H1")), "-o", "base", *SOLVED)
    assert ended.code == 0, ended.err
    haulage = 1_598_000 + 760_000 + 135_000 + 650_000
    assert ledger_of(Path("base"))["haulage"] == pytest.approx(haulage, abs=10.0)


def test_what_nobody_gave_follows_and_is_said(netopt_here: Run) -> None:
    """Without rows of metal and black mass the cheapest follow: the README's."""
    flows = given(without("R3,G", "D3,R3"))
    ended = netopt_here("baseline", "toy", flows, "-o", "base", "--json", *SOLVED)
    assert ended.json()["objective"] == pytest.approx(-6_471_190.0, abs=100.0)
    said = "\n".join(ended.json()["inferred"])
    assert "shipments of metal: none is given, the cheapest follow (1,360 units a year on 1 ways)" in said
    assert "throughput of leach: 3,400 t a year" in said


def test_supply_is_what_the_flows_take(netopt_here: Run) -> None:
    """Only Midland's 4,000 t: 1,000 fit, 200 rejects of C2; 3,200 t to D3, 1,600 t of black mass."""
    flows = given(
        "from_place,to_place,commodity,mode,period,flow_units_per_year\n"
        "S2,H2,pack,road,2025,4000\nH2,C2,cascade_pack,road,2025,1000\n"
    )
    ended = netopt_here("baseline", "toy", flows, "-o", "base", "--json", *SOLVED)
    assert ended.code == 0, ended.err
    said = "\n".join(ended.json()["inferred"])
    assert "collected: 4,000 t a year, as the flows take it, where toy has 8,000 t" in said
    assert "collected at S1, pack, 2025: 0 t, not 2,000 t" in said
    assert "left out, as no flow leaves them: S1, S3, with their fixed cost of 200,000 CNY a year" in said
    assert "throughput of leach: 1,600 t a year" in said
    assert ledger_of(Path("base"))["collection"] == pytest.approx(100_000 + 4_000 * 100, abs=1.0)
    assert netopt_here("check", "base").code == 0


def test_a_divisible_plant_operates_as_far_as_flows_need_it(netopt_here: Run, toy: Path) -> None:
    divisible = edited(toy, "sites", set_cells("D3", existing_divisible="true"))
    ended = netopt_here("baseline", divisible, given(PLAN), "-o", "base", "--json", *SOLVED)
    assert "of what stands at D3 85% operates in 2025" in "\n".join(ended.json()["inferred"])


def test_bad_rows_are_named_all_at_once(netopt_here: Run) -> None:
    flows = given(
        "from_place,to_place,commodity,mode,period,flow_units_per_year\n"
        "S1,H2,pack,road,2025,2000\n"
        "S9,H2,pack,road,2025,1\n"
        "S2,H2,pakc,rail,2026,x\n"
        "S2,H2,pack,road,2025,-4\n"
        "S3,R3,pack,road,2025,2000\n"
        "H2,G,metal,,2025,10\n"
        "D3,R3,black_mass,,2025,10\n"
        "S1,H2,pack,road,2025,5\n"
    )
    spend = given(
        "category,jurisdiction,spend_cny_per_year\nhauling,,1\ntesting,P9,2\nloading,,nan\n"
        "fixed,,1\nfixed,P1,1\n",
        "spend.csv",
    )
    ended = netopt_here("baseline", "toy", flows, "--spend", spend, "-o", "base", "--json", *SOLVED)
    assert ended.code == 3
    problems = {(item["file"], item["row"], item["rule"]) for item in ended.json()["problems"]}
    assert problems == {
        ("flows.csv", 3, "unknown_id"),
        ("flows.csv", 4, "unknown_id"),
        ("flows.csv", 4, "type"),
        ("flows.csv", 5, "minimum"),
        ("flows.csv", 6, "no_such_flow"),
        ("flows.csv", 7, "no_such_flow"),
        ("flows.csv", 8, "no_such_flow"),
        ("flows.csv", 9, "duplicate_key"),
        ("spend.csv", 2, "choice"),
        ("spend.csv", 3, "unknown_id"),
        ("spend.csv", 4, "finite"),
        ("spend.csv", 6, "overlap"),
    }
    for said in (
        "the instance has no commodity 'pakc' (did you mean 'pack'?)",
        "S3 > R3, pack, 2025: R3 takes no pack",
        "H2 > G, metal, 2025: H2 gives no metal",
        "D3 > R3, black_mass, 2025: no such mode for this way (mode road)",
    ):
        assert said in ended.err
    assert not Path("base").exists()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("from_place,to_place\nS1,H2\n", "missing_column"),
        (PLAN.splitlines()[0] + "\n", "empty_table"),
        (PLAN.replace(",", ";"), "separator"),
        ("", "missing_header"),
    ],
)
def test_a_file_that_is_no_table_of_flows_is_refused(netopt_here: Run, text: str, rule: str) -> None:
    ended = netopt_here("baseline", "toy", given(text), "--json")
    assert ended.code == 3
    assert rule in {item["rule"] for item in ended.json()["problems"]}
    missing = netopt_here("baseline", "toy", "nowhere.csv", "--json")
    assert (missing.code, missing.json()["problems"][0]["rule"]) == (3, "missing_file")


def test_flows_beyond_capacity_are_named_row_by_row(netopt_here: Run) -> None:
    """H2 has one size, 10,000 t; D3 stands with 8,000 t and may not be built on."""
    flows = given(
        "from_place,to_place,commodity,mode,period,flow_units_per_year\n"
        "S1,H2,pack,road,2025,6000\nS2,H2,pack,road,2025,3000\nS3,H2,pack,road,2025,2000\n"
    )
    ended = netopt_here("baseline", "toy", flows, "-o", "base", *SOLVED)
    assert ended.code == 4
    said = "rows 2, 3, 4: Midtown hub (H2) would process 1,000.0 t more in 2025 than what stands and may be"
    assert said in ended.err


def test_flows_that_do_not_add_up_are_named_and_a_tolerance_lets_them(netopt_here: Run) -> None:
    """6,800 t give 3,400 t of black mass; the books say 3,434 t, 1 % more."""
    flows = given(PLAN.replace("black_mass,road,2025,3400", "black_mass,road,2025,3434"))
    ended = netopt_here("baseline", "toy", flows, "-o", "base", *SOLVED)
    assert ended.code == 4
    said = "row 10: D3 > R3, black_mass, 2025: 3,434.0 given, 3,400.0 would follow from the other rows"
    assert said in ended.err
    near = netopt_here("baseline", "toy", flows, "--tolerance", 0.02, "-o", "base", *SOLVED)
    assert near.code == 0, near.err
    shipped = pd.read_csv(Path("base", "tables", "flows.csv")).set_index("commodity")["flow_units_per_year"]
    assert 3_434 * 0.98 <= shipped["black_mass"] <= 3_434 * 1.02


def test_the_checker_holds_a_baseline_to_its_flows(netopt_here: Run) -> None:
    assert netopt_here("baseline", "toy", given(PLAN), "-o", "base", *SOLVED).code == 0
    assert netopt_here("check", "base").code == 0
    file = Path("base", "given_flows.csv")
    rows = pd.read_csv(file, keep_default_na=False)
    rows.loc[rows["from_place"] == "S1", ["lower_units_per_year", "upper_units_per_year"]] = 1_990.0
    # cascade_pack to D3 is no longer given; of scrap_pack nothing is, so it is free
    rows[rows["to_place"] != "D3"].to_csv(file, index=False)
    content = netopt_here("check", "base", "--json").json()
    found = {(item["tag"], item["amount"]) for item in content["verdict"]["violations"]}
    assert {tag for tag, _ in found} == {"given_flow"}
    assert sorted(amount for _, amount in found) == pytest.approx([10.0, 500.0], abs=0.01)
    file.unlink()
    assert "given_flows.csv is missing" in netopt_here("check", "base").err


def test_batteries_told_by_origin_are_asked_for_their_origin(netopt_here: Run) -> None:
    """Under mandates Westland's packs at H2 are told from others, and so is who has left its province."""
    assert netopt_here("solve", "toy", "--policy", "mandates", "-o", "run", *SOLVED).code == 0
    flows = pd.read_csv(Path("run", "tables", "flows.csv"), keep_default_na=False, dtype=str)
    ways = ["from_place", "to_place", "commodity", "mode", "period"]
    flows["flow_units_per_year"] = flows["flow_units_per_year"].astype(float).round(3)
    flows.groupby(ways, as_index=False)["flow_units_per_year"].sum().to_csv("flows.csv", index=False)
    words = ("--policy", "mandates", "-o", "base", *SOLVED)
    ended = netopt_here("baseline", "toy", "flows.csv", *words)
    assert ended.code == 3
    assert "the policy tells batteries by their origin, and several could be meant" in ended.err
    assert "(fill in the columns origin and left)" in ended.err
    told = flows.rename(columns={"left_before": "left"}).assign(left=lambda rows: rows["left"].str.lower())
    columns = [*ways, "flow_units_per_year", "origin", "left"]
    told[columns].to_csv("flows.csv", index=False)
    ended = netopt_here("baseline", "toy", "flows.csv", *words, "--json")
    assert ended.code == 0, ended.err
    outcome = json.loads(Path("run", "outcome.json").read_text(encoding="utf-8"))
    assert ended.json()["objective"] == pytest.approx(outcome["upper_bound_cny_per_year"], abs=200.0)


def test_a_dry_run_reads_and_matches_and_writes_nothing(netopt_here: Run) -> None:
    flows = given(without("R3,G"))
    content = netopt_here("baseline", "toy", flows, "--dry-run", "--json").json()
    assert content["status"] == "dry_run"
    assert content["networks"] == {"n_given_flows": 9, "n_arcs": 11, "follow": ["metal"]}
    assert [path.name for path in Path().iterdir()] == ["flows.csv"]


def test_the_template_holds_what_each_source_gives(netopt_here: Run) -> None:
    ended = netopt_here("baseline", "toy", "--template")
    assert ended.out.splitlines() == [
        "from_place,to_place,commodity,mode,period,flow_units_per_year,origin,left",
        "S1,,pack,,2025,2000.0,,",
        "S2,,pack,,2025,4000.0,,",
        "S3,,pack,,2025,2000.0,,",
    ]
    content = netopt_here("baseline", "toy", "--template", "--json").json()
    assert content["flows"] == ended.out
    refused = netopt_here("baseline", "toy", given(ended.out), "--json").json()
    assert {(item["row"], item["column"]) for item in refused["problems"]} == {
        (row, "to_place") for row in (2, 3, 4)
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give the file of the flows"),
        (["flows.csv", "--tolerance", 1.5], "--tolerance 1.5 is not a share"),
        (["flows.csv", "--policy", "unifed"], "did you mean unified?"),
    ],
)
def test_what_cannot_be_meant_is_refused(netopt_here: Run, words: list[Any], said: str) -> None:
    given(PLAN)
    ended = netopt_here("baseline", "toy", *words)
    assert ended.code == 2
    assert said in ended.err


def test_what_a_baseline_is_good_for_afterwards(netopt_here: Run) -> None:
    """Its design can be kept, and explained it is not: nothing of it was chosen."""
    assert netopt_here("baseline", "toy", given(PLAN), "-o", "base", *SOLVED).code == 0
    ended = netopt_here("solve", "toy", "--policy", "unified", "--fix-sites", "base", "-o", "kept", *SOLVED)
    assert ended.code == 0, ended.err
    ended = netopt_here("explain", "base")
    assert ended.code == 2
    assert "base is a baseline" in ended.err
