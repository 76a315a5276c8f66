"""Capacitated siting with one stage: OR-Library's warehouse location, and TBED1.

OR-Library (Beasley 1988; cap41 to cap134, capa to capc): ``m n``, then ``capacity fixed_cost`` of each of m
warehouses, then for each of n customers its demand and what it costs to serve *all* of it from each
warehouse. In capa, capb and capc the word ``capacity`` stands for a figure that the case's name ends in.

TBED1 (Avella and Boccia 2009): ``m n``; m capacities; m fixed costs; n demands; n rows of m costs of
serving all of a customer's demand. In both a customer may be served from several warehouses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from netopt.data.numberfile import NumberFile, Reading, open_numbers
from netopt.data.siting import MOST_UNIT_COST, SitingTables, instance_name
from netopt.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.data.formats.foreign import Foreign

CAPACITY_WORD: Final = "capacity"
_GOODS, _DONE, _TYPE = "goods", "done", "warehouse"


@dataclass(frozen=True)
class _Case:
    """Numbers of a file: warehouses in columns, customers in rows; ``serving`` costs all of a demand."""

    capacity: NDArray[np.float64]
    fixed: NDArray[np.float64]
    demand: NDArray[np.float64]
    serving: NDArray[np.float64]


def fits_cap(numbers: NumberFile) -> bool:
    """Return whether a file is laid out as OR-Library's: each warehouse on a line of its own."""
    counts = numbers.header(2)
    if counts is None or not _has_all(numbers, counts):
        return False
    return numbers.line_lengths[1 : 1 + counts[0]] == [2] * counts[0]


def fits_tbed1(numbers: NumberFile) -> bool:
    """Return whether a file is laid out as TBED1: a line each of capacities, fixed costs and demands."""
    counts = numbers.header(2)
    if counts is None or not _has_all(numbers, counts):
        return False
    n_sites, n_customers = counts
    return numbers.line_lengths[1:4] == [n_sites, n_sites, n_customers]


def _has_all(numbers: NumberFile, counts: list[int]) -> bool:
    return len(numbers.tokens) == _total(*counts) and numbers.line_lengths[0] == 2


def _total(n_sites: int, n_customers: int) -> int:
    return 2 + 2 * n_sites + n_customers * (1 + n_sites)


def read_cap(path: Path, capacity: float | None = None) -> Foreign:
    """Return a case of OR-Library's capacitated warehouse location.

    Parameters
    ----------
    path
        The file.
    capacity
        What the word ``capacity`` in the file stands for; otherwise the number that the file's name ends
        in, as in capb-5000.txt.

    Raises
    ------
    InstanceError
        With every problem of the file.
    UsageError
        Where the file has the word and nobody says what it stands for, or the other way round.
    """
    numbers = open_numbers(path)
    has_word = any(token.casefold() == CAPACITY_WORD for token in numbers.tokens)
    said = _capacity(path, capacity, has_word=has_word)
    reading = Reading(numbers, {} if said is None else {CAPACITY_WORD: said})
    n_sites, n_customers = _sizes(reading)
    sites = reading.take(2 * n_sites, "capacity or fixed cost").reshape(n_sites, 2)
    first = reading.place
    blocks = reading.take(n_customers * (1 + n_sites), "demand or cost")
    blocks = blocks.reshape(n_customers, 1 + n_sites)
    case = _Case(sites[:, 0], sites[:, 1], blocks[:, 0], blocks[:, 1:])
    _check_customers(reading, case, first + np.arange(n_customers) * (1 + n_sites))
    reading.finish()
    stem = path.stem if not has_word or _number_in(path) is not None else f"{path.stem}-{said:g}"
    notes = [] if said is None else [f"The word '{CAPACITY_WORD}' in the file stands for {said:g}."]
    return _foreign(case, stem, "OR-Library capacitated warehouse location", notes)


def read_tbed1(path: Path) -> Foreign:
    """Return a case of TBED1.

    Raises
    ------
    InstanceError
        With every problem of the file.
    """
    reading = Reading(open_numbers(path))
    n_sites, n_customers = _sizes(reading)
    capacity = reading.take(n_sites, "capacity")
    fixed = reading.take(n_sites, "fixed cost")
    first = reading.place
    demand = reading.take(n_customers, "demand")
    serving = reading.take(n_customers * n_sites, "cost").reshape(n_customers, n_sites)
    case = _Case(capacity, fixed, demand, serving)
    _check_customers(reading, case, first + np.arange(n_customers))
    reading.finish()
    return _foreign(case, path.stem, "TBED1 capacitated facility location", [])


def _sizes(reading: Reading) -> tuple[int, int]:
    n_sites, n_customers = reading.counts("number of warehouses", "number of customers")
    promised = f"{n_sites:,} warehouses and {n_customers:,} customers"
    reading.expect(_total(n_sites, n_customers), promised)
    return n_sites, n_customers


def _number_in(path: Path) -> float | None:
    found = re.search(r"-([0-9]{1,9})$", path.stem)
    return float(found[1]) if found else None


def _capacity(path: Path, capacity: float | None, *, has_word: bool) -> float | None:
    """Return what the word stands for, None where the file does not have it."""
    if not has_word:
        if capacity is not None:
            raise UsageError(f"{path.name} states a capacity for every warehouse: leave --capacity out")
        return None
    said = capacity if capacity is not None else _number_in(path)
    if said is None:
        raise UsageError(
            f"{path.name} says '{CAPACITY_WORD}' where a figure must stand: add --capacity N, "
            "for example 5000, 6000, 7000 or 8000 for capb"
        )
    if not 0 < said < float("inf"):
        raise UsageError(f"--capacity must be a number above zero, not {said:g}")
    return said


def _check_customers(reading: Reading, case: _Case, places: NDArray[np.int64]) -> None:
    """Note what costs per tonne cannot say: ``places`` are those of the demands in the file."""
    if not reading.is_sound:
        return
    reading.require(bool(case.demand.any()), "demand", "no_demand", "no customer wants anything")
    dearest = case.serving.max(axis=1)
    for place in places[(case.demand > 0) & (dearest > MOST_UNIT_COST * case.demand)].tolist():
        message = f"a unit for this customer costs more than {MOST_UNIT_COST:,.0f}"
        hint = "count costs in a larger unit"
        reading.refuse("demand", int(place), 0.0, "maximum", message, hint)
    wrong = (case.demand == 0) & (dearest > 0)
    for place in places[wrong].tolist():
        message = "a customer who wants nothing costs something to serve, which a cost per unit cannot say"
        hint = "give it a demand, or make its costs 0"
        reading.refuse("demand", int(place), 0.0, "cost_without_demand", message, hint)


def _foreign(case: _Case, stem: str, title: str, notes: list[str]) -> Foreign:
    wants = case.demand > 0
    if not wants.all():
        notes = [*notes, f"{int((~wants).sum()):,} customers want nothing and were left out."]
    customers = [f"C{number}" for number in np.flatnonzero(wants) + 1]
    sites = [f"W{number}" for number in range(1, len(case.capacity) + 1)]
    tables = SitingTables(instance_name(stem), f"{title}: {stem}")
    tables.add_goods([_GOODS], retired=True)
    tables.add_goods([_DONE], retired=False)
    tables.add_sources(customers, _GOODS, case.demand[wants])
    tables.add_type(_TYPE, [(_GOODS, _DONE)])
    tables.add_sites(sites, _TYPE, case.capacity, case.fixed)
    tables.add_outlet(_DONE)
    tables.add_hauls(customers, sites, case.serving[wants] / case.demand[wants, None])
    return tables.finish(notes)
