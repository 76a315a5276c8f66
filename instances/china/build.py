"""Build one of China's instances from the source tables beside this script.

``python instances/china/build.py NAME``, run from anywhere; NAME is one of ``china-2035``,
``china-provinces-2035``, ``china-2024`` and ``china-provinces``. All are made by the same rules from the
same figures; they differ in the places that stand for a province, and in the years: 2024 alone, or 2025 to
2035 in ten periods.
With ``--shares tian`` supply is split by the end-of-life tonnes of Tian et al. 2025 instead of the
stock estimate; with ``--expandable`` standing plants may be added to, as in china-2024 they may; with
``--imports`` a port offers black mass; with ``--rail`` trains run between the capitals of
china-provinces. Such a variant is a sensitivity and must go to a folder of its own (``--output``).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd
from builder.figures import Figures, read_figures
from builder.hauls import capital_hauls, road_network
from builder.horizon import START, over_time, periods
from builder.incidence import incidence_tables
from builder.nodes import prefecture_nodes, province_nodes
from builder.places import (
    PERIOD,
    internal_km,
    offtake_table,
    place_tables,
    read_provinces,
    regional_costs_table,
    supply_shares,
    volumes_table,
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
from builder.rail import with_rail
from builder.sanity import report
from builder.trade import import_tables

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
    Solving,
)
from netopt.data.write import write_instance

INSTANCES = Path(__file__).parent.parent
SPLITS = {"stock": "NEV stock estimate", "tian": "end-of-life tonnes of Tian et al. 2025"}


@dataclass(frozen=True)
class Level:
    """How finely an instance sees the country.

    Attributes
    ----------
    title, division
        Of ``instance.toml``; ``division`` says how a province's tonnes are divided, if they are.
    nodes
        Makes the table of nodes (``builder.nodes``).
    method
        Where distances come from.
    may_expand
        Whether standing plants may be added to.
    imports
        Whether black mass may be bought from abroad.
    rail
        Whether trains run between the places of ``distances``.
    ahead
        Whether the years are 2025 to 2035, instead of 2024.
    profile
        How hard it is meant to be solved; None: as any instance.
    """

    title: str
    division: str
    nodes: Callable[[Figures, pd.DataFrame], pd.DataFrame]
    method: Literal["table", "road"]
    may_expand: bool
    profile: str | None = None
    imports: bool = False
    rail: bool = False
    ahead: bool = False

    def hauls(self, figures: Figures) -> dict[str, pd.DataFrame]:
        """Return the tables that distances are taken from."""
        return capital_hauls(figures) if self.method == "table" else road_network()

    def horizon(self, figures: Figures) -> Horizon:
        """Return the settings of time."""
        years = periods() if self.ahead else [(PERIOD, int(PERIOD), 1)]
        return Horizon(
            discount_rate=figures["horizon.discount_rate"],
            base_year=years[0][1],
            periods=[Period(period=name, start_year=start, length_years=n) for name, start, n in years],
        )

    def supply_words(self, shares: str) -> str:
        """Return how much retires, and how it is split."""
        total = f"Retirements of {START} to 2035 on the middle path" if self.ahead else "580,000 t"
        return f"{total} split by {SPLITS[shares]}{self.division}"

    def distance(self, figures: Figures) -> Distance:
        """Return the settings of distances; the method that is not taken has its factor ready."""
        if self.method == "table":
            return Distance(method="table")
        return Distance(
            method="road",
            circuity=figures["distance.geodesic_circuity"],
            road_correction=figures["distance.backbone_correction"],
        )


LEVELS = {
    "china-provinces": Level(
        "Retired EV batteries of 31 Chinese provinces, 2024", "", province_nodes, "table", may_expand=False
    ),
    "china-2024": Level(
        "Retired EV batteries of 337 Chinese prefectures, 2024",
        ", within a province by population",
        prefecture_nodes,
        "road",
        may_expand=True,
        profile="national",
    ),
    "china-provinces-2035": Level(
        "Retired EV batteries of 31 Chinese provinces, 2025 to 2035",
        "",
        province_nodes,
        "table",
        may_expand=True,
        ahead=True,
    ),
    "china-2035": Level(
        "Retired EV batteries of 337 Chinese prefectures, 2025 to 2035",
        ", within a province by population",
        prefecture_nodes,
        "road",
        may_expand=True,
        ahead=True,
        profile="national",
    ),
}


def mean_internal_km(figures: Figures, provinces: pd.DataFrame, shares: str) -> float:
    """Return the mean haul from a prefecture to its capital, weighted by what retires in it, km."""
    by_capital = internal_km(figures, provinces)
    weights = supply_shares(provinces, shares)
    hauls = provinces.set_index("iso")["capital_adcode"].map(by_capital)
    return float((weights * hauls).sum())


def make_settings(figures: Figures, name: str, level: Level, shares: str) -> Settings:
    """Return instance.toml's contents."""
    odds, gap = figures["leakage.formal_share_odds"], figures["leakage.gap"]
    return Settings(
        instance=About(
            name=name,
            title=level.title,
            description=f"{level.supply_words(shares)}; see README.md and SOURCES.md.",
            currency="CNY",
            price_year=int(PERIOD),
            price_basis="prices of 2024 (a few of 2025, see SOURCES.md), nominal, as quoted",
        ),
        horizon=level.horizon(figures),
        capital=Capital(wacc=figures["capex.wacc"]),
        distance=level.distance(figures),
        prices=Prices(carbon_cny_per_tonne=figures["price.carbon_cea"]),
        leakage=Leakage(
            formal_share=figures["seed.formal_share_2024"],
            beta_per_cny=round(math.log(odds) / gap, 6),
            reference_gap_cny_per_pack=gap,
            reference_friction_cny_per_tonne=figures["seed.dual_regulation_surcharge"],
            pack_mass_tonnes=figures["tech.pack_mass_avg"],
            pass_through=figures["choice.pass_through"],
        ),
        solving=Solving(profile=level.profile),
    )


