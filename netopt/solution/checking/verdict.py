"""What the checker says, and the notes it takes while reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from netopt.solution.checking.numbers import tolerance_of

PLACE_COLUMNS = ("from_place", "to_place", "site", "source", "market")


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong with an answer.

    Attributes
    ----------
    tag
        The broken constraint (``netopt/README.md``), or what is wrong with a table.
    subject
        Where, with names.
    period
        Period id, "" where it is not of one period.
    amount, unit, tolerance
        How far off, and how much would have counted as rounding.
    """

    tag: str
    subject: str
    period: str
    amount: float
    unit: str
    tolerance: float

    def __str__(self) -> str:
        when = f" in {self.period}" if self.period else ""
        off = f": {self.amount:.6g} {self.unit} (tolerance {self.tolerance:.3g})" if self.unit else ""
        return f"[{self.tag}] {self.subject}{when}{off}"


@dataclass(frozen=True)
class Verdict:
    """The independent checker's verdict on one answer.

    Attributes
    ----------
    ok
        Whether nothing is wrong.
    violations
        Everything that is.
    objective_cny_per_year, gross_cost_cny_per_year
        Recomputed from the answer's tables: annual equivalents in the policy's perspective and
        of the formal network's gross cost.
    n_checks
        Rows looked at, by tag: shows what was checked.
    exact
        Whether balances, limits and totals were decided in rational arithmetic.
    """

    ok: bool
    violations: tuple[Violation, ...]
    objective_cny_per_year: float
    gross_cost_cny_per_year: float
    n_checks: Mapping[str, int]
    exact: bool

    def tags(self) -> frozenset[str]:
        """Return the tags of everything that is wrong."""
        return frozenset(violation.tag for violation in self.violations)

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "ok": self.ok,
            "exact": self.exact,
            "objective_cny_per_year": self.objective_cny_per_year,
            "gross_cost_cny_per_year": self.gross_cost_cny_per_year,
            "n_checks": dict(self.n_checks),
            "violations": [asdict(violation) for violation in self.violations],
        }


class Findings:
    """Collects violations and counts checks; never stops at the first."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.violations: list[Violation] = []
        self.n_checks: Counter[str] = Counter()

    def add(self, tag: str, subject: str, period: str = "") -> None:
        """Note one violation that has no size."""
        self.violations.append(Violation(tag, subject, period, 1.0, "", 0.0))

    def rows(self, tag: str, frame: pd.DataFrame, failing: pd.Series, message: str) -> None:
        """Check every row of ``frame``: one is wrong where ``failing`` is True.

        ``message`` is followed by the row's texts, flags and numbers.
        """
        self.n_checks[tag] += len(frame)
        wrong = failing.to_numpy(dtype=bool)
        if not wrong.any():
            return
        for row in frame[wrong].to_dict("records"):
            period = str(row.get("period", ""))
            self.add(tag, f"{message}: {self._describe(row)}", period)

    def balance(self, tag: str, rows: pd.DataFrame, unit: str) -> None:
        """Check that ``net`` is zero, but for rounding at ``size``, in every row."""
        self._sizes(tag, rows["net"].abs(), tolerance_of(rows["size"]), unit)

    def limit(self, tag: str, rows: pd.DataFrame, unit: str) -> None:
        """Check that ``net`` is at most zero, but for rounding at ``size``, in every row."""
        self._sizes(tag, rows["net"], tolerance_of(rows["size"]), unit)

    def sizes(self, tag: str, amounts: pd.Series, tolerance: pd.Series, unit: str) -> None:
        """Check that every amount is within its own tolerance."""
        self._sizes(tag, amounts, tolerance, unit)

    def _sizes(self, tag: str, amounts: pd.Series, tolerance: pd.Series, unit: str) -> None:
        self.n_checks[tag] += len(amounts)
        failing = (amounts > tolerance).to_numpy(dtype=bool)
        found = amounts[failing]
        names = [str(name) for name in found.index.names]
        for key, amount, allowed in zip(
            found.index.to_list(), found.to_list(), tolerance[failing].to_list(), strict=True
        ):
            row: dict[Hashable, Any] = dict(
                zip(names, key if isinstance(key, tuple) else (key,), strict=True)
            )
            self.violations.append(
                Violation(
                    tag,
                    self._describe(row) or "whole network",
                    str(row.get("period", "")),
                    float(amount),
                    unit,
                    float(allowed),
                )
            )

    def _describe(self, row: Mapping[Hashable, Any]) -> str:
        parts = []
        for column, value in row.items():
            if column == "period" or (isinstance(value, str) and not value):
                continue
            text = f"{value:.6g}" if isinstance(value, float) else str(value)
            name = self.names.get(text, "") if column in PLACE_COLUMNS else ""
            parts.append(f"{column} {text}" + (f" ({name})" if name else ""))
        return ", ".join(parts)
