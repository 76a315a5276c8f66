"""``netopt incidence``: tables and words of a run, of two, and ranges; what it refuses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Run, files_of


@pytest.fixture(scope="session")
def other_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of toy under mandates; not to be altered."""
    from netopt.cli.main import main  # noqa: PLC0415 - as the other session fixtures

    run = tmp_path_factory.mktemp("toy") / "mandates"
    assert main(["solve", "toy", "--policy", "mandates", "-o", str(run), "-q", "--threads", "1"]) == 0
    return run


def test_tables_of_a_run_sum_to_its_cost(netopt_here: Run, toy_run: Path) -> None:
    ended = netopt_here("incidence", toy_run, "-o", "told", "--json")
    assert ended.code == 0
    said = ended.json()
    assert said["incidence"]["of"] == "this plan"
    for name in ("by_actor", "by_jurisdiction"):
        table = pd.read_csv(Path("told") / f"{name}.csv")
        assert table["social_cost_cny_per_year"].sum() == pytest.approx(-5_531_190)
        assert len(table) == len(said["incidence"][name])
    assert set(files_of(Path("told"))) == {
        "README.md",
        "manifest.json",
        *(
            f"{name}.csv"
            for name in ("accounts", "by_actor", "by_jurisdiction", "by_facility_type", "metals")
        ),
    }
    assert "of this plan" in Path("told/README.md").read_text(encoding="utf-8")


def test_two_runs_say_who_loses(netopt_here: Run, toy_run: Path, other_run: Path) -> None:
    ended = netopt_here("incidence", toy_run, other_run, "-o", "change", "--json")
    assert ended.code == 0
    change = ended.json()["incidence"]
    assert (change["base"], change["other"]) == ("unified", "mandates")
    low, high = change["difference_cny_per_year"]
    table = pd.read_csv("change/change_by_jurisdiction.csv", keep_default_na=False)
    assert low - 1 <= table["social_cost_cny_per_year"].sum() <= high + 1
    assert change["losers"]


def test_a_range_holds_the_plan(netopt_here: Run, toy_run: Path) -> None:
    words = ("--range", "throughput/hydromet@P3,cost", "-o", "ranged", "--threads", 1, "-q", "--json")
    ended = netopt_here("incidence", toy_run, *words)
    assert ended.code == 0
    ranges = {item["figure"]: item for item in ended.json()["ranges"]}
    throughput = ranges["throughput/hydromet@P3"]
    assert throughput["own"] == pytest.approx(3400)
    assert 3390 <= throughput["low"] <= 3400 <= throughput["high"] <= 3410
    # The cost of society is the objective: every plan as cheap costs what this one costs.
    assert ranges["cost"]["low"] == pytest.approx(-5_531_190, rel=1e-4)
    assert ranges["cost"]["high"] == pytest.approx(-5_531_190, rel=1e-4)
    assert "Every such plan lies between the ends" in Path("ranged/README.md").read_text(encoding="utf-8")


def test_a_dry_run_writes_nothing(netopt_here: Run, toy_run: Path) -> None:
    assert netopt_here("incidence", toy_run, "-o", "dry", "--dry-run").code == 0
    assert not Path("dry").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--range", "tonnes"), "'tonnes' is no figure"),
        (("--range", "cost@P9"), "'P9' is no jurisdiction"),
        (("--range", "cost/smelter"), "'smelter' is no facility type"),
    ],
)
def test_figures_that_mean_nothing_end_with_2(
    netopt_here: Run, toy_run: Path, words: tuple[str, ...], said: str
) -> None:
    ended = netopt_here("incidence", toy_run, *words, "-o", "none")
    assert ended.code == 2
    assert said in " ".join(ended.err.split())
    assert not Path("none").exists()


def test_a_comparison_and_a_folder_without_a_run_are_refused(netopt_here: Run, toy: Path) -> None:
    assert (
        netopt_here(
            "compare",
            toy,
            "--policies",
            "unified,mandates",
            "--no-curve",
            "--no-maps",
            "-q",
            "-o",
            "compared",
            "--threads",
            1,
        ).code
        == 0
    )
    ended = netopt_here("incidence", "compared", "-o", "none")
    assert ended.code == 2
    assert "is a comparison" in " ".join(ended.err.split())
    assert netopt_here("incidence", toy, "-o", "none").code == 2
    assert netopt_here("incidence", "nowhere", "-o", "none").code == 2
