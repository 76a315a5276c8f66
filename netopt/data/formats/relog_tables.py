"""A RELOG case as the tables of an instance.

Every plant is a facility type of its own, as its sizes, stores and costs are its own. Every product is a
class of goods, as its tariff is its own. Distances are a table that has a row only where RELOG has a way,
so a place of disposal at a location of its own is reached from its plant alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netopt.data.formats.relog_case import Series
from netopt.data.tables import NOWHERE, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

OPERATOR: Final = "relog"
FIRST_YEAR: Final = 2025
LIFE_YEARS: Final = 100
ANY_TONNES: Final = 1e8
"""Capacity of what RELOG does not bound, the largest that the format takes (t/yr)."""

INSIDE: Final = "(within a place)"
"""Class of goods that never leave a place."""

MODE: Final = "haul"


@dataclass
class Tables:
    """Rows of the tables as they are found, and the notes on them."""

    years: int
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)
    _ids: set[tuple[str, str]] = field(default_factory=set)
    _ways: set[frozenset[str]] = field(default_factory=set)

    @property
    def periods(self) -> list[str]:
        """Ids of the periods: one for each year."""
        return [f"year-{number}" for number in range(1, self.years + 1)]

    def new_id(self, kind: str, name: str) -> str:
        """Return the name, or the name with a number where another of its kind has it."""
        found, number = name, 2
        while (kind, found) in self._ids:
            found, number = f"{name} ({number})", number + 1
        self._ids.add((kind, found))
        return found

    def add(self, table: str, *row: object) -> None:
        """Add a row with its cells in the order of the table's columns."""
        self.rows[table].append(row)

    def costs(self, table: str, row: str, column: str, series: Series) -> float:
        """Return the cost of the first year, and list those of the years that differ from it."""
        for period, value in zip(self.periods, series, strict=True):
            if value != series[0]:
                self.add("costs_by_period", table, row, column, period, value)
        return series[0]

    def location(self, name: str, latitude: float, longitude: float) -> str:
        """Add a location and return its id; degrees beyond a pole or the date line are turned back."""
        found = self.new_id("location", name)
        latitude, longitude = on_the_globe(latitude, longitude)
        self.add("locations", found, name, "", NOWHERE, longitude, latitude, 0.0)
        return found

    def way(self, first: str, second: str, kilometres: float) -> None:
        """Add the way between two locations, once for both directions."""
        ends = frozenset((first, second))
        if len(ends) == 2 and ends not in self._ways:
            self._ways.add(ends)
            self.add("distances", first, second, MODE, kilometres)

    def commodity(self, name: str, goods_class: str, *, returns: bool = False) -> str:
        """Add a commodity in tonnes and return its id; what ``returns`` counts as a battery does."""
        found = self.new_id("commodity", name)
        self.add("commodities", found, name, "", "t", 1.0, goods_class, returns, False, None)
        return found

    def retires(self, commodity: str) -> None:
        """Make a commodity one that sources or returns give: collected at no cost, and never leaking."""
        rows = self.rows["commodities"]
        number = next(number for number, row in enumerate(rows) if row[0] == commodity)
        if rows[number][-1] is None:
            rows[number] = (*rows[number][:-1], 0.0)
            self.add("informal", commodity, 0.0, 0.0, 0.0, 0.0)

    def site(
        self, name: str, location: str, *, standing: float, fixed: float = 0.0, may_build: bool = False
    ) -> str:
        """Add a facility that is a type of its own, and return the id of both."""
        found = self.new_id("place", name)
        self.add("facility_types", found, name, "", LIFE_YEARS)
        self.add("sites", found, name, location, found, OPERATOR, standing, 1.0, fixed, False, may_build)
        return found

    def recipe(
        self,
        site: str,
        name: str,
        inputs: dict[str, float],
        outputs: dict[str, float],
        cost: Series,
        emission_kg: float = 0.0,
    ) -> None:
        """Add what a site makes of what, and at which cost per tonne of input."""
        found = self.new_id("recipe", name)
        first = self.costs("recipes", found, "cost_cny_per_tonne", cost)
        self.add("recipes", found, site, name, "processing", first, emission_kg)
        for commodity, share in inputs.items():
            self.add("recipe_inputs", found, commodity, share)
        for commodity, units in outputs.items():
            self.add("recipe_outputs", found, commodity, units)

    def market(
        self,
        name: str,
        location: str,
        commodity: str,
        category: str,
        price: Iterable[float],
        limit: Iterable[float],
    ) -> str:
        """Add a market of one commodity with price and limit by year; infinite: no limit."""
        found = self.new_id("place", name)
        self.add("markets", found, name, location)
        terms = list(zip(price, limit, strict=True))
        each = zip(self.periods, terms, strict=True) if len(set(terms)) > 1 else [("", terms[0])]
        for period, (paid, most) in each:
            bound = most if math.isfinite(most) else None
            self.add("offtake", found, commodity, period, category, paid, bound)
        return found

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the tables that have rows or must be there."""
        return {
            name: pd.DataFrame(self.rows[name], columns=list(spec.column_names))
            for name, spec in TABLES.items()
            if self.rows[name] or spec.required
        }


def dispose_category(cost: Series) -> str:
    """Return the category of a disposal: where it pays in any year it is a sale.

    Examples
    --------
    >>> dispose_category((5.0, 0.0)), dispose_category((-10.0, 2.0))
    ('disposal', 'recovered_metals')
    """
    return "recovered_metals" if min(cost) < 0 else "disposal"


def on_the_globe(latitude: float, longitude: float) -> tuple[float, float]:
    """Return the same point with latitude within 90 and longitude within 180 degrees.

    Examples
    --------
    >>> on_the_globe(100.0, 100.0), on_the_globe(41.0, -87.0)
    ((80.0, -80.0), (41.0, -87.0))
    """
    if abs(latitude) > 180.0:
        latitude = (latitude + 180.0) % 360.0 - 180.0
    if abs(latitude) > 90.0:
        latitude, longitude = math.copysign(180.0, latitude) - latitude, longitude + 180.0
    if abs(longitude) > 180.0:
        longitude = (longitude + 180.0) % 360.0 - 180.0
    return latitude, longitude


def negative(series: Series) -> Series:
    """Return a cost as a price, or a price as a cost."""
    return tuple(-value + 0.0 for value in series)
