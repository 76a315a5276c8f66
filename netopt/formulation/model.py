"""The model as arrays: families of decisions, and rows stated over whole tables at once.

An equation says which rows there are (one per id of a table, mostly in every period), and adds terms to
them: numbers of rows, columns of decisions and coefficients as arrays that numpy broadcasts. Nothing is
said arc by arc. ``netopt.formulation.compile`` joins the rows to the sparse standard form,
``netopt.formulation.pyomo_model`` shows them as a Pyomo model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netopt.solution.names import Words

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]

NO_COLUMN: Final = -1
"""Where there is no decision, as in the period before the first: such a term is left out."""


@dataclass(frozen=True)
class Family:
    """Decisions of one kind, one by id and period.

    Attributes
    ----------
    name
        As in the mathematics of record.
    ids
        Of what is decided about, length n.
    periods
        In order, length T.
    first
        Number of the first column; a decision's column is ``first + id number * T + period number``.
    lower, upper
        n x T.
    is_integer
        bool, n x T.
    """

    name: str
    ids: pd.Index
    periods: pd.Index
    first: int
    lower: Floats
    upper: Floats
    is_integer: NDArray[np.bool_]

    @property
    def n_columns(self) -> int:
        """Number of decisions."""
        return len(self.ids) * len(self.periods)

    def columns(self, of: ArrayLike | None = None) -> Numbers:
        """Return the columns of some ids by their numbers (None: all), length of ``of`` x T."""
        ids = np.arange(len(self.ids)) if of is None else np.asarray(of, dtype=np.int64)
        found: Numbers = self.first + ids[:, None] * len(self.periods) + np.arange(len(self.periods))
        return found

    def columns_before(self, of: ArrayLike | None = None) -> Numbers:
        """Return the columns of the period before, ``NO_COLUMN`` in the first; shape of ``columns``."""
        found = self.columns(of)
        before = np.full_like(found, NO_COLUMN)
        before[:, 1:] = found[:, :-1]
        return before

    def numbered(self, index: pd.Series | pd.Index, period: pd.Series | pd.Index) -> Numbers:
        """Return the column of each pair of an id and a period.

        Raises
        ------
        KeyError
            Where there is no such decision.
        """
        ids, periods = number_in(self.ids, index), number_in(self.periods, period)
        if (missing := (ids < 0) | (periods < 0)).any():
            at = int(np.flatnonzero(missing)[0])
            raise KeyError(f"no decision {self.name}[{words(index)[at]},{words(period)[at]}]")
        found: Numbers = self.first + ids * len(self.periods) + periods
        return found


@dataclass
class Rows:
    """Rows of one constraint, with their terms and sides.

    Attributes
    ----------
    tag
        The constraint's name.
    index
        Its index, level by level, without the period; each of length n.
    periods
        One row per period, T of them; one row for all periods together: None.
    lower, upper
        n x T, or n x 1; infinite where a side is open.
    is_there
        bool, the same shape: False where there is no such row.
    """

    tag: str
    index: tuple[Words, ...]
    n: int
    periods: Words | None
    lower: Floats = field(init=False)
    upper: Floats = field(init=False)
    is_there: NDArray[np.bool_] = field(init=False)
    _terms: list[tuple[Numbers, Numbers, Floats]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open all sides."""
        self.lower, self.upper = np.full(self.shape, -np.inf), np.full(self.shape, np.inf)
        self.is_there = np.ones(self.shape, dtype=bool)

    @property
    def shape(self) -> tuple[int, int]:
        """Entries of the index, and rows for each of them."""
        return self.n, 1 if self.periods is None else len(self.periods)

    def add(self, of: ArrayLike | None, columns: Numbers, coefficient: ArrayLike = 1.0) -> None:
        """Add one term for each of ``columns``.

        Parameters
        ----------
        of
            Which entry of the index each line of ``columns`` is for, by number; None: one by one.
        columns
            m x T, or m x 1.
        coefficient
            One for all, or of length m, or m x T. Terms of one decision in one row add up.
        """
        n_rows = self.shape[1]
        entries = np.arange(self.n) if of is None else np.asarray(of, dtype=np.int64)
        rows = entries[:, None] * n_rows + np.arange(n_rows)
        coefficients = np.asarray(coefficient, dtype=float)
        if coefficients.ndim == 1:
            coefficients = coefficients[:, None]
        self.add_each(*np.broadcast_arrays(rows, columns, coefficients))

    def add_each(self, rows: Numbers, columns: Numbers, coefficients: Floats) -> None:
        """Add terms one by one: the row's number within these rows, the column, the coefficient."""
        self._terms.append((rows.ravel(), columns.ravel(), coefficients.ravel()))

    def equal(self, amount: ArrayLike) -> None:
        """Let the terms of each row add up to an amount (by entry, or by entry and period)."""
        self.at_most(amount)
        self.at_least(amount)

    def at_most(self, amount: ArrayLike, *, where: NDArray[np.bool_] | bool = True) -> None:
        """Let the terms add up to an amount at most; there are no rows but ``where`` it says so."""
        self.upper = self._sides(amount)
        self.is_there &= where

    def at_least(self, amount: ArrayLike) -> None:
        """Let the terms add up to an amount at least."""
        self.lower = self._sides(amount)

    def _sides(self, amount: ArrayLike) -> Floats:
        sides = np.asarray(amount, dtype=float)
        return np.broadcast_to(sides[:, None] if sides.ndim == 1 else sides, self.shape).copy()

    def terms(self) -> tuple[Numbers, Numbers, Floats]:
        """Return rows (within these), columns and coefficients of all terms that are not zero."""
        if not self._terms:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
        rows, columns, coefficients = (np.concatenate(parts) for parts in zip(*self._terms, strict=True))
        counts = (columns != NO_COLUMN) & (coefficients != 0) & self.is_there.ravel()[rows]
        return rows[counts], columns[counts], coefficients[counts]

    def kept(self) -> Numbers:
        """Return the numbers of the rows that are there, and have a term or do not hold without one."""
        n_terms = np.bincount(self.terms()[0], minlength=self.lower.size)
        holds_anyway = (self.lower.ravel() <= 0.0) & (self.upper.ravel() >= 0.0)
        return np.flatnonzero(self.is_there.ravel() & ((n_terms > 0) | ~holds_anyway))

    def levels(self, rows: Numbers) -> tuple[Words, ...]:
        """Return the index of some rows, level by level, the period last."""
        entries, periods = np.divmod(rows, self.shape[1])
        own = tuple(level[entries] for level in self.index)
        return own if self.periods is None else (*own, self.periods[periods])


