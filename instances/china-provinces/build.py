"""Build the instance china-provinces from the source tables beside this script.

Run from anywhere: ``python instances/china-provinces/build.py``. With ``--shares tian`` supply is
split by the end-of-life tonnes of Tian et al. 2025 instead of the stock estimate; that variant is
a sensitivity and must go to a folder of its own (``--output``).
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import pandas as pd
from builder.figures import Figures, read_figures
from builder.places import (
    PERIOD,
    internal_km,
    offtake_table,
    place_tables,
    read_provinces,
    regional_costs_table,
    supply_shares,
)
from builder.plants import facility_types_table, operators_table, sites_table, sizes_table
from builder.processes import (
    commodities_table,
    cost_shares_table,
    haulage_table,
    informal_table,
    recipe_tables,
    second_life_table,
    transfers_table,
)
from builder.sanity import report

from netopt.data.instance import Instance
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
from netopt.data.write import write_instance

HERE = Path(__file__).parent
NAMES = {"stock": "china-provinces", "tian": "china-provinces-tian"}


def mean_internal_km(figures: Figures, provinces: pd.DataFrame, shares: str) -> float:
    """Return the mean haul inside a province, weighted by what retires in it, km."""
    by_capital = internal_km(figures, provinces)
    weights = supply_shares(provinces, shares)
    hauls = provinces.set_index("iso")["capital_adcode"].map(by_capital)
    return float((weights * hauls).sum())


def make_settings(figures: Figures, shares: str) -> Settings:
    """Return instance.toml's contents."""
    year = int(PERIOD)
    split = "NEV stock estimate" if shares == "stock" else "end-of-life tonnes of Tian et al. 2025"
    odds, gap = figures["leakage.formal_share_odds"], figures["leakage.gap"]
    return Settings(
        instance=About(
            name=NAMES[shares],
            title="Retired EV batteries of 31 Chinese provinces, 2024",
            description=f"580,000 t split by {split}; see README.md and SOURCES.md.",
            currency="CNY",
            price_year=year,
            price_basis="prices of 2024 (a few of 2025, see SOURCES.md), nominal, as quoted",
        ),
        horizon=Horizon(
            discount_rate=figures["horizon.discount_rate"],
            base_year=year,
            periods=[Period(period=PERIOD, start_year=year, length_years=1)],
        ),
        capital=Capital(wacc=figures["capex.wacc"]),
        distance=Distance(method="table"),
        prices=Prices(carbon_cny_per_tonne=figures["price.carbon_cea"]),
        leakage=Leakage(
            formal_share=figures["seed.formal_share_2024"],
            beta_per_cny=round(math.log(odds) / gap, 6),
            reference_gap_cny_per_pack=gap,
            reference_friction_cny_per_tonne=figures["seed.dual_regulation_surcharge"],
            pack_mass_tonnes=figures["tech.pack_mass_avg"],
            pass_through=figures["choice.pass_through"],
        ),
    )


def make_tables(figures: Figures, shares: str) -> dict[str, pd.DataFrame]:
    """Return every table of the instance."""
    provinces = read_provinces()
    mean_km = mean_internal_km(figures, provinces, shares)
    return {
        **place_tables(figures, provinces, shares),
        **recipe_tables(figures),
        "regional_costs": regional_costs_table(figures, provinces),
        "cost_shares": cost_shares_table(figures),
        "commodities": commodities_table(figures),
        "operators": operators_table(provinces),
        "facility_types": facility_types_table(figures),
        "sizes": sizes_table(figures),
        "sites": sites_table(figures, provinces),
        "offtake": offtake_table(figures, provinces),
        "second_life": second_life_table(figures, mean_km),
        "informal": informal_table(figures),
        "transfers": transfers_table(figures),
        "haulage": haulage_table(figures),
    }


def build(shares: str) -> Instance:
    """Return the validated instance; ``shares`` is ``stock`` or ``tian``."""
    figures = read_figures()
    return make_instance(make_settings(figures, shares), make_tables(figures, shares))


def main() -> None:
    """Write the instance and print the sanity figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shares", choices=sorted(NAMES), default="stock")
    parser.add_argument("--output", type=Path, default=None, help="folder to write (default: this one)")
    arguments = parser.parse_args()
    if arguments.shares != "stock" and arguments.output is None:
        parser.error("give --output: the shipped folder holds the split by stock")
    instance = build(arguments.shares)
    write_instance(instance, arguments.output or HERE, force=True)
    figures = read_figures()
    supply = instance["supply"]["supply_tonnes_per_year"].sum()
    print(f"{instance.name}: {supply:,.0f} t, {len(instance['sites'])} sites, digest {instance.digest}")
    print(report(figures, mean_internal_km(figures, read_provinces(), arguments.shares)))


if __name__ == "__main__":
    main()
