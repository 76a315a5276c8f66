"""Capacity said twice: once as it is, once with room for anything, so that it can be lifted.

Lifted, a capacity row must not let closed plants work: the second row, tag ``room``, does not let
them, and is never lifted.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array, vstack

from netopt.formulation.reach import reachable_tonnes
from netopt.formulation.sets import Facts
from netopt.solution.names import Joined

if TYPE_CHECKING:
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm

ROOM: Final = 2.0
"""A lifted capacity is at least this many times the most that can ever be in the place, and what
is stated."""

TAGS: Final = ("capacity_limit", "storage_limit")
"""Rows in which capacity is multiplied by what operates."""


def with_room(form: StandardForm, network: Network) -> StandardForm:
    """Return the form with true capacities, and each of their rows once more with room for anything.

    ``capacity_limit`` holds the smaller of capacity and what can reach the site; here it holds the
    capacity.

    Parameters
    ----------
    form
        Compiled from the model of ``network``.
    """
    rooms = Rooms(network)
    capacity = network.modules.set_index("module")["capacity_tonnes_per_year"].astype(float).to_dict()
    rows = form.row_keys.numbers(*TAGS)
    operates = form.columns.are("operating")
    matrix = csr_array(form.matrix)
    spare = csr_array(matrix[rows, :])
    for copy, number in enumerate(rows):
        tag, *index = form.row_keys[number]
        for store, position in ((matrix, number), (spare, copy)):
            cells = np.arange(store.indptr[position], store.indptr[position + 1])
            cells = cells[operates[store.indices[cells]]]
            if tag == "capacity_limit":
                store.data[cells] = -capacity[index[0]]
            if store is spare:
                stated = float(np.abs(store.data[cells]).max(initial=0.0))
                store.data[cells] = -ROOM * max(stated, rooms.most(tag, index))
    return replace(
        form,
        matrix=csc_array(vstack([matrix, spare])),
        row_lower=np.concatenate([form.row_lower, form.row_lower[rows]]),
        row_upper=np.concatenate([form.row_upper, form.row_upper[rows]]),
        rows=Joined(form.rows, (f"room {form.rows[number]}" for number in rows)),
        row_keys=form.row_keys.followed_by(("room", *form.row_keys[number]) for number in rows),
    )


class Rooms:
    """The most that can be in a place, whatever is built and allowed.

    Parameters
    ----------
    network
        Its supply bounds what any place can see.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        facts = Facts(network)
        self._reach = pd.DataFrame(reachable_tonnes(facts), index=facts.sites, columns=facts.periods)
        self._site_of = dict(zip(network.modules["module"], network.modules["site"], strict=True))

    def most(self, tag: str, index: list[str]) -> float:
        """Return the most that a row of ``TAGS`` can hold: t a year, or units in store."""
        if tag == "storage_limit":
            _site, commodity, _period = index
            mass = self._network.instance["commodities"].set_index("commodity")["tonnes_per_unit"]
            return self._ever_tonnes / float(mass[commodity])
        module, period = index
        return min(float(self._reach[period][self._site_of[module]]), self._ever_tonnes)

    @cached_property
    def _ever_tonnes(self) -> float:
        """All that ever retires, as often as recipes could process it, if it came in one year."""
        years = self._network.instance.period_years()
        retired = sum(float(self._network.supply_tonnes[name].sum()) * n for name, n in years.items())
        return retired * len(self._network.instance["recipes"])
