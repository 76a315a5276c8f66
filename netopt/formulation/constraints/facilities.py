"""Facilities: capacity, opening, expansion, closing and replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netopt.formulation.model import words
from netopt.formulation.reach import reachable_tonnes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.formulation.model import Model
    from netopt.formulation.sets import Facts, Numbers


def module_load(model: Model, facts: Facts) -> None:
    """``sum(throughput at a site) = sum(load of its modules)`` (t/yr).

    Twin: tag ``module_load``. Without it plants process without capacity.
    """
    sites, activity_at = np.unique(facts.site_of_activity, return_inverse=True)
    modules = facts.modules_at(sites)
    rows = model.state("module_load", words(facts.sites)[sites])
    rows.add(activity_at, model["throughput"].columns())
    rows.add(modules.entry, model["loads"].columns(modules.member), -1.0)
    rows.equal(0.0)


def capacity_limit(model: Model, facts: Facts) -> None:
    """``load <= min(capacity, mass that can reach the site) * operating`` (t/yr).

    The smaller of the two is valid and tighter than capacity alone. Twin: tag
    ``capacity_limit``. Without it a small plant swallows the nation's batteries.
    """
    capacity = facts.of_module("capacity_tonnes_per_year")[:, None]
    reach = reachable_tonnes(facts)[facts.site_of_module]
    usable = np.where(facts.divisible[:, None], capacity, np.minimum(capacity, reach))
    rows = model.state("capacity_limit", words(facts.modules))
    rows.add(None, model["loads"].columns())
    rows.add(None, model["operating"].columns(), -usable)
    rows.at_most(0.0)


def minimum_throughput(model: Model, facts: Facts) -> None:
    """``load >= minimum_utilisation * capacity * operating`` (t/yr).

    Twin: tag ``minimum_throughput``. Without it a plant idles below its technical minimum.
    """
    least = facts.of_module("minimum_utilisation") * facts.of_module("capacity_tonnes_per_year")
    demanding = np.flatnonzero(facts.of_module("minimum_utilisation") > 0)
    rows = model.state("minimum_throughput", words(facts.modules)[demanding])
    rows.add(None, model["loads"].columns(demanding))
    rows.add(None, model["operating"].columns(demanding), -least[demanding])
    rows.at_least(0.0)


def open_once(model: Model, facts: Facts) -> None:
    """A site opens once, with one size, and only where nothing stands; each size is built once.

    ``sum(opened at site) <= 1`` (0 where capacity stands) and ``sum(opened + expanded of module)
    <= 1``, over all periods; of an expansion no more operates than there can be. Twin: tag
    ``open_once``. Without it one site holds two plants.
    """
    sites, site_of_built = np.unique(facts.site_of_module[facts.built], return_inverse=True)
    stands_there = np.isin(sites, facts.site_of_module[facts.stands])
    site = model.state("open_once", words(facts.sites)[sites], by_period=False)
    site.add(site_of_built, model["opened"].columns())
    site.at_most(np.where(stands_there, 0.0, 1.0))
    steps = np.flatnonzero(facts.steps)
    module = model.state("build_once", words(facts.modules)[steps], by_period=False)
    built = [model[family].columns(facts.built_number[steps]) for family in ("opened", "expanded")]
    module.add(None, np.concatenate(built, axis=1))
    module.at_most(1.0)


def expansion(model: Model, facts: Facts) -> None:
    """``expanded <= sum(operating at the site a period before)`` per module: only plants expand.

    What may be added in any amount (expansions.csv) may be added as a site opens: ``operating <=
    sum(operating of the site's other modules)``. Before the first period, what stands operates. Where
    divisible capacity stands there is no such row: any share of it that is kept will do, and a share may
    be as small as one likes. Twin: tag ``expansion``. Without it a plant is built in pieces without ever
    opening.
    """
    stands_divisible = np.isin(facts.site_of_module, facts.site_of_module[facts.stands & facts.divisible])
    modules = _by_name(facts, np.flatnonzero(facts.built & ~stands_divisible))
    is_added = facts.expansions[modules]
    beside = facts.modules_at(facts.site_of_module[modules], ~facts.expansions)
    is_beside_added = is_added[beside.entry]
    rows = model.state("expansion", words(facts.modules)[modules])
    added, steps = np.flatnonzero(is_added), np.flatnonzero(~is_added)
    rows.add(added, model["operating"].columns(modules[added]))
    rows.add(steps, model["expanded"].columns(facts.built_number[modules[steps]]))
    operating = model["operating"]
    for at, columns in ((is_beside_added, operating.columns), (~is_beside_added, operating.columns_before)):
        rows.add(beside.entry[at], columns(beside.member[at]), -1.0)
    standing = np.bincount(
        beside.entry, facts.of_module("standing_share")[beside.member], minlength=len(modules)
    )
    rows.at_most(_before_first(model, np.where(is_added, 0.0, standing)))


def stay_open(model: Model, facts: Facts) -> None:
    """``operating[t] = operating[t-1] + opened + expanded - closed``.

    Twin: tag ``stay_open``. Without it plants come and go without being paid for.
    """
    built = np.flatnonzero(facts.built)
    rows = model.state("stay_open", words(facts.modules))
    rows.add(None, model["operating"].columns())
    rows.add(None, model["operating"].columns_before(), -1.0)
    rows.add(built, model["opened"].columns(), -1.0)
    rows.add(built, model["expanded"].columns(), -1.0)
    rows.add(None, model["closed"].columns())
    rows.equal(_before_first(model, facts.of_module("standing_share")))


def closing(model: Model, facts: Facts) -> None:
    """``closed[t] <= operating[t-1]``: only what operated can close.

    Twin: tag ``closing``. Without it a module could be bought and scrapped at once.
    """
    rows = model.state("closing", words(facts.modules))
    rows.add(None, model["closed"].columns())
    rows.add(None, model["operating"].columns_before(), -1.0)
    rows.at_most(_before_first(model, facts.of_module("standing_share")))


def replacement(model: Model, facts: Facts) -> None:
    """``operating[t] <= sum(opened + expanded + renewed)`` over investments whose life covers t.

    An investment at the start of a period covers a period whose end it outlives; expansions outlast
    the horizon. Twin: tag ``replacement``. Without it plants outlive their capital for free.
    """
    steps = np.flatnonzero(facts.steps)
    rows = model.state("replacement", words(facts.modules)[steps])
    rows.add(None, model["operating"].columns(steps))
    covers = _covers(facts, facts.of_module("life_years")[steps])
    for bought in range(len(model.periods)):
        for family in ("opened", "expanded", "renewed"):
            columns = model[family].columns(facts.built_number[steps])[:, [bought]]
            rows.add(None, columns, -covers[:, bought, :])
    rows.at_most(0.0)


def _covers(facts: Facts, life_years: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 where an investment covers a period, else 0: modules x period bought x period used."""
    periods = facts.network.instance.settings.horizon.periods
    start = np.array([period.start_year for period in periods], dtype=float)
    outlived = start[None, :, None] + life_years[:, None, None] >= (start + facts.years)[None, None, :]
    is_later = np.triu(np.ones((len(periods), len(periods)), dtype=bool))
    return (outlived & is_later).astype(float)


def _before_first(model: Model, standing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what operates before the first period as the sides of its rows, 0 in those of all others."""
    sides = np.zeros((len(standing), len(model.periods)))
    sides[:, 0] = standing
    return sides


def _by_name(facts: Facts, modules: Numbers) -> Numbers:
    """Return numbers of modules in the order of their ids."""
    return modules[np.argsort(words(facts.modules)[modules], kind="stable")]
