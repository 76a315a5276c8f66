"""``netopt report``: what it writes and says, what it refuses, and red words for what is not proven."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from netopt.cli.report import FILES
from tests.cli.conftest import Run, files_of


@pytest.fixture
def run(toy_run: Path, tmp_path: Path) -> Path:
    """Return a run of toy to report into, or to alter."""
    return Path(shutil.copytree(toy_run, tmp_path / "run"))


def alter(run: Path, file: str, change: Callable[[str], str], *, seal: bool = True) -> None:
    """Change a file of a run and, where it is to look untouched, its digest in the manifest."""
    path = run / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    if seal:
        manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"][file] = hashlib.sha256(path.read_bytes()).hexdigest()
        if file == "outcome.json":
            outcome = json.loads(path.read_text(encoding="utf-8"))
            manifest["outcome"] = {name: outcome[name] for name in manifest["outcome"]}
        (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_a_run_is_reported_in_its_own_folder_and_stays_as_it_was(netopt_here: Run, run: Path) -> None:
    before = files_of(run)
    ended = netopt_here("report", run, "--json")
    assert ended.code == 0
    said = ended.json()
    assert (said["status"], said["proven"], said["alarms"]) == ("written", True, [])
    assert said["paths"] == {name: str(run / "report" / file) for name, file in FILES.items()}
    assert all(Path(path).exists() for path in said["paths"].values())
    assert {
        name: content for name, content in files_of(run).items() if not name.startswith("report/")
    } == before
    assert netopt_here("check", run).code == 0


def test_only_the_formats_that_are_asked_for_are_written(
    netopt_here: Run, run: Path, tmp_path: Path
) -> None:
    ended = netopt_here("report", run, "--format", "md", "-o", tmp_path / "told")
    assert ended.code == 0
    assert {path.name for path in (tmp_path / "told").iterdir()} == {"summary.md", "manifest.json"}
    assert ended.out.splitlines() == [str(tmp_path / "told" / "summary.md")]


def test_a_report_is_replaced_only_by_force(netopt_here: Run, run: Path, tmp_path: Path) -> None:
    words = ["report", run, "--format", "md", "-o", tmp_path / "told"]
    assert netopt_here(*words).code == 0
    refused = netopt_here(*words)
    assert refused.code == 2
    assert "--force" in refused.err
    assert netopt_here(*words, "--lang", "zh", "--force").code == 0
    assert "每年" in (tmp_path / "told" / "summary.md").read_text(encoding="utf-8")


def test_a_report_replaces_no_run(netopt_here: Run, run: Path) -> None:
    before = files_of(run)
    ended = netopt_here("report", run, "-o", run, "--force")
    assert (ended.code, "which a report does not replace" in ended.err) == (2, True)
    assert files_of(run) == before


def test_a_dry_run_writes_nothing(netopt_here: Run, run: Path, tmp_path: Path) -> None:
    before = files_of(tmp_path)
    ended = netopt_here("report", run, "--dry-run", "--json")
    assert ended.code == 0
    assert ended.json()["status"] == "dry_run"
    assert files_of(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--format", "html,pdff"], "there is no format 'pdff'"),
        (["--lang", "zz"], "there is no language 'zz'"),
        (["--format", "html,html"], "appears twice"),
    ],
)
def test_slips_are_told(netopt_here: Run, run: Path, words: list[str], hint: str) -> None:
    ended = netopt_here("report", run, *words)
    assert ended.code == 2
    assert hint in ended.err
    assert not (run / "report").exists()


def test_no_run_and_no_such_folder_are_told(netopt_here: Run, tmp_path: Path) -> None:
    assert netopt_here("report").code == 2
    ended = netopt_here("report", tmp_path / "nowhere")
    assert ended.code == 2
    assert "nowhere" in ended.err


def test_an_altered_run_is_refused(netopt_here: Run, run: Path) -> None:
    alter(run, "ledger.csv", lambda text: text.replace("haulage", "loading", 1), seal=False)
    ended = netopt_here("report", run)
    assert ended.code == 7
    assert "ledger.csv: changed" in ended.err
    assert not (run / "report").exists()


def test_a_plan_that_fails_the_check_is_reported_in_red(netopt_here: Run, run: Path) -> None:
    def more_hauled(text: str) -> str:
        head, first, *rest = text.splitlines()
        cells = first.split(",")
        cells[-2] = str(float(cells[-2]) + 1000.0)
        return "\r\n".join([head, ",".join(cells), *rest]) + "\r\n"

    alter(run, "tables/flows.csv", more_hauled)
    ended = netopt_here("report", run, "--format", "html,md", "--json")
    assert ended.code == 7
    said = ended.json()
    assert said["status"] == "check_failed"
    assert said["alarms"][0].startswith("NOT VALID: the plan under unified fails the check")
    page = (run / "report" / "report.html").read_text(encoding="utf-8")
    assert '<div class="verdict alarm" role="alert">' in page
    assert said["alarms"][0] in page
    assert "violations" in said["tables"]


def test_a_gap_that_was_not_reached_is_reported_in_red(netopt_here: Run, run: Path) -> None:
    def wider(text: str) -> str:
        outcome = json.loads(text)
        outcome["lower_bound_cny_per_year"] -= 1e6
        outcome["gap"] = (
            outcome["upper_bound_cny_per_year"] - outcome["lower_bound_cny_per_year"]
        ) / outcome["gross_cost_cny_per_year"]
        outcome["status"] = "limit"
        return json.dumps(outcome)

    alter(run, "outcome.json", wider)
    ended = netopt_here("report", run, "--format", "html,xlsx", "--json")
    assert ended.code == 0
    said = ended.json()
    assert not said["proven"]
    assert said["alarms"][0].startswith("NOT PROVEN: the plan under unified has a gap of")
    page = (run / "report" / "report.html").read_text(encoding="utf-8")
    assert said["alarms"][0] in page
    assert "limit reached, not proven" in page


def test_calibration_of_an_instance_without_figures_is_told(netopt_here: Run, run: Path) -> None:
    ended = netopt_here("report", run, "--calibration", "toy")
    assert ended.code in (2, 3)
    assert "calibration" in ended.err
    assert not (run / "report").exists()


def test_two_runs_are_reported_under_results(netopt_here: Run, run: Path, tmp_path: Path) -> None:
    ended = netopt_here("report", run, run, "--format", "parquet", "--json")
    assert ended.code == 0
    path = Path(ended.json()["paths"]["parquet"])
    assert path.parts[:2] == ("results", "runs")
    assert (tmp_path / path / "headline.parquet").is_file()
