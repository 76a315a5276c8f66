"""Calibration: routing rules on toy by hand, on 337 places in order; the page is what is printed."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from netopt.analysis.calibration import (
    MEASURES,
    Bench,
    Compared,
    calibrate,
    calibration_markdown,
    why_not_comparable,
)
from netopt.analysis.routing import RULES, Routing
from netopt.data.calibration import CLASSES, Calibration, read_calibration
from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.errors import InstanceError, UsageError
from netopt.pipeline import solve
from netopt.policy.read import read_policy
from netopt.resources import shipped
from netopt.solution.options import SolveOptions
from netopt.solution.store import Run, read_run, write_run

ROOT = Path(__file__).parents[2]
EXACT = SolveOptions(gap=1e-9, threads=1)


@pytest.fixture(scope="module")
def toy() -> Instance:
    return read_instance(shipped("instances") / "toy")


@pytest.fixture(scope="module")
def toy_runs(toy: Instance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    solution = solve(toy, read_policy("unified", toy), EXACT)
    return {"unified": read_run(write_run(solution, tmp_path_factory.mktemp("runs") / "unified"))}


def with_targets(path: Path, *rows: str) -> Path:
    """Return a copy of toy with a folder of calibration that holds these targets."""
    folder = path / "toy"
    shutil.copytree(shipped("instances") / "toy", folder)
    (folder / "calibration").mkdir()
    head = "target,figure,measure,subject,unit,low,value,high,class,source,why"
    for name, lines in (
        ("targets", (head, *rows)),
        ("end_of_life", ("jurisdiction,tonnes_per_year", "P1,1")),
        ("neighbours", ("jurisdiction,neighbour", "P1,P2")),
        ("clusters", ("cluster,location", "one,L1")),
    ):
        (folder / "calibration" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def row_of_three(toy: Instance) -> Calibration:
    """Return toy's provinces in a row: P1 - P2 - P3, 100 km apart, and a cluster of both ends."""
    return Calibration(
        targets=pd.DataFrame(),
        end_of_life=pd.DataFrame(
            {"jurisdiction": ["P1", "P2", "P3"], "tonnes_per_year": [4000.0, 8000.0, 4000.0]}
        ),
        neighbours=pd.DataFrame({"jurisdiction": ["P1", "P2"], "neighbour": ["P2", "P3"]}),
        clusters=pd.DataFrame({"cluster": ["ends", "ends"], "location": ["L1", "L3"]}),
    )


@pytest.fixture(scope="module")
def compared() -> dict[str, Compared]:
    """Return every target of china-2024 that needs no plan."""
    found = calibrate(read_instance(shipped("instances") / "china-2024"), options=EXACT)
    return {each.target: each for each in found}


@pytest.mark.parametrize(
    ("rule", "served", "mean_km", "over_border"),
    [
        # D3 in Eastland takes 10,000 t nominal; a haul inside a town is 10 km.
        ("own", 4000, 10, 0),
        # Westland's 4,000 t from 200 km away.
        ("cluster", 8000, (4000 * 10 + 4000 * 200) / 8000, 0.5),
        # Both others are within 300 km; the nearer 6,000 t fill the plant.
        ("radius", 10000, (4000 * 10 + 6000 * 100) / 10000, 0.6),
        ("neighbour", 10000, (4000 * 10 + 6000 * 100) / 10000, 0.6),
    ],
)
def test_rules_on_toy_by_hand(
    toy: Instance,
    row_of_three: Calibration,
    rule: str,
    served: float,
    mean_km: float,
    over_border: float,
) -> None:
    found = Routing(toy, row_of_three, "dismantler", EXACT).route(rule, 1.0)
    assert found.tonnes_per_year == pytest.approx(served)
    assert found.mean_km == pytest.approx(mean_km)
    assert found.over_border == pytest.approx(over_border)


def test_the_offered_share_is_the_one_that_serves_so_much(toy: Instance, row_of_three: Calibration) -> None:
    routing = Routing(toy, row_of_three, "dismantler", EXACT)
    share = routing.offered_share(2000.0)
    assert share == pytest.approx(0.5, abs=1e-4)
    assert routing.route("own", share).tonnes_per_year == pytest.approx(2000, rel=1e-3)
    assert routing.without_capacity() == (2, pytest.approx(12_000 / 16_000))


def test_the_four_rules_come_out_in_order_and_near(compared: dict[str, Compared]) -> None:
    """Own province < city cluster < 300 km < neighbours, each within a tenth of the study's tonnes."""
    tonnes = [compared[f"{rule}_kt"] for rule in RULES]
    models = [each.model for each in tonnes]
    assert models == sorted(models)
    assert len(set(models)) == 4
    assert all(abs(each.error) <= 0.1 * each.value for each in tonnes)
    hauls = [compared[f"{rule}_km"].model for rule in RULES]
    assert hauls[0] == min(hauls)
    assert hauls[-1] == max(hauls)
    assert all(abs(compared[f"{rule}_km"].error) <= 0.2 * compared[f"{rule}_km"].value for rule in RULES)


