"""Join the rows of the model to the sparse standard form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array

from netopt.formulation.build import state_model
from netopt.formulation.model import words
from netopt.solution.form import StandardForm
from netopt.solution.names import ColumnNames, RowBlock, RowKeys, RowNames

if TYPE_CHECKING:
    from threading import Event

    from netopt.accounts import Perspective
    from netopt.formulation.model import Family, Floats, Model, Numbers, Rows
    from netopt.network.network import Network


def standard_form(
    network: Network,
    perspective: Perspective,
    *,
    without: frozenset[str] = frozenset(),
    stop: Event | None = None,
) -> StandardForm:
    """Return the model of a network as one sparse matrix with its sides, bounds, costs and names.

    Parameters
    ----------
    network, perspective, without, stop
        As for ``state_model``.

    Raises
    ------
    StoppedError
        Where ``stop`` is set before the model is built.
    ValueError
        As ``compile_model``.
    """
    return compile_model(state_model(network, perspective, without=without, stop=stop))


def compile_model(model: Model) -> StandardForm:
    """Return the model as arrays, without decisions and rows that say nothing.

    A decision says nothing where it has no cost and is in no row; a row, where it has no term and 0 is
    within its sides. Families of decisions come in the order in which the objective, then the rows,
    first name them.

    Raises
    ------
    ValueError
        Where a coefficient, right-hand side or cost is not finite: solvers would swallow it.
    """
    chosen = [rows.kept() for rows in model.rows]
    row, column, coefficient = _joined(model.rows, chosen)
    lower = _concatenated([rows.lower.ravel()[kept] for rows, kept in zip(model.rows, chosen, strict=True)])
    upper = _concatenated([rows.upper.ravel()[kept] for rows, kept in zip(model.rows, chosen, strict=True)])
    _refuse_infinite(model, coefficient, lower, upper)
    families = _by_first_mention(model, row, column)
    columns = _concatenated([family.columns().ravel() for family in families])
    is_mentioned = model.cost != 0
    is_mentioned[column] = True
    columns = columns[is_mentioned[columns]]
    number = np.empty(model.n_columns, dtype=np.int64)
    number[columns] = np.arange(len(columns))
    shape = len(lower), len(columns)
    keys = RowKeys(
        RowBlock(rows.tag, rows.levels(kept), len(kept))
        for rows, kept in zip(model.rows, chosen, strict=True)
    )
    lower_bounds, upper_bounds, is_integer = (
        _concatenated([getattr(family, part).ravel() for family in model.families.values()])
        for part in ("lower", "upper", "is_integer")
    )
    return StandardForm(
        cost=model.cost[columns],
        offset=model.offset,
        matrix=csc_array(coo_array((coefficient, (row, number[column])), shape=shape)),
        row_lower=lower,
        row_upper=upper,
        lower=lower_bounds[columns],
        upper=upper_bounds[columns],
        is_integer=is_integer[columns],
        columns=_column_names(model).taken(columns),
        rows=RowNames(keys),
        row_keys=keys,
    )


def _joined(blocks: list[Rows], chosen: list[Numbers]) -> tuple[Numbers, Numbers, Floats]:
    """Return row, column and coefficient of all terms, with the chosen rows numbered one after another."""
    parts, first = [], 0
    for rows, kept in zip(blocks, chosen, strict=True):
        own, columns, coefficients = rows.terms()
        number = np.full(rows.lower.size, -1, dtype=np.int64)
        number[kept] = first + np.arange(len(kept))
        parts.append((number[own], columns, coefficients))
        first += len(kept)
    row, column, coefficient = (_concatenated([part[at] for part in parts]) for at in range(3))
    return row.astype(np.int64), column.astype(np.int64), coefficient


def _concatenated(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0)


def _refuse_infinite(model: Model, coefficient: Floats, lower: Floats, upper: Floats) -> None:
    is_open = np.isneginf(lower) & np.isposinf(upper)
    sides = np.where(np.isneginf(lower), 0.0, lower) + np.where(np.isposinf(upper), 0.0, upper)
    for name, values in (
        ("coefficient", coefficient),
        ("right-hand side", np.where(is_open, np.inf, sides)),
        ("cost", model.cost),
        ("constant cost", model.offset),
    ):
        if not np.isfinite(values).all():
            raise ValueError(f"the compiled model has a {name} that is not finite")


def _by_first_mention(model: Model, row: Numbers, column: Numbers) -> list[Family]:
    """Return the families of decisions in the order in which the objective, then the rows name them."""
    families = list(model.families.values())
    terms = column[np.argsort(row, kind="stable")]
    mentioned = np.concatenate([model.costly(), terms])
    numbers = np.searchsorted([family.first for family in families], mentioned, side="right") - 1
    return [families[number] for number in pd.unique(numbers)]


def _column_names(model: Model) -> ColumnNames:
    families = model.families.values()
    return ColumnNames(
        np.repeat(words(pd.Index(list(model.families))), [family.n_columns for family in families]),
        np.concatenate([np.repeat(words(family.ids), len(family.periods)) for family in families]),
        np.concatenate([np.tile(words(family.periods), len(family.ids)) for family in families]),
    )
