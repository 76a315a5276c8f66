"""RELOG's own model of a file, written from its published mathematics: a second opinion on the importer.

Nothing of ``netopt`` is used. Both generations become one mixed-integer program for scipy's ``milp``; what
differs is told by ``old``: what pays the variable cost, whether a closed plant stores, whether what was
added may be given up, and whose disposal the limit of a product bounds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_array

Json = Any
Name = tuple[object, ...]


class Program:
    """Minimise costs of named variables under rows."""

    def __init__(self) -> None:
        self.constant = 0.0
        self.column: dict[Name, int] = {}
        self.cost: list[float] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[dict[Name, float], float, float]] = []

    def variable(self, name: Name, upper: float = math.inf, *, whole: bool = False) -> Name:
        self.column[name] = len(self.cost)
        self.cost.append(0.0)
        self.lower.append(0.0)
        self.upper.append(upper)
        self.whole.append(int(whole))
        return name

    def pay(self, name: Name, cost: float) -> None:
        self.cost[self.column[name]] += cost

    def row(self, terms: dict[Name, float], lower: float, upper: float) -> None:
        self.rows.append((terms, lower, upper))

    def minimum(self) -> float | None:
        matrix = lil_array((max(1, len(self.rows)), len(self.cost)))
        for number, (terms, _, _) in enumerate(self.rows):
            for name, coefficient in terms.items():
                matrix[number, self.column[name]] += coefficient
        lows = [row[1] for row in self.rows] or [-math.inf]
        highs = [row[2] for row in self.rows] or [math.inf]
        solved = milp(
            np.array(self.cost),
            integrality=np.array(self.whole),
            bounds=Bounds(np.array(self.lower), np.array(self.upper)),
            constraints=LinearConstraint(matrix.tocsr(), np.array(lows), np.array(highs)),
            options={"mip_rel_gap": 0.0},
        )
        if solved.status == 2:
            return None
        assert solved.status == 0, solved.message
        return float(solved.fun) + self.constant


def relog_total(document: Json) -> float | None:
    """Return RELOG's objective for a file of either generation, None where nothing is feasible."""
    return _Model(document).program.minimum()


def straight_km(first: Json, second: Json) -> float:
    """Return the chord through the ellipsoid, by the textbook's formula."""
    a, flattening = 6_378_137.0, 1 / 298.257223563
    eccentricity = flattening * (2 - flattening)
    points = []
    for place in (first, second):
        phi, lam = np.radians(place["latitude (deg)"]), np.radians(place["longitude (deg)"])
        n = a / np.sqrt(1 - eccentricity * np.sin(phi) ** 2)
        x, y = n * np.cos(phi) * np.cos(lam), n * np.cos(phi) * np.sin(lam)
        points.append(np.array([x, y, n * (1 - eccentricity) * np.sin(phi)]))
    return round(float(np.linalg.norm(points[0] - points[1])) / 1000, 3)