def test_figures_of_the_tables_by_hand(compared: dict[str, Compared]) -> None:
    assert compared["formal_share"].model == pytest.approx(30)
    assert compared["formal_tonnes_miit"].model == pytest.approx(0.3 * 580)
    # 30 % of 37 % LFP of which 60 % are fit, and of 63 % NCM of which 10 % are.
    assert compared["sichuan_cascade"].model == pytest.approx(30 * (0.37 * 0.6 + 0.63 * 0.1))
    assert compared["sichuan_informal"].error == pytest.approx(-10)
    assert compared["sichuan_capacity"].model == pytest.approx(130 * 0.5)
    assert compared["no_capacity"].model == 13
    # 0.398952 t black mass give lithium carbonate at 73,000 and iron phosphate at 1,500; copper; aluminium
    # but for that of the housing.
    sales = 0.398952 * (0.143462 * 73_000 + 0.605169 * 1500) + 0.0744 * 63_750 + (0.1674 - 0.1116) * 17_000
    cost = 595 + 0.398952 * 10_390.72 + 5334
    assert compared["margin_lfp"].model == pytest.approx(100 * (sales - cost) / sales, rel=1e-6)
    # What the builder prints of the same boundary, from the parameters alone.
    assert compared["margin_lfp"].model == pytest.approx(1.5, abs=0.05)
    assert compared["margin_ncm"].model == pytest.approx(19.5, abs=0.05)


def test_every_class_is_there_and_every_miss_is_explained(compared: dict[str, Compared]) -> None:
    assert {each.kind for each in compared.values()} == set(CLASSES)
    silent = [name for name, each in compared.items() if not math.isnan(each.error) and not each.why]
    assert [name for name in silent if abs(compared[name].error) > 0.01 * abs(compared[name].model)] == []


def test_targets_of_plans_are_not_computed_without_runs(compared: dict[str, Compared]) -> None:
    for name in ("capacity_used", "dual", "delay", "platform", "cascade_share"):
        assert math.isnan(compared[name].model)
        assert math.isnan(compared[name].error)
    assert "not computed: give the comparison with --runs" in calibration_markdown(list(compared.values()))


def test_the_page_shows_what_the_command_prints(compared: dict[str, Compared]) -> None:
    page = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8").splitlines()
    known = [each for each in compared.values() if not math.isnan(each.model)]
    printed = calibration_markdown(known).splitlines()
    assert len(known) >= 18
    assert [line for line in printed if line not in page and line.startswith("|")] == []
    assert [line for line in printed if line not in page and line.startswith("*")] == []


def test_figures_of_plans_by_hand(toy: Instance, tmp_path: Path) -> None:
    solution = solve(toy, read_policy("unified", toy), SolveOptions(gap=0.0, threads=1))
    run = read_run(write_run(solution, tmp_path / "unified"))
    bench = Bench(toy, Calibration(*[pd.DataFrame()] * 4), {"unified": run}, EXACT)
    # D3 dismantles 6,800 t of 10,000 nominal; C2 repurposes 1,500 of 16,000 t that retire.
    assert MEASURES["capacity_used"](bench, "unified/dismantler") == pytest.approx(68)
    assert MEASURES["cascade_share"](bench, "unified/cascade") == pytest.approx(100 * 1500 / 16_000)
    assert MEASURES["ledger"](bench, "unified/testing") == pytest.approx(0.8)
    assert MEASURES["ledger"](bench, "unified-minus-unified/testing") == 0
    with pytest.raises(UsageError, match="'mandates' is no policy"):
        MEASURES["ledger"](bench, "mandates/testing")
    bench.partial = True
    assert math.isnan(MEASURES["ledger"](bench, "mandates-minus-unified/testing"))


@pytest.mark.parametrize(
    ("subject", "said"), [("pack;metal", "no term"), ("pack;metal=x", "no term"), ("pack;gold=1", "gold")]
)
def test_terms_of_a_margin_that_mean_nothing_are_refused(toy: Instance, subject: str, said: str) -> None:
    bench = Bench(toy, Calibration(*[pd.DataFrame()] * 4), {}, EXACT)
    with pytest.raises(UsageError, match=said):
        MEASURES["margin"](bench, subject)


