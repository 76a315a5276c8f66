"""``instance.toml`` to settings, with every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from netopt.data.checks import LARGEST_FIGURE
from netopt.data.folder import SETTINGS_FILE
from netopt.data.problems import ProblemLog, nearest, shown
from netopt.data.settings import Settings
from netopt.data.texts import CONTROL_CHARACTER
from netopt.toml import TomlError, parse_toml

_RULES = {
    "extra_forbidden": "unknown_key",
    "missing": "missing_key",
    "finite_number": "finite",
    CONTROL_CHARACTER: CONTROL_CHARACTER,
}


def parse_settings(text: str, log: ProblemLog) -> Settings | None:
    """Return the settings in a TOML text; None where a problem was noted.

    The ``column`` of a problem is the key with its table, for example ``horizon.discount_rate``.
    """
    try:
        contents = parse_toml(text)
    except TomlError as error:
        log.add(SETTINGS_FILE, error.row, error.key, "toml", "", f"not valid TOML: {error.said}")
        return None
    return check_settings(contents, log)


def check_settings(contents: Mapping[str, Any], log: ProblemLog) -> Settings | None:
    """Return the settings in a parsed document; None where a problem was noted."""
    huge = [
        (key, number)
        for key, number in _numbers(contents, "")
        if LARGEST_FIGURE < abs(number) < float("inf")
    ]
    for key, number in huge:
        message = f"{number:g} is not plausible: no figure is above {LARGEST_FIGURE:g}"
        log.add(SETTINGS_FILE, None, key, "plausible", number, message)
    try:
        settings = Settings.model_validate(contents)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _note(details, log)
        return None
    return None if huge else settings


def _numbers(contents: object, key: str) -> Iterator[tuple[str, float]]:
    """Yield every number of a parsed TOML document with its dotted key."""
    if isinstance(contents, Mapping):
        for name, value in contents.items():
            yield from _numbers(value, f"{key}.{name}".lstrip("."))
    elif isinstance(contents, list):
        for index, value in enumerate(contents):
            yield from _numbers(value, f"{key}[{index}]")
    elif isinstance(contents, (int, float)):
        yield key, contents


def _note(details: ErrorDetails, log: ProblemLog) -> None:
    """Note one finding of pydantic in our words."""
    location = details["loc"]
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    rule = _RULES.get(details["type"], "setting")
    message, hint, value = details["msg"].removeprefix("Value error, "), "", details["input"]
    if message.startswith("Input should be"):
        given = f"'{shown(value)}'" if isinstance(value, str) else shown(value)
        message = f"{given} must be{message.removeprefix('Input should be')}"
    if rule == CONTROL_CHARACTER:
        message = f"the text {message}"
    elif rule == "unknown_key":
        message, hint = f"there is no setting '{key}'", nearest(str(location[-1]), _keys_at(location[:-1]))
    elif rule == "missing_key":
        message, value = f"the setting '{key}' is missing", ""
    log.add(
        SETTINGS_FILE,
        None,
        key or None,
        rule,
        "" if isinstance(value, (dict, list)) else value,
        message,
        hint,
    )


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that a table of the settings may have."""
    model: type[BaseModel] = Settings
    for part in location:
        if isinstance(part, str):
            model = _model_of(model.model_fields[part].annotation)
    return list(model.model_fields)


def _model_of(annotation: Any) -> type[BaseModel]:
    """Return the model of a field that holds one, or a list of them."""
    model: type[BaseModel] = annotation.__args__[0] if hasattr(annotation, "__args__") else annotation
    return model
