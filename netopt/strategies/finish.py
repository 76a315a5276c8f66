"""What every strategy does with a plan it found: polish it, price it, say what is proven of it."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from netopt.backends import highs
from netopt.backends.result import BackendResult, BackendStatus
from netopt.errors import SolverError
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.solution.ledger import gross_cost, ledger_total
from netopt.solution.outcome import Outcome, Status, gap_of
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from netopt.accounts import Perspective
    from netopt.formulation.extract import Decisions
    from netopt.formulation.objective import Priced
    from netopt.network.network import Network
    from netopt.solution.form import StandardForm
    from netopt.solution.options import SolveOptions

    Goal = Callable[[Priced], pd.Series]
    Tell = Callable[[float, float | None, float | None, int], None]


class Program(Protocol):
    """What bounds other objectives over the plans of a network that does not list every arc."""

    def least(self, goal: Goal, tell: Tell | None, time_limit_s: float) -> float:
        """Return a lower bound of an objective over all plans, in the form's unit of cost."""


@dataclass(frozen=True)
class Found:
    """A plan of a strategy: decisions by family, their ledger and outcome, and what they are of.

    ``program`` is that of the bound, where the network lists short arcs only.
    """

    decisions: Decisions
    ledger: pd.DataFrame
    outcome: Outcome
    form: StandardForm
    network: Network
    program: Program | None = None


def polished(form: StandardForm, values: NDArray[np.float64], options: SolveOptions) -> NDArray[np.float64]:
    """Return the cheapest plan with the same whole decisions, rounded exactly.

    Branch and bound accepts decisions within a tolerance of whole, which lets some tonnes through
    plants that are closed. Fixed at whole values, the remaining linear program has no such leak.
    """
    fixed = values.round()
    whole = replace(
        form,
        lower=np.where(form.is_integer, fixed, form.lower),
        upper=np.where(form.is_integer, fixed, form.upper),
    )
    settings = {"threads": options.threads, "random_seed": options.seed}
    result = highs.solve_form(whole, settings, relaxed=True)
    if result.status is not BackendStatus.OPTIMAL or result.point is None:
        raise SolverError(f"the plan does not survive rounding its decisions ({result.status})")
    return np.where(form.is_integer, fixed, np.clip(result.point, form.lower, form.upper))


def outcome_of(
    network: Network,
    perspective: Perspective,
    options: SolveOptions,
    form: StandardForm,
    result: BackendResult,
    ledger: pd.DataFrame,
    bound_source: str,
) -> Outcome:
    """Return the outcome of a plan: its ledger's total, the proven bound, the gap on its gross cost.

    Raises
    ------
    SolverError
        Where the bound lies above the plan's cost.
    """
    upper = ledger_total(ledger, network.period_weights, perspective)
    gross = gross_cost(ledger, network.period_weights)
    lower = result.bound * OBJECTIVE_UNIT_CNY
    tolerance = MONEY_TOLERANCE * max(1.0, gross)
    if lower > upper + tolerance:
        raise SolverError(
            f"{result.solver}'s bound {lower:.2f} lies above its plan's cost {upper:.2f} CNY a year"
        )
    lower = min(lower, upper)
    gap = gap_of(lower, upper, gross)
    return Outcome(
        status=status_of(gap, options.gap, is_interrupted=result.status is BackendStatus.INTERRUPTED),
        lower_bound_cny_per_year=lower,
        upper_bound_cny_per_year=upper,
        gross_cost_cny_per_year=gross,
        gap=gap,
        gap_target=options.gap,
        bound_source=bound_source,
        solver=result.solver,
        solver_version=result.solver_version,
        n_rows=form.shape[0],
        n_columns=form.shape[1],
        n_binaries=int(form.is_integer.sum()),
        n_nodes=result.n_nodes,
        build_time_s=0.0,
        solve_time_s=0.0,
        peak_memory_mib=_peak_memory_mib(),
        threads=options.threads,
        seed=options.seed,
    )


def status_of(gap: float, wanted: float, *, is_interrupted: bool) -> Status:
    """Return how a solve ended that came to a gap (0.01 is 1 %) and was asked for another."""
    if gap <= max(wanted, MONEY_TOLERANCE):
        return Status.OPTIMAL
    return Status.INTERRUPTED if is_interrupted else Status.LIMIT


def agree(form: StandardForm, values: NDArray[np.float64], outcome: Outcome) -> None:
    """Refuse a plan whose ledger does not add up to the model's objective."""
    objective = form.objective(values) * OBJECTIVE_UNIT_CNY
    ledger = outcome.upper_bound_cny_per_year
    if abs(objective - ledger) > MONEY_TOLERANCE * max(1.0, outcome.gross_cost_cny_per_year):
        raise SolverError(
            f"the ledger adds up to {ledger:.2f}, the objective is {objective:.2f} CNY a year"
        )


def _peak_memory_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0**2 if sys.platform == "darwin" else 1024.0)
