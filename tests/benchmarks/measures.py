"""What results say: gaps from traces, times to a gap, ratios, growth; nothing here runs anything."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tests.benchmarks.case import Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

BETWEEN_TOLERANCE: Final = 1e-5
"""Of gross cost: slack before one contender's bound contradicts another's plan. Solvers take decisions for
whole within 1e-6, which lets some tonnes through plants that are closed."""

OVERTIME: Final = 0.05
"""Share of the limit by which a reading may be late and still count: solvers look at the clock seldom."""

_NO_LESS: Final = 1e-12


@dataclass(frozen=True)
class Run:
    """One result file.

    Attributes
    ----------
    trace
        Readings ``(seconds, incumbent, bound)``, the best so far of each (CNY a year), None: none yet.
    end
        How it ended: ``how`` is ended, crashed or killed.
    record
        All that the file holds.
    """

    suite: str
    case: Case
    contender: str
    trace: tuple[tuple[float, float | None, float | None], ...]
    end: dict[str, Any]
    record: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        """Whether it ended by itself with an answer."""
        return bool(self.end["how"] == "ended")

    @property
    def is_netopt(self) -> bool:
        """Whether netopt ran, not a rival."""
        return self.contender.startswith("netopt")

    @property
    def readings(self) -> tuple[tuple[float, float | None, float | None], ...]:
        """The trace that counts: netopt's only where it ended with an answer, a rival's in any case.

        What came later than the limit and ``OVERTIME`` does not count.
        """
        if self.is_netopt and not self.is_whole:
            return ()
        last_s = (1 + OVERTIME) * self.record["limit_s"]
        return tuple(reading for reading in self.trace if reading[0] <= last_s)

    @property
    def incumbent(self) -> float | None:
        """Cost of the last plan."""
        return self.readings[-1][1] if self.readings else None

    @property
    def bound(self) -> float | None:
        """The last bound."""
        return self.readings[-1][2] if self.readings else None

    @property
    def seconds(self) -> float:
        """Seconds on the contender's own clock; of what did not end, those of the whole process."""
        return float(self.end.get("seconds", self.record["wall_s"]))

    @property
    def build_s(self) -> float:
        """Seconds that making a rival's model took before its clock started."""
        return 0.0 if self.is_netopt else float(self.end.get("build_s", 0.0))

    @property
    def peak_memory_gib(self) -> float:
        """Peak memory of its process."""
        return float(self.record["peak_memory_mib"]) / 1024


def run_of(record: dict[str, Any]) -> Run:
    """Return the run that a result file holds."""
    trace = tuple((float(time_s), incumbent, bound) for time_s, incumbent, bound in record["trace"])
    case = Case.from_dict(record["case"])
    return Run(record["suite"], case, record["contender"], trace, record["end"], record)


