"""Statements in a planner's words, with tonnes and places."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import netopt.policy.levers  # noqa: F401 - registers the levers
from netopt.data.tables import PLACES
from netopt.policy.base import LEVERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.policy.effects import ForbidOperators, Mass, ShareRule
    from netopt.strategies.explaining.context import Limit

LISTED = 3
"""So many names are listed; of more, their number is told."""


class Words:
    """Names of places and things, and sentences about them.

    Parameters
    ----------
    instance
        As the planner has it.
    has_one_share
        Whether every source has the instance's formal share.
    """

    def __init__(self, instance: Instance, *, has_one_share: bool = True) -> None:
        self._instance = instance
        self._has_one_share = has_one_share

    def name(self, table: str, identity: str) -> str:
        """Return the name of a row by its id (the first column of its table)."""
        return self._names(table).get(identity, identity)

    def _names(self, table: str) -> dict[str, str]:
        return self._all_names.setdefault(table, self._read_names(table))

    @cached_property
    def _all_names(self) -> dict[str, dict[str, str]]:
        return {}

    def _read_names(self, table: str) -> dict[str, str]:
        rows = self._instance[table]
        return {key: name or key for key, name in zip(rows.iloc[:, 0], rows["name"], strict=True)}

    def site(self, identity: str) -> str:
        """Return the name of a source, site, market or vendor by the id that they share."""
        for table in PLACES.values():
            if identity in self._names(table):
                return self._names(table)[identity]
        return identity

    def place(self, jurisdiction: str) -> str:
        """Return a jurisdiction's name; "" without one."""
        return self.name("jurisdictions", jurisdiction) if jurisdiction else ""

    def places(self, jurisdictions: Iterable[str]) -> str:
        """Return the names of jurisdictions, listed."""
        return listed([self.place(jurisdiction) for jurisdiction in jurisdictions])

    def jurisdiction_of_market(self, market: str) -> str:
        """Return the jurisdiction of a market; "" at the gate."""
        location = self._instance["markets"].set_index("market")["location"][market]
        return self.jurisdiction_of_location.get(location, "")

    @cached_property
    def jurisdiction_of_location(self) -> dict[str, str]:
        """Jurisdiction of each location."""
        rows = self._instance["locations"]
        return dict(zip(rows["location"], rows["jurisdiction"], strict=True))

    def kind(self, facility_type: str) -> str:
        """Return a facility type's name as it stands within a sentence."""
        name = self.name("facility_types", facility_type)
        return name[:1].lower() + name[1:] if name[1:2].islower() else name

    def commodity(self, commodity: str) -> str:
        """Return a commodity's name as it stands within a sentence."""
        name = self.name("commodities", commodity)
        return name[:1].lower() + name[1:] if name[1:2].islower() else name

    def rule(self, rule: ShareRule) -> str:
        """Return a share rule in words, with the tonnes where no plan can change them."""
        title = LEVERS[rule.lever].title if rule.lever in LEVERS else rule.lever
        if rule.is_cap:
            return f"{title} ({rule.rule}): {self._cap(rule)}"
        demand = f"at least {share(rule.share)} of {self._whole(rule.whole)} {self._part(rule.part)}"
        price = rule.penalty_cny_per_tonne
        soft = "" if price is None else f"; a tonne missing costs {price:,.0f} CNY"
        return f"{title} ({rule.rule}): {demand}{self._demanded(rule)}{soft}"

    def _cap(self, rule: ShareRule) -> str:
        """Return how much there may be at most, and what more of it costs."""
        mass, limit = rule.whole, f"{rule.part.tonnes_per_year:,.0f}"
        price = rule.penalty_cny_per_tonne
        soft = "" if price is None else f"; a tonne more costs {price:,.0f} CNY"
        if not rule.is_target:
            soft = "; nothing is paid for more"
        if mass.measure == "emitted":
            where = f" in {self.places(mass.jurisdictions)}" if mass.jurisdictions else ""
            return f"at most {limit} t CO2e a year are emitted{where}{soft}"
        if mass.measure in ("imported", "exported"):
            goods = listed([self.commodity(item) for item in mass.commodities])
            return f"at most {limit} t a year are {mass.measure}{f' of {goods}' if goods else ''}{soft}"
        by = listed([f"a {self.kind(item)}" for item in mass.facility_types], word="or") or "any facility"
        where = f" in {self.places(mass.jurisdictions)}" if mass.jurisdictions else ""
        if mass.measure == "capacity":
            return f"at most {limit} t a year of capacity of {by}{where} are paid for{soft}"
        if mass.measure == "invested":
            return f"at most {limit} CNY a year of annuities of {by}{where} are paid for{soft}"
        verb = "are" if rule.is_target else "are paid for that are"
        return f"at most {limit} t a year {verb} taken in by {by}{where}{soft}"

    def _whole(self, mass: Mass) -> str:
        if mass.measure == "contained":
            return f"the {self.name('metals', mass.metal).lower()} that {self._facilities(mass)} take in"
        verb = {
            "retired": "what retires",
            "collected": "what is collected",
            "eligible": "what would test fit for cascade use",
            "processed": "what is processed",
        }[mass.measure]
        what = f" of {listed([self.commodity(item) for item in mass.commodities])}"
        where = f" in {self.places(mass.origins)}" if mass.origins else ""
        return f"{verb}{what if mass.commodities else ''}{where}"

    def _facilities(self, mass: Mass) -> str:
        """Return ``hydrometallurgical recyclers in P1``-like words for what a mass names."""
        kinds = [f"{self.kind(item)}s" for item in mass.facility_types]
        where = f" in {self.places(mass.jurisdictions)}" if mass.jurisdictions else ""
        return f"{listed(kinds) or 'facilities'}{where}"

    def _part(self, mass: Mass) -> str:
        if mass.measure == "recovered":
            return "must be recovered"
        by = listed([self.kind(item) for item in mass.facility_types])
        where = f" in {self.places(mass.jurisdictions)}" if mass.jurisdictions else ""
        verb = {
            "retired": "must retire",
            "collected": "must be collected",
            "eligible": "must test fit for cascade use",
            "processed": "must be processed",
        }[mass.measure]
        return f"{verb}{f' by a {by}' if by else ''}{where}"

    def _demanded(self, rule: ShareRule) -> str:
        """Return ``: 4,000 t a year`` where the share is of a mass that no plan changes."""
        whole = rule.whole
        priced = self._instance.settings.prices.unserved_cny_per_tonne is not None
        returned = len(self._instance["second_life"]) > 0 and not whole.origins
        if whole.measure not in ("retired", "collected"):
            return ""
        if whole.measure == "collected" and (priced or returned or not self._has_one_share):
            return ""
        supply = self._instance["supply"]
        sources = self._instance["sources"].set_index("source")["location"]
        origins = supply["source"].map(sources).map(self.jurisdiction_of_location)
        meant = origins.isin(whole.origins) if whole.origins else origins.notna()
        if whole.commodities:
            meant &= supply["commodity"].isin(whole.commodities)
        collected = self._instance.settings.leakage.formal_share if whole.measure == "collected" else 1.0
        tonnes = supply[meant].groupby("period")["supply_tonnes_per_year"].sum() * collected * rule.share
        return f": {a_year(tonnes)}" if len(tonnes) else ""

    def ban(self, rule: ForbidOperators, sites: list[str], periods: list[str]) -> str:
        """Return an operator rule in words, with the sites that it bars."""
        title = LEVERS[rule.lever].title if rule.lever in LEVERS else rule.lever
        verb = {"open": "open or expand", "receive": "receive batteries at"}[rule.action]
        kinds = listed([f"a {self.kind(item)}" for item in rule.facility_types]) or "a facility"
        until = "" if rule.until_year is None else f" before {rule.until_year}"
        exempt = [self.name("operators", item) for item in rule.exempt_operators]
        but = f" (but {listed(exempt)})" if exempt else ""
        where = self.place(rule.jurisdiction)
        bars = f"; it bars {listed(sites)}" if sites and periods else ""
        return f"{title}: nobody from outside {where}{but} may {verb} {kinds} in {where}{until}{bars}"

    def build(self, kind: str, jurisdiction: str, sites: pd.DataFrame) -> str:
        """Return that nothing may be built or added at these sites."""
        stands = sites["existing_capacity_tonnes_per_year"] * sites["effective_share"] > 0
        verb = "added to" if stands.all() else "built at"
        where = self.place(jurisdiction)
        return (
            f"No {self.kind(kind)} may be {verb} {listed(sites['site'])} in {where} "
            "(sites.csv, may_build = false)"
        )

    def market(self, commodity: str, limits: list[Limit]) -> str:
        """Return what markets take of a commodity, in its unit and in tonnes."""
        facts = self._instance["commodities"].set_index("commodity")
        by_period: dict[str, float] = {}
        for limit in limits:
            by_period[limit.period] = by_period.get(limit.period, 0.0) + limit.upper
        unit, mass = facts["unit"][commodity], facts["tonnes_per_unit"][commodity]
        tonnes = {period: units * mass for period, units in by_period.items()}
        in_tonnes = "" if unit == "t" else f" ({a_year(tonnes)})"
        markets = list(dict.fromkeys(self.name("markets", limit.where) for limit in limits))
        return (
            f"{listed(markets)}: at most {a_year(by_period, unit)}{in_tonnes} of "
            f"{self.commodity(commodity)} {'are' if unit != 't' else 'is'} taken"
        )

    def emission(self, caps_tonnes: dict[str, float]) -> str:
        """Return the cap on emissions (t CO2e a year, by period)."""
        return f"The formal network emits at most {a_year(caps_tonnes, 't CO2e')} (instance.toml, limits)"

    def minimum(self, kind: str) -> str:
        """Return the least loads of a facility type's sizes."""
        sizes = self._instance["sizes"]
        rows = sizes[(sizes["facility_type"] == kind) & (sizes["minimum_utilisation"] > 0)]
        least = [
            f"{share(row['minimum_utilisation'])} of {row['capacity_tonnes_per_year']:,.0f} t, that is "
            f"{row['minimum_utilisation'] * row['capacity_tonnes_per_year']:,.0f} t a year"
            for row in rows.to_dict("records")
        ]
        return f"A {self.kind(kind)} that operates processes at least {listed(least)} (sizes.csv)"

    def storage(self, kind: str, commodity: str) -> str:
        """Return what a facility type may keep."""
        rows = self._instance["storage"]
        row = rows[(rows["facility_type"] == kind) & (rows["commodity"] == commodity)].iloc[0]
        unit = self._instance["commodities"].set_index("commodity")["unit"][commodity]
        return (
            f"A {self.kind(kind)} keeps at most {row['capacity_units']:,.0f} {unit} of "
            f"{self.commodity(commodity)} (storage.csv)"
        )

    def capacity(self, kind: str, jurisdiction: str, sites: pd.DataFrame) -> str:
        """Return what stands of a facility type in a jurisdiction, and in which sizes it is built."""
        effective = sites["existing_capacity_tonnes_per_year"] * sites["effective_share"]
        standing = sites.loc[effective > 0, "site"]
        parts = []
        if len(standing):
            parts.append(f"{effective.sum():,.0f} t a year stand ({listed(standing)})")
        sizes = self._instance["sizes"]
        steps = sizes.loc[sizes["facility_type"] == kind, "capacity_tonnes_per_year"]
        if sites["may_build"].any() and len(steps):
            allowed = sites.loc[sites["may_build"].astype(bool), "site"]
            steps_words = listed([f"{step:,.0f}" for step in sorted(steps)], word="or")
            parts.append(f"{steps_words} t a year can be built at {listed(allowed)}")
        parts.extend(self._expansions(kind, sites))
        has = "; ".join(parts) or "none stands"
        return f"Capacity of a {self.kind(kind)} in {self.place(jurisdiction)}: {has}"

    def _expansions(self, kind: str, sites: pd.DataFrame) -> Iterator[str]:
        """Yield what may be added of each expansion of a facility type, where anything may."""
        expansions = self._instance["expansions"]
        allowed = sites.loc[sites["may_build"].astype(bool), "site"]
        for most in expansions.loc[expansions["facility_type"] == kind, "capacity_tonnes_per_year"]:
            if len(allowed):
                yield f"any amount up to {most:,.0f} t a year can be added at {listed(allowed)}"

    def formal_share(self, formal: float) -> str:
        """Return that no more is collected than the formal share."""
        supply = self._instance["supply"]
        tonnes = supply.groupby("period")["supply_tonnes_per_year"].sum() * formal
        moved = "" if self._has_one_share else ", and what levers add to it"
        return (
            f"No more than {share(formal)} of what retires is collected formally: {a_year(tonnes)} "
            f"(instance.toml, formal_share{moved})"
        )

    def supply(self, jurisdiction: str, network: Network, supplies: pd.Series) -> str:
        """Return that everything collected in a jurisdiction must be taken."""
        collected = (network.supply_tonnes - network.leaked_tonnes).loc[list(supplies)].sum()
        where = self.place(jurisdiction)
        return f"All that is collected in {where} must be taken by a facility: {a_year(collected)}"


