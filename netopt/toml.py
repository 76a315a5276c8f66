"""TOML text to plain values, where every way in which it can be wrong is one kind of error."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

DEEPEST: Final = 20
"""Tables and lists lie in each other at most so deep; nothing that netopt reads is deeper than five."""

_LARGEST_INTEGER: Final = 2**63
_PLACE: Final = re.compile(r" \(at line (\d+), column \d+\)")


class TomlError(ValueError):
    """A text that is not TOML, or not as netopt takes it.

    Attributes
    ----------
    said
        What is wrong, without its place.
    row
        Line of the text, None where it is not known.
    key
        Dotted key of the value, None where it is not known.
    """

    def __init__(self, message: str, *, row: int | None = None, key: str | None = None) -> None:
        self.said = message
        self.row = row
        self.key = key
        super().__init__(message if row is None else f"line {row}: {message}")


def parse_toml(text: str) -> dict[str, Any]:
    """Return the contents of a TOML text.

    Raises
    ------
    TomlError
        Where it is not valid TOML, is nested deeper than ``DEEPEST``, or holds a whole number beyond the
        64 bits that TOML has.

    Examples
    --------
    >>> parse_toml("gap = 0.01")
    {'gap': 0.01}
    >>> parse_toml("gap = 1" + 400 * "0")
    Traceback (most recent call last):
    netopt.toml.TomlError: gap: a whole number of 401 digits, more than 64 bits hold
    """
    try:
        contents = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _PLACE.search(str(error))
        row = int(at[1]) if at else None
        raise TomlError(_PLACE.sub("", str(error)), row=row) from error
    except RecursionError:
        raise TomlError("tables or lists are nested too deep") from None
    except ValueError as error:  # Python converts no more than some thousand digits
        raise TomlError("a whole number has thousands of digits") from error
    _refuse_extremes(contents)
    return contents


def _refuse_extremes(contents: dict[str, Any]) -> None:
    """Raise TomlError for the first value that is too deep or too large; without recursion."""
    waiting: list[tuple[str, Any, int]] = [("", contents, 0)]
    while waiting:
        key, value, depth = waiting.pop()
        if depth > DEEPEST:
            place = _printable(".".join(key.split(".")[:3]))
            raise TomlError(f"{place}: tables or lists are nested deeper than {DEEPEST}", key=place)
        if isinstance(value, dict):
            waiting += [(f"{key}.{name}".lstrip("."), part, depth + 1) for name, part in value.items()]
        elif isinstance(value, list):
            waiting += [(key, part, depth + 1) for part in value]
        elif isinstance(value, int) and abs(value) >= _LARGEST_INTEGER:
            place = _printable(key)
            said = f"a whole number of {len(str(abs(value)))} digits, more than 64 bits hold"
            raise TomlError(f"{place}: {said}", key=place)


def _printable(key: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in key)
