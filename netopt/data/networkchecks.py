"""Checks of what facilities and hauls make possible: sizes, lives, costs, modes, distances."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from netopt.data.checks import SHARE_TOLERANCE, Draft
from netopt.data.crosscheck import cross_check
from netopt.data.problems import nearest, spelled
from netopt.data.tables import COSTS_THAT_CHANGE, LEGS, TABLES


@cross_check("sizes.facility_type", "sizes.capacity_tonnes_per_year", "sizes.capital_cny")
def _sizes_in_order(draft: Draft) -> None:
    """A larger size never needs less capital than a smaller one of its type."""
    sizes = draft["sizes"].sort_values(
        ["facility_type", "capacity_tonnes_per_year", "capital_cny"], kind="stable"
    )
    before = sizes.groupby("facility_type")["capital_cny"].cummax()
    cheaper = (sizes["capital_cny"] < before).sort_index()
    message = "a larger size has less capital, {value} CNY, than a smaller one of its type"
    hint = "are capacities and capital in step?"
    draft.refuse("sizes", cheaper, "capital_cny", "sizes_order", message, hint)


@cross_check("facility_types.life_years", settings=True)
def _life_outlasts_periods(draft: Draft) -> None:
    """Capital lasts at least as long as the longest period, or it could never operate in it."""
    longest = max(draft.sound_settings.horizon.periods, key=lambda period: period.length_years)
    short = draft["facility_types"]["life_years"] < longest.length_years
    message = (
        f"a life of {{value}} years ends before period '{longest.period}' of {longest.length_years} years"
    )
    hint = "split the period in instance.toml"
    draft.refuse("facility_types", short, "life_years", "life_shorter_than_period", message, hint)


@cross_check("cost_shares.facility_type", "cost_shares.category", "cost_shares.share")
def _cost_shares(draft: Draft) -> None:
    """The components of a cost make up at most all of it."""
    shares = draft["cost_shares"]
    groups = ["facility_type", "category"]
    total = shares.groupby(groups)["share"].transform("sum")
    above = (total > 1 + SHARE_TOLERANCE) & ~shares.duplicated(groups)
    lines = draft.tables["cost_shares"].lines[above.to_numpy()].tolist()
    wrong = shares[above].assign(total=total[above])
    for line, facility_type, category, share in zip(
        lines, wrong["facility_type"], wrong["category"], wrong["total"], strict=True
    ):
        of = f"category '{category}'" + (f" of facility type '{facility_type}'" if facility_type else "")
        message = f"the shares of {of} sum to {share:.10g}, more than 1"
        draft.log.add(TABLES["cost_shares"].file, line, "share", "cost_shares_sum", share, message)


@cross_check(
    "transfers.basis", "transfers.subject", "commodities.commodity", "facility_types.facility_type"
)
def _transfer_subjects(draft: Draft) -> None:
    """A transfer is paid on a commodity (collected) or at a facility type (processed)."""
    transfers = draft["transfers"]
    for basis, name, column in (
        ("collected", "commodities", "commodity"),
        ("processed", "facility_types", "facility_type"),
    ):
        known = draft[name][column]
        wrong = (
            (transfers["basis"] == basis) & ~transfers["subject"].isin(known) & (transfers["subject"] != "")
        )
        lines = draft.tables["transfers"].lines[wrong.to_numpy()].tolist()
        message = f"'{{value}}' is not in {TABLES[name].file}, which basis '{basis}' asks for"
        values, hint = transfers.loc[wrong, "subject"].tolist(), partial(nearest, names=known.tolist())
        draft.log.add_rows(TABLES["transfers"].file, lines, "subject", "foreign_key", values, message, hint)


@cross_check("bearers.facility_type", "bearers.category", "bearers.share")
def _bearers_bear_all(draft: Draft) -> None:
    """The shares of the actors that bear a step, or one category of it, sum to one."""
    bearers, account = draft["bearers"], ["facility_type", "category"]
    total = bearers.groupby(account)["share"].transform("sum")
    wrong = ((total - 1).abs() > SHARE_TOLERANCE) & ~bearers.duplicated(account)
    message = "the shares of the actors that bear this step do not sum to 1 (its first is {value})"
    draft.refuse("bearers", wrong, "share", "bearers_sum", message, "one row per actor of a step")


@cross_check(
    "commodities.commodity",
    "commodities.goods_class",
    "supply.commodity",
    "second_life.returned_commodity",
    "recipe_inputs.commodity",
    "recipe_outputs.commodity",
    "offtake.market",
    "offtake.commodity",
    "markets.market",
    "markets.location",
    "offers.commodity",
    "haulage.goods_class",
    "haulage.leg",
)
def _haulage_serves(draft: Draft) -> None:
    """Some mode hauls every class of goods on every leg it must take."""
    first = {*draft["supply"]["commodity"], *draft["second_life"]["returned_commodity"]}
    markets, offtake = draft["markets"], draft["offtake"]
    away = markets.loc[markets["location"] != "", "market"]
    sold_away = set(offtake.loc[offtake["market"].isin(away), "commodity"])
    made, taken = (set(draft[name]["commodity"]) for name in ("recipe_outputs", "recipe_inputs"))
    trunk = (made & (taken | sold_away)) | set(draft["offers"]["commodity"])
    haulage = draft["haulage"]
    served = set(zip(haulage["goods_class"], haulage["leg"], strict=True))
    commodities = draft["commodities"]
    for leg, needed in zip(LEGS, (first, trunk), strict=True):
        hauled = commodities[commodities["commodity"].isin(needed)]
        for goods_class, ids in hauled.groupby("goods_class")["commodity"]:
            if (goods_class, leg) not in served:
                message = (
                    f"no mode hauls {goods_class} goods on the {leg} leg, which {spelled(ids)} must take"
                )
                classes = haulage.loc[haulage["leg"] == leg, "goods_class"].unique().tolist()
                draft.log.add(
                    TABLES["haulage"].file,
                    None,
                    "goods_class",
                    "haulage_missing",
                    goods_class,
                    message,
                    nearest(str(goods_class), classes),
                )


@cross_check("locations.location", "distances.origin", settings=True)
def _distances_given(draft: Draft) -> None:
    """With method = "table" and several locations there are distances."""
    if (
        draft.sound_settings.distance.method == "table"
        and len(draft["locations"]) > 1
        and draft["distances"].empty
    ):
        _no_distances(draft, "distances", "table")


@cross_check("road_nodes.node", "road_edges.from_node", settings=True)
def _roads_given(draft: Draft) -> None:
    """With method = "road" there are road nodes and road edges."""
    if draft.sound_settings.distance.method == "road":
        for name in ("road_nodes", "road_edges"):
            if draft[name].empty:
                _no_distances(draft, name, "road")


def _no_distances(draft: Draft, name: str, method: str) -> None:
    message = f'instance.toml says method = "{method}", but the table has no rows'
    hint = 'method = "geodesic" needs no table'
    draft.log.add(TABLES[name].file, None, None, "no_distances", method, message, hint)


@cross_check("haulage.mode", "distances.mode")
def _distance_modes(draft: Draft) -> None:
    """Every mode of distances.csv is one of haulage.csv."""
    _check_modes(draft, "distances")


@cross_check("haulage.mode", "road_edges.mode")
def _road_modes(draft: Draft) -> None:
    """Every mode of road_edges.csv is one of haulage.csv."""
    _check_modes(draft, "road_edges")


def _check_modes(draft: Draft, name: str) -> None:
    known = draft["haulage"]["mode"].unique().tolist()
    modes = draft[name]["mode"]
    for mode in modes[~modes.isin(known)].unique():
        hint = nearest(mode, known) or f"modes: {spelled(known)}"
        message = "'{value}' is not a mode of data/haulage.csv"
        draft.refuse(name, modes == mode, "mode", "foreign_key", message, hint)


@cross_check("distances.origin", "distances.destination", "distances.mode", "distances.distance_km")
def _distances_agree(draft: Draft) -> None:
    """A haul given in both directions has one length, as distances hold both ways."""
    distances = draft["distances"]
    if distances.empty:
        return
    ends = distances[["origin", "destination"]].to_numpy(dtype=object)
    forward = ends[:, 0] < ends[:, 1]
    pairs = pd.DataFrame(
        {
            "a": np.where(forward, ends[:, 0], ends[:, 1]),
            "b": np.where(forward, ends[:, 1], ends[:, 0]),
            "mode": distances["mode"],
        }
    )
    again = pairs.duplicated()
    if not again.any():
        return
    first = distances["distance_km"].groupby([pairs[name] for name in pairs]).transform("first")
    message = "the way back has another length than the way there, {value} km"
    hint = "a row holds in both directions: keep one of the two"
    differs = (distances["distance_km"] != first) & (ends[:, 0] != ends[:, 1])
    draft.refuse(
        "distances",
        differs & ~distances.duplicated(["origin", "destination", "mode"]),
        "distance_km",
        "distance_given_twice",
        message,
        hint,
    )


@cross_check("expansions.resale_share", settings=True)
def _resale_of_what_is_paid(draft: Draft) -> None:
    """Nothing is got back for capacity whose annuities are still to come: what is bought would earn."""
    resold = draft["expansions"]["resale_share"] > 0
    in_parts = draft.sound_settings.capital.paid == "annuity"
    message = "capacity is got back at {value} of its capital, of which only annuities were paid"
    hint = 'leave it 0 or blank, or write paid = "at_once" in [capital] of instance.toml'
    draft.refuse("expansions", resold & in_parts, "resale_share", "resale_of_annuities", message, hint)


@cross_check(
    "expansions.facility_type",
    "expansions.standing_tonnes_per_year",
    "sites.facility_type",
    "sites.existing_capacity_tonnes_per_year",
    "sites.may_build",
)
def _standing_expansions_may_be_built_on(draft: Draft) -> None:
    """What stands of an expansion belongs to what can be expanded, or it would be lost without a word."""
    expansions, sites = draft["expansions"], draft["sites"]
    standing = set(expansions.loc[expansions["standing_tonnes_per_year"] > 0, "facility_type"])
    stands = sites["existing_capacity_tonnes_per_year"] > 0
    lost = sites["facility_type"].isin(standing) & stands & ~sites["may_build"].astype(bool)
    message = "what stands of the type's expansion would be lost here, where nothing may be built"
    hint = "set may_build, or give the capacity as existing_capacity_tonnes_per_year of the site"
    draft.refuse("sites", lost, "may_build", "standing_expansion", message, hint)


@cross_check("expansions.facility_type", "expansions.size", "sizes.facility_type", "sizes.size")
def _expansions_have_own_ids(draft: Draft) -> None:
    """No expansion of a facility type has the id of one of its sizes."""
    expansions, sizes = draft["expansions"], draft["sizes"]
    known = pd.MultiIndex.from_frame(sizes[["facility_type", "size"]])
    wrong = pd.MultiIndex.from_frame(expansions[["facility_type", "size"]]).isin(known)
    message = "'{value}' is a size of the facility type in data/sizes.csv too"
    hint = "sizes and expansions of a type share one list of ids"
    draft.refuse("expansions", wrong, "size", "expansion_id", message, hint)


@cross_check(
    "expansions.facility_type", "facility_types.facility_type", "facility_types.life_years", settings=True
)
def _expansions_last(draft: Draft) -> None:
    """What is added in any amount outlasts the horizon, as no share of it is renewed."""
    periods = draft.sound_settings.horizon.periods
    years = periods[-1].start_year + periods[-1].length_years - periods[0].start_year
    types = draft["facility_types"]
    expanding = types["facility_type"].isin(draft["expansions"]["facility_type"])
    message = f"a life of {{value}} years ends within the horizon of {years}, and the type has expansions"
    hint = "no share of an expansion is renewed: use sizes instead, or a longer life"
    draft.refuse(
        "facility_types",
        expanding & (types["life_years"] < years),
        "life_years",
        "expansion_life",
        message,
        hint,
    )


@cross_check("costs_by_period.table", "costs_by_period.column", "costs_by_period.value")
def _costs_are_of_their_table(draft: Draft) -> None:
    """A cost by period is of a column that its table has, and within that column's bounds."""
    costs = draft["costs_by_period"]
    for name, columns in COSTS_THAT_CHANGE.items():
        of_table = costs["table"] == name
        message = f"'{{value}}' is not a cost of {TABLES[name].file} that may differ between periods"
        hint = f"such costs: {spelled(columns)}"
        other = of_table & ~costs["column"].isin(columns)
        draft.refuse("costs_by_period", other, "column", "cost_column", message, hint)
        for column in columns:
            least = TABLES[name].column(column).minimum
            if least is not None:
                low = of_table & (costs["column"] == column) & (costs["value"] < least)
                said = f"{{value}} is below the least permitted value of {column}, {least:g}"
                draft.refuse("costs_by_period", low, "value", "minimum", said)