def listed(names: Iterable[str], word: str = "and") -> str:
    """Return names as a list in words, cut where it is long.

    Examples
    --------
    >>> listed(["A", "B", "C"])
    'A, B and C'
    >>> listed(["A", "B", "C", "D", "E"])
    'A, B and 3 more'
    """
    found = list(names)
    if len(found) > LISTED + 1:
        kept = found[: LISTED - 1]
        return f"{', '.join(kept)} {word} {len(found) - len(kept)} more"
    *first, last = found or [""]
    return f"{', '.join(first)} {word} {last}" if first else last


def share(value: float) -> str:
    """Return a share in per cent, without digits that say nothing.

    Examples
    --------
    >>> share(0.6), share(0.125)
    ('60 %', '12.5 %')
    """
    return f"{100 * value:.4g} %"


def number(value: float) -> str:
    """Return a quantity in words: whole numbers from a hundred on, three digits below.

    Examples
    --------
    >>> number(8000.0), number(0.25)
    ('8,000', '0.25')
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def a_year(by_period: Mapping[str, float] | pd.Series, unit: str = "t") -> str:
    """Return quantities by period as one figure a year, or from the least to the greatest.

    Examples
    --------
    >>> a_year({"2025": 100.0, "2030": 250.0})
    '100 to 250 t a year'
    """
    values = [float(value) for _, value in by_period.items()]
    low, high = number(min(values)), number(max(values))
    return f"{low if low == high else f'{low} to {high}'} {unit} a year"
