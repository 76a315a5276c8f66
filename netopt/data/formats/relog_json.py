"""Strict reading of RELOG's JSON: every field has a path, and every problem is noted with it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from netopt.data.problems import nearest, shown
from netopt.errors import InstanceError, Problem, UsageError

SEPARATOR: Final = " > "
"""Between the keys of a path: RELOG's own keys hold dots and slashes."""

LARGEST_FILE_BYTES: Final = 200_000_000


@dataclass
class Findings:
    """Problems of one file, in the order in which they are met."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: str, rule: str, value: object, message: str, hint: str = "") -> None:
        """Note a problem of the field at ``path``."""
        self.problems.append(Problem(self.file, None, path, rule, shown(value), message, hint))

    def end(self) -> None:
        """Raise InstanceError with all that was noted, if anything was."""
        if self.problems:
            raise InstanceError(self.file, self.problems)


@dataclass(frozen=True)
class Field:
    """A value of the file with its path; reading a wrong value notes a problem and goes on."""

    path: str
    value: Any
    findings: Findings

    def refuse(self, rule: str, message: str, hint: str = "") -> None:
        """Note that this field cannot be taken, and why."""
        value = "" if isinstance(self.value, (dict, list)) else self.value
        self.findings.add(self.path, rule, value, message, hint)

    def at(self, key: str) -> Field:
        """Return what an object holds under a key, or the field without a value."""
        below = self.value.get(key) if isinstance(self.value, dict) else None
        return Field(f"{self.path}{SEPARATOR}{key}" if self.path else key, below, self.findings)

    def parts(self, needed: Collection[str], optional: Collection[str] = ()) -> dict[str, Field]:
        """Return the fields of an object whose keys RELOG fixes; unknown and missing ones are noted."""
        if not self._is(dict, "an object"):
            return {}
        known = [*needed, *optional]
        for key in self.value:
            if key not in known:
                self.at(key).refuse("unknown_field", "RELOG has no such field here", nearest(key, known))
        for key in needed:
            if key not in self.value:
                self.at(key).refuse("missing_field", "the field is missing")
        return {key: self.at(key) for key in known if key in self.value}

    def items(self) -> dict[str, Field]:
        """Return the fields of an object whose keys are names."""
        if not self._is(dict, "an object"):
            return {}
        for key in self.value:
            if not key or key != key.strip() or any(ord(letter) < 32 for letter in key):
                self.at(key).refuse(
                    "name", "the name is empty, or has blanks around it or line breaks in it"
                )
        return {key: self.at(key) for key in self.value}

    def entries(self) -> list[Field]:
        """Return the fields of a list."""
        if not self._is(list, "a list"):
            return []
        return [
            Field(f"{self.path}[{number}]", entry, self.findings)
            for number, entry in enumerate(self.value, start=1)
        ]

    def number(self, minimum: float | None = None, blank: float | None = None) -> float:
        """Return a finite number; ``blank`` where it is null, if that is permitted."""
        if self.value is None and blank is not None:
            return blank
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            self.refuse("number", f"{shown(self.value)} is not a number")
            return 0.0
        if not _is_finite(self.value):
            self.refuse("finite", "the number is not finite")
            return 0.0
        if minimum is not None and self.value < minimum:
            self.refuse("minimum", f"{shown(self.value)} is below the least permitted value, {minimum:g}")
            return minimum
        return float(self.value)

    def whole(self, minimum: int, maximum: int) -> int:
        """Return a whole number within bounds."""
        number = self.number()
        if number != int(number) or not minimum <= number <= maximum:
            self.refuse("whole", f"{shown(self.value)} is not a whole number from {minimum} to {maximum}")
            return minimum
        return int(number)

    def series(
        self, years: int, minimum: float | None = None, blank: float | None = None
    ) -> tuple[float, ...]:
        """Return one number for each year: of a list as long as the horizon, or the same for all."""
        if not isinstance(self.value, list):
            return (self.number(minimum, blank),) * years
        if len(self.value) != years:
            self.refuse("length", f"{len(self.value)} values for a horizon of {years} years")
            return (minimum or 0.0,) * years
        return tuple(entry.number(minimum, blank) for entry in self.entries())

    def constant(self, years: int, minimum: float | None = None, blank: float | None = None) -> float:
        """Return a number that netopt knows no change of; a series of one value is one."""
        values = self.series(years, minimum, blank)
        if len(set(values)) > 1:
            self.refuse(
                "changes", "the figure changes with the years, and in netopt it is the same in every period"
            )
        return values[0]

    def one_of(self, known: Collection[str], what: str) -> str:
        """Return a name that must be one of ``known``; the first of them where it is not."""
        if self.value not in list(known):
            hint = nearest(str(self.value), list(known))
            self.refuse("unknown_name", f"'{shown(self.value)}' is no {what} of the file", hint)
            return next(iter(known), "")
        return str(self.value)

    def _is(self, kind: type, called: str) -> bool:
        if not isinstance(self.value, kind):
            self.refuse("type", f"{shown(self.value)} is not {called}")
            return False
        return True


def read_json(path: Path) -> Field:
    """Return the whole document of a JSON file.

    Raises
    ------
    UsageError
        There is no such file, it is too large, or it is no JSON object: NaN and keys that stand twice in
        one object are refused too, as no reader could know which is meant.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise UsageError(f"{path} is larger than {LARGEST_FILE_BYTES // 1_000_000} MB")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text") from error
    try:
        document = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} holds no JSON object")
    return Field("", document, Findings(path.name))


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key '{shown(key)}' stands twice in one object")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that a plan could be made with")


def read_or(parts: dict[str, Field], key: str, read: Callable[[Field], Any], default: Any) -> Any:
    """Return what ``read`` makes of a part, or ``default`` where the file leaves it out."""
    return read(parts[key]) if key in parts else default


def named(parts: dict[str, Field], key: str) -> Iterator[tuple[str, Field]]:
    """Yield name and field of everything in a part that is an object of names; nothing without it."""
    if key in parts:
        yield from parts[key].items().items()


def _is_finite(number: float) -> bool:
    """Return whether a number is a finite double; a whole number of hundreds of digits is none."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
