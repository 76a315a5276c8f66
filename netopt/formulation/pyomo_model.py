"""The same model as a Pyomo model: to read, to write as an LP file, to hand to any solver Pyomo knows.

It is made from the arrays of ``netopt.formulation.model``, where the mathematics is said, row by row and
decision by decision; no strategy needs it.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from netopt.formulation.build import state_model

if TYPE_CHECKING:
    from threading import Event

    from netopt.accounts import Perspective
    from netopt.formulation.model import Family, Model, Numbers, Rows
    from netopt.network.network import Network

_PYOMO: Final = RLock()
"""Pyomo keeps state that threads would share (whether garbage is collected): one model at a time."""


def build_model(
    network: Network,
    perspective: Perspective,
    *,
    without: frozenset[str] = frozenset(),
    stop: Event | None = None,
) -> pyo.ConcreteModel:
    """Return the Pyomo model of a network; parameters and errors as for ``state_model``."""
    return as_pyomo(state_model(network, perspective, without=without, stop=stop))


def as_pyomo(model: Model) -> pyo.ConcreteModel:
    """Return a model as variables, constraints and the objective ``total_cost`` of Pyomo."""
    with _PYOMO:
        made = pyo.ConcreteModel(name=model.name)
        decisions: list[Any] = []
        for family in model.families.values():
            decisions += _declared(made, family)
        for rows in model.rows:
            _constrain(made, rows, decisions)
        costly = model.costly()
        costs = LinearExpression(
            constant=model.offset,
            linear_coefs=model.cost[costly].tolist(),
            linear_vars=[decisions[column] for column in costly],
        )
        made.total_cost = pyo.Objective(expr=costs)
    return made


def _declared(made: pyo.ConcreteModel, family: Family) -> list[Any]:
    """Declare a family and return its variables in the order of their columns."""
    if family.periods.equals(type(family.periods)([""])):
        indices: list[Any] = family.ids.tolist()
    else:
        indices = [(key, period) for key in family.ids for period in family.periods]
    scalar = indices == [""]
    variable = pyo.Var() if scalar else pyo.Var(indices)
    made.add_component(family.name, variable)
    found = [variable] if scalar else [variable[index] for index in indices]
    parts = (family.lower, family.upper, family.is_integer)
    for one, lower, upper, is_integer in zip(
        found, *(part.ravel().tolist() for part in parts), strict=True
    ):
        one.domain = pyo.Binary if is_integer else pyo.Reals
        one.bounds = (_number(lower), _number(upper))
    return found


def _constrain(made: pyo.ConcreteModel, rows: Rows, decisions: list[Any]) -> None:
    """Declare the rows of one constraint, each with its terms in the order in which they were stated."""
    kept = rows.kept()
    own, columns, coefficients = rows.terms()
    order = np.argsort(own, kind="stable")
    starts, ends = (np.searchsorted(own[order], kept, side=side) for side in ("left", "right"))
    lower, upper = rows.lower.ravel(), rows.upper.ravel()
    expressions = {}
    for index, row, start, end in zip(_indices(rows, kept), kept, starts, ends, strict=True):
        terms = order[start:end]
        body = LinearExpression(
            constant=0.0,
            linear_coefs=[_number(one) for one in coefficients[terms]],
            linear_vars=[decisions[column] for column in columns[terms]],
        )
        expressions[index] = _bounded(float(lower[row]), body, float(upper[row]))
    made.add_component(
        rows.tag, pyo.Constraint(list(expressions), rule=lambda _model, *index: _at(expressions, index))
    )


def _indices(rows: Rows, kept: Numbers) -> list[Any]:
    tuples = list(zip(*rows.levels(kept), strict=True))
    return [index[0] for index in tuples] if tuples and len(tuples[0]) == 1 else tuples


def _at(expressions: dict[Any, Any], index: tuple[str, ...]) -> Any:
    return expressions[index[0] if len(index) == 1 else index]


def _bounded(lower: float, body: Any, upper: float) -> Any:
    if lower == upper:
        return body == _number(upper)
    return pyo.inequality(_number(lower), body, _number(upper))


def _number(value: float) -> float | int | None:
    """Return a number as a person would write it: whole without a point, nothing where it is infinite."""
    if np.isinf(value):
        return None
    return int(value) if value == round(value) else float(value)
