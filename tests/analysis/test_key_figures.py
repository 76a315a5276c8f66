"""Key figures against toy's README: 16,000 t retire, half is collected; what a plan hauls and builds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from netopt.analysis.key_figures import key_figures
from netopt.data.read import read_instance
from netopt.pipeline import solve
from netopt.policy.read import read_policy
from netopt.resources import shipped
from netopt.solution.options import SolveOptions
from netopt.solution.store import Run, read_run, write_run
from tests.cli.conftest import environment

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    for name in ("toy", "toy-two-periods"):
        instance = read_instance(shipped("instances") / name)
        solution = solve(instance, read_policy("unified", instance), SolveOptions(gap=0.0, threads=1))
        write_run(solution, folder / name)
        found[name] = read_run(folder / name)
    return found


def first_leg(run: Run) -> pd.DataFrame:
    return run.answer.flows[run.answer.flows["from_place"].isin(run.instance["sources"]["source"])]


def test_costs_and_bounds_are_those_of_the_run(runs: dict[str, Run]) -> None:
    run = runs["toy"]
    figures = key_figures(runs)["toy"]
    assert run.outcome is not None
    assert figures["cost of the plan, m CNY/yr"] * 1e6 == run.outcome.upper_bound_cny_per_year
    ledger = run.ledger.groupby("category")["cny_per_year"].sum()
    assert figures["haulage, m CNY/yr"] * 1e6 == pytest.approx(ledger["haulage"])
    assert figures["delay, m CNY/yr"] == 0.0


def test_hauls_are_tonnes_by_kilometres_of_each_leg(runs: dict[str, Run]) -> None:
    run = runs["toy"]
    figures = key_figures(runs)["toy"]
    first = first_leg(run)
    assert first["flow_units_per_year"].sum() == pytest.approx(8_000.0)  # half of what retires
    by_hand = (first["flow_units_per_year"] * first["distance_km"]).sum()
    assert figures["first leg, m t km/yr"] * 1e6 == pytest.approx(by_hand)
    assert figures["first leg, mean km"] == pytest.approx(by_hand / 8_000.0)
    assert 0.0 <= figures["first leg, % of tonnes over a border"] <= 100.0


def test_sites_at_work_carry_a_load_and_new_ones_did_not_stand(runs: dict[str, Run]) -> None:
    for name, run in runs.items():
        figures = key_figures(runs)[name]
        loaded = run.answer.facilities.query("load_tonnes_per_year > 0")["site"].nunique()
        counted = [value for figure, value in figures.items() if str(figure).endswith("sites at work")]
        assert sum(counted) == loaded
        opened = set(run.answer.facilities.query("opened and load_tonnes_per_year > 0")["site"])
        new = [value for figure, value in figures.items() if str(figure).endswith("of them new")]
        assert sum(new) >= len(opened) > 0


def test_two_periods_are_annual_equivalents(runs: dict[str, Run]) -> None:
    run = runs["toy-two-periods"]
    first, weights = first_leg(run), run.instance.period_weights()
    by_period = (first["flow_units_per_year"] * first["distance_km"]).groupby(first["period"]).sum()
    by_hand = sum(weights[str(period)] * value for period, value in by_period.items()) / sum(
        weights.values()
    )
    assert key_figures(runs)["toy-two-periods"]["first leg, m t km/yr"] * 1e6 == pytest.approx(by_hand)


def test_a_run_without_an_outcome_has_no_bounds(runs: dict[str, Run]) -> None:
    foreign = Run(**{**vars(runs["toy"]), "outcome": None})
    figures = key_figures({"ours": runs["toy"], "theirs": foreign})
    assert pd.isna(figures.loc["gap, % of gross cost", "theirs"])
    assert figures.loc["haulage, m CNY/yr", "theirs"] == figures.loc["haulage, m CNY/yr", "ours"]


def test_comparisons_are_printed_side_by_side(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "netopt", "compare", "toy", "--policies", "unified,mandates"]
    subprocess.run(  # noqa: S603
        [*words, "--no-curve", "--no-maps", "-q", "-o", "compared"],
        cwd=tmp_path,
        check=True,
        env=environment(),
    )
    place = [sys.executable, str(ROOT / "instances" / "china" / "place.py")]
    table = subprocess.run(  # noqa: S603
        [*place, "one=compared", "other=compared"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    ).stdout
    assert "| difference, m CNY/yr | one | other |" in table
    assert table.count("**unified**") == table.count("**mandates**") == 1
    (row,) = [line for line in table.splitlines() if line.startswith("| mandates - unified")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == cells[2] != ""
