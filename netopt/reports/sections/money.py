"""Where the difference arises: by category of cost, by lever, by province and by actor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.accounts import KIND_OF_CATEGORY, Kind, counts_as_gross
from netopt.analysis.incidence import COST, NATIONAL, NET, incidence
from netopt.analysis.incidence_change import Change, incidence_change
from netopt.reports.content import (
    MILLION,
    Chart,
    ChartKind,
    Section,
    Sentence,
    Table,
    Tone,
    digits_for,
    number,
    shown_number,
    text,
    with_total,
)
from netopt.reports.sections.headline import interval_words, money_digits
from netopt.reports.words import ACTORS, CATEGORIES, KINDS
from netopt.solution.ledger import annual_equivalent

if TYPE_CHECKING:
    from netopt.reports.language import Language
    from netopt.reports.subject import Plan, Subject

PERCENT: Final = 100.0
N_PROVINCES_SHOWN: Final = 40


def _by_category(plan: Plan) -> pd.Series:
    """Return the plan's ledger by category, m CNY a year, annual equivalent."""
    ledger = plan.run.ledger
    amounts = annual_equivalent(ledger, plan.run.instance.period_weights())
    totals: pd.Series = amounts.groupby(ledger["category"]).sum() / MILLION
    return totals


def categories_section(subject: Subject, say: Language) -> Section:
    """Return cost by category of every plan, and the way from the base to each other as a waterfall."""
    plans = subject.plans
    wide = pd.DataFrame({f"cost_{rank}": _by_category(plan) for rank, plan in enumerate(plans)}).fillna(0.0)
    order = [category for category in KIND_OF_CATEGORY if category in wide.index]
    wide = wide.loc[order]
    for rank in range(1, len(plans)):
        wide[f"difference_{rank}"] = wide[f"cost_{rank}"] - wide["cost_0"]
    wide.insert(0, "category", [say(CATEGORIES[category]) for category in order])
    wide.insert(1, "kind", [say(KINDS[str(KIND_OF_CATEGORY[category])]) for category in order])
    is_transfer = pd.Series(
        [KIND_OF_CATEGORY[category] is Kind.TRANSFER for category in order], index=wide.index
    )
    unit = say("m CNY a year")
    amounts = wide.drop(columns=["category", "kind"])
    digits = digits_for(amounts.to_numpy().ravel())
    columns = (
        text("category", say("category")),
        text("kind", say("kind")),
        *(number(f"cost_{rank}", plan.label, unit, digits) for rank, plan in enumerate(plans)),
        *(
            number(
                f"difference_{rank}",
                say("{policy} minus {base}", policy=plan.label, base=plans[0].label),
                unit,
                digits,
            )
            for rank, plan in enumerate(plans)
            if rank
        ),
    )
    summed = list(amounts.columns)
    origin = tuple(plan.file("ledger.csv") for plan in plans)
    social = with_total(wide[~is_transfer], "category", say("social cost"), summed)
    tables = [
        Table(
            "cost_by_category",
            say("Social cost by category, of the plans found"),
            social,
            columns,
            origin,
            n_totals=1,
        )
    ]
    if is_transfer.any():
        title = say("Payments between actors, of the plans found; they net out of social cost")
        tables.append(Table("transfers", title, wide[is_transfer], columns, origin))
    charts = tuple(
        Chart(
            ChartKind.WATERFALL,
            "cost_by_category",
            say("From {base} to {policy}, of the plans found", base=plans[0].label, policy=plan.label),
            say("Each bar is what one category adds or saves; the last is their sum."),
            (f"difference_{rank}",),
            label="category",
        )
        for rank, plan in enumerate(plans)
        if rank
    )
    heading = (
        say("By category of cost")
        if not subject.others
        else say("From the base to each policy, by category")
    )
    return Section("categories", heading, tuple(_category_words(subject, say)), tuple(tables), charts)


def _category_words(subject: Subject, say: Language) -> list[Sentence]:
    sentences = [
        Sentence(
            say(
                "These are the books of the plans found. Other plans as cheap may divide their cost "
                "otherwise: only sums have proven bounds. Revenues are below zero."
            )
        )
    ]
    for plan in subject.others:
        sentences += _beside(subject, plan, say)
    return sentences


def _beside(subject: Subject, plan: Plan, say: Language) -> list[Sentence]:
    """Return the interval that belongs beside a difference of plans, and whether it is of the same."""
    cost = subject.cost_of(plan)
    if cost is None:
        return []
    low, high = interval_words(cost, money_digits(subject.headline))
    names = {"policy": plan.label, "base": subject.base.label, "low": low, "high": high}
    if cost.lessened_targets:
        words = say(
            "{policy} minus {base}: the interval of {low} to {high} m CNY a year counts missed targets "
            "of {base} only as far as {policy} has them. The bars below are of the plan of {base} with "
            "all of its targets, so they sum to another figure.",
            **names,
        )
        return [Sentence(words)]
    proven = say(
        "{policy} minus {base}: {low} to {high} m CNY a year, proven; the bars sum to the plans' own "
        "difference.",
        **names,
    )
    return [Sentence(proven)]


