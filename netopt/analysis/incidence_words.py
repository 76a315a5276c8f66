"""Incidence in words: of this plan, always, with what proves how near to the best it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.analysis.wording import table_markdown
from netopt.data.texts import markdown_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netopt.analysis.figures import Range
    from netopt.analysis.incidence import Incidence
    from netopt.analysis.incidence_change import Change
    from netopt.solution.outcome import Outcome

MILLION: Final = 1e6
KILO: Final = 1e3
UNKNOWN: Final = "?"
"""Printed where the instance does not say."""

JURISDICTION_COLUMNS: Final = (
    ("social cost, m CNY/yr", "social_cost_cny_per_year", MILLION, 2),
    ("local tax, m CNY/yr", "local_tax_cny_per_year", MILLION, 2),
    ("jobs", "jobs", 1.0, 0),
    ("retired, kt/yr", "retired_tonnes_per_year", KILO, 2),
    ("collected", "collected_tonnes_per_year", KILO, 2),
    ("processed, all steps", "throughput_tonnes_per_year", KILO, 2),
    ("capacity at work", "capacity_tonnes_per_year", KILO, 2),
    ("used, %", "utilisation", 0.01, 1),
    ("mean haul, km", "haul_mean_km", 1.0, 0),
    ("CO2e, kt/yr", "emission_tonnes_co2e_per_year", KILO, 2),
    ("informal CO2e", "informal_emission_tonnes_co2e_per_year", KILO, 2),
)
"""Heading, column, unit and decimals."""

ACTOR_COLUMNS: Final = (
    ("resource cost", "resource_cny_per_year", MILLION, 2),
    ("externality", "externality_cny_per_year", MILLION, 2),
    ("penalty", "penalty_cny_per_year", MILLION, 2),
    ("transfers", "transfers_cny_per_year", MILLION, 2),
    ("net", "net_cny_per_year", MILLION, 2),
    ("processed, kt/yr, all steps", "throughput_tonnes_per_year", KILO, 2),
    ("jobs", "jobs", 1.0, 0),
    ("CO2e caused, kt/yr", "emission_tonnes_co2e_per_year", KILO, 2),
)
METAL_COLUMNS: Final = (
    ("recovered, t/yr", "recovered_tonnes_per_year", 1.0, 1),
    ("imported, % of use", "import_share", 0.01, 0),
    ("imports displaced at most, t/yr", "displaced_tonnes_per_year", 1.0, 1),
)


def incidence_markdown(found: Incidence) -> str:
    """Return the incidence of one plan as Markdown."""
    title = markdown_text(f"{found.instance.settings.instance.title}, {found.policy.name}")
    about = (
        f"Of this plan, which costs society {found.total_cny_per_year / MILLION:,.2f} m CNY a year, with "
        f"{found.collected_share:.1%} of what retires collected formally. {_proof(found.outcome)} "
        "Other plans as good may place costs, tonnes and jobs elsewhere: `--range` says between which "
        "ends a figure lies. Negative is a revenue, or received."
    )
    sections = [
        f"# Incidence: {title}",
        about,
        "## By actor, of this plan\n\nMoney in m CNY a year; a step is its bearer's.\n\n"
        + _actors(found.actors, ACTOR_COLUMNS),
        "## By jurisdiction, of this plan\n\n" + _jurisdictions(found.jurisdictions, JURISDICTION_COLUMNS),
        _metals(found.metals),
        _figures("## Equity, of this plan", found.equity),
        _missing(found.missing),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


CHANGE_COLUMNS: Final = (
    ("social cost, m CNY/yr", "social_cost_cny_per_year", MILLION, 2),
    ("per head, CNY/yr", "social_cost_cny_per_head", 1.0, 2),
    ("per tonne retired, CNY", "social_cost_cny_per_tonne_retired", 1.0, 2),
    ("local tax, m CNY/yr", "local_tax_cny_per_year", MILLION, 2),
    ("jobs", "jobs", 1.0, 0),
    ("processed, kt/yr, all steps", "throughput_tonnes_per_year", KILO, 2),
    ("CO2e, kt/yr", "emission_tonnes_co2e_per_year", KILO, 2),
)


def change_markdown(change: Change) -> str:
    """Return who loses and who gains from one plan to another as Markdown."""
    base, other = (markdown_text(found.policy.name) for found in (change.base, change.other))
    title = markdown_text(change.base.instance.settings.instance.title)
    sections = [
        f"# Winners and losers: {title}, from {base} to {other}",
        f"Of these two plans: {other} minus {base}, so above zero is a loss (of tax and jobs, a gain). "
        f"{_together(change)} What one jurisdiction loses is not proven: other plans as good may place it "
        "elsewhere, and `--range` says between which ends a figure of one plan lies.",
        _losers(change),
        "## By actor, of these plans\n\nMoney in m CNY a year; a step is its bearer's.\n\n"
        + _actors(change.actors, ACTOR_COLUMNS),
        "## By jurisdiction, of these plans\n\n" + _jurisdictions(change.jurisdictions, CHANGE_COLUMNS),
        _metals(change.metals),
        _figures("## Equity, of these plans", change.equity),
        _missing(change.other.missing),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def ranges_markdown(ranges: Iterable[Range]) -> str:
    """Return ranges of figures over near-optimal plans as Markdown; "" where there are none."""
    rows = [
        (
            markdown_text(found.figure),
            found.unit,
            f"{found.own + 0.0:,.2f}",
            f"[{found.low + 0.0:,.2f}, {found.high + 0.0:,.2f}]",
        )
        for found in ranges
    ]
    if not rows:
        return ""
    return (
        "## Over all plans that cost no more than this one\n\nEvery such plan lies between the ends, which "
        "are proven; that plans reach them is not.\n\n"
        + table_markdown(("figure", "unit", "of this plan", "range"), rows)
        + "\n"
    )


def _proof(outcome: Outcome | None) -> str:
    if outcome is None:
        return "No bound is stated for it."
    open_cny = outcome.upper_bound_cny_per_year - outcome.lower_bound_cny_per_year
    return (
        f"No plan of its policy is more than {open_cny / MILLION:,.3f} m CNY a year cheaper "
        f"({100 * outcome.gap:.4f} % of gross cost)."
    )


def _together(change: Change) -> str:
    if change.difference_cny_per_year is None:
        return "What both together cost more is not said: a plan has no bounds of social cost."
    low, high = (round(end / MILLION, 2) + 0.0 for end in change.difference_cny_per_year)
    shares = [f"{found.collected_share:.1%}" for found in (change.base, change.other)]
    collected = shares[0] if shares[0] == shares[1] else " and ".join(shares)
    more = (
        f"{low:,.2f} to {high:,.2f} m CNY a year more, proven, with {collected} of what retires collected"
    )
    if not change.also_differ:
        return f"Together the second policy costs society {more}."
    others = " and in ".join(change.also_differ)
    return (
        f"Together the second plan costs society {more}. **The plans differ also in {others}: what the "
        "policy alone costs is not said.**"
    )


def _losers(change: Change) -> str:
    named = change.jurisdictions["name"]
    parts = []
    for word, ids in (("lose", change.losers), ("gain", change.winners)):
        listed = ", ".join(f"{named[one]} ({_cost_change(change, one):+,.2f})" for one in ids[:5])
        more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
        parts.append(
            f"{len(ids)} jurisdictions {word}" + (f": {markdown_text(listed)}{more}." if ids else ".")
        )
    national = _cost_change(change, "")
    rest = f" {national:+,.2f} m CNY a year arise in no jurisdiction." if national else ""
    return f"In m CNY a year of social cost, {parts[0]} {parts[1]}{rest}"


def _cost_change(change: Change, jurisdiction: str) -> float:
    return float(change.jurisdictions["social_cost_cny_per_year"][jurisdiction]) / MILLION


def _actors(table: pd.DataFrame, columns: Iterable[tuple[str, str, float, int]]) -> str:
    rows = [(markdown_text(str(actor)), *_cells(row, columns)) for actor, row in table.iterrows()]
    total = ("**all**", *_cells(table.sum(skipna=False), columns))
    return table_markdown(("actor", *(head for head, *_ in columns)), [*rows, total])


def _jurisdictions(table: pd.DataFrame, columns: tuple[tuple[str, str, float, int], ...]) -> str:
    rows = [(markdown_text(str(row["name"])), *_cells(row, columns)) for _, row in table.iterrows()]
    return table_markdown(("jurisdiction", *(head for head, *_ in columns)), rows)


def _metals(table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    rows = [(markdown_text(str(row["name"])), *_cells(row, METAL_COLUMNS)) for _, row in table.iterrows()]
    return (
        "## Metals recovered formally\n\nA tonne recovered displaces a tonne imported at most as far as "
        "use is met by imports.\n\n"
        + table_markdown(("metal", *(head for head, *_ in METAL_COLUMNS)), rows)
    )


def _figures(title: str, figures: Mapping[str, float]) -> str:
    if not figures:
        return ""
    return f"{title}\n\n" + "\n".join(f"* {name}: {_number(value, 4)}" for name, value in figures.items())


def _missing(missing: Iterable[str]) -> str:
    return "## Missing\n\n" + "\n".join(f"* {words}" for words in missing)


def _cells(row: pd.Series, columns: Iterable[tuple[str, str, float, int]]) -> list[str]:
    return [_number(float(row[column]) / unit, digits) for _, column, unit, digits in columns]


def _number(value: float, digits: int) -> str:
    return UNKNOWN if pd.isna(value) else f"{round(value, digits) + 0.0:,.{digits}f}"
