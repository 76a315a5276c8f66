"""Facilities: what is opened, operates, and carries load, module by module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.solution.checking.arcs import is_barred
from netopt.solution.checking.numbers import are_in, net_and_size, total_by
from netopt.units import INTEGRALITY_TOLERANCE

if TYPE_CHECKING:
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

SHOWN = ["site", "size", "period", "opened", "expanded", "closed", "renewed", "operating"]
MODULE = ["site", "size", "period"]


def check_facilities(plan: Plan, findings: Findings) -> None:
    """Check operating states, openings, loads and capacity of every module."""
    modules = plan.modules
    _check_complete(plan, findings)
    _check_states(modules[~modules["divisible"]], findings)
    _check_parts(modules[modules["divisible"]], findings)
    _check_openings(modules, findings)
    _check_settings(plan, findings)
    _check_replacement(plan, findings)
    _check_operators(plan, findings)
    _check_loads(plan, findings)


def _check_complete(plan: Plan, findings: Findings) -> None:
    """Check that the table has a row for every module and period."""
    modules = plan.modules
    given = are_in(modules, MODULE, plan.tables["facilities"][MODULE])
    findings.rows("complete", modules[MODULE], ~given, "facilities lacks a row")


def _check_states(modules: pd.DataFrame, findings: Findings) -> None:
    added = modules["opened"].astype(int) + modules["expanded"].astype(int)
    before = modules["was_operating"].astype(int)
    follows = before + added - modules["closed"].astype(int)
    wrong = modules["operating"].astype(int) != follows
    findings.rows("stay_open", modules[SHOWN], wrong, "operating does not follow")
    findings.rows("closing", modules[SHOWN], modules["closed"] & (before == 0), "closed without operating")


def _check_parts(modules: pd.DataFrame, findings: Findings) -> None:
    """Check what may operate in part: a share that grows only as it is expanded, and flags that say so."""
    keyed = modules.set_index(MODULE)
    closed = keyed["share_before"] - keyed["share"]
    allowed = pd.Series(INTEGRALITY_TOLERANCE, index=keyed.index)
    findings.sizes("stay_open", (-closed).where(~keyed["expanded"], 0 * closed), allowed, "share")
    findings.sizes("open_once", keyed["share"] - 1, allowed, "share")
    grown = keyed["expanded"] & ~(closed < 0)
    findings.rows("stay_open", modules[SHOWN], grown, "expanded without more capacity")
    wrong = keyed["operating"] != (keyed["share"] > 0)
    findings.rows("stay_open", modules[SHOWN], wrong, "operating does not follow from the capacity")
    silent = (closed > INTEGRALITY_TOLERANCE) & ~keyed["closed"]
    findings.rows("stay_open", modules[SHOWN], silent, "capacity closed without saying so")
    findings.rows("closing", modules[SHOWN], keyed["closed"] & ~(closed > 0), "closed without operating")


def _check_settings(plan: Plan, findings: Findings) -> None:
    """Check that sites open in the periods that the settings name, and close only where they may."""
    modules, capital = plan.modules, plan.facts.instance.settings.capital
    if capital.opening_periods is not None:
        late = modules["opened"] & ~modules["period"].isin(capital.opening_periods)
        findings.rows("open_once", modules[SHOWN], late, "no site opens in this period")
    smaller = modules["share_before"] - modules["share"] > INTEGRALITY_TOLERANCE
    stays = modules["expands"] & modules["resale_share"].isna()
    if not capital.may_close:
        stays |= ~modules["expands"]
    wrong = (modules["closed"] | smaller) & stays
    findings.rows("closing", modules[SHOWN], wrong, "what operates may not close")


def _check_openings(modules: pd.DataFrame, findings: Findings) -> None:
    standing = modules["stands"] & (modules["opened"] | modules["expanded"])
    findings.rows("open_once", modules[SHOWN], standing, "what stands already cannot be built")
    existing = modules.groupby("site")["stands"].any()
    opened = modules.groupby("site")["opened"].sum()
    findings.rows(
        "open_once", modules[SHOWN], modules["expands"] & modules["opened"], "an expansion opens no site"
    )
    once = modules[~modules["expands"]]
    built = (once["opened"].astype(int) + once["expanded"]).groupby([once["site"], once["size"]])
    findings.sizes("open_once", opened - (~existing).astype(int), opened * 0, "openings")
    findings.sizes("open_once", built.sum() - 1, built.sum() * 0, "openings")
    _check_expansions(modules, findings)


def _check_expansions(modules: pd.DataFrame, findings: Findings) -> None:
    """Check that something at the site operated before, or that it stands for many plants.

    What expansions.csv lets be added needs something else that operates in the same period.
    """
    at = [modules["site"], modules["period"]]
    operated = modules["was_operating"].groupby(at).transform("any")
    many = (modules["divisible"] & modules["stands"]).groupby(modules["site"]).transform("any")
    wrong = modules["expanded"] & ~modules["expands"] & ~operated & ~many
    findings.rows("expansion", modules[SHOWN], wrong, "expanded where nothing operated before")
    beside = (modules["operating"] & ~modules["expands"]).groupby(at).transform("any")
    alone = modules["operating"] & modules["expands"] & ~beside & ~many
    findings.rows("expansion", modules[SHOWN], alone, "an expansion where nothing else operates")


def _check_replacement(plan: Plan, findings: Findings) -> None:
    """Check that capital of every operating built module is within its life all period long.

    The format lets expansions outlast the horizon, so none is renewed.
    """
    modules = plan.modules.join(plan.facts.periods[["start", "end"]], on="period")
    standing = modules["stands"] & modules["renewed"]
    findings.rows("replacement", modules[SHOWN], standing, "what stands already is not renewed")
    added = modules["expands"] & modules["renewed"]
    findings.rows("replacement", modules[SHOWN], added, "an expansion is not renewed")
    invested = modules["opened"] | modules["expanded"] | modules["renewed"]
    last_start = modules["start"].where(invested).groupby([modules["site"], modules["size"]]).ffill()
    alive = last_start + modules["life_years"] >= modules["end"]
    outlived = modules["operating"] & ~modules["stands"] & ~modules["expands"] & ~alive
    findings.rows("replacement", modules[SHOWN], outlived, "operates beyond its life")


def _check_operators(plan: Plan, findings: Findings) -> None:
    modules = plan.modules
    opens = modules["opened"] | modules["expanded"]
    for rule in plan.facts.effects.forbidden_operators:
        if rule.action == "open":
            barred = is_barred(plan.facts, rule, modules["site"], modules["period"])
            findings.rows("operator_rule", modules[SHOWN], barred & opens, "operator may not build here")


def _check_loads(plan: Plan, findings: Findings) -> None:
    modules, runs = plan.modules, plan.throughput
    load = total_by(modules, MODULE, modules["load_tonnes_per_year"])
    limit = modules["capacity"] * modules["share"]
    offered = total_by(modules, MODULE, limit)
    claimed = total_by(modules, MODULE, modules["capacity_tonnes_per_year"])
    least = total_by(modules, MODULE, limit * modules["minimum_utilisation"])
    findings.limit("capacity_limit", net_and_size([load, -offered]), "t/yr")
    findings.balance("capacity", net_and_size([claimed, -offered]), "t/yr")
    findings.limit("minimum_throughput", net_and_size([least, -load]), "t/yr")
    at = ["site", "period"]
    processed = total_by(runs, at, runs["tonnes"])
    carried = total_by(modules, at, modules["load_tonnes_per_year"])
    findings.balance("module_load", net_and_size([processed, -carried]), "t/yr")
