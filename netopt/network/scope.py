"""Which arcs a network lists one by one: all of them, or those between places near each other.

A national instance has millions of conceivable arcs. A scope lists the short ones; a strategy that
solves such a network must price all others too (``network.everywhere``), or call its bound one of
the candidate set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from netopt.data.tables import PLACES
from netopt.network.distance import haul_distances_km

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@dataclass(frozen=True)
class Scope:
    """Which arcs into sites are listed.

    Attributes
    ----------
    n_nearest
        Arcs from every place to the nearest ``n_nearest`` sites of each facility type where capacity
        stands, and as many where none stands. Sites at the place itself are always listed.
    also
        Pairs (origin location, site) that are listed too.
    """

    n_nearest: int
    also: frozenset[tuple[str, str]] = frozenset()

    def __str__(self) -> str:
        return (
            f"the arcs from every place to the nearest {self.n_nearest} sites of each type where capacity "
            f"stands, and the nearest {self.n_nearest} where none does"
        )

    @property
    def caveat(self) -> str:
        """What a reason why no plan exists must add: it holds for the listed arcs alone."""
        return f"Asked of a candidate set: {self}. Longer hauls were not tried."

    def with_flows(self, instance: Instance, flows: pd.DataFrame) -> Scope:
        """Return the scope that also lists what a plan ships (``from_place``, ``to_place``)."""
        where = place_locations(instance)
        into_sites = flows[flows["to_place"].isin(instance["sites"]["site"])]
        pairs = zip(into_sites["from_place"].map(where), into_sites["to_place"], strict=True)
        return replace(self, also=self.also | frozenset(pairs))


def n_possible_arcs(instance: Instance) -> int:
    """Return how many pairs of a giver and a site that takes the same commodity there are."""
    recipes = instance["recipes"][["recipe", "facility_type"]]
    n_sites = instance["sites"]["facility_type"].value_counts()
    givers = instance["supply"].drop_duplicates(["source", "commodity"])["commodity"].value_counts()
    n_arcs = 0
    made, taken = (
        recipes.merge(instance[table], on="recipe").drop_duplicates(["facility_type", "commodity"])
        for table in ("recipe_outputs", "recipe_inputs")
    )
    for commodity, takers in taken.groupby("commodity"):
        makers = made.loc[made["commodity"] == commodity, "facility_type"]
        n_givers = int(givers.get(commodity, 0)) + int(n_sites.reindex(makers).fillna(0).sum())
        n_arcs += n_givers * int(n_sites.reindex(takers["facility_type"]).fillna(0).sum())
    return n_arcs


def place_locations(instance: Instance) -> pd.Series:
    """Return the location id of every source, site, market and vendor."""
    parts = [instance[table].set_index(key)["location"] for key, table in PLACES.items()]
    found: pd.Series = pd.concat(parts)
    return found


def nearby_sites(instance: Instance, scope: Scope) -> pd.DataFrame:
    """Return the sites that are listed from each location.

    Returns
    -------
    pandas.DataFrame
        ``from_location`` (every location), ``place_to`` (site ids), one row per listed pair.
    """
    sites = instance["sites"]
    stands = (sites["existing_capacity_tonnes_per_year"] * sites["effective_share"]) > 0
    near = sites.assign(stands=stands)[["site", "location", "facility_type", "stands"]]
    pairs = least_distances_km(instance).merge(near, left_on="to_location", right_on="location")
    pairs = pairs.sort_values(["distance_km", "site"], kind="stable")
    rank = pairs.groupby(["from_location", "facility_type", "stands"]).cumcount()
    is_listed = (rank < scope.n_nearest) | (pairs["from_location"] == pairs["to_location"])
    listed = pairs.loc[is_listed, ["from_location", "site"]].rename(columns={"site": "place_to"})
    also = pd.DataFrame(sorted(scope.also), columns=["from_location", "place_to"], dtype=str)
    return pd.concat([listed, also]).drop_duplicates(ignore_index=True)


def least_distances_km(instance: Instance) -> pd.DataFrame:
    """Return the least distance over modes between any two locations; 0 within one.

    Returns
    -------
    pandas.DataFrame
        ``from_location, to_location, distance_km``; pairs without any way are missing.
    """
    places = instance["locations"][["location"]]
    modes = instance["haulage"][["mode"]].drop_duplicates()
    pairs = (
        places.rename(columns={"location": "from_location"})
        .merge(places.rename(columns={"location": "to_location"}), how="cross")
        .merge(modes, how="cross")
    )
    km = haul_distances_km(instance, pairs)
    pairs["distance_km"] = km.where(pairs["from_location"] != pairs["to_location"], 0.0)
    ends = ["from_location", "to_location"]
    return pairs.dropna(subset="distance_km").groupby(ends, sort=False)["distance_km"].min().reset_index()
