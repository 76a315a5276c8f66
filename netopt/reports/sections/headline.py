"""What the policies cost society more than the base, on what that depends, and over the pass-through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.reports.content import (
    MILLION,
    Chart,
    ChartKind,
    Column,
    Rounding,
    Section,
    Sentence,
    Table,
    Tone,
    digits_for,
    number,
    shown_number,
    text,
)
from netopt.reports.subject import NoInterval, no_interval
from netopt.reports.words import PERSPECTIVES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netopt.analysis.cost import Cost
    from netopt.reports.language import Language
    from netopt.reports.subject import Plan, Subject
    from netopt.solution.store import Run

PERCENT: Final = 100.0


def headline_section(subject: Subject, say: Language) -> Section:
    """Return what each policy costs more than the base; of one run, what its plan costs."""
    if not subject.others:
        return _of_one(subject.base, say)
    costs, digits = subject.headline, money_digits(subject.headline)
    tables = [
        _costs_table(
            "headline", say("What each policy costs society more than the base"), costs, subject, say
        )
    ]
    sentences = [sentence for cost in costs for sentence in verdict(cost, digits, say)]
    sentences += [
        Sentence(_no_interval(subject.base, plan, say), Tone.ABSENT)
        for plan in subject.others
        if subject.cost_of(plan) is None
    ]
    for name, reason in ((subject.stated or {}).get("unsolved") or {}).items():
        sentences.append(Sentence(say("There is no interval for {policy}.", policy=name), Tone.ALARM))
        sentences.append(Sentence(str(reason), Tone.QUOTED))
    sentences += [Sentence(_in_short(subject, say))] if costs else []
    further = _further(subject, say)
    return Section(
        "headline",
        say("What fragmentation costs"),
        tuple(sentences),
        tuple(table for table in [*tables, *further] if len(table.frame)),
    )


def _in_short(subject: Subject, say: Language) -> str:
    """Return in a sentence what the headline is conditional on."""
    return say(
        "This holds for {tonnes} t retired a year and a formal share of {share} %, and under the further "
        "conditions below.",
        tonnes=shown_number(subject.base.retired_tonnes_per_year, 0),
        share=shown_number(PERCENT * subject.base.run.formal_share, 1),
    )


def _of_one(plan: Plan, say: Language) -> Section:
    table = plan_costs_table([plan], say)
    low, high = table.cells()[0][2:4]
    sentence = say(
        "The plan under {policy} costs between {low} and {high} m CNY a year ({perspective} perspective); "
        "under the conditions below no plan of this policy costs less than the lower figure.",
        policy=plan.label,
        low=low,
        high=high,
        perspective=say(PERSPECTIVES[str(plan.run.policy.perspective)]),
    )
    gain = say("Below zero is a gain: revenues exceed costs.")
    return Section(
        "headline", say("What the plan costs"), (Sentence(sentence, Tone.LEAD), Sentence(gain)), (table,)
    )


def plan_costs_table(plans: Iterable[Plan], say: Language) -> Table:
    """Return the proven cost interval of every plan, in its own perspective."""
    plans = list(plans)
    rows = [
        {
            "policy": plan.label,
            "perspective": say(PERSPECTIVES[str(plan.run.policy.perspective)]),
            "low": plan.outcome.lower_bound_cny_per_year / MILLION,
            "high": plan.outcome.upper_bound_cny_per_year / MILLION,
        }
        for plan in plans
    ]
    frame = pd.DataFrame(rows)
    unit, digits = say("m CNY a year"), digits_for([*frame["low"], *frame["high"]])
    columns = (
        text("policy", say("policy")),
        text("perspective", say("perspective")),
        number("low", say("at least"), unit, digits, Rounding.DOWN),
        number("high", say("at most"), unit, digits, Rounding.UP),
    )
    origin = tuple(plan.file("outcome.json") for plan in plans)
    return Table("plan_costs", say("Cost of each plan, with its proven bounds"), frame, columns, origin)


def _money(name: str, costs: Iterable[Cost], say: Language) -> tuple[Column, Column]:
    unit, digits = say("m CNY a year"), money_digits(costs)
    return (
        number(f"{name}low_million_cny_per_year", say("at least"), unit, digits, Rounding.DOWN),
        number(f"{name}high_million_cny_per_year", say("at most"), unit, digits, Rounding.UP),
    )


def money_digits(costs: Iterable[Cost]) -> int:
    """Return the decimals of intervals in m CNY a year, alike in a table and in sentences of it."""
    ends = [end for cost in costs for end in (cost.low_cny_per_year, cost.high_cny_per_year)]
    return digits_for(end / MILLION for end in ends)


def _cost_columns(costs: Iterable[Cost], say: Language) -> tuple[Column, ...]:
    costs = list(costs)
    per_tonne, share = say("CNY per tonne retired"), say("% of the base's gross cost")
    tonne_digits = digits_for(end for cost in costs for end in cost.per_tonne)
    share_digits = digits_for(PERCENT * end for cost in costs for end in cost.share_of_gross)
    return (
        *_money("", costs, say),
        number("low_cny_per_tonne_retired", say("at least"), per_tonne, tonne_digits, Rounding.DOWN),
        number("high_cny_per_tonne_retired", say("at most"), per_tonne, tonne_digits, Rounding.UP),
        number("low_percent_of_gross_cost", say("at least"), share, share_digits, Rounding.DOWN),
        number("high_percent_of_gross_cost", say("at most"), share, share_digits, Rounding.UP),
    )


def _cost_rows(costs: Iterable[Cost], say: Language) -> list[dict[str, object]]:
    return [
        {
            "policy": cost.policy,
            "base": cost.base,
            "low_million_cny_per_year": cost.low_cny_per_year / MILLION,
            "high_million_cny_per_year": cost.high_cny_per_year / MILLION,
            "low_cny_per_tonne_retired": cost.per_tonne[0],
            "high_cny_per_tonne_retired": cost.per_tonne[1],
            "low_percent_of_gross_cost": PERCENT * cost.share_of_gross[0],
            "high_percent_of_gross_cost": PERCENT * cost.share_of_gross[1],
            "sign": sign_words(cost, say),
            "pass_through": cost.pass_through,
            "formal_share": PERCENT * cost.formal_share,
            "base_formal_share": PERCENT * cost.base_formal_share,
        }
        for cost in costs
    ]


def sign_words(cost: Cost, say: Language) -> str:
    """Return in two words whether a policy is dearer than the base."""
    if cost.is_nothing:
        return say("no difference")
    words = {1: say("dearer"), -1: say("cheaper"), None: say("sign not resolved")}
    return words[cost.sign]


def _costs_table(name: str, title: str, costs: tuple[Cost, ...], subject: Subject, say: Language) -> Table:
    columns = (
        text("policy", say("policy")),
        text("base", say("base")),
        *_cost_columns(costs, say),
        text("sign", say("proven")),
    )
    frame = pd.DataFrame(_cost_rows(costs, say), columns=[column.name for column in columns])
    return Table(name, title, frame, columns, subject.headline_file)


def _further(subject: Subject, say: Language) -> list[Table]:
    lines = (
        ("full_collection", say("The same with everything collected formally")),
        ("without_penalty", say("The same with missed soft targets priced at zero")),
    )
    return [_costs_table(name, title, subject.line(name), subject, say) for name, title in lines]


def interval_words(cost: Cost, digits: int, *, negated: bool = False) -> tuple[str, str]:
    """Return both ends in m CNY a year as the headline has them; ``negated``: of the base minus it."""
    low, high = cost.low_cny_per_year / MILLION, cost.high_cny_per_year / MILLION
    if negated:
        low, high = -high, -low
    return shown_number(low, digits, Rounding.DOWN), shown_number(high, digits, Rounding.UP)


def verdict(cost: Cost, digits: int, say: Language) -> list[Sentence]:
    """Return what a policy costs in words: dearer, cheaper, the same or not resolved."""
    names = {"policy": cost.policy, "base": cost.base}
    low, high = interval_words(cost, digits)
    if cost.is_nothing:
        lead = say(
            "{policy} costs society what {base} costs: there is no difference beyond rounding.", **names
        )
        return [Sentence(lead, Tone.LEAD), *_targets(cost, say)]
    if cost.sign is None:
        lead = say(
            "Whether {policy} costs society more or less than {base} is not resolved: the difference "
            "lies between {low} and {high} m CNY a year.",
            **names,
            low=low,
            high=high,
        )
        return [Sentence(lead, Tone.LEAD), *_targets(cost, say)]
    if cost.sign == 1:
        lead = say(
            "{policy} costs society {low} to {high} m CNY a year more than {base}.",
            **names,
            low=low,
            high=high,
        )
        return [Sentence(lead, Tone.LEAD), *_targets(cost, say)]
    least, most = interval_words(cost, digits, negated=True)
    lead = say(
        "{policy} costs society {low} to {high} m CNY a year less than {base}.",
        **names,
        low=least,
        high=most,
    )
    why = say(
        "Rules and charges can only add cost: either {base} has one that {policy} lacks, or {policy} "
        "moves what is collected.",
        **names,
    )
    return [Sentence(lead, Tone.LEAD), Sentence(why), *_targets(cost, say)]


def _targets(cost: Cost, say: Language) -> list[Sentence]:
    """Return what missed soft targets count on either side."""
    found = []
    if cost.lessened_targets:
        words = say(
            "{base} has soft targets that {policy} lacks or has weaker ({targets}): in this interval "
            "missing them counts only as far as {policy} has them.",
            base=cost.base,
            policy=cost.policy,
            targets=say.joined(list(cost.lessened_targets)),
        )
        found.append(Sentence(words))
    if cost.own_targets:
        words = say(
            "A part of this difference is the price of missing soft targets that {base} does not have "
            "({targets}).",
            base=cost.base,
            targets=say.joined(list(cost.own_targets)),
        )
        found.append(Sentence(words))
    return found


def _no_interval(base: Plan, plan: Plan, say: Language) -> str:
    reason = no_interval(base, plan)
    if reason is NoInterval.OTHER_SCENARIO:
        return say(
            "There is no interval for {policy}: it was planned for other tables, settings or formal "
            "shares than {base}, so what the policy alone costs is not said.",
            policy=plan.label,
            base=base.label,
        )
    if reason is NoInterval.PRIVATE:
        return say(
            "There is no interval for {policy}: a policy that minimises private cost bounds nothing of "
            "what it costs society; netopt compare does.",
            policy=plan.label,
        )
    if reason is NoInterval.TARGETS:
        return say(
            "There is no interval for {policy}: it lacks soft targets of the base, or has them weaker, "
            "and the base would have to be solved again without them; netopt compare does.",
            policy=plan.label,
        )
    return say("There is no interval for {policy}.", policy=plan.label)


def _in_all(subject: Subject, said: Callable[[Run], str]) -> str:
    """Return what is said of every run: once where it is the same for all, else run by run."""
    found = {plan.label: said(plan.run) for plan in subject.plans}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return "; ".join(f"{label}: {value}" for label, value in found.items())


def _percent(share: float) -> str:
    return f"{shown_number(PERCENT * share, 1)} %"


def _carbon(run: Run, say: Language) -> str:
    price = run.instance.settings.prices.carbon_cny_per_tonne
    return f"{shown_number(price, 2)} {say('CNY per tonne of CO2e')}"


def _freedom(run: Run, say: Language) -> str:
    return say("free to open and close") if run.design is None else str(run.design)


def conditions_section(subject: Subject, say: Language) -> Section:
    """Return what every figure is conditional on."""
    run = subject.base.run
    first, last = subject.instance.periods[0], subject.instance.periods[-1]
    rows = [
        (
            say("Retired batteries"),
            say("{tonnes} t a year", tonnes=shown_number(subject.base.retired_tonnes_per_year, 0)),
        ),
        (say("Periods"), first if first == last else f"{first} – {last}"),  # noqa: RUF001
        (say("Formal share"), _in_all(subject, lambda run: _percent(run.formal_share))),
        (
            say("Discount rate"),
            _in_all(subject, lambda run: _percent(run.instance.settings.horizon.discount_rate)),
        ),
        (
            say("Cost of capital"),
            _in_all(subject, lambda run: _percent(run.instance.settings.capital.wacc)),
        ),
        (say("Carbon"), _in_all(subject, lambda run: _carbon(run, say))),
        (say("Locations"), shown_number(len(subject.instance["locations"]), 0)),
        (say("Candidate and existing sites"), shown_number(len(subject.instance["sites"]), 0)),
        (say("Sites"), _in_all(subject, lambda run: _freedom(run, say))),
        *([] if run.given_flows is None else [(say("Flows"), say("held to given flows"))]),
        (say("Money"), _in_all(subject, lambda run: run.instance.settings.instance.price_basis)),
    ]
    frame = pd.DataFrame(rows, columns=["condition", "value"])
    columns = (text("condition", say("condition")), text("value", say("value"), is_quoted=True))
    origin = (subject.base.file("instance/instance.toml"), subject.base.file("tables/supply.csv"))
    table = Table("conditions", say("What holds under every policy"), frame, columns, origin)
    sentences = [
        Sentence(
            say(
                "Every figure holds for the same retired batteries, source by source, and under the "
                "conditions below; other conditions, other figures."
            )
        ),
        Sentence(
            say(
                "Social cost counts resource costs, externalities and the price of missed targets; "
                "payments between actors net out."
            )
        ),
        *_moved_shares(subject, say),
    ]
    return Section(
        "conditions",
        say("What this is conditional on"),
        tuple(sentences),
        (table, *levers_table(subject, say)),
    )


def _moved_shares(subject: Subject, say: Language) -> list[Sentence]:
    share = subject.base.run.formal_share
    moved = [
        f"{cost.policy}: {shown_number(PERCENT * cost.formal_share, 1)} %"
        for cost in subject.headline
        if abs(cost.formal_share - share) > 5e-4
    ]
    if not moved:
        return []
    words = say(
        "Rebate, enforcement or access move the formal share by an assumed logit ({policies}): there "
        "other tonnes are collected.",
        policies=say.joined(moved),
    )
    return [Sentence(words)]


def levers_table(subject: Subject, say: Language) -> list[Table]:
    """Return every lever of every policy with what it is set to and where that comes from."""
    rows = []
    for plan in subject.plans:
        for lever in plan.run.policy.levers:
            basis = dict(getattr(lever, "basis", None) or {})
            for name, value in lever.model_dump(exclude={"lever", "basis"}, exclude_defaults=True).items():
                rows.append((plan.label, lever.name, name, _plain(value), str(basis.get(name, ""))))
    frame = pd.DataFrame(rows, columns=["policy", "lever", "setting", "value", "basis"])
    columns = (
        text("policy", say("policy")),
        text("lever", say("lever"), is_quoted=True),
        text("setting", say("setting"), is_quoted=True),
        text("value", say("value"), is_quoted=True),
        text("basis", say("where it comes from"), is_quoted=True),
    )
    origin = tuple(plan.file("policy.toml") for plan in subject.plans)
    return [
        Table("levers", say("The levers of each policy and where they come from"), frame, columns, origin)
    ]


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:,.12g}" if isinstance(value, float) else str(value)


def curve_section(subject: Subject, say: Language) -> Section:
    """Return the difference over the pass-through of the informal channel, or why it is not there."""
    heading = say("Over the pass-through of the informal channel")
    costs = subject.line("curve")
    notes = [Sentence(str(note), Tone.QUOTED) for note in (subject.stated or {}).get("notes", ())]
    if not costs:
        absent = say(
            "Not computed: these lines take further solves, which netopt compare makes with --curve."
        )
        return Section("pass_through", heading, (Sentence(absent, Tone.ABSENT), *notes))
    columns = (
        text("policy", say("policy")),
        number("pass_through", say("pass-through (assumed)"), "", 2),
        number("formal_share", say("formal share"), "%", 1),
        number("base_formal_share", say("formal share of the base"), "%", 1),
        *_cost_columns(costs, say),
        text("sign", say("proven")),
    )
    frame = pd.DataFrame(_cost_rows(costs, say), columns=[column.name for column in columns])
    title = say("Difference from the base by pass-through")
    table = Table("pass_through", title, frame, columns, subject.headline_file)
    sentences = (
        Sentence(
            say(
                "How much of a cost change reaches what the formal channel can offer for a pack is "
                "unknown, so there is no single figure: the more reaches it, the more batteries a "
                "cheaper policy collects."
            )
        ),
        Sentence(
            say("Every point is an interval: the band between its ends is what the proofs leave open.")
        ),
        *([Sentence(say("Some further lines have no plan, for these reasons:"))] if notes else []),
        *notes,
    )
    chart = Chart(
        ChartKind.BAND,
        "pass_through",
        title,
        say("Intervals of the difference at each pass-through, one band per policy."),
        ("low_million_cny_per_year", "high_million_cny_per_year"),
        x="pass_through",
        group="policy",
    )
    return Section("pass_through", heading, sentences, (table,), (chart,))
