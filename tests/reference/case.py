"""The facts of one instance under one policy, as the brute force reads them off the tables.

Written from the mathematics of record alone; nothing of ``netopt.network`` or
``netopt.formulation`` is used, so that a mistake there shows as a difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyproj import Geod

from netopt.accounts import Perspective, weight_in
from netopt.data.instance import Instance
from netopt.data.settings import Period
from netopt.policy.effects import Effects, ForbidOperators

Row = dict[str, Any]
KG_PER_TONNE = 1000.0


@dataclass(frozen=True)
class Haul:
    """A possible shipment, whatever its provenance: from a place to a place by a mode."""

    origin: str
    destination: str
    origin_kind: str
    destination_kind: str
    commodity: str
    mode: str
    km: float
    tariff: float
    loading: float
    emission: float

    @property
    def leg(self) -> str:
        """First where it leaves a source or a return, trunk where it leaves a site or a vendor."""
        return leg_from(self.origin_kind)


def leg_from(kind: str) -> str:
    """Return the leg of what leaves a place of a kind."""
    return "trunk" if kind in ("site", "vendor") else "first"


class Case:
    """Lookups over the tables of an instance, and the arithmetic of money and time."""

    def __init__(
        self,
        instance: Instance,
        effects: Effects,
        perspective: Perspective,
        assigned: dict[tuple[int, str, str, str], str] | None = None,
    ) -> None:
        """``assigned`` names the one site of (single-sourcing rule, source, commodity, period)."""
        self.assigned = assigned or {}
        self.settings = instance.settings
        self.effects = effects
        self.perspective = perspective
        self.rows: dict[str, list[Row]] = {
            name: [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False)]
            for name, table in instance.tables.items()
        }
        self.sources = self._by_id("sources", "source")
        self.sites = self._by_id("sites", "site")
        self.markets = self._by_id("markets", "market")
        self.vendors = self._by_id("vendors", "vendor")
        self.commodities = self._by_id("commodities", "commodity")
        self.recipes = self._by_id("recipes", "recipe")
        self.types = self._by_id("facility_types", "facility_type")
        self.second_life = self._by_id("second_life", "commodity")
        self.informal = self._by_id("informal", "commodity")
        self._locations = self._by_id("locations", "location")
        self._operators = self._by_id("operators", "operator")

    def _by_id(self, table: str, column: str) -> dict[str, Row]:
        return {row[column]: row for row in self.rows[table]}

    # --- time and money -------------------------------------------------------------------

    @cached_property
    def periods(self) -> list[Period]:
        return list(self.settings.horizon.periods)

    @cached_property
    def horizon_end(self) -> int:
        return self.periods[-1].start_year + self.periods[-1].length_years

    def years(self, period: Period) -> range:
        return range(period.start_year, period.start_year + period.length_years)

    def discount(self, year: int) -> float:
        """Value in the base year of one yuan paid in ``year``."""
        horizon = self.settings.horizon
        return float((1 + horizon.discount_rate) ** (horizon.base_year - year))

    @cached_property
    def total_weight(self) -> float:
        return sum(self.discount(year) for period in self.periods for year in self.years(period))

    def share_of_year(self, period: Period) -> float:
        """Annual equivalent of one yuan a year in every year of the period."""
        return sum(self.discount(year) for year in self.years(period)) / self.total_weight

    def counted(self, category: str, payer: str, payee: str, amount: float) -> float:
        """What a payment counts in the objective of the perspective."""
        return weight_in(self.perspective, category, payer, payee) * amount

    def paid(self, category: str, amount: float) -> float:
        """What a payment of the formal chain to its suppliers counts."""
        return self.counted(category, "formal_chain", "suppliers", amount)

    def factor(self, jurisdiction: str, facility_type: str, category: str) -> float:
        """Regional cost factor: 1 + sum of share x (multiplier - 1)."""
        multipliers = {
            row["component"]: row["multiplier"]
            for row in self.rows["regional_costs"]
            if row["jurisdiction"] == jurisdiction
        }
        factor: float = 1 + sum(
            row["share"] * (multipliers.get(row["component"], 1.0) - 1)
            for row in self.rows["cost_shares"]
            if (row["facility_type"], row["category"]) == (facility_type, category)
        )
        return factor

    def informal_cost(self, commodity: str) -> float:
        """What a leaked tonne counts: processing, recovery, damage and emissions."""
        row = self.informal[commodity]
        carbon = self.settings.prices.carbon_cny_per_tonne * row["emission_kgco2e_per_tonne"] / KG_PER_TONNE
        channel, suppliers, buyers = "informal_channel", "suppliers", "buyers"
        return (
            self.counted("informal_processing", channel, suppliers, row["processing_cny_per_tonne"])
            + self.counted("informal_recovery", channel, buyers, -row["recovered_cny_per_tonne"])
            + self.counted("informal_damage", "public", "nature", row["damage_cny_per_tonne"])
            + self.counted("informal_emissions", "public", "nature", carbon)
        )

    def carbon(self, kg: float) -> float:
        """What emissions of so many kilograms count."""
        amount = kg / KG_PER_TONNE * self.settings.prices.carbon_cny_per_tonne
        return self.counted("emissions", "public", "nature", amount)

    # --- places ---------------------------------------------------------------------------

    def location(self, place: str) -> str:
        for table in (self.sources, self.sites, self.markets, self.vendors):
            if place in table:
                return str(table[place]["location"])
        raise KeyError(place)

    def jurisdiction(self, place: str) -> str:
        """Jurisdiction of a place; "" for a market at the gate."""
        location = self.location(place)
        return str(self._locations[location]["jurisdiction"]) if location else ""

    def crosses(self, haul: Haul) -> bool:
        """Whether the haul crosses a border; a sale at the gate never does."""
        if not self.location(haul.destination):
            return False
        return self.jurisdiction(haul.origin) != self.jurisdiction(haul.destination)

    def distance(self, origin: str, destination: str, mode: str) -> float | None:
        """Kilometres between two locations; None where there is no way."""
        first, second = self._locations[origin], self._locations[destination]
        if origin == destination:
            return float(first["internal_km"])
        method = self.settings.distance.method
        if method == "geodesic":
            _, _, metres = Geod(ellps="WGS84").inv(
                first["lon_deg"], first["lat_deg"], second["lon_deg"], second["lat_deg"]
            )
            return float(metres) / 1000 * self.settings.distance.circuity
        if method != "table":
            raise ValueError(f"the brute force does not measure distances by {method}")
        found = {(row["origin"], row["destination"], row["mode"]): row for row in self.rows["distances"]}
        row = found.get((origin, destination, mode)) or found.get((destination, origin, mode))
        return None if row is None else float(row["distance_km"])

    def type_of(self, site: str) -> str:
        return str(self.sites[site]["facility_type"])

    def recipes_of(self, site: str) -> list[str]:
        return [key for key, row in self.recipes.items() if row["facility_type"] == self.type_of(site)]

    def inputs_of(self, recipe: str) -> dict[str, float]:
        """Units of each input per tonne of throughput."""
        return {
            row["commodity"]: row["mass_share"] / self.tonnes(row["commodity"])
            for row in self.rows["recipe_inputs"]
            if row["recipe"] == recipe
        }

    def outputs_of(self, recipe: str) -> dict[str, float]:
        """Units of each output per tonne of throughput."""
        return {
            row["commodity"]: row["yield_units_per_tonne"]
            for row in self.rows["recipe_outputs"]
            if row["recipe"] == recipe
        }

    def tonnes(self, commodity: str) -> float:
        return float(self.commodities[commodity]["tonnes_per_unit"])

    def undismantled(self, commodity: str) -> bool:
        return bool(self.commodities[commodity]["undismantled"])

    def beginnings(self, commodity: str, *, with_returns: bool) -> set[str]:
        """What an undismantled commodity may have retired as, followed back through the recipes."""
        retired = {row["commodity"] for row in self.rows["supply"]}
        if with_returns:
            retired |= {row["returned_commodity"] for row in self.rows["second_life"]}
        found = {commodity} & retired
        for recipe in self.recipes:
            if commodity in self.outputs_of(recipe):
                for taken in filter(self.undismantled, self.inputs_of(recipe)):
                    found |= self.beginnings(taken, with_returns=with_returns)
        return found

    def forbidden(self, site: str, action: str, period: Period) -> bool:
        """Whether a lever keeps the site's operator from opening or receiving in the period."""
        return any(
            rule.action == action and self._keeps_out(rule, site, period)
            for rule in self.effects.forbidden_operators
        )

    def _keeps_out(self, rule: ForbidOperators, site: str, period: Period) -> bool:
        operator = self.sites[site]["operator"]
        return (
            self.jurisdiction(site) == rule.jurisdiction
            and self._operators[operator]["jurisdiction"] != rule.jurisdiction
            and operator not in rule.exempt_operators
            and (not rule.facility_types or self.type_of(site) in rule.facility_types)
            and (rule.until_year is None or period.start_year < rule.until_year)
        )

    def must_be(self, site: str, state: str, period: Period) -> bool:
        """Whether a lever forces the site open or closed in the period."""
        return any(
            rule.site == site
            and rule.state == state
            and (rule.from_year is None or rule.from_year <= period.start_year)
            and (rule.until_year is None or period.start_year < rule.until_year)
            for rule in self.effects.forced_sites
        )

    def is_closed(self, haul: Haul, period: Period) -> bool:
        """Whether a lever closes the haul, or its source deals with another site in the period."""
        to_site = haul.destination_kind == "site"
        if to_site and self.forbidden(haul.destination, "receive", period):
            return True
        if to_site and self.must_be(haul.destination, "closed", period):
            return True
        for number in range(len(self.effects.single_sources)):
            if self.binds(number, haul):
                key = (number, haul.origin, haul.commodity, period.period)
                if self.assigned.get(key, haul.destination) != haul.destination:
                    return True
        return haul.mode != "" and any(
            (not rule.commodities or haul.commodity in rule.commodities)
            and (not rule.legs or haul.leg in rule.legs)
            and (not rule.modes or haul.mode in rule.modes)
            and (rule.longer_than_km is None or haul.km > rule.longer_than_km)
            and (not rule.crossing or self.passes(haul, rule.from_jurisdictions, rule.to_jurisdictions))
            for rule in self.effects.forbidden_hauls
        )

    def formal_share(self, source: str) -> float:
        """Share of what retires at a source that is collected: the logit moved by what levers add."""
        leakage, home = self.settings.leakage, self.jurisdiction(source)
        gain = sum(
            effect.cny_per_pack
            for effect in self.effects.narrowed_gaps
            if (not effect.jurisdictions or home in effect.jurisdictions)
            and (not effect.sources or source in effect.sources)
        )
        share = leakage.formal_share
        if share in (0.0, 1.0) or gain == 0:
            return share
        odds = share / (1 - share) * math.exp(leakage.beta_per_cny * gain)
        return odds / (1 + odds)

    def paid_to_channel(self, basis: str, source: str) -> float:
        """CNY that levers let be paid on a tonne that a source gives to one of the channels."""
        home = self.jurisdiction(source)
        return sum(
            self.counted(paid.category, paid.payer, paid.payee, paid.cny_per_tonne)
            for paid in self.effects.supply_transfers
            if paid.basis == basis and (not paid.jurisdictions or home in paid.jurisdictions)
        )

    def outlets(self, source: str) -> float:
        """Collection outlets at a source, as a multiple of those of today."""
        home = self.jurisdiction(source)
        return 1.0 + sum(
            more.share
            for more in self.effects.more_outlets
            if (not more.jurisdictions or home in more.jurisdictions)
            and (not more.sources or source in more.sources)
        )

    def passes(self, haul: Haul, out_of: tuple[str, ...], into: tuple[str, ...]) -> bool:
        """Whether a haul goes over a border out of and into jurisdictions that are named (none: any)."""
        start, end = self.jurisdiction(haul.origin), self.jurisdiction(haul.destination)
        named = (not out_of or start in out_of) and (not into or end in into)
        return haul.mode != "" and start != end and named

    def binds(self, number: int, haul: Haul) -> bool:
        """Whether a single-sourcing rule speaks of the haul."""
        rule = self.effects.single_sources[number]
        return (
            (haul.origin_kind, haul.destination_kind) == ("source", "site")
            and (not rule.commodities or haul.commodity in rule.commodities)
            and (not rule.facility_types or self.type_of(haul.destination) in rule.facility_types)
        )

    # --- hauls ----------------------------------------------------------------------------

    def offtake(self, market: str, commodity: str, period: Period) -> Row | None:
        """The row in force in a period: its own, else the one for every period."""
        found = {
            row["period"]: row
            for row in self.rows["offtake"]
            if (row["market"], row["commodity"]) == (market, commodity)
        }
        return found.get(period.period) or found.get("")

    def offer(self, vendor: str, commodity: str, period: Period) -> Row | None:
        """The row in force in a period: its own, else the one for every period."""
        found = {
            row["period"]: row
            for row in self.rows["offers"]
            if (row["vendor"], row["commodity"]) == (vendor, commodity)
        }
        return found.get(period.period) or found.get("")

    def limit(self, market: str, commodity: str, period: Period) -> float:
        """Most units a year the market takes: 0 without a row, infinite without a limit."""
        row = self.offtake(market, commodity, period)
        if row is None:
            return 0.0
        limit = row["limit_units_per_year"]
        return math.inf if math.isnan(limit) else float(limit)

    def _producers(self) -> Iterator[tuple[str, str, str]]:
        for source, commodity in {(row["source"], row["commodity"]) for row in self.rows["supply"]}:
            yield source, "source", commodity
        sold = {(row["market"], row["commodity"]) for row in self.rows["offtake"]}
        returns = {
            (market, self.second_life[commodity]["returned_commodity"])
            for market, commodity in sold
            if commodity in self.second_life
        }
        for market, commodity in returns:
            if not self.location(market):
                raise ValueError(f"market {market} has returns but no location")
            yield market, "market", commodity
        for vendor, commodity in {(row["vendor"], row["commodity"]) for row in self.rows["offers"]}:
            yield vendor, "vendor", commodity
        for site in self.sites:
            given = {commodity for recipe in self.recipes_of(site) for commodity in self.outputs_of(recipe)}
            for commodity in given:
                yield site, "site", commodity

    def _takers(self, commodity: str) -> Iterator[tuple[str, str]]:
        for site in self.sites:
            if any(commodity in self.inputs_of(recipe) for recipe in self.recipes_of(site)):
                yield site, "site"
        for market in sorted({r["market"] for r in self.rows["offtake"] if r["commodity"] == commodity}):
            yield market, "market"

    @cached_property
    def hauls(self) -> list[Haul]:
        """Every shipment from a producer to a taker, one per mode that carries it."""
        found: list[Haul] = []
        for origin, kind, commodity in sorted(self._producers()):
            for destination, to_kind in self._takers(commodity):
                if origin != destination and (kind == "site" or to_kind == "site"):
                    found.extend(self._modes(origin, kind, destination, to_kind, commodity))
        return found

    def _modes(
        self, origin: str, kind: str, destination: str, to_kind: str, commodity: str
    ) -> Iterator[Haul]:
        ends = (origin, destination, kind, to_kind, commodity)
        if not self.location(destination):
            yield Haul(*ends, "", 0.0, 0.0, 0.0, 0.0)
            return
        goods = self.effects.goods_class.get(commodity, self.commodities[commodity]["goods_class"])
        leg = leg_from(kind)
        for row in self.rows["haulage"]:
            if (row["goods_class"], row["leg"]) != (goods, leg):
                continue
            km = self.distance(self.location(origin), self.location(destination), row["mode"])
            if km is not None:
                tariff, loading = row["tariff_cny_per_tonne_km"], row["loading_cny_per_tonne"]
                yield Haul(*ends, row["mode"], km, tariff, loading, row["emission_kgco2e_per_tonne_km"])
