"""Rows that may give: a form in which only what they give costs anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csc_array, hstack

from netopt.solution.names import ColumnName

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.solution.form import StandardForm


def with_slacks(
    form: StandardForm, rows: NDArray[np.int64], signs: NDArray[np.floating], weights: NDArray[np.floating]
) -> StandardForm:
    """Return the form with one column more per entry of ``rows``, and these alone in the objective.

    Parameters
    ----------
    rows, signs, weights
        Which row each new column (>= 0) enters, with which coefficient, and what a unit of it costs.
    """
    n_slacks = len(rows)
    entries = coo_array((signs, (rows, np.arange(n_slacks))), shape=(form.shape[0], n_slacks))
    return replace(
        form,
        cost=np.concatenate([np.zeros(form.shape[1]), weights]),
        offset=0.0,
        matrix=csc_array(hstack([form.matrix, entries])),
        lower=np.concatenate([form.lower, np.zeros(n_slacks)]),
        upper=np.concatenate([form.upper, np.full(n_slacks, np.inf)]),
        is_integer=np.concatenate([form.is_integer, np.zeros(n_slacks, dtype=bool)]),
        columns=form.columns.followed_by(ColumnName("slack", str(row), "") for row in rows),
    )
