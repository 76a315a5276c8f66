"""``--fix-sites``: tonnes re-routed on the design of an earlier run, by hand on the toy."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from netopt.data.write import describe_folder
from tests.cli.conftest import Run

# The toy's README without any policy, a platform, and 8,400 t short of the target of 9,600 t at 100 each.
FREE_UNIFIED = -6_471_190.0 + 100_000 + 840_000


def solve(netopt_here: Run, policy: str, output: str, *words: object, instance: object = "toy") -> Any:
    """Solve and return the JSON result; it must end with 0."""
    ended = netopt_here(
        "solve", instance, "--policy", policy, "--threads", 1, "--json", "-o", output, *words
    )
    assert ended.code == 0, ended.err
    return ended.json()


@pytest.fixture
def mandates_run(netopt_here: Run) -> Path:
    """Return a run of toy under mandates: H2, C2, a small D1 and a large R3 open, D3 stays."""
    solve(netopt_here, "mandates", "mandates-run")
    return Path("mandates-run")


def test_a_policy_is_re_routed_on_the_sites_of_another(netopt_here: Run, mandates_run: Path) -> None:
    """Under unified D1 idles: a tonne costs (400 + 50) x 1.1 = 495 there, and 360 at D3, nearer to R3.

    So the plan is the free one, and the idle D1 costs 1,250,000 of capital and 250,000 fixed.
    """
    kept = solve(netopt_here, "unified", "kept", "--fix-sites", mandates_run)
    assert kept["objective"] == pytest.approx(FREE_UNIFIED + 1_250_000 + 250_000, abs=0.01)
    assert kept["bound"] == pytest.approx(kept["objective"], abs=1.0)
    facilities = pd.read_csv(Path("kept", "tables", "facilities.csv")).set_index(["site", "size"])
    assert facilities.loc[("D1", "small"), "operating"]
    assert facilities.loc[("D1", "small"), "load_tonnes_per_year"] == pytest.approx(0.0, abs=1e-6)


def test_what_is_recorded_of_the_run(netopt_here: Run, mandates_run: Path) -> None:
    digest = hashlib.sha256((mandates_run / "manifest.json").read_bytes()).hexdigest()
    kept = solve(netopt_here, "unified", "kept", "--fix-sites", mandates_run)
    about = {"run": "mandates-run", "digest": digest}
    assert kept["fixed_design"] == about
    manifest = json.loads(Path("kept", "manifest.json").read_text(encoding="utf-8"))
    assert manifest["fixed_design"] == about
    outcome = json.loads(Path("kept", "outcome.json").read_text(encoding="utf-8"))
    assert outcome["fixed_design"] == digest
    assert outcome["bound_source"].endswith(
        "linear program over the whole network, on the sites of mandates-run"
    )
    assert outcome["n_binaries"] == 0
    said = netopt_here("explain", "kept")
    assert "toy under unified on the sites of mandates-run: a plan exists" in said.out
    assert "no plan on the sites of mandates-run costs less than" in said.out


def test_the_checker_holds_a_run_to_the_design_it_kept(netopt_here: Run, mandates_run: Path) -> None:
    solve(netopt_here, "unified", "kept", "--fix-sites", mandates_run)
    shutil.rmtree(mandates_run)
    passed = netopt_here("check", "kept")
    assert passed.code == 0
    assert passed.out.splitlines()[0] == "kept: passed, on the sites of mandates-run"
    design = Path("kept", "design.csv")
    rows = design.read_text(encoding="utf-8")
    assert "\nD1,dismantler,small,2025,True," in rows
    design.write_text(rows.replace("\nD1,dismantler,small,2025,True,", "\nD1,dismantler,small,2025,False,"))
    ended = netopt_here("check", "kept", "--json")
    content = ended.json()
    assert (ended.code, content["altered_files"]) == (7, ["design.csv: changed"])
    (violation,) = content["verdict"]["violations"]
    assert violation["tag"] == "fixed_design"
    assert "site D1 (Westtown dismantler), size small, opened True" in violation["subject"]
    design.unlink()
    assert "design.csv is missing" in netopt_here("check", "kept").err


def test_one_run_fixes_the_design_of_every_policy(netopt_here: Run, mandates_run: Path) -> None:
    """With one design for all only operations differ.

    Westland's 2,000 t go to D1: dismantling 2,000 x 400 x (1.1 - 0.9) and 2,000 x 50 x 1.1, black mass
    1,000 x 190 x (0.5 + 0.01). Dual regulation: 500 on 8,000 t; one platform more. Delay: 10 days x 4, half
    of it saved by interoperable platforms, on what leaves its province: 4,000 t of Westland and Eastland
    to H2, and of Midland's 4,000 t the 3,000 t of scrap and 0.2 x 1,000 t of rejects that go to D3.
    """
    words = ("--policies", "unified,mandates", "--no-maps", "--threads", 1, "-o", "compared", "--json")
    ended = netopt_here("compare", "toy", "--fix-sites", mandates_run, *words)
    assert ended.code == 0, ended.err
    content = ended.json()
    (cost,) = content["comparison"]["headline"]
    operations = 160_000 + 110_000 + 96_900 + 500 * 8_000 + 100_000 + 20 * 7_200
    assert cost["low_cny_per_year"] == pytest.approx(operations, abs=1.0)
    assert cost["high_cny_per_year"] == pytest.approx(operations, abs=1.0)
    report = Path("compared", "README.md").read_text(encoding="utf-8")
    assert report.startswith("# Cost of fragmentation on the sites of mandates-run: ")
    assert "m CNY a year more than unified on the sites of mandates-run.**" in report
    assert "bounds are for this design and say nothing of others" in report
    assert "Its capacity falls short by at least" in report.split("## Not compared")[1]
    manifest = json.loads(Path("compared", "manifest.json").read_text(encoding="utf-8"))
    assert manifest["fixed_design"]["run"] == "mandates-run"
    assert content["comparison"]["fixed_design"] == manifest["fixed_design"]
    assert "passed, on the sites of mandates-run\n" in netopt_here("check", "compared/runs/unified").out
    assert netopt_here("check", "compared").code == 0
    said = json.loads(Path("compared", "comparison.json").read_text(encoding="utf-8"))
    del said["fixed_design"]
    Path("compared", "comparison.json").write_text(json.dumps(said), encoding="utf-8")
    outcome = Path("compared", "runs", "mandates", "outcome.json")
    free = json.loads(outcome.read_text(encoding="utf-8")) | {"fixed_design": ""}
    outcome.write_text(json.dumps(free), encoding="utf-8")
    untrue = netopt_here("check", "compared")
    assert untrue.code == 7
    assert "untrue: comparison.json: fixed_design is {'run': 'mandates-run'" in untrue.out
    assert "mandates: untrue: outcome.json: fixed_design is" in untrue.out


def test_a_design_that_the_manifest_does_not_list_is_no_design(
    netopt_here: Run, mandates_run: Path
) -> None:
    words = ("--policy", "mandates", "--fix-sites", mandates_run, "-o", "kept", "--threads", 1)
    assert netopt_here("solve", "toy", *words).code == 0
    manifest = json.loads(Path("kept", "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]["design.csv"]
    Path("kept", "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    ended = netopt_here("check", "kept", "--json")
    assert (ended.code, ended.json()["altered_files"]) == (7, ["design.csv: not listed"])


def test_a_foreign_answer_is_held_to_the_design_beside_it(netopt_here: Run, mandates_run: Path) -> None:
    words = ("--policy", "mandates", "--fix-sites", mandates_run, "-o", "kept", "--threads", 1)
    assert netopt_here("solve", "toy", *words).code == 0
    for name in ("manifest.json", "outcome.json", "verdict.json"):
        Path("kept", name).unlink()
    foreign = netopt_here("check", "kept")
    assert (foreign.code, "on the sites of its design.csv" in foreign.out) == (0, True)
    design = pd.read_csv(Path("kept", "design.csv"))
    design.loc[design["site"] == "H2", ["operating", "opened", "kept_share"]] = [False, False, 0.0]
    design.to_csv(Path("kept", "design.csv"), index=False)
    other = netopt_here("check", "kept")
    assert other.code == 7
    assert "[fixed_design]" in other.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        # 9,600 t: 7,200 + 300 + (2,400 - 1,500) = 8,400 t to dismantle, and D3 takes 8,000
        (
            ["--policy", "unified", "--formal-share", 0.6],
            "Its capacity falls short by at least 400 t a year in 2025; with so much more a plan exists: "
            "400 t at Easttown dismantler (D3, dismantler).",
        ),
        # 3,200 t: 800 t are fit for C2, which needs 0.25 x 4,000
        (
            ["--policy", "unified", "--formal-share", 0.2],
            "Its plants fall short of their minimum load by at least 200 t a year in 2025",
        ),
        # Westland's 2,000 t must be dismantled in Westland, where unified builds nothing
        (["--policy", "mandates"], "2,000 t at Westtown dismantler (D1, dismantler)"),
    ],
    ids=["capacity", "minimum", "place"],
)
def test_a_design_that_cannot_be_operated_is_explained_in_tonnes(
    netopt_here: Run, toy_run: Path, words: list[object], said: str
) -> None:
    ended = netopt_here("solve", "toy", *words, "--fix-sites", toy_run, "-o", "why", "-q")
    assert ended.code == 4
    assert f"on the sites of {toy_run}: no plan exists. The design is fixed" in ended.err
    assert said in ended.err
    explanation = Path("why", "explanation.txt").read_text(encoding="utf-8")
    assert said in explanation
    assert "Whether a plan exists where sites are free, and if not, why: netopt explain toy" in explanation
    assert "--fix-sites" not in explanation
    explained = netopt_here("explain", "toy", *words, "--fix-sites", toy_run, "--json")
    assert (explained.code, explained.json()["status"]) == (4, "infeasible")
    assert said in explained.json()["explanation"]["reason"]


@pytest.mark.parametrize(
    ("lever", "said"),
    [
        (
            'lever = "site_choice"\nclosed = ["D3"]',
            "site_choice asks for Easttown dismantler (D3, dismantler) to be closed in 2025; the design "
            "operates it.",
        ),
        (
            'lever = "site_choice"\nopen = ["H1"]',
            "to be open in 2025; the design does not operate it as a whole.",
        ),
        (
            'lever = "site_count"\nmaximum = 1',
            "site_count[all: at most 1]: the design operates 4 such sites in 2025: C2, D3, H2, R3.",
        ),
        (
            'lever = "site_count"\nminimum = 2\nfacility_types = ["dismantler"]',
            "site_count[dismantler: at least 2]: the design operates 1 such sites in 2025: D3.",
        ),
    ],
    ids=["closed", "open", "most", "least"],
)
def test_a_control_that_a_design_breaks_is_named(
    netopt_here: Run, toy_run: Path, lever: str, said: str
) -> None:
    text = f'name = "controlled"\nextends = "unified"\n[[levers]]\n{lever}\n'
    Path("controlled.toml").write_text(text, encoding="utf-8")
    ended = netopt_here("explain", "toy", "--policy", "controlled.toml", "--fix-sites", toy_run, "-q")
    assert ended.code == 4
    assert said in ended.out


def test_a_rule_that_capacity_does_not_help_is_said_to_be_why(
    netopt_here: Run, toy_run: Path, tmp_path: Path
) -> None:
    hard = tmp_path / "hard.toml"
    hard.write_text(
        'name = "hard"\n[[levers]]\nlever = "cascade_target"\nshare = 0.9\ndenominator = "retired"\n'
        "hard = true\n",
        encoding="utf-8",
    )
    ended = netopt_here("solve", "toy", "--policy", hard, "--fix-sites", toy_run, "-o", "why", "-q")
    assert ended.code == 4
    assert "More capacity at its sites would not help" in ended.err


def test_a_design_that_a_policy_bars_is_said_to_be(netopt_here: Run) -> None:
    """With everything collected unified builds R2, which Midland's white list keeps Eastland from."""
    solve(netopt_here, "unified", "all", "--no-leakage")
    words = ("--policy", "mandates", "--no-leakage", "--fix-sites", "all", "-q", "-o", "why")
    ended = netopt_here("solve", "toy", *words)
    assert ended.code == 4
    said = "It builds what whitelist does not let be built: Midtown recycler (R2, hydromet) in 2025."
    assert said in ended.err


