"""What a planner has stated, each statement a named group of rows and bounds that can be lifted.

A **statement** is what somebody wrote in a policy, a table or ``instance.toml`` and could write
otherwise: a rule, a ban, a cap, a capacity, a duty to take what is collected. What nobody can lift
(mass balances, recipes, that a closed plant processes nothing) is not a statement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd
    from numpy.typing import NDArray

    from netopt.network.scope import Scope
    from netopt.solution.form import StandardForm

LIMIT_COLUMNS: Final = {
    "statement": "str",
    "is_row": "bool",
    "index": "int",
    "lower": "float",
    "upper": "float",
    "amount_per_unit": "float",
    "where": "str",
    "period": "str",
}
"""Columns of ``StatedForm.limits`` with their types."""

TOUCH: Final = 1e-6
"""How far (in the row's unit, relative to its bound where that is above one) still counts as held."""


SITE: Final = "site"
"""Unit of statements on whether and how many sites operate; a site weighs as its smallest plant, in t."""


class Kind(StrEnum):
    """The closed list of what can be stated, in the order in which an explanation names them."""

    RULE = "rule"
    BAN = "ban"
    OPEN = "open"
    COUNT = "count"
    SINGLE = "single"
    BUILD = "build"
    MARKET = "market"
    EMISSION = "emission"
    MINIMUM = "minimum"
    STORAGE = "storage"
    CAPACITY = "capacity"
    FORMAL_SHARE = "formal_share"
    SUPPLY = "supply"


_TIE: Final = 1e-3
WEIGHT: Final = {
    **{kind: 1.0 + _TIE * number for number, kind in enumerate(Kind)},
    Kind.FORMAL_SHARE: 10.0,
    Kind.SUPPLY: 100.0,
}
"""What lifting a statement, or a tonne that it gives, weighs. Batteries are left lying last of all,
and the formal share is behaviour rather than a planner's choice. All else weighs the same, but for
a tie, in which what is named first gives."""


@dataclass(frozen=True)
class Statement:
    """One thing that a planner stated.

    Attributes
    ----------
    name
        Unique and stable, for example ``capacity dismantler[P3]``.
    kind
        What sort of statement it is.
    sentence
        The statement in words, with tonnes and places.
    group, place
        Statements of one kind and group in many places are told in one line; ``place`` is a
        jurisdiction's name ("" for the nation).
    unit
        What it is measured in: ``t`` or ``t CO2e``, a year, or ``site``.
    """

    name: str
    kind: Kind
    sentence: str
    group: str
    place: str
    unit: str = "t"

    @property
    def weight(self) -> float:
        """What lifting it weighs."""
        return WEIGHT[self.kind]


@dataclass(frozen=True)
class StatedForm:
    """A model with every statement lifted, and the statements to hold it to.

    Attributes
    ----------
    free
        The standard form without any statement.
    statements
        In the order in which an explanation names them.
    limits
        What statements set, one row per row or column of ``free`` (``LIMIT_COLUMNS``): ``index`` of
        it, ``lower`` and ``upper`` (infinite where not set), ``amount_per_unit`` (t or t CO2e a year
        per unit of the row or column), ``where`` (id of the site, market or source), ``period``.
    scope
        Which arcs the model lists; None: all.
    """

    free: StandardForm
    statements: tuple[Statement, ...]
    limits: pd.DataFrame
    scope: Scope | None = None

    def per_site(self) -> NDArray[np.float64]:
        """Return for each limit what a unit of its statement weighs in tonnes: 1, but for sites."""
        units = {said.name: said.unit for said in self.statements}
        of_sites = self.limits["statement"].map(units) == SITE
        weights: NDArray[np.float64] = (
            self.limits["amount_per_unit"].where(of_sites, 1.0).to_numpy(dtype=float)
        )
        return weights

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all statements."""
        return tuple(statement.name for statement in self.statements)

    def statement(self, name: str) -> Statement:
        """Return the statement of that name."""
        return next(statement for statement in self.statements if statement.name == name)

    def holding(self, names: Collection[str]) -> StandardForm:
        """Return the model in which exactly these statements hold."""
        form = self.free
        held = self.limits[self.limits["statement"].isin(names)]
        rows, columns = held[held["is_row"]], held[~held["is_row"]]
        row_lower, row_upper = _tightened(form.row_lower, form.row_upper, rows)
        lower, upper = _tightened(form.lower, form.upper, columns)
        return replace(form, row_lower=row_lower, row_upper=row_upper, lower=lower, upper=upper)

    def held_by(self, point: NDArray[np.float64]) -> frozenset[str]:
        """Return the statements that a point of ``free`` satisfies."""
        broken = self.limits.loc[self.excess(point) > 0, "statement"]
        return frozenset(self.names) - frozenset(broken)

    def excess(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much a point breaks each limit (the row's unit); 0 where it holds."""
        value = self.values(point)
        below = self.limits["lower"].to_numpy() - value
        above = value - self.limits["upper"].to_numpy()
        most = np.maximum(below, above)
        bound = np.where(below > above, self.limits["lower"], self.limits["upper"])
        with np.errstate(invalid="ignore"):
            touch = TOUCH * np.maximum(1.0, np.where(np.isfinite(bound), np.abs(bound), 1.0))
        return np.where(most > touch, most, 0.0)

    def values(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value at a point of the row or column of each limit."""
        index = self.limits["index"].to_numpy(dtype=int)
        is_row = self.limits["is_row"].to_numpy(dtype=bool)
        found = np.empty(len(index))
        found[is_row] = (self.free.matrix @ point)[index[is_row]]
        found[~is_row] = point[index[~is_row]]
        return found


def _tightened(
    lower: NDArray[np.float64], upper: NDArray[np.float64], limits: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = lower.copy(), upper.copy()
    index = limits["index"].to_numpy(dtype=int)
    np.maximum.at(low, index, limits["lower"].to_numpy(dtype=float))
    np.minimum.at(high, index, limits["upper"].to_numpy(dtype=float))
    return low, high
