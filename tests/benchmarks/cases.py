"""Synthetic national cases: seeded cities, hubs, cascade plants and recyclers, made in memory.

Packs retire in cities; a hub tests them; those fit for cascade use go to a cascade plant, the rest to a
recycler; what a cascade plant cannot use goes to a recycler too; metal leaves at the recycler's gate at
price zero, so that the objective is gross cost. Capacity steps are in proportion to what passes, so that
every case is feasible whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.accounts import Perspective
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.policy.read import make_policy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.data.instance import Instance
    from netopt.policy.base import Policy

    Rows = list[tuple[object, ...]]

FIRST_YEAR: Final = 2025
TONNES_PER_YEAR: Final = 1e6
"""Retired in the first period."""

GROWTH: Final = 1.15
"""Of what retires, from one period (a year) to the next."""

ZIPF: Final = 0.8
"""Supply of the k-th largest city is in proportion to k to the minus this."""

FIT_SHARE: Final = 0.3
SPENT_SHARE: Final = 0.9
"""Of what a cascade plant takes in, what goes on to a recycler."""

SCALE_POWER: Final = 0.65
"""Annual cost of a capacity step is in proportion to its capacity to this."""

STEPS: Final = {"small": 0.25, "middle": 0.5, "large": 1.0}
"""Capacity relative to the largest step."""

SLACK: Final = 1.07
"""Capacity beyond what passes, where just enough of the largest plants stand: full to the brim, whether a
plan exists would be a matter of rounding."""

WACC: Final = 0.08
LIFE_YEARS: Final = 20
CAPITAL_SHARE: Final = 0.7
"""Of a step's annual cost; the rest is cost of operating at all."""

CIRCUITY: Final = 1.3
N_JURISDICTIONS: Final = 10
WEST, EAST, SOUTH, NORTH = 98.0, 122.0, 22.0, 42.0


@dataclass(frozen=True)
class Stage:
    """A type of facility.

    Attributes
    ----------
    share
        Of what retires, how much passes such facilities.
    cny_per_tonne
        Annual cost of the largest step by tonne of its capacity.
    run_cny_per_tonne
        Of the recipe.
    """

    share: float
    cny_per_tonne: float
    run_cny_per_tonne: float


@dataclass(frozen=True)
class Profile:
    """How coarse the plants are.

    Attributes
    ----------
    n_enough
        Plants of the largest step that take in all there is, by type; None: a share of the sites.
    enough_share
        That share of the sites.
    """

    n_enough: int | None
    enough_share: float
    stages: dict[str, Stage]


_STAGES: Final = {
    "hub": Stage(1.0, 500.0, 100.0),
    "cascade": Stage(FIT_SHARE, 900.0, 200.0),
    "recycler": Stage(1.0 - FIT_SHARE + FIT_SHARE * SPENT_SHARE, 900.0, 200.0),
}
PROFILES: Final = {
    "coarse": Profile(6, 0.0, _STAGES),
    "fine": Profile(None, 0.4, _STAGES),
}
"""Few big plants; many small ones."""

PLAIN: Final[Policy] = make_policy("plain", [], Perspective.SOCIAL)
"""No lever at all."""


def synthetic(
    n_sources: int,
    n_hubs: int,
    n_cascade: int,
    n_recyclers: int,
    n_periods: int,
    profile: str,
    seed: int,
) -> Instance:
    """Return a synthetic national case; the same arguments make the same one.

    Parameters
    ----------
    n_sources
        Cities where packs retire.
    n_hubs, n_cascade, n_recyclers
        Candidate sites by type, in cities that are drawn without replacement as far as they suffice.
    n_periods
        Periods of a year.
    profile
        Of ``PROFILES``.
    seed
        Of numpy's PCG64.
    """
    kind = PROFILES[profile]
    rng = np.random.default_rng(seed)
    where, home = _cities(rng, n_sources)
    tonnes = _supplies(rng, n_sources)
    counts = {"hub": n_hubs, "cascade": n_cascade, "recycler": n_recyclers}
    cities = [f"C{number:04d}" for number in range(1, n_sources + 1)]
    jurisdictions = [f"J{number:02d}" for number in range(1, N_JURISDICTIONS + 1)]
    periods = [str(FIRST_YEAR + number) for number in range(n_periods)]
    homes = [jurisdictions[number] for number in home]
    rows: dict[str, Rows] = {
        **_chain(),
        "jurisdictions": [(name, name, "") for name in jurisdictions],
        "regional_costs": [
            (name, "land", round(float(multiplier), 3))
            for name, multiplier in zip(jurisdictions, rng.uniform(0.7, 1.4, N_JURISDICTIONS), strict=True)
        ],
        "locations": [
            (city, city, "", of, round(float(lon), 4), round(float(lat), 4), 20.0)
            for city, of, (lon, lat) in zip(cities, homes, where, strict=True)
        ],
        "sources": [(f"S{city}", city, city, 0.0) for city in cities],
        "supply": [
            (f"S{city}", "pack", period, round(float(mass) * GROWTH**number, 3))
            for number, period in enumerate(periods)
            for city, mass in zip(cities, tonnes, strict=True)
        ],
        "operators": [("company", "The company", jurisdictions[0])],
        "sizes": _sizes(kind, counts, TONNES_PER_YEAR * GROWTH ** (n_periods - 1)),
        "sites": _sites(rng, counts, cities),
    }
    name = f"synthetic-{profile}-{n_sources}-{n_hubs}-{n_cascade}-{n_recyclers}-{n_periods}-{seed}"
    tables = {
        table: pd.DataFrame(found, columns=TABLES[table].column_names) for table, found in rows.items()
    }
    return make_instance(_settings(name, periods), tables)


