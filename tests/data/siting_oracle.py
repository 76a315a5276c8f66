"""The least cost of a siting problem by trying every set of open sites: own mathematics, no netopt."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TwoStage:
    """As the files say it: plants I, satellites J, customers K, products L."""

    demand: Array  # K x L
    plants: Array  # I x (L + 1), the last column is the fixed cost
    first: Array  # L x I x J
    satellites: Array  # J x (L + 1)
    second: Array  # L x J x K

    @property
    def n_products(self) -> int:
        return int(self.demand.shape[1])


def random_two_stage(seed: int, n_products: int) -> TwoStage:
    """Return a small case in which capacities of products bind and sums of them do not."""
    rng = np.random.default_rng(seed)
    n_plants, n_satellites, n_customers = 2, 3, 3
    demand = rng.integers(1, 10, (n_customers, n_products)).astype(float)
    total = demand.sum(axis=0)

    def sites(n_sites: int) -> Array:
        shares = rng.uniform(0.5, 1.1, (n_sites, n_products))
        return np.column_stack([np.ceil(shares * total), rng.integers(5, 60, n_sites)]).astype(float)

    return TwoStage(
        demand,
        sites(n_plants),
        rng.integers(1, 20, (n_products, n_plants, n_satellites)).astype(float),
        sites(n_satellites),
        rng.integers(1, 20, (n_products, n_satellites, n_customers)).astype(float),
    )


def least_cost(case: TwoStage) -> float:
    """Return the optimum, inf where there is no plan."""
    best = np.inf
    for plants in itertools.product((0, 1), repeat=len(case.plants)):
        for satellites in itertools.product((0, 1), repeat=len(case.satellites)):
            fixed = case.plants[:, -1] @ plants + case.satellites[:, -1] @ satellites
            if fixed < best:
                hauls = [
                    _haul_cost(case, product, plants, satellites) for product in range(case.n_products)
                ]
                best = min(best, float(fixed + sum(hauls)))
    return best


def _haul_cost(case: TwoStage, product: int, plants: Any, satellites: Any) -> float:
    """Return the least cost of the hauls of one product through open sites."""
    n_plants, n_satellites = case.first.shape[1:]
    n_customers = len(case.demand)
    first = np.zeros((n_plants, n_satellites, n_plants * n_satellites))
    for number, (plant, satellite) in enumerate(np.ndindex(n_plants, n_satellites)):
        first[plant, satellite, number] = 1
    second = np.zeros((n_satellites, n_customers, n_satellites * n_customers))
    for number, (satellite, customer) in enumerate(np.ndindex(n_satellites, n_customers)):
        second[satellite, customer, number] = 1
    none = np.zeros
    balance = np.hstack([first.sum(axis=0), -second.sum(axis=1)])
    served = np.hstack([none((n_customers, n_plants * n_satellites)), second.sum(axis=0)])
    made = np.hstack([first.sum(axis=1), none((n_plants, n_satellites * n_customers))])
    passed = np.hstack([none((n_satellites, n_plants * n_satellites)), second.sum(axis=1)])
    found = linprog(
        np.concatenate([case.first[product].ravel(), case.second[product].ravel()]),
        A_ub=np.vstack([made, passed]),
        b_ub=np.concatenate([case.plants[:, product] * plants, case.satellites[:, product] * satellites]),
        A_eq=np.vstack([balance, served]),
        b_eq=np.concatenate([none(n_satellites), case.demand[:, product]]),
    )
    return float(found.fun) if found.status == 0 else np.inf


def least_cost_one_stage(capacity: Array, fixed: Array, demand: Array, serving: Array) -> float:
    """Return the optimum with one stage; ``serving`` (customers x sites) costs all of a demand."""
    n_sites, n_customers = len(capacity), len(demand)
    best = np.inf
    for is_open in itertools.product((0, 1), repeat=n_sites):
        shares = np.zeros((n_customers, n_customers * n_sites))
        loads = np.zeros((n_sites, n_customers * n_sites))
        for number, (customer, site) in enumerate(np.ndindex(n_customers, n_sites)):
            shares[customer, number] = 1
            loads[site, number] = demand[customer]
        found = linprog(
            serving.ravel(),
            A_ub=loads,
            b_ub=capacity * np.array(is_open),
            A_eq=shares,
            b_eq=np.ones(n_customers),
        )
        if found.status == 0:
            best = min(best, float(found.fun + fixed @ np.array(is_open)))
    return best


def lines(*groups: Any) -> str:
    """Return groups of numbers as the text of a file, a row of a group on a line."""
    rows = [row for group in groups for row in np.atleast_2d(np.asarray(group, dtype=float))]
    return "\n".join(" ".join(f"{value:.12g}" for value in row) for row in rows) + "\n"
