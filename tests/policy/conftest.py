from __future__ import annotations

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.settings import Settings

SETTINGS = {
    "instance": {
        "name": "small",
        "title": "Small",
        "currency": "CNY",
        "price_year": 2024,
        "price_basis": "real",
    },
    "horizon": {
        "discount_rate": 0.0,
        "base_year": 2024,
        "periods": [
            {"period": "early", "start_year": 2024, "length_years": 1},
            {"period": "late", "start_year": 2025, "length_years": 3},
        ],
    },
    "capital": {"wacc": 0.08},
    "distance": {"method": "table"},
    "prices": {"carbon_cny_per_tonne": 0.0},
    "leakage": {
        "formal_share": 0.3,
        "beta_per_cny": 0.0113,
        "reference_gap_cny_per_pack": 75.0,
        "reference_friction_cny_per_tonne": 1400.0,
        "pack_mass_tonnes": 0.4,
        "pass_through": 0.1,
    },
}


@pytest.fixture
def instance() -> Instance:
    """Three provinces, two chemistries of packs, their cascade grade and a metal; nothing to solve."""
    tables = {
        "jurisdictions": pd.DataFrame({"jurisdiction": ["A", "B", "C"]}),
        "commodities": pd.DataFrame(
            {
                "commodity": ["pack_ncm", "pack_lfp", "cascade_lfp", "li2co3"],
                "undismantled": [True, True, True, False],
            }
        ),
        "supply": pd.DataFrame(
            {
                "source": ["s", "s", "s", "s"],
                "commodity": ["pack_lfp", "pack_ncm", "pack_lfp", "pack_ncm"],
                "period": ["early", "early", "late", "late"],
                "supply_tonnes_per_year": [100.0, 300.0, 200.0, 0.0],
            }
        ),
        "recipe_inputs": pd.DataFrame(
            {
                "recipe": ["test_lfp", "melt_lfp", "melt_ncm"],
                "commodity": ["pack_lfp", "cascade_lfp", "pack_ncm"],
            }
        ),
        "recipe_outputs": pd.DataFrame(
            {"recipe": ["test_lfp", "melt_lfp"], "commodity": ["cascade_lfp", "li2co3"]}
        ),
        "facility_types": pd.DataFrame({"facility_type": ["hub", "cascade", "dismantler"]}),
        "locations": pd.DataFrame({"location": ["a", "b", "c"], "jurisdiction": ["A", "B", "C"]}),
        "sites": pd.DataFrame(
            {
                "site": ["hub_a", "hub_b", "recycler_c"],
                "facility_type": ["hub", "hub", "recycler"],
                "location": ["a", "b", "c"],
                "existing_capacity_tonnes_per_year": [float("nan"), 100.0, float("nan")],
                "effective_share": 1.0,
                "may_build": [True, False, True],
            }
        ),
        "operators": pd.DataFrame({"operator": ["catl", "gem"], "jurisdiction": ["A", "B"]}),
        "haulage": pd.DataFrame({"mode": ["road", "road"], "goods_class": ["ordinary", "class9"]}),
    }
    return Instance(Settings.model_validate(SETTINGS), tables, digest="")
