"""What closes arcs that could otherwise carry flow, and for which reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netopt.network.facilities import barred_sites, located_sites
from netopt.network.lookups import is_meant
from netopt.policy.in_force import periods_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from netopt.data.instance import Instance
    from netopt.policy.effects import Effects, ForbidHauls


@dataclass(frozen=True)
class Closing:
    """Arcs (a mask over the rows of the arcs) that are closed in some periods, and why."""

    arcs: NDArray[np.bool_]
    periods: list[str]
    reason: str


def closings(
    instance: Instance, effects: Effects, arcs: pd.DataFrame, sold: pd.DataFrame, offered: pd.DataFrame
) -> list[Closing]:
    """Return everything that closes arcs.

    Parameters
    ----------
    instance, effects
        What to plan and under which rules.
    arcs
        As ``Network.arcs``, before closed ones are dropped.
    sold
        ``market, commodity, period``: what is bought when.
    offered
        ``vendor, commodity, period``: what is sold to facilities when.
    """
    return [
        *_by_operators(instance, effects, arcs),
        *_by_sites(instance, effects, arcs),
        *_by_hauls(instance, effects, arcs),
        *_by_markets(instance, arcs, sold),
        *_by_vendors(instance, arcs, offered),
    ]


def closed_sites(instance: Instance, effects: Effects, period: str) -> frozenset[str]:
    """Return the sites that nothing may arrive at in a period."""
    sites = located_sites(instance)
    found: set[str] = set()
    for operators in effects.forbidden_operators:
        if operators.action == "receive" and period in periods_in_force(operators, instance):
            found |= set(barred_sites(operators, sites))
    for forced in effects.forced_sites:
        if forced.state == "closed" and period in periods_in_force(forced, instance):
            found.add(forced.site)
    return frozenset(found)


def _by_operators(instance: Instance, effects: Effects, arcs: pd.DataFrame) -> Iterator[Closing]:
    sites = located_sites(instance)
    for rule in effects.forbidden_operators:
        if rule.action == "receive":
            barred = arcs["to_place"].isin(barred_sites(rule, sites)).to_numpy()
            yield Closing(barred, periods_in_force(rule, instance), "closed by an operator rule")


def _by_sites(instance: Instance, effects: Effects, arcs: pd.DataFrame) -> Iterator[Closing]:
    for rule in effects.forced_sites:
        if rule.state == "closed":
            into = (arcs["to_place"] == rule.site).to_numpy()
            yield Closing(into, periods_in_force(rule, instance), f"closed by {rule.lever}")


def _by_hauls(instance: Instance, effects: Effects, arcs: pd.DataFrame) -> Iterator[Closing]:
    for rule in effects.forbidden_hauls:
        longer = "" if rule.longer_than_km is None else f": longer than {rule.longer_than_km:,g} km"
        over = ": over a border" if rule.crossing else ""
        reason = f"closed by {rule.lever}{longer}{over}"
        yield Closing(are_forbidden_hauls(rule, arcs), list(instance.periods), reason)


def are_forbidden_hauls(rule: ForbidHauls, arcs: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which arcs a rule on hauls closes; a sale at the gate (mode "") is no haul."""
    closed = arcs["mode"] != ""
    for column, ids in (("commodity", rule.commodities), ("leg", rule.legs), ("mode", rule.modes)):
        if ids:
            closed &= arcs[column].isin(ids)
    if rule.longer_than_km is not None:
        closed &= arcs["distance_km"] > rule.longer_than_km
    if rule.crossing:
        closed &= arcs["from_jurisdiction"] != arcs["to_jurisdiction"]
        closed &= is_meant(arcs["from_jurisdiction"], rule.from_jurisdictions)
        closed &= is_meant(arcs["to_jurisdiction"], rule.to_jurisdictions)
    return closed.to_numpy(dtype=bool)


def _by_markets(instance: Instance, arcs: pd.DataFrame, sold: pd.DataFrame) -> Iterator[Closing]:
    into_market = (arcs["to_kind"] == "market").to_numpy()
    offered = pd.MultiIndex.from_frame(arcs[["to_place", "commodity"]])
    for period in instance.periods:
        taken = pd.MultiIndex.from_frame(sold.loc[sold["period"] == period, ["market", "commodity"]])
        yield Closing(into_market & ~offered.isin(taken), [period], "nothing bought")


def _by_vendors(instance: Instance, arcs: pd.DataFrame, offered: pd.DataFrame) -> Iterator[Closing]:
    from_vendor = (arcs["from_kind"] == "vendor").to_numpy()
    given = pd.MultiIndex.from_frame(arcs[["from_place", "commodity"]])
    for period in instance.periods if from_vendor.any() else ():
        sells = pd.MultiIndex.from_frame(offered.loc[offered["period"] == period, ["vendor", "commodity"]])
        yield Closing(from_vendor & ~given.isin(sells), [period], "nothing offered")


def open_arcs(instance: Instance, arcs: pd.DataFrame, closed: list[Closing]) -> pd.DataFrame:
    """Return whether each arc may carry flow, by arc id and period."""
    is_open = pd.DataFrame(True, index=pd.Index(arcs["arc"]), columns=list(instance.periods))
    for closing in closed:
        is_open.loc[closing.arcs, closing.periods] = False
    return is_open


def reasons(closed: list[Closing], never: NDArray[np.bool_]) -> list[str]:
    """Return for each arc that is never open (mask ``never``) why: every reason that has a part."""
    found: list[dict[str, None]] = [{} for _ in range(int(never.sum()))]
    for closing in closed:
        for row in np.flatnonzero(closing.arcs[never]):
            found[row][closing.reason] = None
    return ["; ".join(each) for each in found]
