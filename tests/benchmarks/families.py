"""The public cases that nobody here wrote, each with what is known of it."""

from __future__ import annotations

import csv
import re
from typing import Final

from tests.bench import BENCH
from tests.benchmarks.case import Case, Known, SkippedError

_CAP: Final = re.compile(r"cap\d+")
CAPACITIES_B: Final = (5000, 6000, 7000, 8000)


def caps() -> list[Case]:
    """Return OR-Library's cap41 to cap134 with their optima."""
    optima = _values("orlib_cap", "optima.csv", "optimum")
    names = sorted(_files("orlib_cap", _CAP), key=lambda name: int(name[3:]))
    return [_case("orlib_cap", name, "orlib", _optimum(optima, name, "OR-Library")) for name in names]


def capb() -> list[Case]:
    """Return capb with each of its four capacities."""
    optima = _values("orlib_cap", "optima.csv", "optimum")
    _files("orlib_cap", re.compile("capb"))
    return [
        Case(
            f"capb-{capacity}",
            "file",
            {"path": "orlib_cap/capb.txt", "format": "orlib", "capacity": float(capacity)},
            _optimum(optima, f"capb-{capacity}", "OR-Library"),
        )
        for capacity in CAPACITIES_B
    ]


def tbed1() -> list[Case]:
    """Return TBED1 300 x 300 with the optima of Guastaroba and Speranza (2012)."""
    optima = _values("tbed1", "optima.csv", "optimum")
    source = "Guastaroba and Speranza 2012"
    return [
        _case("tbed1", name, "tbed1", _optimum(optima, name, source))
        for name in _files("tbed1", re.compile(r"i\d+_\d+"))
    ]


def mp_tscflp() -> list[Case]:
    """Return the two-stage cases with several products; Gurobi 13's hour is a third party's."""
    best = _values("mp_tscflp", "best_known.csv", "best_known")
    table = ("mp_tscflp", "gurobi_13_one_hour.csv")
    incumbents, bounds, gaps = (_values(*table, column) for column in ("incumbent", "bound", "gap"))
    cases = []
    for name in _files("mp_tscflp", re.compile(r"PSC\d+-C\d+-\d+-\d+")):
        published = [values[name] for values in (best, incumbents) if name in values]
        source = "Mauri and others 2021; Gurobi 13.0.2, one hour"
        known = Known(
            best=min(published, default=None),
            bound=bounds.get(name),
            rival_gap=gaps.get(name),
            source=source,
        )
        cases.append(_case("mp_tscflp", name, "mp_tscflp", known))
    return cases


def tscflp() -> list[Case]:
    """Return the two-stage cases with one product."""
    table = ("tscflp", "best_known.csv")
    best, bounds = (_values(*table, column) for column in ("best_known", "lower_bound"))
    return [
        _case("tscflp", name, "tscflp", Known(best=best.get(name), bound=bounds.get(name), source="2014"))
        for name in _files("tscflp", re.compile(r"PSC\d+-C\d+-\d+"))
    ]


def _case(folder: str, name: str, file_format: str, known: Known) -> Case:
    return Case(name, "file", {"path": f"{folder}/{name}.txt", "format": file_format}, known)


def _optimum(optima: dict[str, float], name: str, source: str) -> Known:
    optimum = optima.get(name)
    return Known(optimum=optimum, best=optimum, bound=optimum, source=source)


def _files(folder: str, named: re.Pattern[str]) -> list[str]:
    found = [] if BENCH is None else sorted((BENCH / folder).glob("*.txt"))
    names = [path.stem for path in found if named.fullmatch(path.stem)]
    if not names:
        raise SkippedError(f"no case of {folder} is beside the project (NETOPT_BENCH names the folder)")
    return names


def _values(folder: str, file: str, column: str) -> dict[str, float]:
    path = None if BENCH is None else BENCH / folder / file
    if path is None or not path.is_file():
        return {}
    with path.open(encoding="utf-8") as stream:
        return {row["instance"]: float(row[column]) for row in csv.DictReader(stream) if row[column]}