def levers_section(say: Language) -> Section:
    """Return the place of the attribution to levers, which no run holds."""
    words = say(
        "Not computed: the share of each lever in the difference (its Shapley value) takes further "
        "solves with some levers only, and these runs hold none."
    )
    return Section("levers", say("By lever"), (Sentence(words, Tone.ABSENT),))


def provinces_section(subject: Subject, say: Language) -> Section:
    """Return who wins and who loses, by province; of one run, what falls where."""
    if not subject.others:
        return _of_one(subject.base, say)
    sentences: list[Sentence] = []
    tables: list[Table] = []
    charts: list[Chart] = []
    for rank, plan in enumerate(subject.others, start=1):
        change = incidence_change(subject.base.run, plan.run)
        tables.append(_change_table(change, subject, plan, rank, say))
        sentences += [*_winners_words(change, tables[-1], subject, plan, say), *_beside(subject, plan, say)]
        title = say(
            "{policy} minus {base} by province, of the plans found",
            policy=plan.label,
            base=subject.base.label,
        )
        alt = say("A bar for each province: to the right what it loses, to the left what it gains.")
        charts.append(
            Chart(
                ChartKind.BARS,
                tables[-1].name,
                title,
                alt,
                ("change_million_cny_per_year",),
                label="province",
            )
        )
    sentences.append(
        Sentence(
            say(
                "What one province loses is not proven: other plans as cheap may place costs elsewhere. "
                "netopt incidence --range says between which ends a province's figure lies."
            )
        )
    )
    return Section(
        "provinces", say("Provinces that win and lose"), tuple(sentences), tuple(tables), tuple(charts)
    )


def _gross_by_province(plan: Plan) -> pd.Series:
    """Return the formal network's gross cost by province, CNY a year."""
    ledger = plan.run.ledger
    amounts = annual_equivalent(ledger, plan.run.instance.period_weights())
    pairs = zip(ledger["category"], amounts, strict=True)
    counted = pd.Series(
        [counts_as_gross(category, amount) for category, amount in pairs], index=ledger.index, dtype=bool
    )
    total: pd.Series = amounts[counted].groupby(ledger["jurisdiction"][counted]).sum()
    return total


def province_names(plan: Plan, say: Language) -> dict[str, str]:
    """Return the name of every jurisdiction in the language; "" is national."""
    rows = plan.run.instance["jurisdictions"].to_dict("records")
    return {"": say("(national)")} | {str(row["jurisdiction"]): say.name(row) for row in rows}


def _change_table(change: Change, subject: Subject, plan: Plan, rank: int, say: Language) -> Table:
    names = province_names(subject.base, say)
    table = change.jurisdictions
    gross = _gross_by_province(subject.base).reindex(table.index)
    frame = pd.DataFrame(
        {
            "jurisdiction": table.index,
            "province": [names[each] for each in table.index],
            "retired_tonnes_per_year": change.base.jurisdictions["retired_tonnes_per_year"].to_numpy(),
            "change_million_cny_per_year": (table[COST] / MILLION).to_numpy(),
            "change_cny_per_tonne_retired": table["social_cost_cny_per_tonne_retired"].to_numpy(),
            "change_percent_of_gross_cost": (PERCENT * table[COST] / gross.where(gross > 0)).to_numpy(),
            "side": [_side(change, each, say) for each in table.index],
        }
    )
    frame = frame[(frame["retired_tonnes_per_year"] > 0) | (frame["change_million_cny_per_year"] != 0)]
    frame = frame.sort_values("change_million_cny_per_year", ascending=False, kind="stable")
    is_national = frame["jurisdiction"] == NATIONAL
    frame = pd.concat([frame[~is_national], frame[is_national]])
    frame = with_total(
        frame, "province", say("all"), ["retired_tonnes_per_year", "change_million_cny_per_year"]
    )
    columns = (
        text("jurisdiction", say("code")),
        text("province", say("province")),
        number("retired_tonnes_per_year", say("retired"), say("t a year"), 0),
        number(
            "change_million_cny_per_year",
            say("social cost more"),
            say("m CNY a year"),
            digits_for(frame["change_million_cny_per_year"]),
        ),
        number("change_cny_per_tonne_retired", say("social cost more"), say("CNY per tonne retired"), 0),
        number(
            "change_percent_of_gross_cost",
            say("social cost more"),
            say("% of its gross cost under the base"),
            1,
        ),
        text("side", say("side")),
    )
    return Table(
        f"provinces_{rank}",
        say(
            "Winners and losers by province, {policy} minus {base}, of the plans found",
            policy=plan.label,
            base=subject.base.label,
        ),
        frame,
        columns,
        (subject.base.file("ledger.csv"), plan.file("ledger.csv")),
        n_shown=N_PROVINCES_SHOWN,
        n_totals=1 + int(is_national.any()),
    )


