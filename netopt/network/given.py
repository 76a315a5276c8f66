"""Flows that are given: which arcs they are, and the network in which nothing else is shipped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netopt.network.held import HELD_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Hashable

    from netopt.data.problems import ProblemLog
    from netopt.network.network import Network

GIVEN_ROUNDING_UNITS: Final = 1e-3
GIVEN_ROUNDING: Final = 1e-6
"""A given flow may differ by this many units, or this share of it: figures in tables are rounded."""

_WAY: Final = ["from_place", "to_place", "commodity", "mode"]


def match_flows(network: Network, flows: pd.DataFrame, file: str, log: ProblemLog) -> pd.DataFrame:
    """Return which arc each given row is; note every row that is no arc, or could be several.

    Parameters
    ----------
    network
        Built for the supply that the flows take.
    flows
        Columns of ``netopt.data.given.FLOWS`` and ``line``, its line of the file; rows of zero
        are no shipment.
    file
        What the planner calls the file.

    Returns
    -------
    pandas.DataFrame
        The rows matched, with ``arc``.
    """
    arcs = network.arcs
    by_way = dict(iter(arcs.groupby(_WAY)))
    found = []
    for row in flows[flows["flow_units_per_year"] > 0].to_dict("records"):
        candidates = _candidates(by_way.get(tuple(row[name] for name in _WAY)), row)
        message, hint = _refusal(network, candidates, row)
        if message:
            way = f"{row['from_place']} > {row['to_place']}, {row['commodity']}, {row['period']}"
            log.add(file, row["line"], None, "no_such_flow", way, f"{way}: {message}", hint)
        else:
            found.append({**row, "arc": candidates[0]})
    return pd.DataFrame(found, columns=[*flows.columns, "arc"])


def only_given(network: Network, given: pd.DataFrame, tolerance: float) -> Network:
    """Return the network in which commodities that are given at all are shipped as given, and no other way.

    Commodities of which nothing is said keep all their arcs.

    Parameters
    ----------
    network, given
        As in ``match_flows``, and what it returned.
    tolerance
        Share (0 to 1) by which a flow may differ from what is given.
    """
    arcs = network.arcs
    stays = arcs["arc"].isin(given["arc"]) | ~arcs["commodity"].isin(given["commodity"])
    kept = set(arcs.loc[stays, "arc"])
    open_arcs = network.open_arcs.loc[arcs.loc[stays, "arc"]].copy()
    told = {(arc, period) for arc, period in zip(given["arc"], given["period"], strict=True)}
    for period in network.periods:
        silent = [arc for arc in given["arc"].unique() if (arc, period) not in told]
        open_arcs.loc[silent, period] = False
    return replace(
        network,
        arcs=arcs[stays].reset_index(drop=True),
        open_arcs=open_arcs,
        rates=_of_arcs(network.rates, kept),
        rule_terms=_of_arcs(network.rule_terms, kept),
        emissions=_of_arcs(network.emissions, kept),
        held=pd.concat([network.held, given_ranges(given, tolerance)], ignore_index=True),
    )


def given_ranges(given: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Return the ranges that hold flows to what is given; see ``Network.held``."""
    units = given["flow_units_per_year"].astype(float)
    slack = (units * max(tolerance, GIVEN_ROUNDING)).clip(lower=GIVEN_ROUNDING_UNITS)
    table = given.assign(
        family="flow", index=given["arc"], lower=(units - slack).clip(lower=0.0), upper=units + slack
    )
    return table[HELD_COLUMNS]


def _of_arcs(rows: pd.DataFrame, kept: set[str]) -> pd.DataFrame:
    """Return rows by family and index without those of flows on other arcs."""
    return rows[(rows["family"] != "flow") | rows["index"].isin(kept)]


def _candidates(arcs: pd.DataFrame | None, row: dict[Hashable, Any]) -> list[str]:
    if arcs is None:
        return []
    meant = arcs
    if row["origin"] or row["left"]:
        meant = meant[meant["origin"] == row["origin"]]
    if row["left"]:
        meant = meant[meant["left_before"] == (row["left"] == "true")]
    return [str(arc) for arc in meant["arc"]]


def _refusal(network: Network, candidates: list[str], row: dict[Hashable, Any]) -> tuple[str, str]:
    """Return why a row is no one arc, and a hint; "" where it is."""
    if len(candidates) > 1:
        return "the policy tells batteries by their origin, and several could be meant", (
            "fill in the columns origin and left"
        )
    if candidates and not network.open_arcs.loc[candidates[0], row["period"]]:
        return "the place may not receive it in that period, or does not buy it", ""
    return ("", "") if candidates else _no_arc(network, row)


def _no_arc(network: Network, row: dict[Hashable, Any]) -> tuple[str, str]:
    arcs, dropped = network.arcs, network.dropped_arcs
    same = arcs[(arcs[_WAY[:3]] == [row[name] for name in _WAY[:3]]).all(axis=1)]
    if len(same):
        modes = sorted({mode or "blank: at the gate" for mode in same["mode"]})
        provenance = row["mode"] in set(same["mode"])
        wrong = "no battery of that origin goes that way" if provenance else "no such mode for this way"
        return wrong, "" if provenance else f"mode {', '.join(modes)}"
    out = dropped[(dropped[_WAY[:3]] == [row[name] for name in _WAY[:3]]).all(axis=1)]
    if len(out):
        return str(out["reason"].iloc[0]), ""
    if not ((arcs["from_place"] == row["from_place"]) & (arcs["commodity"] == row["commodity"])).any():
        return f"{row['from_place']} gives no {row['commodity']}", ""
    return f"{row['to_place']} takes no {row['commodity']}", ""
