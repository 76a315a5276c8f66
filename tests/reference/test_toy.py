"""The toys' optima as their README derives them, line by line, by brute force and by the engine."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.network.build import build_network
from netopt.policy.effects import Effects, Mass, ShareRule
from netopt.resources import shipped
from netopt.strategies.direct import solve_direct
from tests.engine import EXACT, engine_optimum
from tests.instances_random import with_tables, zero_friction
from tests.reference.brute import brute_force

HOME = ("P1",)
KEEP_AT_HOME = Effects(
    share_rules=(
        ShareRule(
            "in_province_processing",
            "home",
            Mass("processed", jurisdictions=HOME, origins=HOME),
            Mass("collected", origins=HOME),
            1.0,
        ),
    ),
    tracked_origins=HOME,
)
TOY_LEDGER = {
    "collection": 1_100_000,
    "testing": 800_000,
    "haulage": 1_598_000,
    "loading": 209_000,
    "processing": 9_324_000,
    "capital": 15_000_000,
    "fixed": 3_100_000,
    "emissions": 269_810,
    "recovered_metals": -27_200_000,
    "second_life": -12_000_000,
    "end_of_life": 240_000,
    "informal_processing": 4_240_000,
    "informal_recovery": -12_480_000,
    "informal_damage": 8_480_000,
    "informal_emissions": 848_000,
}
TRANSFERS = {"scrap_purchase": 8_000_000, "local_tax": 170_000}
TWO_PERIODS_LEDGER = {
    "collection": (700_000, 1_140_000),
    "testing": (400_000, 800_000),
    "haulage": (782_000, 1_679_000),
    "loading": (106_000, 215_000),
    "processing": (4_620_000, 10_057_500),
    "capital": (10_000_000, 15_250_000),
    "fixed": (2_600_000, 3_750_000),
    "emissions": (97_740, 294_230),
    "recovered_metals": (-12_800_000, -28_800_000),
    "second_life": (-8_000_000, -12_000_000),
    "end_of_life": (0, 240_000),
    "informal_processing": (2_000_000, 4_440_000),
    "informal_recovery": (-6_000_000, -12_880_000),
    "informal_damage": (4_000_000, 8_880_000),
    "informal_emissions": (400_000, 888_000),
}
ENDING_LEDGER = {
    "collection": (1_100_000, 360_000),
    "testing": (800_000, 0),
    "haulage": (1_598_000, 121_500),
    "loading": (209_000, 9_000),
    "processing": (9_324_000, 783_000),
    "capital": (15_000_000, 15_000_000),
    "fixed": (3_100_000, 2_100_000),
    "emissions": (269_810, 36_630),
    "recovered_metals": (-27_200_000, -2_400_000),
    "second_life": (-12_000_000, 0),
    "informal_processing": (4_000_000, 300_000),
    "informal_recovery": (-12_000_000, -600_000),
    "informal_damage": (8_000_000, 600_000),
    "informal_emissions": (800_000, 60_000),
}
STORING_LEDGER = ENDING_LEDGER | {
    "processing": (7_735_500, 2_538_000),
    "capital": (10_250_000, 10_250_000),
    "fixed": (2_750_000, 1_750_000),
    "emissions": (179_810, 126_630),
    "recovered_metals": (-20_000_000, -9_600_000),
    "storage": (9_000, 0),
}
OPTIMA = [
    (Effects(), Perspective.SOCIAL, -6_471_190.0),
    (Effects(), Perspective.PRIVATE, 341_000.0),
    (KEEP_AT_HOME, Perspective.SOCIAL, -4_604_290.0),
    (KEEP_AT_HOME, Perspective.PRIVATE, 2_206_000.0),
]
OPTIMUM_IDS = ["free-social", "free-private", "home-social", "home-private"]
TWO_PERIODS_Z = (-1_094_260 + 0.8 * -6_046_270) / 1.8


@dataclass(frozen=True)
class Variation:
    """A form of the toy over two years: tables that change, and what its README derives."""

    tables: dict[str, pd.DataFrame]
    ledger: dict[str, tuple[int, int]]
    z: float
    decisions: set[tuple[str, str, str]]


def variations_of(two: Instance) -> dict[str, Variation]:
    """Return the README's forms by name."""
    types, supply = two["facility_types"], two["supply"]
    brief = types.assign(life_years=types["life_years"].mask(types["facility_type"] == "hub", 1))
    ending = supply.assign(supply_tonnes_per_year=[4_000.0, 8_000.0, 4_000.0, 0.0, 0.0, 0.0])
    store = pd.DataFrame(
        {
            "facility_type": ["hydromet"],
            "commodity": ["black_mass"],
            "capacity_units": [1_000.0],
            "cost_cny_per_unit_year": [10.0],
        }
    )
    hub, cascade = ("opened", "H2/standard", "2025"), ("opened", "C2/standard", "2025")
    growing = {hub, cascade, ("opened", "R3/small", "2025"), ("expanded", "R3/medium", "2026")}
    ended = {hub, cascade, ("closed", "H2/standard", "2026"), ("closed", "C2/standard", "2026")}
    renewing = TWO_PERIODS_LEDGER | {"capital": (12_000_000, 17_250_000)}
    return {
        "growing": Variation({}, TWO_PERIODS_LEDGER, TWO_PERIODS_Z, growing),
        "renewing": Variation(
            {"facility_types": brief},
            renewing,
            TWO_PERIODS_Z + 2_000_000,
            growing | {("renewed", "H2/standard", "2026")},
        ),
        "ending": Variation(
            {"supply": ending},
            ENDING_LEDGER,
            (-6_999_190 + 0.8 * 16_370_130) / 1.8,
            ended | {("opened", "R3/large", "2025")},
        ),
        "storing": Variation(
            {"supply": ending, "storage": store},
            STORING_LEDGER,
            (-6_568_690 + 0.8 * 5_915_130) / 1.8,
            ended | {("opened", "R3/medium", "2025")},
        ),
    }


