"""A comparison folder checked as a whole: every run, the same batteries, the intervals of the headline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netopt.accounts import Perspective
from netopt.analysis.cost import Cost
from netopt.analysis.formal_shares import collected_share_under, share_alike
from netopt.errors import CheckError
from netopt.solution.check import check_same_supply
from netopt.solution.design import design_in_manifest
from netopt.solution.recheck import recheck_run
from netopt.solution.store import altered_files, name_and_digest, read_json, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netopt.solution.outcome import Outcome
    from netopt.solution.recheck import Recheck
    from netopt.solution.store import Run

COMPARISON: Final = "comparison"
"""Kind of a comparison's manifest; ``comparison.json`` holds its intervals."""

RECOMPUTED: Final = (
    "low_cny_per_year",
    "high_cny_per_year",
    "low_cny_per_tonne_retired",
    "high_cny_per_tonne_retired",
    "low_share_of_base_gross_cost",
    "high_share_of_base_gross_cost",
    "sign",
    "is_nothing",
    "formal_share",
    "base_formal_share",
)


@dataclass(frozen=True)
class ComparisonRecheck:
    """What checking a comparison found.

    Attributes
    ----------
    runs
        Policy -> what checking its run found, the base first.
    altered, untrue
        As in ``netopt.solution.recheck.Recheck``, of the folder as a whole.
    notes
        What could not be recomputed, and why.
    """

    runs: dict[str, Recheck]
    altered: tuple[str, ...]
    untrue: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return all(run.ok for run in self.runs.values()) and not self.altered and not self.untrue

    def lines(self) -> list[str]:
        """Return everything that is wrong, one line each."""
        return [
            *(f"altered: {line}" for line in self.altered),
            *(f"untrue: {line}" for line in self.untrue),
            *(f"{name}: {line}" for name, run in self.runs.items() for line in run.lines()),
        ]


def recheck_comparison(path: str | Path, *, exact: bool = False) -> ComparisonRecheck:
    """Check a comparison folder without a solver.

    The headline's intervals are recomputed from the runs' outcomes. A private policy's range of
    social cost, and a base solved again without some of its soft targets, are not among the runs:
    the first is taken as stated, of the second's line it is said that it was not recomputed.

    Parameters
    ----------
    path
        The folder.
    exact
        As for ``recheck_run``.

    Raises
    ------
    UsageError, CheckError
        Where there is no such folder, or it lacks ``comparison.json`` or its runs.
    """
    folder = Path(path)
    manifest, stated = read_manifest(folder), read_json(folder / "comparison.json")
    names = _names(manifest)
    runs = {
        name: recheck_run(folder / "runs" / name, exact=exact)
        for name in names
        if (folder / "runs" / name).is_dir()
    }
    if stated.get("base") not in runs:
        raise CheckError(f"{path}: there is no run of the base {stated.get('base')!r}")
    untrue = [
        *_of_runs(names, runs, manifest),
        *_of_designs(stated, manifest, runs[str(stated["base"])].run),
        *_of_headline(stated, runs),
    ]
    notes = [
        f"the interval of {line['policy']} was not recomputed: the base without the targets that "
        f"{line['policy']} lacks is not among the runs"
        for line in _lines(stated)
        if not line.get("penalty_priced", True)
    ]
    return ComparisonRecheck(runs, tuple(altered_files(folder)), tuple(untrue), tuple(notes))


def _names(manifest: dict[str, Any]) -> list[str]:
    policies = manifest.get("policies")
    if not isinstance(policies, list):
        raise CheckError("manifest.json: names no policies")
    return [str(policy.get("name")) for policy in policies if isinstance(policy, dict)]


def _lines(stated: dict[str, Any]) -> list[dict[str, Any]]:
    lines = stated.get("headline")
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []


