"""A baseline in words: what was given and inferred, and how model and spend compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.analysis.wording import table_markdown
from netopt.data.texts import markdown_text

if TYPE_CHECKING:
    from netopt.analysis.baseline import Baseline


def baseline_markdown(found: Baseline) -> str:
    """Return the tie-out of a baseline as Markdown."""
    solution = found.solution
    about = solution.instance.settings.instance
    outcome = solution.outcome
    sections = [
        f"# Baseline: {markdown_text(about.title)}",
        f"Given flows under {markdown_text(solution.policy.name)}, priced as the cheapest operation that "
        f"ships them, checked independently: {outcome.upper_bound_cny_per_year:,.0f} CNY a year "
        f"({solution.policy.perspective} cost; bound {outcome.lower_bound_cny_per_year:,.0f}, "
        f"status {outcome.status}). Money: {markdown_text(about.price_basis)}",
        f"## Model and spend\n\n{_tie_out_table(found.tie_out)}",
        "## What was inferred\n\n" + "\n".join(f"* {markdown_text(line)}" for line in found.inferred),
    ]
    return "\n\n".join(sections) + "\n"


def _tie_out_table(table: pd.DataFrame) -> str:
    places = (table["jurisdiction"] != "").any()
    head = ["category", *(["jurisdiction"] if places else []), "model", "given", "difference", "%"]
    rows = []
    for row in table.to_dict("records"):
        figures = [_cny(row[f"{name}_cny_per_year"]) for name in ("model", "given", "difference")]
        percent = "" if pd.isna(row["difference_percent"]) else f"{row['difference_percent']:+,.1f}"
        where = [markdown_text(row["jurisdiction"])] if places else []
        rows.append([row["category"], *where, *figures, percent])
    note = "CNY a year. No spend is given to compare with; --spend takes it."
    if table["given_cny_per_year"].notna().any():
        note = (
            "CNY a year; difference is model less given, in % of what is given. The total is over what is "
            "given; a row without a figure given is not in it."
        )
    return f"{note}\n\n{table_markdown(head, rows)}"


def _cny(amount: float) -> str:
    return "" if pd.isna(amount) else f"{amount:,.0f}"