VARIATIONS = ("growing", "renewing", "ending", "storing")
CHANGES = ("opened", "expanded", "renewed", "closed")


@pytest.fixture
def toy() -> Instance:
    return read_instance(shipped("instances") / "toy")


@pytest.fixture
def two_periods() -> Instance:
    return read_instance(shipped("instances") / "toy-two-periods")


def ledger_of(instance: Instance) -> dict[tuple[str, str], float]:
    found = solve_direct(build_network(instance, Effects()), Perspective.SOCIAL, EXACT)
    sums = found.ledger.groupby(["category", "period"], as_index=False)["cny_per_year"].sum()
    rows = sums[sums["cny_per_year"].abs() > 1e-3].itertuples(index=False)
    return {(str(category), str(period)): float(cny) for category, period, cny in rows}


@pytest.mark.parametrize(("effects", "perspective", "expected"), OPTIMA, ids=OPTIMUM_IDS)
def test_brute_force_finds_the_derived_optimum(
    toy: Instance, effects: Effects, perspective: Perspective, expected: float
) -> None:
    assert brute_force(toy, effects, perspective) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("effects", "perspective", "expected"), OPTIMA, ids=OPTIMUM_IDS)
def test_engine_finds_the_derived_optimum(
    toy: Instance, effects: Effects, perspective: Perspective, expected: float
) -> None:
    assert engine_optimum(toy, effects, perspective) == pytest.approx(expected, abs=0.01)


def test_engine_books_the_derived_ledger(toy: Instance) -> None:
    expected = {(category, "2025"): cny for category, cny in (TOY_LEDGER | TRANSFERS).items()}
    assert ledger_of(toy) == pytest.approx(expected, abs=0.01)
    assert sum(TOY_LEDGER.values()) == OPTIMA[0][2]


@pytest.mark.parametrize("name", VARIATIONS)
def test_engine_finds_the_optimum_of_two_periods(two_periods: Instance, name: str) -> None:
    variation = variations_of(two_periods)[name]
    found = solve_direct(
        build_network(with_tables(two_periods, **variation.tables), Effects()), Perspective.SOCIAL, EXACT
    )
    sums = found.ledger.groupby(["category", "period"])["cny_per_year"].sum()
    assert {key: cny for key, cny in sums.items() if key[0] not in TRANSFERS and cny} == pytest.approx(
        {
            (category, period): float(cny)
            for category, both in variation.ledger.items()
            for period, cny in zip(("2025", "2026"), both, strict=True)
            if cny
        },
        abs=0.01,
    )
    assert found.outcome.upper_bound_cny_per_year == pytest.approx(variation.z, abs=0.01)
    assert found.outcome.lower_bound_cny_per_year == pytest.approx(variation.z, abs=0.01)
    decided = {
        (change, str(module), str(period))
        for change in CHANGES
        for period, taken in found.decisions[change].items()
        for module in taken.index[taken == 1]
    }
    assert decided == variation.decisions


@pytest.mark.parametrize("name", VARIATIONS)
def test_the_derived_ledgers_of_two_periods_add_up(two_periods: Instance, name: str) -> None:
    variation = variations_of(two_periods)[name]
    first, second = (sum(both[number] for both in variation.ledger.values()) for number in (0, 1))
    assert (first + 0.8 * second) / 1.8 == pytest.approx(variation.z)


def test_the_readmes_state_the_optima(toy: Instance, two_periods: Instance) -> None:
    page = (shipped("instances") / "toy" / "README.md").read_text("utf-8")
    for figure in [*TOY_LEDGER.values(), *(z for _, _, z in OPTIMA)]:
        assert f"{figure:,.0f}" in page
    page = (shipped("instances") / "toy-two-periods" / "README.md").read_text("utf-8")
    for variation in variations_of(two_periods).values():
        assert f"{variation.z:,.2f}" in page
    for ledger in (TWO_PERIODS_LEDGER, STORING_LEDGER, ENDING_LEDGER):
        for both in ledger.values():
            assert all(f"{cny:,}" in page for cny in both)


def test_only_the_leakage_block_tells_the_zero_friction_toy(toy: Instance, two_periods: Instance) -> None:
    assert zero_friction(toy).settings.leakage == two_periods.settings.leakage
    assert toy.settings.leakage != two_periods.settings.leakage


@pytest.mark.campaign
@pytest.mark.parametrize("name", VARIATIONS)
def test_brute_force_finds_the_optimum_of_two_periods(two_periods: Instance, name: str) -> None:
    variation = variations_of(two_periods)[name]
    found = brute_force(with_tables(two_periods, **variation.tables), Effects(), Perspective.SOCIAL)
    assert found == pytest.approx(variation.z, abs=0.01)
