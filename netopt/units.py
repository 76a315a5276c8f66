"""The closed list of units and the tolerances that every room shares."""

from __future__ import annotations

from typing import Final

UNITS: Final[frozenset[str]] = frozenset(
    {
        "-",
        "t/yr",
        "t/t",
        "t/unit",
        "unit",
        "unit/t",
        "unit/yr",
        "km",
        "deg",
        "yr",
        "CNY",
        "CNY/yr",
        "CNY/t",
        "CNY/unit",
        "CNY/(t km)",
        "CNY/(unit yr)",
        "kgCO2e/t",
        "kgCO2e/(t km)",
        "people",
        "jobs yr/t",
    }
)
"""Units a column may carry. ``unit`` is the commodity's own unit (t or kWh)."""

FLOW_TOLERANCE_TONNES: Final = 1e-4
"""Largest violation of a balance or limit, in tonnes (or commodity units) a year, that counts
as rounding once scaled by ``max(1, size of the row)``."""

MONEY_TOLERANCE: Final = 1e-6
"""Largest relative difference between two totals in yuan that count as equal."""

INTEGRALITY_TOLERANCE: Final = 1e-6
"""Largest distance of a binary decision from 0 or 1."""

KG_PER_TONNE: Final = 1000.0
