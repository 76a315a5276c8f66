"""A planner's own controls: rows that exist only where a lever asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo

if TYPE_CHECKING:
    from netopt.formulation.sets import Facts


def forced_open(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(operating at site) >= 1`` where a site must be open: one whole module operates.

    Standing capacity that may close in part counts when all of it operates. Twin: tag
    ``forced_open``. Without it a plant that a planner has promised is never built.
    """
    rows = facts.network.forced_open
    if rows.empty:
        return
    places = list(zip(rows["site"], rows["period"], strict=True))

    def rule(m: Any, site: str, period: str) -> Any:
        modules = facts.modules_at.get(site, [])
        return m.nothing + pyo.quicksum(m.operating[module, period] for module in modules) >= 1

    model.forced_open = pyo.Constraint(places, rule=rule)
