"""Names that a stranger might write into tables, and a page that shows whether they act."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

NAMES: Final = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "[x](javascript:alert(2))",
    "{{7*7}}{% raw %}",
    "<img src=x onerror=alert(3)>",
    "$$\\frac{1}{2}$$",
    '"><svg onload=alert(4)>',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "</script><b>bold</b>",
    "| a | b |",
)
FIRST_NAMES: Final = {
    "jurisdictions": 0,
    "facility_types": 3,
    "locations": 7,
    "sources": 1,
    "sites": 5,
    "markets": 2,
    "commodities": 6,
}
"""Table -> the name that its first row gets; the others follow."""


def make_hostile(folder: Path) -> None:
    """Put hostile names into every text field of an instance's folder."""
    for table, first in FIRST_NAMES.items():
        file = folder / "data" / f"{table}.csv"
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)
        for column in ("name", "name_zh"):
            if column in rows:
                rows[column] = [NAMES[(first + each) % len(NAMES)] for each in range(len(rows))]
        rows.to_csv(file, index=False, encoding="utf-8")
    settings = folder / "instance.toml"
    words = settings.read_text(encoding="utf-8")
    for key, name in (("title", NAMES[0]), ("price_basis", NAMES[4])):
        words = "\n".join(
            f"{key} = '''{name}'''" if line.startswith(f"{key} =") else line for line in words.splitlines()
        )
    settings.write_text(words + "\n", encoding="utf-8")
    sources = folder / "SOURCES.md"
    entry = f"## {NAMES[0]}\n\n| `{NAMES[4]}` | {NAMES[2]} {NAMES[6]} | - | assumed |"
    sources.write_text(f"{sources.read_text(encoding='utf-8')}\n{entry}\n", encoding="utf-8")
