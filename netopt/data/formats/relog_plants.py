"""Plants of a RELOG case: sizes and what lies between them, processes, stores, disposal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from netopt.data.checks import SHARE_TOLERANCE
from netopt.data.formats.relog_case import Capacity, Case, Plant, Series, is_constant
from netopt.data.formats.relog_disposal import Disposals
from netopt.data.formats.relog_gases import Gases
from netopt.data.formats.relog_tables import ANY_TONNES, INSIDE, Tables

_LEAST_TONNES = 1e-6
"""A capacity that the format takes for none: RELOG's smallest size may be 0 (t/yr)."""


@dataclass
class Plants:
    """Adds plants; ``gives`` and ``takes`` list the locations of each product."""

    case: Case
    tables: Tables
    gases: Gases
    disposals: Disposals
    gives: dict[str, set[str]]
    takes: dict[str, set[str]]

    def add_all(self, where: dict[str, tuple[float, float]]) -> None:
        """Add every plant, and note in ``where`` the coordinates (deg) of its location."""
        for plant in self.case.plants:
            self._refuse_what_cannot_be(plant)
            location = self.tables.location(plant.name, plant.latitude, plant.longitude)
            where[location] = (plant.latitude, plant.longitude)
            if plant.largest.size <= 0 and plant.standing <= 0:
                self.tables.notes.append(f"{plant.name} has no capacity in the file, so it is left out.")
                continue
            self._add(plant, location)

    def _refuse_what_cannot_be(self, plant: Plant) -> None:
        mass = sum(plant.outputs.values())
        if mass > 1 + SHARE_TOLERANCE:
            plant.yields.refuse(
                "mass", f"{mass:.10g} t come out of a tonne, and in netopt no process makes mass"
            )
        if plant.standing > plant.largest.size:
            plant.said.at("initial capacity (tonne)").refuse(
                "initial_capacity",
                f"{plant.standing:g} t stand, and the largest size has {plant.largest.size:g} t",
            )
        for key, first, last in (
            ("opening cost ($)", plant.smallest.opening, plant.largest.opening),
            ("fixed operating cost ($)", plant.smallest.fixed, plant.largest.fixed),
        ):
            if any(small > large for small, large in zip(first, last, strict=True)):
                plant.largest.said.at(key).refuse(
                    "slope", "the larger size costs less than the smaller, and in netopt more costs no less"
                )

    def _add(self, plant: Plant, location: str) -> None:
        if 0 < plant.standing < plant.smallest.size:
            self.tables.notes.append(
                f"{plant.name}: {plant.standing:g} t stand, less than the smallest size; as in RELOG, all "
                f"of its {plant.smallest.size:g} t do."
            )
        standing = max(plant.smallest.size, _LEAST_TONNES) if plant.standing > 0 else 0.0
        fixed = _between(plant, standing)[1] if standing else (0.0,) * self.case.years
        site = self.tables.site(plant.name, location, standing=standing, fixed=fixed[0], may_build=True)
        self.tables.costs("sites", site, "existing_fixed_cny_per_year", fixed)
        self._add_sizes(plant, site, standing)
        inputs, cost = (
            self._add_gate(plant, location) if self._needs_gate(plant) else (plant.mix, plant.variable)
        )
        if inputs is plant.mix:
            self._add_stores(plant, site, {product: product for product in plant.mix})
        emitted = self.gases.price_of(plant.emissions)
        total = tuple(a + b for a, b in zip(cost, emitted, strict=True))
        emission_kg = self.gases.kg_of(plant.emissions)
        self.tables.recipe(site, plant.name, inputs, plant.outputs, total, emission_kg)
        for product in plant.mix:
            self.takes[product].add(location)
        for product in plant.outputs:
            self.gives[product].add(location)
            if product in plant.disposals:
                where = (plant.latitude, plant.longitude)
                self.disposals.at_plant(plant.name, location, where, product, plant.disposals[product])

    def _add_sizes(self, plant: Plant, site: str, standing: float) -> None:
        """Add the smallest size, where nothing stands, and an expansion for all up to the largest.

        In the new format capacity may be given up again, at what a tonne of it costs then.
        """
        tables, begin = self.tables, standing
        if not standing:
            begin = max(plant.smallest.size, _LEAST_TONNES)
            opening, fixed = _between(plant, begin)
            row = f"{site}/smallest"
            capital = tables.costs("sizes", row, "capital_cny", opening)
            yearly = tables.costs("sizes", row, "fixed_cny_per_year", fixed)
            tables.add("sizes", site, "smallest", begin, capital, yearly, 0.0, 0.0)
        more = plant.largest.size - begin
        if more >= _LEAST_TONNES:
            opening, fixed = _slopes(plant)
            row = f"{site}/more"
            capital = tables.costs("expansions", row, "capital_cny_per_tonne", opening)
            yearly = tables.costs("expansions", row, "fixed_cny_per_tonne", fixed)
            there = max(0.0, plant.standing - begin) if standing else 0.0
            resale = 1.0 if plant.may_shrink else None
            tables.add("expansions", site, "more", more, capital, yearly, there, resale)

    def _needs_gate(self, plant: Plant) -> bool:
        """Return whether goods must be received, and perhaps kept, apart from the plant.

        They must where the cost of receiving them changes while they are kept, and where they are kept
        before the plant opens.
        """
        before_opening = plant.keeps_closed and plant.standing <= 0
        changing = plant.paid_on_receipt and not is_constant(plant.variable)
        return bool(plant.stores) and (changing or before_opening)

    def _add_gate(self, plant: Plant, location: str) -> tuple[dict[str, float], Series]:
        """Add a site that receives and keeps goods; return the plant's inputs, and their cost there."""
        nothing = (0.0,) * self.case.years
        gate = self.tables.site(f"{plant.name}: reception", location, standing=ANY_TONNES)
        received = {
            product: self.tables.commodity(f"{product} received at {plant.name}", INSIDE)
            for product in plant.mix
        }
        on_receipt = plant.variable if plant.paid_on_receipt else nothing
        for product, here in received.items():
            name = f"{plant.name}: {product} received"
            self.tables.recipe(gate, name, {product: 1.0}, {here: 1.0}, on_receipt)
        self._add_stores(plant, gate, received)
        inputs = {received[product]: share for product, share in plant.mix.items()}
        return inputs, nothing if plant.paid_on_receipt else plant.variable

    def _add_stores(self, plant: Plant, site: str, kept_as: dict[str, str]) -> None:
        for product, store in plant.stores.items():
            most = store.limit if math.isfinite(store.limit) else ANY_TONNES
            row = f"{site}/{kept_as[product]}"
            cost = self.tables.costs("storage", row, "cost_cny_per_unit_year", store.cost)
            self.tables.add("storage", site, kept_as[product], most, cost)


def _slopes(plant: Plant) -> tuple[Series, Series]:
    """Return what a tonne a year between the sizes costs to add, and to keep a year."""
    small, large = plant.smallest, plant.largest
    more = large.size - small.size
    if more <= 0:
        nothing = (0.0,) * len(small.opening)
        return nothing, nothing
    return _slope(small.opening, large.opening, more), _slope(small.fixed, large.fixed, more)


def _slope(first: Series, last: Series, more: float) -> Series:
    return tuple((b - a) / more for a, b in zip(first, last, strict=True))


def _between(plant: Plant, tonnes: float) -> tuple[Series, Series]:
    """Return what a plant of a capacity between the sizes costs to open, and to keep open a year."""
    small: Capacity = plant.smallest
    opening, fixed = _slopes(plant)
    above = max(0.0, tonnes - small.size)
    return (
        tuple(a + b * above for a, b in zip(small.opening, opening, strict=True)),
        tuple(a + b * above for a, b in zip(small.fixed, fixed, strict=True)),
    )
