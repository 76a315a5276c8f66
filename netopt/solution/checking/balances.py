"""Mass is neither made nor lost: sources, returns, facilities and stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.solution.checking.numbers import are_in, lookup, mapped, net_and_size, total_by
from netopt.units import FLOW_TOLERANCE_TONNES

if TYPE_CHECKING:
    from netopt.solution.checking.facts import Facts
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

SUPPLY = ["source", "commodity", "period"]
STATE = ["site", "commodity", "origin", "left", "period"]


def check_balances(plan: Plan, findings: Findings) -> None:
    """Check ``supply_balance``, ``leakage``, ``return_balance``, facility and storage balances."""
    _check_supply(plan, findings)
    _check_returns(plan, findings)
    _check_activities(plan, findings)
    _check_facilities(plan, findings)


def _check_supply(plan: Plan, findings: Findings) -> None:
    """Check the supply table against the instance, the formal share and the flows."""
    facts, claimed = plan.facts, plan.tables["supply"]
    retired = facts.table("supply").set_index(SUPPLY)["supply_tonnes_per_year"]
    known = are_in(claimed, SUPPLY[:2], facts.instance["supply"][SUPPLY[:2]])
    findings.rows("unknown_id", claimed[SUPPLY], ~known, "this never retires there")
    column = {
        name: total_by(claimed, SUPPLY, claimed[f"{name}_tonnes_per_year"])
        for name in ("retired", "collected", "leaked", "unserved")
    }
    flows = plan.flows[plan.flows["from_kind"] == "source"]
    keys = [flows["from_place"], flows["commodity"], flows["period"]]
    collected = flows["tonnes"].groupby(keys).sum().rename_axis(SUPPLY)
    at_source = retired.index.get_level_values("source")
    leaking = retired * (1 - facts.formal_shares.reindex(at_source).set_axis(retired.index))
    terms = [collected, column["leaked"], column["unserved"], -retired]
    findings.balance("supply_balance", net_and_size(terms), "t/yr")
    findings.balance("leakage", net_and_size([column["leaked"], -leaking]), "t/yr")
    findings.balance("same_supply", net_and_size([column["retired"], -retired]), "t/yr")
    findings.balance("collected", net_and_size([column["collected"], -collected]), "t/yr")
    if facts.instance.settings.prices.unserved_cny_per_tonne is None:
        unserved = claimed["unserved_tonnes_per_year"] > FLOW_TOLERANCE_TONNES
        findings.rows("supply_balance", claimed[SUPPLY], unserved, "unserved without a price")


def return_years(facts: Facts, lag_years: int) -> pd.DataFrame:
    """Return when sales come back: ``sold_period, period, n_years, discounted_years``.

    One row per pair of periods, and per sold period one with period "" for what returns after
    the horizon. ``n_years`` counts the years of sale whose return falls into the period,
    ``discounted_years`` sums their discount factors in the year of return.
    """
    rows = []
    spans = facts.spans
    end = spans[-1][2]
    for sold, start, stop in spans:
        for period, first, last in [*spans, ("", end, stop + lag_years + end)]:
            years = range(max(first, start + lag_years), min(last, stop + lag_years))
            if years:
                weight = facts.discounted_years(years.start, years.stop)
                rows.append((sold, period, len(years), weight))
    return pd.DataFrame(rows, columns=["sold_period", "period", "n_years", "discounted_years"])


def returning_sales(plan: Plan) -> pd.DataFrame:
    """Return flows into markets that come back, once per period of return.

    Columns of ``Plan.flows`` and of second_life, ``sold_period``, ``period`` (of return, "" after
    the horizon), ``n_years``, ``discounted_years``.
    """
    sales = plan.flows.rename(columns={"to_place": "market", "period": "sold_period"})
    sales = sales.merge(plan.facts.sales_that_return, on=["market", "commodity"])
    parts = [
        rows.merge(return_years(plan.facts, int(str(lag))), on="sold_period")
        for lag, rows in sales.groupby("lag_years")
    ]
    if parts:
        return pd.concat(parts, ignore_index=True)
    return sales.assign(period="", n_years=0, discounted_years=plan.facts.arithmetic.number(0.0))


def _check_returns(plan: Plan, findings: Findings) -> None:
    keys = ["market", "commodity", "period"]
    out = plan.flows[plan.flows["from_kind"] == "market"]
    leaving = out["tonnes"].groupby([out["from_place"], out["commodity"], out["period"]]).sum()
    sales = returning_sales(plan)
    sales = sales[sales["period"] != ""]
    length = mapped(sales["period"], plan.facts.periods["length"])
    tonnes = sales["units"] * sales["returned_tonnes_per_unit"] * (1 - sales["leakage_share"])
    rate = tonnes * sales["n_years"] / length
    arriving = rate.groupby([sales["market"], sales["returned_commodity"], sales["period"]]).sum()
    terms = [leaving.rename_axis(keys), -arriving.rename_axis(keys)]
    findings.balance("return_balance", net_and_size(terms), "t/yr")


def _check_activities(plan: Plan, findings: Findings) -> None:
    """Check that every recipe runs where it can, on a provenance that its input can have."""
    runs = plan.throughput
    shown = runs[["site", "recipe", "origin", "left", "period"]]
    findings.rows(
        "activity", shown, runs["recipe_type"] != runs["facility_type"], "not a recipe of this type"
    )
    batteries = plan.facts.commodities["undismantled"]
    inputs = plan.facts.instance["recipe_inputs"]
    takes_batteries = inputs.loc[mapped(inputs["commodity"], batteries).astype(bool), "recipe"]
    dismantled = ~runs["recipe"].isin(takes_batteries) & ((runs["origin"] != "") | runs["left"])
    findings.rows("provenance", shown, dismantled, "dismantled goods have no provenance")
    untracked = runs["left"] & (not plan.facts.effects.tracks_departures)
    findings.rows("provenance", shown, untracked, "departures are not tracked")


def _check_facilities(plan: Plan, findings: Findings) -> None:
    """Check what enters and leaves each site, by commodity and provenance."""
    flows = plan.flows
    into = flows[flows["to_kind"] == "site"].rename(columns={"to_place": "site", "left_after": "left"})
    out = flows[flows["from_kind"] == "site"].rename(columns={"from_place": "site", "left_before": "left"})
    gain = net_and_size(
        [
            total_by(into, STATE, into["units"]),
            -total_by(out, STATE, out["units"]),
            total_by(plan.outputs, STATE, plan.outputs["units"]),
            -total_by(plan.inputs, STATE, plan.inputs["units"]),
        ]
    )
    states = gain.index.to_frame(index=False) if len(gain) else pd.DataFrame(columns=STATE)
    types = mapped(states["site"], plan.facts.places["facility_type"])
    stocked = are_in(
        states.assign(facility_type=types),
        ["facility_type", "commodity"],
        plan.facts.instance["storage"][["facility_type", "commodity"]],
    ).to_numpy()
    taken = are_in(states, ["site", "commodity"], plan.facts.site_inputs).to_numpy()
    findings.balance("facility_balance", gain[~stocked & taken], "units/yr")
    findings.balance("conversion", gain[~stocked & ~taken], "units/yr")
    _check_storage(plan, findings, gain[stocked])


def _check_storage(plan: Plan, findings: Findings, gain: pd.DataFrame) -> None:
    """Check stocks from period to period, their room, and that nothing is left at the end."""
    facts, stored = plan.facts, plan.tables["stored"]
    if not len(gain) and not len(stored):
        return
    stock = total_by(stored, STATE, stored["stored_units"])
    order = facts.periods["order"]
    later = dict(zip(order.index, order.index[1:], strict=False))
    carried = stored[stored["period"].isin(later)]
    carried = carried.assign(period=mapped(carried["period"], pd.Series(later, dtype="str")))
    years = lookup(facts.periods["length"], gain.reset_index(), ["period"], 0).to_numpy()
    terms = [-stock, total_by(carried, STATE, carried["stored_units"])]
    rows = net_and_size([*terms, gain["net"] * years])
    if len(gain):
        in_period = (gain["size"] * years).reindex(rows.index, fill_value=0)
        rows["size"] = rows["size"].where(rows["size"] > in_period, in_period)
    findings.balance("storage_balance", rows, "units")
    left_over = (stored["period"] == order.index[-1]) & (stored["stored_units"] > FLOW_TOLERANCE_TONNES)
    findings.rows("storage_balance", stored, left_over, "stock left at the end")
    _check_storage_limit(plan, findings)


def _check_storage_limit(plan: Plan, findings: Findings) -> None:
    facts, stored, modules = plan.facts, plan.tables["stored"], plan.modules
    keys = ["site", "commodity", "period"]
    kept = total_by(stored, keys, stored["stored_units"])
    rows = kept.index.to_frame(index=False)
    rows["facility_type"] = mapped(rows["site"], facts.places["facility_type"])
    room = facts.table("storage").set_index(["facility_type", "commodity"])["capacity_units"]
    limit = lookup(room, rows, ["facility_type", "commodity"], 0)
    operating = lookup(modules.groupby(["site", "period"])["share"].sum(), rows, ["site", "period"], 0)
    limit *= operating.where(operating < 1, 1)
    limit.index = kept.index
    findings.limit("storage_limit", net_and_size([kept, -limit]), "units")
