"""Text files that are nothing but numbers, as the literature's test cases are: taken group by group."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np

from netopt.data.folder import read_text
from netopt.data.problems import MOST_ROWS_LISTED, ProblemLog, shown
from netopt.errors import InstanceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES: Final = 2**25
"""Largest file of numbers that is read, in bytes (32 MiB); the largest known case has 4 MB."""

MOST: Final = 1e12
"""Largest number that is taken, as the largest cost in a table of an instance is."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_PLAIN: Final = frozenset("0123456789.+- \t\r\n")
_CUT_OFF: Final = "is the file cut off, or is it of another format? (--format)"


class NumberFile:
    """The numbers of one file, in order, with the lines that they stand on.

    Attributes
    ----------
    file
        What the file is called in messages.
    tokens
        Its words, in order.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.tokens = text.split()
        self._text = text

    @cached_property
    def line_lengths(self) -> list[int]:
        """How many numbers stand on each line, blank lines left out."""
        return [n_words for line in self._text.split("\n") if (n_words := len(line.split()))]

    def header(self, n_counts: int) -> list[int] | None:
        """Return the first ``n_counts`` numbers where all are whole and above zero, else None."""
        counts = self.tokens[:n_counts]
        if len(counts) < n_counts or not all(re.fullmatch(r"0*[1-9][0-9]{0,8}", word) for word in counts):
            return None
        return [int(word) for word in counts]

    def line_of(self, number: int) -> int:
        """Return the line (from 1) of the number at a place (from 0) of ``tokens``."""
        seen = 0
        for line, text in enumerate(self._text.split("\n"), start=1):
            seen += len(text.split())
            if seen > number:
                return line
        return self._text.count("\n") + 1


def open_numbers(path: Path) -> NumberFile:
    """Return the words of a text file.

    Raises
    ------
    InstanceError
        Where the file is too large, binary, not UTF-8, empty or no regular file.
    """
    log = ProblemLog()
    place = path.resolve()
    if place.is_file() and place.stat().st_size > MOST_BYTES:
        size = place.stat().st_size
        message = (
            f"the file has {size:,} bytes, more than the {MOST_BYTES:,} that a file of numbers may have"
        )
        log.add(path.name, None, None, "file_size", size, message)
        raise InstanceError(path.name, log.sorted([]))
    text = read_text(place.parent, place.name, log)
    if text is None:
        raise InstanceError(path.name, log.sorted([]))
    numbers = NumberFile(path.name, text)
    if not numbers.tokens:
        log.add(path.name, None, None, "empty_file", "", "the file is empty")
        raise InstanceError(path.name, log.sorted([]))
    return numbers


class Reading:
    """One pass over the numbers of a file; every bad number is noted before anything is raised.

    Parameters
    ----------
    numbers
        The file.
    words
        Words that stand for a number (in small letters), each with it.
    """

    def __init__(self, numbers: NumberFile, words: Mapping[str, float] | None = None) -> None:
        self.log = ProblemLog()
        self._numbers = numbers
        self._place = 0
        self._words = words or {}

    @cached_property
    def _values(self) -> NDArray[np.float64]:
        """All numbers; what is none is noted and counts as 0."""
        tokens, words = self._numbers.tokens, self._words
        if set("".join(tokens)) <= _PLAIN and max(map(len, tokens)) <= 40:
            try:
                return np.fromiter(map(float, tokens), dtype=np.float64, count=len(tokens))
            except ValueError:
                pass
        values, wrong = np.zeros(len(tokens)), []
        for place, token in enumerate(tokens):
            if token.casefold() in words:
                values[place] = words[token.casefold()]
            elif _NUMBER.fullmatch(token) is None or not np.isfinite(float(token)):
                wrong.append(place)
            else:
                values[place] = float(token)
        self._note(wrong, None, "number", "'{value}' is not a number", "only finite numbers may stand here")
        return values

    def _note(
        self, places: Collection[int], column: str | None, rule: str, message: str, hint: str
    ) -> None:
        listed = list(places)
        values = [self._numbers.tokens[place] for place in listed]
        lines = [self._numbers.line_of(place) for place in listed[:MOST_ROWS_LISTED]]
        lines += [0] * (len(listed) - len(lines))  # those are counted, not listed
        self.log.add_rows(self._numbers.file, lines, column, rule, values, message, hint)

    def counts(self, *names: str) -> list[int]:
        """Take the numbers of the header, each a whole number above zero.

        Raises
        ------
        InstanceError
            Where one of them is not.
        """
        for name in names:
            token = self._numbers.tokens[self._place] if self._place < len(self._numbers.tokens) else ""
            if re.fullmatch(r"0*[1-9][0-9]{0,8}", token) is None:
                message = f"the {name} must be a whole number above zero, not '{shown(token)}'"
                self.log.add(self._numbers.file, self._line(), name, "count", token, message)
                self.fail()
            self._place += 1
        return [int(token) for token in self._numbers.tokens[self._place - len(names) : self._place]]

    def expect(self, total: int, made_of: str) -> None:
        """Refuse a file that has not as many numbers as its header says, before any is looked at.

        Raises
        ------
        InstanceError
            Where it has more or fewer than ``total``; ``made_of`` says what the header promises.
        """
        n_found = len(self._numbers.tokens)
        if n_found == total:
            return
        message = f"{made_of} make {total:,} numbers in all, the file has {n_found:,}"
        self.log.add(self._numbers.file, None, None, "number_count", n_found, message, _CUT_OFF)
        self.fail()

    def take(self, count: int, column: str, most: float = MOST) -> NDArray[np.float64]:
        """Take the next ``count`` numbers; what is below zero or above ``most`` is noted."""
        first, self._place = self._place, self._place + count
        values = self._values[first : self._place]
        below = (np.flatnonzero(values < 0) + first).tolist()
        message = f"a {column} must not be below zero, and this one is {{value}}"
        self._note(below, column, "minimum", message, "")
        above = (np.flatnonzero(values > most) + first).tolist()
        message = f"a {column} must not be above {most:,.0f}, and this one is {{value}}"
        self._note(above, column, "maximum", message, "count in a larger unit")
        return values

    def refuse(self, column: str, place: int, value: float, rule: str, message: str, hint: str) -> None:
        """Note a number at a place of the file that cannot be carried over, for a reason of its own."""
        line = self._numbers.line_of(place)
        self.log.add(self._numbers.file, line, column, rule, value, message, hint)

    @property
    def place(self) -> int:
        """How many numbers were taken so far."""
        return self._place

    @property
    def is_sound(self) -> bool:
        """Whether nothing was noted so far."""
        return not self.log.sorted([])

    def require(self, is_met: bool, column: str, rule: str, message: str) -> None:
        """Note what is wrong with the file as a whole, unless it is met."""
        if not is_met:
            self.log.add(self._numbers.file, None, column, rule, "", message)

    def finish(self) -> None:
        """Raise InstanceError with all that was noted, if anything was."""
        if self.log.sorted([]):
            self.fail()

    def fail(self) -> NoReturn:
        """Raise InstanceError with all that was noted."""
        raise InstanceError(self._numbers.file, self.log.sorted([self._numbers.file]))

    def _line(self) -> int:
        return self._numbers.line_of(min(self._place, len(self._numbers.tokens) - 1))
