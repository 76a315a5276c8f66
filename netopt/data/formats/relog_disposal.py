"""Disposal in a RELOG case: at one place, or under a limit that several places share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from netopt.data.formats.relog_case import Case, Disposal, Series, is_constant, least
from netopt.data.formats.relog_tables import ANY_TONNES, INSIDE, Tables, dispose_category, negative


@dataclass
class Disposals:
    """Adds places of disposal.

    Where several places share a finite limit, each is a site that turns the product into what one market
    takes up to that limit; elsewhere each has a market of its own.
    """

    case: Case
    tables: Tables
    _shared: dict[str, str] = field(default_factory=dict)

    def at_centre(self, centre: str, location: str, product: str, raw: str, disposal: Disposal) -> None:
        """Let a centre dispose of a product that it has as ``raw``."""
        name = f"{centre}: disposal of {product}"
        if self.is_pooled(product, disposal):
            self._pooled_site(name, location, product, raw, disposal)
            return
        gone = self.tables.commodity(f"{product} disposed of at {centre}", INSIDE)
        site = self.tables.site(name, location, standing=ANY_TONNES)
        self.tables.recipe(site, name, {raw: 1.0}, {gone: 1.0}, (0.0,) * self.case.years)
        self._market(name, "", gone, disposal.cost, self._limit(product, disposal))

    def at_plant(
        self, plant: str, location: str, where: tuple[float, float], product: str, disposal: Disposal
    ) -> None:
        """Let a plant dispose of a product, at a location beside it that no other place reaches."""
        name = f"{plant}: disposal of {product}"
        beside = self.tables.location(name, *where)
        self.tables.way(location, beside, 0.0)
        if self.is_pooled(product, disposal):
            self._pooled_site(name, beside, product, product, disposal)
            return
        self._market(name, beside, product, disposal.cost, self._limit(product, disposal))

    def is_pooled(self, product: str, disposal: Disposal) -> bool:
        """Return whether a finite limit is shared by several places that may dispose of the product."""
        limit = self.case.products[product].disposal_limit
        return (
            disposal.is_shared
            and disposal.most > 0
            and any(map(math.isfinite, limit))
            and len(self._sharers(product)) > 1
        )

    def _sharers(self, product: str) -> list[Disposal]:
        of_centres = [
            output.disposal
            for centre in self.case.centres
            for output in centre.outputs
            if output.product == product and output.disposal is not None
        ]
        of_plants = [plant.disposals[product] for plant in self.case.plants if product in plant.disposals]
        return [each for each in (*of_centres, *of_plants) if each.is_shared and each.most > 0]

    def _limit(self, product: str, disposal: Disposal) -> Series:
        if not disposal.is_shared:
            return disposal.limit
        return least(disposal.limit, self.case.products[product].disposal_limit)

    def _market(self, name: str, location: str, commodity: str, cost: Series, limit: Series) -> None:
        self.tables.market(name, location, commodity, dispose_category(cost), negative(cost), limit)

    def _pooled_site(self, name: str, location: str, product: str, taken: str, disposal: Disposal) -> None:
        """Add a site that disposes of a product at its own cost, into the market that all share."""
        limit = self.case.products[product].disposal_limit
        if least(disposal.limit, limit) == limit:
            most = ANY_TONNES
        elif is_constant(disposal.limit):
            most = disposal.limit[0]
        else:
            disposal.said.refuse(
                "changes",
                f"the limit changes with the years below the one that all places share for {product}; in "
                "netopt a place of disposal with such a limit is as large in every period",
                "give the same limit for all years, or null",
            )
            most = ANY_TONNES
        if product not in self._shared:
            gone = self.tables.commodity(f"{product} disposed of", INSIDE)
            self._shared[product] = gone
            self._market(f"Disposal of {product}", "", gone, (0.0,) * self.case.years, limit)
        site = self.tables.site(name, location, standing=most)
        self.tables.recipe(site, name, {taken: 1.0}, {self._shared[product]: 1.0}, disposal.cost)
