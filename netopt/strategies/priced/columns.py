"""Where the network's rows stand in its compiled form, as arrays; and arcs added to the program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, hstack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.network.network import Network
    from netopt.solution.form import StandardForm

ARC_COLUMNS: Final = [
    "from_place",
    "to_place",
    "from_kind",
    "to_kind",
    "commodity",
    "mode",
    "origin",
    "left_before",
    "left_after",
    "tonnes_per_unit",
    "period",
    "column",
]
"""What strategies ask of an arc in a period."""


@dataclass(frozen=True)
class Arcs:
    """Arcs that a network does not list, as columns of a program.

    Attributes
    ----------
    table
        ``ARC_COLUMNS``; ``column`` counts on from those of the form.
    cost
        In the form's unit.
    matrix
        Over the form's rows.
    """

    table: pd.DataFrame
    cost: NDArray[np.float64]
    matrix: csc_array

    @classmethod
    def none(cls, form: StandardForm) -> Arcs:
        """Return no arcs at all."""
        return cls(pd.DataFrame(columns=ARC_COLUMNS), np.zeros(0), csc_array((form.shape[0], 0)))

    def joined(self, more: Arcs) -> Arcs:
        """Return both, the second after the first."""
        table = (
            more.table if not len(self.table) else pd.concat([self.table, more.table], ignore_index=True)
        )
        return Arcs(
            table, np.concatenate([self.cost, more.cost]), csc_array(hstack([self.matrix, more.matrix]))
        )


@dataclass(frozen=True)
class Columns:
    """Look-ups between a network and its standard form, each made when first used."""

    network: Network
    form: StandardForm

    @cached_property
    def position(self) -> pd.Series:
        """Column number by family, id and period."""
        index = self.form.columns.as_index()
        return pd.Series(np.arange(len(index)), index=index)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """``tag, row, key`` (the constraint's index as a tuple), one row per row of the form."""
        tags = self.form.row_keys.tags()
        keys = [key[1:] for key in self.form.row_keys]
        return pd.DataFrame({"tag": tags, "row": np.arange(len(tags)), "key": keys})

    def row_numbers(self, *tags: str) -> np.ndarray:
        """Return the numbers of the rows with one of these tags."""
        return self.form.row_keys.numbers(*tags)

    def numbered(self, rows: pd.DataFrame, family: str, key: str) -> pd.DataFrame:
        """Return ``rows`` once for every period that has a column of the family, with its ``column``."""
        own = self.position.loc[family].rename("column").reset_index()
        return rows.merge(own, left_on=key, right_on="index").drop(columns="index")

    @cached_property
    def flows(self) -> pd.DataFrame:
        """The network's arcs with ``period`` and ``column``, in the order of the columns."""
        table = self.numbered(self.network.arcs, "flow", "arc")
        return table.sort_values("column", ignore_index=True)[ARC_COLUMNS]

    @cached_property
    def row_of(self) -> dict[tuple[str, ...], int]:
        """Row number by tag and index."""
        return {key: row for row, key in enumerate(self.form.row_keys)}

    @cached_property
    def modules(self) -> pd.DataFrame:
        """The network's modules with ``period`` and ``column`` of ``operating``."""
        return self.numbered(self.network.modules, "operating", "module")

    def collected(self, source: pd.Series, commodity: pd.Series, period: pd.Series) -> NDArray[np.float64]:
        """Return what sources collect of commodities in periods (t/yr), row by row."""
        tonnes = self.network.supply_tonnes - self.network.leaked_tonnes
        cells = tonnes.stack()  # noqa: PD013 - one value per cell
        keys = pd.MultiIndex.from_arrays([source + ":" + commodity, period])
        return cells.reindex(keys).to_numpy(dtype=float)

    def holds_back(self, arcs: pd.DataFrame) -> NDArray[np.bool_]:
        """Return where an arc's end may store its goods or pass them on, and not process them."""
        own = self.network.arcs
        passed_on = pd.MultiIndex.from_frame(own[["from_place", "commodity"]].drop_duplicates())
        passes = pd.MultiIndex.from_frame(arcs[["to_place", "commodity"]]).isin(passed_on)
        return passes | arcs["to_place"].isin(self.network.stores["site"]).to_numpy()
