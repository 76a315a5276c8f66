"""What of a baseline was not given and follows from what was, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.data.problems import spelled
from netopt.units import FLOW_TOLERANCE_TONNES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netopt.data.instance import Instance
    from netopt.solution.solution import Solution

_SUPPLY: Final = ["source", "commodity", "period"]
_LISTED: Final = 10


def inferred_lines(instance: Instance, solution: Solution, given: pd.DataFrame) -> tuple[str, ...]:
    """Return what follows from given flows: supply, shipments nobody gave, throughput, capacity.

    Parameters
    ----------
    instance
        As the planner has it.
    solution
        The plan that ships the given flows.
    given
        The rows of it (``netopt.network.given.match_flows``).
    """
    return (
        *_supply_lines(instance, solution),
        *_flow_lines(solution, given),
        *_throughput_lines(solution),
        *_built_lines(solution),
        *_standing_lines(instance, solution),
    )


def _supply_lines(instance: Instance, solution: Solution) -> Iterator[str]:
    share = solution.formal_share
    before = instance["supply"].set_index(_SUPPLY)["supply_tonnes_per_year"] * share
    after = solution.instance["supply"].set_index(_SUPPLY)["supply_tonnes_per_year"] * share
    after = after.reindex(before.index).fillna(0.0)
    yield (
        f"collected: {after.sum():,.0f} t a year, as the flows take it, where {instance.name} has "
        f"{before.sum():,.0f} t; what retires is that over the formal share of {share:g}"
    )
    both = pd.DataFrame({"before": before, "after": after}).reset_index()
    changed = both[(both["before"] - both["after"]).abs() > FLOW_TOLERANCE_TONNES * 10]
    for row in changed.head(_LISTED).to_dict("records"):
        where = ", ".join(str(row[name]) for name in _SUPPLY)
        yield f"collected at {where}: {row['after']:,.0f} t, not {row['before']:,.0f} t"
    if len(changed) > _LISTED:
        yield f"collected at {len(changed) - _LISTED} more places: not as in {instance.name}"
    gone = instance["sources"][~instance["sources"]["source"].isin(solution.instance["sources"]["source"])]
    if len(gone):
        cny = gone["fixed_cny_per_year"].sum()
        yield (
            f"left out, as no flow leaves them: {spelled(gone['source'])}, with their fixed cost of "
            f"{cny:,.0f} CNY a year"
        )


def _flow_lines(solution: Solution, given: pd.DataFrame) -> Iterator[str]:
    flows = solution.answer.flows
    silent = flows[~flows["commodity"].isin(given["commodity"])]
    for commodity, rows in silent.groupby("commodity"):
        yield (
            f"shipments of {commodity}: none is given, the cheapest follow "
            f"({rows['flow_units_per_year'].sum():,.0f} units a year on {len(rows)} ways)"
        )


def _throughput_lines(solution: Solution) -> Iterator[str]:
    runs = solution.answer.throughput
    for recipe, tonnes in runs.groupby("recipe")["throughput_tonnes_per_year"].sum().items():
        yield f"throughput of {recipe}: {tonnes:,.0f} t a year, summed over periods"


def _built_lines(solution: Solution) -> Iterator[str]:
    table = solution.answer.facilities
    for row in table[table["opened"] | table["expanded"]].to_dict("records"):
        yield (
            f"{row['site']} needs a plant of size {row['size']} ({row['capacity_tonnes_per_year']:,.0f} t "
            f"a year) from {row['period']}: its capital counts as an annuity"
        )


def _standing_lines(instance: Instance, solution: Solution) -> Iterator[str]:
    table = solution.answer.facilities
    sites = instance["sites"].set_index("site")
    whole = sites["existing_capacity_tonnes_per_year"] * sites["effective_share"]
    for row in table[table["size"] == "existing"].to_dict("records"):
        share = row["capacity_tonnes_per_year"] / whole[row["site"]]
        if share < 1 - 1e-6:
            yield (
                f"of what stands at {row['site']} {share:.0%} operates in {row['period']}: no flow needs "
                "more, so the rest has no fixed cost"
            )
