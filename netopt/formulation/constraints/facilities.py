"""Facilities: capacity, opening, expansion, closing and replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo

from netopt.formulation.reach import reachable_tonnes

if TYPE_CHECKING:
    from netopt.formulation.sets import Facts


def module_load(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``sum(throughput at a site) = sum(load of its modules)`` (t/yr).

    Twin: tag ``module_load``. Without it plants process without capacity.
    """
    sites = sorted(facts.activities_at)

    def rule(m: Any, site: str, period: str) -> Any:
        processed = pyo.quicksum(m.throughput[a, period] for a in facts.activities_at[site])
        load = pyo.quicksum(m.loads[module, period] for module in facts.modules_at.get(site, []))
        return processed - load == 0

    model.module_load = pyo.Constraint(sites, model.PERIODS, rule=rule)


def capacity_limit(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``load <= min(capacity, mass that can reach the site) * operating`` (t/yr).

    The smaller of the two is valid and tighter than capacity alone. Twin: tag
    ``capacity_limit``. Without it a small plant swallows the nation's batteries.
    """
    reach = reachable_tonnes(facts)
    site_of = facts.network.modules.set_index("module")["site"].to_dict()

    def rule(m: Any, module: str, period: str) -> Any:
        usable = facts.module[module]["capacity_tonnes_per_year"]
        if not facts.module[module]["divisible"]:
            usable = min(usable, reach[period].get(site_of[module], 0.0))
        return m.loads[module, period] - usable * m.operating[module, period] <= 0

    model.capacity_limit = pyo.Constraint(model.MODULES, model.PERIODS, rule=rule)


def minimum_throughput(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``load >= minimum_utilisation * capacity * operating`` (t/yr).

    Twin: tag ``minimum_throughput``. Without it a plant idles below its technical minimum.
    """
    demanding = [module for module, row in facts.module.items() if row["minimum_utilisation"] > 0]

    def rule(m: Any, module: str, period: str) -> Any:
        row = facts.module[module]
        least = row["minimum_utilisation"] * row["capacity_tonnes_per_year"]
        return m.loads[module, period] - least * m.operating[module, period] >= 0

    model.minimum_throughput = pyo.Constraint(demanding, model.PERIODS, rule=rule)


def open_once(model: pyo.ConcreteModel, facts: Facts) -> None:
    """A site opens once, with one size, and only where nothing stands; each size is built once.

    ``sum(opened at site) <= 1`` (0 where capacity stands) and ``sum(opened + expanded of module)
    <= 1``, over all periods; of an expansion no more operates than there can be. Twin: tag
    ``open_once``. Without it one site holds two plants.
    """
    standing = {module for module, row in facts.module.items() if row["stands"]}
    built = set(facts.built_modules)
    sites = sorted(site for site, modules in facts.modules_at.items() if built & set(modules))

    def site_rule(m: Any, site: str) -> Any:
        modules = facts.modules_at[site]
        openings = pyo.quicksum(m.opened[k, t] for k in modules if k in built for t in facts.periods)
        return openings <= (0 if standing & set(modules) else 1)

    def module_rule(m: Any, module: str) -> Any:
        return pyo.quicksum(m.opened[module, t] + m.expanded[module, t] for t in facts.periods) <= 1

    model.open_once = pyo.Constraint(sites, rule=site_rule)
    model.build_once = pyo.Constraint(facts.steps, rule=module_rule)


def expansion(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``expanded <= sum(operating at the site a period before)`` per module: only plants expand.

    What may be added in any amount (expansions.csv) may be added as a site opens: ``operating <=
    sum(operating of the site's other modules)``. Before the first period, what stands operates. Where
    divisible capacity stands there is no such row: any share of it that is kept will do, and a share may
    be as small as one likes. Twin: tag ``expansion``. Without it a plant is built in pieces without ever
    opening.
    """
    added = set(facts.expansions)
    built = set(facts.built_modules)
    beside = {
        module: [other for other in modules if other not in added]
        for modules in facts.modules_at.values()
        if not any(facts.module[module]["divisible"] for module in modules if module not in added)
        for module in modules
        if module in built
    }

    def rule(m: Any, module: str, period: str) -> Any:
        if module in added:
            opened = pyo.quicksum(m.operating[other, period] for other in beside[module])
            return m.operating[module, period] - opened <= 0
        return m.expanded[module, period] - _operating_before(m, facts, beside[module], period) <= 0

    model.expansion = pyo.Constraint(sorted(beside), model.PERIODS, rule=rule)


def stay_open(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``operating[t] = operating[t-1] + opened + expanded - closed``.

    Twin: tag ``stay_open``. Without it plants come and go without being paid for.
    """
    built = set(facts.built_modules)

    def rule(m: Any, module: str, period: str) -> Any:
        before = _operating_before(m, facts, [module], period)
        added = m.opened[module, period] + m.expanded[module, period] if module in built else 0.0
        return m.operating[module, period] - before - added + m.closed[module, period] == 0

    model.stay_open = pyo.Constraint(model.MODULES, model.PERIODS, rule=rule)


def closing(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``closed[t] <= operating[t-1]``: only what operated can close.

    Twin: tag ``closing``. Without it a module could be bought and scrapped at once.
    """

    def rule(m: Any, module: str, period: str) -> Any:
        return m.closed[module, period] - _operating_before(m, facts, [module], period) <= 0

    model.closing = pyo.Constraint(model.MODULES, model.PERIODS, rule=rule)


def replacement(model: pyo.ConcreteModel, facts: Facts) -> None:
    """``operating[t] <= sum(opened + expanded + renewed)`` over investments whose life covers t.

    An investment at the start of a period covers a period whose end it outlives; expansions outlast
    the horizon. Twin: tag ``replacement``. Without it plants outlive their capital for free.
    """
    periods = facts.network.instance.settings.horizon.periods

    def covers(life_years: float, bought: int, used: int) -> bool:
        end = periods[used].start_year + periods[used].length_years
        return bought <= used and periods[bought].start_year + life_years >= end

    def rule(m: Any, module: str, period: str) -> Any:
        used = facts.periods.index(period)
        life = facts.module[module]["life_years"]
        bought = pyo.quicksum(
            m.opened[module, t] + m.expanded[module, t] + m.renewed[module, t]
            for number, t in enumerate(facts.periods)
            if covers(life, number, used)
        )
        return m.operating[module, period] - bought <= 0

    model.replacement = pyo.Constraint(facts.steps, model.PERIODS, rule=rule)


def _operating_before(m: Any, facts: Facts, modules: list[str], period: str) -> Any:
    before = facts.before(period)
    if before is None:
        return sum(facts.module[module]["standing_share"] for module in modules)
    return pyo.quicksum(m.operating[module, before] for module in modules)
