"""The decisions of the model, under the names of the mathematics of record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from netopt.formulation.sets import Facts


def add_variables(model: pyo.ConcreteModel, facts: Facts) -> None:
    """Declare every variable, each indexed by an id of the network and a period.

    ``flow`` (units/yr by arc), ``throughput`` (t/yr by activity), ``loads`` (t/yr by module),
    ``operating``, ``opened``, ``expanded``, ``closed``, ``renewed`` (binary by module; what a
    divisible module keeps, closes or adds is a share of it),
    ``in_use``, ``whole`` (binary by site that is counted), ``assigned`` (binary by assignment),
    ``stored`` (units by store), ``leaked``, ``unserved`` (t/yr by supply), ``shortfall``
    (t/yr by soft rule). Where an arc or a site is closed or nothing may be built, the variable is
    fixed at 0, as is ``closed`` where it may not be; what ``network.held`` lists keeps to its range.
    """
    network = facts.network
    model.PERIODS = pyo.Set(initialize=list(facts.periods))
    model.ARCS = pyo.Set(initialize=network.arcs["arc"].tolist())
    model.ACTIVITIES = pyo.Set(initialize=network.activities["activity"].tolist())
    model.MODULES = pyo.Set(initialize=network.modules["module"].tolist())
    model.BUILT_MODULES = pyo.Set(initialize=facts.built_modules)
    model.STORES = pyo.Set(initialize=network.stores["store"].tolist())
    model.SUPPLIES = pyo.Set(initialize=network.supplies["supply"].tolist())
    soft = network.rules["penalty_cny_per_tonne"].notna()
    model.SOFT_RULES = pyo.Set(initialize=network.rules.loc[soft, "rule"].tolist())

    model.flow = pyo.Var(model.ARCS, model.PERIODS, bounds=_open_bounds(facts))
    model.throughput = pyo.Var(model.ACTIVITIES, model.PERIODS, within=pyo.NonNegativeReals)
    model.loads = pyo.Var(model.MODULES, model.PERIODS, within=pyo.NonNegativeReals)
    model.operating = pyo.Var(
        model.MODULES,
        model.PERIODS,
        within=_whole_or_part(facts),
        bounds=_allowed_bounds(network.may_operate),
    )
    model.closed = pyo.Var(
        model.MODULES, model.PERIODS, within=_whole_or_part(facts), bounds=_closable_bounds(facts)
    )
    buildable = _allowed_bounds(network.may_build)
    opens = _allowed_bounds(network.may_open)
    model.opened = pyo.Var(model.BUILT_MODULES, model.PERIODS, within=pyo.Binary, bounds=opens)
    model.expanded = pyo.Var(
        model.BUILT_MODULES, model.PERIODS, within=_whole_or_part(facts), bounds=buildable
    )
    model.renewed = pyo.Var(
        model.BUILT_MODULES, model.PERIODS, within=pyo.Binary, bounds=_renewable_bounds(facts)
    )
    _add_control_variables(model, facts)
    model.stored = pyo.Var(model.STORES, model.PERIODS, within=pyo.NonNegativeReals)
    model.leaked = pyo.Var(model.SUPPLIES, model.PERIODS, within=pyo.NonNegativeReals)
    may_stay = network.instance.settings.prices.unserved_cny_per_tonne is not None
    unserved = (0.0, None) if may_stay else (0.0, 0.0)
    model.unserved = pyo.Var(model.SUPPLIES, model.PERIODS, bounds=unserved)
    model.shortfall = pyo.Var(model.SOFT_RULES, model.PERIODS, within=pyo.NonNegativeReals)
    # Keeps a side rule a row of the model where nothing can contribute to it.
    model.nothing = pyo.Var(bounds=(0.0, 0.0))
    _hold(model, network.held)


def _hold(model: pyo.ConcreteModel, held: pd.DataFrame) -> None:
    """Bound what is held; what is held to one value is no whole decision any more.

    With all of a design held the model is a linear program. As integers, fixed columns beside shares held
    to within less than its tolerance of 1e-6 make HiGHS's branch and bound call it infeasible.
    """
    for family, index, period, lower, upper in held.itertuples(index=False, name=None):
        variable = getattr(model, family)[index, period]
        variable.setlb(lower)
        variable.setub(upper if variable.ub is None else min(upper, variable.ub))
        if lower == upper:
            variable.domain = pyo.Reals


def _add_control_variables(model: pyo.ConcreteModel, facts: Facts) -> None:
    """Declare what only a planner's controls speak of; without such levers there is none of it."""
    model.USED_SITES = pyo.Set(initialize=facts.sites_counted("maximum"))
    model.WHOLE_SITES = pyo.Set(initialize=facts.sites_counted("minimum"))
    model.ASSIGNMENTS = pyo.Set(initialize=list(facts.supply_of_assignment))
    model.in_use = pyo.Var(model.USED_SITES, model.PERIODS, within=pyo.Binary)
    model.whole = pyo.Var(model.WHOLE_SITES, model.PERIODS, within=pyo.Binary)
    model.assigned = pyo.Var(model.ASSIGNMENTS, model.PERIODS, within=pyo.Binary)


def _whole_or_part(facts: Facts) -> Callable[[Any, str, str], Any]:
    def domain(_model: Any, module: str, _period: str) -> Any:
        return pyo.UnitInterval if facts.module[module]["divisible"] else pyo.Binary

    return domain


def _closable_bounds(facts: Facts) -> object:
    """Return the bounds of what closes: nothing where plants may not, nor of an expansion that stays."""
    may_close = facts.network.instance.settings.capital.may_close
    stays = set(facts.expansions) - {m for m in facts.expansions if facts.module[m]["resale_share"] >= 0}
    may = {m: (m not in stays) if m in facts.expansions else may_close for m in facts.module}
    return lambda _model, module, _period: (0, 1 if may[module] else 0)


def _renewable_bounds(facts: Facts) -> object:
    """Return the bounds of renewals: expansions outlast the horizon, so none is renewed."""
    return lambda _model, module, _period: (0, 0 if facts.module[module]["divisible"] else 1)


def _open_bounds(facts: Facts) -> object:
    is_open = facts.network.open_arcs
    if is_open.to_numpy().all():
        return (0.0, None)
    open_in = {period: is_open[period].to_dict() for period in facts.periods}
    return lambda _model, arc, period: (0.0, None if open_in[period][arc] else 0.0)


def _allowed_bounds(allowed: pd.DataFrame) -> object:
    by_period = {str(period): cells.to_dict() for period, cells in allowed.items()}
    return lambda _model, module, period: (0, 1 if by_period[period][module] else 0)
