"""Build the network of an instance under the effects of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.network import controls, facilities, rates, supplies
from netopt.network.arcs import grow_shipments
from netopt.network.closings import closings, open_arcs, reasons
from netopt.network.held import held_to, nothing_held
from netopt.network.leakage import formal_shares
from netopt.network.network import Network
from netopt.network.rules import TERM_COLUMNS, RuleWriter, build_rules

if TYPE_CHECKING:
    from netopt.data.design import Design
    from netopt.data.instance import Instance
    from netopt.network.arcs import Shipments
    from netopt.network.closings import Closing
    from netopt.network.scope import Scope
    from netopt.policy.effects import Effects


def build_network(
    instance: Instance, effects: Effects, design: Design | None = None, scope: Scope | None = None
) -> Network:
    """Return every candidate arc and facility with its prices, as columns.

    Parameters
    ----------
    instance
        Validated; its ``formal_share`` decides what leaks.
    effects
        Of the composed policy.
    design
        What is built, kept and closed, where that is not free.
    scope
        Which arcs into sites are listed; None: all.

    Raises
    ------
    UsageError
        Where the design is not of the instance's sites and periods.
    """
    supply_rows = supplies.build_supplies(instance, effects)
    retired = supplies.supply_tonnes(instance, supply_rows)
    offtakes = supplies.build_offtakes(instance)
    returns = supplies.build_returns(instance, offtakes)
    schedule = supplies.return_schedule(instance, returns)
    terms = supplies.offtake_terms(instance, offtakes)
    offers, offer_terms = supplies.build_offers(instance), supplies.offer_terms(instance)
    shipments = grow_shipments(instance, effects, supply_rows, offtakes, returns, offers, scope)
    sold, offered = offtakes.merge(terms, on="offtake"), offers.merge(offer_terms, on="offer")
    closed = closings(instance, effects, shipments.arcs, sold, offered)
    is_open = open_arcs(instance, shipments.arcs, closed)
    arcs, is_open, dropped = _drop_closed(shipments, is_open, closed)
    modules = facilities.build_modules(instance)
    buildable = facilities.may_build(instance, effects, modules)
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
    rates.price_purchases(prices, instance, arcs, offers, offer_terms)
    rates.price_ends_of_life(prices, instance, sales, returns, schedule)
    rates.price_activities(prices, instance, effects, costs, activities.drop(columns="facility_type"))
    rates.price_modules(prices, instance, effects, costs, modules)
    rates.price_stores(prices, instance, effects, stores)
    rates.price_supplies(prices, instance, effects, supply_rows)
    rates.price_constants(prices, instance, effects)
    rates.price_shortfalls(prices, effects)
    return Network(
        instance=instance,
        effects=effects,
        arcs=arcs,
        open_arcs=is_open,
        dropped_arcs=dropped,
        activities=activities,
        activity_inputs=shipments.inputs,
        activity_outputs=shipments.outputs,
        modules=modules,
        may_build=buildable,
        may_open=facilities.may_open(instance, modules, buildable),
        may_operate=facilities.may_operate(instance, effects, modules),
        forced_open=controls.forced_open(instance, effects),
        site_counts=controls.site_counts(effects),
        counted_sites=controls.counted_sites(instance, effects, modules),
        assignments=controls.assignments(instance, effects, arcs, supply_rows),
        stores=stores,
        supplies=supply_rows,
        supply_tonnes=retired,
        leaked_tonnes=_leaked(instance, effects, supply_rows, retired),
        offtakes=offtakes,
        offtake_limits=_limits(instance, "offtake", offtakes, terms),
        offers=offers,
        offer_limits=_limits(instance, "offer", offers, offer_terms),
        returns=returns,
        return_rates=supplies.return_rates(instance, returns, schedule),
        rules=rules,
        rule_terms=pd.concat(rule_terms) if rule_terms else pd.DataFrame(columns=TERM_COLUMNS),
        emissions=rates.emissions(instance, arcs, activities),
        rates=prices.table(),
        period_weights=instance.period_weights(),
        scope=scope,
        held=nothing_held() if design is None else held_to(design, instance, modules),
    )


def _leaked(
    instance: Instance, effects: Effects, supply_rows: pd.DataFrame, retired: pd.DataFrame
) -> pd.DataFrame:
    """Return what every supply gives to the informal channel (t/yr), by period."""
    shares = supply_rows["source"].map(formal_shares(instance, effects)).astype(float)
    informal = 1.0 - shares.astype(float)
    return retired.mul(informal.to_numpy(), axis=0)


def _drop_closed(
    shipments: Shipments, is_open: pd.DataFrame, closed: list[Closing]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return arcs and their openness without those closed in every period, and all dropped arcs."""
    ever = is_open.any(axis=1).to_numpy()
    shut = shipments.arcs.loc[~ever, ["from_place", "to_place", "commodity", "mode"]]
    why = pd.Series(reasons(closed, ~ever), index=shut.index, dtype="str")
    shut = shut.assign(reason=why).drop_duplicates()
    dropped = pd.concat([shipments.dropped, shut], ignore_index=True)
    return shipments.arcs[ever].reset_index(drop=True), is_open[ever], dropped


def _stores(instance: Instance, shipments: Shipments) -> pd.DataFrame:
    state = ["site", "commodity", "origin", "left"]
    stocked = pd.concat([shipments.inputs[state], shipments.outputs[state]]).drop_duplicates()
    return facilities.build_stores(instance, stocked)


def _limits(instance: Instance, key: str, rows: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Return the limit (units/yr) of each offtake or offer, by period; 0 where there is none."""
    limits = terms.set_index([key, "period"])["limit_units_per_year"]
    wide = limits.unstack("period")  # noqa: PD010 - pivot_table averages duplicates in silence
    wide = wide.reindex(index=rows[key], columns=list(instance.periods))
    return wide.fillna(0.0)
