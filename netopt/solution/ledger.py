"""The ledger: every yuan a plan causes, on its account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.accounts import KIND_OF_CATEGORY, Perspective, counts_as_gross, weight_in
from netopt.network.facilities import located_sites
from netopt.network.lookups import long_form
from netopt.network.rates import INVESTING
from netopt.solution.tables import LEDGER_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netopt.network.network import Network

ACCOUNT = ["category", "payer", "payee", "jurisdiction", "facility_type", "commodity", "period"]


def build_ledger(network: Network, decisions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the ledger of a plan.

    Parameters
    ----------
    network
        With the price list.
    decisions
        By family of variables: rows ids, columns periods, values in units a year.

    Returns
    -------
    pandas.DataFrame
        Columns ``LEDGER_COLUMNS``, one row per account and period in which it is paid; CNY a year.
    """
    rates = network.rates
    values = [
        long_form(table, "index", "value").assign(family=family) for family, table in decisions.items()
    ]
    decided = pd.concat(values, ignore_index=True)
    decided = decided[decided["value"] != 0]
    paid = rates.merge(decided, how="left", on=["family", "index", "period"])
    paid.loc[paid["family"] == "constant", "value"] = 1.0
    paid = paid[paid["value"].notna()]
    paid["cny_per_year"] = paid["cny_per_unit"] * paid["value"]
    paid = _with_paybacks_where_paid(network, decided, paid)
    paid = paid.drop(columns="period").rename(columns={"due_period": "period"})
    ledger = paid.groupby(ACCOUNT)["cny_per_year"].sum().reset_index()
    ledger["kind"] = ledger["category"].map({name: str(kind) for name, kind in KIND_OF_CATEGORY.items()})
    ledger = ledger[ledger["cny_per_year"] != 0]
    return ledger[list(LEDGER_COLUMNS)].astype(LEDGER_COLUMNS).reset_index(drop=True)


def _with_paybacks_where_paid(network: Network, decided: pd.DataFrame, paid: pd.DataFrame) -> pd.DataFrame:
    """Return what is paid, with what exceeds a budget in proportion where the budget was earned."""
    budgets = [rule.rule for rule in network.effects.share_rules if not rule.is_target]
    is_payback = (paid["family"] == "shortfall") & paid["index"].isin(budgets)
    if not is_payback.any():
        return paid
    terms = network.rule_terms[network.rule_terms["rule"].isin(budgets)]
    values = decided.rename(columns={"period": "decided"})
    earned = terms.merge(values, on=["family", "index", "decided"])
    earned = earned.merge(_facilities(network), on=["family", "index"])
    earned["amount"] = earned["coefficient"] * earned["value"]
    by_place = earned.groupby(["rule", "period", "jurisdiction", "facility_type"])["amount"].sum()
    share = (by_place / by_place.groupby(["rule", "period"]).transform("sum")).rename("part").reset_index()
    bare = paid[is_payback].drop(columns=["jurisdiction", "facility_type"])
    spread = bare.merge(share, left_on=["index", "period"], right_on=["rule", "period"])
    spread["cny_per_year"] *= spread["part"]
    return pd.concat([paid[~is_payback], spread.drop(columns=["rule", "part"])], ignore_index=True)


def _facilities(network: Network) -> pd.DataFrame:
    """Return ``family, index, jurisdiction, facility_type`` of all decisions at facilities."""
    runs = network.activities[["activity", "site"]].set_axis(["index", "site"], axis=1)
    modules = network.modules[["module", "site"]].set_axis(["index", "site"], axis=1)
    every = [runs.assign(family="throughput")]
    every += [modules.assign(family=family) for family in ("operating", *INVESTING)]
    located = located_sites(network.instance)[["site", "jurisdiction", "facility_type"]]
    return pd.concat(every, ignore_index=True).merge(located, on="site").drop(columns="site")


def annual_equivalent(ledger: pd.DataFrame, weights: Mapping[str, float]) -> pd.Series:
    """Return each row's annual equivalent in CNY a year: ``w[t] * cny / sum(w)``."""
    share = ledger["period"].map(dict(weights)).astype(float) / sum(weights.values())
    return ledger["cny_per_year"] * share


def ledger_total(ledger: pd.DataFrame, weights: Mapping[str, float], perspective: Perspective) -> float:
    """Return what the ledger adds up to in a perspective: CNY a year, annual equivalent."""
    accounts = zip(ledger["category"], ledger["payer"], ledger["payee"], strict=True)
    counted = [weight_in(perspective, *account) for account in accounts]
    return float((annual_equivalent(ledger, weights) * counted).sum())


def gross_cost(ledger: pd.DataFrame, weights: Mapping[str, float]) -> float:
    """Return the formal network's cost before revenue: CNY a year, annual equivalent."""
    amounts = annual_equivalent(ledger, weights)
    pairs = zip(ledger["category"], amounts, strict=True)
    return float(sum(amount for category, amount in pairs if counts_as_gross(category, amount)))
