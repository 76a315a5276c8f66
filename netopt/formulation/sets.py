"""The network's columns as look-ups: which variables meet in which row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from netopt.network.network import Network


K = TypeVar("K")
V = TypeVar("V")


class State(NamedTuple):
    """A commodity at a site with its provenance; the row of a balance."""

    site: str
    commodity: str
    origin: str
    left: str


LEFT = {True: "left", False: "home"}
"""How a provenance's second half reads in row names."""

Terms = list[tuple[str, float]]


@dataclass(frozen=True)
class Facts:
    """Look-ups over one network, each built when first used."""

    network: Network

    @property
    def periods(self) -> tuple[str, ...]:
        """Ids of the periods in order."""
        return self.network.periods

    def before(self, period: str) -> str | None:
        """Return the period before, None before the first."""
        number = self.periods.index(period)
        return self.periods[number - 1] if number else None

    def years(self, period: str) -> int:
        """Return the length of a period in years."""
        horizon = self.network.instance.settings.horizon
        return horizon.periods[self.periods.index(period)].length_years

    @cached_property
    def out_of_supply(self) -> dict[tuple[str, str], list[str]]:
        """Arcs out of each (source, commodity)."""
        return self._arcs_by("source")

    @cached_property
    def out_of_return(self) -> dict[tuple[str, str], list[str]]:
        """Arcs out of each (market, returned commodity)."""
        return self._arcs_by("market")

    @cached_property
    def out_of_offer(self) -> dict[tuple[str, str], list[str]]:
        """Arcs out of each (vendor, commodity)."""
        return self._arcs_by("vendor")

    def _arcs_by(self, kind: str) -> dict[tuple[str, str], list[str]]:
        arcs = self.network.arcs
        rows = arcs[arcs["from_kind"] == kind]
        return _lists(zip(rows["from_place"], rows["commodity"], strict=True), rows["arc"])

    @cached_property
    def into_market(self) -> dict[tuple[str, str], list[str]]:
        """Arcs into each (market, commodity): what is sold there."""
        arcs = self.network.arcs
        rows = arcs[arcs["to_kind"] == "market"]
        return _lists(zip(rows["to_place"], rows["commodity"], strict=True), rows["arc"])

    @cached_property
    def inflow(self) -> dict[State, list[str]]:
        """Arcs into each state of a site."""
        arcs = self.network.arcs
        rows = arcs[arcs["to_kind"] == "site"]
        return _lists(_states(rows, "to_place", "left_after"), rows["arc"])

    @cached_property
    def outflow(self) -> dict[State, list[str]]:
        """Arcs out of each state of a site."""
        arcs = self.network.arcs
        rows = arcs[arcs["from_kind"] == "site"]
        return _lists(_states(rows, "from_place", "left_before"), rows["arc"])

    @cached_property
    def consumed(self) -> dict[State, Terms]:
        """(activity, units per tonne) that take from each state."""
        rows = self.network.activity_inputs
        pairs = zip(rows["activity"], rows["units_per_tonne"], strict=True)
        return _lists(_states(rows, "site", "left"), pairs)

    @cached_property
    def produced(self) -> dict[State, Terms]:
        """(activity, units per tonne) that give to each state."""
        rows = self.network.activity_outputs
        pairs = zip(rows["activity"], rows["units_per_tonne"], strict=True)
        return _lists(_states(rows, "site", "left"), pairs)

    @cached_property
    def taken_states(self) -> list[State]:
        """States that a site takes in, from outside or by a recipe."""
        return sorted({*self.inflow, *self.consumed})

    @cached_property
    def given_states(self) -> list[State]:
        """States that a site only gives out."""
        return sorted({*self.produced, *self.outflow} - {*self.taken_states})

    @cached_property
    def store_of(self) -> dict[State, str]:
        """Store of each state that may be stored."""
        rows = self.network.stores
        return dict(zip(_states(rows, "site", "left"), rows["store"], strict=True))

    @cached_property
    def modules_at(self) -> dict[str, list[str]]:
        """Modules of each site."""
        modules = self.network.modules
        return _lists(modules["site"], modules["module"])

    @cached_property
    def activities_at(self) -> dict[str, list[str]]:
        """Activities of each site."""
        activities = self.network.activities
        return _lists(activities["site"], activities["activity"])

    def sites_counted(self, bound: str) -> list[str]:
        """Return the sites that rules with a ``minimum`` or a ``maximum`` count, sorted."""
        counts, counted = self.network.site_counts, self.network.counted_sites
        rules = counts.loc[counts["bound"] == bound, "rule"]
        return sorted(set(counted.loc[counted["rule"].isin(rules), "site"]))

    @cached_property
    def supply_of_assignment(self) -> dict[str, str]:
        """Supply of each assignment."""
        rows = self.network.assignments
        return dict(zip(rows["assignment"], rows["supply"], strict=True))

    @cached_property
    def arcs_of_assignment(self) -> dict[str, list[str]]:
        """Arcs, over modes, of each assignment."""
        arcs = self.network.arcs
        first = arcs[(arcs["from_kind"] == "source") & (arcs["to_kind"] == "site")]
        supplies = self.network.supplies
        links = first.merge(supplies, left_on=["from_place", "commodity"], right_on=["source", "commodity"])
        found = _lists(links["supply"] + ">" + links["to_place"], links["arc"])
        return {assignment: found[assignment] for assignment in self.supply_of_assignment}

    @cached_property
    def module(self) -> dict[str, dict[str, float]]:
        """Facts of each module: capacity, least use, life, whether it stands, divides, is resold."""
        columns = ["capacity_tonnes_per_year", "minimum_utilisation", "life_years", "stands", "divisible"]
        columns += ["standing_share", "resale_share"]
        modules = self.network.modules
        rows = modules[columns].astype(float).to_dict("records")
        return dict(zip(modules["module"], rows, strict=True))

    @cached_property
    def built_modules(self) -> list[str]:
        """Modules that do not stand before the horizon."""
        return [module for module, facts in self.module.items() if not facts["stands"]]

    @cached_property
    def steps(self) -> list[str]:
        """Modules that are built whole."""
        return [module for module in self.built_modules if not self.module[module]["divisible"]]

    @cached_property
    def expansions(self) -> list[str]:
        """Modules of which any share may be added where a site operates."""
        return [module for module in self.built_modules if self.module[module]["divisible"]]


def cells(wide: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Return the cells of a table by id and period as ``(id, period): value``."""
    return {
        (str(key), str(period)): float(value)
        for period, cell in wide.items()
        for key, value in cell.items()
    }


def _lists(keys: Iterable[K], values: Iterable[V]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = defaultdict(list)
    for key, value in zip(keys, values, strict=True):
        found[key].append(value)
    return dict(found)


def _states(rows: pd.DataFrame, place: str, left: str) -> list[State]:
    lefts = rows[left].map(LEFT)
    return [State(*key) for key in zip(rows[place], rows["commodity"], rows["origin"], lefts, strict=True)]
