"""From pydantic's errors to problems a planner can mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from netopt.data.problems import nearest, shown
from netopt.errors import Problem

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

MOST_NAMES_LISTED: Final = 40
"""Up to so many known names are listed where none is similar."""

_BOUNDS: Final[dict[str, tuple[str, str, str]]] = {
    "greater_than_equal": ("minimum", "ge", "must be at least"),
    "greater_than": ("minimum", "gt", "must be more than"),
    "less_than_equal": ("maximum", "le", "must be at most"),
    "less_than": ("maximum", "lt", "must be less than"),
}
_TYPES: Final[dict[str, str]] = {
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "tuple_type": 'must be a list, such as ["a", "b"]',
    "list_type": "must be a list",
    "dict_type": "must be a table",
}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known word, or the list of them where it is short.

    Examples
    --------
    >>> did_you_mean("plattform", ["platform", "whitelist"])
    "did you mean 'platform'?"
    >>> did_you_mean("x", ["platform", "whitelist"])
    'known: platform, whitelist'
    """
    words = sorted(set(known))
    if near := nearest(word, words):
        return near
    return f"known: {', '.join(words)}" if 0 < len(words) <= MOST_NAMES_LISTED else ""


def problems_of(
    error: ValidationError, model: type[BaseModel], subject: str, file: str, rows: Mapping[str, int]
) -> list[Problem]:
    """Return one problem for every error that pydantic found.

    Parameters
    ----------
    error, model
        What was raised, and the model that raised it.
    subject
        What the values belong to, as a planner calls it: ``policy`` or a lever's name.
    file, rows
        Where they were given: the file, and the line of each key that could be located.
    """
    items = error.errors(include_url=False)
    with_bad_parts = {item["loc"][0] for item in items if len(item["loc"]) > 1}
    return [
        _problem(item, model, subject, file, rows)
        for item in items
        # pydantic also calls a list too short whose items are refused.
        if item["type"] != "too_short" or item["loc"][0] not in with_bad_parts
    ]


def _problem(
    item: ErrorDetails, model: type[BaseModel], subject: str, file: str, rows: Mapping[str, int]
) -> Problem:
    key = str(item["loc"][0]) if item["loc"] else ""
    rule, message, hint = _explain(item, model, subject, key)
    value = "" if item["type"] == "missing" or not key else shown(item["input"])
    row = rows.get(key, rows.get(""))
    return Problem(file, row, key or None, rule, value, message, hint)


def _explain(item: ErrorDetails, model: type[BaseModel], subject: str, key: str) -> tuple[str, str, str]:
    """Return the broken rule, what is wrong and what to do about it."""
    if item["type"] == "extra_forbidden":
        known = [name for name in model.model_fields if name != "lever"]
        return "unknown_key", f"{subject} has no key {shown(key)!r}", did_you_mean(key, known)
    if item["type"] == "missing":
        return "missing_key", f"{subject} needs {key}", model.model_fields[key].description or ""
    rule, message = _explain_value(item)
    hint = _nearest_choice(item) if rule == "choice" else _hint(item)
    return rule, f"{subject}: {key} {message}" if key else f"{subject}: {message}", hint


def _explain_value(item: ErrorDetails) -> tuple[str, str]:
    """Return the broken rule and, as the end of a sentence about the key, what is wrong."""
    kind, ctx, value = item["type"], item.get("ctx", {}), shown(repr(item["input"]))
    if kind == "finite_number":
        return "finite", f"must be finite, not {value}"
    if kind in _BOUNDS:
        rule, bound, text = _BOUNDS[kind]
        return rule, f"{text} {ctx[bound]:g}, not {value}"
    if kind == "literal_error":
        return "choice", f"must be {ctx['expected']}, not {value}"
    if kind in _TYPES:
        where = "".join(f"(item {part + 1}) " for part in item["loc"][1:] if isinstance(part, int))
        return "type", f"{where}{_TYPES[kind]}, not {value}"
    if kind in ("too_short", "string_too_short"):
        return "empty", "must not be empty"
    return kind, item["msg"]


def _hint(item: ErrorDetails) -> str:
    """Return what the error itself says to do; tables in a list are what TOML writes in two brackets."""
    if item["type"] == "list_type" and isinstance(item["input"], Mapping):
        return f"write [[{item['loc'][0]}]], once for each"
    return str(item.get("ctx", {}).get("hint", ""))


def _nearest_choice(item: ErrorDetails) -> str:
    expected = item.get("ctx", {})["expected"].replace(" or ", ",")
    return nearest(str(item["input"]), [choice.strip("' ") for choice in expected.split(",")])
