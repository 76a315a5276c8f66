"""What earns without end: a chain of shipments, recipes and sales that nothing stops.

Tables that pass ``netopt validate`` have none (recipes make no mass and form no cycle, every
supply, capacity and price is finite); where a model is unbounded all the same, its loop is named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csc_array, vstack

from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.solution.names import Joined, RowKeys

if TYPE_CHECKING:
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions

DUST: Final = 1e-9


@dataclass(frozen=True)
class Loop:
    """One way to earn without end.

    Attributes
    ----------
    steps
        What happens in a round, in words: shipments with commodity and places, recipes at sites.
    places, commodities
        Ids that it touches, sorted.
    period
        Period of its first step.
    earns_cny
        What a round earns (CNY, annual equivalent), its largest step being one unit.
    """

    steps: tuple[str, ...]
    places: tuple[str, ...]
    commodities: tuple[str, ...]
    period: str
    earns_cny: float

    def __str__(self) -> str:
        rounds = "; then ".join(self.steps)
        return (
            f"In {self.period}, without end: {rounds}. Each round earns {self.earns_cny:,.2f} CNY and "
            "nothing limits their number."
        )


def find_loop(network: Network, form: StandardForm, options: SolveOptions) -> Loop | None:
    """Return a way in which the model earns without end; None where it has none.

    The cheapest direction of unit length (sum of the steps) in which every row and bound of the
    linear relaxation can be followed for ever: an extreme ray, that is one loop and not a mixture.

    Parameters
    ----------
    network, form
        The model, and its compiled form with whatever objective is to be bounded.
    options
        Threads and seed.
    """
    directions = _recession(form)
    settings = {"threads": options.threads, "random_seed": options.seed}
    result = highs.solve_form(directions, settings, relaxed=True)
    if result.status is not BackendStatus.OPTIMAL or result.point is None or result.objective is None:
        return None
    if result.objective >= -DUST:
        return None
    ray = result.point / np.abs(result.point).max()
    return _named(network, form, ray)


def _recession(form: StandardForm) -> StandardForm:
    """Return the form over directions: every finite side is zero, and steps add up to one at most."""
    length = csc_array(np.ones((1, form.shape[1])))
    return replace(
        form,
        offset=0.0,
        matrix=csc_array(vstack([form.matrix, length])),
        row_lower=np.append(np.where(np.isfinite(form.row_lower), 0.0, -np.inf), -1.0),
        row_upper=np.append(np.where(np.isfinite(form.row_upper), 0.0, np.inf), 1.0),
        lower=np.where(np.isfinite(form.lower), 0.0, -1.0),
        upper=np.where(np.isfinite(form.upper), 0.0, 1.0),
        is_integer=np.zeros(form.shape[1], dtype=bool),
        rows=Joined(form.rows, ["length"]),
        row_keys=RowKeys(()),
    )


def _named(network: Network, form: StandardForm, ray: np.ndarray) -> Loop:
    arcs = {row["arc"]: row for row in network.arcs.to_dict("records")}
    activities = {row["activity"]: row for row in network.activities.to_dict("records")}
    steps, places, commodities, period = [], set[str](), set[str](), ""
    for column in np.flatnonzero(np.abs(ray) > DUST):
        name, amount = form.columns[int(column)], float(ray[column])
        if name.family == "flow":
            arc = arcs[name.key]
            start, end, commodity = arc["from_place"], arc["to_place"], arc["commodity"]
            verb = "sells" if arc["to_kind"] == "market" else "sends"
            steps.append(f"{start} {verb} {amount:.3g} of {commodity} to {end}")
            places |= {start, end}
            commodities |= {commodity}
        elif name.family == "throughput":
            run = activities[name.key]
            steps.append(f"{run['site']} runs {run['recipe']} on {amount:.3g} t")
            places |= {run["site"]}
            commodities |= _of_recipe(network, name.key)
        period = period or name.period
    earns = -float(form.cost @ ray) * OBJECTIVE_UNIT_CNY
    return Loop(tuple(steps), tuple(sorted(places)), tuple(sorted(commodities)), period, earns)


def _of_recipe(network: Network, activity: str) -> set[str]:
    flows = (network.activity_inputs, network.activity_outputs)
    return {name for table in flows for name in table.loc[table["activity"] == activity, "commodity"]}
