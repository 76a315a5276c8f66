"""Build the network of an instance under the effects of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.network import facilities, rates, supplies
from netopt.network.arcs import grow_shipments
from netopt.network.network import Network
from netopt.network.rules import TERM_COLUMNS, RuleWriter, build_rules

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.network.arcs import Shipments
    from netopt.policy.effects import Effects


def build_network(instance: Instance, effects: Effects) -> Network:
    """Return every candidate arc and facility with its prices, as columns.

    Parameters
    ----------
    instance
        Validated; its ``formal_share`` decides what leaks.
    effects
        Of the composed policy.
    """
    supply_rows = supplies.build_supplies(instance, effects)
    retired = supplies.supply_tonnes(instance, supply_rows)
    offtakes = supplies.build_offtakes(instance)
    returns = supplies.build_returns(instance, offtakes)
    schedule = supplies.return_schedule(instance, returns)
    terms = supplies.offtake_terms(instance, offtakes)
    shipments = grow_shipments(instance, effects, supply_rows, offtakes, returns)
    open_arcs = _open_arcs(instance, effects, shipments.arcs, offtakes, terms)
    arcs, open_arcs, dropped = _drop_closed(shipments, open_arcs)
    modules = facilities.build_modules(instance)
    sites = facilities.located_sites(instance)[["site", "jurisdiction", "facility_type"]]
    activities = shipments.activities.merge(sites, on="site")
    stores = _stores(instance, shipments).merge(sites[["site", "jurisdiction"]], on="site")
    rules = build_rules(effects)
    writer = RuleWriter(
        instance, supply_rows, retired, arcs, activities, shipments.inputs, shipments.outputs
    )
    rule_terms = [writer.terms(rule) for rule in effects.share_rules]
    prices = rates.PriceList(instance)
    costs = rates.RegionalCosts.of(instance)
    sales = rates.sales_rows(instance, arcs, offtakes)
    rates.price_arcs(prices, instance, effects, arcs)
    rates.price_collection(prices, instance, effects, costs, arcs)
    rates.price_sales(prices, sales, terms)
    rates.price_ends_of_life(prices, instance, sales, returns, schedule)
    rates.price_activities(prices, instance, costs, activities.drop(columns="facility_type"))
    rates.price_modules(prices, instance, effects, costs, modules)
    rates.price_stores(prices, instance, effects, stores)
    rates.price_supplies(prices, instance, supply_rows)
    rates.price_constants(prices, instance, effects)
    rates.price_shortfalls(prices, rules)
    return Network(
        instance=instance,
        effects=effects,
        arcs=arcs,
        open_arcs=open_arcs,
        dropped_arcs=dropped,
        activities=activities,
        activity_inputs=shipments.inputs,
        activity_outputs=shipments.outputs,
        modules=modules,
        may_build=facilities.may_build(instance, effects, modules),
        stores=stores,
        supplies=supply_rows,
        supply_tonnes=retired,
        leaked_tonnes=retired * (1.0 - instance.settings.leakage.formal_share),
        offtakes=offtakes,
        offtake_limits=_limits(instance, offtakes, terms),
        returns=returns,
        return_rates=supplies.return_rates(instance, returns, schedule),
        rules=rules,
        rule_terms=pd.concat(rule_terms) if rule_terms else pd.DataFrame(columns=TERM_COLUMNS),
        emissions=rates.emissions(instance, arcs, activities),
        rates=prices.table(),
        period_weights=instance.period_weights(),
    )


def _open_arcs(
    instance: Instance,
    effects: Effects,
    arcs: pd.DataFrame,
    offtakes: pd.DataFrame,
    terms: pd.DataFrame,
) -> pd.DataFrame:
    """Return whether each arc may carry flow, by arc id and period."""
    is_open = pd.DataFrame(True, index=pd.Index(arcs["arc"]), columns=list(instance.periods))
    sites = facilities.located_sites(instance)
    for rule in effects.forbidden_operators:
        if rule.action == "receive":
            barred = arcs["to_place"].isin(facilities.barred_sites(rule, sites)).to_numpy()
            is_open.loc[barred, facilities.periods_in_force(rule, instance)] = False
    sold = offtakes.merge(terms, on="offtake")
    for period in instance.periods:
        taken = pd.MultiIndex.from_frame(sold.loc[sold["period"] == period, ["market", "commodity"]])
        wants = pd.MultiIndex.from_frame(arcs[["to_place", "commodity"]]).isin(taken)
        is_open.loc[(arcs["to_kind"] == "market").to_numpy() & ~wants, period] = False
    return is_open


def _drop_closed(
    shipments: Shipments, is_open: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return arcs and their openness without those closed in every period, and all dropped arcs."""
    ever = is_open.any(axis=1).to_numpy()
    closed = shipments.arcs.loc[~ever, ["from_place", "to_place", "commodity", "mode"]].drop_duplicates()
    dropped = pd.concat(
        [shipments.dropped, closed.assign(reason="closed by an operator rule, or nothing bought")],
        ignore_index=True,
    )
    return shipments.arcs[ever].reset_index(drop=True), is_open[ever], dropped


def _stores(instance: Instance, shipments: Shipments) -> pd.DataFrame:
    state = ["site", "commodity", "origin", "left"]
    stocked = pd.concat([shipments.inputs[state], shipments.outputs[state]]).drop_duplicates()
    return facilities.build_stores(instance, stocked)


def _limits(instance: Instance, offtakes: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    limits = terms.set_index(["offtake", "period"])["limit_units_per_year"]
    wide = limits.unstack("period")  # noqa: PD010 - pivot_table averages duplicates in silence
    wide = wide.reindex(index=offtakes["offtake"], columns=list(instance.periods))
    return wide.fillna(0.0)
