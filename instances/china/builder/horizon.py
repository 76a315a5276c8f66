"""When: ten periods from 2025 to 2035, and what retires, is paid and is learned on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pandas as pd

from builder.chemistry import metal_prices
from builder.figures import Figures, read_source
from builder.places import METAL_MARKET
from builder.processes import informal_table, second_life_table

START, LAST_ALONE, END = 2025, 2033, 2035
"""The first year, the last that is a period of its own, and the last year."""

PATHS = ("low", "middle", "high")
TURN = 2030
"""Year of the later of two totals that a path runs through."""

PRICES = {
    "price.li2co3_2024": ("price.li2co3_2025", "price.li2co3_2026"),
    "price.ni_contained": ("price.ni_contained", "price.ni_contained"),
    "price.co_contained": ("price.co_contained", "price.co_contained"),
    "price.mnso4_2024": ("price.mnso4_2024", "price.mnso4_2024"),
    "price.fepo4_recycled": ("price.fepo4_recycled", "price.fepo4_recycled"),
    "price.cu": ("price.cu", "price.cu"),
    "price.al": ("price.al", "price.al"),
    "price.second_life_lfp": ("price.second_life_lfp", "price.second_life_lfp"),
}
"""Price of 2024, and the rows whose low and whose high end its paths go to."""
EXPORT_QUOTA = "price.co_contained"
"""The price whose low end, not its value, is that of 2024."""

Tables = dict[str, pd.DataFrame]
ByYear = dict[int, float]


def periods() -> list[tuple[str, int, int]]:
    """Return the ten periods: name, first year, years. The last two years are one."""
    years = [(str(year), year, 1) for year in range(START, LAST_ALONE + 1)]
    rest = LAST_ALONE + 1
    return [*years, (f"{rest}-{END}", rest, END - rest + 1)]


def by_period(of_year: Mapping[int, float]) -> dict[str, float]:
    """Return the mean of a yearly figure over the years of each period."""
    return {
        name: sum(of_year[year] for year in range(start, start + length)) / length
        for name, start, length in periods()
    }


def retired_tonnes(figures: Figures, path: str) -> ByYear:
    """Return the national total that retires each year along a path, t.

    Between 2025 and 2030 it grows by one rate from total to total; after 2030 a share of each
    year's growth is kept in the next.
    """
    ends: Mapping[str, Callable[[str], float]] = {
        "low": figures.low,
        "middle": figures.__getitem__,
        "high": figures.high,
    }
    first, turn = (ends[path](f"supply.retired_{year}") for year in (START, TURN))
    growth = (turn / first) ** (1 / (TURN - START)) - 1
    tonnes = {year: first * (1 + growth) ** (year - START) for year in range(START, TURN)}
    tonnes[TURN] = turn
    for year in range(TURN + 1, END + 1):
        growth *= figures["path.growth_kept"]
        tonnes[year] = tonnes[year - 1] * (1 + growth)
    return tonnes


def lfp_shares(figures: Figures) -> ByYear:
    """Return the share of LFP in what retires each year, by mass.

    To 2030 that of Tian et al. 2025, then in even steps to the share of 2035.
    """
    table = read_source("lfp_share_tian2025.csv").astype(float)
    shares = table["lfp_tonnes"] / (table["lfp_tonnes"] + table["ncm_tonnes"])
    known = dict(zip(table["year"].astype(int), shares, strict=True))
    step = (figures["path.lfp_share_2035"] - known[TURN]) / (END - TURN)
    return known | {year: known[TURN] + step * (year - TURN) for year in range(TURN + 1, END + 1)}


def learning_factors(figures: Figures, rate: float) -> ByYear:
    """Return cost relative to 2024 each year, at a learning rate by doubling of what ever retired.

    Formula: ``(cumulative(year) / cumulative(2024)) ** log2(1 - rate)``, along the middle path.
    """
    total = start = figures["path.cumulative_2024"]
    factors = {}
    for year, tonnes in retired_tonnes(figures, "middle").items():
        total += tonnes
        factors[year] = (total / start) ** math.log2(1 - rate)
    return factors


def moved(figures: Figures, end: float) -> ByYear:
    """Return a factor that goes in even steps from 1 in 2024 to ``end``, and stays there."""
    turn = int(figures["path.price_year"])
    steps = turn - START + 1
    return {year: 1 + (end - 1) * (min(year, turn) - START + 1) / steps for year in range(START, END + 1)}


def over_time(figures: Figures, tables: Tables, mean_km: float) -> Tables:
    """Return the tables of an instance of 2024 as they are from 2025 to 2035, with their scenarios.

    ``mean_km`` is the mean haul inside a province.
    """
    spread = {
        **tables,
        "supply": _supply(figures, tables["supply"]),
        "offtake": _offtake(figures, tables["offtake"]),
        "costs_by_period": _costs(figures, tables),
        "volumes": tables["volumes"][tables["volumes"]["year"] == START].reset_index(drop=True),
    }
    return {**spread, "scenarios": scenarios_table(figures, mean_km)}


def _supply(figures: Figures, supply: pd.DataFrame) -> pd.DataFrame:
    """Return supply by period: each place keeps its share of the country's tonnes of 2024."""
    tonnes, lfp = retired_tonnes(figures, "middle"), lfp_shares(figures)
    of = {
        "pack_lfp": by_period({year: tonnes[year] * lfp[year] for year in tonnes}),
        "pack_ncm": by_period({year: tonnes[year] * (1 - lfp[year]) for year in tonnes}),
    }
    national = supply.groupby("commodity")["supply_tonnes_per_year"].transform("sum")
    shares = supply["supply_tonnes_per_year"] / national
    then = pd.DataFrame(of)
    parts = [
        supply.assign(
            period=period,
            supply_tonnes_per_year=(shares * supply["commodity"].map(then.loc[period])).round(6),
        )
        for period, _, _ in periods()
    ]
    return pd.concat(parts, ignore_index=True)


