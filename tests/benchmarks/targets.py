"""The table of targets: each row is one suite, measured by one function from its result files."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.measures import (
    Run,
    by_case,
    final_gap,
    gross_of,
    ratio_at_equal_gap,
    ratio_to_own_gap,
    time_to_gap,
)
from tests.benchmarks.suites import label

CERTIFIED: Final = 1e-4
"""Gap that counts as solved, of HiGHS and Gurobi by default too."""


@dataclass(frozen=True)
class Measured:
    """What a row measured: in words, of how many cases, and whether the must and the aim are met."""

    said: str
    n: int
    meets_must: bool
    meets_aim: bool


@dataclass(frozen=True)
class Target:
    """A row of the table.

    Attributes
    ----------
    suite
        Which is run for it.
    what, must, aim
        As the row says.
    n_cases
        How many cases must be measured before it counts as met.
    measure
        ``measure(runs of the suite)``, None where there are none to measure.
    seeds
        For the command.
    """

    suite: str
    what: str
    must: str
    aim: str
    n_cases: int
    measure: Callable[[Sequence[Run]], Measured | None]
    seeds: str = ""

    @property
    def command(self) -> str:
        """The command that makes the row's results."""
        seeds = f" --seeds {self.seeds}" if self.seeds else ""
        return f"python -m tests.benchmarks.run {self.suite}{seeds}"

    def verdict(self, measured: Measured) -> str:
        """Return what the row's last column says."""
        if not measured.meets_must:
            return "missed"
        if measured.n < self.n_cases:
            return f"met so far ({measured.n} of {self.n_cases} cases)"
        return "aim met" if measured.meets_aim else "must met"


def ratio_text(ratio: float) -> str:
    """Return a ratio in words: 1/20 where netopt is faster.

    Examples
    --------
    >>> ratio_text(0.05), ratio_text(1.3), ratio_text(float("inf"))
    ('1/20', '1.30', 'never')
    """
    if not math.isfinite(ratio):
        return "never"
    if ratio >= 0.9:
        return f"{ratio:.2f}"
    # What was there from the first moment has no finite ratio.
    turned = 1 / max(ratio, 1e-4)
    return f"1/{turned:.0f}" if turned >= 10 else f"1/{turned:.1f}"


def percent(share: float) -> str:
    """Return a share in per cent, "no plan" where it is infinite.

    Examples
    --------
    >>> percent(0.0123), percent(0.00004), percent(0.25), percent(float("inf"))
    ('1.23 %', '0.004 %', '25.0 %', 'no plan')
    """
    if not math.isfinite(share):
        return "no plan"
    value = 100 * share
    digits = 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f} %"


def _spread(values: Sequence[float], text: Callable[[float], str]) -> str:
    """Return the median with the range, or the one value."""
    if len(values) == 1:
        return text(values[0])
    median = statistics.median(values)
    return f"median {text(median)} ({text(min(values))} to {text(max(values))})"


def _pairs(runs: Sequence[Run], ours: str, rival: str) -> list[tuple[Run, Run, float]]:
    """Return our run, the rival's and the case's gross cost where both ran."""
    return [
        (its[ours], its[rival], gross_of(its.values()))
        for its in by_case(runs).values()
        if ours in its and rival in its
    ]


def _to_rivals_gap(
    must: float, aim: float, over: Callable[[Sequence[float]], float]
) -> Callable[[Sequence[Run]], Measured | None]:
    """Return the measure against HiGHS without and with strong rows: both have to be beaten."""

    def measure(runs: Sequence[Run]) -> Measured | None:
        against = {
            rival: [ratio_to_own_gap(*pair) for pair in _pairs(runs, "netopt", rival)]
            for rival in ("highs", "highs-strong")
        }
        known = {rival: ratios for rival, ratios in against.items() if ratios}
        if not known:
            return None
        said = "; ".join(
            f"{_spread(ratios, ratio_text)} against {label(rival)}" for rival, ratios in known.items()
        )
        worst = max(over(ratios) for ratios in known.values())
        return Measured(said, min(map(len, known.values())), worst <= must, worst <= aim)

    return measure