def load(folder: Path) -> list[Run]:
    """Return every run of a folder of results, in the order of suite, case and contender."""
    paths = sorted(folder.glob("*/*.json"))
    runs = [run_of(json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return sorted(runs, key=lambda run: (run.suite, run.case.name, run.contender))


def by_case(runs: Iterable[Run]) -> dict[str, dict[str, Run]]:
    """Return case -> contender -> run, of the runs of one suite."""
    found: dict[str, dict[str, Run]] = defaultdict(dict)
    for run in runs:
        found[run.case.name][run.contender] = run
    return dict(found)


def contenders_of(runs: Iterable[Run]) -> list[str]:
    """Return who ran, netopt first."""
    names = sorted({run.contender for run in runs})
    return sorted(names, key=lambda name: not name.startswith("netopt"))


def gross_of(runs: Iterable[Run]) -> float:
    """Return the denominator of gaps of a case, the same for all: gross cost of its cheapest plan.

    Infinity where nobody found a plan.
    """
    ended = [run for run in runs if run.end.get("gross") is not None and run.incumbent is not None]
    cheapest = min(ended, key=lambda run: run.incumbent or 0.0, default=None)
    return math.inf if cheapest is None else float(cheapest.end["gross"])


def gap(incumbent: float | None, bound: float | None, gross: float) -> float:
    """Return ``(incumbent - bound) / gross``, infinite where either is missing.

    Examples
    --------
    >>> gap(110.0, 100.0, 200.0), gap(None, 100.0, 200.0)
    (0.05, inf)
    """
    if incumbent is None or bound is None or not math.isfinite(gross):
        return math.inf
    return max(0.0, incumbent - bound) / gross


def final_gap(run: Run, gross: float) -> float:
    """Return the gap that a run ended with; infinite where it has no plan or no bound."""
    return gap(run.incumbent, run.bound, gross)


def time_to_gap(run: Run, gross: float, wanted: float) -> float:
    """Return the first time (s) at which the gap is at most ``wanted``; infinite where it never is.

    ``wanted`` infinite asks for any plan with any bound.
    """
    for time_s, incumbent, bound in run.readings:
        reached = gap(incumbent, bound, gross)
        if reached <= wanted + _NO_LESS and math.isfinite(reached):
            return time_s
    return math.inf


def ratio_to_own_gap(ours: Run, rival: Run, gross: float) -> float:
    """Return our time to the rival's last gap, relative to the rival's own time to it.

    A rival without plan or bound took all its time for nothing; then any gap of ours counts.
    """
    wanted = final_gap(rival, gross)
    rival_s = time_to_gap(rival, gross, wanted)
    if not math.isfinite(rival_s):
        rival_s = rival.seconds
    return time_to_gap(ours, gross, wanted) / rival_s


def ratio_at_equal_gap(first: Run, second: Run, gross: float) -> float:
    """Return the ratio of two times to the wider of their last gaps."""
    wanted = max(final_gap(first, gross), final_gap(second, gross))
    if not math.isfinite(wanted):
        return math.inf
    return time_to_gap(first, gross, wanted) / max(time_to_gap(second, gross, wanted), 1e-3)


def contradictions(runs: Iterable[Run]) -> list[str]:
    """Return a line for each bound above a known optimum or another's plan, and each plan below one."""
    lines = []
    suites: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.contender != "netopt-compare":
            suites[run.suite].append(run)
    for suite, its in suites.items():
        for name, contenders in by_case(its).items():
            for who, run in contenders.items():
                said = run.case.known.contradictions(run.incumbent, run.bound)
                lines += [f"{suite}, {name}, {who}: {line}" for line in said]
            lines += [f"{suite}, {name}: {line}" for line in _between(contenders)]
    return lines


def _between(contenders: dict[str, Run]) -> list[str]:
    gross = gross_of(contenders.values())
    if not math.isfinite(gross):
        return []
    plans = {who: run.incumbent for who, run in contenders.items() if run.incumbent is not None}
    bounds = {who: run.bound for who, run in contenders.items() if run.bound is not None}
    return [
        f"{prover}'s bound {bound:,.3f} lies above {planner}'s plan {cost:,.3f}"
        for prover, bound in bounds.items()
        for planner, cost in plans.items()
        if bound - cost > BETWEEN_TOLERANCE * gross
    ]


@dataclass(frozen=True)
class Fit:
    """``cost = factor * size ** exponent`` by least squares of logarithms; ``r2`` of these."""

    exponent: float
    factor: float
    r2: float
    n: int


def fit_power(sizes: Sequence[float], costs: Sequence[float]) -> Fit | None:
    """Return the power law through points; None where fewer than three sizes differ.

    Examples
    --------
    >>> fit = fit_power([1, 2, 4], [3, 12, 48])
    >>> round(fit.exponent, 9), round(fit.factor, 9), round(fit.r2, 9)
    (2.0, 3.0, 1.0)
    """
    if len(set(sizes)) < 3:
        return None
    x, y = np.log(np.asarray(sizes, dtype=float)), np.log(np.asarray(costs, dtype=float))
    exponent, intercept = np.polyfit(x, y, 1)
    left = y - (exponent * x + intercept)
    spread = float(((y - y.mean()) ** 2).sum())
    r2 = 1.0 - float((left**2).sum()) / spread if spread > 0 else 1.0
    return Fit(float(exponent), float(np.exp(intercept)), r2, len(sizes))
