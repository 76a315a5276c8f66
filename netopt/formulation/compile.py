"""Compile the Pyomo model once to the sparse standard form."""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Final

import numpy as np
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import csc_array

from netopt.errors import StoppedError
from netopt.formulation.build import build_model
from netopt.solution.form import ColumnName, StandardForm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Event

    import pyomo.environ as pyo

    from netopt.accounts import Perspective
    from netopt.network.network import Network

_EQUAL, _AT_MOST = 0, 1

_PYOMO: Final = RLock()
"""Pyomo keeps state that threads would share (whether garbage is collected): one model at a time."""


LOOK_S: Final = 0.1
"""How often a wish to stop is looked at by who waits for a turn (s)."""


@contextmanager
def turn_at_models(stop: Event | None = None) -> Iterator[None]:
    """Wait until no other thread makes a model, and keep it so within the block.

    A time limit that starts within the block does not run while others make theirs. The same thread may
    enter again.

    Raises
    ------
    StoppedError
        Where ``stop`` is set before the turn comes.
    """
    while not _PYOMO.acquire(timeout=LOOK_S):
        if stop is not None and stop.is_set():
            raise StoppedError("interrupted before the model was built")
    try:
        yield
    finally:
        _PYOMO.release()


def standard_form(
    network: Network,
    perspective: Perspective,
    *,
    without: frozenset[str] = frozenset(),
    stop: Event | None = None,
) -> StandardForm:
    """Return the model of a network as arrays; safe to call from several threads.

    Parameters
    ----------
    network, perspective, without, stop
        As for ``build_model``.

    Raises
    ------
    StoppedError
        Where ``stop`` is set before the model is built.
    ValueError
        As ``compile_model``.
    """
    with turn_at_models(stop):
        return compile_model(build_model(network, perspective, without=without, stop=stop))


def compile_model(model: pyo.ConcreteModel) -> StandardForm:
    """Return the model as arrays; variables that appear nowhere are left out.

    Raises
    ------
    ValueError
        Where a coefficient, right-hand side or cost is not finite: solvers would swallow it.
    """
    compiled = LinearStandardFormCompiler().write(model, mixed_form=True)
    senses = np.array([row.bound_type for row in compiled.rows], dtype=int)
    rhs = np.asarray(compiled.rhs, dtype=float)
    variables = compiled.columns
    lower = np.array([-np.inf if v.lb is None else v.lb for v in variables], dtype=float)
    upper = np.array([np.inf if v.ub is None else v.ub for v in variables], dtype=float)
    cost = np.asarray(compiled.c.toarray(), dtype=float).ravel()
    matrix = csc_array(compiled.A)
    offset = float(np.sum(compiled.c_offset))
    for name, values in (
        ("coefficient", matrix.data),
        ("right-hand side", rhs),
        ("cost", cost),
        ("constant cost", offset),
    ):
        if not np.isfinite(values).all():
            raise ValueError(f"the compiled model has a {name} that is not finite")
    return StandardForm(
        cost=cost,
        offset=offset,
        matrix=matrix,
        row_lower=np.where(senses == _AT_MOST, -np.inf, rhs),
        row_upper=np.where((senses == _AT_MOST) | (senses == _EQUAL), rhs, np.inf),
        lower=lower,
        upper=upper,
        is_integer=np.array([v.is_integer() for v in variables], dtype=bool),
        columns=tuple(_column_name(v) for v in variables),
        rows=tuple(row.constraint.name for row in compiled.rows),
        row_keys=tuple(_row_key(row.constraint) for row in compiled.rows),
    )


def _row_key(constraint: pyo.Constraint) -> tuple[str, ...]:
    index = constraint.index()
    tag = constraint.parent_component().local_name
    return (tag, *index) if isinstance(index, tuple) else (tag, index)


def _column_name(variable: pyo.Var) -> ColumnName:
    family = variable.parent_component().local_name
    return ColumnName(family, *(variable.index() or ("", "")))