def _last_gap(
    must: float, aim: float, most_gib: float = math.inf, over: Callable[[Sequence[float]], float] = max
) -> Callable[[Sequence[Run]], Measured | None]:
    def measure(runs: Sequence[Run]) -> Measured | None:
        ours = [
            (its["netopt"], gross_of(its.values())) for its in by_case(runs).values() if "netopt" in its
        ]
        if not ours:
            return None
        gaps = [final_gap(run, gross) for run, gross in ours]
        memory_gib = max(run.peak_memory_gib for run, _ in ours)
        fits = memory_gib <= most_gib
        said = _spread(gaps, percent)
        said += f", {memory_gib:.1f} GiB" if math.isfinite(most_gib) else ""
        return Measured(said, len(gaps), fits and over(gaps) <= must, fits and over(gaps) <= aim)

    return measure


def _interval(runs: Sequence[Run]) -> Measured | None:
    """Width of the cost of fragmentation: a share of its midpoint, or so many million CNY a year."""
    # Whatever the time: the limit is that of each policy.
    found = [run for run in runs if run.contender == "netopt-compare" and run.is_whole]
    if not found:
        return None
    high, low = found[0].end["incumbent"], found[0].end["bound"]
    width, middle = high - low, abs(high + low) / 2
    share = width / middle if middle > 0 else math.inf
    said = f"{low / 1e6:,.1f} to {high / 1e6:,.1f} m CNY in {found[0].seconds:.0f} s: "
    said += f"{width / 1e6:,.1f} m, {percent(share)} of its middle"
    return Measured(said, 1, share <= 0.2 or width <= 50e6, share <= 0.05 or width <= 10e6)


def _against_gurobi(runs: Sequence[Run]) -> Measured | None:
    ours = [its["netopt"] for its in by_case(runs).values() if "netopt" in its]
    known = [run for run in ours if run.case.known.rival_gap is not None]
    if not known:
        return None
    better = [
        final_gap(run, gross_of([run])) <= max(run.case.known.rival_gap or 0.0, CERTIFIED) for run in known
    ]
    said = f"not worse on {sum(better)} of {len(known)}"
    return Measured(said, len(known), sum(better) >= 5 * len(known) / 7, all(better))


def _total_time(must: float, aim: float) -> Callable[[Sequence[Run]], Measured | None]:
    def measure(runs: Sequence[Run]) -> Measured | None:
        pairs = _pairs(runs, "netopt", "highs-strong")
        if not pairs:
            return None
        ours = sum(time_to_gap(run, gross, CERTIFIED) for run, _, gross in pairs)
        rivals = [time_to_gap(run, gross, CERTIFIED) for _, run, gross in pairs]
        # A rival that gave up took at least as long as it had.
        taken = sum(
            seconds if math.isfinite(seconds) else run.seconds
            for seconds, (_, run, _) in zip(rivals, pairs, strict=True)
        )
        if not math.isfinite(ours):
            n_left = sum(not math.isfinite(time_to_gap(run, gross, CERTIFIED)) for run, _, gross in pairs)
            return Measured(f"{n_left} of {len(pairs)} not solved", len(pairs), False, False)
        building = sum(run.build_s for _, run, _ in pairs)
        ratio, with_building = ours / taken, ours / (taken + building)
        said = f"{ratio_text(ratio)}: {ours:.1f} s against {taken:.1f} s"
        said += f" (with {building:.1f} s for making its model {ratio_text(with_building)})"
        return Measured(said, len(pairs), ratio <= must, ratio <= aim)

    return measure


def _smaller_gaps(runs: Sequence[Run]) -> Measured | None:
    """On how many cases our gap is smaller than SCIP's, and than both of HiGHS's."""
    compared = []
    for its in by_case(runs).values():
        if "netopt" not in its or "scip" not in its:
            continue
        gross = gross_of(its.values())
        gaps = {who: final_gap(run, gross) for who, run in its.items()}
        rival = min((gaps[who] for who in ("highs", "highs-strong") if who in gaps), default=-math.inf)
        compared.append((_beats(gaps["netopt"], gaps["scip"]), _beats(gaps["netopt"], rival)))
    if not compared:
        return None
    scip, highs = (sum(column) for column in zip(*compared, strict=True))
    said = f"smaller than SCIP's on {scip}, than HiGHS's on {highs}, of {len(compared)}"
    return Measured(said, len(compared), scip == len(compared), scip == highs == len(compared))


