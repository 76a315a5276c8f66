"""From an instance and its effects to the model with every statement lifted, and the statements.

The network is built wide: with the arcs and modules that bans and ``may_build`` keep out, so that
lifting a ban has something to open. Capacity is stated twice: with its true figure, which can be
lifted, and with a figure that nothing can exceed, which keeps closed plants closed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.formulation.build import STRENGTHENING
from netopt.formulation.compile import standard_form
from netopt.network.build import build_network
from netopt.network.facilities import barred_sites
from netopt.network.leakage import collected_share
from netopt.policy.in_force import periods_in_force
from netopt.strategies.explaining.context import Context, Limit
from netopt.strategies.explaining.controls import CONTROLS
from netopt.strategies.explaining.room import with_room
from netopt.strategies.explaining.statements import LIMIT_COLUMNS, Kind, StatedForm, Statement

if TYPE_CHECKING:
    from netopt.accounts import Perspective
    from netopt.data.design import Design
    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.network.scope import Scope
    from netopt.policy.effects import Effects
    from netopt.solution.form import StandardForm
    from netopt.strategies.explaining.context import Stated


def stated_form(
    instance: Instance,
    effects: Effects,
    perspective: Perspective,
    design: Design | None = None,
    scope: Scope | None = None,
) -> StatedForm:
    """Return the model without any statement, and every statement of the instance and its policy.

    Parameters
    ----------
    instance, effects
        What is to be explained.
    perspective
        Whose cost the form's objective is.
    design
        What no statement can lift: where it is given, sites are not free.
    scope
        Which arcs the model lists; None: all.
    """
    network = wide_network(instance, effects, design, scope)
    form = standard_form(network, perspective, without=STRENGTHENING)
    form = with_room(form, network)
    context = Context(instance, effects, network, form)
    stated = [(said, limits) for collector in COLLECTORS for said, limits in collector(context) if limits]
    rows = [
        {"statement": said.name, **{name: getattr(limit, name) for name in list(LIMIT_COLUMNS)[1:]}}
        for said, limits in stated
        for limit in limits
    ]
    table = pd.DataFrame(rows, columns=list(LIMIT_COLUMNS)).astype(LIMIT_COLUMNS)
    return StatedForm(_freed(form, table), tuple(said for said, _ in stated), table, scope)


def wide_network(
    instance: Instance, effects: Effects, design: Design | None = None, scope: Scope | None = None
) -> Network:
    """Return the network with what bans and ``may_build`` keep out."""
    tables = {**instance.tables, "sites": instance["sites"].assign(may_build=True)}
    opened = tuple(rule for rule in effects.forced_sites if rule.state == "open")
    unbanned = replace(effects, forbidden_operators=(), forbidden_hauls=(), forced_sites=opened)
    return build_network(replace(instance, tables=tables), unbanned, design, scope)


def _rules(context: Context) -> Stated:
    rows = defaultdict(list)
    for number, (name, period) in context.rows.get("share_rule", []):
        bound = float(context.form.row_lower[number])
        rows[name].append(Limit(True, number, "", period, lower=bound))
    for rule in context.effects.share_rules:
        place = context.words.places(rule.whole.origins)
        sentence = context.words.rule(rule)
        yield Statement(f"rule {rule.rule}", Kind.RULE, sentence, rule.rule, place), rows[rule.rule]


def _bans(context: Context) -> Stated:
    for number, rule in enumerate(context.effects.forbidden_operators, start=1):
        barred = set(barred_sites(rule, context.sites))
        periods = periods_in_force(rule, context.instance)
        limits = (_unopened if rule.action == "open" else _unreceived)(context, barred, periods)
        sentence = context.words.ban(rule, sorted(barred), periods)
        name = f"ban {rule.lever}[{rule.jurisdiction}] {rule.action} {number}"
        place = context.words.place(rule.jurisdiction)
        yield Statement(name, Kind.BAN, sentence, f"{rule.lever} {rule.action}", place), limits


def _unopened(context: Context, barred: set[str], periods: list[str]) -> list[Limit]:
    modules = context.network.modules
    meant = modules[modules["site"].isin(barred) & ~modules["stands"]]
    return context.openings(meant["module"], periods)


def _unreceived(context: Context, barred: set[str], periods: list[str]) -> list[Limit]:
    arcs = context.network.arcs
    return context.shut(arcs[arcs["to_place"].isin(barred)], periods)


def _builds(context: Context) -> Stated:
    closed = context.sites[~context.sites["may_build"].astype(bool)]
    modules = context.network.modules
    for (kind, jurisdiction), sites in closed.groupby(["facility_type", "jurisdiction"]):
        meant = modules[modules["site"].isin(sites["site"]) & ~modules["stands"]]
        sentence = context.words.build(str(kind), str(jurisdiction), sites)
        place = context.words.place(str(jurisdiction))
        said = Statement(f"build {kind}[{jurisdiction}]", Kind.BUILD, sentence, f"build {kind}", place)
        yield said, context.openings(meant["module"], context.instance.periods)


def _markets(context: Context) -> Stated:
    offtakes = {row["offtake"]: row for row in context.network.offtakes.to_dict("records")}
    limits: dict[tuple[str, str], list[Limit]] = defaultdict(list)
    for tag in ("market_limit", "disposal_limit"):
        for number, (offtake, period) in context.rows.get(tag, []):
            market, commodity = offtakes[offtake]["market"], offtakes[offtake]["commodity"]
            bound = float(context.form.row_upper[number])
            tonnes = context.tonnes_per_unit[commodity]
            limit = Limit(True, number, market, period, upper=bound, amount_per_unit=tonnes)
            limits[commodity, context.words.jurisdiction_of_market(market)].append(limit)
    for (commodity, jurisdiction), rows in sorted(limits.items()):
        sentence = context.words.market(commodity, rows)
        place = context.words.place(jurisdiction)
        name = f"market {commodity}[{jurisdiction}]"
        yield Statement(name, Kind.MARKET, sentence, f"market {commodity}", place), rows


def _emissions(context: Context) -> Stated:
    rows = [
        Limit(True, number, "", period, upper=float(context.form.row_upper[number]))
        for number, (period,) in context.rows.get("emission_cap", [])
    ]
    if rows:
        sentence = context.words.emission({row.period: row.upper for row in rows})
        yield Statement("emission cap", Kind.EMISSION, sentence, "emission", "", unit="t CO2e"), rows


def _minima(context: Context) -> Stated:
    limits: dict[str, list[Limit]] = defaultdict(list)
    for number, (module, period) in context.rows.get("minimum_throughput", []):
        facts = context.module[module]
        limit = Limit(True, number, facts["site"], period, lower=0.0)
        limits[facts["facility_type"]].append(limit)
    for kind, rows in sorted(limits.items()):
        sentence = context.words.minimum(kind)
        yield Statement(f"minimum {kind}", Kind.MINIMUM, sentence, f"minimum {kind}", ""), rows


def _storage(context: Context) -> Stated:
    last = context.instance.periods[-1]
    sites = context.sites
    kind_of = dict(zip(sites["site"], sites["facility_type"], strict=True))
    limits: dict[tuple[str, str], list[Limit]] = defaultdict(list)
    for tag in ("storage_room", "storage_limit"):
        for number, (site, commodity, period) in context.rows.get(tag, []):
            if tag == "storage_room" and period == last:
                continue  # Stock is empty at the end of the horizon, whatever the room.
            bound, tonnes = float(context.form.row_upper[number]), context.tonnes_per_unit[commodity]
            limit = Limit(True, number, site, period, upper=bound, amount_per_unit=tonnes)
            limits[kind_of[site], commodity].append(limit)
    for (kind, commodity), rows in sorted(limits.items()):
        sentence = context.words.storage(kind, commodity)
        yield Statement(f"storage {kind} {commodity}", Kind.STORAGE, sentence, "storage", ""), rows


def _capacities(context: Context) -> Stated:
    limits: dict[tuple[str, str], list[Limit]] = defaultdict(list)
    for number, (module, period) in context.rows.get("capacity_limit", []):
        facts = context.module[module]
        limit = Limit(True, number, facts["site"], period, upper=0.0)
        limits[facts["facility_type"], facts["jurisdiction"]].append(limit)
    for (kind, jurisdiction), rows in sorted(limits.items()):
        here = context.sites[context.sites["facility_type"] == kind]
        sentence = context.words.capacity(kind, jurisdiction, here[here["jurisdiction"] == jurisdiction])
        place = context.words.place(jurisdiction)
        name = f"capacity {kind}[{jurisdiction}]"
        yield Statement(name, Kind.CAPACITY, sentence, f"capacity {kind}", place), rows


def _formal_share(context: Context) -> Stated:
    share = collected_share(context.instance, context.network.effects)
    supplies = context.network.supplies
    source_of = dict(zip(supplies["supply"], supplies["source"], strict=True))
    rows = [
        Limit(True, number, source_of[supply], period, lower=float(context.form.row_lower[number]))
        for number, (supply, period) in context.rows.get("leakage", [])
    ]
    if share < 1:
        sentence = context.words.formal_share(share)
        yield Statement("formal share", Kind.FORMAL_SHARE, sentence, "formal_share", ""), rows


def _supplies(context: Context) -> Stated:
    if context.instance.settings.prices.unserved_cny_per_tonne is not None:
        return
    supplies = context.network.supplies
    for jurisdiction, rows in supplies.groupby("jurisdiction"):
        limits = [
            Limit(False, context.columns["unserved", supply, period], source, period, upper=0.0)
            for supply, source in zip(rows["supply"], rows["source"], strict=True)
            for period in context.instance.periods
        ]
        sentence = context.words.supply(str(jurisdiction), context.network, rows["supply"])
        place = context.words.place(str(jurisdiction))
        yield Statement(f"supply [{jurisdiction}]", Kind.SUPPLY, sentence, "supply", place), limits


COLLECTORS: Final = (
    _rules,
    _bans,
    *CONTROLS,
    _builds,
    _markets,
    _emissions,
    _minima,
    _storage,
    _capacities,
    _formal_share,
    _supplies,
)
"""One function per kind, in the order in which an explanation names them. A row or bound that none
of them collects belongs to what nobody can lift."""


def _freed(form: StandardForm, limits: pd.DataFrame) -> StandardForm:
    """Return the form without what the limits state: their sides of rows and columns open."""
    row_lower, row_upper, upper = form.row_lower.copy(), form.row_upper.copy(), form.upper.copy()
    rows, columns = limits[limits["is_row"]], limits[~limits["is_row"]]
    for side, infinite, bounds in (("lower", -np.inf, row_lower), ("upper", np.inf, row_upper)):
        bounds[rows.loc[np.isfinite(rows[side]), "index"].to_numpy(dtype=int)] = infinite
    index = columns["index"].to_numpy(dtype=int)
    upper[index] = np.where(form.is_integer[index], 1.0, np.inf)
    return replace(form, row_lower=row_lower, row_upper=row_upper, upper=upper)
