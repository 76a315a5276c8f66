"""The ledger, recomputed from an answer's tables and the instance alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.accounts import KIND_OF_CATEGORY
from netopt.solution.checking.accounting import (
    CENTRAL,
    CHAIN,
    LOCAL,
    NATURE,
    PUBLIC,
    SUPPLIERS,
    entries,
    factor,
    is_meant,
)
from netopt.solution.checking.accounting_flows import flow_entries, informal_entries
from netopt.solution.checking.capital import annuities_due, got_back
from netopt.solution.checking.limits import emission_kg, what_is_paid_for
from netopt.solution.checking.numbers import mapped
from netopt.solution.tables import LEDGER_COLUMNS

if TYPE_CHECKING:
    from netopt.solution.checking.plan import Plan

ACCOUNT = [column for column in LEDGER_COLUMNS if column != "cny_per_year"]


def ledger_of(plan: Plan) -> pd.DataFrame:
    """Return the ledger with columns ``LEDGER_COLUMNS``, amounts in the plan's arithmetic.

    One row per account and period in which it is due; CNY a year. See the prices in
    ``netopt/README.md``.
    """
    parts = [
        *flow_entries(plan),
        *_throughput_entries(plan),
        *_module_entries(plan),
        _capital_entries(plan),
        *_storage_entries(plan),
        *_supply_entries(plan),
        *_shortfall_entries(plan),
        *_constant_entries(plan),
    ]
    ledger = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    kinds = {name: kind.value for name, kind in KIND_OF_CATEGORY.items()}
    ledger["kind"] = ledger["category"].map(kinds)
    total = ledger.groupby(ACCOUNT)["cny_per_year"].sum().reset_index()
    return total[total["cny_per_year"] != 0][list(LEDGER_COLUMNS)].reset_index(drop=True)


def _throughput_entries(plan: Plan) -> list[pd.DataFrame]:
    runs, facts = plan.throughput, plan.facts
    where = {"jurisdiction": runs["jurisdiction"], "facility_type": runs["facility_type"]}
    cost = runs["tonnes"] * runs["cost_cny_per_tonne"]
    cost *= factor(facts, runs["jurisdiction"], runs["facility_type"], runs["category"])
    carbon = facts.arithmetic.number(facts.instance.settings.prices.carbon_cny_per_tonne)
    emitted = emission_kg(plan)[1] / 1000 * carbon
    parts = [
        entries(cost, runs["period"], runs["category"], (CHAIN, SUPPLIERS), **where),
        entries(emitted, runs["period"], "emissions", (PUBLIC, NATURE), **where),
    ]
    transfers = facts.table("transfers")
    for item in transfers[transfers["basis"] == "processed"].to_dict("records"):
        paid = runs["tonnes"].where(runs["facility_type"] == item["subject"], 0) * item["cny_per_tonne"]
        parts.append(
            entries(paid, runs["period"], item["category"], (item["payer"], item["payee"]), **where)
        )
    number = facts.arithmetic.number
    for transfer in facts.effects.run_transfers:
        meant = is_meant(runs["facility_type"], transfer.facility_types)
        meant &= is_meant(runs["jurisdiction"], transfer.jurisdictions)
        paid = runs["tonnes"].where(meant, 0) * number(transfer.cny_per_tonne)
        parts.append(entries(paid, runs["period"], transfer.category, transfer.parties, **where))
    for price in facts.effects.emission_transfers:
        paid = emission_kg(plan)[1] / 1000 * number(price.cny_per_tonne_co2e)
        parts.append(entries(paid, runs["period"], price.category, price.parties, **where))
    return parts


def _module_entries(plan: Plan) -> list[pd.DataFrame]:
    modules, facts = plan.modules, plan.facts
    period, types = modules["period"], modules["facility_type"]
    where = {"jurisdiction": modules["jurisdiction"], "facility_type": types}
    variable = modules["load_tonnes_per_year"] * modules["variable_cny_per_tonne"]
    variable *= factor(facts, modules["jurisdiction"], types, "processing")
    fixed = modules["fixed_cny_per_year"] * factor(facts, modules["jurisdiction"], types, "fixed")
    share = modules["share"]
    parts = [
        entries(variable, period, "processing", (CHAIN, SUPPLIERS), **where),
        entries(fixed * share, period, "fixed", (CHAIN, SUPPLIERS), **where),
    ]
    for charge in facts.effects.facility_charges:
        charged = share.where(is_meant(types, charge.facility_types), 0)
        paid = charged * facts.arithmetic.number(charge.cny_per_year)
        parts.append(entries(paid, period, charge.category, (CHAIN, SUPPLIERS), **where))
    for transfer in facts.effects.capacity_transfers:
        meant = is_meant(types, transfer.facility_types)
        meant &= is_meant(modules["jurisdiction"], transfer.jurisdictions)
        capacity = (share * modules["capacity"]).where(meant, 0)
        paid = capacity * facts.arithmetic.number(transfer.cny_per_tonne_capacity)
        parts.append(entries(paid, period, transfer.category, transfer.parties, **where))
    return parts


def _capital_entries(plan: Plan) -> pd.DataFrame:
    facts, due = plan.facts, annuities_due(plan)
    where = {"jurisdiction": due["jurisdiction"], "facility_type": due["facility_type"]}
    parts = [entries(due["amount"], due["period"], "capital", (CHAIN, SUPPLIERS), **where)]
    back = got_back(plan)
    at = {"jurisdiction": back["jurisdiction"], "facility_type": back["facility_type"]}
    parts.append(entries(-back["amount"], back["period"], "capital", (CHAIN, SUPPLIERS), **at))
    for transfer in facts.effects.capital_transfers:
        meant = is_meant(due["facility_type"], transfer.facility_types)
        meant &= is_meant(due["jurisdiction"], transfer.jurisdictions)
        given = due["amount"].where(meant, 0) * facts.arithmetic.number(transfer.share)
        parts.append(entries(given, due["period"], transfer.category, transfer.parties, **where))
    return pd.concat(parts)


def _storage_entries(plan: Plan) -> list[pd.DataFrame]:
    facts, stored = plan.facts, plan.tables["stored"]
    place = stored["site"]
    types = mapped(place, facts.places["facility_type"])
    where = {
        "jurisdiction": mapped(place, facts.places["jurisdiction"]),
        "facility_type": types,
        "commodity": stored["commodity"],
    }
    terms = facts.table("storage").set_index(["facility_type", "commodity"])["cost_cny_per_unit_year"]
    keys = pd.MultiIndex.from_arrays([types, stored["commodity"]])
    price = pd.Series(terms.reindex(keys, fill_value=0).to_numpy(), index=stored.index, dtype=terms.dtype)
    kept = types + "/" + stored["commodity"]
    price = facts.cost_then("storage", "cost_cny_per_unit_year", kept, stored["period"], price)
    parts = [
        entries(stored["stored_units"] * price, stored["period"], "storage", (CHAIN, SUPPLIERS), **where)
    ]
    tonnes = stored["stored_units"] * mapped(stored["commodity"], facts.commodities["tonnes_per_unit"])
    for charge in facts.effects.storage_charges:
        charged = tonnes.where(is_meant(stored["commodity"], charge.commodities), 0)
        paid = charged * facts.arithmetic.number(charge.cny_per_tonne_year)
        parts.append(entries(paid, stored["period"], charge.category, (CHAIN, SUPPLIERS), **where))
    return parts


def _supply_entries(plan: Plan) -> list[pd.DataFrame]:
    facts, supply = plan.facts, plan.tables["supply"]
    where = {
        "jurisdiction": mapped(supply["source"], facts.places["jurisdiction"]),
        "commodity": supply["commodity"],
    }
    leaked = supply["leaked_tonnes_per_year"]
    parts = informal_entries(facts, supply["commodity"], leaked, supply["period"], where)
    for transfer in facts.effects.supply_transfers:
        if transfer.basis == "leaked":
            owed = leaked.where(is_meant(where["jurisdiction"], transfer.jurisdictions), 0)
            paid = owed * facts.arithmetic.number(transfer.cny_per_tonne)
            parts.append(entries(paid, supply["period"], transfer.category, transfer.parties, **where))
    price = facts.instance.settings.prices.unserved_cny_per_tonne
    if price is not None:
        paid = supply["unserved_tonnes_per_year"] * facts.arithmetic.number(price)
        parts.append(entries(paid, supply["period"], "unserved", (CHAIN, CENTRAL), **where))
    return parts


def _shortfall_entries(plan: Plan) -> list[pd.DataFrame]:
    shortfalls = plan.tables["shortfalls"]
    parts = []
    for rule in plan.facts.effects.share_rules:
        rows = shortfalls[shortfalls["rule"] == rule.rule]
        price = plan.facts.arithmetic.number(rule.penalty_cny_per_tonne or 0.0)
        rows = rows.assign(
            paid=rows["shortfall_tonnes_per_year"] * price, jurisdiction="", facility_type=""
        )
        if not rule.is_target:
            rows = _where_earned(rows, what_is_paid_for(plan, rule.whole))
        where = {"jurisdiction": rows["jurisdiction"], "facility_type": rows["facility_type"]}
        category, *parties = rule.account
        parts.append(entries(rows["paid"], rows["period"], category, (parties[0], parties[1]), **where))
    return parts


def _where_earned(rows: pd.DataFrame, earned: pd.DataFrame) -> pd.DataFrame:
    """Divide each period's payback in proportion to what was earned; national where nothing was."""
    total = earned.groupby("period")["amount"].sum()
    total = total[total != 0]
    is_earned = rows["period"].isin(total.index)
    bare = rows.loc[is_earned, ["period", "paid"]].merge(earned, on="period")
    bare["paid"] *= bare["amount"] / mapped(bare["period"], total)
    return pd.concat([rows[~is_earned], bare], ignore_index=True)


def _constant_entries(plan: Plan) -> list[pd.DataFrame]:
    facts = plan.facts
    periods = pd.DataFrame({"period": facts.periods.index})
    sources = facts.table("sources").merge(periods, how="cross")
    home = mapped(sources["source"], facts.places["jurisdiction"])
    outlets = sources["fixed_cny_per_year"]
    parts = [entries(outlets, sources["period"], "collection", (CHAIN, SUPPLIERS), jurisdiction=home)]
    for more in facts.effects.more_outlets:
        meant = is_meant(home, more.jurisdictions) & is_meant(sources["source"], more.sources)
        added = outlets.where(meant, 0) * facts.arithmetic.number(more.share)
        parts.append(entries(added, sources["period"], "collection", (CHAIN, SUPPLIERS), jurisdiction=home))
    for charge in facts.effects.jurisdiction_charges:
        paid = pd.Series([facts.arithmetic.number(charge.cny_per_year)] * len(periods))
        for place in charge.jurisdictions:
            payer = LOCAL if place else CENTRAL
            parts.append(
                entries(paid, periods["period"], charge.category, (payer, SUPPLIERS), jurisdiction=place)
            )
    return parts
