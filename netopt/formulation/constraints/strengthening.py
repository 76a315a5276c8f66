"""Rows that no plan needs and every bound wants: they leave the optimum where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from netopt.formulation.sets import cells

if TYPE_CHECKING:
    from netopt.formulation.sets import Facts


def strong_link(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``flow from source into site <= sum(min(collectable, capacity) * operating)`` (t/yr).

    One row per source, commodity, site and period, over modes. Implied by ``capacity_limit`` for
    whole decisions; for fractional ones it is far tighter. A site that may store a commodity, or
    pass it on, can take in more of it than it processes, so there is no such row. Twin: tag
    ``capacity_limit``. Without it fractions of plants serve whole provinces and the bound is weak.
    """
    network = facts.network
    arcs = network.arcs[(network.arcs["from_kind"] == "source") & (network.arcs["to_kind"] == "site")]
    passed_on = {(state.site, state.commodity) for state in facts.outflow}
    passes = [key in passed_on for key in zip(arcs["to_place"], arcs["commodity"], strict=True)]
    arcs = arcs[~arcs["to_place"].isin(network.stores["site"]) & ~np.array(passes, dtype=bool)]
    links = {
        key: rows["arc"].tolist() for key, rows in arcs.groupby(["from_place", "commodity", "to_place"])
    }
    collectable = cells(network.supply_tonnes - network.leaked_tonnes)
    supply_of = network.supplies.set_index(["source", "commodity"])["supply"].to_dict()

    def rule(m: Any, source: str, commodity: str, site: str, period: str) -> Any:
        most = collectable[supply_of[source, commodity], period]
        room = pyo.quicksum(
            _room(facts, module, most) * m.operating[module, period]
            for module in facts.modules_at.get(site, [])
        )
        sent = pyo.quicksum(m.flow[arc, period] for arc in links[source, commodity, site])
        return sent - room <= 0

    model.strong_link = pyo.Constraint(sorted(links), model.PERIODS, rule=rule)


def _room(facts: Facts, module: str, collectable: float) -> float:
    """Return the most that one source can send to a module; a part of one may serve it in full."""
    row = facts.module[module]
    capacity = row["capacity_tonnes_per_year"]
    return capacity if row["divisible"] else min(collectable, capacity)
