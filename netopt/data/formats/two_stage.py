"""Two-stage capacitated facility location: plants serve satellites, satellites serve customers.

One product (Fernandes and others 2014): ``I J K``, plants, satellites, customers; K demands; I lines
``capacity fixed_cost``; I x J unit costs plant to satellite; J lines ``capacity fixed_cost``; J x K unit
costs satellite to customer.

L products (Mauri and others 2021): ``I J K L``; K lines of L demands; I lines of L capacities and the fixed
cost; L matrices I x J; J lines of L capacities and the fixed cost; L matrices J x K.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from netopt.data.numberfile import NumberFile, Reading, open_numbers
from netopt.data.siting import MOST_UNIT_COST, SitingTables, instance_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.data.formats.foreign import Foreign

_NAMES: Final = ("number of plants", "number of satellites", "number of customers", "number of products")
_PLANT, _SATELLITE, _GATE = "plant", "satellite", "gate"

_GATES_NOTE: Final = (
    "A plant or satellite has a capacity for each product and one fixed cost. Its site has the fixed cost "
    "and the sum of its capacities; beyond a satellite stands one gate per product (P1-S3: product 1, "
    "satellite 3) with that product's capacity, from which the second haul is paid, and beside a plant a "
    "market (M4) takes of each product as much as its capacity. That is the same problem, with a weaker "
    "linear relaxation."
)


@dataclass(frozen=True)
class _Case:
    """Numbers of a file; L products first where an array has them.

    Attributes
    ----------
    demand
        L x K.
    plant_capacity, plant_fixed, satellite_capacity, satellite_fixed
        L x I, I, L x J, J.
    first, second
        Unit costs plant to satellite, L x I x J, and satellite to customer, L x J x K.
    """

    demand: NDArray[np.float64]
    plant_capacity: NDArray[np.float64]
    plant_fixed: NDArray[np.float64]
    first: NDArray[np.float64]
    satellite_capacity: NDArray[np.float64]
    satellite_fixed: NDArray[np.float64]
    second: NDArray[np.float64]


def fits_one(numbers: NumberFile) -> bool:
    """Return whether a file is a case with one product, by the numbers that its header promises."""
    return _fits(numbers, 3)


def fits_many(numbers: NumberFile) -> bool:
    """Return whether a file is a case with several products, by the numbers that its header promises."""
    return _fits(numbers, 4)


def _fits(numbers: NumberFile, n_counts: int) -> bool:
    counts = numbers.header(n_counts)
    if counts is None or numbers.line_lengths[0] != n_counts:
        return False
    return len(numbers.tokens) == _total(counts)


def _total(counts: list[int]) -> int:
    """Return how many numbers a file has in all, by those of its header."""
    n_plants, n_satellites, n_customers = counts[:3]
    n_products = counts[3] if len(counts) == 4 else 1
    n_hauls = n_plants * n_satellites + n_satellites * n_customers
    n_sites = (n_plants + n_satellites) * (n_products + 1)
    return len(counts) + n_products * (n_customers + n_hauls) + n_sites


def read_one(path: Path) -> Foreign:
    """Return a two-stage case with one product.

    Raises
    ------
    InstanceError
        With every problem of the file.
    """
    case = _read(path, 3)
    satellites, plants = _ids("S", case.satellite_fixed), _ids("P", case.plant_fixed)
    tables = SitingTables(instance_name(path.stem), f"Two-stage facility location: {path.stem}")
    tables.add_goods(["goods"], retired=True)
    tables.add_goods(["sorted", "done"], retired=False)
    tables.add_type(_SATELLITE, [("goods", "sorted")])
    tables.add_type(_PLANT, [("sorted", "done")])
    customers = _ids("C", case.demand[0])
    wanting = _add_customers(tables, customers, "goods", case.demand[0])
    tables.add_sites(satellites, _SATELLITE, case.satellite_capacity[0], case.satellite_fixed)
    tables.add_sites(plants, _PLANT, case.plant_capacity[0], case.plant_fixed)
    tables.add_outlet("done")
    tables.add_hauls([customers[k] for k in wanting], satellites, case.second[0].T[wanting])
    tables.add_hauls(satellites, plants, case.first[0].T)
    return tables.finish(_left_out(case))


def read_many(path: Path) -> Foreign:
    """Return a two-stage case with several products.

    Raises
    ------
    InstanceError
        With every problem of the file.
    """
    case = _read(path, 4)
    n_products = len(case.demand)
    satellites, plants = _ids("S", case.satellite_fixed), _ids("P", case.plant_fixed)
    products = [f"P{number}" for number in range(1, n_products + 1)]
    plants = [f"plant-{plant}" for plant in plants]
    tables = SitingTables(instance_name(path.stem), f"Two-stage facility location, products: {path.stem}")
    tables.add_goods([f"{product}-wanted" for product in products], retired=True)
    for step in ("sorted", "sent", "done"):
        tables.add_goods([f"{product}-{step}" for product in products], retired=False)
    tables.add_type(_SATELLITE, [(f"{product}-wanted", f"{product}-sorted") for product in products])
    tables.add_type(_PLANT, [(f"{product}-sent", f"{product}-done") for product in products])
    tables.add_sites(satellites, _SATELLITE, case.satellite_capacity.sum(axis=0), case.satellite_fixed)
    tables.add_sites(plants, _PLANT, case.plant_capacity.sum(axis=0), case.plant_fixed)
    for number, product in enumerate(products):
        _add_product(tables, product, number, case, satellites, plants)
    for number, plant in enumerate(plants):
        limits = zip(products, case.plant_capacity[:, number].tolist(), strict=True)
        most = {f"{product}-done": limit for product, limit in limits}
        tables.add_outlet_at(f"M{number + 1}", plant, most)
    return tables.finish([_GATES_NOTE, *_left_out(case)])


def _add_product(
    tables: SitingTables, product: str, number: int, case: _Case, satellites: list[str], plants: list[str]
) -> None:
    """Add who wants a product, its gates and its hauls."""
    gate_type = f"{_GATE}-{product}"
    gates = [f"{product}-{satellite}" for satellite in satellites]
    customers = _ids(f"{product}-C", case.demand[number])
    tables.add_type(gate_type, [(f"{product}-sorted", f"{product}-sent")])
    tables.add_sites(gates, gate_type, case.satellite_capacity[number], 0.0, divisible=True)
    wanting = _add_customers(tables, customers, f"{product}-wanted", case.demand[number])
    tables.add_hauls([customers[k] for k in wanting], satellites, case.second[number].T[wanting])
    tables.add_ties(satellites, gates)
    tables.add_hauls(gates, plants, case.first[number].T)


def _ids(prefix: str, like: NDArray[np.float64]) -> list[str]:
    return [f"{prefix}{number}" for number in range(1, len(like) + 1)]


def _add_customers(
    tables: SitingTables, customers: list[str], commodity: str, demand: NDArray[np.float64]
) -> list[int]:
    """Add customers who want something as sources; return their numbers (from 0)."""
    wanting: list[int] = np.flatnonzero(demand > 0).tolist()
    tables.add_sources([customers[k] for k in wanting], commodity, demand[wanting])
    return wanting


def _left_out(case: _Case) -> list[str]:
    n_nothing = int((case.demand == 0).sum())
    return [f"{n_nothing:,} demands of nothing were left out; they cost nothing."] if n_nothing else []


def _read(path: Path, n_counts: int) -> _Case:
    reading = Reading(open_numbers(path))
    counts = reading.counts(*_NAMES[:n_counts])
    n_plants, n_satellites, n_customers = counts[:3]
    n_products = counts[3] if n_counts == 4 else 1
    named = ("plants", "satellites", "customers", "products")
    promised = ", ".join(f"{count:,} {name}" for count, name in zip(counts, named, strict=False))
    reading.expect(_total(counts), promised)
    demand = reading.take(n_customers * n_products, "demand").reshape(n_customers, n_products).T
    plant_capacity, plant_fixed = _sites(reading, n_plants, n_products)
    first = reading.take(n_products * n_plants * n_satellites, "cost plant to satellite", MOST_UNIT_COST)
    satellite_capacity, satellite_fixed = _sites(reading, n_satellites, n_products)
    second = reading.take(
        n_products * n_satellites * n_customers, "cost satellite to customer", MOST_UNIT_COST
    )
    reading.require(bool(demand.any(axis=1).all()), "demand", "no_demand", "a product is wanted by nobody")
    reading.finish()
    return _Case(
        demand,
        plant_capacity,
        plant_fixed,
        first.reshape(n_products, n_plants, n_satellites),
        satellite_capacity,
        satellite_fixed,
        second.reshape(n_products, n_satellites, n_customers),
    )


def _sites(
    reading: Reading, n_sites: int, n_products: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take a line per site: its capacities (L x sites) and its fixed cost."""
    rows = reading.take(n_sites * (n_products + 1), "capacity or fixed cost")
    rows = rows.reshape(n_sites, n_products + 1)
    return rows[:, :n_products].T, rows[:, n_products]
