"""Every row of the model said once more, one by one in plain loops: what the arrays must come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from math import inf, isfinite
from typing import Any

from netopt.network.network import Network

Column = tuple[str, str, str]
Terms = dict[Column, float]
Row = tuple[tuple[str, ...], Terms, float, float]
Record = dict[Any, Any]


class RowByRow:
    """The rows of a network, by loops over the records of its tables."""

    def __init__(self, network: Network) -> None:
        self.network, self.periods = network, network.periods
        self.arcs = network.arcs.to_dict("records")
        self.modules = network.modules.to_dict("records")

    def rows(self) -> dict[tuple[str, ...], tuple[Terms, float, float]]:
        """Return terms and sides of every row that has a term, by tag and index."""
        says: list[Callable[[], Iterator[Row]]] = [
            self.supplies,
            self.returns,
            self.states,
            self.stores,
            self.loads,
            self.openings,
            self.expansions,
            self.lives,
            self.limits,
            self.shares,
            self.links,
            self.controls,
        ]
        found = {}
        for say in says:
            for key, terms, lower, upper in say():
                kept = {column: value for column, value in terms.items() if value}
                if kept:
                    assert key not in found
                    found[key] = (kept, lower, upper)
        return found

    def summed(self, terms: list[tuple[Column, float]]) -> Terms:
        total: Terms = defaultdict(float)
        for column, value in terms:
            total[column] += value
        return dict(total)

    def flows(self, period: str, sign: float = 1.0, **wanted: Any) -> list[tuple[Column, float]]:
        return [
            (("flow", arc["arc"], period), sign)
            for arc in self.arcs
            if all(arc[name] == value for name, value in wanted.items())
        ]

    def at(self, site: str) -> list[Record]:
        return [module for module in self.modules if module["site"] == site]

    def before(self, module: Record, period: str, sign: float) -> tuple[list[tuple[Column, float]], float]:
        """Return what operated a period before as terms, or as a constant before the first."""
        number = self.periods.index(period)
        if number == 0:
            return [], sign * module["standing_share"]
        return [(("operating", module["module"], self.periods[number - 1]), sign)], 0.0

    def supplies(self) -> Iterator[Row]:
        for row in self.network.supplies.to_dict("records"):
            for period in self.periods:
                supply = row["supply"]
                retired = self.network.supply_tonnes.loc[supply, period]
                leaked = self.network.leaked_tonnes.loc[supply, period]
                own = [((family, supply, period), 1.0) for family in ("leaked", "unserved")]
                out = self.flows(
                    period, from_kind="source", from_place=row["source"], commodity=row["commodity"]
                )
                yield ("supply_balance", supply, period), self.summed(out + own), retired, retired
                yield ("leakage", supply, period), self.summed(own[:1]), leaked, leaked

    def returns(self) -> Iterator[Row]:
        items = self.network.returns.to_dict("records")
        for market, commodity in {(item["market"], item["commodity"]) for item in items}:
            for period in self.periods:
                terms = self.flows(period, from_kind="market", from_place=market, commodity=commodity)
                for item in items:
                    if (item["market"], item["commodity"]) != (market, commodity):
                        continue
                    for rate in self.network.return_rates.to_dict("records"):
                        if rate["return"] == item["return"] and rate["period"] == period:
                            sold = {"to_place": market, "commodity": item["sold_commodity"]}
                            terms += self.flows(
                                rate["sold_period"], -rate["tonnes_per_unit"], to_kind="market", **sold
                            )
                yield ("return_balance", market, commodity, period), self.summed(terms), 0.0, 0.0

    def surplus(self, state: tuple[Any, ...], period: str) -> list[tuple[Column, float]]:
        site, commodity, origin, left = state
        same = {"commodity": commodity, "origin": origin}
        terms = self.flows(period, to_kind="site", to_place=site, left_after=left, **same)
        terms += self.flows(period, -1.0, from_kind="site", from_place=site, left_before=left, **same)
        for table, sign in ((self.network.activity_outputs, 1.0), (self.network.activity_inputs, -1.0)):
            for row in table.to_dict("records"):
                if (row["site"], row["commodity"], row["origin"], row["left"]) == state:
                    terms.append((("throughput", row["activity"], period), sign * row["units_per_tonne"]))
        return terms

    def states(self) -> Iterator[Row]:
        taken = {
            (a["to_place"], a["commodity"], a["origin"], a["left_after"])
            for a in self.arcs
            if a["to_kind"] == "site"
        }
        given = {
            (a["from_place"], a["commodity"], a["origin"], a["left_before"])
            for a in self.arcs
            if a["from_kind"] == "site"
        }
        columns = ["site", "commodity", "origin", "left"]
        taken |= set(self.network.activity_inputs[columns].itertuples(index=False, name=None))
        given |= set(self.network.activity_outputs[columns].itertuples(index=False, name=None))
        stores = self.network.stores.to_dict("records")
        kept = {tuple(store[name] for name in columns): store["store"] for store in stores}
        years = dict(
            zip(
                self.periods,
                (p.length_years for p in self.network.instance.settings.horizon.periods),
                strict=True,
            )
        )
        for state in taken | given | set(kept):
            index = (*state[:3], "left" if state[3] else "home")
            for number, period in enumerate(self.periods):
                terms = self.surplus(state, period)
                if state not in kept:
                    tag = "facility_balance" if state in taken else "conversion"
                    yield (tag, *index, period), self.summed(terms), 0.0, 0.0
                    continue
                terms = [(column, years[period] * value) for column, value in terms]
                if number > 0:
                    terms.append((("stored", kept[state], self.periods[number - 1]), 1.0))
                if number < len(self.periods) - 1:
                    terms.append((("stored", kept[state], period), -1.0))
                yield ("storage_balance", *index, period), self.summed(terms), 0.0, 0.0

    def stores(self) -> Iterator[Row]:
        for (site, commodity), rows in self.network.stores.groupby(["site", "commodity"]):
            capacity = rows["capacity_units"].iloc[0]
            for period in self.periods:
                kept = [(("stored", store, period), 1.0) for store in rows["store"]]
                most = 0.0 if period == self.periods[-1] else capacity
                yield ("storage_room", site, commodity, period), self.summed(kept), -inf, most
                room = [(("operating", m["module"], period), -capacity) for m in self.at(site)]
                yield ("storage_limit", site, commodity, period), self.summed(kept + room), -inf, 0.0

    def loads(self) -> Iterator[Row]:
        activities = self.network.activities.to_dict("records")
        for period in self.periods:
            for site in {activity["site"] for activity in activities}:
                terms = [
                    (("throughput", a["activity"], period), 1.0) for a in activities if a["site"] == site
                ]
                terms += [(("loads", m["module"], period), -1.0) for m in self.at(site)]
                yield ("module_load", site, period), self.summed(terms), 0.0, 0.0
            for module in self.modules:
                name = module["module"]
                least = module["minimum_utilisation"] * module["capacity_tonnes_per_year"]
                if module["minimum_utilisation"] > 0:
                    terms = [(("loads", name, period), 1.0), (("operating", name, period), -least)]
                    yield ("minimum_throughput", name, period), self.summed(terms), 0.0, inf

    def openings(self) -> Iterator[Row]:
        for site in {module["site"] for module in self.modules}:
            built = [module["module"] for module in self.at(site) if not module["stands"]]
            terms = [(("opened", name, period), 1.0) for name in built for period in self.periods]
            most = 0.0 if any(module["stands"] for module in self.at(site)) else 1.0
            yield ("open_once", site), self.summed(terms), -inf, most
        for module in self.steps():
            terms = [
                ((family, module["module"], period), 1.0)
                for family in ("opened", "expanded")
                for period in self.periods
            ]
            yield ("build_once", module["module"]), self.summed(terms), -inf, 1.0

    def steps(self) -> list[Record]:
        return [m for m in self.modules if not m["stands"] and not m["divisible"]]

    def expansions(self) -> Iterator[Row]:
        for module in self.modules:
            others = [m for m in self.at(module["site"]) if m["stands"] or not m["divisible"]]
            if module["stands"] or any(other["divisible"] for other in others):
                continue
            for period in self.periods:
                if module["divisible"]:
                    terms = [(("operating", module["module"], period), 1.0)]
                    terms += [(("operating", other["module"], period), -1.0) for other in others]
                    yield ("expansion", module["module"], period), self.summed(terms), -inf, 0.0
                    continue
                terms, known = [(("expanded", module["module"], period), 1.0)], 0.0
                for other in others:
                    more, constant = self.before(other, period, -1.0)
                    terms, known = terms + more, known + constant
                yield ("expansion", module["module"], period), self.summed(terms), -inf, -known

    def lives(self) -> Iterator[Row]:
        horizon = self.network.instance.settings.horizon.periods
        for module in self.modules:
            name = module["module"]
            for number, period in enumerate(self.periods):
                before, known = self.before(module, period, -1.0)
                terms = [(("operating", name, period), 1.0), (("closed", name, period), 1.0), *before]
                if not module["stands"]:
                    terms += [((family, name, period), -1.0) for family in ("opened", "expanded")]
                yield ("stay_open", name, period), self.summed(terms), -known, -known
                closed = [(("closed", name, period), 1.0), *before]
                yield ("closing", name, period), self.summed(closed), -inf, -known
                if module["stands"] or module["divisible"]:
                    continue
                end = horizon[number].start_year + horizon[number].length_years
                bought = [
                    ((family, name, earlier.period), -1.0)
                    for earlier in horizon[: number + 1]
                    if earlier.start_year + module["life_years"] >= end
                    for family in ("opened", "expanded", "renewed")
                ]
                yield ("replacement", name, period), self.summed([terms[0], *bought]), -inf, 0.0

    def limits(self) -> Iterator[Row]:
        for row in self.network.offtakes.to_dict("records"):
            tag = "disposal_limit" if row["category"] == "disposal" else "market_limit"
            for period in self.periods:
                limit = self.network.offtake_limits.loc[row["offtake"], period]
                if isfinite(limit):
                    into = {"to_place": row["market"], "commodity": row["commodity"]}
                    terms = self.flows(period, to_kind="market", **into)
                    yield (tag, row["offtake"], period), self.summed(terms), -inf, limit
        for row in self.network.offers.to_dict("records"):
            for period in self.periods:
                out = {"from_place": row["vendor"], "commodity": row["commodity"]}
                terms = self.flows(period, from_kind="vendor", **out)
                limit = self.network.offer_limits.loc[row["offer"], period]
                yield ("offer_limit", row["offer"], period), self.summed(terms), -inf, limit
        for period in self.periods:
            cap = self.network.instance.settings.limits.emission_cap(period)
            if cap is not None:
                emitted = self.network.emissions.itertuples(index=False, name=None)
                terms = [((family, index, period), tonnes) for family, index, tonnes in emitted]
                yield ("emission_cap", period), self.summed(terms), -inf, cap

    def shares(self) -> Iterator[Row]:
        rules = self.network.rules
        soft = set(rules.loc[rules["penalty_cny_per_tonne"].notna(), "rule"])
        for (rule, period), rows in self.network.rule_terms.groupby(["rule", "period"]):
            terms, constant = [(("nothing", "", ""), 1.0)], 0.0
            for row in rows.to_dict("records"):
                if row["family"] == "constant":
                    constant += row["coefficient"]
                else:
                    terms.append(((row["family"], row["index"], row["decided"]), row["coefficient"]))
            if rule in soft:
                terms.append((("shortfall", rule, period), 1.0))
            yield ("share_rule", rule, period), self.summed(terms), -constant, inf

    def links(self) -> Iterator[Row]:
        passed = {(arc["from_place"], arc["commodity"]) for arc in self.arcs if arc["from_kind"] == "site"}
        stored = set(self.network.stores["site"])
        ways = {
            (arc["from_place"], arc["commodity"], arc["to_place"])
            for arc in self.arcs
            if arc["from_kind"] == "source" and arc["to_kind"] == "site"
        }
        for source, commodity, site in ways:
            if site in stored or (site, commodity) in passed:
                continue
            for period in self.periods:
                most = self.collectable(source, commodity, period)
                sent = {"from_place": source, "commodity": commodity, "to_place": site}
                terms = self.flows(period, from_kind="source", **sent)
                for module in self.at(site):
                    capacity = module["capacity_tonnes_per_year"]
                    room = capacity if module["divisible"] else min(most, capacity)
                    terms.append((("operating", module["module"], period), -room))
                yield ("strong_link", source, commodity, site, period), self.summed(terms), -inf, 0.0

    def collectable(self, source: str, commodity: str, period: str) -> float:
        supplies = self.network.supplies
        own = supplies[(supplies["source"] == source) & (supplies["commodity"] == commodity)]
        supply = own["supply"].item()
        retired = self.network.supply_tonnes.loc[supply, period]
        return float(retired - self.network.leaked_tonnes.loc[supply, period])

    def controls(self) -> Iterator[Row]:
        nothing = (("nothing", "", ""), 1.0)
        for site, period in self.network.forced_open.itertuples(index=False, name=None):
            terms = [nothing, *((("operating", m["module"], period), 1.0) for m in self.at(site))]
            yield ("forced_open", site, period), self.summed(terms), 1.0, inf
        counts, counted = self.network.site_counts, self.network.counted_sites
        sites: dict[str, set[str]] = {"minimum": set(), "maximum": set()}
        for rule, bound, number in counts.itertuples(index=False, name=None):
            own = counted.loc[counted["rule"] == rule, "site"].tolist()
            sites[bound] |= set(own)
            state = "whole" if bound == "minimum" else "in_use"
            sides = (number, inf) if bound == "minimum" else (-inf, number)
            for period in self.periods:
                terms = [nothing, *(((state, site, period), 1.0) for site in own)]
                yield ("site_count", rule, bound, period), self.summed(terms), *sides
        for period in self.periods:
            for site in sites["maximum"]:
                for module in self.at(site):
                    name = module["module"]
                    terms = [(("operating", name, period), 1.0), (("in_use", site, period), -1.0)]
                    yield ("site_in_use", name, period), self.summed(terms), -inf, 0.0
            for site in sites["minimum"]:
                terms = [(("operating", m["module"], period), -1.0) for m in self.at(site)]
                terms.append((("whole", site, period), 1.0))
                yield ("site_whole", site, period), self.summed(terms), -inf, 0.0
        yield from self.sourcing()

    def sourcing(self) -> Iterator[Row]:
        choices = self.network.assignments
        for (rule, supply), rows in choices.groupby(["rule", "supply"]):
            for period in self.periods:
                terms = [(("assigned", one, period), 1.0) for one in rows["assignment"]]
                yield ("single_sourcing", rule, supply, period), self.summed(terms), -inf, 1.0
        supplies = self.network.supplies.set_index("supply")
        for one in choices.drop_duplicates("assignment").to_dict("records"):
            source, commodity = supplies.loc[one["supply"], ["source", "commodity"]]
            sent = {"from_place": source, "commodity": commodity, "to_place": one["site"]}
            for period in self.periods:
                most = self.collectable(source, commodity, period)
                terms = self.flows(period, from_kind="source", **sent)
                terms.append((("assigned", one["assignment"], period), -most))
                yield ("assignment_link", one["assignment"], period), self.summed(terms), -inf, 0.0
