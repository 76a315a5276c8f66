"""Every way in which the capacity steps of one site can open, expand, renew and close."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product

from tests.reference.case import Case

EXISTING = "existing"


@dataclass(frozen=True)
class Module:
    """A capacity step at a site; money in CNY (a year, or per tonne for the variable cost)."""

    size: str
    capacity: float
    minimum: float
    variable_cost: float
    fixed: float
    capital: float
    divisible: bool = False


@dataclass(frozen=True)
class History:
    """What one module does: ``start`` is None where it is never built (or stands already)."""

    action: str
    start: int | None
    operating: tuple[bool, ...]


@dataclass(frozen=True)
class Pattern:
    """Who operates when at one site (size, period index), and what that alone costs.

    ``whole`` are the periods in which divisible existing capacity must operate as a whole for the site
    to be open, as a rule forces it to be. What share of it operates otherwise, and what that costs, are
    left to the linear program.
    """

    operating: frozenset[tuple[str, int]]
    whole: frozenset[int]
    cost: float


def modules_of(case: Case, site: str) -> list[Module]:
    """Return the modules of a site: what stands, and every size that may be built."""
    row = case.sites[site]
    found = []
    standing = row["existing_capacity_tonnes_per_year"] * row["effective_share"]
    fixed, divisible = row["existing_fixed_cny_per_year"], row["existing_divisible"]
    if standing > 0:
        found.append(Module(EXISTING, standing, 0.0, 0.0, fixed, 0.0, divisible))
    for size in case.rows["sizes"]:
        if size["facility_type"] == row["facility_type"]:
            capacity = size["capacity_tonnes_per_year"]
            found.append(
                Module(
                    size["size"],
                    capacity,
                    capacity * size["minimum_utilisation"],
                    size["variable_cny_per_tonne"],
                    size["fixed_cny_per_year"],
                    size["capital_cny"],
                )
            )
    return found


def patterns_of(case: Case, site: str) -> list[Pattern]:
    """Return the cheapest pattern of a site for each set of operating modules and periods."""
    modules = modules_of(case, site)
    cheapest: dict[tuple[frozenset[tuple[str, int]], frozenset[int]], float] = {}
    for histories in product(*(_histories(case, site, module) for module in modules)):
        if not _may_be(modules, histories):
            continue
        costs = [_cost(case, site, *pair) for pair in zip(modules, histories, strict=True)]
        operating = frozenset(
            (module.size, index)
            for module, history in zip(modules, histories, strict=True)
            for index, on in enumerate(history.operating)
            if on
        )
        whole = _forced_whole(case, site, modules, operating)
        if whole is None:
            continue
        key = (operating, whole)
        cheapest[key] = min(sum(costs), cheapest.get(key, math.inf))
    return [Pattern(*key, cost) for key, cost in cheapest.items() if math.isfinite(cost)]


def _forced_whole(
    case: Case, site: str, modules: list[Module], operating: frozenset[tuple[str, int]]
) -> frozenset[int] | None:
    """Periods in which divisible capacity must be whole for a site to be open; None: not as forced."""
    whole = set()
    parts = {module.size for module in modules if module.divisible}
    for index, period in enumerate(case.periods):
        built = [size for size, when in operating if when == index and size not in parts]
        if case.must_be(site, "closed", period) and built:
            return None
        if case.must_be(site, "open", period) and not built:
            if not parts:
                return None
            whole.add(index)
    return frozenset(whole)


def _histories(case: Case, site: str, module: Module) -> Iterator[History]:
    n_periods = len(case.periods)
    if module.divisible:
        yield History("stands", None, (True,) * n_periods)
        return
    if module.size == EXISTING:
        for end in range(n_periods + 1):
            yield History("stands", None, tuple(index < end for index in range(n_periods)))
        return
    yield History("absent", None, (False,) * n_periods)
    if not case.sites[site]["may_build"]:
        return
    for start in range(n_periods):
        if case.forbidden(site, "open", case.periods[start]):
            continue
        for end in range(start + 1, n_periods + 1):
            operating = tuple(start <= index < end for index in range(n_periods))
            yield History("opened", start, operating)
            yield History("expanded", start, operating)


def _may_be(modules: list[Module], histories: tuple[History, ...]) -> bool:
    """Whether the histories of one site's modules keep ``open_once`` and ``expansion`` together.

    Only what operates can be expanded; divisible capacity stands for many plants, some of which may
    operate however little, so there anything can be added at any time.
    """
    stands = any(history.action == "stands" for history in histories)
    if sum(history.action == "opened" for history in histories) > (0 if stands else 1):
        return False
    many = any(module.divisible for module in modules)
    for start in (history.start for history in histories if history.action == "expanded"):
        operated = any(history.operating[start - 1] for history in histories) if start else stands
        if not operated and not many:
            return False
    return True


def _cost(case: Case, site: str, module: Module, history: History) -> float:
    """Capital and fixed cost, annual equivalent in CNY a year; infinite where life cannot last."""
    if module.divisible:
        return 0.0
    yearly = running_cost(case, site, module)
    on = [period for period, state in zip(case.periods, history.operating, strict=True) if state]
    running = sum(yearly * case.share_of_year(period) for period in on)
    if history.start is None:
        return running
    last = max(index for index, state in enumerate(history.operating) if state)
    annuity = _annuity(case, site, module)
    return running + _capital_cost(case, case.type_of(site), annuity, history.start, last)


def least_cost_of_operating(case: Case, site: str, module: Module) -> float:
    """CNY a year that a module costs at least in every year in which it operates."""
    return running_cost(case, site, module) + _annuity(case, site, module)


def running_cost(case: Case, site: str, module: Module) -> float:
    """CNY a year of an operating module: fixed cost and what levers charge."""
    kind = case.type_of(site)
    cost = case.paid("fixed", module.fixed * case.factor(case.jurisdiction(site), kind, "fixed"))
    for charge in case.effects.facility_charges:
        if not charge.facility_types or kind in charge.facility_types:
            cost += case.paid(charge.category, charge.cny_per_year)
    return cost


def _annuity(case: Case, site: str, module: Module) -> float:
    kind, rate = case.type_of(site), case.settings.capital.wacc
    life = case.types[kind]["life_years"]
    share = 1 / life if rate == 0 else rate / (1 - (1 + rate) ** -life)
    capital = module.capital * case.factor(case.jurisdiction(site), kind, "capital")
    given = sum(
        case.counted(transfer.category, transfer.payer, transfer.payee, transfer.share * capital * share)
        for transfer in case.effects.capital_transfers
        if (not transfer.facility_types or kind in transfer.facility_types)
        and (not transfer.jurisdictions or case.jurisdiction(site) in transfer.jurisdictions)
    )
    return case.paid("capital", capital * share) + given


def _capital_cost(case: Case, kind: str, annuity: float, start: int, last: int) -> float:
    """Cheapest payments that keep a module alive from its start to its last period."""
    later = range(start + 1, last + 1)
    renewals = chain.from_iterable(combinations(later, n) for n in range(len(later) + 1))
    return min(
        (
            sum(_payments(case, kind, annuity, index) for index in (start, *chosen))
            for chosen in renewals
            if _outlasts(case, kind, (start, *chosen), last)
        ),
        default=math.inf,
    )


def _outlasts(case: Case, kind: str, bought: tuple[int, ...], last: int) -> bool:
    """Whether every period up to the last is covered by the life of something bought before."""
    life = case.types[kind]["life_years"]
    for index in range(bought[0], last + 1):
        end = case.periods[index].start_year + case.periods[index].length_years
        if not any(case.periods[b].start_year + life >= end for b in bought if b <= index):
            return False
    return True


def _payments(case: Case, kind: str, annuity: float, index: int) -> float:
    """Annuities of one purchase until its life or the horizon ends, annual equivalent."""
    start = case.periods[index].start_year
    paid_years = range(start, min(start + case.types[kind]["life_years"], case.horizon_end))
    return annuity * sum(case.discount(year) for year in paid_years) / case.total_weight