def _cities(rng: np.random.Generator, n_cities: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return longitude and latitude (deg) of cities, n_cities x 2, and which centre is nearest.

    Four of five cities crowd around centres, as China's do around its deltas and basins.
    """
    low, high = np.array([WEST, SOUTH]), np.array([EAST, NORTH])
    centres = rng.uniform(low + 2, high - 2, (N_JURISDICTIONS, 2))
    spread = rng.uniform(0.8, 2.5, N_JURISDICTIONS)
    of = rng.choice(N_JURISDICTIONS, n_cities, p=rng.dirichlet(np.full(N_JURISDICTIONS, 3.0)))
    crowded = centres[of] + rng.standard_normal((n_cities, 2)) * spread[of, None]
    scattered = rng.uniform(low, high, (n_cities, 2))
    where = np.where(rng.random((n_cities, 1)) < 0.8, crowded, scattered).clip(low, high)
    distances = np.linalg.norm(where[:, None, :] - centres[None, :, :], axis=2)
    return where, distances.argmin(axis=1)


def _supplies(rng: np.random.Generator, n_sources: int) -> NDArray[np.float64]:
    """Return what retires in each city in the first period (t/yr)."""
    weights = rng.permutation(np.arange(1, n_sources + 1, dtype=float) ** -ZIPF)
    return TONNES_PER_YEAR * weights / weights.sum()


def _sizes(kind: Profile, counts: dict[str, int], most_tonnes: float) -> Rows:
    annuity = WACC / (1 - (1 + WACC) ** -LIFE_YEARS)
    rows: Rows = []
    for name, stage in kind.stages.items():
        n_enough = kind.n_enough or max(1.0, kind.enough_share * counts[name])
        largest = SLACK * stage.share * most_tonnes / min(n_enough, max(1.0, 0.6 * counts[name]))
        for step, share in STEPS.items():
            annual = stage.cny_per_tonne * largest * share**SCALE_POWER
            capital, fixed = CAPITAL_SHARE * annual / annuity, (1 - CAPITAL_SHARE) * annual
            rows.append((name, step, round(largest * share, 3), round(capital), round(fixed), 0.0, 0.0))
    return rows


def _sites(rng: np.random.Generator, counts: dict[str, int], cities: list[str]) -> Rows:
    rows: Rows = []
    for name, n_sites in counts.items():
        drawn = rng.choice(len(cities), n_sites, replace=n_sites > len(cities))
        rows += [
            (f"{name}-{number:03d}", name, cities[city], name, "company", 0.0, 1.0, 0.0, False, True)
            for number, city in enumerate(drawn.tolist(), start=1)
        ]
    return rows


def _chain() -> dict[str, Rows]:
    """Return the tables that are the same in every case."""
    stages = PROFILES["coarse"].stages
    return {
        "commodities": [
            ("pack", "Retired pack", "", "t", 1.0, "class9", True, False, 200.0),
            ("fit_pack", "Fit for cascade use", "", "t", 1.0, "class9", True, True, None),
            ("scrap_pack", "Scrap", "", "t", 1.0, "class9", True, False, None),
            ("metal", "Metal", "", "t", 1.0, "ordinary", False, False, None),
        ],
        "facility_types": [(name, name.capitalize(), "", LIFE_YEARS) for name in stages],
        "cost_shares": [(name, "capital", "land", 0.4) for name in stages],
        "recipes": [
            ("testing", "hub", "Test", "testing", stages["hub"].run_cny_per_tonne, 0.0),
            ("repurposing", "cascade", "Repurpose", "processing", stages["cascade"].run_cny_per_tonne, 0.0),
            ("melting", "recycler", "Melt", "processing", stages["recycler"].run_cny_per_tonne, 0.0),
        ],
        "recipe_inputs": [
            ("testing", "pack", 1.0),
            ("repurposing", "fit_pack", 1.0),
            ("melting", "scrap_pack", 1.0),
        ],
        "recipe_outputs": [
            ("testing", "fit_pack", FIT_SHARE),
            ("testing", "scrap_pack", 1.0 - FIT_SHARE),
            ("repurposing", "scrap_pack", SPENT_SHARE),
            ("melting", "metal", 0.4),
        ],
        "markets": [("gate", "Metal at the gate", "")],
        "offtake": [("gate", "metal", "", "recovered_metals", 0.0, None)],
        "informal": [("pack", 0.0, 0.0, 0.0, 0.0)],
        "haulage": [
            ("road", "class9", "first", 1.5, 20.0, 0.0),
            ("road", "class9", "trunk", 0.9, 20.0, 0.0),
            ("road", "ordinary", "trunk", 0.5, 15.0, 0.0),
        ],
    }


def _settings(name: str, periods: list[str]) -> Settings:
    horizon = [{"period": period, "start_year": int(period), "length_years": 1} for period in periods]
    return Settings.model_validate(
        {
            "instance": {
                "name": name,
                "title": "Synthetic national case",
                "currency": "CNY",
                "price_year": FIRST_YEAR,
                "price_basis": "Invented",
            },
            "horizon": {"discount_rate": 0.05, "base_year": FIRST_YEAR, "periods": horizon},
            "capital": {"wacc": WACC},
            "distance": {"method": "geodesic", "circuity": CIRCUITY},
            "prices": {"carbon_cny_per_tonne": 0.0},
            "leakage": {
                "formal_share": 1.0,
                "beta_per_cny": 0.0,
                "reference_gap_cny_per_pack": 0.0,
                "reference_friction_cny_per_tonne": 0.0,
                "pack_mass_tonnes": 0.4,
                "pass_through": 0.0,
            },
        }
    )
