"""Where a plan exists: what binds it, and what one more tonne costs where.

Prices are duals of the linear program of **operations with the sites fixed**: what is opened, added,
closed and renewed stays as it is, tonnes may be re-routed (and divisible plants may run in part). They
hold for a change that is small enough, and say nothing of what another design would do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import SolverError
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.strategies.explaining.statements import TOUCH, Kind
from netopt.units import INTEGRALITY_TOLERANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.backends.result import BackendResult
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions
    from netopt.solution.tables import Answer
    from netopt.strategies.explaining.statements import StatedForm

DESIGN: Final = ("opened", "expanded", "closed", "renewed", "operating")
"""Decisions that are fixed, where they are whole."""

CHEAP_CNY_PER_TONNE: Final = 0.005
"""Prices below half a fen are solver noise."""

_ALWAYS_TIGHT: Final = (Kind.SUPPLY, Kind.FORMAL_SHARE)


@dataclass(frozen=True)
class Margins:
    """What binds a plan and what the next tonne costs, operations only.

    Attributes
    ----------
    binding
        ``statement, where, period, limit, saves_cny_per_unit``: statements without slack. ``limit``
        is the bound in the row's unit a year; ``saves_cny_per_unit`` what one more unit of room would
        save (CNY of the period per unit of the statement, t or t CO2e; 0: nothing at the margin).
    next_tonne
        ``source, commodity, period, cny_per_tonne``: what one more formally collected tonne costs
        there (CNY of the period; negative: it earns).
    cost_cny_per_year
        Annual equivalent of the fixed design operated best, in the perspective of the form.
    """

    binding: pd.DataFrame
    next_tonne: pd.DataFrame
    cost_cny_per_year: float


def margins(stated: StatedForm, network: Network, plan: Answer, options: SolveOptions) -> Margins:
    """Return what binds a plan with its sites fixed, and its prices at the margin.

    Parameters
    ----------
    stated
        Model and statements, with the objective in the plan's perspective.
    network
        The wide network that it was made from.
    plan
        Its tables of facilities and flows say what is decided.
    options
        Threads, seed and time limit.

    Raises
    ------
    SolverError
        Where the design cannot be operated under the statements.
    """
    form = _fixed(stated.holding(stated.names), network, plan)
    settings = {
        "threads": options.threads,
        "random_seed": options.seed,
        "time_limit": options.time_limit_s,
    }
    result = highs.solve_form(form, settings, relaxed=True)
    if result.status is BackendStatus.INTERRUPTED:
        raise KeyboardInterrupt
    if result.status is not BackendStatus.OPTIMAL or result.objective is None:
        raise SolverError(f"the design cannot be operated under its own statements ({result.status})")
    return Margins(
        _binding(stated, network, result),
        _next_tonne(stated, network, result),
        result.objective * OBJECTIVE_UNIT_CNY,
    )


def _fixed(form: StandardForm, network: Network, plan: Answer) -> StandardForm:
    """Return the form with every whole decision of the design at its value in the plan."""
    facilities = plan.facilities
    module = facilities["site"] + "/" + facilities["size"]
    decided = {
        (family, key, period)
        for family in DESIGN
        for key, period, yes in zip(module, facilities["period"], facilities[family], strict=True)
        if yes
    }
    decided |= _counted(network, facilities) | _assigned(network, plan.flows)
    value = np.array([tuple(name) in decided for name in form.columns], dtype=float)
    lower = np.where(form.is_integer, value, form.lower)
    upper = np.where(form.is_integer, value, form.upper)
    return replace(form, lower=lower, upper=upper)


def _counted(network: Network, facilities: pd.DataFrame) -> set[tuple[str, str, str]]:
    """Return which sites the plan uses at all, and which as a whole (``in_use``, ``whole``)."""
    built = network.modules.set_index("module")["capacity_tonnes_per_year"]
    nominal = (facilities["site"] + "/" + facilities["size"]).map(built)
    share = (facilities["capacity_tonnes_per_year"] / nominal).where(facilities["operating"], 0.0)
    by_site = share.groupby([facilities["site"], facilities["period"]])
    used, whole = by_site.max(), by_site.sum()
    return {
        *(("in_use", *place) for place in used.index[used > INTEGRALITY_TOLERANCE]),
        *(("whole", *place) for place in whole.index[whole >= 1.0 - INTEGRALITY_TOLERANCE]),
    }


def _assigned(network: Network, flows: pd.DataFrame) -> set[tuple[str, str, str]]:
    """Return the assignments that the plan's flows follow."""
    rows = network.supplies.merge(
        flows, left_on=["source", "commodity"], right_on=["from_place", "commodity"]
    )
    names = rows["supply"] + ">" + rows["to_place"]
    return {("assigned", *pair) for pair in zip(names, rows["period"], strict=True)}


