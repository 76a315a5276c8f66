"""Pictures of results: gap against time by suite, cost against size with its fitted exponent."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from tests.benchmarks.measures import Fit, Run, by_case, contenders_of, gap, gross_of
from tests.benchmarks.suites import label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

DIGEST_KEY: Final = "netopt-results"
"""Text in a picture's file: the digest of what it was drawn from."""

COLOURS: Final = {
    "netopt": "#00796b",
    "highs": "#c62828",
    "highs-strong": "#ef6c00",
    "scip": "#5e35b1",
    "netopt-direct": "#78909c",
    "netopt-priced": "#1565c0",
    "netopt-split": "#2e7d32",
    "netopt-warm": "#0288d1",
}
LEAST_GAP: Final = 1e-5
"""Smaller gaps are drawn here, as logarithms have no zero."""

N_MOMENTS: Final = 400
WIDTH, HEIGHT = 7.6, 4.4


def digest_of(runs: Sequence[Run]) -> str:
    """Return a digest of all that pictures are drawn from."""
    said = [[run.suite, run.case.name, run.contender, run.trace, run.seconds] for run in runs]
    said += [[run.end.get("gross"), run.record["peak_memory_mib"]] for run in runs]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def gaps_at(run: Run, gross: float, moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gap at each moment (s), infinite where there is none yet."""
    gaps = np.full(len(moments), math.inf)
    for time_s, incumbent, bound in run.readings:
        gaps[moments >= time_s] = gap(incumbent, bound, gross)
    return gaps


def draw_gaps(runs: Sequence[Run], title: str, path: Path) -> None:
    """Draw the gap against time of each run of a suite, and the median of each contender's."""
    cases = by_case(runs)
    last_s = max(run.seconds for run in runs)
    moments = np.geomspace(min(0.5, last_s / 10), last_s, N_MOMENTS)
    figure, axes = _axes()
    for contender in contenders_of(runs):
        rows = [
            gaps_at(its[contender], gross_of(its.values()), moments)
            for its in cases.values()
            if contender in its
        ]
        _draw_contender(axes, contender, moments, np.array(rows))
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    axes.minorticks_off()
    axes.set_xlabel("seconds")
    axes.set_ylabel("proven gap, of gross cost")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_title(title, loc="left", fontsize=11)
    axes.legend(frameon=False, loc="best")
    _save(figure, path, runs)


def _draw_contender(
    axes: Axes, contender: str, moments: NDArray[np.float64], rows: NDArray[np.float64]
) -> None:
    """Draw thin lines by case and a thick median; without a plan there is no line."""
    colour = COLOURS.get(contender, "#455a64")
    middle = np.median(rows, axis=0)
    for row in rows if len(rows) > 1 else rows[:0]:
        axes.step(moments, _visible(row), where="post", color=colour, alpha=0.3, linewidth=0.8)
    name = label(contender) if len(rows) == 1 else f"{label(contender)}, median of {len(rows)}"
    order = 3.0 if contender.startswith("netopt") else 2.5
    axes.step(
        moments, _visible(middle), where="post", color=colour, linewidth=2.2, label=name, zorder=order
    )


def _visible(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(gaps), np.maximum(gaps, LEAST_GAP), np.nan)


def draw_growth(
    series: dict[str, tuple[list[float], list[float], Fit | None]],
    what: str,
    runs: Sequence[Run],
    path: Path,
) -> None:
    """Draw cost against size, a panel for each way of growing.

    Parameters
    ----------
    series
        What grows -> sizes, costs, fit.
    what
        The cost, with its unit.
    """
    figure = Figure(figsize=(3.4 * len(series), 3.6), layout="constrained")
    panels = figure.subplots(1, len(series), sharey=True, squeeze=False)[0]
    for axes, (grows, (sizes, costs, fit)) in zip(panels, series.items(), strict=True):
        _style(axes)
        axes.loglog(sizes, costs, "o", color=COLOURS["netopt"])
        if fit is not None:
            ends = np.array([min(sizes), max(sizes)])
            line = fit.factor * ends**fit.exponent
            axes.loglog(ends, line, color=COLOURS["highs"], linewidth=1.5, label=f"size^{fit.exponent:.2f}")
            axes.legend(frameon=False, loc="upper left")
        axes.set_xlabel(grows)
        axes.set_xticks(sorted(set(sizes)), [f"{size:,.0f}" for size in sorted(set(sizes))])
        axes.minorticks_off()
    panels[0].set_ylabel(what)
    panels[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _save(figure, path, runs)


def _axes() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.add_subplot()
    _style(axes)
    return figure, axes


def _style(axes: Axes) -> None:
    axes.grid(visible=True, which="major", color="#e0e0e0", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _save(figure: Figure, path: Path, runs: Sequence[Run]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, metadata={"Software": None, DIGEST_KEY: digest_of(runs)})
