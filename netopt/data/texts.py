"""Texts of TOML files: types that refuse what could forge a line, and names made inert for Markdown."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from netopt.data.problems import unprintable

CONTROL_CHARACTER: Final = "control_character"
"""The rule that a text breaks, in tables as in TOML files."""

_ACTIVE: Final = re.compile(
    r"[\\`*\[\]|~]"  # code, emphasis, links, cells of tables, struck-out text
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore inside a word does nothing
    r"|&(?=#?\w+;)|[<>]"
)
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def _printable(text: str) -> str:
    if unprintable(text):
        raise PydanticCustomError(CONTROL_CHARACTER, "holds a line break or another control character")
    return text


def _printable_lines(text: str) -> str:
    if unprintable(text.replace("\r\n", "").replace("\n", "")):
        raise PydanticCustomError(CONTROL_CHARACTER, "holds a control character other than line breaks")
    return text


Line = Annotated[str, AfterValidator(_printable)]
"""A text on one line, without control characters."""

Lines = Annotated[str, AfterValidator(_printable_lines)]
"""A text that may have line breaks, without other control characters."""


def markdown_text(text: str) -> str:
    r"""Return a text such that Markdown and HTML show it as it is, on one line.

    Examples
    --------
    >>> markdown_text("open_market"), markdown_text("**cheap** | <b>")
    ('open_market', '\\*\\*cheap\\*\\* \\| &lt;b&gt;')
    """
    joined = " ".join(text.split())
    return _ACTIVE.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), joined)