@cross_check(
    "costs_by_period.table",
    "costs_by_period.row",
    *(f"{name}.{column}" for name in COSTS_THAT_CHANGE for column in TABLES[name].key),
)
def _costs_are_of_a_row(draft: Draft) -> None:
    """A cost by period is of a row that its table has."""
    costs = draft["costs_by_period"]
    for name in COSTS_THAT_CHANGE:
        rows = draft[name][list(TABLES[name].key)]
        known = rows.agg("/".join, axis=1).tolist() if len(rows) else []
        wrong = (costs["table"] == name) & ~costs["row"].isin(known)
        message = f"'{{value}}' is not a row of {TABLES[name].file}"
        hint = f"its ids joined by a slash: {'/'.join(TABLES[name].key)}"
        draft.refuse("costs_by_period", wrong, "row", "foreign_key", message, hint)


@cross_check("costs_by_period.period", settings=True)
def _cost_periods(draft: Draft) -> None:
    """Every period of costs_by_period.csv is one of instance.toml."""
    known = [period.period for period in draft.sound_settings.horizon.periods]
    wrong = ~draft["costs_by_period"]["period"].isin(known)
    message = "'{value}' is not a period of instance.toml"
    draft.refuse(
        "costs_by_period", wrong, "period", "unknown_period", message, f"periods: {spelled(known)}"
    )


NETWORK_CHECKS = (
    _bearers_bear_all,
    _sizes_in_order,
    _life_outlasts_periods,
    _cost_shares,
    _transfer_subjects,
    _haulage_serves,
    _distances_given,
    _roads_given,
    _distance_modes,
    _road_modes,
    _distances_agree,
    _resale_of_what_is_paid,
    _standing_expansions_may_be_built_on,
    _expansions_have_own_ids,
    _expansions_last,
    _costs_are_of_their_table,
    _costs_are_of_a_row,
    _cost_periods,
)
"""Every check of this module, in the order in which they run."""
