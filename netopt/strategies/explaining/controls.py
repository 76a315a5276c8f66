"""Statements of a planner's own controls: hauls, sites, their number, who is served by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netopt.formulation.sets import cells
from netopt.network.closings import are_forbidden_hauls
from netopt.policy.in_force import periods_in_force
from netopt.strategies.explaining import control_words
from netopt.strategies.explaining.context import Limit
from netopt.strategies.explaining.statements import SITE, Kind, Statement

if TYPE_CHECKING:
    from netopt.policy.effects import ForceSite
    from netopt.strategies.explaining.context import Context, Stated


def _hauls(context: Context) -> Stated:
    arcs = context.network.arcs
    for number, rule in enumerate(context.effects.forbidden_hauls, start=1):
        limits = context.shut(arcs[are_forbidden_hauls(rule, arcs)], context.instance.periods)
        sentence = control_words.haul(context.words, rule)
        yield Statement(f"hauls {rule.lever} {number}", Kind.BAN, sentence, rule.lever, ""), limits


def _closed(context: Context) -> Stated:
    arcs, modules = context.network.arcs, context.network.modules
    for rule in context.effects.forced_sites:
        if rule.state == "closed":
            periods = periods_in_force(rule, context.instance)
            limits = context.idle(modules.loc[modules["site"] == rule.site, "module"], periods)
            limits += context.shut(arcs[arcs["to_place"] == rule.site], periods)
            yield _of_site(context, rule, Kind.BAN), limits


def _opened(context: Context) -> Stated:
    rows = context.rows.get("forced_open", [])
    for rule in context.effects.forced_sites:
        if rule.state == "open":
            periods = periods_in_force(rule, context.instance)
            tonnes = context.smallest_tonnes([rule.site])
            limits = [
                Limit(True, number, site, period, lower=1.0, amount_per_unit=tonnes)
                for number, (site, period) in rows
                if site == rule.site and period in periods
            ]
            yield _of_site(context, rule, Kind.OPEN), limits


def _of_site(context: Context, rule: ForceSite, kind: Kind) -> Statement:
    years = f" {rule.from_year or ''}-{rule.until_year or ''}"
    name = f"{rule.state} {rule.site}{years if rule.from_year or rule.until_year else ''}"
    sites = context.sites.set_index("site")
    place = context.words.place(str(sites["jurisdiction"][rule.site]))
    unit = SITE if kind is Kind.OPEN else "t"
    return Statement(name, kind, control_words.site(context.words, rule), name, place, unit)


def _counts(context: Context) -> Stated:
    rows = context.rows.get("site_count", [])
    counted = context.network.counted_sites
    for rule in context.effects.site_counts:
        tonnes = context.smallest_tonnes(counted.loc[counted["rule"] == rule.rule, "site"])
        for bound, number in (("minimum", rule.minimum), ("maximum", rule.maximum)):
            if number is None:
                continue
            side = {"lower" if bound == "minimum" else "upper": float(number)}
            limits = [
                Limit(True, row, "", period, amount_per_unit=tonnes, **side)
                for row, (name, said, period) in rows
                if (name, said) == (rule.rule, bound)
            ]
            sentence = control_words.count(context.words, rule, bound, number)
            place = context.words.places(rule.jurisdictions)
            group = f"{bound} {rule.lever} {', '.join(rule.facility_types)} {number}"
            yield Statement(f"{bound} {rule.rule}", Kind.COUNT, sentence, group, place, SITE), limits


def _singles(context: Context) -> Stated:
    rows = context.rows.get("single_sourcing", [])
    supplies = context.network.supplies.set_index("supply")["source"]
    collected = cells(context.network.supply_tonnes - context.network.leaked_tonnes)
    for rule in context.effects.single_sources:
        limits = [
            Limit(True, row, supplies[supply], period, upper=1.0, amount_per_unit=tonnes)
            for row, (name, supply, period) in rows
            if name == rule.rule and (tonnes := collected[supply, period]) > 0
        ]
        sentence = control_words.single(context.words, rule)
        yield Statement(rule.rule, Kind.SINGLE, sentence, rule.lever, ""), limits


CONTROLS: Final = (_hauls, _closed, _opened, _counts, _singles)
"""One function per effect, in the order in which an explanation names them."""
