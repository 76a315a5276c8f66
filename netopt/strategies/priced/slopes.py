"""Slope scaling: use that the relaxation spreads over many sites is gathered at few.

Each whole decision is charged, per unit of its last value, what as many whole ones would cost:
``cost * ceil(value) / value``. What is little used becomes dear, and the next solve goes without it. The
points are solutions of the relaxation, not plans: they say at which sites to look for one.

Source: Kim and Pardalos (1999), A solution approach to the fixed charge network flow problem using a
dynamic slope scaling procedure, Operations Research Letters 24, 195-203.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions
    from netopt.strategies.priced.relaxation import Relaxation

    Floats = NDArray[np.float64]

MOST_ROUNDS: Final = 8
"""Solves at most. On china-2024 as a green field the sites in use hardly change after that."""

LEAST_VALUE: Final = 0.01
"""A whole decision with a value above nothing is charged as if it had at least this one."""

NOTHING: Final = 1e-6
"""A value up to this is rounding."""


def charges(cost: Floats, value: Floats, is_integer: NDArray[np.bool_], last: Floats) -> Floats:
    """Return the multiples of their costs at which columns are charged next.

    Parameters
    ----------
    cost, value, is_integer
        Of each column: its cost, its value at the last point, whether it is a whole decision.
    last
        The multiples before; what is not used keeps its own.

    Examples
    --------
    >>> whole = np.array([True, True, True, False])
    >>> charges(np.ones(4), np.array([0.25, 1.5, 0.0, 0.5]), whole, np.array([1.0, 1.0, 7.0, 1.0])).round(3)
    array([4.   , 1.333, 7.   , 1.   ])
    """
    is_used = is_integer & (value > NOTHING) & (cost > 0)
    held = np.maximum(value[is_used], LEAST_VALUE)
    multiples = last.copy()
    multiples[is_used] = np.ceil(held - NOTHING) / held
    return multiples


def gathered(relaxation: Relaxation, until_s: float, options: SolveOptions) -> Floats | None:
    """Return the last point of slope scaling, or None where time ends before the first.

    Parameters
    ----------
    relaxation
        Solved; its bound and result stay as they are.
    until_s
        ``time.monotonic()`` at which to end.
    options
        ``stop`` ends it too.
    """
    if relaxation.result is None or relaxation.result.point is None:
        return None
    form: StandardForm = relaxation.columns.form
    value, multiples, found = relaxation.result.point, np.ones(form.shape[1]), None
    for _ in range(MOST_ROUNDS):
        value = value[: form.shape[1]]
        multiples = charges(form.cost, value, form.is_integer, multiples)
        point = relaxation.point_at(form.cost * multiples, until_s, options)
        if point is None or options.stop.is_set():
            break
        value = found = point
        relaxation.tell()
    return found
