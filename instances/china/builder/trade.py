"""What could be bought from abroad: a sensitivity, which the instances themselves leave out."""

from __future__ import annotations

import pandas as pd

from builder.chemistry import CHEMISTRIES, hydromet_yields, metal_prices, pack_contents
from builder.figures import Figures

PORT = "port-shanghai"
PORT_PROVINCE = "CN-SH"
PAID_FOR = ("li2co3", "ni", "co")
"""Metals that the price of NCM black mass counts."""


def import_tables(figures: Figures, provinces: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return a port that offers black mass of each chemistry: vendors and offers."""
    capital = provinces.set_index("iso")["capital_adcode"][PORT_PROVINCE]
    prices = {"lfp": _lfp_cny_per_tonne(figures), "ncm": _ncm_cny_per_tonne(figures)}
    return {
        "vendors": pd.DataFrame(
            {"vendor": [PORT], "name": ["Black mass from abroad, Shanghai"], "location": [str(capital)]}
        ),
        "offers": pd.DataFrame(
            {
                "vendor": PORT,
                "commodity": [f"black_mass_{chemistry}" for chemistry in CHEMISTRIES],
                "period": "",
                "category": "imports",
                "price_cny_per_unit": [round(prices[chemistry], 2) for chemistry in CHEMISTRIES],
                "limit_units_per_year": figures["trade.import_limit"],
            }
        ),
    }


def _lfp_cny_per_tonne(figures: Figures) -> float:
    """Return what LFP black mass costs: it is quoted by its lithium, in CNY per per cent and tonne."""
    pack = pack_contents(figures, "lfp")
    return figures["price.blackmass_lfp_per_li_pct"] * 100 * pack.metals["li"] / pack.powder


def _ncm_cny_per_tonne(figures: Figures) -> float:
    """Return what NCM black mass costs: the payable share of the metals that a leach gets out of it."""
    prices, yields = metal_prices(figures), hydromet_yields(figures, "ncm")
    return figures["trade.payable_ncm"] * sum(prices[metal] * yields[metal] for metal in PAID_FOR)
