"""The literature's siting problems in netopt's tables: who serves whom, at which cost, from which sites.

There, plants serve customers. netopt collects from sources, so every haul is turned round: a customer is a
source that gives its demand, and what it costs to serve it is what it costs to collect from it. Costs a
unit are a table of distances at a tariff of 1 CNY a tonne-kilometre; a site is capacity that stands, whose
fixed cost is saved by closing it, which is the same choice as opening it at that cost. One period of
one year without discounting: the objective is the file's own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.data.formats.foreign import Foreign
from netopt.data.settings import Settings
from netopt.data.tables import TABLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERIOD: Final = "year"
REGION: Final = "region"
OPERATOR: Final = "operator"
MODE: Final = "haul"
GATE: Final = "gate"
POLICY: Final = "plain"

_MOST_KM: Final = 20_000.0
_MOST_TARIFF: Final = 1_000.0
MOST_UNIT_COST: Final = _MOST_KM * _MOST_TARIFF
"""What a unit may cost between two places at most (CNY/t)."""

_GRID_STEP_DEG: Final = 0.05
_PLAIN_POLICY: Final = f"""\
name = "{POLICY}"
title = "No rules: the problem as the file states it"
perspective = "social"
"""

ORIGINS: Final = {
    "supply.supply_tonnes_per_year": "the demand of the customer",
    "distances.distance_km": "the cost of a unit between the two, as km at the tariff of haulage.csv",
    "sites.existing_capacity_tonnes_per_year": "the capacity of the site",
    "sites.existing_fixed_cny_per_year": "the fixed cost of the site, saved where it is closed",
    "locations.lon_deg": "made up: a grid, as the file has no places; no cost depends on it",
    "locations.lat_deg": "made up: a grid, as the file has no places; no cost depends on it",
    "haulage.tariff_cny_per_tonne_km": "1, or the power of ten that keeps distances below 20,000 km",
    "sizes.size": "made up: the table needs a row, of a type that has no site",
    "offtake.limit_units_per_year": "of several products: the plant's capacity for one; else blank",
    "*": "the same for every file of this kind: numbered ids, else nothing (0 or blank)",
}
"""Columns that hold what the file says, or what had to be made up."""

NOTES: Final = (
    "Customers are sources here, as netopt collects: every haul is turned round, its cost stays.",
    "A site is capacity that stands; closing it saves its fixed cost. Nothing else may be built.",
    "Coordinates are a made-up grid near 0 N 0 E, years and units placeholders: maps of it show nothing.",
    f"The policy '{POLICY}' has no rules: under it the optimum is the file's own, in CNY a year.",
)


def instance_name(stem: str) -> str:
    """Return the name of a file as that of an instance.

    Examples
    --------
    >>> instance_name("PSC1-C1_50"), instance_name("测试")
    ('psc1-c1-50', 'imported')
    """
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "imported"


class SitingTables:
    """Tables of a siting problem, filled stage by stage.

    Parameters
    ----------
    title
        Of the instance.
    name
        Its name, as ``instance_name`` gives it.
    """

    def __init__(self, name: str, title: str) -> None:
        self._name, self._title = name, title
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in TABLES}
        self._supply: list[pd.DataFrame] = []
        self._hauls: list[pd.DataFrame] = []
        self._n_places = 0
        self._add("jurisdictions", (REGION, "The region of the file", ""))
        self._add("operators", (OPERATOR, "Any", REGION))
        self._add("facility_types", ("unused", "Asked for by sizes.csv; no site is of it", "", 1))
        self._add("sizes", ("unused", "unused", 1.0, 0.0, 0.0, 0.0, 0.0))
        self._add("markets", (GATE, "Whoever takes what is done", ""))

    def _add(self, table: str, *rows: tuple[object, ...]) -> None:
        self._rows[table] += rows

    def _locate(self, places: Sequence[str]) -> None:
        """Give places that the file knows nothing of a point each on a grid, far from any country."""
        for place in places:
            north, east = divmod(self._n_places, 100)
            point = (_GRID_STEP_DEG * east, round(_GRID_STEP_DEG * north, 6))
            self._add("locations", (place, place, "", REGION, round(point[0], 6), point[1], 0.0))
            self._n_places += 1

    def add_goods(self, goods: Sequence[str], *, retired: bool) -> None:
        """Add commodities; those that are ``retired`` are given by sources."""
        cost = 0.0 if retired else None
        self._add("commodities", *[(g, g, "", "t", 1.0, "ordinary", False, False, cost) for g in goods])
        if retired:
            self._add("informal", *[(good, 0.0, 0.0, 0.0, 0.0) for good in goods])

    def add_sources(self, sources: Sequence[str], commodity: str, supply: NDArray[np.float64]) -> None:
        """Add sources with what each gives of one commodity (t a year), all above zero."""
        self._locate(sources)
        self._add("sources", *[(source, source, source, 0.0) for source in sources])
        table = {
            "source": sources,
            "commodity": commodity,
            "period": PERIOD,
            "supply_tonnes_per_year": supply,
        }
        self._supply.append(pd.DataFrame(table))

    def add_type(self, facility_type: str, conversions: Sequence[tuple[str, str]]) -> None:
        """Add a facility type that turns each commodity into another, tonne by tonne, for nothing."""
        self._add("facility_types", (facility_type, facility_type, "", 1))
        for taken, given in conversions:
            recipe = f"{facility_type}-{taken}"
            self._add("recipes", (recipe, facility_type, recipe, "processing", 0.0, 0.0))
            self._add("recipe_inputs", (recipe, taken, 1.0))
            self._add("recipe_outputs", (recipe, given, 1.0))

    def add_sites(
        self,
        sites: Sequence[str],
        facility_type: str,
        capacity: NDArray[np.float64],
        fixed: NDArray[np.float64] | float,
        *,
        divisible: bool = False,
    ) -> None:
        """Add sites with capacity (t a year) and fixed cost (CNY a year)."""
        self._locate(sites)
        costs = np.broadcast_to(fixed, (len(sites),))
        for site, most, cost in zip(sites, capacity.tolist(), costs.tolist(), strict=True):
            place = (site, site, site, facility_type, OPERATOR)
            self._add("sites", (*place, most, 1.0, cost, divisible, False))

    def add_outlet(self, commodity: str) -> None:
        """Let a commodity leave at the gate of whoever makes it, for nothing and without a limit."""
        self._add("offtake", (GATE, commodity, "", "disposal", 0.0, None))

    def add_outlet_at(self, market: str, site: str, limits: dict[str, float]) -> None:
        """Add a market beside a site that takes commodities (id -> limit, t a year) for nothing."""
        self._add("markets", (market, market, site))
        self._add("offtake", *[(market, good, "", "disposal", 0.0, most) for good, most in limits.items()])

    def add_hauls(
        self, origins: Sequence[str], destinations: Sequence[str], costs: NDArray[np.float64]
    ) -> None:
        """Add what a unit costs (CNY/t) from each origin (rows) to each destination (columns)."""
        table = {
            "origin": np.repeat(np.asarray(origins, dtype=object), len(destinations)),
            "destination": np.tile(np.asarray(destinations, dtype=object), len(origins)),
            "mode": MODE,
            "distance_km": costs.ravel(),
        }
        self._hauls.append(pd.DataFrame(table))

    def add_ties(self, origins: Sequence[str], destinations: Sequence[str]) -> None:
        """Add hauls that cost nothing from each origin to the destination in step with it."""
        table = {"origin": origins, "destination": destinations, "mode": MODE, "distance_km": 0.0}
        self._hauls.append(pd.DataFrame(table))

    def finish(self, notes: Sequence[str]) -> Foreign:
        """Return the problem; ``notes`` come after those that hold for all."""
        hauls = pd.concat(self._hauls, ignore_index=True)
        tariff = _tariff(float(hauls["distance_km"].max()))
        hauls["distance_km"] /= tariff
        for leg in ("first", "trunk"):
            self._add("haulage", (MODE, "ordinary", leg, tariff, 0.0, 0.0))
        tables = {
            name: pd.DataFrame(rows, columns=list(TABLES[name].column_names))
            for name, rows in self._rows.items()
            if rows
        }
        supply = pd.concat(self._supply, ignore_index=True)
        tables |= {"supply": supply, "distances": hauls}
        policies = {f"{POLICY}.toml": _PLAIN_POLICY}
        return Foreign(
            _settings(self._name, self._title), tables, policies, (*NOTES, *notes), origins=ORIGINS
        )


def _tariff(dearest_cny_per_tonne: float) -> float:
    """Return the tariff (CNY/(t km), a power of ten) at which no unit is more than 20,000 km away."""
    if dearest_cny_per_tonne <= _MOST_KM:
        return 1.0
    return min(_MOST_TARIFF, 10.0 ** math.ceil(math.log10(dearest_cny_per_tonne / _MOST_KM)))


def _settings(name: str, title: str) -> Settings:
    return Settings.model_validate(
        {
            "instance": {
                "name": name,
                "title": title,
                "description": "A siting problem of the literature; see IMPORT.md.",
                "currency": "CNY",
                "price_year": 2000,
                "price_basis": "the file's own unit of cost, called CNY",
            },
            "horizon": {
                "discount_rate": 0.0,
                "base_year": 2000,
                "periods": [{"period": PERIOD, "start_year": 2000, "length_years": 1}],
            },
            "capital": {"wacc": 0.0},
            "distance": {"method": "table"},
            "prices": {"carbon_cny_per_tonne": 0.0},
            "leakage": {
                "formal_share": 1.0,
                "beta_per_cny": 0.0,
                "reference_gap_cny_per_pack": 0.0,
                "reference_friction_cny_per_tonne": 0.0,
                "pack_mass_tonnes": 1.0,
                "pass_through": 0.0,
            },
        }
    )