def _of_runs(names: list[str], found: dict[str, Recheck], manifest: dict[str, Any]) -> Iterator[str]:
    """Yield where the runs are not those of the manifest, or not of the same batteries."""
    yield from (f"runs/{name}: missing" for name in names if name not in found)
    runs = {name: item.run for name, item in found.items()}
    for asked in manifest["policies"]:
        run = runs.get(asked.get("name"))
        if run is not None and asked != name_and_digest(run.policy):
            yield f"manifest.json: policy {run.policy.name} is not that of its run"
    base = next(iter(runs.values()))
    about = manifest.get("instance")
    if not isinstance(about, dict) or about.get("digest") != base.instance.digest:
        yield "manifest.json: the instance is not that of the runs"
    for name, run in runs.items():
        if run.instance.digest != base.instance.digest:
            yield f"runs/{name}: planned for another instance than {base.policy.name}"
        if run.design != base.design:
            yield f"runs/{name}: not held to the same design as {base.policy.name}"
        if run.formal_share != base.formal_share or run.formal_share != manifest.get("formal_share"):
            yield f"runs/{name}: its formal share is {run.formal_share:g}, not that of the comparison"
    alike = {
        name: run.answer
        for name, run in runs.items()
        if share_alike((run.policy, base.formal_share), (base.policy, base.formal_share), base.instance)
    }
    for difference in check_same_supply(alike):
        yield f"not the same batteries: {difference}"


def _of_designs(stated: dict[str, Any], manifest: dict[str, Any], base: Run) -> Iterator[str]:
    """Yield where a file says of another design than the runs were held to, or of none."""
    kept = design_in_manifest(base.design).get("fixed_design")
    for file, content in (("comparison.json", stated), ("manifest.json", manifest)):
        if content.get("fixed_design") != kept:
            yield f"{file}: fixed_design is {kept}, not {content.get('fixed_design')}"


def _of_headline(stated: dict[str, Any], found: dict[str, Recheck]) -> Iterator[str]:
    """Yield the figures of the headline that do not follow from the runs' outcomes."""
    base = found[str(stated["base"])].run
    told = [str(line.get("policy")) for line in _lines(stated)]
    unsolved = stated.get("unsolved") or {}
    for name in found:
        expected = 0 if name == base.policy.name or name in unsolved else 1
        if told.count(name) != expected:
            yield f"comparison.json: the headline has {told.count(name)} lines of {name}"
    for line in _lines(stated):
        name = str(line.get("policy"))
        if name not in found:
            yield f"comparison.json: the headline has a line of {name}, which has no run"
        elif line.get("penalty_priced", True):
            recomputed = _cost(stated, found[name].run, base)
            yield from _differences(line, recomputed)


def _cost(stated: dict[str, Any], run: Run, base: Run) -> Cost:
    low, high = _bounds(_outcome(run))
    if run.policy.perspective is Perspective.PRIVATE:
        low, high = stated.get("social_ranges_cny_per_year", {}).get(run.policy.name, (low, high))
    base_low, base_high = _bounds(_outcome(base))
    return Cost(
        policy=run.policy.name,
        base=base.policy.name,
        low_cny_per_year=low - base_high,
        high_cny_per_year=high - base_low,
        retired_tonnes_per_year=_retired_tonnes_per_year(base),
        base_gross_cny_per_year=_outcome(base).gross_cost_cny_per_year,
        formal_share=collected_share_under(run.instance, run.policy, run.formal_share),
        base_formal_share=collected_share_under(base.instance, base.policy, base.formal_share),
    )


def _outcome(run: Run) -> Outcome:
    if run.outcome is None:
        raise CheckError(f"the run of {run.policy.name} has no outcome.json")
    return run.outcome


def _bounds(outcome: Outcome) -> tuple[float, float]:
    return outcome.lower_bound_cny_per_year, outcome.upper_bound_cny_per_year


def _retired_tonnes_per_year(run: Run) -> float:
    weights = run.instance.period_weights()
    supply = run.answer.supply
    discounted = supply["retired_tonnes_per_year"] * supply["period"].map(weights).astype(float)
    return float(discounted.sum() / sum(weights.values()))


def _differences(line: dict[str, Any], cost: Cost) -> Iterator[str]:
    recomputed = cost.to_dict()
    if line.get("base") != cost.base:
        yield f"comparison.json: {cost.policy} is compared with {line.get('base')}, not with {cost.base}"
    for name in RECOMPUTED:
        said, own = line.get(name), recomputed[name]
        own = None if isinstance(own, float) and not math.isfinite(own) else own
        both = isinstance(said, int | float) and isinstance(own, float) and not isinstance(said, bool)
        same = math.isclose(said, own, rel_tol=1e-9, abs_tol=1e-9) if both else said == own  # type: ignore[arg-type]
        if not same:
            yield f"comparison.json: {name} of {cost.policy} is {own}, not {said}"
