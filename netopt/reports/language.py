"""English and Chinese: one catalogue, in which every English text of a report has its Chinese."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES: Final = ("en", "zh")
CATALOGUE: Final = Path(__file__).with_name("chinese.toml")


@cache
def chinese() -> dict[str, str]:
    """Return the catalogue: English text -> Chinese text, with the same places for names and figures."""
    texts: dict[str, str] = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return texts


class Language:
    """Says texts in a language.

    Parameters
    ----------
    code
        Of ``LANGUAGES``.
    """

    def __init__(self, code: str = "en") -> None:
        self.code = code

    def __call__(self, english: str, **values: object) -> str:
        """Return a text of the catalogue with its places filled; KeyError where the catalogue lacks it.

        Names that fill a place stay as they are, whatever they hold.
        """
        template = english if self.code == "en" else chinese()[english]
        return template.format(**values) if values else template

    def name(self, row: Mapping[Any, object]) -> str:
        """Return the name of a row of a table with ``name`` and perhaps ``name_zh``."""
        zh = str(row.get("name_zh") or "")
        return zh if self.code == "zh" and zh else str(row.get("name") or "")

    def joined(self, parts: list[str]) -> str:
        """Return parts as an enumeration."""
        return ("、" if self.code == "zh" else ", ").join(parts)
