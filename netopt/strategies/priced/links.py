"""Rows that tie what arrives to what is open: written where a fractional point breaks them.

For a site in one period let its modules have capacities ``c_m`` and states ``operating_m``. For any set
``S`` of arcs from sources into it, whose sources collect ``U_a`` (t/yr),

    ``sum(S: flow_a) <= sum_m min(c_m, sum(S: U_a)) * operating_m``.

Where nothing operates the left side is zero; where something does, it is at most what the sources
collect and at most the capacity. One arc alone is ``strong_link``; larger sets keep a plant from being
a mixture of a size that is too small and one that is too large. An arc that is not in ``S`` has no part
in the row, so the rows hold whatever else can arrive. A divisible module counts with its capacity.
Nothing may be stored at the site, and what arrives must be processed there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.strategies.priced.columns import Columns

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

VIOLATION_TONNES: Final = 0.5
"""A row is added where a point breaks it by more (t/yr)."""

FLOW_TONNES: Final = 1e-6
"""Flows at or below are none (t/yr)."""

WHOLE: Final = 1e-6
"""A state this near to 0 or 1 is whole."""


@dataclass
class Links:
    """Rows ``matrix @ x <= 0`` over the columns of a program, with their duals (<= 0)."""

    matrix: csr_array
    duals: Floats = field(default_factory=lambda: np.zeros(0))

    def add(self, rows: csr_array) -> None:
        """Add rows; their duals are zero until the next solve."""
        self.matrix = csr_array(vstack([self.matrix, rows]))
        self.duals = np.concatenate([self.duals, np.zeros(rows.shape[0])])

    def widen(self, n_columns: int) -> None:
        """Let the rows range over more columns, in which they have no part."""
        rows = self.matrix
        shape = (rows.shape[0], n_columns)
        self.matrix = csr_array((rows.data, rows.indices, rows.indptr), shape=shape)


class Separator:
    """Finds broken link rows of one network.

    Parameters
    ----------
    columns
        The network and its form.
    arcs
        Arcs added to the program (``columns.Arcs.table``).
    """

    def __init__(self, columns: Columns, arcs: pd.DataFrame) -> None:
        self._n_columns = columns.form.shape[1] + len(arcs)
        flows = pd.concat([columns.flows, arcs], ignore_index=True) if len(arcs) else columns.flows
        fed = flows[(flows["from_kind"] == "source") & (flows["to_kind"] == "site")]
        flows = fed[~columns.holds_back(fed)]
        most = columns.collected(flows["from_place"], flows["commodity"], flows["period"])
        self._flows = flows.assign(most=most)
        modules = columns.modules.groupby(["site", "period"], sort=False)
        self._steps = {key: _Steps.of(rows) for key, rows in modules if not rows["divisible"].all()}

    def strong(self, first_column: int = 0) -> csr_array:
        """Return the link of every arc alone that ends where every module is built.

        Parameters
        ----------
        first_column
            Only of arcs from this column on.
        """
        writer = _Writer(self._n_columns)
        flows = self._flows[self._flows["column"] >= first_column]
        for key, arcs in flows.groupby(["to_place", "period"], sort=False):
            steps = self._steps.get(key)
            if steps is None or steps.divisible.any():
                continue
            for column, mass, most in _rows(arcs, "column", "tonnes_per_unit", "most"):
                writer.write(steps, np.array([column]), np.array([mass]), steps.room(most))
        return writer.rows()

    def broken(self, point: Floats) -> csr_array:
        """Return the rows that a point of the program breaks."""
        writer = _Writer(self._n_columns)
        sent = point[self._flows["column"].to_numpy()] * self._flows["tonnes_per_unit"].to_numpy()
        flowing = self._flows[sent > FLOW_TONNES].assign(sent=sent[sent > FLOW_TONNES])
        for key, arcs in flowing.groupby(["to_place", "period"], sort=False):
            steps = self._steps.get(key)
            if steps is not None and steps.is_fractional(point):
                _write_broken(writer, steps, point[steps.columns], arcs)
        return writer.rows()


def _rows(table: pd.DataFrame, *columns: str) -> zip:  # type: ignore[type-arg]
    return zip(*(table[column] for column in columns), strict=True)


def _write_broken(writer: _Writer, steps: _Steps, state: Floats, arcs: pd.DataFrame) -> None:
    """Write the broken rows of single arcs, and the most broken one of a set of them."""
    columns, mass = arcs["column"].to_numpy(), arcs["tonnes_per_unit"].to_numpy(dtype=float)
    sent, most = arcs["sent"].to_numpy(dtype=float), arcs["most"].to_numpy(dtype=float)
    for number in range(len(columns)):
        room = steps.room(most[number])
        if sent[number] - room @ state > VIOLATION_TONNES:
            writer.write(steps, columns[[number]], mass[[number]], room)
    worst, found = VIOLATION_TONNES, None
    for slope in steps.slopes(state):
        chosen = sent > slope * most
        room = steps.room(float(most[chosen].sum()))
        violation = float(sent[chosen].sum() - room @ state)
        if chosen.sum() > 1 and violation > worst:
            worst, found = violation, (columns[chosen], mass[chosen], room)
    if found is not None:
        writer.write(steps, *found)


@dataclass(frozen=True)
class _Steps:
    """Capacities (t/yr) and columns of the modules of a site."""

    capacity: Floats
    divisible: NDArray[np.bool_]
    columns: Ints

    @classmethod
    def of(cls, modules: pd.DataFrame) -> _Steps:
        return cls(
            modules["capacity_tonnes_per_year"].to_numpy(dtype=float),
            modules["divisible"].to_numpy(dtype=bool),
            modules["column"].to_numpy(),
        )

    def is_fractional(self, point: Floats) -> bool:
        """Return whether some built module operates in part."""
        state = point[self.columns[~self.divisible]]
        return bool((np.abs(state - state.round()) > WHOLE).any())

    def room(self, collected: float) -> Floats:
        """Return the coefficient of each module where at most ``collected`` can arrive."""
        return np.where(self.divisible, self.capacity, np.minimum(self.capacity, collected))

    def slopes(self, state: Floats) -> list[float]:
        """Return what one more tonne collected adds to the open room, at every size of ``S``.

        The room is concave in what is collected, so the most broken set takes, for one of these
        slopes, every arc whose flow exceeds the slope's part of what its source collects.
        """
        built = ~self.divisible
        order = np.argsort(self.capacity[built])
        tails = state[built][order][::-1].cumsum()[::-1]
        return sorted({float(tail) for tail in tails})


class _Writer:
    def __init__(self, n_columns: int) -> None:
        self._n_columns = n_columns
        self._entries: list[tuple[Ints, Floats]] = []

    def write(self, steps: _Steps, columns: Ints, mass: Floats, room: Floats) -> None:
        self._entries.append((np.concatenate([steps.columns, columns]), np.concatenate([-room, mass])))

    def rows(self) -> csr_array:
        if not self._entries:
            return csr_array((0, self._n_columns))
        starts = np.cumsum([0, *(len(columns) for columns, _ in self._entries)])
        columns = np.concatenate([columns for columns, _ in self._entries])
        values = np.concatenate([values for _, values in self._entries])
        return csr_array((values, columns, starts), shape=(len(self._entries), self._n_columns))
