"""Names made inert: what a stranger wrote into a table never acts on a map, nor breaks it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeVar

import pandas as pd

Table = TypeVar("Table", bound=pd.DataFrame)

_ACTIVE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST_NAME = 60


def plain(text: str) -> str:
    r"""Return text without control, direction, surrogate and unassigned characters.

    Examples
    --------
    >>> plain("Chengdu\u202e\x00 hub")
    'Chengdu hub'
    """
    return "".join(
        " " if letter in "\t\n\r" else letter
        for letter in text
        if letter in "\t\n\r" or unicodedata.category(letter) not in _ACTIVE_CATEGORIES
    )


def shorten(text: str, longest: int) -> str:
    """Return text cut to ``longest`` characters, the last one an ellipsis where it was cut.

    Examples
    --------
    >>> shorten("Inner Mongolia", 8)
    'Inner M…'
    """
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def plain_table(table: Table) -> Table:
    """Return the table with every text column passed through ``plain``."""
    texts = [name for name in table.columns if table[name].dtype == "str"]
    return table.assign(**{name: table[name].map(plain).astype("str") for name in texts})


def identifier(text: str) -> str:
    """Return text as a name for a layer or column: lower case, digits and underscores.

    Examples
    --------
    >>> identifier("Open-market (2)"), identifier("中")
    ('open_market_2', 'x')
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_text).strip("_")[:_LONGEST_NAME] or "x"


def identifiers(texts: Iterable[str]) -> dict[str, str]:
    """Return a different ``identifier`` for every text, numbered where two would be the same.

    Examples
    --------
    >>> identifiers(["a b", "A-B", "c"])
    {'a b': 'a_b', 'A-B': 'a_b_2', 'c': 'c'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for text in texts:
        base = identifier(text)
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        names[text] = name
    return names
