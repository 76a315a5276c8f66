"""A plan over few sites, where the whole program has none to begin with.

A national network lists the ways to the nearest sites. Where capacity stands everywhere these are
plants; on a green field they are candidates, and whoever opens few of them leaves most places without a
way to any. Among few sites the nearest ones are in reach of all, and the program is small:

1. of each facility type and jurisdiction, the site that the relaxation uses most, and whatever stands or
   is kept open by a rule; all that it uses where these are too few;
2. slope scaling, and branch and bound over what it gathers, give a first plan;
3. over all sites that the relaxation uses, one facility type after the other is planned anew with all
   others as they are.

All of it says where to look. The bound is that of the relaxation over every conceivable arc.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.backends import highs
from netopt.data.digest import digest
from netopt.formulation.build import STRENGTHENING
from netopt.formulation.compile import standard_form
from netopt.network.build import build_network
from netopt.strategies.priced.search import search_settings
from netopt.strategies.priced.slopes import NOTHING, gathered, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from netopt.accounts import Perspective
    from netopt.backends.result import BackendResult
    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions

    Floats = NDArray[np.float64]
    Begin = Callable[["FewSites", float, SolveOptions], BackendResult | None]

FIRST_SHARE: Final = 0.3
"""Share of the time that the first plan may take."""

TURN_S: Final = 15.0
"""Seconds for one facility type, and as many for each of several that are planned together."""


@dataclass(frozen=True)
class FewSites:
    """The program among few sites.

    Attributes
    ----------
    network
        Of an instance that has these sites only.
    form
        Without strengthening equations, which slow the search for a plan.
    """

    network: Network
    form: StandardForm

    def flows(self, point: Floats) -> pd.DataFrame:
        """Return the ends of what a point ships: ``from_place, to_place``."""
        shipped = self.form.columns.key[self.form.columns.are("flow") & (point > NOTHING)]
        arcs = self.network.arcs
        return arcs.loc[arcs["arc"].isin(shipped), ["from_place", "to_place"]]

    def point_of(self, other: FewSites, point: Floats) -> Floats:
        """Return the point of a program among some of these sites as one of this program."""
        known = dict(zip(other.form.columns, point, strict=True))
        return np.array([known.get(name, 0.0) for name in self.form.columns])

    def facility_types(self) -> NDArray[np.str_]:
        """Return the facility type of each column that is a whole decision about a module, else ""."""
        types = self.network.instance["sites"].set_index("site")["facility_type"]
        return np.array(["" if site == "" else types[site] for site in self.sites()])

    def sites(self) -> NDArray[np.str_]:
        """Return the site of each column that is a whole decision about a module, else ""."""
        modules = self.network.modules
        of_module = dict(zip(modules["module"], modules["site"], strict=True))
        pairs = zip(self.form.columns.key, self.form.is_integer, strict=True)
        return np.array([of_module.get(key, "") if is_whole else "" for key, is_whole in pairs])


@dataclass(frozen=True)
class Effort:
    """How long and how hard plans are looked for.

    Attributes
    ----------
    worth
        Searches end where they could gain less (the form's unit of cost).
    until_s
        ``time.monotonic()`` at which to end.
    options
        Threads, seed; ``stop`` ends it too.
    """

    worth: float
    until_s: float
    options: SolveOptions

    @property
    def left_s(self) -> float:
        """Seconds that are left."""
        return self.until_s - time.monotonic()


def plan_at_few_sites(
    network: Network,
    perspective: Perspective,
    use: pd.Series,
    effort: Effort,
    known: tuple[FewSites, Floats] | None = None,
    begin: Begin | None = None,
) -> Iterator[tuple[FewSites, BackendResult]]:
    """Yield plans, each cheaper than the one before.

    Parameters
    ----------
    network
        With a scope, and nothing held.
    perspective
        Whose cost is minimised.
    use
        Index site: the greatest state of its modules in the relaxation (0 to 1); 0 may be missing.
    effort
        For all searches together.
    known
        A plan to better, of a program among few sites; None: the first is looked for too.
    begin
        Looks for the first plan until a time; None, or where it finds none: slope scaling and branch and
        bound do.
    """
    use = use[use > NOTHING]
    if known is None:
        end_s = effort.until_s - (1.0 - FIRST_SHARE) * effort.left_s
        for chosen in (_most_used(network.instance, use), set(use.index)):
            few = among(network, perspective, chosen)
            begun = None if begin is None else begin(few, end_s, effort.options)
            result = begun or _first(few, replace(effort, until_s=end_s))
            if result.point is not None:
                break
        if result.point is None:
            return
        yield few, result
        known = few, result.point
    few, point = known
    chosen = set(use.index) | set(few.network.instance["sites"]["site"])
    more = among(network, perspective, chosen, few.flows(point))
    start = more.point_of(few, point)
    for found in _type_by_type(more, start, effort):
        yield more, found


def _most_used(instance: Instance, use: pd.Series) -> set[str]:
    """Return the most used site of each facility type and jurisdiction."""
    sites = instance["sites"].merge(instance["locations"][["location", "jurisdiction"]], on="location")
    used = sites[sites["site"].isin(use.index)].assign(use=lambda rows: rows["site"].map(use).astype(float))
    most = used.sort_values(["use", "site"], ascending=[False, True], kind="stable")
    return set(most.drop_duplicates(["facility_type", "jurisdiction"])["site"])


def among(
    network: Network, perspective: Perspective, chosen: set[str], flows: pd.DataFrame | None = None
) -> FewSites:
    """Return the program of a network among chosen sites, and those that stand or must be open.

    ``flows`` (``from_place, to_place``) are listed too, however long they are.
    """
    instance = network.instance
    sites = instance["sites"]
    standing = set(network.modules.loc[network.modules["stands"], "site"])
    forced = {rule.site for rule in network.effects.forced_sites}
    kept = sites[sites["site"].isin(chosen | standing | forced)].reset_index(drop=True)
    tables = {**instance.tables, "sites": kept}
    smaller = replace(instance, tables=tables, digest=digest(instance.settings, tables))
    scope = network.scope
    if scope is not None and flows is not None:
        scope = scope.with_flows(smaller, flows)
    own = build_network(smaller, network.effects, scope=scope)
    return FewSites(own, standard_form(own, perspective, without=STRENGTHENING))


def _first(few: FewSites, effort: Effort) -> BackendResult:
    """Return a plan that buys what slope scaling gathers, or else any."""
    options, form = effort.options, few.form
    point = gathered(form, effort.until_s, options)
    if point is not None:
        bought = np.where(form.is_integer, np.minimum(form.upper, whole(point)), form.upper)
        result = solved(replace(form, upper=bought), effort.left_s, options, mip_abs_gap=effort.worth)
        if result.point is not None:
            return result
    return solved(form, effort.left_s, options, mip_max_improving_sols=1)


def _type_by_type(few: FewSites, start: Floats, effort: Effort) -> Iterator[BackendResult]:
    """Yield better plans than ``start``, each with other modules of a facility type or two."""
    types = few.facility_types()
    worth, options = effort.worth, effort.options
    singles = [(name,) for name in sorted(set(types) - {""})]
    point, value = start, few.form.objective(start)
    is_better = True
    while is_better:
        is_better = False
        for chosen in (*singles, *combinations(sorted(set(types) - {""}), 2)):
            remaining_s = min(effort.left_s, TURN_S * len(chosen))
            if remaining_s <= 0 or options.stop.is_set():
                return
            rest = held(few.form, point, ~np.isin(types, ["", *chosen]))
            result = solved(rest, remaining_s, options, start=point, mip_abs_gap=worth)
            if (
                result.point is not None
                and result.objective is not None
                and result.objective < value - worth
            ):
                point, value, is_better = result.point, result.objective, True
                yield result


def held(form: StandardForm, point: Floats, columns: NDArray[np.bool_]) -> StandardForm:
    """Return the form with some whole decisions (flags by column) as they are at a point."""
    value = np.round(point)
    lower = np.where(columns, value, form.lower)
    return replace(form, lower=lower, upper=np.where(columns, value, form.upper))


def solved(
    form: StandardForm,
    time_limit_s: float,
    options: SolveOptions,
    *,
    start: Floats | None = None,
    **settings: float,
) -> BackendResult:
    """Return what a search finds in a form within a time limit; ``settings`` are the solver's."""
    wanted = search_settings(options, time_limit_s) | settings
    return highs.solve_form(form, wanted, start=start, stop=options.stop)
