"""Text that a picture can show: fonts with a fallback for Chinese, no formulas, no missing glyphs."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from netopt.maps.text import plain, shorten

_LATIN: Final = "DejaVu Sans"
_CHINESE: Final = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "Arial Unicode MS",
)
_UNKNOWN: Final = "?"
_LONGEST_TEXT = 400


@cache
def families() -> tuple[str, ...]:
    """Return the font families to draw with: DejaVu Sans, then a Chinese font if one is installed."""
    installed = set(font_manager.get_font_names())
    return (_LATIN, *[name for name in _CHINESE if name in installed][:1])


@cache
def _known_letters() -> frozenset[int]:
    letters: set[int] = set()
    for family in families():
        letters |= set(FT2Font(font_manager.findfont(family)).get_charmap())
    return frozenset(letters)


def drawable(text: str, *, instead: str = "", longest: int = _LONGEST_TEXT) -> str:
    r"""Return text in letters that the fonts have, on one line, cut to ``longest``.

    Where more than half of the letters are missing, ``instead`` is drawn if it is not blank.

    Examples
    --------
    >>> drawable("Hub  $x^2$ <b>\n", longest=20)
    'Hub $x^2$ <b>'
    """
    words = " ".join(plain(text).split())
    shown = "".join(letter if ord(letter) in _known_letters() else _UNKNOWN for letter in words)
    missing = sum(ord(letter) not in _known_letters() for letter in words)
    if instead.strip() and 2 * missing > len(words) - 1:
        return drawable(instead, longest=longest)
    return shorten(shown, longest)


def inert(**properties: Any) -> dict[str, Any]:
    """Return text properties under which ``$`` is a dollar and never opens a formula."""
    return {"parse_math": False, **properties}