@dataclass
class Model:
    """Decisions, rows and what is minimised, all as arrays.

    Attributes
    ----------
    name
        Of the instance.
    periods
        In order.
    families
        By name, in the order of their columns.
    rows
        In the order in which they were stated.
    cost
        By column, in the unit of ``netopt.formulation.objective``.
    offset
        Constant of the objective.
    """

    name: str
    periods: pd.Index
    families: dict[str, Family] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)
    cost: Floats = field(default_factory=lambda: np.zeros(0))
    offset: float = 0.0

    @property
    def n_columns(self) -> int:
        """Number of decisions."""
        return sum(family.n_columns for family in self.families.values())

    def __getitem__(self, family: str) -> Family:
        return self.families[family]

    def costly(self) -> Numbers:
        """Return the columns that cost something, families in the order of their names."""
        families = sorted(self.families.values(), key=lambda family: family.name)
        columns = np.concatenate([family.columns().ravel() for family in families])
        found: Numbers = columns[self.cost[columns] != 0]
        return found

    def decide(
        self,
        name: str,
        ids: pd.Index,
        *,
        upper: ArrayLike = np.inf,
        whole: ArrayLike = False,
        by_period: bool = True,
    ) -> None:
        """Declare a family of decisions >= 0.

        Parameters
        ----------
        name, ids
            As in ``Family``.
        upper, whole
            Greatest value, and whether it is integer: one for all, by id, or by id and period.
        by_period
            False: one decision by id, in the period "".
        """
        periods = self.periods if by_period else pd.Index([""])
        shape = len(ids), len(periods)
        bounds, kinds = (_by_id(values, shape) for values in (upper, whole))
        self.families[name] = Family(
            name=name,
            ids=ids,
            periods=periods,
            first=self.n_columns,
            lower=np.zeros(shape),
            upper=bounds.astype(float),
            is_integer=kinds.astype(bool),
        )
        self.cost = np.concatenate([self.cost, np.zeros(shape[0] * shape[1])])

    def state(self, tag: str, *index: Words, by_period: bool = True, n: int | None = None) -> Rows:
        """Return new rows of a constraint, still without terms and sides.

        Parameters
        ----------
        tag
            The constraint's name.
        index
            Level by level, all of one length.
        by_period
            One row per entry of the index and period; False: one per entry.
        n
            Number of entries where there is no index but the period.
        """
        entries = len(index[0]) if n is None else n
        rows = Rows(tag, index, entries, words(self.periods) if by_period else None)
        self.rows.append(rows)
        return rows

    def numbered(self, family: pd.Index, index: pd.Index, period: pd.Index) -> Numbers:
        """Return the column of each decision by its names; KeyError where there is none."""
        codes, names = pd.factorize(family)
        found = np.zeros(len(family), dtype=np.int64)
        for code, name in enumerate(names):
            at = np.flatnonzero(codes == code)
            found[at] = self[str(name)].numbered(index[at], period[at])
        return found


def number_in(ids: pd.Index, values: pd.Series | pd.Index) -> Numbers:
    """Return the number of each value in a list of ids, -1 where it is not among them."""
    codes, found = pd.factorize(values)  # each word is looked up once, however often it stands there
    numbers: Numbers = ids.get_indexer(pd.Index(found)).astype(np.int64)
    return numbers[codes] if len(numbers) else codes.astype(np.int64)


def words(values: pd.Series | pd.Index) -> Words:
    """Return ids as an array of Python strings."""
    return np.asarray(values, dtype=object)


def _by_id(values: ArrayLike, shape: tuple[int, int]) -> NDArray[np.generic]:
    given = np.asarray(values)
    return np.broadcast_to(given[:, None] if given.ndim == 1 else given, shape).copy()
