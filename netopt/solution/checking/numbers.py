"""Floating point or rational arithmetic: one code path decides in either."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

import pandas as pd

from netopt.units import FLOW_TOLERANCE_TONNES

Number: TypeAlias = Any
"""``float`` or ``Fraction``; pandas' type stubs know no column of the latter."""

RELATIVE_TOLERANCE: Final = 1e-6
"""Rounding of a row relative to its largest term: far below the gaps that results are proven to."""


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are held: float64, or (``exact``) ``Fraction`` converted without rounding."""

    exact: bool

    def number(self, value: float) -> Number:
        """Return one finite number in this arithmetic.

        Examples
        --------
        >>> Arithmetic(exact=True).number(0.5)
        Fraction(1, 2)
        """
        return Fraction(value) if self.exact else float(value)

    def column(self, values: pd.Series) -> pd.Series:
        """Return a numeric column in this arithmetic; NaN (a blank) stays NaN."""
        if not self.exact:
            return values.astype("float64")
        cells = [Fraction(value) if math.isfinite(value) else value for value in values.tolist()]
        return pd.Series(cells, index=values.index, name=values.name, dtype=object)

    def table(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table with every float column in this arithmetic."""
        floats = frame.select_dtypes("float64").columns
        return frame.assign(**{name: self.column(frame[name]) for name in floats})


def tolerance_of(size: pd.Series) -> pd.Series:
    """Return what counts as rounding in rows of a size (in the unit of ``size``).

    ``max(FLOW_TOLERANCE_TONNES, RELATIVE_TOLERANCE * size)``, at most what ``netopt.units``
    permits, and tighter for large rows.
    """
    scaled = size * RELATIVE_TOLERANCE
    return scaled.where(scaled > FLOW_TOLERANCE_TONNES, FLOW_TOLERANCE_TONNES)


def total_by(frame: pd.DataFrame, keys: list[str], values: pd.Series) -> pd.Series:
    """Return ``values`` (aligned with ``frame``) summed over each combination of ``keys``."""
    return values.groupby([frame[key] for key in keys]).sum()


def net_and_size(terms: Iterable[pd.Series]) -> pd.DataFrame:
    """Return the signed sum of terms and the largest of them, by their common index.

    Parameters
    ----------
    terms
        Series with the same index levels, each unique in its index; an absent entry is zero.

    Returns
    -------
    DataFrame
        ``net``, ``size`` in the terms' unit.
    """
    filled = [term for term in terms if len(term)]
    if not filled:
        return pd.DataFrame({"net": [], "size": []}, index=pd.Index([], name="period"))
    stacked = pd.concat(filled)
    levels = list(range(stacked.index.nlevels))
    return pd.DataFrame(
        {
            "net": stacked.groupby(level=levels).sum(),
            "size": stacked.abs().groupby(level=levels).max(),
        }
    )


def lookup(values: pd.Series, frame: pd.DataFrame, keys: list[str], missing: Any) -> pd.Series:
    """Return for each row of ``frame`` the value at its ``keys``, or ``missing``."""
    wanted = pd.MultiIndex.from_frame(frame[keys]) if len(keys) > 1 else pd.Index(frame[keys[0]])
    found = values.reindex(wanted, fill_value=missing)
    return pd.Series(found.to_numpy(), index=frame.index, dtype=found.dtype)


def are_in(frame: pd.DataFrame, keys: list[str], known: pd.DataFrame) -> pd.Series:
    """Return whether the ``keys`` of each row are a row of ``known`` (columns in that order)."""
    rows = set(known.itertuples(index=False, name=None))
    found = [row in rows for row in frame[keys].itertuples(index=False, name=None)]
    return pd.Series(found, index=frame.index, dtype=bool)


def mapped(values: pd.Series, mapping: Mapping[Hashable, Any] | pd.Series) -> pd.Series:
    """Return ``values`` mapped, keeping the mapping's dtype even where there are no rows."""
    table = mapping if isinstance(mapping, pd.Series) else pd.Series(mapping)
    return pd.Series(table.reindex(values.to_numpy()).to_numpy(), index=values.index, dtype=table.dtype)
