"""Options that commands share, declared once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token


def whole_number(_type: Any, tokens: Sequence[Token]) -> int:
    """Return the whole number of an option; ValueError for any other, instead of rounding it."""
    text = tokens[0].value
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII) is None:
        raise ValueError(f"{text[:40]!r} is not a whole number")
    return int(text)


_SWITCH = Parameter(negative="", show_default=False)


@Parameter(name="*")
@dataclass(frozen=True)
class Talk:
    """How much is said, and how."""

    json: Annotated[bool, _SWITCH] = False
    "Print the result as one JSON object."
    quiet: Annotated[bool, Parameter(alias="-q", negative="", show_default=False)] = False
    "Say nothing but the result and errors."
    verbose: Annotated[int, Parameter(alias="-v", count=True, show_default=False)] = 0
    "Say more: -v what is done, -vv also tracebacks."


@Parameter(name="*")
@dataclass(frozen=True)
class Writing:
    """Where a result goes."""

    output: Annotated[Path | None, Parameter(alias="-o")] = None
    "Where the result is written; it tells its own place where this is left out."
    force: Annotated[bool, _SWITCH] = False
    "Replace what netopt wrote there before."
    dry_run: Annotated[bool, _SWITCH] = False
    "Check everything, say what would be done, write nothing."


@Parameter(name="*")
@dataclass(frozen=True)
class Scenario:
    """What is planned for, where it is not what the instance says."""

    formal_share: float | None = None
    "Formal share of what retires (0 to 1), instead of the instance's."
    no_leakage: Annotated[bool, _SWITCH] = False
    "Everything is collected formally, as with --formal-share 1."
    volumes: str | None = None
    "Name of a row of the instance's volumes.csv: supply is scaled to its total."
    scenario: tuple[str, ...] = ()
    "Name of a scenario of the instance's scenarios.csv; may be given several times, taken in that order."
    greenfield: Annotated[bool, _SWITCH] = False
    "As if no plant stood and every site could be built on: annuities count in full."
    fix_sites: Path | None = None
    "Folder of an earlier run of these sites: its design is kept, only tonnes are re-routed."


@Parameter(name="*")
@dataclass(frozen=True)
class Solving:
    """How hard to solve; what is left out comes from NETOPT_*, netopt.toml, or the profile."""

    profile: str | None = None
    "Solver profile: default, exact, national, quick, or a TOML file."
    gap: float | None = None
    "Proven gap to stop at, relative to gross cost (0 to 1)."
    time_limit: float | None = None
    "Wall-clock limit of the solver, s; of compare: for each policy, not for all together."
    threads: Annotated[int | None, Parameter(converter=whole_number)] = None
    "Threads of the solver; compare solves as many policies at a time, with a thread each."
    seed: Annotated[int | None, Parameter(converter=whole_number)] = None
    "Random seed of the solver."
    strategy: str | None = None
    "How: direct (whole model), split (supplies and sites apart), priced (short arcs listed), auto."
