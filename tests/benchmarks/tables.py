"""Make docs/benchmarks.md and its pictures from the result files.

    python -m tests.benchmarks.tables

The page says nothing that the files do not; a test compares it with what they make.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.measures import (
    Fit,
    Run,
    by_case,
    contenders_of,
    contradictions,
    final_gap,
    fit_power,
    gross_of,
    load,
    time_to_gap,
)
from tests.benchmarks.run import RESULTS
from tests.benchmarks.suites import SUITES, label
from tests.benchmarks.targets import TARGETS, Target, percent

if TYPE_CHECKING:
    Series = dict[str, tuple[list[float], list[float], Fit | None]]

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "benchmarks.md"
PICTURES: Final = ROOT / "docs" / "benchmarks"
WITHOUT_GAP: Final = ("china-2024-interval", "handover")
"""Suites whose figure stands in the table of targets; they have no gap."""

WITHOUT_PICTURE: Final = (*WITHOUT_GAP, "growth", "caps")
"""Nor has a second or less in each of 37 cases a picture worth looking at."""

HEAD: Final = Path(__file__).parent / "head.md"
"""The words that the page begins with."""


def make_page(runs: Sequence[Run], pictures: str = "benchmarks") -> str:
    """Return the page.

    Parameters
    ----------
    runs
        Of ``measures.load``.
    pictures
        Folder of the pictures, as seen from the page.
    """
    parts = [HEAD.read_text(encoding="utf-8"), _targets(runs), _consistency(runs)]
    for name, suite in SUITES.items():
        its = [run for run in runs if run.suite == name]
        if its and name not in (*WITHOUT_GAP, "growth"):
            parts.append(_suite(name, suite.title, its, pictures))
    growing = [run for run in runs if run.suite == "growth"]
    parts.append(_growth(growing, pictures))
    parts.append(_circumstances(runs))
    return "\n".join(part for part in parts if part)


def _targets(runs: Sequence[Run]) -> str:
    rows = []
    for target in TARGETS:
        its = [run for run in runs if run.suite == target.suite]
        cells = [target.what, target.must, target.aim, *_measured(target, its), f"`{target.command}`"]
        rows.append(cells)
    head = ["what", "must", "aim", "measured", "cases", "verdict", "command"]
    return "## Targets\n\n" + _table(head, rows)


def _measured(target: Target, runs: Sequence[Run]) -> list[str]:
    measured = target.measure(runs)
    if measured is None:
        return ["not measured", "0", "open"]
    limits = sorted({run.record["limit_s"] for run in runs})
    said = f"{measured.said}, at {' and '.join(f'{limit:g}' for limit in limits)} s{_unequal(runs)}"
    return [said, str(measured.n), target.verdict(measured)]


def _unequal(runs: Sequence[Run]) -> str:
    """Return who had how many cores, where contenders did not have the same."""
    cores: dict[str, set[int]] = {}
    for run in runs:
        cores.setdefault(run.contender, set()).add(run.record["machine"]["cores"])
    if len(set.union(*cores.values())) < 2:
        return ""
    had = (f"{label(name)} {' or '.join(map(str, sorted(its)))}" for name, its in cores.items())
    return f" (**cores not equal**: {', '.join(had)})"


def _consistency(runs: Sequence[Run]) -> str:
    lines = contradictions(runs)
    known = sum(run.case.known.optimum is not None or run.case.known.best is not None for run in runs)
    head = "## Does anything contradict what is known?\n\n"
    if not lines:
        return (
            f"{head}No: {_count(runs)}, {known} on cases with a published optimum or best plan. No bound "
            "lies above a known value or another contender's plan, and no plan below a known bound.\n"
        )
    return head + "**Yes:**\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


def _suite(name: str, title: str, runs: Sequence[Run], pictures: str) -> str:
    cases = by_case(runs)
    parts = [f"## {name}: {title}\n"]
    if name not in WITHOUT_PICTURE and _has_line(runs):
        parts.append(f"![Gap against time: {title}]({pictures}/{name}.png)\n")
    parts.append(_summary(cases, runs))
    if len(cases) > 1:
        parts.append(_by_case(cases))
    commands = dict.fromkeys(run.record["command"] for run in runs)
    parts.append("Made by " + ", ".join(f"`{command}`" for command in commands) + ".\n")
    return "\n".join(parts)


def _has_line(runs: Sequence[Run]) -> bool:
    return any(run.incumbent is not None and run.bound is not None for run in runs)


def _summary(cases: dict[str, dict[str, Run]], runs: Sequence[Run]) -> str:
    head = [
        "contender",
        "cases",
        "limit, s",
        "cores / threads",
        "gap, median",
        "smallest",
        "largest",
        "seconds, median",
        "of it or before it: model, s",
        "peak memory, GiB",
        "not ended",
    ]
    rows = []
    for contender in contenders_of(runs):
        its = [(run, gross_of(c.values())) for c in cases.values() if (run := c.get(contender)) is not None]
        gaps = [final_gap(run, gross) for run, gross in its]
        ones = [run for run, _ in its]
        rows.append(
            [
                label(contender),
                str(len(its)),
                _values(ones, lambda run: f"{run.record['limit_s']:g}"),
                _values(ones, lambda run: f"{run.record['machine']['cores']} / {run.record['threads']}"),
                *(percent(of(gaps)) for of in (statistics.median, min, max)),
                f"{statistics.median(run.seconds for run in ones):.1f}",
                _median([run.end.get("build_s") for run in ones]),
                f"{max(run.peak_memory_gib for run in ones):.2f}",
                str(sum(not run.is_whole for run in ones)),
            ]
        )
    return _table(head, rows)


def _by_case(cases: dict[str, dict[str, Run]]) -> str:
    contenders = contenders_of(run for its in cases.values() for run in its.values())
    head = ["case", *(f"{label(who)}: gap, s" for who in contenders)]
    with_known = any(_known_gap(its) is not None for its in cases.values())
    head += ["Gurobi 13, one hour: gap"] if with_known else []
    rows = []
    for name, its in cases.items():
        gross = gross_of(its.values())
        cells = [_cell(its.get(who), gross) for who in contenders]
        known = _known_gap(its)
        rows.append([name, *cells, *([_percent(known)] if with_known else [])])
    return _table(head, rows)


def _known_gap(its: dict[str, Run]) -> float | None:
    return next(iter(its.values())).case.known.rival_gap


def _cell(run: Run | None, gross: float) -> str:
    if run is None:
        return "-"
    if not run.is_whole:
        return str(run.end["how"])
    return f"{percent(final_gap(run, gross))}, {run.seconds:.1f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else percent(share)


def _median(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):.1f}" if known else "-"


def _values(runs: Sequence[Run], text: Callable[[Run], str]) -> str:
    return ", ".join(dict.fromkeys(text(run) for run in runs))


GROWN: Final = {
    "sources": lambda arguments: arguments["n_sources"],
    "sites": lambda arguments: arguments["n_hubs"] + arguments["n_cascade"] + arguments["n_recyclers"],
    "periods": lambda arguments: arguments["n_periods"],
}
"""What grows -> size, from the arguments of a synthetic case."""

COSTS: Final[dict[str, tuple[str, Callable[[Run], float]]]] = {
    "seconds": (
        "seconds to the gap asked for",
        lambda run: time_to_gap(run, gross_of([run]), run.record["gap"]),
    ),
    "memory": ("peak memory, GiB", lambda run: run.peak_memory_gib if run.is_whole else float("inf")),
}


def growth_series(runs: Sequence[Run], cost: Callable[[Run], float]) -> Series:
    """Return sizes, costs and fit for each way of growing, the others as in the middle case.

    A run that never reached the gap has no cost and is left out, which the table beside says.
    """
    middle = {"sources": 337, "sites": 220, "periods": 1}
    series: Series = {}
    for grows, size in GROWN.items():
        others = [(GROWN[other], value) for other, value in middle.items() if other != grows]
        its = [run for run in runs if all(of(run.case.arguments) == value for of, value in others)]
        points = sorted((float(size(run.case.arguments)), cost(run)) for run in its)
        points = [(one, cost_of) for one, cost_of in points if cost_of < float("inf")]
        if points:
            sizes, costs = (list(column) for column in zip(*points, strict=True))
            series[grows] = (sizes, costs, fit_power(sizes, costs))
    return series


def _growth(runs: Sequence[Run], pictures: str) -> str:
    head = "## growth: cost against size\n\n"
    if not runs:
        return head + "Not measured yet: `python -m tests.benchmarks.run growth --seeds 0`.\n"
    netopt = [run for run in runs if run.contender == "netopt"]
    parts = [head.rstrip("\n") + "\n"]
    for name, (what, cost) in COSTS.items():
        series = growth_series(netopt, cost)
        if series:
            parts.append(f"![{what} against size]({pictures}/growth-{name}.png)\n")
        fits = [
            f"{grows}^{fit.exponent:.2f} (R² {fit.r2:.2f}, {fit.n} cases)"
            for grows, (_, _, fit) in series.items()
            if fit
        ]
        parts.append(f"{what.capitalize()} grow as {', '.join(fits)}.\n" if fits else "")
    rows = [
        _growth_row(run) for run in sorted(netopt, key=lambda run: run.record["end"].get("n_columns", 0))
    ]
    head_row = [
        "sources",
        "sites",
        "periods",
        "columns",
        "gap at the end",
        "seconds to the gap asked for",
        "peak memory, GiB",
    ]
    parts.append(_table(head_row, rows))
    commands = dict.fromkeys(run.record["command"] for run in runs)
    parts.append("Made by " + ", ".join(f"`{command}`" for command in commands) + ".\n")
    return "\n".join(part for part in parts if part)


def _growth_row(run: Run) -> list[str]:
    gross = gross_of([run])
    reached = time_to_gap(run, gross, run.record["gap"])
    sizes = [str(size(run.case.arguments)) for size in GROWN.values()]
    columns = run.end.get("n_columns")
    return [
        *sizes,
        "-" if columns is None else f"{columns:,}",
        percent(final_gap(run, gross)) if run.is_whole else str(run.end["how"]),
        f"{reached:.1f}" if reached < float("inf") else f"not in {run.record['limit_s']:g} s",
        f"{run.peak_memory_gib:.2f}",
    ]


def _circumstances(runs: Sequence[Run]) -> str:
    if not runs:
        return ""
    machines = dict.fromkeys(_machine(run.record["machine"]) for run in runs)
    versions: dict[str, dict[str, None]] = {}
    for run in runs:
        for name, number in run.record["versions"].items():
            versions.setdefault(name, {})[number] = None
    said = ", ".join(f"{name} {' and '.join(numbers)}" for name, numbers in versions.items())
    begun = sorted(run.record["begun"][:10] for run in runs)
    days = " to ".join(dict.fromkeys((begun[0], begun[-1])))
    return f"## Circumstances\n\n{_count(runs)}, {days}, on {'; '.join(machines)}. Versions: {said}.\n"


def _count(runs: Sequence[Run]) -> str:
    return "1 run" if len(runs) == 1 else f"{len(runs)} runs"


def _machine(said: dict[str, Any]) -> str:
    cores = "1 core" if said["cores"] == 1 else f"{said['cores']} cores"
    return f"{cores} of {said['processor']}, {said['memory_gib']:g} GiB, {said['system']}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def draw_all(runs: Sequence[Run], folder: Path = PICTURES) -> list[Path]:
    """Draw every picture of the page; return their paths."""
    from tests.benchmarks.plots import draw_gaps, draw_growth  # noqa: PLC0415 - heavy

    paths = []
    for name, suite in SUITES.items():
        its = [run for run in runs if run.suite == name]
        if its and name not in WITHOUT_PICTURE and _has_line(its):
            paths.append(folder / f"{name}.png")
            draw_gaps(its, suite.title, paths[-1])
    growing = [run for run in runs if run.suite == "growth" and run.contender == "netopt"]
    for name, (what, cost) in COSTS.items():
        series = growth_series(growing, cost)
        if series:
            paths.append(folder / f"growth-{name}.png")
            draw_growth(series, what, growing, paths[-1])
    return paths


def main() -> None:
    """Write the page and its pictures; say which."""
    runs = load(RESULTS)
    PAGE.write_text(make_page(runs), encoding="utf-8")
    for path in [PAGE, *draw_all(runs)]:
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
