"""Where a plan exists: what binds it, and what one more tonne costs where.

All of it is asked of the linear program of **operations with the sites fixed**: what is opened, added,
closed and renewed stays as it is, what does not operate stays idle, tonnes may be re-routed. It says
nothing of what another design would do. Of divisible plants that operate

* the share may follow where one more unit of room, or one more tonne, is priced: a plan keeps no larger
  share than it uses, and with shares held hardly a tonne could move;
* the share is held where a statement is lifted, as ``--fix-sites`` holds it: what is said to be saved is
  what a plan without the statement saves on the same design.

A statement **binds** where operations would be cheaper without it, all others held. Savings are
differences between two optima (``operations``), never duals: a dual is above the saving of the next
unit where the optimum is degenerate, and at a site without capacity it is arbitrary. A dual of zero
does prove that nothing is saved, which is what keeps the number of solves small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netopt.errors import NoSolutionError
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.solution.design import decided_in
from netopt.strategies.clock import Clock, OutOfTimeError
from netopt.strategies.explaining.lifting import Lifting
from netopt.strategies.explaining.operations import Operations
from netopt.units import INTEGRALITY_TOLERANCE

if TYPE_CHECKING:
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions
    from netopt.solution.tables import Answer
    from netopt.strategies.explaining.statements import StatedForm

DESIGN: Final = ("opened", "expanded", "closed", "renewed", "operating")
"""Decisions that are fixed, where they are whole."""

BINDING_COLUMNS: Final = {
    "statement": "str",
    "where": "str",
    "period": "str",
    "limit": "float",
    "saves_cny_per_unit": "float",
}
LIFTED_COLUMNS: Final = {
    "statement": "str",
    "saves_cny_per_year": "float",
    "tonnes_per_year": "float",
    "first_tonne_saves_cny": "float",
}
HAUL_COLUMNS: Final = {
    "statement": "str",
    "commodity": "str",
    "mode": "str",
    "from_place": "str",
    "to_place": "str",
    "period": "str",
    "share": "float",
}


@dataclass(frozen=True)
class Margins:
    """What binds a plan and what the next tonne costs, operations only.

    Attributes
    ----------
    binding
        ``BINDING_COLUMNS``: limits of which one more unit of room saves. ``limit`` is the bound in
        the row's unit a year; ``saves_cny_per_unit`` what the next unit of room would save (CNY of
        the period per unit of the statement, t or t CO2e).
    lifted
        ``LIFTED_COLUMNS``: statements that close hauls, and those of whose limits none alone saves,
        where lifting all of the statement saves. ``saves_cny_per_year`` is what a plan without it
        saves on the same design (annual equivalent), ``tonnes_per_year`` what it would haul where the
        statement closes it (0 where it closes none; in several periods the mean by discounted years),
        ``first_tonne_saves_cny`` what the first of these tonnes would save (CNY of its period; no
        later one saves more).
    hauls
        ``HAUL_COLUMNS``: where that first tonne would go, and its share of the tonne.
    unpriced
        Statements that may bind, of which time ran out before it was known.
    next_tonne
        ``source, commodity, period, cny_per_tonne``: what one more formally collected tonne costs
        there (CNY of the period; negative: it earns).
    cost_cny_per_year
        Annual equivalent of the fixed design operated best, in the perspective of the form.
    """

    binding: pd.DataFrame
    lifted: pd.DataFrame
    hauls: pd.DataFrame
    unpriced: tuple[str, ...]
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
        Threads, seed, and the time limit (s) of all programs together.

    Raises
    ------
    SolverError
        Where the design cannot be operated under the statements.
    NoSolutionError
        Where time runs out before anything is priced.
    """
    clock = Clock(options)
    form = _fixed(stated.holding(stated.names), network, plan)
    try:
        operations = Operations(form, clock)
    except OutOfTimeError:
        raise NoSolutionError("time ran out before operations with the sites fixed were priced") from None
    asked = Lifting(stated, network, operations, _with_shares(form, network, plan), clock).savings()
    return Margins(
        binding=_table([row for answer in asked for row in answer.binding], BINDING_COLUMNS),
        lifted=_table([row for answer in asked for row in answer.lifted], LIFTED_COLUMNS),
        hauls=_table([row for answer in asked for row in answer.hauls], HAUL_COLUMNS),
        unpriced=tuple(answer.statement for answer in asked if answer.out_of_time),
        next_tonne=_next_tonne(stated, network, operations),
        cost_cny_per_year=operations.best.objective * OBJECTIVE_UNIT_CNY,
    )


def _table(rows: list[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _fixed(form: StandardForm, network: Network, plan: Answer) -> StandardForm:
    """Return the form with every whole decision at its value in the plan, and idle capacity idle."""
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
    operates = form.columns.are("operating")
    upper[operates & (value == 0.0)] = 0.0
    return replace(form, lower=lower, upper=upper)


def _with_shares(form: StandardForm, network: Network, plan: Answer) -> StandardForm:
    """Return the fixed form with what share operates as the plan keeps it, of divisible plants too."""
    decided = decided_in(plan.facilities, network.instance)
    module = decided["site"] + "/" + decided["size"]
    kept = dict(zip(zip(module, decided["period"], strict=True), decided["kept_share"], strict=True))
    lower, upper = form.lower.copy(), form.upper.copy()
    operates = form.columns.are("operating")
    pairs = zip(form.columns.key[operates], form.columns.period[operates], strict=True)
    lower[operates] = upper[operates] = [kept.get(pair, 0.0) for pair in pairs]
    return replace(form, lower=lower, upper=upper)


def _counted(network: Network, facilities: pd.DataFrame) -> set[tuple[str, str, str]]:
    """Return which sites the plan uses at all, and which as a whole (``in_use``, ``whole``)."""
    built = network.modules.set_index("module")["capacity_tonnes_per_year"]
    nominal = (facilities["site"] + "/" + facilities["size"]).map(built).astype(float)
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


def _next_tonne(stated: StatedForm, network: Network, operations: Operations) -> pd.DataFrame:
    rows = stated.free.row_keys.numbers("supply_balance")
    keys = [stated.free.row_keys[row][1:] for row in rows]
    found = pd.DataFrame(keys, columns=["supply", "period"]).assign(dual=operations.best.row_duals[rows])
    found["cny_per_tonne"] = found["dual"] * _per_rate(network, found["period"])
    named = found.merge(network.supplies[["supply", "source", "commodity"]], on="supply")
    return named[["source", "commodity", "period", "cny_per_tonne"]]
