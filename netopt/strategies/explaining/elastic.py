"""Elastic relaxation: what planner's statements must give at least, by how many tonnes and where.

Every priced statement may be broken, at ``weight * tonnes``; the sum is minimised. Zero means that
all of them can be held at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array, hstack

from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import NoSolutionError
from netopt.solution.names import ColumnName

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.backends.result import BackendResult
    from netopt.solution.form import StandardForm
    from netopt.strategies.explaining.statements import StatedForm

    Settings = dict[str, bool | int | float | str]

DUST: Final = 1e-6
"""Tonnes (or dual values per tonne) at or below this are solver noise."""

RELATIVE_GAP: Final = 1e-6
"""Gap at which the least weighted violation counts as found."""


@dataclass(frozen=True)
class Relief:
    """What the statements of a policy and its instance must give.

    Attributes
    ----------
    gives
        ``statement, where, period, amount``: by how much (the statement's unit, a year; for what
        may not be built, the capacity opened; in sites for what is said of sites) each is broken in the
        plan found; amounts above zero.
    low, high
        Proven lower bound of the least weighted violation, and that of the plan found.
    held
        Statements that the plan found holds.
    """

    gives: pd.DataFrame
    low: float
    high: float
    held: frozenset[str]


def relieve(stated: StatedForm, settings: Settings) -> Relief:
    """Return the least that statements must give for a plan with whole facilities to exist.

    Raises
    ------
    NoSolutionError
        Where a limit of the solver comes first, or where even without any statement no plan exists.
    """
    form, slack_of = elastic_form(stated, stated.names)
    result = highs.solve_form(form, {**settings, "mip_rel_gap": RELATIVE_GAP, "mip_abs_gap": 1e-9})
    if result.status is BackendStatus.INTERRUPTED:
        raise KeyboardInterrupt
    if result.point is None or result.objective is None:
        raise NoSolutionError(f"the elastic relaxation ended ({result.status}) before it found any plan")
    gives = stated.limits.assign(amount=_amounts(stated, result.point, slack_of))
    keys = ["statement", "where", "period"]
    gives["amount"] = gives["amount"].where(gives["amount"] > DUST, 0.0) / stated.per_site()
    summed = gives[gives["amount"] > 0].groupby(keys, sort=False)["amount"].sum().reset_index()
    held = stated.held_by(result.point[: stated.free.shape[1]])
    return Relief(summed, max(0.0, result.bound), result.objective, held)


def infeasible_core(
    stated: StatedForm, names: Collection[str], settings: Settings
) -> frozenset[str] | None:
    """Return statements that contradict each other even where plants may be parts of plants.

    Those with a price in the dual of the elastic linear relaxation: a certificate in the sense of
    Farkas, not yet an irreducible one.

    Returns
    -------
    frozenset of str or None
        None where the linear relaxation can hold all of ``names``.
    """
    form, _ = elastic_form(stated, names)
    result = highs.solve_form(form, settings, relaxed=True)
    if result.status is BackendStatus.INTERRUPTED:
        raise KeyboardInterrupt
    if result.status is not BackendStatus.OPTIMAL or result.objective is None:
        return frozenset(names)
    if result.objective <= DUST:
        return None
    return _priced(stated, names, form, result)


def elastic_form(stated: StatedForm, names: Collection[str]) -> tuple[StandardForm, NDArray[np.int64]]:
    """Return the form in which ``names`` may be broken at a price, all other statements lifted.

    Returns
    -------
    tuple
        The form (objective: weighted tonnes a year), and for each row of ``stated.limits`` the
        column whose value is what it gives (-1: not priced).
    """
    free, limits = stated.free, stated.limits
    weight = limits["statement"].map({said.name: said.weight for said in stated.statements}).astype(float)
    price = (weight.astype(float) * limits["amount_per_unit"]).to_numpy(dtype=float)
    named = limits["statement"].isin(names).to_numpy(dtype=bool)
    is_row = limits["is_row"].to_numpy(dtype=bool)
    index = limits["index"].to_numpy(dtype=int)
    slack_of = np.full(len(limits), -1, dtype=np.int64)
    rows, columns = np.flatnonzero(named & is_row), np.flatnonzero(named & ~is_row)
    slack_of[rows] = free.shape[1] + np.arange(len(rows))
    slack_of[columns] = index[columns]
    cost = np.concatenate([np.zeros(free.shape[1]), price[rows]])
    np.add.at(cost, index[columns], price[columns])
    sign = np.where(np.isfinite(limits["lower"].to_numpy()[rows]), 1.0, -1.0)
    entries = (sign, (index[rows], np.arange(len(rows))))
    slacks = coo_array(entries, shape=(free.shape[0], len(rows)))
    held = stated.holding(limits.loc[named & is_row, "statement"])
    form = replace(
        held,
        cost=cost,
        offset=0.0,
        matrix=csc_array(hstack([free.matrix, slacks])),
        lower=np.concatenate([free.lower, np.zeros(len(rows))]),
        upper=np.concatenate([free.upper, np.full(len(rows), np.inf)]),
        is_integer=np.concatenate([free.is_integer, np.zeros(len(rows), dtype=bool)]),
        columns=free.columns.followed_by(ColumnName("given", str(row), "") for row in rows),
    )
    return form, slack_of


def _amounts(
    stated: StatedForm, point: NDArray[np.float64], slack_of: NDArray[np.int64]
) -> NDArray[np.float64]:
    priced = slack_of >= 0
    amounts = np.zeros(len(slack_of))
    given = point[slack_of[priced]]
    # Of a row, what the plan truly breaks it by: a slack that costs nothing may be larger.
    excess = stated.excess(point[: stated.free.shape[1]])[priced]
    amounts[priced] = np.minimum(given, excess)
    per_unit: NDArray[np.float64] = stated.limits["amount_per_unit"].to_numpy(dtype=float)
    return amounts * per_unit


def _priced(
    stated: StatedForm, names: Collection[str], form: StandardForm, result: BackendResult
) -> frozenset[str]:
    """Return the statements whose rows or bounds have a part in the dual of an elastic program."""
    if result.row_duals is None or result.column_duals is None:
        return frozenset(names)
    limits = stated.limits
    index = limits["index"].to_numpy(dtype=int)
    is_row = limits["is_row"].to_numpy(dtype=bool)
    part = np.zeros(len(limits))
    part[is_row] = np.abs(result.row_duals[index[is_row]])
    column = index[~is_row]
    part[~is_row] = form.cost[column] - result.column_duals[column]
    named = limits["statement"].isin(names).to_numpy(dtype=bool)
    return frozenset(limits.loc[named & (part > DUST), "statement"])
