"""The same policies on a coarse and on a fine map, side by side, as Markdown.

    python instances/china/place.py 31=COMPARISON 337=COMPARISON

Each argument names a column and the folder that ``netopt compare`` wrote.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from netopt.analysis.key_figures import key_figures
from netopt.analysis.wording import table_markdown
from netopt.solution.store import read_run


def main(words: list[str]) -> None:
    """Print a table of differences, then one of key figures for each policy."""
    folders = {name: Path(folder) for name, _, folder in (word.partition("=") for word in words)}
    print(_differences(folders))
    policies = [path.name for path in sorted((next(iter(folders.values())) / "runs").iterdir())]
    for policy in policies:
        runs = {name: read_run(folder / "runs" / policy) for name, folder in folders.items()}
        figures = key_figures(runs)
        rows = [
            (str(figure), *(_digits(value) for value in row))
            for figure, row in zip(figures.index, figures.to_numpy(), strict=True)
        ]
        print(f"\n**{policy}**\n\n{table_markdown(['figure of the plan', *folders], rows)}")


def _differences(folders: dict[str, Path]) -> str:
    rows: dict[str, list[str]] = {}
    for folder in folders.values():
        comparison = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
        for cost in comparison["headline"]:
            ends = (cost[f"{end}_cny_per_year"] / 1e6 for end in ("low", "high"))
            low, high = (f"{end:,.1f}" for end in ends)
            rows.setdefault(f"{cost['policy']} - {cost['base']}", []).append(f"[{low}, {high}]")
    return table_markdown(
        ["difference, m CNY/yr", *folders], [(name, *cells) for name, cells in rows.items()]
    )


def _digits(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


if __name__ == "__main__":
    main(sys.argv[1:])
