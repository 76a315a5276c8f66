"""Routing rules of a study that shares inputs with an instance, solved on its places.

Existing capacity, nominal; nothing opens; of what retires a share is offered to recyclers, goes where the
rule allows, and what finds no room leaks. The engine serves as much as the rule and capacity let it, by the
shortest ways: an unserved tonne is far dearer than any haul.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.data.read import make_instance
from netopt.data.settings import (
    About,
    Capital,
    Distance,
    Horizon,
    Leakage,
    Period,
    Prices,
    Settings,
)
from netopt.network.distance import haul_distances_km
from netopt.pipeline import solve
from netopt.policy.read import make_policy
from netopt.solution.options import SolveOptions

if TYPE_CHECKING:
    from netopt.data.calibration import Calibration
    from netopt.data.instance import Instance

RULES: Final = ("own", "cluster", "radius", "neighbour")
"""Own province; also provinces that share the place's city cluster; also provinces of which a place is
within ``RADIUS_KM``; also bordering provinces."""

RADIUS_KM: Final = 300.0
UNSERVED_CNY_PER_TONNE: Final = 1e5
"""Far above 1 CNY/(t km) over any way: as much as possible is served before ways are short."""

MODE: Final = "road"
PACK, DONE = "pack", "done"


@dataclass(frozen=True)
class Routed:
    """What a rule serves: t/yr, mean haul (km), and the share of it that crosses a border (0 to 1)."""

    tonnes_per_year: float
    mean_km: float
    over_border: float


@dataclass
class Routing:
    """The four rules on one instance.

    Parameters
    ----------
    instance
        Whose places, ways and standing capacity count.
    calibration
        End-of-life tonnes by jurisdiction, neighbours and clusters.
    facility_type
        Whose standing capacity takes what retires.
    options
        Threads and limits of the solves.
    """

    instance: Instance
    calibration: Calibration
    facility_type: str
    options: SolveOptions

    def __post_init__(self) -> None:
        self._home = self.instance["locations"].set_index("location")["jurisdiction"]
        self._homes = dict(self._home.items())
        self.offered = self._end_of_life()
        sites = self.instance["sites"]
        stands = (sites["facility_type"] == self.facility_type) & (
            sites["existing_capacity_tonnes_per_year"] > 0
        )
        self.capacity = sites[stands].groupby("location")["existing_capacity_tonnes_per_year"].sum()
        self._km = self._ways()

    @property
    def retired_tonnes_per_year(self) -> float:
        """What retires in all, t/yr."""
        return float(self.offered.sum())

    def without_capacity(self) -> tuple[int, float]:
        """Return how many jurisdictions have no standing capacity, and which share of tonnes they hold."""
        have = set(self.capacity.index.map(self._homes))
        tonnes = self.offered.groupby(self.offered.index.map(self._homes)).sum()
        without = ~tonnes.index.isin(have)
        return int(without.sum()), float(tonnes[without].sum() / tonnes.sum())

    def offered_share(self, tonnes_per_year: float, tolerance: float = 1e-4) -> float:
        """Return the share of what retires at which the rule ``own`` serves so many tonnes (bisection).

        Served is the sum over jurisdictions of the lesser of what is offered and what they can take.
        """
        offered = self.offered.groupby(self.offered.index.map(self._homes)).sum()
        room = self.capacity.groupby(self.capacity.index.map(self._homes)).sum()
        room = room.reindex(offered.index).fillna(0.0)
        low, high = 0.0, 1.0
        while high - low > tolerance / 10:
            share = (low + high) / 2
            served = float((offered * share).clip(upper=room).sum())
            low, high = (share, high) if served < tonnes_per_year else (low, share)
        return high

    def route(self, rule: str, offered_share: float) -> Routed:
        """Return what a rule serves of a share of what retires, by an independently checked plan.

        Raises
        ------
        NetoptError
            As ``netopt.pipeline.solve``.
        """
        instance = self.case(rule, offered_share)
        solution = solve(instance, make_policy(f"rule-{rule}", []), self.options)
        flows = solution.answer.flows
        hauls = flows[flows["commodity"] == PACK]
        tonnes = hauls["flow_units_per_year"]
        ends = [hauls[end].str.partition("_")[2].map(self._home) for end in ("from_place", "to_place")]
        total = float(tonnes.sum())
        return Routed(
            tonnes_per_year=total,
            mean_km=float((tonnes * hauls["distance_km"]).sum()) / total if total else 0.0,
            over_border=float(tonnes[ends[0] != ends[1]].sum()) / total if total else 0.0,
        )

    def case(self, rule: str, offered_share: float) -> Instance:
        """Return the instance that a rule is: only allowed ways have a length."""
        ways = self._km[self._is_allowed(rule)]
        return make_instance(_settings(rule, offered_share), _tables(self, ways))

    def _end_of_life(self) -> pd.Series:
        """Return tonnes by location: of a jurisdiction, divided as the instance's supply is."""
        supply = self.instance["supply"]
        at = self.instance["sources"].set_index("source")["location"]
        first = supply[supply["period"] == self.instance.periods[0]]
        own = first["supply_tonnes_per_year"].groupby(first["source"].map(at)).sum()
        home = own.index.map(self._homes)
        share = own / own.groupby(home).transform("sum")
        told = self.calibration.end_of_life.set_index("jurisdiction")["tonnes_per_year"]
        return share * pd.Series(home.map(dict(told.items())), index=own.index).fillna(0.0)

    def _ways(self) -> pd.DataFrame:
        """Return ``from_location, to_location, km`` from every place to every place with capacity."""
        pairs = pd.DataFrame({"from_location": self.offered.index}).merge(
            pd.DataFrame({"to_location": self._home.index}), how="cross"
        )
        km = haul_distances_km(self.instance, pairs.assign(mode=MODE))
        return pairs.assign(
            km=km,
            origin=pairs["from_location"].map(self._home),
            destination=pairs["to_location"].map(self._home),
        ).dropna()

    def _is_allowed(self, rule: str) -> pd.Series:
        """Return whether each way leads to capacity that the rule allows."""
        ways = self._km
        own = ways["origin"] == ways["destination"]
        to_capacity = ways["to_location"].isin(self.capacity.index)
        if rule == "own":
            return own & to_capacity
        reach = {"cluster": self._by_cluster, "radius": self._by_radius, "neighbour": self._by_border}[
            rule
        ]()
        asked = pd.MultiIndex.from_frame(ways[["from_location", "destination"]])
        return (own | asked.isin(pd.MultiIndex.from_frame(reach))) & to_capacity

    def _by_cluster(self) -> pd.DataFrame:
        clusters = self.calibration.clusters
        members = clusters.assign(destination=clusters["location"].map(self._home))
        pairs = clusters.merge(members[["cluster", "destination"]].drop_duplicates(), on="cluster")
        return pairs[["location", "destination"]].drop_duplicates()

    def _by_radius(self) -> pd.DataFrame:
        near = self._km[self._km["km"] <= RADIUS_KM]
        return near[["from_location", "destination"]].drop_duplicates()

    def _by_border(self) -> pd.DataFrame:
        rows = self.calibration.neighbours
        back = rows.rename(columns={"jurisdiction": "neighbour", "neighbour": "jurisdiction"})
        both = pd.concat([rows, back]).rename(columns={"neighbour": "destination"})
        places = self._home.rename("jurisdiction").rename_axis("location").reset_index()
        return places.merge(both, on="jurisdiction")[["location", "destination"]]


