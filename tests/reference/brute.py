"""The oracle: the least cost of a small instance by trying every pattern of facilities.

Site by site, every way to open, expand, renew and close is tried; when all sites are decided, a
linear program is left. A branch is cut only where a relaxation already costs as much as the best
plan found; it lets undecided sites operate in fractions, at what operating costs at the least.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product

from netopt.accounts import Perspective
from netopt.data.instance import Instance
from netopt.policy.effects import Effects
from tests.reference.case import Case
from tests.reference.linear import Name, Terms
from tests.reference.operation import Operation
from tests.reference.patterns import Module, Pattern, least_cost_of_operating, modules_of, patterns_of


def brute_force(instance: Instance, effects: Effects, perspective: Perspective) -> float | None:
    """Return the optimum Z in CNY a year (annual equivalent, constants included).

    Parameters
    ----------
    instance, effects, perspective
        A small instance, what a policy does to it, and whose cost is minimised.

    Returns
    -------
    float or None
        None where no plan is feasible.
    """
    case = Case(instance, effects, perspective)
    search = _Search(case)
    search.decide({}, math.inf)
    return None if math.isinf(search.best) else search.best


class _Search:
    """Depth-first enumeration of one pattern per site."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.best = math.inf
        self.modules = {site: modules_of(case, site) for site in case.sites}
        self.patterns = {site: patterns_of(case, site) for site in case.sites}
        self.order = sorted(
            case.sites, key=lambda site: -max(pattern.cost for pattern in self.patterns[site])
        )
        self.surcharges = {site: self._surcharges(site) for site in case.sites}
        self.operation = Operation(case, self.modules)

    def decide(self, chosen: Mapping[str, Pattern], value: float) -> None:
        """Try every pattern of the next site on top of those chosen; ``value`` is their cost."""
        undecided = [site for site in self.order if site not in chosen]
        if not undecided:
            self.best = min(self.best, value if chosen else self._value({}))
            return
        site = undecided[0]
        branches = [{**chosen, site: pattern} for pattern in self.patterns[site]]
        values = [self._value(branch) for branch in branches]
        for index in sorted(range(len(branches)), key=values.__getitem__):
            if values[index] < self.best:
                self.decide(branches[index], values[index])

    def _surcharges(self, site: str) -> Terms:
        """Return what a tonne of load costs at least in capital and fixed cost, per module."""
        return {
            ("load", site, module.size, period.period): self.case.share_of_year(period)
            * max(0.0, least_cost_of_operating(self.case, site, module))
            / module.capacity
            for module in self.modules[site]
            if not module.divisible
            for period in self.case.periods
        }

    def _value(self, chosen: Mapping[str, Pattern]) -> float:
        """Least cost of the chosen patterns, with all else able to operate in fractions."""
        fixed = sum(pattern.cost for pattern in chosen.values())
        surcharges: Terms = {}
        for site in self.case.sites:
            if site not in chosen:
                surcharges.update(self.surcharges[site])
        least = self.operation.lp.minimum(_bounds(self.case, self.modules, chosen), surcharges)
        return math.inf if least is None else fixed + least


def _bounds(
    case: Case, modules: Mapping[str, list[Module]], chosen: Mapping[str, Pattern]
) -> dict[Name, tuple[float, float]]:
    """Return the bounds of loads and storage room; undecided sites have all they could have."""
    bounds: dict[Name, tuple[float, float]] = {}
    for site, (index, period) in product(case.sites, enumerate(case.periods)):
        pattern = chosen.get(site)
        n_built, n_in_use = 0, 0
        for module in modules[site]:
            on = pattern is None or (module.size, index) in pattern.operating
            lowest = module.minimum if on and pattern is not None else 0.0
            bounds["load", site, module.size, period.period] = (lowest, module.capacity if on else 0.0)
            n_in_use += on
            n_built += on and not module.divisible
            if module.divisible:
                bounds["operating", site, period.period] = (0.0, 1.0)
        if index == len(case.periods) - 1:
            continue
        for row in case.rows["storage"]:
            if row["facility_type"] == case.type_of(site):
                room = row["capacity_units"]
                key = (site, row["commodity"], period.period)
                bounds["room", *key] = (0.0, room if n_in_use else 0.0)
                bounds["room of built", *key] = (0.0, room if n_built else 0.0)
    return bounds
