"""A small valid instance that tests may break, and what breaks it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from netopt.data.read import read_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.errors import InstanceError

SETTINGS = {
    "instance": {
        "name": "small",
        "title": "Two provinces",
        "currency": "CNY",
        "price_year": 2025,
        "price_basis": "invented",
    },
    "horizon": {
        "discount_rate": 0.05,
        "base_year": 2025,
        "periods": [
            {"period": "2025", "start_year": 2025, "length_years": 5},
            {"period": "2030", "start_year": 2030, "length_years": 5},
        ],
    },
    "capital": {"wacc": 0.08},
    "distance": {"method": "table"},
    "prices": {"carbon_cny_per_tonne": 90.0, "unserved_cny_per_tonne": 1e5},
    "leakage": {
        "formal_share": 0.3,
        "beta_per_cny": 0.0113,
        "reference_gap_cny_per_pack": 75.0,
        "reference_friction_cny_per_tonne": 0.0,
        "pack_mass_tonnes": 0.4,
        "pass_through": 0.1,
    },
}

ROWS: dict[str, list[tuple[object, ...]]] = {
    "jurisdictions": [("CN-SC", "Sichuan", "四川"), ("CN-GD", "Guangdong", "")],
    "regional_costs": [("CN-SC", "labour", 0.8)],
    "cost_shares": [("recycler", "processing", "labour", 0.3), ("", "collection", "labour", 0.5)],
    "locations": [
        ("510100", "Chengdu", "成都", "CN-SC", 104.06, 30.67, 40.0),
        ("440100", "Guangzhou", "", "CN-GD", 113.26, 23.13, 40.0),
    ],
    "commodities": [
        ("pack", "Retired pack", "", "t", 1.0, "class9", True, False, 1000.0),
        ("fit", "Fit for cascade use", "", "t", 1.0, "class9", True, True, None),
        ("scrap", "Scrap", "", "t", 1.0, "class9", True, False, None),
        ("metal", "Metal", "", "t", 1.0, "ordinary", False, False, None),
        ("second_life_kwh", "Second life", "", "kWh", 0.005, "ordinary", False, False, None),
        ("dust", "Dust", "", "t", 1.0, "ordinary", False, False, None),
    ],
    "sources": [("S1", "Chengdu", "510100", 0.0), ("S2", "Guangzhou", "440100", 0.0)],
    "supply": [
        ("S1", "pack", "2025", 1000.0),
        ("S1", "pack", "2030", 1500.0),
        ("S2", "pack", "2025", 500.5),
    ],
    "operators": [("O1", "First", "CN-SC")],
    "facility_types": [
        ("hub", "Hub", "", 20),
        ("cascade", "Cascade", "", 15),
        ("recycler", "Recycler", "", 20),
    ],
    "sizes": [
        ("hub", "small", 5000.0, 1e7, 1e5, 0.0, 0.0),
        ("cascade", "small", 1000.0, 2e7, 1e5, 10.0, 0.0),
        ("recycler", "small", 1000.0, 2e7, 1e5, 10.0, 0.1),
        ("recycler", "large", 5000.0, 6e7, 2e5, 5.0, 0.1),
    ],
    "recipes": [
        ("testing", "hub", "Test", "testing", 500.0, 0.0),
        ("repurposing", "cascade", "Repurpose", "processing", 3000.0, 50.0),
        ("melting", "recycler", "Melt", "processing", 2000.0, -300.0),
        ("smelting", "recycler", "Smelt", "processing", 1500.0, 0.0),
    ],
    "recipe_inputs": [
        ("testing", "pack", 1.0),
        ("repurposing", "fit", 1.0),
        ("melting", "scrap", 1.0),
        ("smelting", "dust", 1.0),
    ],
    "recipe_outputs": [
        ("testing", "fit", 0.3),
        ("testing", "scrap", 0.6),
        ("repurposing", "second_life_kwh", 150.0),
        ("repurposing", "scrap", 0.2),
        ("melting", "metal", 0.4),
        ("smelting", "metal", 0.3),
    ],
    "sites": [
        ("H1", "Hub", "510100", "hub", "O1", 0.0, 1.0, 0.0, False, True),
        ("P1", "Plant", "440100", "cascade", "O1", 0.0, 1.0, 0.0, False, True),
        ("R1", "Recycler", "440100", "recycler", "O1", 2000.0, 0.5, 1e5, True, False),
    ],
    "markets": [("M1", "Storage users", "440100"), ("GATE", "Metals", "")],
    "offtake": [
        ("M1", "second_life_kwh", "", "second_life", 400.0, 1e6),
        ("GATE", "metal", "", "recovered_metals", 60000.0, None),
        ("GATE", "metal", "2030", "recovered_metals", 55000.0, None),
    ],
    "vendors": [("V1", "Trader", "440100")],
    "offers": [
        ("V1", "dust", "", "imports", 900.0, 400.0),
        ("V1", "dust", "2030", "imports", 950.0, 400.0),
    ],
    "second_life": [("second_life_kwh", "pack", 0.006, 5, 0.1, 1200.0)],
    "storage": [("hub", "pack", 500.0, 30.0)],
    "informal": [("pack", 1400.0, 9000.0, 3000.0, 800.0)],
    "transfers": [
        ("scrap_purchase", "collected", "pack", "formal_chain", "consumers", 5000.0),
        ("gate_fee", "processed", "recycler", "consumers", "formal_chain", 10.0),
    ],
    "haulage": [
        ("road", "class9", "first", 1.5, 20.0, 0.1),
        ("road", "class9", "trunk", 0.9, 20.0, 0.08),
        ("road", "ordinary", "trunk", 0.5, 15.0, 0.08),
    ],
    "distances": [("510100", "440100", "road", 1600.0)],
    "population": [("CN-SC", 83_000_000.0), ("CN-GD", 126_000_000.0)],
    "labour": [("hub", 0.001), ("recycler", 0.005)],
    "bearers": [
        ("", "", "car_maker", 1.0),
        ("", "scrap_purchase", "formal_recycler", 1.0),
        ("recycler", "", "battery_maker", 0.25),
        ("recycler", "", "formal_recycler", 0.75),
    ],
    "metals": [("Ni", "Nickel", None)],
    "metal_contents": [("metal", "Ni", 1.0)],
}


def small_settings() -> Settings:
    return Settings.model_validate(SETTINGS)


def small_tables() -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame(rows, columns=TABLES[name].column_names) for name, rows in ROWS.items()}


def problems_of(folder: Path) -> list[str]:
    """Return the problems that reading a folder raises, as they are printed."""
    with pytest.raises(InstanceError) as caught:
        read_instance(folder)
    assert caught.value.exit_code == 3
    return [str(problem) for problem in caught.value.problems]


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace the first ``old`` in a file, which must be there."""
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8", newline="")