def edited(toy: Path, table: str, change: Any) -> Path:
    """Return the toy with a table changed."""
    file = toy / "data" / f"{table}.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    change(rows).to_csv(file, index=False)
    describe_folder(toy)
    return toy


def set_cells(site: str, **cells: str) -> Any:
    """Return what sets cells of a site."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        for column, cell in cells.items():
            rows.loc[rows["site"] == site, column] = cell
        return rows

    return change


OTHER_TOYS = {
    "renamed": ("sites", lambda rows: rows.replace({"H2": "H9"}), "H2 is no site of toy"),
    "of another type": (
        "sites",
        set_cells("H2", facility_type="cascade"),
        "H2 is a cascade and not a hub",
    ),
    "without that size": (
        "sizes",
        lambda rows: rows[rows["size"] != "large"],
        "R3 has size large there, which no hydromet has",
    ),
    "where nothing may be built": (
        "sites",
        set_cells("C2", may_build="false"),
        "C2 has size standard there, and nothing may be built at it here",
    ),
    "without the plant": (
        "sites",
        set_cells("D3", existing_capacity_tonnes_per_year="0"),
        "at D3 nothing stands, and there a plant did",
    ),
    "with one plant more": (
        "sites",
        set_cells("D1", existing_capacity_tonnes_per_year="10"),
        "at D1 a plant stands, and there none did",
    ),
}


@pytest.mark.parametrize("name", OTHER_TOYS)
@pytest.mark.parametrize("dry", [True, False])
def test_a_design_of_other_sites_is_refused_and_they_are_named(
    netopt_here: Run, toy: Path, toy_run: Path, name: str, dry: bool
) -> None:
    table, change, said = OTHER_TOYS[name]
    words = ["--dry-run"] if dry else []
    other = edited(toy, table, change)
    ended = netopt_here("solve", other, "--policy", "unified", "--fix-sites", toy_run, *words)
    assert ended.code == 2
    assert f"the sites of {toy_run} are not those of toy:\n" in ended.err
    assert said in ended.err
    assert not Path("results").exists()


def test_a_design_of_other_periods_is_refused(netopt_here: Run, toy_run: Path) -> None:
    ended = netopt_here("solve", "toy-two-periods", "--policy", "unified", "--fix-sites", toy_run)
    assert ended.code == 2
    assert "it plans for the periods 2025; toy-two-periods has 2025, 2026" in ended.err


def test_only_a_whole_run_has_a_design(netopt_here: Run, toy_run: Path, tmp_path: Path) -> None:
    words = ("solve", "toy", "--policy", "unified", "--fix-sites")
    assert "there is no folder nowhere" in netopt_here(*words, "nowhere").err
    compared = ("--policies", "unified,mandates", "--no-curve", "--no-maps", "-o", "compared")
    assert netopt_here("compare", "toy", *compared).code == 0
    ended = netopt_here(*words, "compared")
    assert (ended.code, "name one of its runs, compared/runs/..." in ended.err) == (2, True)
    shutil.copytree(toy_run, tmp_path / "altered")
    (tmp_path / "altered" / "tables" / "facilities.csv").write_text("site\n", encoding="utf-8")
    ended = netopt_here(*words, tmp_path / "altered")
    assert (ended.code, "is not as netopt wrote it" in ended.err) == (7, True)


def test_a_dry_run_says_how_much_is_fixed(netopt_here: Run, toy_run: Path) -> None:
    words = ("solve", "toy", "--policy", "unified", "--dry-run", "--json", "--fix-sites", toy_run)
    content = netopt_here(*words).json()
    # 11 modules that can be built are opened, expanded and renewed or not; these and D3 operate and close
    assert content["networks"]["unified"]["n_fixed_decisions"] == 3 * 11 + 2 * 12
    assert content["fixed_design"]["run"] == str(toy_run)


def test_a_divisible_plant_keeps_the_share_it_had(netopt_here: Run, toy: Path) -> None:
    """At a formal share of 0.5 D3 keeps 6,800 / 8,000 = 85 %.

    At 0.45 are to be dismantled 5,400 + 300 + (1,800 - 1,500) = 6,000 t, so 75 % would do; it keeps and
    pays 85 %, a tenth of 600,000 more. At 0.55 the 7,600 t are 800 t more than it kept.
    """
    divisible = edited(toy, "sites", set_cells("D3", existing_divisible="true"))
    solve(netopt_here, "unified", "run", instance=divisible)
    kept = pd.read_csv(Path("run", "tables", "facilities.csv")).set_index("size").loc["existing"]
    assert kept["capacity_tonnes_per_year"] == pytest.approx(6_800)
    less = ("--formal-share", 0.45)
    free = solve(netopt_here, "unified", "free", *less, instance=divisible)
    held = solve(netopt_here, "unified", "held", *less, "--fix-sites", "run", instance=divisible)
    assert netopt_here("check", "held").code == 0
    ledgers = [pd.read_csv(Path(run, "ledger.csv")) for run in ("free", "held")]
    of_d3 = [
        ledger.query("category == 'fixed' and facility_type == 'dismantler'")["cny_per_year"].sum()
        for ledger in ledgers
    ]
    assert of_d3 == pytest.approx([450_000, 510_000], abs=0.01)
    built = [ledger.query("category == 'capital'")["cny_per_year"].sum() for ledger in ledgers]
    # 3,000 t of black mass need the large R3 too
    assert built[0] == pytest.approx(built[1])
    assert held["objective"] - free["objective"] == pytest.approx(60_000, abs=0.01)
    more = ("--formal-share", 0.55, "--fix-sites", "run", "-o", "why", "-q")
    ended = netopt_here("solve", divisible, "--policy", "unified", *more)
    assert ended.code == 4
    assert "falls short by at least 800 t a year in 2025" in ended.err


def test_closings_and_expansions_are_kept_over_two_periods(netopt_here: Run) -> None:
    """toy-two-periods opens R3 small and adds the medium size a year later, see its README."""
    free = solve(netopt_here, "unified", "run", instance="toy-two-periods")
    again = solve(netopt_here, "unified", "again", "--fix-sites", "run", instance="toy-two-periods")
    assert again["objective"] == pytest.approx(free["objective"], abs=0.01)
    tables = [
        pd.read_csv(Path(run, "tables", "facilities.csv")).drop(columns="load_tonnes_per_year")
        for run in ("run", "again")
    ]
    assert tables[0]["expanded"].any()
    pd.testing.assert_frame_equal(*tables)
    less = solve(
        netopt_here,
        "unified",
        "less",
        "--fix-sites",
        "run",
        "--formal-share",
        0.55,
        instance="toy-two-periods",
    )
    assert less["checked"]
    same = pd.read_csv(Path("less", "tables", "facilities.csv")).drop(columns="load_tonnes_per_year")
    pd.testing.assert_frame_equal(tables[0], same)
