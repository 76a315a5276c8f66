"""The sparse standard form: the model as arrays, with a name for every row and column.

``minimise cost @ x + offset`` subject to ``row_lower <= matrix @ x <= row_upper`` and
``lower <= x <= upper``, ``x[is_integer]`` whole. It belongs to neither the formulation, which
makes it, nor the backends, which solve it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netopt.solution.names import ColumnName, ColumnNames, RowKeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csc_array

__all__ = ["ColumnName", "ColumnNames", "RowKeys", "StandardForm"]


@dataclass(frozen=True)
class StandardForm:
    """A compiled model; costs in the unit of ``netopt.formulation.objective``.

    Attributes
    ----------
    cost, lower, upper, is_integer
        Length n_columns.
    matrix
        n_rows x n_columns.
    row_lower, row_upper
        Length n_rows, infinite where a side is open.
    columns, rows
        Names; a row's name starts with its constraint's tag. Columns listed one by one are made arrays.
    row_keys
        The same rows as ``(tag, *index)``; empty where a form was not compiled from the model.
    """

    cost: NDArray[np.float64]
    offset: float
    matrix: csc_array
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    is_integer: NDArray[np.bool_]
    columns: ColumnNames
    rows: Sequence[str]
    row_keys: RowKeys = field(default_factory=lambda: RowKeys(()))

    def __post_init__(self) -> None:
        """Make arrays of names that were listed one by one, as forms made by hand have them."""
        for name, kind in (("columns", ColumnNames), ("row_keys", RowKeys)):
            given = getattr(self, name)
            if not isinstance(given, kind):
                object.__setattr__(self, name, kind.of(given))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.matrix.shape

    def objective(self, values: NDArray[np.float64]) -> float:
        """Return the objective of a point, in the form's unit of cost."""
        return float(self.cost @ values) + self.offset
