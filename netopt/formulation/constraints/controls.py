"""A planner's own controls: rows that exist only where a lever asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo

from netopt.formulation.sets import cells

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


def site_count(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(whole) >= minimum`` and ``sum(in_use) <= maximum`` over the sites that a rule counts.

    ``operating <= in_use`` for each module, so that any part in operation counts; ``whole <=
    sum(operating at site)``, so that only a whole module does. Twin: tag ``site_count``. Without it
    a planner who wants three hubs gets thirty.
    """
    counts = facts.network.site_counts
    if counts.empty:
        return
    by_rule = facts.network.counted_sites.groupby("rule")["site"]
    counted = {str(name): sites.tolist() for name, sites in by_rule}
    number = dict(zip(zip(counts["rule"], counts["bound"], strict=True), counts["n_sites"], strict=True))
    used = [module for site in model.USED_SITES for module in facts.modules_at[site]]
    site_of = facts.network.modules.set_index("module")["site"].to_dict()

    def in_use_rule(m: Any, module: str, period: str) -> Any:
        return m.operating[module, period] - m.in_use[site_of[module], period] <= 0

    def whole_rule(m: Any, site: str, period: str) -> Any:
        operating = pyo.quicksum(m.operating[module, period] for module in facts.modules_at[site])
        return m.whole[site, period] - operating <= 0

    def count_rule(m: Any, rule: str, bound: str, period: str) -> Any:
        state = m.whole if bound == "minimum" else m.in_use
        total = m.nothing + pyo.quicksum(state[site, period] for site in counted.get(rule, []))
        return total >= number[rule, bound] if bound == "minimum" else total <= number[rule, bound]

    model.site_in_use = pyo.Constraint(used, model.PERIODS, rule=in_use_rule)
    model.site_whole = pyo.Constraint(model.WHOLE_SITES, model.PERIODS, rule=whole_rule)
    model.site_count = pyo.Constraint(list(number), model.PERIODS, rule=count_rule)


def single_sourcing(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(assigned) <= 1`` over the sites that a source may send a commodity to.

    ``flow from source to site <= collectable * assigned`` (t/yr), over modes. Twin: tag
    ``single_sourcing``. Without it a dealer's contract is split wherever a plant is full.
    """
    rows = facts.network.assignments
    if rows.empty:
        return
    groups = {key: part["assignment"].tolist() for key, part in rows.groupby(["rule", "supply"])}
    collectable = cells(facts.network.supply_tonnes - facts.network.leaked_tonnes)

    def link_rule(m: Any, assignment: str, period: str) -> Any:
        sent = pyo.quicksum(m.flow[arc, period] for arc in facts.arcs_of_assignment[assignment])
        most = collectable[facts.supply_of_assignment[assignment], period]
        return sent - most * m.assigned[assignment, period] <= 0

    def one_rule(m: Any, rule: str, supply: str, period: str) -> Any:
        return pyo.quicksum(m.assigned[one, period] for one in groups[rule, supply]) <= 1

    model.assignment_link = pyo.Constraint(model.ASSIGNMENTS, model.PERIODS, rule=link_rule)
    model.single_sourcing = pyo.Constraint(list(groups), model.PERIODS, rule=one_rule)