def _offtake(figures: Figures, offtake: pd.DataFrame) -> pd.DataFrame:
    """Return offtake by period: prices of 2024, demand for second life as storage additions grow."""
    turn = int(figures["path.price_year"])
    growth = 1 + figures["path.storage_growth"]
    demand = by_period({year: growth ** (min(year, turn) - START + 1) for year in range(START, END + 1)})
    parts = [
        offtake.assign(
            period=period, limit_units_per_year=(offtake["limit_units_per_year"] * demand[period]).round()
        )
        for period, _, _ in periods()
    ]
    return pd.concat(parts, ignore_index=True)


def _learners(tables: Tables) -> list[tuple[str, str, str, float]]:
    """Return what gets cheaper with experience: table, row, column and cost of 2024."""
    sizes, recipes = tables["sizes"], tables["recipes"]
    processing = recipes[recipes["category"] == "processing"]
    names = sizes["facility_type"] + "/" + sizes["size"]
    return [
        ("sizes", row, "capital_cny", float(cost))
        for row, cost in zip(names, sizes["capital_cny"], strict=True)
    ] + [
        ("recipes", row, "cost_cny_per_tonne", float(cost))
        for row, cost in zip(processing["recipe"], processing["cost_cny_per_tonne"], strict=True)
    ]


def _costs(figures: Figures, tables: Tables) -> pd.DataFrame:
    """Return what capital and processing cost in each period."""
    factors = by_period(learning_factors(figures, figures["path.learning_rate"]))
    rows = [
        (table, row, column, period, round(cost * factors[period], 2))
        for table, row, column, cost in _learners(tables)
        for period, _, _ in periods()
    ]
    return pd.DataFrame(rows, columns=["table", "row", "column", "period", "value"])


def scenarios_table(figures: Figures, mean_km: float) -> pd.DataFrame:
    """Return the scenarios: paths of retirements, of learning and of prices beside the middle ones."""
    rows = [
        *_retirements(figures, "low"),
        *_retirements(figures, "high"),
        *_learning(figures, "none", 0.0),
        *_learning(figures, "fast", figures.high("path.learning_rate")),
        *_prices(figures, "low", mean_km),
        *_prices(figures, "high", mean_km),
    ]
    columns = ["scenario", "table", "row", "column", "change", "amount", "source"]
    return pd.DataFrame(rows, columns=columns)


