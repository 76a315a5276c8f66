"""The words of the browser map, each in English and Chinese (``template/words.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en", "zh")


@cache
def in_all_languages() -> dict[str, dict[str, str]]:
    """Return the words by key and language.

    Examples
    --------
    >>> in_all_languages()["facilities"]["en"]
    'Facilities'
    """
    text = files("netopt.maps.browser").joinpath("template", "words.toml").read_text(encoding="utf-8")
    return {
        key: {language: texts[language] for language in LANGUAGES}
        for key, texts in tomllib.loads(text).items()
    }


def said(key: str, **figures: object) -> dict[str, str]:
    """Return a sentence by language, with its figures filled in; a figure may differ by language.

    Examples
    --------
    >>> said("gap", gap="2 %")["en"]
    'gap 2 % of gross cost'
    """
    filled = {}
    for language, text in in_all_languages()[key].items():
        own = {name: each[language] if isinstance(each, dict) else each for name, each in figures.items()}
        filled[language] = text.format(**own)
    return filled
