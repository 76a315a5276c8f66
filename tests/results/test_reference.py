"""The committed reference results are for today's instances and are not contradicted by a solve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netopt.backends.profiles import read_profile
from netopt.data.read import read_instance
from netopt.pipeline import solve
from netopt.policy.read import read_policy
from netopt.solution.options import SolveOptions

ROOT = Path(__file__).parents[2]
REFERENCES = sorted((ROOT / "results" / "reference").glob("*/*.json"))
MAIN_JOB = ("unified", "mandates", "open-market")
NATIONAL = [path for path in REFERENCES if path.parent.name == "china-2024"]
SMALL = [path for path in REFERENCES if path not in NATIONAL]


def test_there_are_references() -> None:
    named = {f"{path.parent.name}/{path.stem}" for path in REFERENCES}
    main_job = [f"{name}/{policy}" for name in ("china-provinces", "china-2024") for policy in MAIN_JOB]
    assert set(main_job) <= named


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_reference_is_for_the_committed_instance_and_policy(path: Path) -> None:
    reference = json.loads(path.read_text())
    instance = read_instance(ROOT / "instances" / path.parent.name)
    assert reference["instance"]["digest"] == instance.digest
    assert reference["policy"]["digest"] == read_policy(path.stem, instance).digest
    assert reference["lower_bound"] <= reference["upper_bound"]
    gap = (reference["upper_bound"] - reference["lower_bound"]) / reference["gross_cost"]
    assert gap == pytest.approx(reference["gap"], abs=1e-9)
    profile = read_profile(instance.settings.solving.profile or "default")
    assert gap <= reference["gap_target"] == profile.gap


@pytest.mark.parametrize("path", SMALL, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_quick_solve_does_not_contradict_a_reference(path: Path) -> None:
    _not_contradicted(path, SolveOptions(gap=0.02, time_limit_s=120))


@pytest.mark.campaign
@pytest.mark.parametrize("path", NATIONAL[-1:], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_national_solve_does_not_contradict_a_reference(path: Path) -> None:
    _not_contradicted(path, SolveOptions(gap=0.02, time_limit_s=600))


def _not_contradicted(path: Path, options: SolveOptions) -> None:
    reference = json.loads(path.read_text())
    instance = read_instance(ROOT / "instances" / path.parent.name)
    found = solve(instance, read_policy(path.stem, instance), options).outcome
    rounding = 1e-6 * reference["gross_cost"]
    assert found.lower_bound_cny_per_year <= reference["upper_bound"] + rounding
    assert reference["lower_bound"] <= found.upper_bound_cny_per_year + rounding