class _Model:
    def __init__(self, document: Json) -> None:
        self.document = document
        self.old = "centers" not in document
        self.years = document["parameters"]["time horizon (years)"]
        self.building = document["parameters"].get("building period (years)", [1])
        self.centres = self._old_centres() if self.old else document["centers"]
        self.plants = self._old_plants() if self.old else document["plants"]
        self.program = Program()
        self.disposed: dict[tuple[str, int], list[Name]] = defaultdict(list)
        self.given: dict[Name, list[Name]] = defaultdict(list)
        self.taken: dict[Name, list[Name]] = defaultdict(list)
        self.emitted: dict[tuple[str, int], dict[Name, float]] = defaultdict(dict)
        self._flows()
        for name in self.plants:
            self._plant(name)
        for name in self.centres:
            self._centre(name)
        self._limits()

    def series(self, value: Json, blank: float = 0.0) -> list[float]:
        values = value if isinstance(value, list) else [value] * self.years
        return [blank if each is None else float(each) for each in values]

    # --- the old format in the words of the new ---------------------------------------------

    def _old_centres(self) -> dict[str, Json]:
        found = {}
        for product, said in self.document["products"].items():
            for centre, place in said.get("initial amounts", {}).items():
                found[f"{product}@{centre}"] = {
                    **place,
                    "input": None,
                    "outputs": [product],
                    "fixed output (tonne)": {product: place["amount (tonne)"]},
                    "variable output (tonne/tonne)": {product: 0},
                    "collection cost ($/tonne)": {product: said.get("acquisition cost ($/tonne)", 0)},
                    "disposal cost ($/tonne)": {product: said.get("disposal cost ($/tonne)", 0)},
                    "disposal limit (tonne)": {product: None},
                    "operating cost ($)": 0,
                }
        return found

    def _old_plants(self) -> dict[str, Json]:
        found = {}
        for kind, said in self.document["plants"].items():
            for location, place in said["locations"].items():
                disposal, storage = place.get("disposal", {}), place.get("storage")
                sizes = sorted((float(size), terms) for size, terms in place["capacities (tonne)"].items())
                outputs = said.get("outputs (tonne/tonne)", {})
                found[f"{location}@{kind}"] = {
                    **place,
                    "input mix (%)": {said["input"]: 100},
                    "output (tonne)": outputs,
                    "processing emissions (tonne)": {},
                    "storage cost ($/tonne)": {said["input"]: storage["cost ($/tonne)"]} if storage else {},
                    "storage limit (tonne)": {said["input"]: storage["limit (tonne)"] if storage else 0},
                    "disposal cost ($/tonne)": {
                        p: disposal.get(p, {"cost ($/tonne)": 0})["cost ($/tonne)"] for p in outputs
                    },
                    "disposal limit (tonne)": {
                        p: disposal[p].get("limit (tonne)") if p in disposal else 0 for p in outputs
                    },
                    "capacities": [{"size (tonne)": size, **terms} for size, terms in sizes],
                }
        return found

    # --- variables and rows -----------------------------------------------------------------

    def _flows(self) -> None:
        places = {**self.plants, **self.centres}
        for product, said in self.document["products"].items():
            cost = self.series(said["transportation cost ($/km/tonne)"])
            givers = [p for p, each in self.plants.items() if each["output (tonne)"].get(product)]
            givers += [c for c, each in self.centres.items() if product in each["outputs"]]
            takers = [p for p, each in self.plants.items() if each["input mix (%)"].get(product)]
            takers += [c for c, each in self.centres.items() if each["input"] == product]
            for giver in givers:
                for taker in takers:
                    if giver == taker and giver in self.plants:
                        continue
                    km = straight_km(places[giver], places[taker])
                    for t in range(self.years):
                        flow = self.program.variable(("flow", giver, taker, product, t))
                        self.program.pay(flow, km * cost[t])
                        self.given[giver, product, t].append(flow)
                        self.taken[taker, product, t].append(flow)
                        emissions = said.get("transportation emissions (tonne/km/tonne)", {})
                        for gas, tonnes in emissions.items():
                            self.emitted[gas, t][flow] = km * self.series(tonnes)[t]

    def _plant(self, name: str) -> None:
        program, plant, years = self.program, self.plants[name], range(self.years)
        sizes = plant["capacities"]
        small, large = sizes[0], sizes[-1]
        low, high = small["size (tonne)"], large["size (tonne)"]
        opening, fixed = (
            (self.series(small[key]), self._slopes(small, large, key))
            for key in ("opening cost ($)", "fixed operating cost ($)")
        )
        variable = self.series(small["variable operating cost ($/tonne)"])
        standing = plant.get("initial capacity (tonne)") or 0.0
        for t in years:
            is_open = program.variable(("open", name, t), 1.0, whole=True)
            more = program.variable(("more", name, t))
            process = program.variable(("process", name, t))
            was: dict[Name, float] = {("open", name, t - 1): -1.0} if t else {}
            before = 0.0 if t else float(standing > 0)
            more_before = 0.0 if t else max(0.0, standing - low) * (standing > 0)
            program.row({is_open: 1.0, **was}, before, math.inf)
            if t + 1 not in self.building:
                program.row({is_open: 1.0, **was}, -math.inf, before)
            program.pay(is_open, opening[0][t] + fixed[0][t])
            program.pay(more, opening[1][t] + fixed[1][t])
            if t:
                program.pay(("open", name, t - 1), -opening[0][t])
                program.pay(("more", name, t - 1), -opening[1][t])
            else:
                program.constant -= opening[0][0] * before + opening[1][0] * more_before
            if self.old:
                earlier: dict[Name, float] = {("more", name, t - 1): -1.0} if t else {}
                program.row({more: 1.0, **earlier}, more_before, math.inf)
            program.row({more: 1.0, is_open: -(high - low)}, -math.inf, 0.0)
            program.row({process: 1.0, is_open: -low, more: -1.0}, -math.inf, 0.0)
            for gas, tonnes in plant.get("processing emissions (tonne)", {}).items():
                self.emitted[gas, t][process] = self.series(tonnes)[t]
            if self.old:
                program.pay(process, variable[t])
            self._inputs(name, t, variable[t])
            self._outputs(name, t)

    def _slopes(self, small: Json, large: Json, key: str) -> list[float]:
        more = large["size (tonne)"] - small["size (tonne)"]
        first, last = self.series(small[key]), self.series(large[key])
        return [(b - a) / more if more > 0 else 0.0 for a, b in zip(first, last, strict=True)]

    def _inputs(self, name: str, t: int, variable: float) -> None:
        program, plant = self.program, self.plants[name]
        for product, per_cent in plant["input mix (%)"].items():
            limit = self.series(plant["storage limit (tonne)"].get(product, 0), math.inf)[t]
            kept = program.variable(("kept", name, product, t), limit if t < self.years - 1 else 0.0)
            program.pay(kept, self.series(plant["storage cost ($/tonne)"].get(product, 0))[t])
            if self.old:
                program.row({kept: 1.0, ("open", name, t): -limit}, -math.inf, 0.0)
            balance = dict.fromkeys(self.taken[name, product, t], 1.0)
            if not self.old:
                for flow in balance:
                    program.pay(flow, variable)
            balance[kept] = -1.0
            if t:
                balance["kept", name, product, t - 1] = 1.0
            balance["process", name, t] = -per_cent / 100
            program.row(balance, 0.0, 0.0)

    def _outputs(self, name: str, t: int) -> None:
        plant = self.plants[name]
        for product, share in plant["output (tonne)"].items():
            if share:
                gone = self._dispose(name, plant, product, t, shared=not self.old)
                terms = dict.fromkeys(self.given[name, product, t], 1.0)
                self.program.row({**terms, gone: 1.0, ("process", name, t): -share}, 0.0, 0.0)

    def _dispose(self, name: str, place: Json, product: str, t: int, *, shared: bool) -> Name:
        limit = self.series(place["disposal limit (tonne)"].get(product, 0), math.inf)[t]
        gone = self.program.variable(("gone", name, product, t), limit)
        self.program.pay(gone, self.series(place["disposal cost ($/tonne)"].get(product, 0))[t])
        if shared:
            self.disposed[product, t].append(gone)
        return gone

    def _centre(self, name: str) -> None:
        program, centre = self.program, self.centres[name]
        program.constant += sum(self.series(centre["operating cost ($)"]))
        for t in range(self.years):
            if centre["input"] is not None:
                for flow in self.taken[name, centre["input"], t]:
                    program.pay(flow, -self.series(centre["revenue ($/tonne)"])[t])
            for product in centre["outputs"]:
                gone = self._dispose(name, centre, product, t, shared=True)
                terms = dict.fromkeys(self.given[name, product, t], 1.0)
                for flow in self.given[name, product, t]:
                    program.pay(flow, self.series(centre["collection cost ($/tonne)"][product])[t])
                terms[gone] = 1.0
                shares = self.series(centre["variable output (tonne/tonne)"][product])
                for lag in range(min(len(shares), t + 1)):
                    for flow in self.taken[name, centre["input"], t - lag]:
                        terms[flow] = terms.get(flow, 0.0) - shares[lag]
                amount = self.series(centre["fixed output (tonne)"][product])[t]
                program.row(terms, amount, amount)

    def _limits(self) -> None:
        for (product, t), gone in self.disposed.items():
            said = self.document["products"][product].get("disposal limit (tonne)", 0 if self.old else None)
            self.program.row(dict.fromkeys(gone, 1.0), -math.inf, self.series(said, math.inf)[t])
        for gas, said in self.document.get("emissions", {}).items():
            for t in range(self.years):
                for name, tonnes in self.emitted[gas, t].items():
                    self.program.pay(name, tonnes * self.series(said["penalty ($/tonne)"])[t])
                most = self.series(said["limit (tonne)"], math.inf)[t]
                self.program.row(self.emitted[gas, t], -math.inf, most)
