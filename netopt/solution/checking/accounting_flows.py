"""Ledger entries of flows: collection, haulage, delay, sales and what comes back from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.solution.checking.accounting import (
    BUYERS,
    CHAIN,
    INFORMAL,
    NATURE,
    PUBLIC,
    SUPPLIERS,
    entries,
    factor,
    is_meant,
)
from netopt.solution.checking.balances import returning_sales
from netopt.solution.checking.limits import emission_kg
from netopt.solution.checking.numbers import lookup, mapped

if TYPE_CHECKING:
    from netopt.solution.checking.facts import Facts
    from netopt.solution.checking.plan import Plan


def flow_entries(plan: Plan) -> list[pd.DataFrame]:
    """Return the entries of every flow, by the prices in ``netopt/README.md``."""
    return [
        *_collection_entries(plan),
        *_haulage_entries(plan),
        *_lever_entries(plan),
        *_sales_entries(plan),
        *_purchase_entries(plan),
        *_return_entries(plan),
    ]


def _where(flows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the account of a flow: where it starts."""
    return {
        "jurisdiction": flows["from_jurisdiction"],
        "facility_type": flows["from_facility_type"],
        "commodity": flows["commodity"],
    }


def _at_buyer(flows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the account of what is bought: where the flow ends."""
    return {
        "jurisdiction": flows["to_jurisdiction"],
        "facility_type": flows["to_facility_type"],
        "commodity": flows["commodity"],
    }


def _collection_entries(plan: Plan) -> list[pd.DataFrame]:
    facts = plan.facts
    flows = plan.flows[plan.flows["leg"] == "first"]
    where, period, tonnes = _where(flows), flows["period"], flows["tonnes"]
    listed = facts.commodities["collection_cny_per_tonne"].fillna(0)
    cost = tonnes * mapped(flows["commodity"], listed)
    cost *= factor(facts, flows["from_jurisdiction"], "", "collection")
    parts = [entries(cost, period, "collection", (CHAIN, SUPPLIERS), **where)]
    for charge in facts.effects.collection_charges:
        charged = tonnes.where(is_meant(flows["commodity"], charge.commodities), 0)
        paid = charged * facts.arithmetic.number(charge.cny_per_tonne)
        parts.append(entries(paid, period, charge.category, (CHAIN, SUPPLIERS), **where))
    of_source = flows["from_kind"] == "source"
    for transfer in facts.effects.supply_transfers:
        if transfer.basis != "collected":
            continue
        owed = of_source & is_meant(flows["from_jurisdiction"], transfer.jurisdictions)
        paid = tonnes.where(owed, 0) * facts.arithmetic.number(transfer.cny_per_tonne)
        parts.append(entries(paid, period, transfer.category, transfer.parties, **where))
    transfers = facts.table("transfers")
    for item in transfers[transfers["basis"] == "collected"].to_dict("records"):
        paid = tonnes.where(flows["commodity"] == item["subject"], 0) * item["cny_per_tonne"]
        parts.append(entries(paid, period, item["category"], (item["payer"], item["payee"]), **where))
    return parts


def _haulage_entries(plan: Plan) -> list[pd.DataFrame]:
    facts, flows = plan.facts, plan.flows
    where, period, keys = _where(flows), flows["period"], ["mode", "goods_class", "leg"]
    tariffs = facts.table("haulage").set_index(keys)
    row = flows["mode"] + "/" + flows["goods_class"] + "/" + flows["leg"]
    tariff, loading = (
        facts.cost_then("haulage", column, row, period, lookup(tariffs[column], flows, keys, 0))
        for column in ("tariff_cny_per_tonne_km", "loading_cny_per_tonne")
    )
    carbon = facts.arithmetic.number(facts.instance.settings.prices.carbon_cny_per_tonne)
    held = flows["tonnes"].where(flows["left_after"] & ~flows["left_before"], 0)
    delay = held * facts.arithmetic.number(facts.effects.delay_cny_per_tonne)
    return [
        entries(tariff * flows["tonnes"] * flows["km"], period, "haulage", (CHAIN, SUPPLIERS), **where),
        entries(loading * flows["tonnes"], period, "loading", (CHAIN, SUPPLIERS), **where),
        entries(emission_kg(plan)[0] / 1000 * carbon, period, "emissions", (PUBLIC, NATURE), **where),
        entries(delay, period, "delay", (CHAIN, SUPPLIERS), **where),
    ]


def _lever_entries(plan: Plan) -> list[pd.DataFrame]:
    """What levers let be paid on hauls: for what they emit, at borders, and for trade abroad."""
    facts, flows = plan.facts, plan.flows
    where, period, number = _where(flows), flows["period"], plan.facts.arithmetic.number
    tonnes_co2e = emission_kg(plan)[0] / 1000
    parts = []
    for price in facts.effects.emission_transfers:
        paid = tonnes_co2e * number(price.cny_per_tonne_co2e)
        parts.append(entries(paid, period, price.category, price.parties, **where))
    for levy in facts.effects.border_transfers:
        levied = flows["from_jurisdiction" if levy.direction == "out" else "to_jurisdiction"]
        owed = flows["crosses"] & is_meant(flows["commodity"], levy.commodities)
        owed &= is_meant(levied, levy.jurisdictions)
        paid = flows["tonnes"].where(owed, 0) * number(levy.cny_per_tonne)
        parts.append(entries(paid, period, levy.category, levy.parties, **where | {"jurisdiction": levied}))
    for duty in facts.effects.trade_transfers:
        owed = facts.traded(flows, duty.trade) & is_meant(flows["commodity"], duty.commodities)
        paid = flows["tonnes"].where(owed, 0) * number(duty.cny_per_tonne)
        at = where if duty.trade == "exports" else _at_buyer(flows)
        parts.append(entries(paid, period, duty.category, duty.parties, **at))
    return parts


def _sales_entries(plan: Plan) -> list[pd.DataFrame]:
    sales = plan.flows.rename(columns={"to_place": "market"})
    sales = sales.merge(plan.facts.offtake, on=["market", "commodity", "period"])
    payee = sales["category"].map(lambda category: SUPPLIERS if category == "disposal" else BUYERS)
    paid = -sales["units"] * sales["price_cny_per_unit"]
    return [entries(paid, sales["period"], sales["category"], (CHAIN, payee), **_where(sales))]


def _purchase_entries(plan: Plan) -> list[pd.DataFrame]:
    bought = plan.flows.rename(columns={"from_place": "vendor"})
    bought = bought.merge(plan.facts.offers, on=["vendor", "commodity", "period"])
    paid = bought["units"] * bought["price_cny_per_unit"]
    return [entries(paid, bought["period"], bought["category"], (CHAIN, SUPPLIERS), **_at_buyer(bought))]


def _return_entries(plan: Plan) -> list[pd.DataFrame]:
    """End of life after the horizon, and what the leaked share of returns costs and damages."""
    facts, sales = plan.facts, returning_sales(plan)
    after = sales["period"] == ""
    due = sales["period"].where(~after, facts.periods.index[-1])
    share = sales["discounted_years"] / mapped(due, facts.weights)
    tonnes = sales["units"] * sales["returned_tonnes_per_unit"] * share
    kept = (tonnes * (1 - sales["leakage_share"])).where(after, 0)
    ended = kept * sales["end_of_life_cost_cny_per_tonne"]
    where = _where(sales)
    leaked = tonnes * sales["leakage_share"]
    return [
        entries(ended, due, "end_of_life", (CHAIN, SUPPLIERS), **where),
        *informal_entries(facts, sales["returned_commodity"], leaked, due, where),
    ]


def informal_entries(
    facts: Facts,
    leaked_commodity: pd.Series,
    tonnes: pd.Series,
    period: pd.Series,
    where: dict[str, pd.Series],
) -> list[pd.DataFrame]:
    """Return what leaked ``tonnes`` (t/yr) cost, recover and damage in the informal channel."""
    informal = facts.table("informal").set_index("commodity")
    carbon = facts.arithmetic.number(facts.instance.settings.prices.carbon_cny_per_tonne)
    frame = pd.DataFrame({"commodity": leaked_commodity})

    def paid(column: str) -> pd.Series:
        return tonnes * lookup(informal[column], frame, ["commodity"], 0)

    emitted = paid("emission_kgco2e_per_tonne") / 1000 * carbon
    return [
        entries(
            paid("processing_cny_per_tonne"), period, "informal_processing", (INFORMAL, SUPPLIERS), **where
        ),
        entries(-paid("recovered_cny_per_tonne"), period, "informal_recovery", (INFORMAL, BUYERS), **where),
        entries(paid("damage_cny_per_tonne"), period, "informal_damage", (PUBLIC, NATURE), **where),
        entries(emitted, period, "informal_emissions", (PUBLIC, NATURE), **where),
    ]
