"""The independent checker: believes nothing of an answer, and knows no solver.

It reads the instance, the policy and the answer's tables, decides every constraint of
``netopt/README.md`` under the constraint's own tag, recomputes distances and the ledger by its own
code, and compares. It never imports ``netopt.network`` or anything that produced the answer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from netopt.accounts import KIND_OF_CATEGORY, Actor, counts_as_gross, weight_in
from netopt.policy.compose import compose
from netopt.solution.checking.arcs import check_arcs
from netopt.solution.checking.balances import check_balances
from netopt.solution.checking.controls import check_controls
from netopt.solution.checking.design import check_design
from netopt.solution.checking.facilities import check_facilities
from netopt.solution.checking.facts import Facts
from netopt.solution.checking.given import check_given
from netopt.solution.checking.ledger import ACCOUNT, ledger_of
from netopt.solution.checking.limits import check_limits
from netopt.solution.checking.numbers import Number, tolerance_of
from netopt.solution.checking.plan import Plan
from netopt.solution.checking.tables import read_answer, read_ledger
from netopt.solution.checking.verdict import Findings, Verdict, Violation
from netopt.solution.tables import LEDGER_COLUMNS
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netopt.data.design import Design
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.tables import Answer

__all__ = ["Verdict", "Violation", "check", "check_same_supply", "judge", "recompute_ledger"]

_SMALLEST_ACCOUNT_CNY = 1000.0
"""Accounts below are compared to ``MONEY_TOLERANCE`` of this sum: a tenth of a fen is no error."""


def check(  # noqa: PLR0913 - what is judged, and by what
    instance: Instance,
    policy: Policy,
    answer: Answer,
    ledger: pd.DataFrame | None,
    *,
    formal_share: float,
    upper_bound_cny_per_year: float | None = None,
    exact: bool = False,
    design: Design | None = None,
    given_flows: pd.DataFrame | None = None,
) -> Verdict:
    """Return the verdict on an answer; nothing of it is believed.

    Parameters
    ----------
    instance, policy
        What was to be planned, and under which rules.
    answer
        Tables of ``netopt.solution.tables.SOLUTION_COLUMNS``, by whomever.
    ledger
        The ledger that comes with it (``LEDGER_COLUMNS``), compared account by account; None:
        there is none to compare.
    formal_share
        The formal share in force (0 to 1).
    upper_bound_cny_per_year
        What the answer is said to cost in the policy's perspective; None: not said.
    exact
        Decide balances, limits and totals in rational arithmetic: floats are converted without
        rounding, tolerances stay as they are. Slower; it is the verdict in doubt.
    design
        What the answer was to keep of an earlier plan; None: sites were free.
    given_flows
        What flows were held to (``netopt.solution.given.GIVEN_COLUMNS``); None: they were free.

    Raises
    ------
    PolicyError
        If the levers of the policy contradict each other.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> unified = netopt.read_policy("unified", toy)
    >>> plan = netopt.solve(toy, unified)
    >>> netopt.check(toy, unified, plan.answer, plan.ledger, formal_share=plan.formal_share).ok
    True
    >>> netopt.check(toy, unified, plan.answer, plan.ledger, formal_share=1.0).ok
    False
    """
    facts = Facts.of(instance, policy.perspective, compose(policy, instance), formal_share, exact=exact)
    return judge(facts, answer, ledger, upper_bound_cny_per_year, design, given_flows)


def judge(
    facts: Facts,
    answer: Answer,
    ledger: pd.DataFrame | None,
    upper_bound_cny_per_year: float | None = None,
    design: Design | None = None,
    given_flows: pd.DataFrame | None = None,
) -> Verdict:
    """Return the verdict on an answer under given facts; see ``check``."""
    findings = Findings(facts.names)
    plan = Plan(facts, read_answer(facts, answer, findings))
    check_arcs(plan, findings)
    check_balances(plan, findings)
    check_facilities(plan, findings)
    if design is not None:
        check_design(plan, design, findings)
    if given_flows is not None:
        check_given(plan, given_flows, findings)
    check_limits(plan, findings)
    check_controls(plan, findings)
    recomputed = ledger_of(plan)
    gross = _gross_cost(facts, recomputed)
    objective = _objective(facts, recomputed)
    if ledger is not None:
        _check_ledger(facts, recomputed, ledger, findings)
    if upper_bound_cny_per_year is not None:
        _check_objective(facts, objective, gross, upper_bound_cny_per_year, findings)
    return Verdict(
        ok=not findings.violations,
        violations=tuple(findings.violations),
        objective_cny_per_year=float(objective),
        gross_cost_cny_per_year=float(gross),
        n_checks=dict(sorted(findings.n_checks.items())),
        exact=facts.arithmetic.exact,
    )


def recompute_ledger(
    instance: Instance, policy: Policy, answer: Answer, formal_share: float
) -> pd.DataFrame:
    """Return the ledger that an answer's tables cause, by the checker's own code.

    Returns
    -------
    DataFrame
        Columns ``LEDGER_COLUMNS``; CNY a year in the period in which it is due. Malformed rows of
        the answer are left out: ``check`` says which.
    """
    return ledger_of(joined(instance, policy, answer, formal_share)).astype(LEDGER_COLUMNS)


def joined(instance: Instance, policy: Policy, answer: Answer, formal_share: float) -> Plan:
    """Return an answer's tables joined with what instance and policy say of each row.

    Malformed rows of the answer are left out: ``check`` says which.
    """
    facts = Facts.of(instance, policy.perspective, compose(policy, instance), formal_share)
    return Plan(facts, read_answer(facts, answer, Findings(facts.names)))


def check_same_supply(answers: Mapping[str, Answer]) -> list[Violation]:
    """Return where compared answers do not plan for the same batteries.

    Retired and leaked tonnes must agree with the first answer's, source by source, commodity by
    commodity, period by period: so the formal share is the same under every policy.

    Parameters
    ----------
    answers
        By the name of the policy.
    """
    findings = Findings({})
    keys = ["source", "commodity", "period"]
    names = list(answers)
    for name in names[1:]:
        for tag, column in (
            ("same_supply", "retired_tonnes_per_year"),
            ("same_formal_share", "leaked_tonnes_per_year"),
        ):
            ours = answers[name].supply.groupby(keys)[column].sum()
            theirs = answers[names[0]].supply.groupby(keys)[column].sum()
            both = pd.concat([ours.rename("ours"), theirs.rename("theirs")], axis=1).fillna(0.0)
            both["policy"] = name
            both = both.set_index("policy", append=True)
            size = both.abs().max(axis=1)
            findings.sizes(tag, (both["ours"] - both["theirs"]).abs(), tolerance_of(size), "t/yr")
    return findings.violations


def _annual(facts: Facts, ledger: pd.DataFrame) -> pd.Series:
    """Return the annual equivalent of each row: ``w[t] * cny / sum(w)`` (CNY a year)."""
    shares = facts.weights / facts.weights.sum()
    found = shares.reindex(ledger["period"].to_numpy()).to_numpy()
    return ledger["cny_per_year"] * pd.Series(found, index=ledger.index, dtype=shares.dtype)


def _objective(facts: Facts, ledger: pd.DataFrame) -> Number:
    accounts = ledger[["category", "payer", "payee"]].itertuples(index=False, name=None)
    weights = [int(weight_in(facts.perspective, *account)) for account in accounts]
    total: Number = (_annual(facts, ledger) * pd.Series(weights, index=ledger.index, dtype=int)).sum()
    return total


def _gross_cost(facts: Facts, ledger: pd.DataFrame) -> Number:
    amounts = ledger["cny_per_year"]
    counts = [
        counts_as_gross(category, float(amount))
        for category, amount in zip(ledger["category"], amounts, strict=True)
    ]
    total: Number = _annual(facts, ledger)[pd.Series(counts, index=ledger.index, dtype=bool)].sum()
    return total


def _check_ledger(facts: Facts, recomputed: pd.DataFrame, ledger: pd.DataFrame, findings: Findings) -> None:
    """Check a given ledger account by account, and that every row has an actor on either side.

    So transfers sum to zero over actors: one row is both entries.
    """
    given = read_ledger(ledger, findings)
    findings.rows("duplicate", given, given.duplicated(ACCOUNT), "ledger has an account twice")
    known = given["category"].isin(KIND_OF_CATEGORY) & given["period"].isin(facts.periods.index)
    findings.rows("unknown_id", given, ~known, "ledger names an unknown category or period")
    actors = [actor.value for actor in Actor]
    parties = given["payer"].isin(actors) & given["payee"].isin(actors)
    one_sided = ~parties | (given["payer"] == given["payee"])
    findings.rows("double_entry", given, one_sided, "ledger row lacks an actor on either side")
    both = pd.concat(
        [
            recomputed.groupby(ACCOUNT)["cny_per_year"].sum().rename("ours"),
            facts.arithmetic.table(given).groupby(ACCOUNT)["cny_per_year"].sum().rename("theirs"),
        ],
        axis=1,
    ).fillna(0)
    size = both.abs().max(axis=1).astype(float).clip(lower=_SMALLEST_ACCOUNT_CNY)
    difference = (both["ours"] - both["theirs"]).abs()
    findings.sizes("ledger", difference, size * MONEY_TOLERANCE, "CNY/yr")


def _check_objective(
    facts: Facts, objective: Number, gross: Number, claimed: float, findings: Findings
) -> None:
    index = pd.Index(["total"], name="objective")
    tolerance = MONEY_TOLERANCE * max(float(gross), _SMALLEST_ACCOUNT_CNY)
    off = abs(objective - facts.arithmetic.number(claimed)) if math.isfinite(claimed) else math.inf
    findings.sizes(
        "objective", pd.Series([off], index=index), pd.Series([tolerance], index=index), "CNY/yr"
    )
