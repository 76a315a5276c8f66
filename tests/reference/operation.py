"""The linear program that is left of a case once it is decided what operates when."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from itertools import product

from netopt.data.settings import Period
from netopt.policy.effects import Mass, ShareRule
from tests.reference.case import Case, Haul, Row
from tests.reference.linear import LinearProgram, Name, Terms
from tests.reference.patterns import Module, running_cost

Provenance = tuple[str, bool]
NOWHERE: Provenance = ("", False)


class Operation:
    """Flows, throughput, loads and stocks of a case as a linear program."""

    def __init__(self, case: Case, modules: dict[str, list[Module]]) -> None:
        self.case = case
        self.modules = modules
        self.lp = LinearProgram()
        self._balance: dict[Name, Terms] = defaultdict(dict)
        self._sold: dict[Name, Terms] = defaultdict(dict)
        self._measures: dict[Name, list[tuple[Mass, Name, float]]] = defaultdict(list)
        self._emissions: dict[str, Terms] = defaultdict(dict)
        self._emitted_at: dict[Name, str] = {}
        self._leaving: dict[Name, Terms] = defaultdict(dict)
        for period in case.periods:
            self._hauls(period)
            self._activities(period)
            self._loads(period)
        self._supply()
        self._markets()
        self._vendors()
        self._balances()
        self._rules()
        self._emission_cap()
        self._constant()

    # --- provenance -----------------------------------------------------------------------

    def _provenances(self, commodity: str) -> list[Provenance]:
        if not self.case.undismantled(commodity):
            return [NOWHERE]
        origins = ("", *self.case.effects.tracked_origins)
        return list(product(origins, (False, True) if self.case.effects.tracks_departures else (False,)))

    def _provenances_of(self, haul: Haul) -> list[Provenance]:
        if haul.origin_kind == "site":
            return self._provenances(haul.commodity)
        home = self.case.jurisdiction(haul.origin)
        tracked = haul.origin_kind == "source" and home in self.case.effects.tracked_origins
        return [(home if tracked and self.case.undismantled(haul.commodity) else "", False)]

    # --- hauls ----------------------------------------------------------------------------

    def _hauls(self, period: Period) -> None:
        case = self.case
        for number, haul in enumerate(case.hauls):
            is_open = not case.is_closed(haul, period)
            for origin, left in self._provenances_of(haul):
                departs = (
                    case.effects.tracks_departures
                    and case.undismantled(haul.commodity)
                    and case.crosses(haul)
                    and not left
                )
                name = ("flow", number, origin, left, period.period)
                cost = self._haul_cost(haul, departs, period) * case.share_of_year(period)
                self.lp.variable(name, cost, math.inf if is_open else 0.0)
                self._book_haul(haul, name, (origin, left), (origin, left or departs), period)

    def _book_haul(
        self, haul: Haul, name: Name, before: Provenance, after: Provenance, period: Period
    ) -> None:
        time, tonnes = period.period, self.case.tonnes(haul.commodity)
        if haul.origin_kind == "site":
            self._balance[haul.origin, haul.commodity, *before, time][name] = -1.0
        else:
            self._leaving[haul.origin, haul.commodity, time][name] = 1.0
        if haul.destination_kind == "site":
            self._balance[haul.destination, haul.commodity, *after, time][name] = 1.0
        else:
            self._sold[haul.destination, haul.commodity, time][name] = 1.0
        self._emissions[time][name] = haul.emission * haul.km * tonnes / 1000
        self._emitted_at[name] = self.case.jurisdiction(haul.origin)

    def _haul_cost(self, haul: Haul, departs: bool, period: Period) -> float:
        """CNY per unit hauled in the period, not discounted."""
        case, tonnes = self.case, self.case.tonnes(haul.commodity)
        cost = case.paid("haulage", haul.tariff * haul.km * tonnes)
        cost += case.paid("loading", haul.loading * tonnes)
        cost += case.carbon(haul.emission * haul.km * tonnes)
        if haul.origin_kind in ("source", "market"):
            cost += self._collection_cost(haul) * tonnes
        if haul.origin_kind == "vendor" and (row := case.offer(haul.origin, haul.commodity, period)):
            cost += case.paid(row["category"], row["price_cny_per_unit"])
        for duty in case.effects.trade_transfers:
            meant = not duty.commodities or haul.commodity in duty.commodities
            if meant and self._is_traded(haul, duty.trade):
                cost += case.counted(duty.category, duty.payer, duty.payee, duty.cny_per_tonne * tonnes)
        for price in case.effects.emission_transfers:
            kg = haul.emission * haul.km * tonnes
            cost += case.counted(
                price.category, price.payer, price.payee, kg / 1000 * price.cny_per_tonne_co2e
            )
        for levy in case.effects.border_transfers:
            out, into = (levy.jurisdictions, ()) if levy.direction == "out" else ((), levy.jurisdictions)
            meant = not levy.commodities or haul.commodity in levy.commodities
            if meant and case.passes(haul, out, into):
                cost += case.counted(levy.category, levy.payer, levy.payee, levy.cny_per_tonne * tonnes)
        if departs:
            cost += case.paid("delay", case.effects.delay_cny_per_tonne * tonnes)
        if haul.destination_kind == "market":
            cost += self._sale_cost(haul, period)
        return cost

    def _collection_cost(self, haul: Haul) -> float:
        case, commodity = self.case, haul.commodity
        price = case.commodities[commodity]["collection_cny_per_tonne"]
        factor = case.factor(case.jurisdiction(haul.origin), "", "collection")
        cost = case.paid("collection", 0.0 if math.isnan(price) else price * factor)
        for charge in case.effects.collection_charges:
            if not charge.commodities or commodity in charge.commodities:
                cost += case.paid(charge.category, charge.cny_per_tonne)
        if haul.origin_kind == "source":
            cost += case.paid_to_channel("collected", haul.origin)
        return cost + self._transfers("collected", commodity)

    def _transfers(self, basis: str, subject: str) -> float:
        return sum(
            self.case.counted(row["category"], row["payer"], row["payee"], row["cny_per_tonne"])
            for row in self.case.rows["transfers"]
            if (row["basis"], row["subject"]) == (basis, subject)
        )

    def _sale_cost(self, haul: Haul, period: Period) -> float:
        case = self.case
        row = case.offtake(haul.destination, haul.commodity, period)
        if row is None:
            return 0.0
        payee = "suppliers" if row["category"] == "disposal" else "buyers"
        cost = case.counted(row["category"], "formal_chain", payee, -row["price_cny_per_unit"])
        if haul.commodity in case.second_life:
            cost += self._after_sale(case.second_life[haul.commodity], period)
        return cost

    def _after_sale(self, row: Row, sold: Period) -> float:
        """End of life and leaked returns per unit sold, each discounted from its year of return."""
        case = self.case
        value = 0.0
        tonnes, leaked_share = row["returned_tonnes_per_unit"], row["leakage_share"]
        leaked = (
            tonnes * leaked_share * case.informal_cost(row["returned_commodity"]) if leaked_share else 0.0
        )
        formal = tonnes * (1 - leaked_share) * row["end_of_life_cost_cny_per_tonne"]
        for year in case.years(sold):
            back = year + row["lag_years"]
            value += leaked * case.discount(back)
            if back >= case.horizon_end:
                value += case.paid("end_of_life", formal) * case.discount(back)
        return value / (case.share_of_year(sold) * case.total_weight)

    def _returning(self, row: Row, sold: Period, period: Period) -> float:
        """Years of the period of sale whose return falls in ``period``, per year of the latter."""
        back = [year + row["lag_years"] for year in self.case.years(sold)]
        return sum(year in self.case.years(period) for year in back) / period.length_years

    # --- facilities -----------------------------------------------------------------------

    def _activities(self, period: Period) -> None:
        for site in self.case.sites:
            for recipe in self.case.recipes_of(site):
                inputs = self.case.inputs_of(recipe)
                kept = [commodity for commodity in inputs if self.case.undismantled(commodity)]
                for provenance in self._provenances(kept[0]) if kept else [NOWHERE]:
                    self._activity(site, recipe, provenance, period)

    def _activity(self, site: str, recipe: str, provenance: Provenance, period: Period) -> None:
        case, row = self.case, self.case.recipes[recipe]
        kind, place = case.type_of(site), case.jurisdiction(site)
        name = ("throughput", site, recipe, *provenance, period.period)
        cost = case.paid(
            row["category"], row["cost_cny_per_tonne"] * case.factor(place, kind, row["category"])
        )
        cost += case.carbon(row["emission_kgco2e_per_tonne"]) + self._transfers("processed", kind)
        for price in case.effects.emission_transfers:
            tonnes = row["emission_kgco2e_per_tonne"] / 1000
            cost += case.counted(
                price.category, price.payer, price.payee, tonnes * price.cny_per_tonne_co2e
            )
        for run in case.effects.run_transfers:
            right = not run.facility_types or kind in run.facility_types
            if right and (not run.jurisdictions or place in run.jurisdictions):
                cost += case.counted(run.category, run.payer, run.payee, run.cny_per_tonne)
        self.lp.variable(name, cost * case.share_of_year(period))
        self._emissions[period.period][name] = row["emission_kgco2e_per_tonne"] / 1000
        self._emitted_at[name] = place
        for sign, quantities in ((-1, case.inputs_of(recipe)), (1, case.outputs_of(recipe))):
            for commodity, units in quantities.items():
                own = provenance if case.undismantled(commodity) else NOWHERE
                terms = self._balance[site, commodity, *own, period.period]
                terms[name] = terms.get(name, 0.0) + sign * units

    def _loads(self, period: Period) -> None:
        case = self.case
        for site in case.sites:
            factor = case.factor(case.jurisdiction(site), case.type_of(site), "processing")
            terms: Terms = {}
            for module in self.modules[site]:
                name = ("load", site, module.size, period.period)
                cost = case.paid("processing", module.variable_cost * factor) * case.share_of_year(period)
                self.lp.variable(name, cost)
                terms[name] = -1.0
                if module.divisible:
                    self._divisible(site, module, period)
            for recipe in case.recipes_of(site):
                terms |= dict.fromkeys(self._runs(site, recipe, period), 1.0)
            self.lp.equal(terms, 0.0)

    def _divisible(self, site: str, module: Module, period: Period) -> None:
        """Let a share of existing capacity operate, never more than a period before."""
        share = ("operating", site, period.period)
        cost = running_cost(self.case, site, module) * self.case.share_of_year(period)
        self.lp.variable(share, cost, 1.0)
        load = ("load", site, module.size, period.period)
        self.lp.at_most({load: 1.0, share: -module.capacity}, 0.0)
        index = self.case.periods.index(period)
        if index:
            earlier = ("operating", site, self.case.periods[index - 1].period)
            self.lp.at_most({share: 1.0, earlier: -1.0}, 0.0)

    def _runs(self, site: str, recipe: str, period: Period) -> list[Name]:
        """Throughput variables of a recipe at a site, over provenances."""
        kept = [c for c in self.case.inputs_of(recipe) if self.case.undismantled(c)]
        provenances = self._provenances(kept[0]) if kept else [NOWHERE]
        return [("throughput", site, recipe, *own, period.period) for own in provenances]

    # --- rows -----------------------------------------------------------------------------

    def _supply(self) -> None:
        case, prices = self.case, self.case.settings.prices
        for row in case.rows["supply"]:
            key = (row["source"], row["commodity"], row["period"])
            period = next(p for p in case.periods if p.period == row["period"])
            tonnes = row["supply_tonnes_per_year"]
            leaked = (1 - case.formal_share(row["source"])) * tonnes
            if leaked:
                cost = case.informal_cost(row["commodity"]) + case.paid_to_channel("leaked", row["source"])
                self.lp.constant += leaked * cost * case.share_of_year(period)
            terms: Terms = dict(self._leaving[key])
            if prices.unserved_cny_per_tonne is not None:
                price = case.counted(
                    "unserved", "formal_chain", "central_government", prices.unserved_cny_per_tonne
                )
                self.lp.variable(("unserved", *key), price * case.share_of_year(period))
                terms["unserved", *key] = 1.0
            self.lp.equal(terms, tonnes - leaked)
        supplied = {(row["source"], row["commodity"], row["period"]) for row in case.rows["supply"]}
        for place, leaving in self._leaving.items():
            if place[0] in case.sources and place not in supplied:
                self.lp.equal(leaving, 0.0)

    def _markets(self) -> None:
        case = self.case
        for (market, commodity, time), terms in self._sold.items():
            period = next(p for p in case.periods if p.period == time)
            limit = case.limit(str(market), str(commodity), period)
            if math.isfinite(limit):
                self.lp.at_most(terms, limit)
        returned = {row["returned_commodity"] for row in case.rows["second_life"]}
        for market, commodity, period in product(case.markets, sorted(returned), case.periods):
            terms = dict(self._leaving[market, commodity, period.period])
            for row in case.rows["second_life"]:
                if row["returned_commodity"] == commodity:
                    self._subtract_returns(terms, market, row, period)
            if terms:
                self.lp.equal(terms, 0.0)

    def _subtract_returns(self, terms: Terms, market: str, row: Row, period: Period) -> None:
        for sold in self.case.periods:
            rate = self._returning(row, sold, period)
            rate *= row["returned_tonnes_per_unit"] * (1 - row["leakage_share"])
            if rate:
                for name in self._sold.get((market, row["commodity"], sold.period), {}):
                    terms[name] = terms.get(name, 0.0) - rate

    def _balances(self) -> None:
        case = self.case
        keepable = {(row["facility_type"], row["commodity"]): row for row in case.rows["storage"]}
        keys = {key[:-1] for key in self._balance}
        for site, commodity, *own in sorted(keys, key=str):
            row = keepable.get((case.type_of(str(site)), str(commodity)))
            previous: Name | None = None
            for period in case.periods:
                terms = dict(self._balance.get((site, commodity, *own, period.period), {}))
                if row is not None:
                    terms = {name: value * period.length_years for name, value in terms.items()}
                    if previous:
                        terms[previous] = 1.0
                    if period is not case.periods[-1]:
                        previous = ("stored", site, commodity, *own, period.period)
                        self.lp.variable(previous, self._storage_cost(row) * case.share_of_year(period))
                        terms[previous] = -1.0
                if terms:
                    self.lp.equal(terms, 0.0)
        self._storage_limits(keepable)

    def _storage_cost(self, row: Row) -> float:
        case, commodity = self.case, row["commodity"]
        cost = case.paid("storage", row["cost_cny_per_unit_year"])
        for charge in case.effects.storage_charges:
            if not charge.commodities or commodity in charge.commodities:
                cost += case.paid(charge.category, charge.cny_per_tonne_year * case.tonnes(commodity))
        return cost

    def _storage_limits(self, keepable: dict[tuple[str, str], Row]) -> None:
        """Bound what is stored by a variable that the pattern sets to the capacity in use."""
        for site, period in product(self.case.sites, self.case.periods[:-1]):
            for (facility_type, commodity), row in keepable.items():
                if facility_type != self.case.type_of(site):
                    continue
                room = ("room", site, commodity, period.period)
                self.lp.variable(room, 0.0, row["capacity_units"])
                self.lp.variable(("room of built", *room[1:]), 0.0, row["capacity_units"])
                stocks: Terms = {
                    ("stored", site, commodity, *own, period.period): 1.0
                    for own in self._provenances(commodity)
                    if any(key[:4] == (site, commodity, *own) for key in self._balance)
                }
                self.lp.at_most({**stocks, room: -1.0}, 0.0)
                if any(module.divisible for module in self.modules[site]):
                    share = ("operating", site, period.period)
                    room_of_share = {**stocks, share: -row["capacity_units"]}
                    self.lp.at_most({**room_of_share, ("room of built", *room[1:]): -1.0}, 0.0)

    # --- side rules -----------------------------------------------------------------------

    def _emission_cap(self) -> None:
        cap = self.case.settings.limits.emission_tonnes_co2e_per_year
        if cap is not None:
            for terms in self._emissions.values():
                self.lp.at_most(terms, cap)

    def _rules(self) -> None:
        for number, rule in enumerate(self.case.effects.share_rules):
            for period in self.case.periods:
                self._rule(number, rule, period)

    def _rule(self, number: int, rule: ShareRule, period: Period) -> None:
        part, part_constant = self._mass(rule.part, period)
        whole, whole_constant = self._mass(rule.whole, period)
        terms = {name: -value for name, value in part.items()}
        for name, value in whole.items():
            terms[name] = terms.get(name, 0.0) + rule.share * value
        if rule.penalty_cny_per_tonne is not None:
            name = ("shortfall", number, period.period)
            price = self.case.counted(*rule.account, rule.penalty_cny_per_tonne)
            self.lp.variable(name, price * self.case.share_of_year(period))
            terms[name] = -1.0
        self.lp.at_most(terms, part_constant - rule.share * whole_constant)

    def _mass(self, mass: Mass, period: Period) -> tuple[Terms, float]:
        """Tonnes a year of a measure as terms and a constant."""
        if mass.measure in ("retired", "given"):
            tonnes = mass.tonnes_per_year if mass.measure == "given" else self._retired(mass, period)
            return {}, tonnes
        terms: dict[str, Callable[[], Terms]] = {
            "collected": lambda: self._collected(mass, period, lambda _: 1.0),
            "eligible": lambda: self._collected(mass, period, self._fit_share),
            "processed": lambda: self._worked(mass, period),
            "throughput": lambda: self._taken_in(mass, period),
            "emitted": lambda: self._emitted(mass, period),
            "imported": lambda: self._traded(mass, period, "imports"),
            "exported": lambda: self._traded(mass, period, "exports"),
            "contained": lambda: self._metal(mass, period, self.case.inputs_of),
            "recovered": lambda: self._metal(mass, period, self.case.outputs_of),
        }
        return terms[mass.measure](), 0.0

    def _retired(self, mass: Mass, period: Period) -> float:
        return sum(
            float(row["supply_tonnes_per_year"])
            for row in self.case.rows["supply"]
            if row["period"] == period.period
            and (not mass.commodities or row["commodity"] in mass.commodities)
            and (not mass.origins or self.case.jurisdiction(row["source"]) in mass.origins)
        )

    def _collected(self, mass: Mass, period: Period, share: Callable[[str], float]) -> Terms:
        terms: Terms = {}
        for (place, commodity, time), leaving in self._leaving.items():
            if place in self.case.vendors:
                continue
            is_source = place in self.case.sources
            home = self.case.jurisdiction(str(place))
            counts = not mass.origins or (is_source and home in mass.origins)
            wanted = not mass.commodities or commodity in mass.commodities
            if time == period.period and counts and wanted:
                tonnes = self.case.tonnes(str(commodity)) * share(str(commodity))
                terms.update(dict.fromkeys(leaving, tonnes))
        return terms

    def _worked(self, mass: Mass, period: Period) -> Terms:
        terms: Terms = {}
        for site in self.case.sites:
            if not self._counts(site, mass):
                continue
            for recipe in self.case.recipes_of(site):
                tonnes = self._processed(recipe, mass)
                for name in self._runs(site, recipe, period):
                    if not mass.origins or name[3] in mass.origins:
                        terms[name] = tonnes
        return terms

    def _taken_in(self, mass: Mass, period: Period) -> Terms:
        return {
            name: 1.0
            for site in self.case.sites
            if self._counts(site, mass)
            for recipe in self.case.recipes_of(site)
            for name in self._runs(site, recipe, period)
        }

    def _vendors(self) -> None:
        for (place, commodity, time), leaving in self._leaving.items():
            if place in self.case.vendors:
                period = next(p for p in self.case.periods if p.period == time)
                row = self.case.offer(str(place), str(commodity), period)
                limit = row["limit_units_per_year"] if row else 0.0
                self.lp.at_most(dict.fromkeys(leaving, 1.0), float(limit))

    def _is_traded(self, haul: Haul, trade: str) -> bool:
        table, key, place = {
            "imports": ("offers", "vendor", haul.origin),
            "exports": ("offtake", "market", haul.destination),
        }[trade]
        return any(
            (row[key], row["commodity"], row["category"]) == (place, haul.commodity, trade)
            for row in self.case.rows[table]
        )

    def _traded(self, mass: Mass, period: Period, trade: str) -> Terms:
        return {
            ("flow", number, *provenance, period.period): self.case.tonnes(haul.commodity)
            for number, haul in enumerate(self.case.hauls)
            if self._is_traded(haul, trade) and (not mass.commodities or haul.commodity in mass.commodities)
            for provenance in self._provenances_of(haul)
        }

    def _emitted(self, mass: Mass, period: Period) -> Terms:
        return {
            name: tonnes
            for name, tonnes in self._emissions[period.period].items()
            if not mass.jurisdictions or self._emitted_at[name] in mass.jurisdictions
        }

    def _metal(self, mass: Mass, period: Period, goods: Callable[[str], dict[str, float]]) -> Terms:
        held = {
            row["commodity"]: float(row["tonnes_per_unit"])
            for row in self.case.rows["metal_contents"]
            if row["metal"] == mass.metal
        }
        return {
            name: sum(units * held.get(commodity, 0.0) for commodity, units in goods(recipe).items())
            for site in self.case.sites
            if self._counts(site, mass)
            for recipe in self.case.recipes_of(site)
            for name in self._runs(site, recipe, period)
        }

    def _counts(self, site: str, mass: Mass) -> bool:
        case = self.case
        right_type = not mass.facility_types or case.type_of(site) in mass.facility_types
        return right_type and (not mass.jurisdictions or case.jurisdiction(site) in mass.jurisdictions)

    def _fit_share(self, commodity: str) -> float:
        """Tonnes fit for cascade use in a tonne, by the best test that there is."""
        case = self.case

        def is_grade(name: str) -> bool:
            return bool(case.commodities[name]["cascade_grade"])

        tests = [
            recipe
            for recipe in case.recipes
            if commodity in case.inputs_of(recipe) and not any(map(is_grade, case.inputs_of(recipe)))
        ]
        yields = [
            sum(
                units * case.tonnes(given) * self._fit_share(given)
                for given, units in case.outputs_of(recipe).items()
            )
            for recipe in tests
        ]
        return 1.0 if is_grade(commodity) else max(yields, default=0.0)

    def _processed(self, recipe: str, mass: Mass) -> float:
        """Undismantled tonnes in minus out per tonne of throughput; of named retired commodities only."""
        case = self.case

        def counts(commodity: str) -> bool:
            return case.undismantled(commodity) and (
                not mass.commodities
                or case.beginnings(commodity, with_returns=not mass.origins) <= {*mass.commodities}
            )

        def battery_mass(units: dict[str, float]) -> float:
            return sum(n * case.tonnes(c) for c, n in units.items() if counts(c))

        return battery_mass(case.inputs_of(recipe)) - battery_mass(case.outputs_of(recipe))

    def _constant(self) -> None:
        """Costs that no plan can change: outlets and charges per jurisdiction."""
        case = self.case
        outlets = sum(
            row["fixed_cny_per_year"] * case.outlets(row["source"]) for row in case.rows["sources"]
        )
        self.lp.constant += case.paid("collection", outlets)
        for charge in case.effects.jurisdiction_charges:
            for jurisdiction in charge.jurisdictions:
                payer = "local_government" if jurisdiction else "central_government"
                self.lp.constant += case.counted(charge.category, payer, "suppliers", charge.cny_per_year)
