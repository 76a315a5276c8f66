"""Explain a policy: why no plan exists, or what binds the plan and what the next tonne costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from netopt.analysis.explain_words import infeasible_text, margins_text
from netopt.errors import InfeasibleError
from netopt.pipeline import infeasibility, operating_margins, solve
from netopt.solution.design import design_in_manifest
from netopt.solution.options import SolveOptions
from netopt.strategies.explaining.statements import SITE

if TYPE_CHECKING:
    from netopt.data.design import Design
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.outcome import Outcome
    from netopt.solution.solution import Solution
    from netopt.solution.store import Run
    from netopt.strategies.explaining.infeasible import Infeasibility
    from netopt.strategies.explaining.margins import Margins
    from netopt.strategies.explaining.statements import StatedForm

PRICES: Final = (
    "linear program of operations with the sites fixed: savings are differences of optima with and without "
    "a limit; next_tonne is of its duals"
)
"""What the prices of an explained plan are, as its JSON says."""


@dataclass(frozen=True)
class Explanation:
    """Why a policy cannot be met, or what its plan is bound by.

    Attributes
    ----------
    instance, policy
        What was explained; the instance with the formal share in force.
    reason
        Why no plan exists, in words: how far each hard rule could be met or, where ``design`` is kept,
        what of it stands in the way; "" where a plan exists.
    infeasibility
        None where a plan exists, and where ``design`` is kept.
    design
        What was kept of an earlier run; None: sites were free.
    outcome, stated, margins
        Bounds of the plan, its statements, what binds and costs at the margin; None where none
        exists (the outcome also where a foreign answer states none).
    """

    instance: Instance
    policy: Policy
    reason: str = ""
    infeasibility: Infeasibility | None = None
    outcome: Outcome | None = None
    stated: StatedForm | None = None
    margins: Margins | None = None
    design: Design | None = None

    @property
    def is_feasible(self) -> bool:
        """Whether a plan exists."""
        return self.margins is not None

    def to_text(self) -> str:
        """Return the explanation in words."""
        if self.infeasibility is not None:
            return infeasible_text(self)
        return margins_text(self) if self.is_feasible else self.reason

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; amounts are t (or t CO2e) a year, prices CNY."""
        if self.infeasibility is not None:
            return _infeasible_dict(self.infeasibility, self.reason)
        if not self.is_feasible:
            return {"reason": self.reason, **design_in_manifest(self.design)}
        return _margins_dict(self)


def explain(instance: Instance, policy: Policy, options: SolveOptions | None = None) -> Explanation:
    """Solve a policy and explain the plan, or why there is none.

    Parameters
    ----------
    instance, policy
        As for ``netopt.solve``.
    options
        The time limit holds for the solve and, again, for the explanation.

    Raises
    ------
    UnboundedError
        Where something earns without end; it is named.
    NoSolutionError, SolverError, CheckError
        As ``netopt.solve``; NoSolutionError also where time runs out before anything is known.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> print(netopt.explain(toy, netopt.read_policy("unified", toy)).to_text().splitlines()[0][:40])
    toy under unified: a plan exists. It cos
    """
    options = options or SolveOptions()
    if options.formal_share is not None:
        instance = instance.with_formal_share(options.formal_share)
        options = replace(options, formal_share=None)
    try:
        solution = solve(instance, policy, options)
    except InfeasibleError as error:
        if options.design is not None:
            return Explanation(instance, policy, reason=error.explanation, design=options.design)
        found = infeasibility(instance, policy, options)
        if found is None:
            raise
        return Explanation(instance, policy, reason=error.explanation, infeasibility=found)
    return explain_plan(solution, options)


def explain_plan(plan: Solution | Run, options: SolveOptions | None = None) -> Explanation:
    """Explain a plan that exists: what binds, and what one more tonne costs where.

    Parameters
    ----------
    plan
        A solution, or a run read back.
    options
        Threads, seed and time limit.

    Raises
    ------
    SolverError
        Where the plan's design cannot be operated.
    """
    instance = plan.instance
    if plan.formal_share != instance.settings.leakage.formal_share:
        instance = instance.with_formal_share(plan.formal_share)
    options = replace(options or SolveOptions(), design=plan.design)
    stated, found = operating_margins(instance, plan.policy, plan.answer, options)
    return Explanation(
        instance, plan.policy, outcome=plan.outcome, stated=stated, margins=found, design=plan.design
    )


def _infeasible_dict(found: Infeasibility, reason: str) -> dict[str, Any]:
    stated = found.stated

    def described(name: str) -> dict[str, Any]:
        said = stated.statement(name)
        return {"name": name, "kind": str(said.kind), "place": said.place, "sentence": said.sentence}

    units = {said.name: said.unit for said in stated.statements}
    gives = [
        row | {"unit": _rate(units[row["statement"]])} for row in found.relief.gives.to_dict("records")
    ]
    conflicts = [
        {
            "statements": [
                described(name) | {"enough_alone": found.enough_alone.get(name)} for name in conflict.names
            ],
            "irreducible": conflict.irreducible,
            "only_with_whole_facilities": only_whole,
        }
        for conflict, only_whole in zip(found.conflicts, found.only_whole, strict=True)
    ]
    return {
        "conflicts": conflicts,
        "lift": {
            "statements": [described(name) for name in found.remedy.names],
            "smallest": found.remedy.smallest,
        },
        "gives": gives,
        "weighted_violation": {"low": found.relief.low, "high": found.relief.high},
        "ceilings": reason,
        "n_statements": len(stated.statements),
        "n_solves": found.n_solves,
    }


def _rate(unit: str) -> str:
    return unit if unit == SITE else f"{unit}/yr"


def _margins_dict(explanation: Explanation) -> dict[str, Any]:
    found, stated = explanation.margins, explanation.stated
    if found is None or stated is None:
        raise ValueError("an explanation has either an infeasibility or margins")
    sentences = {said.name: said.sentence for said in stated.statements}

    def told(row: dict[Any, Any]) -> dict[str, Any]:
        return row | {"sentence": sentences[row["statement"]]}

    hauls = {name: rows.drop(columns="statement") for name, rows in found.hauls.groupby("statement")}
    no_hauls = found.hauls.iloc[:0]
    return {
        "prices": PRICES,
        "binding": [told(row) for row in found.binding.to_dict("records")],
        "lifted": [
            told(row) | {"first_tonne": hauls.get(row["statement"], no_hauls).to_dict("records")}
            for row in found.lifted.to_dict("records")
        ],
        "unpriced": [{"statement": name, "sentence": sentences[name]} for name in found.unpriced],
        "next_tonne": found.next_tonne.to_dict("records"),
        "operating_cost": found.cost_cny_per_year,
        **design_in_manifest(explanation.design),
    }
