"""Names of the columns and rows of a standard form, held as arrays and told one by one when asked for.

A national model has hundreds of thousands of either: as tuples of Python objects they cost more time and
memory than its matrix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain, groupby, repeat
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar, overload

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Words = NDArray[np.object_]

T_co = TypeVar("T_co", covariant=True)

RowKey = tuple[str, ...]
"""A constraint's tag and its index."""

_QUOTED: Final = re.compile(r"""[()\[\],.'":\\]""")
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|-?inf|nan")


class ColumnName(NamedTuple):
    """Which decision a column is."""

    family: str
    key: str
    period: str


class _Listed(Sequence[T_co]):
    """A sequence that is made item by item; subclasses say its length, iterate and give one item."""

    def _item(self, number: int) -> T_co:
        raise NotImplementedError

    @overload
    def __getitem__(self, number: int) -> T_co: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[T_co, ...]: ...

    def __getitem__(self, number: int | slice) -> T_co | tuple[T_co, ...]:
        if isinstance(number, slice):
            return tuple(self._item(one) for one in range(*number.indices(len(self))))
        at = range(len(self))[number]
        return self._item(at)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class ColumnNames(_Listed[ColumnName]):
    """Names of columns: three arrays of words, each of length n_columns.

    Parameters
    ----------
    family, key, period
        As in ``ColumnName``.

    Examples
    --------
    >>> names = ColumnNames.of([ColumnName("flow", "a", "t1"), ColumnName("nothing", "", "")])
    >>> names[0]
    ColumnName(family='flow', key='a', period='t1')
    >>> names.are("flow", "loads").tolist()
    [True, False]
    """

    def __init__(self, family: Words, key: Words, period: Words) -> None:
        self.family, self.key, self.period = family, key, period

    @classmethod
    def of(cls, names: Iterable[ColumnName]) -> ColumnNames:
        """Return names that are listed one by one."""
        listed = list(names)
        return cls(*(as_words([name[part] for name in listed]) for part in range(3)))

    def __len__(self) -> int:
        return len(self.family)

    def __iter__(self) -> Iterator[ColumnName]:
        parts = zip(self.family, self.key, self.period, strict=True)
        return map(ColumnName._make, parts)

    def _item(self, number: int) -> ColumnName:
        return ColumnName(self.family[number], self.key[number], self.period[number])

    def are(self, *families: str) -> NDArray[np.bool_]:
        """Return which columns are of these families."""
        found = np.zeros(len(self), dtype=bool)
        for family in families:
            found |= self.family == family
        return found

    def as_index(self) -> pd.MultiIndex:
        """The names as an index with the levels ``family, index, period``."""
        arrays = [self.family, self.key, self.period]
        return pd.MultiIndex.from_arrays(arrays, names=["family", "index", "period"])

    def followed_by(self, more: Iterable[ColumnName]) -> ColumnNames:
        """Return these names and more after them."""
        rest = ColumnNames.of(more)
        pairs = ((self.family, rest.family), (self.key, rest.key), (self.period, rest.period))
        return ColumnNames(*(np.concatenate(pair) for pair in pairs))

    def taken(self, columns: NDArray[np.int64]) -> ColumnNames:
        """Return the names of some columns, by number."""
        return ColumnNames(self.family[columns], self.key[columns], self.period[columns])


class RowBlock(NamedTuple):
    """Rows of one constraint that stand together: its tag, and their index level by level."""

    tag: str
    levels: tuple[Words, ...]
    n_rows: int


class RowKeys(_Listed[RowKey]):
    """Keys of rows, block by block.

    Parameters
    ----------
    blocks
        In the order of the rows.

    Examples
    --------
    >>> keys = RowKeys.of([("leakage", "S:pack", "t1"), ("open_once", "C"), ("open_once", "R")])
    >>> keys[-1]
    ('open_once', 'R')
    >>> keys.numbers("open_once").tolist()
    [1, 2]
    """

    def __init__(self, blocks: Iterable[RowBlock]) -> None:
        self.blocks = tuple(block for block in blocks if block.n_rows)
        self._ends = np.cumsum([block.n_rows for block in self.blocks], dtype=np.int64)

    @classmethod
    def of(cls, keys: Iterable[RowKey]) -> RowKeys:
        """Return keys that are listed one by one."""
        blocks = []
        for (tag, _), group in groupby(keys, key=lambda key: (key[0], len(key))):
            rows = list(group)
            levels = tuple(as_words(level) for level in list(zip(*rows, strict=True))[1:])
            blocks.append(RowBlock(tag, levels, len(rows)))
        return cls(blocks)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __iter__(self) -> Iterator[RowKey]:
        return chain.from_iterable(
            zip(repeat(block.tag, block.n_rows), *block.levels, strict=True) for block in self.blocks
        )

    def _item(self, number: int) -> RowKey:
        at = int(np.searchsorted(self._ends, number, side="right"))
        block = self.blocks[at]
        within = number - int(self._ends[at]) + block.n_rows
        return (block.tag, *(level[within] for level in block.levels))

    def numbered(self) -> Iterator[tuple[int, RowBlock]]:
        """Yield every block with the number of its first row."""
        for end, block in zip(self._ends.tolist(), self.blocks, strict=True):
            yield end - block.n_rows, block

    def numbers(self, *tags: str) -> NDArray[np.int64]:
        """Return the numbers of the rows with one of these tags, in order."""
        found = [
            np.arange(first, first + block.n_rows) for first, block in self.numbered() if block.tag in tags
        ]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])

    def tags(self) -> Words:
        """Return the tag of every row."""
        parts = [np.full(block.n_rows, block.tag, dtype=object) for block in self.blocks]
        return np.concatenate([as_words([]), *parts])

    def followed_by(self, more: Iterable[RowKey]) -> RowKeys:
        """Return these keys and more after them."""
        return RowKeys((*self.blocks, *RowKeys.of(more).blocks))


class RowNames(_Listed[str]):
    """Names of rows as Pyomo writes them, ``tag[index,period]``, each made when it is asked for.

    Examples
    --------
    >>> list(RowNames(RowKeys.of([("leakage", "S:pack", "t1"), ("length",)])))
    ["leakage['S:pack',t1]", 'length']
    """

    def __init__(self, keys: RowKeys) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return map(_row_name, self._keys)

    def _item(self, number: int) -> str:
        return _row_name(self._keys[number])


class Joined(_Listed[str]):
    """Names and more names after them, without a copy of the first.

    Examples
    --------
    >>> Joined(("a", "b"), ["c"])[-1]
    'c'
    """

    def __init__(self, first: Sequence[str], more: Iterable[str]) -> None:
        self._first, self._more = first, tuple(more)

    def __len__(self) -> int:
        return len(self._first) + len(self._more)

    def __iter__(self) -> Iterator[str]:
        return chain(self._first, self._more)

    def _item(self, number: int) -> str:
        n_first = len(self._first)
        return self._first[number] if number < n_first else self._more[number - n_first]


def as_words(values: Iterable[str]) -> Words:
    """Return texts as an array of Python strings."""
    listed = list(values)
    words = np.empty(len(listed), dtype=object)
    words[:] = listed
    return words


def _row_name(key: RowKey) -> str:
    tag, *index = key
    return f"{tag}[{','.join(map(_part, index))}]" if index else tag


def _part(word: str) -> str:
    """Return a word as Pyomo writes it within an index: in quotes where it could be misread."""
    quoted = repr(word)
    bare = quoted[1:-1]
    return quoted if _QUOTED.search(bare) or _NUMBER.fullmatch(bare) else bare
