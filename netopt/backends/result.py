"""What a backend returns: a point, a bound and an honest status."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class BackendStatus(StrEnum):
    """The closed list of endings. Whatever else a solver says is a ``SolverError``."""

    OPTIMAL = "optimal"
    LIMIT = "limit"
    INTERRUPTED = "interrupted"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"


@dataclass(frozen=True)
class BackendResult:
    """Values and bounds in the unit of the standard form.

    ``point`` is None where no point was found; ``bound`` is the proven lower bound (-inf: none);
    ``row_duals`` and ``column_duals`` (reduced costs) are filled for linear programs only.
    """

    status: BackendStatus
    point: NDArray[np.float64] | None
    objective: float | None
    bound: float
    n_nodes: int
    solver: str
    solver_version: str
    row_duals: NDArray[np.float64] | None = None
    column_duals: NDArray[np.float64] | None = None
