"""Collecting every problem of an input before any is reported."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from netopt.errors import Problem

MOST_ROWS_LISTED: Final = 20
"""Rows listed one by one for one broken rule; the rest are counted."""

_MOST_CANDIDATES: Final = 5_000
_LONGEST_VALUE: Final = 60
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")


def shown(value: object) -> str:
    r"""Return a value as it may stand in a message: short, on one line, without control characters.

    Examples
    --------
    >>> shown("two\nlines")
    'two\\x0alines'
    >>> len(shown("x" * 1000)), shown(2e5)
    (60, '200000')
    """
    if isinstance(value, float):
        return f"{value:.15g}"
    text = _escaped(str(value))
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def unprintable(text: str) -> bool:
    r"""Return whether a text holds a line break or another control character.

    Examples
    --------
    >>> unprintable("Yunnan 云南"), unprintable("Yun\tnan")
    (False, True)
    """
    return _UNPRINTABLE.search(text) is not None


def nearest(name: str, names: Collection[str]) -> str:
    """Return a hint that names the most similar of ``names``, "" where none is similar.

    Examples
    --------
    >>> nearest("comodity", ["commodity", "source"])
    "did you mean 'commodity'?"
    >>> nearest("x", ["commodity"])
    ''
    """
    if len(names) > _MOST_CANDIDATES:
        return ""
    by_folded = {candidate.casefold().strip(): candidate for candidate in sorted(names)}
    close = difflib.get_close_matches(name.casefold().strip(), by_folded, n=1)
    return f"did you mean '{shown(by_folded[close[0]])}'?" if close else ""


def spelled(names: Iterable[object]) -> str:
    """Return names as they are listed in a sentence, the first five in full.

    Examples
    --------
    >>> spelled(["a", "b"])
    'a, b'
    >>> spelled("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    listed = [shown(name) for name in names]
    rest = len(listed) - 5
    return ", ".join(listed[:5]) + (f" and {rest} more" if rest > 0 else "")


class ProblemLog:
    """Problems found so far, in the order in which they were found."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(
        self,
        file: str,
        row: int | None,
        column: str | None,
        rule: str,
        value: object,
        message: str,
        hint: str = "",
    ) -> None:
        """Note one problem; see ``netopt.errors.Problem`` for the fields.

        Control characters in names and texts are escaped, so that no input can drive a terminal.
        """
        name = None if column is None else _escaped(column)
        said, advice = _escaped(message), _escaped(hint)
        self._problems.append(Problem(_escaped(file), row, name, rule, shown(value), said, advice))

    def add_rows(
        self,
        file: str,
        rows: Iterable[int],
        column: str | None,
        rule: str,
        values: Sequence[object],
        message: str,
        hint: str | Callable[[str], str] = "",
    ) -> None:
        """Note one problem per row; past the first 20 rows only how many there are.

        Parameters
        ----------
        rows, values
            Line and offending value of each row, in step.
        message
            What is wrong; ``{value}`` stands for the value.
        hint
            A text, or a function from the value to one.
        """
        for row, value in list(zip(rows, values, strict=True))[:MOST_ROWS_LISTED]:
            said = message.replace("{value}", shown(value))
            self.add(file, row, column, rule, value, said, hint(str(value)) if callable(hint) else hint)
        more = len(values) - MOST_ROWS_LISTED
        if more > 0:
            self.add(file, None, column, rule, "", f"{more:,} more rows break the same rule")

    def sorted(self, files: Sequence[str]) -> list[Problem]:
        """Return all problems file by file, in the order of ``files``, and by row within."""
        rank = {file: place for place, file in enumerate(files)}
        last = len(rank)
        return sorted(
            self._problems,
            key=lambda problem: (
                rank.get(problem.file, last),
                problem.row is None and problem.message.endswith("same rule"),
                problem.row or 0,
            ),
        )
