"""What enters and leaves the network: supply, leakage, offers, offtake and returns from second life."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netopt.finance import discount_factor
from netopt.network.lookups import are_undismantled, in_every_period, jurisdictions_of

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.data.settings import Period
    from netopt.policy.effects import Effects


def build_supplies(instance: Instance, effects: Effects) -> pd.DataFrame:
    """Return one row per source and commodity that ever retires; see ``Network.supplies``."""
    rows = instance["supply"]
    rows = rows[rows["supply_tonnes_per_year"] > 0][["source", "commodity"]].drop_duplicates()
    location = instance["sources"].set_index("source")["location"]
    supplies = rows.sort_values(["source", "commodity"], ignore_index=True)
    supplies["location"] = supplies["source"].map(location)
    supplies["jurisdiction"] = jurisdictions_of(instance, supplies["location"])
    supplies["origin"] = _provenance(instance, effects, supplies)
    supplies.insert(0, "supply", supplies["source"] + ":" + supplies["commodity"])
    return supplies


def _provenance(instance: Instance, effects: Effects, supplies: pd.DataFrame) -> pd.Series:
    tracked = supplies["jurisdiction"].isin(effects.tracked_origins)
    tracked &= are_undismantled(instance, supplies["commodity"])
    return supplies["jurisdiction"].where(tracked, "")


def supply_tonnes(instance: Instance, supplies: pd.DataFrame) -> pd.DataFrame:
    """Return the retired mass (t/yr) by supply id and period."""
    rows = instance["supply"]
    keyed = rows.assign(supply=rows["source"] + ":" + rows["commodity"])
    wide = keyed.pivot_table(
        index="supply", columns="period", values="supply_tonnes_per_year", aggfunc="sum"
    )
    wide = wide.reindex(index=supplies["supply"], columns=list(instance.periods))
    return wide.fillna(0.0).astype(float)


def build_offtakes(instance: Instance) -> pd.DataFrame:
    """Return one row per market and commodity that it ever takes; see ``Network.offtakes``."""
    rows = instance["offtake"][["market", "commodity", "category"]].drop_duplicates(["market", "commodity"])
    offtakes = rows.sort_values(["market", "commodity"], ignore_index=True)
    offtakes.insert(0, "offtake", offtakes["market"] + ":" + offtakes["commodity"])
    location = instance["markets"].set_index("market")["location"]
    offtakes["location"] = offtakes["market"].map(location)
    offtakes["jurisdiction"] = jurisdictions_of(instance, offtakes["location"])
    return offtakes


def offtake_terms(instance: Instance, offtakes: pd.DataFrame) -> pd.DataFrame:
    """Return price and limit of every offtake in every period it exists.

    A row with a period wins over the row without.

    Returns
    -------
    pandas.DataFrame
        ``offtake, period, price_cny_per_unit, limit_units_per_year`` (inf: any).
    """
    rows = instance["offtake"]
    terms = _terms(instance, rows.assign(offtake=rows["market"] + ":" + rows["commodity"]), "offtake")
    terms["limit_units_per_year"] = terms["limit_units_per_year"].fillna(np.inf)
    known = terms[terms["offtake"].isin(offtakes["offtake"])]
    return known.sort_values(["offtake", "period"], ignore_index=True)


def _terms(instance: Instance, rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return price and limit by ``key`` and period; a row with a period wins over the row without."""
    every = in_every_period(instance, rows[rows["period"] == ""].drop(columns="period"))
    own = rows[rows["period"] != ""]
    terms = pd.concat([own, every]).drop_duplicates([key, "period"], keep="first")
    return terms[[key, "period", "price_cny_per_unit", "limit_units_per_year"]]


def build_offers(instance: Instance) -> pd.DataFrame:
    """Return one row per vendor and commodity that it ever sells; see ``Network.offers``."""
    offers = instance["offers"][["vendor", "commodity", "category"]].drop_duplicates()
    offers = offers.sort_values(["vendor", "commodity"], ignore_index=True)
    offers.insert(0, "offer", offers["vendor"] + ":" + offers["commodity"])
    offers["location"] = offers["vendor"].map(instance["vendors"].set_index("vendor")["location"])
    offers["jurisdiction"] = jurisdictions_of(instance, offers["location"])
    return offers.assign(origin="")


def offer_terms(instance: Instance) -> pd.DataFrame:
    """Return price and limit of every offer in every period it exists.

    Returns
    -------
    pandas.DataFrame
        ``offer, period, price_cny_per_unit, limit_units_per_year``.
    """
    rows = instance["offers"]
    terms = _terms(instance, rows.assign(offer=rows["vendor"] + ":" + rows["commodity"]), "offer")
    return terms.sort_values(["offer", "period"], ignore_index=True)


def build_returns(instance: Instance, offtakes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per market and commodity that comes back; see ``Network.returns``.

    What is exported or disposed of never does.
    """
    lives = instance["second_life"].rename(columns={"commodity": "sold_commodity"})
    stays = ~offtakes["category"].isin(["exports", "disposal"])
    sold = offtakes[stays].rename(columns={"commodity": "sold_commodity"})
    returns = sold.merge(lives, on="sold_commodity").rename(columns={"returned_commodity": "commodity"})
    returns.insert(0, "return", returns["market"] + ":" + returns["sold_commodity"])
    returns["origin"] = ""
    return returns.drop(columns="category").sort_values("return", ignore_index=True)


def return_schedule(instance: Instance, returns: pd.DataFrame) -> pd.DataFrame:
    """Return when what is sold comes back, within the horizon and after it.

    Returns
    -------
    pandas.DataFrame
        ``return, sold_period, period`` ("" after the horizon), ``years`` (years of the sold
        period that return then), ``discounted_years`` (the same, discounted from the year of
        return to the base year).
    """
    horizon = instance.settings.horizon
    rows = []
    for name, lag_years in zip(returns["return"], returns["lag_years"].astype(int), strict=True):
        for sold in horizon.periods:
            for year in range(sold.start_year, sold.start_year + sold.length_years):
                due = year + lag_years
                discounted = discount_factor(horizon.discount_rate, due - horizon.base_year)
                rows.append((name, sold.period, _period_of(due, horizon.periods), 1, discounted))
    columns = ["return", "sold_period", "period", "years", "discounted_years"]
    schedule = pd.DataFrame(rows, columns=columns)
    return schedule.groupby(columns[:3], as_index=False, sort=True).sum()


def _period_of(year: int, periods: list[Period]) -> str:
    for period in periods:
        if period.start_year <= year < period.start_year + period.length_years:
            return period.period
    return ""


def return_rates(instance: Instance, returns: pd.DataFrame, schedule: pd.DataFrame) -> pd.DataFrame:
    """Return the formal tonnes a year that come back per unit a year sold; see ``Network``."""
    length = instance.period_years()
    rates = schedule[schedule["period"] != ""].merge(returns, on="return")
    per_unit = rates["returned_tonnes_per_unit"] * (1.0 - rates["leakage_share"])
    rates["tonnes_per_unit"] = per_unit * rates["years"] / rates["period"].map(length).astype(float)
    return rates[["return", "sold_period", "period", "tonnes_per_unit"]]
