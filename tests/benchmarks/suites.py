"""The suites: each is a row of the table of targets, or growth, with its cases, contenders and limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.benchmarks import families
from tests.benchmarks.case import Case

LABELS: Final = {
    "highs": "HiGHS",
    "highs-strong": "HiGHS with strong rows",
    "highs-one-thread": "HiGHS, one thread",
    "highs-two-threads": "HiGHS, two threads",
    "scip": "SCIP",
    "netopt-warm": "netopt from the neighbour",
    "netopt-compare": "netopt compare",
}
POLICIES: Final = ("unified", "mandates", "open-market")


def label(contender: str) -> str:
    """Return what readers know a contender as."""
    return LABELS.get(contender, contender.replace("netopt-", "netopt, "))


@dataclass(frozen=True)
class Suite:
    """A named benchmark.

    Attributes
    ----------
    title
        What it is, for readers of the tables.
    cases
        ``cases(seeds)`` returns them; SkippedError where they are absent.
    contenders
        Of ``tests.benchmarks.contenders.CONTENDERS``, the first is netopt's.
    limit_s, gap
        What each is asked for: limit (s), gap relative to gross cost.
    """

    title: str
    cases: Callable[[tuple[int, ...]], list[Case]]
    contenders: tuple[str, ...]
    limit_s: float
    gap: float = 1e-4


def _synthetic(
    seed: int,
    profile: str = "coarse",
    n_sources: int = 337,
    sites: tuple[int, int, int] = (100, 60, 60),
    n_periods: int = 1,
) -> Case:
    n_hubs, n_cascade, n_recyclers = sites
    name = f"{profile}-{n_sources}-{n_hubs}-{n_cascade}-{n_recyclers}-{n_periods}-seed-{seed}"
    return Case(
        name,
        "synthetic",
        {
            "n_sources": n_sources,
            "n_hubs": n_hubs,
            "n_cascade": n_cascade,
            "n_recyclers": n_recyclers,
            "n_periods": n_periods,
            "profile": profile,
            "seed": seed,
        },
    )


def _by_seed(**shape: Any) -> Callable[[tuple[int, ...]], list[Case]]:
    return lambda seeds: [_synthetic(seed, **shape) for seed in seeds]


def _listed(cases: Callable[[], list[Case]]) -> Callable[[tuple[int, ...]], list[Case]]:
    return lambda _: cases()


def _instances(*pairs: tuple[str, str, str]) -> Callable[[tuple[int, ...]], list[Case]]:
    """Return cases of (instance, policy, neighbour; "": none)."""
    cases = []
    for instance, policy, neighbour in pairs:
        arguments = {"instance": instance, "policy": policy}
        arguments |= {"neighbour": neighbour} if neighbour else {}
        cases.append(Case(f"{instance}-{policy}", "instance", arguments))
    return lambda _: cases


BOTH: Final = ("netopt", "highs", "highs-strong")
"""On some cases HiGHS is better without strong rows, on others with them."""

HANDOVER_SHAPES: Final = ("47x1", "10x3")
"""Nearest sites of a type x periods, see ``tests.benchmarks.handover``."""

GROWING_SITES: Final = ((25, 15, 15), (50, 30, 30), (100, 60, 60), (200, 120, 120))
GROWING_SOURCES: Final = (100, 337, 1000, 3000)
GROWING_PERIODS: Final = (1, 2, 5, 10)


def _handover(shape: str) -> Case:
    arguments = {"instance": "china-2024", "policy": "unified", "shape": shape}
    return Case(f"china-2024-{shape}", "instance", arguments)


def _growth(seeds: tuple[int, ...]) -> list[Case]:
    """Return cases that differ from one in the middle by sources, by sites or by periods."""
    cases: dict[str, Case] = {}
    for seed in seeds:
        shapes: list[dict[str, Any]] = [
            *({"n_sources": number} for number in GROWING_SOURCES),
            *({"sites": sites} for sites in GROWING_SITES),
            *({"n_periods": number} for number in GROWING_PERIODS),
        ]
        # Last, as it takes longest: as many sources and periods as are promised at once.
        shapes.append({"n_sources": GROWING_SOURCES[-1], "n_periods": GROWING_PERIODS[-1]})
        for shape in shapes:
            case = _synthetic(seed, **shape)
            cases[case.name] = case
    return list(cases.values())


SUITES: Final[dict[str, Suite]] = {
    "coarse": Suite("337/100/60/60, few big plants", _by_seed(), BOTH, 600.0),
    "fine": Suite("337/100/60/60, many small plants", _by_seed(profile="fine"), BOTH, 600.0),
    "national-337": Suite(
        "337/100/100/100, one period, all arcs",
        _by_seed(sites=(100, 100, 100)),
        ("netopt", "highs"),
        600.0,
    ),
    "five-periods": Suite("337/100/60/60, five periods", _by_seed(n_periods=5), ("netopt", "highs"), 600.0),
    "china-2035": Suite(
        "china-2035, ten periods", _instances(("china-2035", "unified", "")), ("netopt",), 600.0
    ),
    "china-2024": Suite(
        "china-2024, each policy",
        _instances(*(("china-2024", policy, "") for policy in POLICIES)),
        ("netopt",),
        300.0,
    ),
    "china-2024-interval": Suite(
        "china-2024, cost of fragmentation (mandates beyond unified)",
        _instances(("china-2024", "mandates", "unified")),
        ("netopt-compare",),
        300.0,
    ),
    "mp_tscflp": Suite(
        "two-stage siting with several products, against Gurobi 13 at one hour",
        _listed(families.mp_tscflp),
        ("netopt",),
        600.0,
    ),
    "caps": Suite(
        "OR-Library's cap41 to cap134, to 1e-4", _listed(families.caps), ("netopt", "highs-strong"), 600.0
    ),
    "capb": Suite(
        "capb with four capacities, to 1e-4", _listed(families.capb), ("netopt", "highs-strong"), 600.0
    ),
    "tbed1": Suite(
        "TBED1 300 x 300", _listed(families.tbed1), ("netopt", "highs", "highs-strong", "scip"), 120.0
    ),
    "handover": Suite(
        "model at the solver's door, 400 k columns",
        lambda _: [_handover(shape) for shape in HANDOVER_SHAPES],
        ("handover",),
        600.0,
    ),
    "resolve": Suite(
        "mandates from unified, against mandates from nothing",
        _instances(
            ("china-provinces", "mandates", "unified"),
            ("china-2024", "mandates", "unified"),
        ),
        ("netopt-warm", "netopt"),
        300.0,
    ),
    "threads": Suite(
        "HiGHS with one thread and with two",
        _by_seed(),
        ("highs-one-thread", "highs-two-threads"),
        600.0,
    ),
    "growth": Suite("coarse cases of growing size", _growth, ("netopt",), 600.0, gap=0.05),
}
"""Every suite by its name on the command line; all but threads and growth are rows of the targets."""
