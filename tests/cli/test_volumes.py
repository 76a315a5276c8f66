"""``--volumes``: a total by name, in plan, manifest and report."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from netopt.data.write import describe_folder
from tests.cli.conftest import Run


@pytest.fixture
def halved(toy: Path) -> Path:
    """Return a copy of toy with a volume of half its tonnes, named ``half``."""
    supply = pd.read_csv(toy / "data" / "supply.csv")
    now = supply.loc[supply["period"] == supply["period"].iloc[0], "supply_tonnes_per_year"].sum()
    rows = (
        f"volume,year,supply_tonnes_per_year,source\nas-is,2024,{now},toy\nhalf,2030,{now / 2},invented\n"
    )
    (toy / "data" / "volumes.csv").write_text(rows, encoding="utf-8")
    describe_folder(toy)
    return toy


def outflow(run: Path) -> float:
    """Return the tonnes that leave the sources of a run, leaked ones too."""
    supply = pd.read_csv(run / "instance" / "data" / "supply.csv")
    return float(supply["supply_tonnes_per_year"].sum())


def test_a_run_at_a_volume_says_so_and_stands_alone(netopt_here: Run, halved: Path) -> None:
    def solve(*words: object) -> dict[str, str]:
        ended = netopt_here("solve", halved, "--policy", "unified", "--threads", "1", *words)
        assert ended.code == 0, ended.err
        instance: dict[str, str] = json.loads(Path(str(words[1]), "manifest.json").read_text())["instance"]
        return instance

    plain = solve("-o", "plain")
    half = solve("-o", "half", "--volumes", "half")
    assert (plain["volume"], half["volume"]) == ("as-is", "half")
    assert half["title"].startswith(f"{plain['title']}; volume half: ")
    assert plain["digest"] != half["digest"]
    assert outflow(Path("half")) == pytest.approx(0.5 * outflow(Path("plain")))
    assert netopt_here("check", "half").code == 0


def test_a_comparison_names_the_volume_in_its_report(netopt_here: Run, halved: Path) -> None:
    words = ("--policies", "unified,mandates", "--no-curve", "--no-maps", "-o", "compared")
    ended = netopt_here("compare", halved, "--volumes", "half", "--threads", "1", *words)
    assert ended.code == 0, ended.err
    assert "volume half" in Path("compared", "README.md").read_text(encoding="utf-8").splitlines()[0]
    manifest = json.loads(Path("compared", "manifest.json").read_text(encoding="utf-8"))
    assert manifest["instance"]["volume"] == "half"


@pytest.mark.parametrize("command", ["solve", "compare", "explain"])
def test_an_unknown_volume_ends_with_a_suggestion(netopt_here: Run, halved: Path, command: str) -> None:
    policy = [] if command == "compare" else ["--policy", "unified"]
    ended = netopt_here(command, halved, *policy, "--volumes", "hlaf")
    assert ended.code == 2
    assert "did you mean 'half'?" in ended.err


def test_a_run_has_its_volume(netopt_here: Run, toy_run: Path) -> None:
    ended = netopt_here("explain", toy_run, "--volumes", "half")
    assert ended.code == 2
    assert "--volumes goes with --policy" in ended.err


def test_what_an_infeasible_policy_is_explained_with(
    netopt_here: Run, halved: Path, tmp_path: Path
) -> None:
    words = "volume,year,supply_tonnes_per_year,source\nas-is,2024,16000,toy\nflood,2030,9e7,invented\n"
    (halved / "data" / "volumes.csv").write_text(words, encoding="utf-8")
    describe_folder(halved)
    ended = netopt_here(
        "solve", halved, "--policy", "unified", "--volumes", "flood", "-o", tmp_path / "none"
    )
    assert ended.code == 4
    assert "--policy unified --volumes flood" in (tmp_path / "none" / "explanation.txt").read_text()


def test_what_a_wanted_share_costs_follows_the_volume_and_the_share(netopt_here: Run, halved: Path) -> None:
    def paid(*words: object) -> float:
        ended = netopt_here("informal", "payments", halved, "--shares", "0.9", "--json", *words)
        assert ended.code == 0, ended.err
        return float(sum(row["total_cny_per_year"] for row in json.loads(ended.out)["payments"]))

    assert paid("--volumes", "half") == pytest.approx(0.5 * paid())
    assert paid("--formal-share", "0.9") == pytest.approx(0.0)


def test_the_informal_commands_say_which_scenario_has_no_meaning(netopt_here: Run, halved: Path) -> None:
    kept = netopt_here("informal", "payments", halved, "--fix-sites", "plain")
    assert kept.code == 2
    assert "--fix-sites has no meaning here" in kept.err
    nothing = netopt_here("informal", "break-even", halved, "--no-leakage")
    assert nothing.code == 2
    assert "there is no leaked tonne to be formalised" in nothing.err
