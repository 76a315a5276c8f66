"""How evenly something is spread: measures of inequality over people, tonnes or any other weight."""

from __future__ import annotations

import numpy as np
import pandas as pd


def gini(amounts: pd.Series, weights: pd.Series) -> float:
    """Return the Gini coefficient of amounts per unit of weight (per head, per tonne), from 0 (even).

    Formula: ``sum_ij w_i w_j |x_i - x_j| / (2 W sum_i w_i x_i)`` with ``x = amount / weight`` and
    ``W = sum w``, each unit of weight counting once (Sen 1973, of groups: within them all is even).

    Parameters
    ----------
    amounts
        None below zero: of losses and gains together the coefficient has no meaning.
    weights
        Above zero, same index.

    Returns
    -------
    float
        NaN where there is nothing to spread.

    Raises
    ------
    ValueError
        Where an amount is below zero or a weight is not above it.

    Examples
    --------
    >>> one = pd.Series([1.0, 1.0])
    >>> gini(pd.Series([3.0, 3.0]), one), gini(pd.Series([0.0, 4.0]), one)
    (0.0, 0.5)
    """
    if (amounts < 0).any() or (weights <= 0).any():
        raise ValueError("amounts below zero, or weights that are not above zero")
    total = float(amounts.sum())
    if total == 0:
        return float("nan")
    weight = weights.to_numpy(dtype=float)
    each = amounts.to_numpy(dtype=float) / weight
    apart = np.abs(each[:, None] - each[None, :]) * weight[:, None] * weight[None, :]
    return float(apart.sum() / (2 * weight.sum() * total))
