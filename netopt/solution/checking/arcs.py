"""Whether each flow could exist at all: its ends, goods, mode, length and provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.solution.checking.numbers import are_in, mapped

if TYPE_CHECKING:
    from netopt.policy.effects import ForbidOperators
    from netopt.solution.checking.facts import Facts
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

SHOWN = ["from_place", "to_place", "commodity", "mode", "origin", "left_before", "left_after", "period"]


def check_arcs(plan: Plan, findings: Findings) -> None:
    """Check every flow under the tags ``arc``, ``distance``, ``provenance`` and ``operator_rule``."""
    flows, shown = plan.flows, plan.flows[SHOWN]
    findings.rows("arc", shown, flows["from_place"] == flows["to_place"], "flow from a place to itself")
    findings.rows("arc", shown, ~_is_given(plan.facts, flows), "the place does not give this")
    findings.rows("arc", shown, ~_is_taken(plan.facts, flows), "the place does not take this")
    findings.rows("arc", shown, ~_has_tariff(plan.facts, flows), "no such haul for these goods")
    findings.rows("arc", shown, ~flows["has_way"], "no distance between the places")
    _check_distance(flows, findings)
    _check_provenance(plan, findings)
    for rule in plan.facts.effects.forbidden_operators:
        barred = is_barred(plan.facts, rule, flows["to_place"], flows["period"])
        if rule.action == "receive":
            findings.rows("operator_rule", shown, barred, "operator may not receive here")


def _is_given(facts: Facts, flows: pd.DataFrame) -> pd.Series:
    """Return whether the origin gives the commodity: supply, returns, offers or recipe outputs."""
    supply = facts.instance["supply"][["source", "commodity"]]
    located = facts.places["location"] != ""
    returns = facts.sales_that_return[["market", "returned_commodity"]]
    returns = returns[mapped(returns["market"], located).astype(bool)]
    givers = pd.concat(
        [part.set_axis(["place", "commodity"], axis=1) for part in (supply, returns, facts.site_outputs)]
    )
    offers = facts.offers[["vendor", "commodity", "period"]]
    from_a_place_of_goods = are_in(flows, ["from_place", "commodity"], givers)
    from_a_place_of_goods |= are_in(flows, ["from_place", "commodity", "period"], offers)
    source_to_market = (flows["from_kind"] != "site") & (flows["to_kind"] == "market")
    return from_a_place_of_goods & ~source_to_market


def _is_taken(facts: Facts, flows: pd.DataFrame) -> pd.Series:
    """Return whether the destination takes the commodity in the period."""
    by_recipe = are_in(flows, ["to_place", "commodity"], facts.site_inputs)
    bought = are_in(
        flows, ["to_place", "commodity", "period"], facts.offtake[["market", "commodity", "period"]]
    )
    return by_recipe | bought


def _has_tariff(facts: Facts, flows: pd.DataFrame) -> pd.Series:
    tariffs = facts.instance["haulage"][["mode", "goods_class", "leg"]]
    hauled = are_in(flows, ["mode", "goods_class", "leg"], tariffs) & (flows["mode"] != "")
    return hauled.where(~flows["at_gate"], flows["mode"] == "")


def _check_distance(flows: pd.DataFrame, findings: Findings) -> None:
    keyed = flows.set_index(SHOWN)
    off = (keyed["distance_km"] - keyed["km"]).abs()[flows["has_way"].to_numpy()]
    findings.sizes("distance", off, pd.Series(1e-6, index=off.index), "km")


def _check_provenance(plan: Plan, findings: Findings) -> None:
    effects, flows = plan.facts.effects, plan.flows
    tracked = flows["from_jurisdiction"].isin(effects.tracked_origins) & flows["undismantled"]
    from_source = flows["from_kind"] == "source"
    origin = flows["from_jurisdiction"].where(from_source & tracked, "")
    wrong_origin = (flows["origin"] != origin) & (flows["from_kind"] != "site")
    shown = flows[SHOWN]
    findings.rows("provenance", shown, wrong_origin, "wrong origin")
    lost = ~flows["undismantled"] & ((flows["origin"] != "") | flows["left_before"] | flows["left_after"])
    findings.rows("provenance", shown, lost, "dismantled goods have no provenance")
    fresh = (flows["from_kind"] != "site") & flows["left_before"]
    findings.rows("provenance", shown, fresh, "cannot have left before its first arc")
    leaves = (flows["left_before"] | flows["crosses"]) & flows["undismantled"] & effects.tracks_departures
    findings.rows("provenance", shown, flows["left_after"] != leaves, "left_after does not follow")
    untracked = flows["left_before"] & (not effects.tracks_departures)
    findings.rows("provenance", shown, untracked, "departures are not tracked")


def is_barred(facts: Facts, rule: ForbidOperators, sites: pd.Series, periods: pd.Series) -> pd.Series:
    """Return whether an operator rule holds for each site (other places: False) in each period."""
    home = facts.instance["operators"].set_index("operator")["jurisdiction"]
    places = facts.places
    operator = mapped(sites, places["operator"])
    here = (mapped(sites, places["jurisdiction"]) == rule.jurisdiction) & (
        mapped(sites, places["kind"]) == "site"
    )
    outsider = (operator.map(home) != rule.jurisdiction) & ~operator.isin(rule.exempt_operators)
    meant = mapped(sites, places["facility_type"]).isin(rule.facility_types or places["facility_type"])
    barred = here & outsider & meant
    if rule.until_year is None:
        return barred
    return barred & (mapped(periods, facts.periods["start"]) < rule.until_year)