def _side(change: Change, jurisdiction: str, say: Language) -> str:
    if jurisdiction == NATIONAL:
        return ""
    if jurisdiction in change.losers:
        return say("loses")
    return say("wins") if jurisdiction in change.winners else say("neither")


def _winners_words(
    change: Change, table: Table, subject: Subject, plan: Plan, say: Language
) -> list[Sentence]:
    shown = dict(
        zip(
            table.frame["jurisdiction"],
            (
                table.column("change_million_cny_per_year").shown(v)
                for v in table.frame["change_million_cny_per_year"]
            ),
            strict=True,
        )
    )
    names = province_names(subject.base, say)

    def listed(ids: tuple[str, ...]) -> str:
        return say.joined([f"{names[each]} ({shown[each]})" for each in ids[:5]]) or say("none")

    lead = say(
        "From {base} to {policy}, {n_losers} provinces lose and {n_winners} win, of the plans found.",
        base=subject.base.label,
        policy=plan.label,
        n_losers=shown_number(len(change.losers), 0),
        n_winners=shown_number(len(change.winners), 0),
    )
    most = say(
        "In m CNY a year: the largest losses are {losers}; the largest gains {winners}.",
        losers=listed(change.losers),
        winners=listed(change.winners),
    )
    sentences = [Sentence(lead, Tone.LEAD), Sentence(most)]
    if change.also_differ:
        differ = say("These plans differ in more than policy, so what the policy alone costs is not said.")
        sentences.append(Sentence(differ, Tone.ALARM))
        sentences.append(Sentence("; ".join(change.also_differ), Tone.QUOTED))
    return sentences


def _of_one(plan: Plan, say: Language) -> Section:
    found = incidence(plan.run)
    names = province_names(plan, say)
    table = found.jurisdictions
    frame = pd.DataFrame(
        {
            "jurisdiction": table.index,
            "province": [names[each] for each in table.index],
            "retired_tonnes_per_year": table["retired_tonnes_per_year"].to_numpy(),
            "collected_tonnes_per_year": table["collected_tonnes_per_year"].to_numpy(),
            "cost_million_cny_per_year": (table[COST] / MILLION).to_numpy(),
        }
    )
    summed = ["retired_tonnes_per_year", "collected_tonnes_per_year", "cost_million_cny_per_year"]
    frame = with_total(frame, "province", say("all"), summed)
    columns = (
        text("jurisdiction", say("code")),
        text("province", say("province")),
        number("retired_tonnes_per_year", say("retired"), say("t a year"), 0),
        number("collected_tonnes_per_year", say("collected formally"), say("t a year"), 0),
        number(
            "cost_million_cny_per_year",
            say("social cost"),
            say("m CNY a year"),
            digits_for(frame["cost_million_cny_per_year"]),
        ),
    )
    title = say("What falls in each province, of this plan")
    told = Table("provinces", title, frame, columns, (plan.file("ledger.csv"),), n_totals=1)
    words = say(
        "Of this plan; other plans as cheap may place costs elsewhere. A second run shows who wins and "
        "loses."
    )
    return Section("provinces", say("By province"), (Sentence(words),), (told,))


def actors_section(subject: Subject, say: Language) -> Section:
    """Return what every actor bears under each policy, with payments."""
    rows = []
    for plan in subject.plans:
        actors = incidence(plan.run).actors
        for actor, row in actors.iterrows():
            rows.append(
                {
                    "policy": plan.label,
                    "actor": say(ACTORS[str(actor)]),
                    "cost": float(row[COST]) / MILLION,
                    "transfers": float(row["transfers_cny_per_year"]) / MILLION,
                    "net": float(row[NET]) / MILLION,
                }
            )
    frame = pd.DataFrame(rows, columns=["policy", "actor", "cost", "transfers", "net"])
    unit = say("m CNY a year")
    digits = digits_for(frame[["cost", "transfers", "net"]].to_numpy().ravel())
    columns = (
        text("policy", say("policy")),
        text("actor", say("actor")),
        number("cost", say("social cost borne"), unit, digits),
        number("transfers", say("paid to others (below zero: received)"), unit, digits),
        number("net", say("net"), unit, digits),
    )
    origin = tuple(plan.file("ledger.csv") for plan in subject.plans)
    table = Table("actors", say("What each actor bears, of the plans found"), frame, columns, origin)
    words = say("Social cost is borne where it arises; payments move it between actors and sum to zero.")
    return Section("actors", say("By actor"), (Sentence(words),), (table,))
