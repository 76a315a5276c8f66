"""The verdict of a comparison in words: figures only with their bounds and conditions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from netopt.accounts import INFORMAL_CATEGORIES, KIND_OF_CATEGORY
from netopt.data.texts import markdown_text
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
        f"# Cost of fragmentation{_kept(base)}: {markdown_text(base.instance.settings.instance.title)}",
        "\n\n".join(
            [
                *(_verdict(cost, _kept(base), comparison.social_ranges) for cost in comparison.headline),
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


def _kept(solution: Solution) -> str:
    """Return which design was kept, in words that follow a noun; "" where sites were free."""
    return "" if solution.design is None else f" {markdown_text(str(solution.design))}"


def _verdict(cost: Cost, kept: str, private: Collection[str]) -> str:
    """Return what a policy costs in words: dearer, cheaper, the same or not resolved, within which bounds.

    ``kept`` says which design was kept; ``private`` names the policies whose social cost is a range
    over plans.
    """
    low, high = cost.low_cny_per_year / MILLION, cost.high_cny_per_year / MILLION
    policy, base = markdown_text(cost.policy), markdown_text(cost.base)
    targets = _targets(cost)
    if cost.is_nothing:
        return (
            f"**{policy} costs society what {base} costs{kept}**: there is no difference beyond "
            f"rounding.{targets}"
        )
    if cost.sign == 1:
        least, most = _ends(low, high)
        return f"**{policy} costs society {least} to {most} m CNY a year more than {base}{kept}.**{targets}"
    if cost.sign == -1:
        least, most = _ends(-high, -low)
        return (
            f"**{policy} costs society {least} to {most} m CNY a year less than "
            f"{base}{kept}.**{targets} Rules and charges can only add cost: either {base} has one that "
            f"{policy} lacks, or {policy} moves what is collected. See the conditions and categories below."
        )
    left_open = "The two proofs leave that much open"
    if cost.policy in private:
        left_open = (
            "The two proofs, and plans as cheap, privately, as the one found but not to society, leave "
            "that much open"
        )
    least, most = _ends(low, high)
    return (
        f"**Whether {policy} costs society more or less than {base}{kept} is not resolved**: the "
        f"difference lies between {least} and {most} m CNY a year. {left_open}; a "
        f"smaller --gap, or more time where that ran out, narrows what is open between the proofs.{targets}"
    )


def _targets(cost: Cost) -> str:
    """Return what missed soft targets count on either side, as sentences after a verdict."""
    if not cost.penalty_priced and not cost.lessened_targets:
        return " Missed soft targets count at zero on both sides."
    policy, base = markdown_text(cost.policy), markdown_text(cost.base)
    missed = cost.own_shortfall_cny_per_year / MILLION
    words = ""
    if cost.lessened_targets:
        words += (
            f" {base} has soft targets that {policy} lacks or has weaker "
            f"({markdown_text(', '.join(cost.lessened_targets))}): missing them counts only as far as "
            f"{policy} has them."
        )
    if cost.own_targets:
        words += (
            f" In the plan found, {_ends(missed, missed)[0]} m CNY a year of what {policy} costs is the "
            f"price of missing soft targets that {base} does not have "
            f"({markdown_text(', '.join(cost.own_targets))})."
        )
    return words


def _without_interval(comparison: Comparison) -> list[str]:
    """Return a sentence for each policy of which the comparison can say nothing, and why."""
    return [
        f"**There is no interval for {markdown_text(name)}**: {markdown_text(reason)}."
        for name, reason in comparison.unsolved.items()
    ]


def _costs_table(costs: Iterable[Cost]) -> str:
    gross = f"% of gross cost of {_base_name(costs)}"
    head = ("difference", "m CNY a year", "CNY per tonne retired", gross)
    return table_markdown(head, [_cost_row(cost) for cost in costs])


def _cost_row(cost: Cost) -> tuple[str, str, str, str]:
    low, high = cost.share_of_gross
    return (
        markdown_text(f"{cost.policy} - {cost.base}"),
        _interval(cost.low_cny_per_year / MILLION, cost.high_cny_per_year / MILLION),
        _interval(*cost.per_tonne),
        _interval(100 * low, 100 * high),
    )


def _base_name(costs: Iterable[Cost]) -> str:
    return markdown_text(next((cost.base for cost in costs), "the base"))


def _conditions(comparison: Comparison) -> str:
    """Return what the headline is conditional on."""
    base = comparison.base
    settings = base.instance.settings
    tonnes = comparison.retired_tonnes_per_year
    first, last = base.instance.periods[0], base.instance.periods[-1]
    periods = markdown_text(first if first == last else f"{first} to {last}")
    lines = [
        f"{tonnes:,.0f} t retired a year ({periods}), the same under every policy, source by source",
        *_design_condition(base),
        _formal_share_condition(comparison),
        f"money: {markdown_text(settings.instance.price_basis)}; "
        f"discount rate {settings.horizon.discount_rate:.0%}, "
        f"cost of capital {settings.capital.wacc:.0%}, "
        f"carbon {settings.prices.carbon_cny_per_tonne:,.2f} CNY/t",
        f"{len(base.instance['locations'])} locations, {len(base.instance['sites'])} candidate and "
        "existing sites, the same under every policy",
        "social perspective: transfers net out; a private policy's social cost is the range over all "
        "plans as cheap, privately, as the one found",
        *(markdown_text(f"{name}: {_levers(solution)}") for name, solution in comparison.solutions.items()),
    ]
    return "## Conditional on\n\n" + "\n".join(f"* {line}" for line in lines)


def _design_condition(base: Solution) -> list[str]:
    if base.design is None:
        return []
    return [
        f"{markdown_text(str(base.design))}: what is opened, expanded, closed, renewed and kept is as in "
        "that run under every policy, and only tonnes are re-routed; bounds are for this design and say "
        "nothing of others "
        f"(SHA-256 of the run's manifest {base.design.digest})"
    ]


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
        parts.append(
            "## Not compared\n\n" + "\n".join(f"* {markdown_text(note)}" for note in comparison.notes)
        )
    return "\n\n".join(parts)


def _formal_share_condition(comparison: Comparison) -> str:
    """Return the formal share that is in force, and which policies move it."""
    said = f"formal share {comparison.base.formal_share:.0%} on both sides: leakage off"
    shares = {cost.policy: cost.formal_share for cost in comparison.headline}
    shares |= {cost.base: cost.base_formal_share for cost in comparison.headline}
    moved = [
        markdown_text(f"{name}: {share:.1%}")
        for name, share in shares.items()
        if abs(share - comparison.base.formal_share) > 5e-4
    ]
    if not moved:
        return said
    return (
        f"formal share {comparison.base.formal_share:.0%}, except where rebate, enforcement or access "
        f"move it by an assumed logit ({'; '.join(moved)}): there other tonnes are collected"
    )


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
            markdown_text(f"{cost.policy} - {cost.base}"),
            f"{cost.formal_share:.1%} - {cost.base_formal_share:.1%}",
            _interval(cost.low_cny_per_year / MILLION, cost.high_cny_per_year / MILLION),
            _interval(*cost.per_tonne),
        )
        for cost in curve
    ]
    return table_markdown(head, rows)


def _proof_table(comparison: Comparison) -> str:
    head = ("policy", "perspective", "cost, m CNY a year", "gap, % of gross", "bound", "time, s", "checker")
    rows = []
    for name, solution in comparison.solutions.items():
        outcome = solution.outcome
        ends = outcome.lower_bound_cny_per_year / MILLION, outcome.upper_bound_cny_per_year / MILLION
        rows.append(
            (
                markdown_text(name),
                str(solution.policy.perspective),
                _interval(*ends),
                f"{100 * outcome.gap:.4f}" + ("" if outcome.gap <= outcome.gap_target else " (not proven)"),
                outcome.bound_source,
                f"{outcome.build_time_s + outcome.solve_time_s:.1f}",
                "ok" if solution.verdict.ok else "REJECTED",
            )
        )
    for name, ends in comparison.social_ranges.items():
        low, high = (end / MILLION for end in ends)
        row = (markdown_text(name), "social, of private plans", _interval(low, high))
        rows.append((*row, "", "range over plans with this private cost", "", ""))
    return table_markdown(head, rows)


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
    return "m CNY a year, of these plans (other plans may cost the same).\n\n" + table_markdown(
        ("category", *map(markdown_text, table.columns)), rows
    )


def _category_words(category: str) -> str:
    kind = KIND_OF_CATEGORY[category]
    where = ", informal" if category in INFORMAL_CATEGORIES else ""
    return f"{category} ({kind}{where})"


def _interval(low: float, high: float) -> str:
    return "[{}, {}]".format(*_ends(low, high))


def _ends(low: float, high: float) -> tuple[str, str]:
    """Return both ends of an interval with as many decimals as show two digits of the larger, at most nine.

    Examples
    --------
    >>> _ends(331.04, 1331.16), _ends(-2e-6, 3e-6), _ends(-0.0, 0.0)
    (('331.04', '1,331.16'), ('-0.0000020', '0.0000030'), ('0.00', '0.00'))
    """
    largest = max(abs(low), abs(high))
    digits = min(9, 1 - math.floor(math.log10(largest))) if 0 < largest < 0.1 else 2
    return f"{low + 0.0:,.{digits}f}", f"{high + 0.0:,.{digits}f}"


def table_markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