def make_tables(figures: Figures, level: Level, shares: str) -> dict[str, pd.DataFrame]:
    """Return every table of the instance."""
    provinces = read_provinces()
    nodes = level.nodes(figures, provinces)
    mean_km = mean_internal_km(figures, provinces, shares)
    haulage, hauls = haulage_table(figures), level.hauls(figures)
    ways = with_rail(figures, haulage, hauls["distances"]) if level.rail else {"haulage": haulage, **hauls}
    tables = {
        **place_tables(figures, provinces, nodes, shares),
        **recipe_tables(figures),
        "volumes": volumes_table(figures),
        "regional_costs": regional_costs_table(figures, provinces),
        "cost_shares": cost_shares_table(figures),
        "commodities": commodities_table(figures),
        "operators": operators_table(provinces),
        "facility_types": facility_types_table(figures),
        "sizes": sizes_table(figures),
        "sites": sites_table(figures, provinces, nodes, may_expand=level.may_expand),
        "offtake": offtake_table(figures, provinces),
        "second_life": second_life_table(figures, mean_km),
        "informal": informal_table(figures),
        "transfers": transfers_table(figures),
        **ways,
        **incidence_tables(figures, provinces),
        **(import_tables(figures, provinces) if level.imports else {}),
    }
    return over_time(figures, tables, mean_km) if level.ahead else tables


def build(name: str, shares: str, *, expandable: bool, imports: bool, rail: bool) -> Instance:
    """Return the validated instance; ``shares`` is ``stock`` or ``tian``. A variant's name says so."""
    figures, level = read_figures(), replace(LEVELS[name], imports=imports, rail=rail)
    if expandable:
        level = replace(level, may_expand=True)
    asked = {shares: shares != "stock", "expandable": expandable, "imports": imports, "rail": rail}
    variant = [word for word, is_asked in asked.items() if is_asked]
    settings = make_settings(figures, "-".join([name, *variant]), level, shares)
    return make_instance(settings, make_tables(figures, level, shares))


def main() -> None:
    """Write the instance and print the sanity figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(LEVELS))
    parser.add_argument("--shares", choices=sorted(SPLITS), default="stock")
    parser.add_argument("--expandable", action="store_true")
    parser.add_argument("--imports", action="store_true")
    parser.add_argument("--rail", action="store_true")
    parser.add_argument(
        "--output", type=Path, default=None, help="folder to write (default: the shipped one)"
    )
    arguments = parser.parse_args()
    switches = {name: getattr(arguments, name) for name in ("expandable", "imports", "rail")}
    if arguments.rail and LEVELS[arguments.name].method != "table":
        parser.error("--rail asks for an instance with a table of distances: china-provinces")
    if (arguments.shares != "stock" or any(switches.values())) and arguments.output is None:
        parser.error("give --output: the shipped folder holds the instance itself")
    instance = build(arguments.name, arguments.shares, **switches)
    instance = replace(instance, directory=INSTANCES / arguments.name)  # its data's licences go with it
    write_instance(instance, arguments.output or INSTANCES / arguments.name, force=True)
    figures = read_figures()
    supply = instance["supply"].groupby("period", sort=False)["supply_tonnes_per_year"].sum()
    told = ", ".join(f"{tonnes:,.0f} t in {period}" for period, tonnes in supply.items())
    print(f"{instance.name}: {told}, {len(instance['sites'])} sites, digest {instance.digest}")
    print(report(figures, mean_internal_km(figures, read_provinces(), arguments.shares)))


if __name__ == "__main__":
    main()
