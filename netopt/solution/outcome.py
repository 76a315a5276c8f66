"""How a solve ended, and what it proves."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from netopt.units import MONEY_TOLERANCE


class Status(StrEnum):
    """How a solve ended. Anything a solver says beyond this list is an error, never a guess."""

    OPTIMAL = "optimal"
    """A plan, proven within the requested gap."""
    LIMIT = "limit"
    """A limit ended the solve; a plan with a wider gap."""
    INTERRUPTED = "interrupted"
    """The user ended the solve; a plan with the gap reached so far."""


@dataclass(frozen=True)
class Outcome:
    """Bounds and circumstances of one solve.

    Attributes
    ----------
    lower_bound_cny_per_year, upper_bound_cny_per_year
        Bound and incumbent of the objective, annual equivalent, in the policy's perspective. The
        incumbent is the ledger's total, not the solver's word.
    gross_cost_cny_per_year
        Gross cost of the incumbent, the denominator of ``gap``.
    gap
        ``(upper - lower) / gross`` (``gap_of``); the gap asked for is ``gap_target``.
    bound_source
        Whose word the lower bound is.
    fixed_design
        SHA-256 of the manifest of the run whose sites were kept: the bounds hold for that design
        alone. "": sites were free.
    build_time_s, solve_time_s, peak_memory_mib
        Seconds and MiB of this process.
    """

    status: Status
    lower_bound_cny_per_year: float
    upper_bound_cny_per_year: float
    gross_cost_cny_per_year: float
    gap: float
    gap_target: float
    bound_source: str
    solver: str
    solver_version: str
    n_rows: int
    n_columns: int
    n_binaries: int
    n_nodes: int
    build_time_s: float
    solve_time_s: float
    peak_memory_mib: float
    threads: int
    seed: int
    fixed_design: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {**asdict(self), "status": str(self.status)}


def gap_of(lower_cny_per_year: float, upper_cny_per_year: float, gross_cny_per_year: float) -> float:
    """Return ``(upper - lower) / gross``; without gross cost 0 where the bounds meet, else infinite.

    Examples
    --------
    >>> gap_of(90.0, 100.0, 1000.0), gap_of(-5.0, -5.0, 0.0), gap_of(-6.0, -5.0, 0.0)
    (0.01, 0.0, inf)
    """
    difference = upper_cny_per_year - lower_cny_per_year
    if gross_cny_per_year > 0:
        return difference / gross_cny_per_year
    return 0.0 if abs(difference) <= MONEY_TOLERANCE else math.inf
