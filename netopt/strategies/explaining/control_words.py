"""Planner's controls in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netopt.policy.base import LEVERS
from netopt.strategies.explaining.words import listed

if TYPE_CHECKING:
    from netopt.policy.effects import CountSites, ForbidHauls, ForceSite, SingleSource
    from netopt.strategies.explaining.words import Words

_LEGS: Final = {"first": "from sources and returns", "trunk": "between facilities and to markets"}


def title(lever: str) -> str:
    """Return a lever's title; its name where nobody registered it."""
    return LEVERS[lever].title if lever in LEVERS else lever


def haul(words: Words, rule: ForbidHauls) -> str:
    """Return which hauls a rule closes."""
    what = listed([words.commodity(item) for item in rule.commodities]) or "nothing"
    no = f"no {what}" if rule.commodities else what
    by = f" by {listed(rule.modes, word='or')}" if rule.modes else ""
    on = f" {listed([_LEGS[leg] for leg in rule.legs])}" if rule.legs else ""
    longer = "" if rule.longer_than_km is None else f" further than {rule.longer_than_km:,g} km"
    return f"{title(rule.lever)}: {no} is hauled{by}{longer}{on}{_border(words, rule)}"


def _border(words: Words, rule: ForbidHauls) -> str:
    """Return over which borders; "" where a rule knows none."""
    if not rule.crossing:
        return ""
    out = f" out of {words.places(rule.from_jurisdictions)}" if rule.from_jurisdictions else ""
    into = f" into {words.places(rule.to_jurisdictions)}" if rule.to_jurisdictions else ""
    return f"{out}{into} over a border"


def site(words: Words, rule: ForceSite) -> str:
    """Return that a site must be open or closed, and when."""
    duty = {
        "open": "must operate a whole module",
        "closed": "must be closed, and nothing may arrive there",
    }[rule.state]
    since = "" if rule.from_year is None else f" from {rule.from_year} on"
    until = "" if rule.until_year is None else f" before {rule.until_year}"
    return f"{title(rule.lever)}: {words.site(rule.site)} ({rule.site}) {duty}{since}{until}"


def count(words: Words, rule: CountSites, bound: str, number: int) -> str:
    """Return one bound on the number of sites."""
    what = " or ".join(words.kind(item) for item in rule.facility_types)
    where = f" in {words.places(rule.jurisdictions)}" if rule.jurisdictions else ""
    how = {"minimum": "at least", "maximum": "at most"}[bound]
    of = f" of the type {what}" if what else ""
    sites = "site operates" if number == 1 else "sites operate"
    return f"{title(rule.lever)}: {how} {number} {sites}{of}{where}"


def single(words: Words, rule: SingleSource) -> str:
    """Return that sources deal with one site."""
    what = f"of {listed([words.commodity(item) for item in rule.commodities]) or 'each commodity'}"
    kinds = " or ".join(words.kind(item) for item in rule.facility_types)
    of = f" of the type {kinds}" if kinds else ""
    return f"{title(rule.lever)}: each source sends all that it collects {what} to one site{of} a period"
