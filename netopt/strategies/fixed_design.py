"""Why an earlier design cannot be operated: what may not be built, or how much capacity it lacks.

With all whole decisions fixed a linear program is exact, so "at least" is proven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import SolverError
from netopt.formulation.build import STRENGTHENING
from netopt.formulation.compile import standard_form
from netopt.network.held import barred_openings
from netopt.policy.in_force import periods_in_force
from netopt.strategies.slack import with_slacks
from netopt.units import FLOW_TOLERANCE_TONNES, INTEGRALITY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netopt.data.design import Design
    from netopt.network.network import Network
    from netopt.solution.options import SolveOptions

_ELSEWHERE: Final = 1e-4
"""What a missing tonne weighs more where the design operates nothing: of equals, what operates is named."""

_SIGN_OF_TAG: Final = {"module_load": -1.0, "minimum_throughput": 1.0}
"""Rows that may give, and the sign of what they give: load beyond capacity, load below the minimum."""

_LISTED: Final = 5


def explain_fixed(network: Network, policy: str, design: Design, options: SolveOptions) -> str:
    """Return in words why no plan exists on a design that is kept.

    Parameters
    ----------
    network
        Held to the design.
    policy
        Its name.
    options
        Threads and seed.

    Raises
    ------
    SolverError
        Where by the linear program a plan exists after all.
    """
    opening = (
        f"{network.instance.name} under {policy} {design}: no plan exists. The design is fixed: what is "
        "opened, expanded, closed and renewed, and the share of divisible plants that is kept, is as in "
        "that run; only tonnes may be re-routed."
    )
    if barred := barred_openings(network.held, network.may_build):
        return "\n".join([opening, _barred_words(network, barred)])
    if broken := _broken_controls(network):
        return "\n".join([opening, *broken])
    gives = shortages(network, options)
    if gives is None:
        return (
            f"{opening}\nMore capacity at its sites would not help: the policy's rules, limits of markets, "
            "the emission cap or missing arcs stand in the way."
        )
    if gives.empty:
        raise SolverError(f"{opening} Yet nothing of it falls short: the solver contradicts itself.")
    return "\n".join([opening, *_gives_words(network, gives)])


def shortages(network: Network, options: SolveOptions) -> pd.DataFrame | None:
    """Return the least by which capacity or load of a design falls short for a plan to exist.

    Returns
    -------
    pandas.DataFrame or None
        ``tag`` (``module_load``: capacity is missing; ``minimum_throughput``: load is), ``site``,
        ``period``, ``tonnes_per_year`` (their sum is the least possible); None where no amount of
        either would do.
    """
    form = standard_form(network, Perspective.SOCIAL, without=STRENGTHENING)
    rows = form.row_keys.numbers(*_SIGN_OF_TAG)
    keys = pd.DataFrame([form.row_keys[number] for number in rows], columns=["tag", "place", "period"])
    site_of = network.modules.set_index("module")["site"]
    keys["site"] = keys["place"].map(site_of).fillna(keys["place"])
    operates = keys["site"].isin(_operating_sites(network))
    elastic = with_slacks(
        form,
        rows,
        keys["tag"].map(_SIGN_OF_TAG).to_numpy(dtype=float),
        np.where(operates, 1.0, 1.0 + _ELSEWHERE),
    )
    settings = {"threads": options.threads, "random_seed": options.seed, "time_limit": options.time_limit_s}
    result = highs.solve_form(elastic, settings, relaxed=True, stop=options.stop)
    if result.status is not BackendStatus.OPTIMAL or result.point is None:
        return None
    keys["tonnes_per_year"] = result.point[form.shape[1] :]
    found = keys[keys["tonnes_per_year"] > FLOW_TOLERANCE_TONNES]
    return found[["tag", "site", "period", "tonnes_per_year"]].reset_index(drop=True)


def _operating_sites(network: Network) -> set[str]:
    held = network.held
    modules = held.loc[(held["family"] == "operating") & (held["upper"] > 0), "index"]
    return set(network.modules.loc[network.modules["module"].isin(modules), "site"])


def _barred_words(network: Network, barred: list[tuple[str, str]]) -> str:
    site_of = network.modules.set_index("module")["site"]
    named = [f"{_named(network, site_of[module])} in {period}" for module, period in barred]
    levers = sorted({rule.lever for rule in network.effects.forbidden_operators if rule.action == "open"})
    return f"It builds what {', '.join(levers)} does not let be built: {'; '.join(_some(named))}."


def _broken_controls(network: Network) -> list[str]:
    """Return what rules on sites and their number ask for that a design does not do."""
    shares = _shares(network)
    return [*_broken_choices(network, shares), *_broken_counts(network, shares)]


def _broken_choices(network: Network, shares: pd.DataFrame) -> Iterator[str]:
    for rule in network.effects.forced_sites:
        periods = periods_in_force(rule, network.instance)
        here = shares[shares["site"] == rule.site].groupby("period")["share"].sum()
        here = here.reindex(periods, fill_value=0.0)
        must_open = rule.state == "open"
        wrong = here < 1 - INTEGRALITY_TOLERANCE if must_open else here > INTEGRALITY_TOLERANCE
        if wrong.any():
            does = "does not operate it as a whole" if must_open else "operates it"
            named, when = _named(network, rule.site), ", ".join(here.index[wrong])
            yield f"{rule.lever} asks for {named} to be {rule.state} in {when}; the design {does}."


def _broken_counts(network: Network, shares: pd.DataFrame) -> Iterator[str]:
    counted = network.counted_sites
    for rule, bound, n_sites in network.site_counts.itertuples(index=False, name=None):
        here = shares[shares["site"].isin(counted.loc[counted["rule"] == rule, "site"])]
        for period in network.periods:
            by_site = here[here["period"] == period].groupby("site")["share"]
            if bound == "minimum":
                share = by_site.sum()
                sites = share.index[share >= 1 - INTEGRALITY_TOLERANCE].tolist()
                is_broken = len(sites) < n_sites
            else:
                share = by_site.max()
                sites = share.index[share > INTEGRALITY_TOLERANCE].tolist()
                is_broken = len(sites) > n_sites
            if is_broken:
                named = f": {', '.join(_some(sites))}" if sites else ""
                yield f"{rule}: the design operates {len(sites)} such sites in {period}{named}."


def _shares(network: Network) -> pd.DataFrame:
    """Return what share of each module a design operates: ``site, period, share``."""
    operating = network.held[network.held["family"] == "operating"]
    site_of = network.modules.set_index("module")["site"]
    table = operating.assign(site=operating["index"].map(site_of), share=operating["lower"])
    return table[["site", "period", "share"]]


def _gives_words(network: Network, gives: pd.DataFrame) -> list[str]:
    said = {
        "module_load": "Its capacity falls short by at least {} t a year",
        "minimum_throughput": "Its plants fall short of their minimum load by at least {} t a year",
    }
    lines = []
    for (tag, period), rows in gives.groupby(["tag", "period"], sort=True):
        heading = said[str(tag)].format(f"{rows['tonnes_per_year'].sum():,.0f}")
        ordered = rows.sort_values(["tonnes_per_year", "site"], ascending=[False, True])
        places = [
            f"{tonnes:,.0f} t at {_named(network, site)}"
            for site, tonnes in zip(ordered["site"], ordered["tonnes_per_year"], strict=True)
        ]
        lines.append(f"{heading} in {period}; with so much more a plan exists: {', '.join(_some(places))}.")
    return lines


def _named(network: Network, site: str) -> str:
    row = network.instance["sites"].set_index("site").loc[site]
    return f"{row['name']} ({site}, {row['facility_type']})"


def _some(texts: list[str]) -> list[str]:
    more = len(texts) - _LISTED
    return [*texts[:_LISTED], *([f"and {more} more"] if more > 0 else [])]
