"""Why given flows cannot have been: which sites would hold too much, and which flows do not follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array, vstack

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.formulation.build import STRENGTHENING
from netopt.formulation.compile import standard_form
from netopt.solution.names import Joined
from netopt.strategies.slack import with_slacks

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions

_DEVIATION_WEIGHT: Final = 100.0
"""What a tonne weighs by which a flow differs from what is given; one beyond capacity weighs 1."""

_DUST_TONNES: Final = 1e-4

_NAME: Final = ["family", "index", "period"]


@dataclass(frozen=True)
class Misfit:
    """The least by which given flows miss what the instance allows.

    Attributes
    ----------
    beyond
        ``site, period, tonnes_per_year``: throughput beyond all capacity that can be there.
    astray
        ``index`` (arc), ``period, given, follows``: flows that cannot be as given (units a year).
    """

    beyond: pd.DataFrame
    astray: pd.DataFrame


def misfit(network: Network, options: SolveOptions) -> Misfit | None:
    """Return where flows that are held cannot be; None where no flows at all would do.

    Parameters
    ----------
    network
        Held to the flows (``netopt.network.given.only_given``).
    options
        Threads, seed and time limit.
    """
    held = network.held[network.held["family"] == "flow"].reset_index(drop=True)
    free = replace(network, held=network.held[network.held["family"] != "flow"])
    form = standard_form(free, Perspective.SOCIAL, without=STRENGTHENING)
    mass = held["index"].map(network.arcs.set_index("arc")["tonnes_per_unit"]).to_numpy(dtype=float)
    whole = _with_rows(form, held)
    loads = form.row_keys.numbers("module_load")
    new = form.shape[0] + np.arange(len(held))
    elastic = with_slacks(
        whole,
        np.concatenate([loads, new, new]),
        np.concatenate([-np.ones(len(loads)), -np.ones(len(held)), np.ones(len(held))]),
        np.concatenate([np.ones(len(loads)), _DEVIATION_WEIGHT * mass, _DEVIATION_WEIGHT * mass]),
    )
    settings = {"threads": options.threads, "random_seed": options.seed, "time_limit": options.time_limit_s}
    result = highs.solve_form(elastic, settings, stop=options.stop)
    if result.point is None:
        return None
    slack = result.point[form.shape[1] :]
    keys = [form.row_keys[number] for number in loads]
    beyond = pd.DataFrame(keys, columns=["tag", "site", "period"]).assign(
        tonnes_per_year=slack[: len(loads)]
    )
    above, below = slack[len(loads) :].reshape(2, -1)
    middle = (held["lower"] + held["upper"]) / 2
    astray = held.assign(given=middle, follows=middle + above - below)
    is_astray = (above + below) * mass > _DUST_TONNES
    columns = ["site", "period", "tonnes_per_year"]
    return Misfit(
        beyond.loc[beyond["tonnes_per_year"] > _DUST_TONNES, columns].reset_index(drop=True),
        astray.loc[is_astray, ["index", "period", "given", "follows"]].reset_index(drop=True),
    )


def explain_misfit(
    network: Network, policy: str, given: pd.DataFrame, file: str, options: SolveOptions
) -> str:
    """Return in words, row by row, which given flows cannot have been.

    Parameters
    ----------
    network
        Held to the flows.
    policy, file
        Names.
    given
        As ``netopt.network.given.match_flows`` returned it.
    options
        Threads, seed and time limit.
    """
    opening = f"{file} cannot have been in {network.instance.name} under {policy}:"
    found = misfit(network, options)
    if found is None:
        return f"{opening}\n  the policy's rules or the emission cap cannot be kept whatever was shipped."
    if found.beyond.empty and found.astray.empty:
        return f"{opening}\n  its rows miss each other by rounding alone; --tolerance 1e-5 lets them."
    names = network.instance["sites"].set_index("site")["name"]
    lines = [_beyond_line(row, names, given) for row in found.beyond.to_dict("records")]
    lines += [_astray_line(row, given) for row in found.astray.to_dict("records")]
    return "\n".join([opening, *(f"  {line}" for line in lines)])


def _beyond_line(row: dict[Hashable, Any], names: pd.Series, given: pd.DataFrame) -> str:
    into = given[(given["to_place"] == row["site"]) & (given["period"] == row["period"])]
    return (
        f"{_rows_words(into['line'])}: {names[row['site']]} ({row['site']}) would process "
        f"{row['tonnes_per_year']:,.1f} t more in {row['period']} than what stands and may be built there"
    )


def _astray_line(row: dict[Hashable, Any], given: pd.DataFrame) -> str:
    at = given[(given["arc"] == row["index"]) & (given["period"] == row["period"])].iloc[0]
    return (
        f"{_rows_words([at['line']])}: {at['from_place']} > {at['to_place']}, {at['commodity']}, "
        f"{at['period']}: {row['given']:,.1f} given, {row['follows']:,.1f} would follow from the other "
        "rows, the recipes and the limits of markets"
    )


def _rows_words(lines: Iterable[int]) -> str:
    numbers = sorted(lines)
    if not numbers:
        return "what follows from the rows"
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _with_rows(form: StandardForm, held: pd.DataFrame) -> StandardForm:
    """Return the form with one row for each held flow, instead of bounds on it."""
    flows = pd.MultiIndex.from_frame(held[["index", "period"]].assign(family="flow")[_NAME])
    at = form.columns.as_index().get_indexer(flows)
    entries = coo_array((np.ones(len(held)), (np.arange(len(held)), at)), shape=(len(held), form.shape[1]))
    names = tuple(f"given_flow({key}_{period})" for key, period in held[["index", "period"]].to_numpy())
    return replace(
        form,
        matrix=csc_array(vstack([form.matrix, entries])),
        row_lower=np.concatenate([form.row_lower, held["lower"].to_numpy(dtype=float)]),
        row_upper=np.concatenate([form.row_upper, held["upper"].to_numpy(dtype=float)]),
        rows=Joined(form.rows, names),
    )