def _beats(ours: float, rival: float) -> bool:
    """Smaller, or as small as anybody was asked for."""
    return ours < rival or ours <= CERTIFIED


def _handover(runs: Sequence[Run]) -> Measured | None:
    ends = [run.end for run in runs if run.contender == "handover" and run.is_whole]
    if not ends:
        return None
    ratios, columns = zip(*((float(end["ratio"]), end["n_columns"]) for end in ends), strict=True)
    worst = max(ratios)
    said = f"{_spread(ratios, lambda ratio: f'{ratio:.2f}')}, up to {max(columns):,} columns"
    return Measured(said, len(ratios), worst <= 5, worst <= 2)


def _resolve(runs: Sequence[Run]) -> Measured | None:
    pairs = _pairs(runs, "netopt-warm", "netopt")
    ratios = [ratio_at_equal_gap(warm, cold, gross) for warm, cold, gross in pairs]
    if not ratios:
        return None
    worst = max(ratios)
    return Measured(_spread(ratios, ratio_text), len(ratios), worst <= 1 / 4, worst <= 1 / 10)


TARGETS: Final = (
    Target(
        "coarse",
        "time to HiGHS's own last gap, relative to HiGHS's, coarse",
        "median <= 1/15",
        "<= 1/30",
        10,
        _to_rivals_gap(1 / 15, 1 / 30, statistics.median),
        "0-9",
    ),
    Target("fine", "the same, fine", "never > 1.1", "<= 1/5", 10, _to_rivals_gap(1.1, 1 / 5, max), "0-9"),
    Target(
        "national-337",
        "337/100/100/100, one period, all arcs, gap",
        "<= 2 %",
        "<= 0.5 %",
        1,
        _last_gap(0.02, 0.005, over=statistics.median),
        "0-2",
    ),
    Target(
        "five-periods",
        "337/100/60/60, five periods, gap",
        "<= 6 %",
        "<= 2 %",
        1,
        _last_gap(0.06, 0.02, over=statistics.median),
        "0-2",
    ),
    Target(
        "china-2035",
        "china-2035, ten periods, gap and peak memory",
        "<= 5 %, 8 GiB",
        "<= 1 %",
        1,
        _last_gap(0.05, 0.01, most_gib=8.0),
    ),
    Target("china-2024", "china-2024, each policy, gap", "<= 0.5 %", "<= 0.1 %", 3, _last_gap(5e-3, 1e-3)),
    Target(
        "china-2024-interval",
        "china-2024, width of the cost of fragmentation",
        "<= 20 % of its middle or 50 m CNY",
        "<= 5 % or 10 m",
        1,
        _interval,
    ),
    Target(
        "mp_tscflp",
        "mp_tscflp, gap against Gurobi 13 at one hour",
        "not worse on 5 of 7",
        "on all",
        7,
        _against_gurobi,
    ),
    Target(
        "caps",
        "OR-Library caps to 1e-4, total time against HiGHS with strong rows",
        "<= 1",
        "<= 1/2",
        37,
        _total_time(1.0, 0.5),
    ),
    Target(
        "capb",
        "capb to 1e-4, total time against HiGHS with strong rows",
        "<= 1/2",
        "<= 1/5",
        4,
        _total_time(0.5, 0.2),
    ),
    Target(
        "tbed1",
        "TBED1 300 x 300, gap at 120 s",
        "smaller than SCIP's on all",
        "than HiGHS's too",
        4,
        _smaller_gaps,
    ),
    Target("handover", "model to a loaded solver, time against raw arrays", "<= 5", "<= 2", 2, _handover),
    Target(
        "resolve", "re-solve under another policy against a cold solve", "<= 1/4", "<= 1/10", 2, _resolve
    ),
)
"""Every row of the table, in its order."""
