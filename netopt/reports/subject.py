"""What a report is about: runs read and checked again, the base first, and what a comparison states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netopt.accounts import Perspective
from netopt.analysis.cost import Cost
from netopt.analysis.formal_shares import collected_share_under
from netopt.analysis.recheck import COMPARISON, recheck_comparison
from netopt.analysis.targets import as_far_as_in
from netopt.errors import CheckError, UsageError
from netopt.solution.check import joined
from netopt.solution.recheck import Recheck, recheck_run
from netopt.solution.staging import MANIFEST
from netopt.solution.store import read_json, read_manifest

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.solution.checking.plan import Plan as Joined
    from netopt.solution.outcome import Outcome
    from netopt.solution.store import Run


class NoInterval(StrEnum):
    """Why two runs alone bound no difference of social cost."""

    OTHER_SCENARIO = "other scenario"
    """They are of other tables, settings or formal shares."""
    PRIVATE = "private"
    """One minimises private cost, so its bounds are of that."""
    TARGETS = "targets"
    """The base has soft targets that the policy lacks: it would have to be solved again without them."""


@dataclass(frozen=True)
class Plan:
    """One run under the label that the report gives it.

    Attributes
    ----------
    label
        Its policy's name, numbered where two runs have the same.
    run, found
        Read back, and what checking it again found.
    folder
        Where it lies.
    """

    label: str
    found: Recheck
    folder: Path

    @property
    def run(self) -> Run:
        """The run."""
        return self.found.run

    @property
    def outcome(self) -> Outcome:
        """Bounds and circumstances.

        Raises
        ------
        UsageError
            Where the run states none.
        """
        if self.run.outcome is None:
            raise UsageError(
                f"{self.folder} states no bounds (outcome.json is missing): it cannot be reported"
            )
        return self.run.outcome

    @property
    def is_proven(self) -> bool:
        """Whether the gap asked for is proven and nothing is wrong."""
        return self.found.ok and self.outcome.gap <= self.outcome.gap_target

    @cached_property
    def rows(self) -> Joined:
        """The plan's tables joined with the facts."""
        run = self.run
        return joined(run.instance, run.policy, run.answer, run.formal_share)

    def share_of(self, periods: Any) -> Any:
        """Return the weight of each period in an annual equivalent (a Series of period ids)."""
        weights = self.run.instance.period_weights()
        return periods.map(weights).astype(float) / sum(weights.values())

    @cached_property
    def retired_tonnes_per_year(self) -> float:
        """Retired mass, t/yr, annual equivalent."""
        supply = self.run.answer.supply
        return float((supply["retired_tonnes_per_year"] * self.share_of(supply["period"])).sum())

    def file(self, name: str) -> str:
        """Return a file of the run as origins of tables name it."""
        return f"{self.label}/{name}"

    @cached_property
    def manifest_digest(self) -> str:
        """SHA-256 of the run's manifest, which lists those of all its files."""
        return hashlib.sha256((self.folder / MANIFEST).read_bytes()).hexdigest()


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Attributes
    ----------
    plans
        The base first.
    stated
        Contents of ``comparison.json``; None where runs were given one by one.
    untrue
        What a comparison states wrongly.
    notes
        What of a comparison could not be recomputed.
    """

    plans: tuple[Plan, ...]
    stated: Mapping[str, Any] | None = None
    untrue: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def base(self) -> Plan:
        """What the others are compared with."""
        return self.plans[0]

    @property
    def others(self) -> tuple[Plan, ...]:
        """The plans after the base."""
        return self.plans[1:]

    @property
    def instance(self) -> Instance:
        """The base's instance."""
        return self.base.run.instance

    @cached_property
    def headline(self) -> tuple[Cost, ...]:
        """What each policy costs more than the base, as far as that can be said."""
        if self.stated is not None:
            return self.line("headline")
        known = [_cost(self.base, plan) for plan in self.others]
        return tuple(cost for cost in known if cost is not None)

    def line(self, name: str) -> tuple[Cost, ...]:
        """Return a line of ``comparison.json``: headline, full_collection, without_penalty or curve."""
        return tuple(_read_cost(item, self.base) for item in (self.stated or {}).get(name, ()))

    @property
    def social_ranges(self) -> Mapping[str, Sequence[float]]:
        """Of private policies: bounds on social cost (CNY a year)."""
        ranges: Mapping[str, Sequence[float]] = (self.stated or {}).get("social_ranges_cny_per_year", {})
        return ranges

    def cost_of(self, plan: Plan) -> Cost | None:
        """Return the headline's line of a plan; None where there is no interval."""
        return next((cost for cost in self.headline if cost.policy == plan.label), None)

    @property
    def headline_file(self) -> tuple[str, ...]:
        """Where intervals come from."""
        if self.stated is not None:
            return ("comparison.json",)
        return tuple(plan.file("outcome.json") for plan in self.plans)


