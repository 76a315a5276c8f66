"""Where retired batteries end: formal, informal and cascade shares, and what was demanded of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.policy.effects import Mass
from netopt.reports.content import Chart, ChartKind, Section, Sentence, Table, Tone, number, text
from netopt.solution.checking.limits import UNITS, mass_tonnes

if TYPE_CHECKING:
    from netopt.policy.effects import ShareRule
    from netopt.reports.language import Language
    from netopt.reports.subject import Plan, Subject

PERCENT: Final = 100.0
PARTS: Final = ("cascade", "recycled", "informal", "unserved")


def shares_section(subject: Subject, say: Language) -> Section:
    """Return the shares of what retires and how far each target is met."""
    shares = _shares_table(subject, say)
    targets = _targets_table(subject, say)
    formal = shares.column("formal_percent")
    listed = [f"{row.policy} {formal.shown(row.formal_percent)} %" for row in shares.frame.itertuples()]
    sentences = [Sentence(say("Collected formally: {listed}.", listed=say.joined(listed)), Tone.LEAD)]
    missed = targets.frame[targets.frame["missing"] > 0] if len(targets.frame) else targets.frame
    sentences += [
        Sentence(
            say(
                "Under {policy} the target {target} is missed: {reached} % of {demanded} % in the plan "
                "found.",
                policy=row.policy,
                target=row.target,
                reached=targets.column("reached_percent").shown(row.reached_percent),
                demanded=targets.column("demanded_percent").shown(row.demanded_percent),
            )
        )
        for row in missed.itertuples()
    ]
    if not len(targets.frame):
        sentences.append(Sentence(say("No policy here sets a target or a duty.")))
    chart = Chart(
        ChartKind.STACK,
        "shares",
        say("Where retired batteries end, of the plans found"),
        say("One bar per policy, divided into cascade use, other formal treatment, informal and unserved."),
        tuple(f"{part}_percent" for part in PARTS),
        label="policy",
    )
    tables = (shares, targets) if len(targets.frame) else (shares,)
    return Section(
        "shares",
        say("Formal, informal and cascade shares against the targets"),
        tuple(sentences),
        tables,
        (chart,),
    )


def cascade_tonnes(plan: Plan) -> float:
    """Return what is turned to second life, t/yr: measured as cascade targets are, less what is rejected.

    Meant are facility types with a recipe that makes a good sold into second life.
    """
    instance = plan.run.instance
    outputs, recipes = instance["recipe_outputs"], instance["recipes"]
    makers = outputs.loc[outputs["commodity"].isin(instance["second_life"]["commodity"]), "recipe"]
    types = tuple(recipes.loc[recipes["recipe"].isin(makers), "facility_type"].unique())
    return _yearly(plan, mass_tonnes(plan.rows, Mass("processed", facility_types=types))) if types else 0.0


def _yearly(plan: Plan, by_period: pd.Series) -> float:
    """Return a rate by period as an annual equivalent."""
    return float((by_period.astype(float) * plan.share_of(by_period.index.to_series())).sum())


def _shares_table(subject: Subject, say: Language) -> Table:
    rows = []
    for plan in subject.plans:
        supply = plan.run.answer.supply
        share = plan.share_of(supply["period"])
        retired, collected, leaked, unserved = (
            float((supply[f"{name}_tonnes_per_year"] * share).sum())
            for name in ("retired", "collected", "leaked", "unserved")
        )
        cascade = cascade_tonnes(plan)
        of_retired = PERCENT / retired if retired > 0 else float("nan")
        rows.append(
            {
                "policy": plan.label,
                "retired_tonnes_per_year": retired,
                "formal_percent": collected * of_retired,
                "cascade_percent": cascade * of_retired,
                "recycled_percent": (collected - cascade) * of_retired,
                "informal_percent": leaked * of_retired,
                "unserved_percent": unserved * of_retired,
            }
        )
    unit = say("% of retired")
    columns = (
        text("policy", say("policy")),
        number("retired_tonnes_per_year", say("retired"), say("t a year")),
        number("formal_percent", say("collected formally"), unit, 1),
        number("cascade_percent", say("of which cascade use"), unit, 1),
        number("recycled_percent", say("of which other formal treatment"), unit, 1),
        number("informal_percent", say("informal"), unit, 1),
        number("unserved_percent", say("left lying"), unit, 1),
    )
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    origin = tuple(
        plan.file(f"tables/{name}.csv") for plan in subject.plans for name in ("supply", "throughput")
    )
    return Table("shares", say("Shares of what retires, of the plans found"), frame, columns, origin)


def _targets_table(subject: Subject, say: Language) -> Table:
    rows = [
        _target_row(plan, rule, say)
        for plan in subject.plans
        for rule in plan.rows.facts.effects.share_rules
        if rule.is_target and not rule.is_cap
    ]
    columns = (
        text("policy", say("policy")),
        text("target", say("target"), is_quoted=True),
        number("demanded_percent", say("demanded"), "%", 1),
        number("reached_percent", say("reached"), "%", 1),
        number("part", say("reached amount")),
        number("whole", say("of")),
        number("missing", say("missing")),
        text("unit", say("unit")),
        text("hardness", say("hard or soft")),
        number("price_cny_per_tonne", say("price of missing it"), say("CNY per tonne")),
    )
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    origin = tuple(
        plan.file(name)
        for plan in subject.plans
        for name in ("policy.toml", "tables/throughput.csv", "tables/shortfalls.csv")
    )
    return Table(
        "targets", say("Targets and duties, and how far the plans found meet them"), frame, columns, origin
    )


def _target_row(plan: Plan, rule: ShareRule, say: Language) -> dict[str, object]:
    part, whole = (_yearly(plan, mass_tonnes(plan.rows, mass)) for mass in (rule.part, rule.whole))
    short = plan.run.answer.shortfalls
    missed = short[short["rule"] == rule.rule].set_index("period")["shortfall_tonnes_per_year"]
    is_soft = rule.penalty_cny_per_tonne is not None
    return {
        "policy": plan.label,
        "target": rule.rule,
        "demanded_percent": PERCENT * rule.share,
        "reached_percent": PERCENT * part / whole if whole > 0 else float("nan"),
        "part": part,
        "whole": whole,
        "missing": _yearly(plan, missed),
        "unit": say("t a year") if rule.whole.measure not in UNITS else UNITS[rule.whole.measure],
        "hardness": say("soft") if is_soft else say("hard"),
        "price_cny_per_tonne": rule.penalty_cny_per_tonne if is_soft else float("nan"),
    }