def _settings(rule: str, offered_share: float) -> Settings:
    return Settings(
        instance=About(
            name=f"rule-{rule}",
            title=f"Routing rule: {rule}",
            currency="CNY",
            price_year=2024,
            price_basis="1 CNY per tonne and kilometre: cost counts tonne-kilometres",
        ),
        horizon=Horizon(
            discount_rate=0.0,
            base_year=2024,
            periods=[Period(period="2024", start_year=2024, length_years=1)],
        ),
        capital=Capital(wacc=0.0),
        distance=Distance(method="table"),
        prices=Prices(carbon_cny_per_tonne=0.0, unserved_cny_per_tonne=UNSERVED_CNY_PER_TONNE),
        leakage=Leakage(
            formal_share=offered_share,
            beta_per_cny=0.0,
            reference_gap_cny_per_pack=0.0,
            reference_friction_cny_per_tonne=0.0,
            pack_mass_tonnes=1.0,
            pass_through=0.0,
        ),
    )


def _tables(routing: Routing, ways: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return sources and plants at places of their own, so that a row of distances leads one way."""
    offered, capacity = routing.offered, routing.capacity
    places = routing.instance["locations"]
    sources = places[places["location"].isin(offered.index)]
    plants = places[places["location"].isin(capacity.index)]
    return {
        "jurisdictions": routing.instance["jurisdictions"],
        "locations": pd.concat(
            [
                sources.assign(location="from_" + sources["location"]),
                plants.assign(location="to_" + plants["location"]),
            ]
        ),
        "commodities": pd.DataFrame(
            [
                (PACK, "Pack", "", "t", 1.0, "class9", True, False, 0.0),
                (DONE, "Processed", "", "t", 1.0, "class9", False, False, None),
            ],
            columns=[*routing.instance["commodities"].columns],
        ),
        "sources": pd.DataFrame(
            {
                "source": "src_" + sources["location"],
                "name": sources["name"],
                "location": "from_" + sources["location"],
                "fixed_cny_per_year": 0.0,
            }
        ),
        "supply": pd.DataFrame(
            {
                "source": "src_" + offered.index,
                "commodity": PACK,
                "period": "2024",
                "supply_tonnes_per_year": offered.to_numpy(),
            }
        ),
        "operators": routing.instance["operators"].iloc[:1],
        "facility_types": pd.DataFrame(
            [("plant", "Plant", "", 1)], columns=[*routing.instance["facility_types"].columns]
        ),
        "sizes": pd.DataFrame(
            [("plant", "one", 1.0, 0.0, 0.0, 0.0, 0.0)], columns=[*routing.instance["sizes"].columns]
        ),
        "recipes": pd.DataFrame(
            [("process", "plant", "Process", "processing", 0.0, 0.0)],
            columns=[*routing.instance["recipes"].columns],
        ),
        "recipe_inputs": pd.DataFrame(
            [("process", PACK, 1.0)], columns=["recipe", "commodity", "mass_share"]
        ),
        "recipe_outputs": pd.DataFrame(
            [("process", DONE, 1.0)], columns=["recipe", "commodity", "yield_units_per_tonne"]
        ),
        "sites": pd.DataFrame(
            {
                "site": "plant_" + plants["location"],
                "name": plants["name"],
                "location": "to_" + plants["location"],
                "facility_type": "plant",
                "operator": routing.instance["operators"]["operator"].iloc[0],
                "existing_capacity_tonnes_per_year": plants["location"].map(capacity),
                "effective_share": 1.0,
                "existing_fixed_cny_per_year": 0.0,
                "existing_divisible": True,
                "may_build": False,
            }
        ),
        "markets": pd.DataFrame([("gate", "Gate", "")], columns=["market", "name", "location"]),
        "offtake": pd.DataFrame(
            [("gate", DONE, "", "recovered_metals", 0.0, None)],
            columns=[*routing.instance["offtake"].columns],
        ),
        "informal": pd.DataFrame(
            [(PACK, 0.0, 0.0, 0.0, 0.0)], columns=[*routing.instance["informal"].columns]
        ),
        "haulage": pd.DataFrame(
            [(MODE, "class9", leg, 1.0, 0.0, 0.0) for leg in ("first", "trunk")],
            columns=[*routing.instance["haulage"].columns],
        ),
        "distances": pd.DataFrame(
            {
                "origin": "from_" + ways["from_location"],
                "destination": "to_" + ways["to_location"],
                "mode": MODE,
                "distance_km": ways["km"],
            }
        ),
    }
