"""Print docs/brief.md: every statement of the policy brief with its place in netopt.

python instances/china/brief.py > docs/brief.md
"""

from __future__ import annotations

import csv
from pathlib import Path

HERE = Path(__file__).parent

HEAD = """\
# Where every statement of the brief is

*Made from `instances/china/brief.csv` by `python instances/china/brief.py > docs/brief.md`.*

The brief is R. Duan (2024), *The Impact of Policy Fragmentation in China's New Energy Vehicle Power
Battery Recycling on Transportation Transformation*. Every figure of it and every recommendation is quoted
here with what became of it. Where it contradicts other sources, or itself, the reading is a lever or a
parameter that a planner can set otherwise, never a silent choice.

* **parameter**: a row of [`parameters.csv`](../instances/china/source/parameters.csv), with its range and
  source.
* **lever**: see `netopt lever show NAME` and [the policies](../instances/policies/README.md), which give
  every figure's status.
* **constraint**: an [equation](../netopt/formulation/README.md). **column**, **setting**: of an
  [instance](../instances/README.md).
* **target**: a row of the [calibration](calibration.md). **indicator**: a command that computes it.
* **none**: it has no place, and the last column says why.

| the brief says | place | reading |
| --- | --- | --- |
"""


def page(rows: list[dict[str, str]]) -> str:
    """Return the page; each row has ``statement``, ``place`` and ``reading``."""
    return HEAD + "".join(map(_line, rows))


def _line(row: dict[str, str]) -> str:
    quoted = "; ".join(f"“{part.strip()}”" for part in row["statement"].split(" | "))
    cells = (quoted, "; ".join(map(_place, row["place"].split("; "))), row["reading"])
    return "| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |\n"


def _place(place: str) -> str:
    kind, _, name = place.partition(" ")
    return f"{kind} `{name}`" if name else kind


def read() -> list[dict[str, str]]:
    """Return the rows of ``brief.csv``."""
    with (HERE / "brief.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    print(page(read()), end="")
