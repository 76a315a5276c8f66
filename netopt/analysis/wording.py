"""The verdict of a comparison in words: figures only with their bounds and conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.accounts import INFORMAL_CATEGORIES, KIND_OF_CATEGORY
from netopt.solution.ledger import annual_equivalent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from netopt.analysis.compare import Comparison
    from netopt.analysis.cost import Cost
    from netopt.solution.solution import Solution

MILLION = 1e6


def comparison_markdown(comparison: Comparison) -> str:
    """Return the whole verdict of a comparison as Markdown."""
    base = comparison.base
    sections = [
        f"# Cost of fragmentation: {base.instance.settings.instance.title}",
        "\n\n".join(
            [
                *(_verdict(cost, comparison.social_ranges) for cost in comparison.headline),
                *_without_interval(comparison),
            ]
        ),
        _costs_table(comparison.headline) if comparison.headline else "",
        _conditions(comparison),
        _further_lines(comparison),
        "## Proof\n\n" + _proof_table(comparison),
        "## Cost by category\n\n" + _categories_table(comparison),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _verdict(cost: Cost, private: Collection[str]) -> str:
    """Return what a policy costs in words: dearer, cheaper, the same or not resolved, within which bounds.

    ``private`` names the policies whose social cost is a range over plans.
    """
    low, high = cost.low_cny_per_year / MILLION, cost.high_cny_per_year / MILLION
    targets = _targets(cost)
    if cost.is_nothing:
        return (
            f"**{cost.policy} costs society what {cost.base} costs**: there is no difference beyond "
            f"rounding.{targets}"
        )
    if cost.sign == 1:
        return (
            f"**{cost.policy} costs society {low:,.2f} to {high:,.2f} m CNY a year more than "
            f"{cost.base}.**{targets}"
        )
    if cost.sign == -1:
        return (
            f"**{cost.policy} costs society {-high:,.2f} to {-low:,.2f} m CNY a year less than "
            f"{cost.base}.**{targets} A rule or charge that {cost.base} has must be the reason, since "
            "rules can only add cost: see the levers and categories below."
        )
    left_open = "The two proofs leave that much open"
    if cost.policy in private:
        left_open = (
            "The two proofs, and plans as cheap, privately, as the one found but not to society, leave "
            "that much open"
        )
    return (
        f"**Whether {cost.policy} costs society more or less than {cost.base} is not resolved**: the "
        f"difference lies between {low:,.2f} and {high:,.2f} m CNY a year. {left_open}; a "
        f"smaller --gap, or more time where that ran out, narrows what is open between the proofs.{targets}"
    )


def _targets(cost: Cost) -> str:
    """Return what missed soft targets count on either side, as sentences after a verdict."""
    if not cost.penalty_priced and not cost.lessened_targets:
        return " Missed soft targets count at zero on both sides."
    words = ""
    if cost.lessened_targets:
        words += (
            f" {cost.base} has soft targets that {cost.policy} lacks or has weaker "
            f"({', '.join(cost.lessened_targets)}): missing them counts only as far as {cost.policy} has "
            "them."
        )
    if cost.own_targets:
        words += (
            f" In the plan found, {cost.own_shortfall_cny_per_year / MILLION:,.2f} m CNY a year of what "
            f"{cost.policy} costs is the price of missing soft targets that {cost.base} does not have "
            f"({', '.join(cost.own_targets)})."
        )
    return words


def _without_interval(comparison: Comparison) -> list[str]:
    """Return a sentence for each policy of which the comparison can say nothing, and why."""
    return [
        f"**There is no interval for {name}**: {reason}." for name, reason in comparison.unsolved.items()
    ]


def _costs_table(costs: Iterable[Cost]) -> str:
    gross = f"% of gross cost of {_base_name(costs)}"
    head = ("difference", "m CNY a year", "CNY per tonne retired", gross)
    return _table(head, [_cost_row(cost) for cost in costs])


def _cost_row(cost: Cost) -> tuple[str, str, str, str]:
    low, high = cost.share_of_gross
    return (
        f"{cost.policy} - {cost.base}",
        _interval(cost.low_cny_per_year / MILLION, cost.high_cny_per_year / MILLION),
        _interval(*cost.per_tonne),
        _interval(100 * low, 100 * high, digits=2),
    )


def _base_name(costs: Iterable[Cost]) -> str:
    return next((cost.base for cost in costs), "the base")


def _conditions(comparison: Comparison) -> str:
    """Return what the headline is conditional on."""
    base = comparison.base
    settings = base.instance.settings
    tonnes = comparison.retired_tonnes_per_year
    periods = f"{base.instance.periods[0]}" + (
        f" to {base.instance.periods[-1]}" if len(base.instance.periods) > 1 else ""
    )
    lines = [
        f"{tonnes:,.0f} t retired a year ({periods}), the same under every policy, source by source",
        f"formal share {base.formal_share:.0%} on both sides: leakage off",
        f"money: {settings.instance.price_basis}; discount rate {settings.horizon.discount_rate:.0%}, "
        f"cost of capital {settings.capital.wacc:.0%}, "
        f"carbon {settings.prices.carbon_cny_per_tonne:,.2f} CNY/t",
        f"{len(base.instance['locations'])} locations, {len(base.instance['sites'])} candidate and "
        "existing sites, the same under every policy",
        "social perspective: transfers net out; a private policy's social cost is the range over all "
        "plans as cheap, privately, as the one found",
        *(f"{name}: {_levers(solution)}" for name, solution in comparison.solutions.items()),
    ]
    return "## Conditional on\n\n" + "\n".join(f"* {line}" for line in lines)


def _levers(solution: Solution) -> str:
    """Return a policy's levers in short: name and what they are set to."""
    parts = []
    for lever in solution.policy.levers:
        values = lever.model_dump(exclude={"lever", "basis"}, exclude_defaults=True)
        parts.append(
            f"{lever.name} ({', '.join(f'{key} {_plain(value)}' for key, value in values.items())})"
        )
    return "; ".join(parts) or "no levers"


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "+".join(map(str, value))
    return f"{value:,.12g}" if isinstance(value, float) else str(value)