@pytest.mark.parametrize(
    ("measure", "subject", "said"),
    [
        ("margin", "gold", "'gold' is no commodity that retires"),
        ("cascade_ceiling", "P9", "'P9' is no jurisdiction"),
        ("effective_capacity", "smelter@P1", "'smelter' is no facility type"),
        ("effective_capacity", "hub@P9", "'P9' is no jurisdiction"),
        ("retired_over_capacity", "smelter", "'smelter' is no facility type"),
        ("without_capacity", "smelter", "'smelter' is no facility type"),
        ("ledger", "unified/haulag", "'haulag' is no category of the ledger"),
        ("capacity_used", "unified/smelter", "'smelter' is no facility type"),
        ("cascade_share", "unified/smelter", "'smelter' is no facility type"),
    ],
)
def test_subjects_that_mean_nothing_are_refused(
    toy: Instance, toy_runs: dict[str, Run], measure: str, subject: str, said: str
) -> None:
    bench = Bench(toy, Calibration(*[pd.DataFrame()] * 4), toy_runs, EXACT)
    with pytest.raises(UsageError, match=said):
        MEASURES[measure](bench, subject)


def test_a_run_says_why_it_is_not_comparable(toy: Instance, toy_runs: dict[str, Run]) -> None:
    run = next(iter(toy_runs.values()))
    assert why_not_comparable(toy, run) == ""
    assert "formal share" in why_not_comparable(toy.with_formal_share(0.9), run)


def test_runs_of_other_batteries_or_another_share_are_refused(
    toy: Instance, toy_runs: dict[str, Run], tmp_path: Path
) -> None:
    china = read_instance(shipped("instances") / "china-2024")
    with pytest.raises(UsageError, match="run of unified is not comparable with china-2024: other tonnes"):
        calibrate(china, toy_runs, EXACT)
    folder = with_targets(tmp_path, "a,Share,formal_share,,%,,30,,held out,somebody,")
    solution = solve(toy, read_policy("unified", toy), replace(EXACT, formal_share=0.4))
    run = read_run(write_run(solution, tmp_path / "unified"))
    with pytest.raises(UsageError, match=r"it starts from a formal share of 0\.4"):
        calibrate(read_instance(folder), {"unified": run}, EXACT)
    (told,) = calibrate(read_instance(folder), toy_runs, EXACT)
    assert told.error == pytest.approx(20)


def test_targets_without_a_figure_or_with_ends_crossed_are_refused(tmp_path: Path) -> None:
    nothing, crossed = "a,S,formal_share,,%,,,,held out,x,", "b,S,formal_share,,%,60,,40,held out,x,"
    with pytest.raises(InstanceError) as caught:
        read_calibration(read_instance(with_targets(tmp_path, nothing, crossed)))
    first, second = (str(problem) for problem in caught.value.problems)
    assert "row 2" in first
    assert "the source's figure is missing" in first
    assert "row 3" in second
    assert "the least, 60, is above the most" in second


def test_errors_are_to_the_nearer_end_of_a_range() -> None:
    def of(model: float, value: float, low: float, high: float) -> float:
        return Compared("t", "f", "%", "held out", "s", "", model, value, low, high).error

    nan = float("nan")
    assert of(5.0, nan, -8.0, 4.0) == 1.0
    assert of(-10.0, nan, -8.0, 4.0) == -2.0
    assert of(0.0, nan, -8.0, 4.0) == 0.0
    assert of(30.0, nan, nan, 20.0) == 10.0
    assert of(70.0, nan, 80.0, nan) == -10.0
    assert of(70.0, 60.0, 0.0, 100.0) == 10.0


def test_an_instance_without_the_folder_is_refused(toy: Instance) -> None:
    with pytest.raises(UsageError, match="has no folder calibration/"):
        read_calibration(toy)


def test_problems_of_the_tables_are_all_told(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    shutil.copytree(shipped("instances") / "toy", folder)
    (folder / "calibration").mkdir()
    (folder / "calibration" / "targets.csv").write_text(
        "target,figure,measure,subject,unit,low,value,high,class,source,why\n"
        "a,Share,formal_share,,%,,many,,guessed,somebody,\n",
        encoding="utf-8",
    )
    (folder / "calibration" / "end_of_life.csv").write_text(
        "jurisdiction,tonnes_per_year\nP9,-1\n", encoding="utf-8"
    )
    (folder / "calibration" / "neighbours.csv").write_text(
        "jurisdiction,neighbour\nP1,P8\n", encoding="utf-8"
    )
    with pytest.raises(InstanceError) as caught:
        read_calibration(read_instance(folder))
    said = "\n".join(str(problem) for problem in caught.value.problems)
    for words in (
        "'many' is not a number",
        "'guessed' is none of",
        "jurisdiction 'P9'",
        "'P8'",
        "clusters.csv",
    ):
        assert words in said
