"""A run folder checked as a whole: its plan by the checker, and what it says about itself.

The plan's cost, gross cost and rules are recomputed. A lower bound cannot be: it is its solver's word,
and all that can be checked of it is that it fits the plan, the gap and the status beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netopt.solution.check import check
from netopt.solution.outcome import Status, gap_of
from netopt.solution.store import (
    OUTCOME_SUMMARY,
    altered_files,
    finite_or_null,
    instance_in_manifest,
    name_and_digest,
    read_json,
    read_run,
)
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netopt.solution.check import Verdict
    from netopt.solution.outcome import Outcome
    from netopt.solution.store import Run

EXACT_FLOWS: Final = 5_000
"""Runs of up to so many flows are decided in rational arithmetic, which takes seconds there."""

GAP_TOLERANCE: Final = 1e-9
"""Largest difference between a gap as stated and as recomputed from its own bounds."""


@dataclass(frozen=True)
class Recheck:
    """What checking one run found.

    Attributes
    ----------
    run, verdict
        The run as read, and the checker's verdict on its plan.
    altered
        Files that are not as the manifest says, one line each.
    untrue
        What the run says about itself and is not so, one sentence each.
    """

    run: Run
    verdict: Verdict
    altered: tuple[str, ...]
    untrue: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.verdict.ok and not self.altered and not self.untrue

    def lines(self) -> list[str]:
        """Return everything that is wrong, one line each."""
        return [
            *(f"altered: {line}" for line in self.altered),
            *(f"untrue: {line}" for line in self.untrue),
            *(f"violated: {violation}" for violation in self.verdict.violations),
        ]


def recheck_run(path: str | Path, *, exact: bool = False) -> Recheck:
    """Check a run, or anyone's answer laid out as one.

    Parameters
    ----------
    path
        The run folder.
    exact
        Decide in rational arithmetic however large the run is; up to ``EXACT_FLOWS`` flows it is
        always done.

    Raises
    ------
    UsageError, CheckError
        As for ``read_run``.
    """
    run = read_run(path, verify_digests=False)
    verdict = check(
        run.instance,
        run.policy,
        run.answer,
        run.ledger,
        formal_share=run.formal_share,
        design=run.design,
        given_flows=run.given_flows,
        upper_bound_cny_per_year=None if run.outcome is None else run.outcome.upper_bound_cny_per_year,
        exact=exact or len(run.answer.flows) <= EXACT_FLOWS,
    )
    untrue = [*_of_outcome(run.outcome, verdict), *_of_manifest(run), *_of_design(run), *_of_drops(run)]
    untrue += _of_verdict(Path(path) / "verdict.json", verdict)
    altered = altered_files(path) if run.manifest else []
    return Recheck(run, verdict, tuple(altered), tuple(untrue))


def _of_outcome(outcome: Outcome | None, verdict: Verdict) -> Iterator[str]:
    """Yield where bounds, gross cost, gap and status do not fit the plan or each other."""
    if outcome is None:
        return
    lower, upper = outcome.lower_bound_cny_per_year, outcome.upper_bound_cny_per_year
    gross, own = outcome.gross_cost_cny_per_year, verdict.gross_cost_cny_per_year
    tolerance = MONEY_TOLERANCE * max(1.0, own)
    if not lower <= upper + tolerance:
        yield f"outcome.json: the lower bound {lower:,.2f} lies above the cost {upper:,.2f} CNY a year"
    if not abs(gross - own) <= tolerance:
        yield f"outcome.json: the gross cost is {own:,.2f}, not {gross:,.2f} CNY a year"
    gap = gap_of(lower, upper, gross)
    if not (gap == outcome.gap or abs(gap - outcome.gap) <= GAP_TOLERANCE):
        yield f"outcome.json: its bounds and gross cost make a gap of {gap:.3g}, not {outcome.gap:.3g}"
    is_proven = gap <= max(outcome.gap_target, MONEY_TOLERANCE)
    if is_proven != (outcome.status is Status.OPTIMAL):
        yield (
            f"outcome.json: a gap of {gap:.3g} where {outcome.gap_target:.3g} was asked for is not "
            f"'{outcome.status}'"
        )


def _of_manifest(run: Run) -> Iterator[str]:
    """Yield where the manifest says other than the files that it is of."""
    if not run.manifest:
        return
    stated: dict[str, Any] = {
        "instance": instance_in_manifest(run.instance),
        "policy": name_and_digest(run.policy),
    }
    if run.outcome is None:
        yield "manifest.json: there is no outcome.json"
    else:
        outcome = run.outcome.to_dict()
        stated["outcome"] = finite_or_null({name: outcome[name] for name in OUTCOME_SUMMARY})
        stated["options"] = {
            "gap": run.outcome.gap_target,
            "threads": run.outcome.threads,
            "seed": run.outcome.seed,
        }
    for part, values in stated.items():
        said = run.manifest.get(part)
        said = said if isinstance(said, dict) else {}
        for name, value in values.items():
            if said.get(name) != value:
                yield f"manifest.json: {part} {name} is {value!r}, not {said.get(name)!r}"


def _of_design(run: Run) -> Iterator[str]:
    """Yield where the outcome's bounds are for another design than the plan was held to."""
    kept = "" if run.design is None else run.design.digest
    if run.outcome is not None and run.outcome.fixed_design != kept:
        yield f"outcome.json: fixed_design is {kept!r}, not {run.outcome.fixed_design!r}"


def _of_drops(run: Run) -> Iterator[str]:
    """Yield the arcs that are listed as dropped and carry flow all the same."""
    keys = ["from_place", "to_place", "commodity", "mode"]
    both = run.answer.flows.merge(run.dropped_arcs[keys].drop_duplicates(), on=keys)
    for origin, destination, commodity in sorted(set(zip(*(both[key] for key in keys[:3]), strict=True))):
        yield f"dropped_arcs.csv: {origin} to {destination} carries {commodity}"


def _of_verdict(file: Path, verdict: Verdict) -> Iterator[str]:
    """Yield where a stored verdict is not what checking finds."""
    if not file.is_file():
        return
    said = read_json(file)
    if said.get("ok") is not verdict.ok:
        yield f"verdict.json: ok is {verdict.ok}, not {said.get('ok')}"
    tolerance = MONEY_TOLERANCE * max(1.0, verdict.gross_cost_cny_per_year)
    for name in ("objective_cny_per_year", "gross_cost_cny_per_year"):
        if not _is_close(said.get(name), getattr(verdict, name), tolerance):
            yield f"verdict.json: {name} is {getattr(verdict, name):,.2f}, not {said.get(name)}"


def _is_close(said: object, found: float, tolerance: float) -> bool:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return False
    return math.isfinite(said) and abs(said - found) <= tolerance


def whose_word(outcome: Outcome | None) -> str:
    """Return in words what of a run's bounds is checked and what is its solver's word."""
    if outcome is None:
        return "no bound is stated"
    lower = outcome.lower_bound_cny_per_year
    if not math.isfinite(lower):
        return f"cost {outcome.upper_bound_cny_per_year:,.2f} CNY a year recomputed, without a lower bound"
    return (
        f"cost {outcome.upper_bound_cny_per_year:,.2f} CNY a year recomputed; that nothing costs less than "
        f"{lower:,.2f} is the word of {outcome.bound_source}"
    )