def _further_lines(comparison: Comparison) -> str:
    parts = []
    if comparison.full_collection:
        parts.append("## With everything collected formally\n\n" + _costs_table(comparison.full_collection))
    if comparison.without_penalty:
        parts.append(
            "## With missed soft targets priced at zero\n\n" + _costs_table(comparison.without_penalty)
        )
    if comparison.curve:
        parts.append(
            "## With leakage: over the pass-through of the informal channel\n\n"
            "How much of a cost change reaches the formal offer is unknown; there is no single figure.\n\n"
            + _curve_table(comparison.curve)
        )
    if comparison.notes:
        parts.append("## Without a plan\n\n" + "\n".join(f"* {note}" for note in comparison.notes))
    return "\n\n".join(parts)


def _curve_table(curve: Sequence[Cost]) -> str:
    head = (
        "pass-through (assumed)",
        "difference",
        "formal shares",
        "m CNY a year",
        "CNY per tonne retired",
    )
    rows = [
        (
            f"{cost.pass_through:g}",
            f"{cost.policy} - {cost.base}",
            f"{cost.formal_share:.1%} - {cost.base_formal_share:.1%}",
            _interval(cost.low_cny_per_year / MILLION, cost.high_cny_per_year / MILLION),
            _interval(*cost.per_tonne),
        )
        for cost in curve
    ]
    return _table(head, rows)


def _proof_table(comparison: Comparison) -> str:
    head = ("policy", "perspective", "cost, m CNY a year", "gap, % of gross", "bound", "time, s", "checker")
    rows = []
    for name, solution in comparison.solutions.items():
        outcome = solution.outcome
        ends = outcome.lower_bound_cny_per_year / MILLION, outcome.upper_bound_cny_per_year / MILLION
        rows.append(
            (
                name,
                str(solution.policy.perspective),
                _interval(*ends, digits=2),
                f"{100 * outcome.gap:.4f}" + ("" if outcome.gap <= outcome.gap_target else " (not proven)"),
                outcome.bound_source,
                f"{outcome.build_time_s + outcome.solve_time_s:.1f}",
                "ok" if solution.verdict.ok else "REJECTED",
            )
        )
    for name, ends in comparison.social_ranges.items():
        low, high = (end / MILLION for end in ends)
        row = (name, "social, of private plans", _interval(low, high, digits=2))
        rows.append((*row, "", "range over plans with this private cost", "", ""))
    return _table(head, rows)


def _categories_table(comparison: Comparison) -> str:
    """Return each plan's ledger by category; differences of incumbents are not printed."""
    columns = {}
    for name, solution in comparison.solutions.items():
        amounts = annual_equivalent(solution.ledger, solution.instance.period_weights())
        columns[name] = amounts.groupby(solution.ledger["category"]).sum() / MILLION
    table = pd.DataFrame(columns).fillna(0.0)
    order = [category for category in KIND_OF_CATEGORY if category in table.index]
    rows = [
        (_category_words(category), *(f"{value:,.1f}" for value in table.loc[category]))
        for category in order
    ]
    return "m CNY a year, of these plans (other plans may cost the same).\n\n" + _table(
        ("category", *table.columns), rows
    )


def _category_words(category: str) -> str:
    kind = KIND_OF_CATEGORY[category]
    where = ", informal" if category in INFORMAL_CATEGORIES else ""
    return f"{category} ({kind}{where})"


def _interval(low: float, high: float, digits: int = 2) -> str:
    return f"[{low:,.{digits}f}, {high:,.{digits}f}]"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