Row = tuple[str, str, str, str, str, float, str]


def _retirements(figures: Figures, path: str) -> list[Row]:
    middle = by_period(retired_tonnes(figures, "middle"))
    other = by_period(retired_tonnes(figures, path))
    said = f"{path} ends of supply.retired_2025 and supply.retired_2030, between and after as the middle"
    column = "supply_tonnes_per_year"
    return [
        (
            f"retirements-{path}",
            "supply",
            f"*/{period}",
            column,
            "factor",
            round(other[period] / middle[period], 12),
            said,
        )
        for period in middle
    ]


def _learning(figures: Figures, name: str, rate: float) -> list[Row]:
    base = by_period(learning_factors(figures, figures["path.learning_rate"]))
    other = by_period(learning_factors(figures, rate))
    said = f"learning rate {rate:g} (path.learning_rate in assumptions.csv)"
    return [
        (
            f"learning-{name}",
            "costs_by_period",
            f"*/{period}",
            "value",
            "factor",
            round(other[period] / base[period], 12),
            said,
        )
        for period in base
    ]


def at_prices(figures: Figures, end: str) -> Figures:
    """Return the figures with every price of 2024 at the ``low`` or the ``high`` end of its path."""
    rows = dict(figures.rows)
    for name, (low, high) in PRICES.items():
        value = rows[low]["low"] if end == "low" else rows[high]["high"]
        if name == EXPORT_QUOTA:
            rows[name] = {**rows[name], "low": value}
        else:
            rows[name] = {**rows[name], "value": value}
    return Figures(rows)


def _prices(figures: Figures, end: str, mean_km: float) -> list[Row]:
    """Return paths of prices: of what is sold, of what is recovered informally, and at the end of life.

    What is sold follows the path. The informal table has one figure for all years: the mean over what
    retires. What comes back after 2035 is worth what the end of the path makes it.
    """
    there = at_prices(figures, end)
    name, said = f"prices-{end}", f"{end} ends of price.* (see SOURCES.md), reached in path.price_year"
    now, then = metal_prices(figures), metal_prices(there)
    ends = {f"{METAL_MARKET}/{metal}": then[metal] / now[metal] for metal in now}
    ends["use_*/second_life_*"] = there["price.second_life_lfp"] / figures["price.second_life_lfp"]
    sold: list[Row] = [
        (name, "offtake", f"{row}/{period}", "price_cny_per_unit", "factor", round(factor, 12), said)
        for row, last in ends.items()
        for period, factor in by_period(moved(figures, last)).items()
    ]
    return [
        *sold,
        *_informal_prices(figures, there, name),
        *_end_of_life_prices(there, name, mean_km),
    ]


def _informal_prices(figures: Figures, there: Figures, name: str) -> list[Row]:
    tonnes = retired_tonnes(figures, "middle")
    on_the_way = moved(figures, 2.0)
    way = sum(tonnes[year] * (on_the_way[year] - 1) for year in tonnes) / sum(tonnes.values())
    now, then = informal_table(figures), informal_table(there)
    column = "recovered_cny_per_tonne"
    said = "as price_cny_per_unit of offtake, mean over the tonnes of the middle path"
    return [
        (name, "informal", commodity, column, "value", round(low + way * (high - low), 2), said)
        for commodity, low, high in zip(now["commodity"], now[column], then[column], strict=True)
    ]


def _end_of_life_prices(there: Figures, name: str, mean_km: float) -> list[Row]:
    table, column = second_life_table(there, mean_km), "end_of_life_cost_cny_per_tonne"
    said = "as price_cny_per_unit of offtake at the end of the path"
    return [
        (name, "second_life", commodity, column, "value", cost, said)
        for commodity, cost in zip(table["commodity"], table[column], strict=True)
    ]