def _per_rate(network: Network, periods: pd.Series) -> pd.Series:
    """Return what turns a dual into CNY of the period: the objective is an annual equivalent."""
    total = sum(network.period_weights.values())
    return OBJECTIVE_UNIT_CNY * total / periods.map(network.period_weights).astype(float)


def _binding(stated: StatedForm, network: Network, result: BackendResult) -> pd.DataFrame:
    point, row_duals, column_duals = _arrays(result)
    limits = stated.limits
    index = limits["index"].to_numpy(dtype=int)
    is_row = limits["is_row"].to_numpy(dtype=bool)
    is_lower = np.isfinite(limits["lower"].to_numpy())
    bound = limits["lower"].where(is_lower, limits["upper"]).to_numpy(dtype=float)
    tight = np.abs(stated.values(point) - bound) <= TOUCH * np.maximum(1.0, np.abs(bound))
    dual = np.empty(len(limits))
    dual[is_row] = row_duals[index[is_row]]
    dual[~is_row] = column_duals[index[~is_row]]
    per_rate = _per_rate(network, limits["period"]).to_numpy() / limits["amount_per_unit"].to_numpy()
    saves = np.where(is_lower, dual, -dual) * per_rate
    worth = np.abs(saves) > CHEAP_CNY_PER_TONNE
    kinds = limits["statement"].map({said.name: said.kind for said in stated.statements})
    operating, share = _operating(stated, point)
    limit = bound - np.where(is_row, operating[np.where(is_row, index, 0)], 0.0)
    in_full = is_row & (share[np.where(is_row, index, 0)] >= 1.0 - TOUCH)
    # An arc that is shut binds only where it would be used; a rule without a constant has limit 0.
    of_rule = kinds.isin((Kind.RULE, Kind.EMISSION)).to_numpy()
    meant = tight & np.where(is_row, in_full & ((limit > TOUCH) | of_rule), worth)
    meant &= ~kinds.isin(_ALWAYS_TIGHT).to_numpy() & ~_is_whole(stated, index, is_row)
    found = limits.assign(limit=limit, saves_cny_per_unit=np.where(worth, saves, 0.0))
    columns = ["statement", "where", "period", "limit", "saves_cny_per_unit"]
    kept: pd.DataFrame = found.loc[meant, columns]
    return kept.reset_index(drop=True)


def _is_whole(stated: StatedForm, index: NDArray[np.int64], is_row: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which limits are on whole decisions: those have no price in a linear program."""
    return ~is_row & stated.free.is_integer[np.where(is_row, 0, index)]


def _operating(
    stated: StatedForm, point: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what operating capacity adds to each row, and the share of it that operates (1: none)."""
    columns = np.flatnonzero([name.family == "operating" for name in stated.free.columns])
    part = stated.free.matrix[:, columns]
    all_of_it = abs(part) @ np.ones(len(columns))
    used = abs(part) @ point[columns]
    share = np.divide(used, all_of_it, out=np.ones(len(used)), where=all_of_it > 0)
    return part @ point[columns], share


def _next_tonne(stated: StatedForm, network: Network, result: BackendResult) -> pd.DataFrame:
    _, row_duals, _ = _arrays(result)
    rows = [
        (key[1], key[2], dual)
        for key, dual in zip(stated.free.row_keys, row_duals, strict=True)
        if key[0] == "supply_balance"
    ]
    found = pd.DataFrame(rows, columns=["supply", "period", "dual"])
    found["cny_per_tonne"] = found["dual"] * _per_rate(network, found["period"])
    named = found.merge(network.supplies[["supply", "source", "commodity"]], on="supply")
    return named[["source", "commodity", "period", "cny_per_tonne"]]


def _arrays(
    result: BackendResult,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    if result.point is None or result.row_duals is None or result.column_duals is None:
        raise SolverError("no duals of the fixed design were returned")
    return result.point, result.row_duals, result.column_duals
