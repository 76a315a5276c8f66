"""The network's columns as numbers: which decisions meet in which row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from netopt.formulation.model import number_in, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.network.network import Network
    from netopt.solution.names import Words

    Numbers = NDArray[np.int64]


class Links(NamedTuple):
    """Which members (arcs, activities, modules; by number) belong to which entries of another list.

    All of one length; ``units`` is what a member takes or gives per unit of its own, where that is asked.
    """

    entry: NDArray[np.int64]
    member: NDArray[np.int64]
    units: NDArray[np.float64]

    @classmethod
    def plain(cls, entry: NDArray[np.int64], member: NDArray[np.int64]) -> Links:
        """Return links where nobody asks for units."""
        return cls(entry, member, np.ones(len(member)))


@dataclass(frozen=True)
class Keys:
    """Tuples of words (a place, a commodity, ...) as one number each, which sorts as the tuples do.

    Attributes
    ----------
    vocabularies
        The words of each part, sorted.
    """

    vocabularies: tuple[pd.Index, ...]

    def of(self, *parts: pd.Series) -> Numbers:
        """Return the number of each tuple.

        Raises
        ------
        KeyError
            Where a word is in none of the instance's tables.
        """
        found = np.zeros(len(parts[0]), dtype=np.int64)
        for vocabulary, part in zip(self.vocabularies, parts, strict=True):
            numbers = number_in(vocabulary, part)
            if (numbers < 0).any():
                raise KeyError(f"unknown: {part.iloc[int(np.flatnonzero(numbers < 0)[0])]!r}")
            found = found * len(vocabulary) + numbers
        return found

    def words(self, keys: Numbers) -> tuple[Words, ...]:
        """Return the words of each tuple, part by part."""
        parts = []
        for vocabulary in reversed(self.vocabularies):
            keys, numbers = np.divmod(keys, len(vocabulary))
            parts.append(words(vocabulary)[numbers])
        return tuple(reversed(parts))


@dataclass(frozen=True)
class Facts:
    """Look-ups over one network, each built when first used. Entries and members are told by number."""

    network: Network

    @property
    def periods(self) -> tuple[str, ...]:
        """Ids of the periods in order."""
        return self.network.periods

    @cached_property
    def years(self) -> NDArray[np.float64]:
        """Length of each period in years."""
        horizon = self.network.instance.settings.horizon
        return np.array([period.length_years for period in horizon.periods], dtype=float)

    @cached_property
    def _places(self) -> pd.Index:
        instance = self.network.instance
        ids = [instance[f"{kind}s"][kind] for kind in ("source", "site", "market", "vendor")]
        return _sorted(pd.concat(ids))

    @cached_property
    def _commodities(self) -> pd.Index:
        return _sorted(self.network.instance["commodities"]["commodity"])

    @cached_property
    def goods(self) -> Keys:
        """A commodity at a place."""
        return Keys((self._places, self._commodities))

    @cached_property
    def ways(self) -> Keys:
        """A place, a commodity and another place."""
        return Keys((self._places, self._commodities, self._places))

    @cached_property
    def states(self) -> Keys:
        """A commodity at a site with its provenance: the row of a balance."""
        origins = pd.Index(["", *self.network.instance["jurisdictions"]["jurisdiction"]]).sort_values()
        return Keys((self._places, self._commodities, origins, pd.Index(["home", "left"])))

    def _states_of(self, rows: pd.DataFrame, place: str, left: str) -> Numbers:
        has_left = rows[left].to_numpy(dtype=bool)
        provenance = pd.Series(np.where(has_left, "left", "home"), dtype="str")
        return self.states.of(rows[place], rows["commodity"], rows["origin"], provenance)

    def arcs_at(self, end: str, kind: str) -> Links:
        """Return the arcs whose ``from`` or ``to`` end is of a kind; entries are keys of ``goods``."""
        arcs = self.network.arcs
        member = np.flatnonzero(arcs[f"{end}_kind"] == kind)
        rows = arcs.iloc[member]
        return Links.plain(self.goods.of(rows[f"{end}_place"], rows["commodity"]), member)

    @cached_property
    def arcs_of_supply(self) -> Links:
        """Arcs out of the source of each supply (by number)."""
        supplies = self.network.supplies
        return within(
            self.goods.of(supplies["source"], supplies["commodity"]), self.arcs_at("from", "source")
        )

    @cached_property
    def inflow(self) -> Links:
        """Arcs into each state of a site."""
        return self._arcs_by_state("to", "left_after")

    @cached_property
    def outflow(self) -> Links:
        """Arcs out of each state of a site."""
        return self._arcs_by_state("from", "left_before")

    def _arcs_by_state(self, end: str, left: str) -> Links:
        arcs = self.network.arcs
        member = np.flatnonzero(arcs[f"{end}_kind"] == "site")
        entry = self._states_of(arcs.iloc[member], f"{end}_place", left)
        return Links.plain(entry, member)

    @cached_property
    def consumed(self) -> Links:
        """Activities that take from each state, in units per tonne."""
        return self._activities_by_state(self.network.activity_inputs)

    @cached_property
    def produced(self) -> Links:
        """Activities that give to each state, in units per tonne."""
        return self._activities_by_state(self.network.activity_outputs)

    def _activities_by_state(self, rows: pd.DataFrame) -> Links:
        member = number_in(pd.Index(self.network.activities["activity"]), rows["activity"])
        units = rows["units_per_tonne"].to_numpy(dtype=float)
        return Links(self._states_of(rows, "site", "left"), member, units)

    @cached_property
    def taken_states(self) -> Numbers:
        """States that a site takes in, from outside or by a recipe."""
        return np.union1d(self.inflow.entry, self.consumed.entry)

    @cached_property
    def given_states(self) -> Numbers:
        """States that a site only gives out."""
        return np.setdiff1d(np.union1d(self.produced.entry, self.outflow.entry), self.taken_states)

    @cached_property
    def stored_states(self) -> Numbers:
        """State of each store."""
        return self._states_of(self.network.stores, "site", "left")

    @cached_property
    def sites(self) -> pd.Index:
        """Ids of the places that have modules or activities, sorted."""
        network = self.network
        return _sorted(pd.concat([network.modules["site"], network.activities["site"]]))

    @cached_property
    def site_of_module(self) -> Numbers:
        """Site (number in ``sites``) of each module."""
        return number_in(self.sites, self.network.modules["site"])

    @cached_property
    def site_of_activity(self) -> Numbers:
        """Site (number in ``sites``) of each activity."""
        return number_in(self.sites, self.network.activities["site"])

    def modules_at(self, sites: Numbers, chosen: NDArray[np.bool_] | None = None) -> Links:
        """Return the modules (perhaps of the chosen only) at each of some sites; entries count these."""
        member = np.arange(len(self.network.modules)) if chosen is None else np.flatnonzero(chosen)
        return pairs(sites, Links.plain(self.site_of_module[member], member))

    def sites_counted(self, bound: str) -> pd.Index:
        """Return the sites that rules with a ``minimum`` or a ``maximum`` count, sorted."""
        counts, counted = self.network.site_counts, self.network.counted_sites
        rules = counts.loc[counts["bound"] == bound, "rule"]
        return _sorted(counted.loc[counted["rule"].isin(rules), "site"])

    @cached_property
    def assignments(self) -> pd.DataFrame:
        """Each assignment once: ``assignment, supply, site``."""
        rows = self.network.assignments[["assignment", "supply", "site"]]
        return rows.drop_duplicates("assignment", ignore_index=True)

    @cached_property
    def arcs_of_assignment(self) -> Links:
        """Arcs, over modes, of each assignment (by number)."""
        network, chosen = self.network, self.assignments
        supply = number_in(pd.Index(network.supplies["supply"]), chosen["supply"])
        starts = network.supplies.iloc[supply]
        ways = self.ways.of(starts["source"], starts["commodity"], chosen["site"])
        arcs = network.arcs
        member = np.flatnonzero((arcs["from_kind"] == "source") & (arcs["to_kind"] == "site"))
        first = arcs.iloc[member]
        taken = self.ways.of(first["from_place"], first["commodity"], first["to_place"])
        return within(ways, Links.plain(taken, member))

    @cached_property
    def collectable(self) -> NDArray[np.float64]:
        """What is collected at most (t/yr), supplies x periods."""
        return self.by_period(self.network.supply_tonnes - self.network.leaked_tonnes, "supplies")

    def by_period(self, wide: pd.DataFrame, table: str) -> NDArray[np.float64]:
        """Return the cells of a table by id and period in the order of ``table``'s ids, n x T."""
        ids = pd.Index(getattr(self.network, table).iloc[:, 0])
        rows = wide if wide.index.equals(ids) else wide.reindex(ids)
        return rows[list(self.periods)].to_numpy(dtype=float)

    @property
    def modules(self) -> pd.Series:
        """Ids of the modules."""
        return self.network.modules["module"]

    def of_module(self, column: str) -> NDArray[np.float64]:
        """Return a fact of each module as a number."""
        return self.network.modules[column].to_numpy(dtype=float)

    @cached_property
    def stands(self) -> NDArray[np.bool_]:
        """Which modules stand before the horizon."""
        return self.network.modules["stands"].to_numpy(dtype=bool)

    @cached_property
    def divisible(self) -> NDArray[np.bool_]:
        """Which modules may operate in part."""
        return self.network.modules["divisible"].to_numpy(dtype=bool)

    @property
    def built(self) -> NDArray[np.bool_]:
        """Which modules do not stand before the horizon."""
        return ~self.stands

    @property
    def steps(self) -> NDArray[np.bool_]:
        """Which modules are built whole."""
        return self.built & ~self.divisible

    @property
    def expansions(self) -> NDArray[np.bool_]:
        """Which modules may be added in any share where a site operates."""
        return self.built & self.divisible

    @cached_property
    def built_number(self) -> Numbers:
        """Number of each module among those that are built; -1 for what stands."""
        return np.where(self.built, np.cumsum(self.built) - 1, -1)