def read_subject(paths: Sequence[Path]) -> Subject:
    """Read and check runs, or one comparison.

    Parameters
    ----------
    paths
        A comparison folder alone, or run folders, the base first.

    Raises
    ------
    UsageError
        Where there is nothing to report, a comparison stands beside other folders, or runs are not of
        the same retired batteries.
    CheckError
        Where files were altered after netopt wrote them.
    """
    kinds = [read_manifest(path).get("kind") for path in paths]
    if COMPARISON not in kinds:
        return _of_runs(paths)
    if len(paths) > 1:
        raise UsageError("a comparison is reported alone: name it, or runs in its folder runs/")
    return _of_comparison(Path(paths[0]))


def _of_comparison(folder: Path) -> Subject:
    found = recheck_comparison(folder)
    altered = [
        *found.altered,
        *(f"runs/{name}: {line}" for name, run in found.runs.items() for line in run.altered),
    ]
    _refuse_altered(folder, altered)
    stated = read_json(folder / "comparison.json")
    names = sorted(found.runs, key=lambda name: name != stated["base"])
    plans = tuple(Plan(name, found.runs[name], folder / "runs" / name) for name in names)
    return Subject(plans, stated, found.untrue, found.notes)


def _of_runs(paths: Sequence[Path]) -> Subject:
    if not paths:
        raise UsageError("no run is named")
    plans: list[Plan] = []
    for path in paths:
        found = recheck_run(path)
        if not found.run.manifest:
            raise CheckError(f"{path} has no manifest.json: what nobody vouches for is not reported")
        _refuse_altered(Path(path), found.altered)
        name = found.run.policy.name
        same = sum(plan.run.policy.name == name for plan in plans)
        plans.append(Plan(f"{name} ({same + 1})" if same else name, found, Path(path)))
    return Subject(tuple(plans))


def _refuse_altered(path: Path, altered: Sequence[str]) -> None:
    if altered:
        raise CheckError(
            f"{path} is not as netopt wrote it, so it is not reported:\n"
            + "\n".join(f"  {line}" for line in altered)
        )


def _read_cost(item: Mapping[str, Any], base: Plan) -> Cost:
    """Return a line of ``comparison.json``, which states its gross cost by amount and share alone."""
    known = {each.name for each in fields(Cost)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in item.items()
    }
    end = max("low", "high", key=lambda name: abs(item[f"{name}_cny_per_year"]))
    share = item[f"{end}_share_of_base_gross_cost"]
    gross = item[f"{end}_cny_per_year"] / share if share else base.outcome.gross_cost_cny_per_year
    told: dict[str, Any] = {name: value for name, value in values.items() if name in known}
    return Cost(
        **told,
        retired_tonnes_per_year=base.retired_tonnes_per_year,
        base_gross_cny_per_year=gross,
    )


def no_interval(base: Plan, plan: Plan) -> NoInterval | None:
    """Return why the outcomes of two runs bound no difference of social cost; None where they do."""
    share = base.run.formal_share
    digests = {each.run.instance.with_formal_share(share).digest for each in (base, plan)}
    if len(digests) > 1 or plan.run.formal_share != share:
        return NoInterval.OTHER_SCENARIO
    if Perspective.PRIVATE in (base.run.policy.perspective, plan.run.policy.perspective):
        return NoInterval.PRIVATE
    lessened = as_far_as_in(base.run.policy, plan.run.policy, base.run.instance)[1]
    return NoInterval.TARGETS if lessened else None


def _cost(base: Plan, plan: Plan) -> Cost | None:
    """Return the interval of two runs; None where their outcomes do not give one."""
    if no_interval(base, plan) is not None:
        return None
    own, other = plan.outcome, base.outcome
    return Cost(
        policy=plan.label,
        base=base.label,
        low_cny_per_year=own.lower_bound_cny_per_year - other.upper_bound_cny_per_year,
        high_cny_per_year=own.upper_bound_cny_per_year - other.lower_bound_cny_per_year,
        retired_tonnes_per_year=base.retired_tonnes_per_year,
        base_gross_cny_per_year=other.gross_cost_cny_per_year,
        formal_share=collected_share_under(plan.run.instance, plan.run.policy, plan.run.formal_share),
        base_formal_share=collected_share_under(base.run.instance, base.run.policy, base.run.formal_share),
    )
