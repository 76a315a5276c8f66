"""Six toys that no plan can meet, each contradiction and its tonnes worked out by hand.

Toy (instances/toy/README.md): 2,000, 4,000 and 2,000 t are collected in Westland, Midland and
Eastland; a tonne tests into 0.25 t fit for cascade use and 0.75 t scrap; a fifth of what the cascade
plant takes is rejected to scrap; its market takes 120,000 kWh at 80 kWh a tonne, that is 1,500 t.
Hubs can be built at H1 and H2, a cascade plant at C2, a dismantler at D1, recyclers at R2 and R3;
dismantler D3 stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.policy.base import Lever, Policy
from netopt.policy.levers.cascade_target import CascadeTarget
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.read import make_policy
from netopt.resources import shipped

Edit = Callable[[dict[str, pd.DataFrame]], None]


def toy(edit: Edit | None = None) -> Instance:
    """Return toy with its tables edited."""
    given = read_instance(shipped("instances") / "toy")
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    if edit is not None:
        edit(tables)
    return make_instance(given.settings, tables)


def sites(column: str, values: dict[str, object]) -> Edit:
    """Return an edit of one column of sites.csv, by site."""

    def edit(tables: dict[str, pd.DataFrame]) -> None:
        table = tables["sites"]
        new = table["site"].map(values)
        table[column] = new.where(new.notna(), table[column]).astype(table[column].dtype)

    return edit


def second_life_limit(kwh_per_year: float) -> Edit:
    """Return an edit of what the second-life market takes (NaN: any)."""

    def edit(tables: dict[str, pd.DataFrame]) -> None:
        is_use = tables["offtake"]["market"] == "V2"
        tables["offtake"].loc[is_use, "limit_units_per_year"] = kwh_per_year

    return edit


def both(*edits: Edit) -> Edit:
    """Return several edits as one."""

    def edit(tables: dict[str, pd.DataFrame]) -> None:
        for one in edits:
            one(tables)

    return edit


@dataclass(frozen=True)
class Case:
    """A policy and tables that no plan meets.

    Attributes
    ----------
    edit, levers
        What is overridden.
    conflicts
        The contradictions, by hand: names of statements.
    lift
        The smallest set to lift.
    gives
        Statement -> t a year that the least violation gives.
    only_whole
        Whether only whole plants make it infeasible.
    lifted_edit, lifted_levers
        The same case with ``lift`` taken back in tables and policy.
    """

    edit: Edit | None
    levers: tuple[Lever, ...]
    conflicts: tuple[frozenset[str], ...]
    lift: frozenset[str]
    gives: dict[str, float]
    only_whole: bool
    lifted_edit: Edit | None
    lifted_levers: tuple[Lever, ...]

    def instance(self) -> Instance:
        """Return the toy that no plan meets."""
        return toy(self.edit)

    def policy(self) -> Policy:
        """Return the policy that no plan meets."""
        return make_policy("impossible", self.levers)

    def lifted(self) -> tuple[Instance, Policy]:
        """Return instance and policy with the smallest set lifted."""
        return toy(self.lifted_edit), make_policy("lifted", self.lifted_levers)


HOME = InProvinceProcessing(jurisdictions=("P2",), share=1.0)
"""Midland closes its border; it has a site for a cascade plant, none for a dismantler, and three
quarters of its 4,000 t are scrap."""

_CROWDED = both(
    sites("existing_capacity_tonnes_per_year", {"D3": 7500.0}),  # 6,000 t at an effective share of 0.8
    second_life_limit(float("nan")),
)
_NO_D1 = sites("may_build", {"D1": False})

DISMANTLED = InProvinceProcessing(jurisdictions=("P1",), share=1.0, facility_types=("dismantler",))
REUSED = CascadeTarget(share=0.05, denominator="retired", hard=True, jurisdictions=("P1",))

QUOTA = CascadeTarget(share=0.6, denominator="retired", hard=True)
SMALL_QUOTA = CascadeTarget(share=0.02, denominator="retired", hard=True)

_SHUT = sites("may_build", dict.fromkeys(("H1", "H2", "C2", "D1", "D3", "R2", "R3"), False))

CASES = {
    # Whatever Midland collects is owed at home, three quarters of it cannot be had there.
    # C2 processes 0.8 x 1,000 = 800 t of Midland's, so 3,200 of 4,000 t are missing.
    "closed border without a plant": Case(
        edit=None,
        levers=(HOME,),
        conflicts=(frozenset({"rule in_province_processing[P2]", "supply [P2]"}),),
        lift=frozenset({"rule in_province_processing[P2]"}),
        gives={"rule in_province_processing[P2]": 3200.0},
        only_whole=False,
        lifted_edit=None,
        lifted_levers=(),
    ),
    # Of 8,000 t collected 6,000 t scrap and 0.2 x 2,000 t rejects must be dismantled, 6,000 t can be.
    # Without any one source's tonnes it fits: 6,400 - 0.8 x 2,000 = 4,800 t.
    "cap below supply": Case(
        edit=both(_CROWDED, _NO_D1),
        levers=(),
        conflicts=(
            frozenset(
                {
                    "build dismantler[P1]",
                    "build dismantler[P3]",
                    "capacity dismantler[P3]",
                    "supply [P1]",
                    "supply [P2]",
                    "supply [P3]",
                }
            ),
        ),
        lift=frozenset({"build dismantler[P1]"}),
        gives={"capacity dismantler[P3]": 400.0},
        only_whole=False,
        lifted_edit=_CROWDED,
        lifted_levers=(),
    ),
    # All that Westland collects must be dismantled at home; 5 % of the 4,000 t that retire there, 200 t,
    # must go to cascade use. Neither depends on the other being small.
    "contradictory levers": Case(
        edit=None,
        levers=(DISMANTLED, REUSED),
        conflicts=(frozenset({"rule in_province_processing[P1]", "rule cascade_target[P1]"}),),
        lift=frozenset({"rule cascade_target[P1]"}),
        gives={"rule cascade_target[P1]": 200.0},
        only_whole=False,
        lifted_edit=None,
        lifted_levers=(DISMANTLED,),
    ),
    # 60 % of 16,000 t are 9,600 t; were all of it collected, 0.25 x 0.8 would be fit: 20 %. As things
    # are, the market's 1,500 t x 0.8 = 1,200 t can be reached: 8,400 t are missing.
    "target above fitness": Case(
        edit=None,
        levers=(QUOTA,),
        conflicts=(frozenset({"rule cascade_target[national]"}),),
        lift=frozenset({"rule cascade_target[national]"}),
        gives={"rule cascade_target[national]": 8400.0},
        only_whole=False,
        lifted_edit=None,
        lifted_levers=(),
    ),
    # Packs need a hub, black mass a recycler: two contradictions, and one of each must be let in. Any one
    # province's batteries are enough for either; which one is named first is Westland, by the order.
    "no sites allowed": Case(
        edit=_SHUT,
        levers=(),
        conflicts=(
            frozenset({"build hub[P1]", "build hub[P2]", "supply [P1]"}),
            frozenset({"build hydromet[P2]", "build hydromet[P3]", "supply [P1]"}),
        ),
        lift=frozenset({"build hub[P1]", "build hydromet[P2]"}),
        gives={},
        only_whole=False,
        lifted_edit=both(_SHUT, sites("may_build", {"H1": True, "R2": True})),
        lifted_levers=(),
    ),
    # 2 % of 16,000 t are 320 t of cascade use, 400 t into the plant; the market takes 40,000 kWh, 500 t; a
    # plant that operates takes 1,000 t. Half a plant would do; a whole one cannot: 500 t below its minimum.
    "integrality only": Case(
        edit=second_life_limit(40_000.0),
        levers=(SMALL_QUOTA,),
        conflicts=(
            frozenset({"rule cascade_target[national]", "market second_life_kwh[P2]", "minimum cascade"}),
        ),
        lift=frozenset({"rule cascade_target[national]"}),
        gives={"rule cascade_target[national]": 320.0},
        only_whole=True,
        lifted_edit=second_life_limit(40_000.0),
        lifted_levers=(),
    ),
}