def position_in(entries: Numbers, wanted: Numbers) -> Numbers:
    """Return where each wanted entry stands in a list of entries, -1 where it does not."""
    return pd.Index(entries).get_indexer(pd.Index(wanted)).astype(np.int64)


def within(entries: Numbers, links: Links) -> Links:
    """Return the links to a list of entries, each named by where it stands in the list."""
    at = position_in(entries, links.entry)
    is_in = at >= 0
    return Links(at[is_in], links.member[is_in], links.units[is_in])


def pairs(wanted: Numbers, links: Links) -> Links:
    """Return every wanted entry, named by where it stands, with each member that is linked to it."""
    order = np.argsort(links.entry, kind="stable")
    entries, first, counts = np.unique(links.entry[order], return_index=True, return_counts=True)
    at = position_in(entries, wanted)
    is_in = np.flatnonzero(at >= 0)
    first, counts = first[at[is_in]], counts[at[is_in]]
    ends = np.cumsum(counts)
    in_entry = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
    chosen = order[np.repeat(first, counts) + in_entry]
    return Links(np.repeat(is_in, counts), links.member[chosen], links.units[chosen])


def _sorted(ids: pd.Series) -> pd.Index:
    """Return ids in order, each once."""
    found: pd.Index = pd.Index(ids.unique()).sort_values()
    return found


def cells(wide: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Return the cells of a table by id and period as ``(id, period): value``."""
    return {
        (str(key), str(period)): float(value)
        for period, cell in wide.items()
        for key, value in cell.items()
    }
