"""Six infeasible toys: each explained by the smallest set to lift, verified by lifting it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from netopt.analysis.explain import Explanation, explain
from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.data.read import read_instance
from netopt.errors import InfeasibleError
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY
from netopt.pipeline import solve
from netopt.policy.compose import compose
from netopt.policy.read import read_policy
from netopt.resources import shipped
from netopt.solution.options import SolveOptions
from netopt.strategies.explaining.collect import stated_form
from netopt.strategies.explaining.conflict import Prover
from netopt.strategies.explaining.infeasible import Infeasibility
from tests.analysis.infeasible_cases import CASES

ONE_THREAD = SolveOptions(threads=1)


@lru_cache
def explained(name: str) -> Explanation:
    """Return the explanation of a case."""
    return explain(CASES[name].instance(), CASES[name].policy(), ONE_THREAD)


def found(name: str) -> Infeasibility:
    """Return why a case has no plan."""
    infeasibility = explained(name).infeasibility
    assert infeasibility is not None
    return infeasibility


@pytest.fixture(params=list(CASES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_no_plan_exists(name: str) -> None:
    with pytest.raises(InfeasibleError):
        solve(CASES[name].instance(), CASES[name].policy(), ONE_THREAD)


def test_the_contradictions_are_those_by_hand(name: str) -> None:
    conflicts = found(name).conflicts
    assert {frozenset(conflict.names) for conflict in conflicts} == set(CASES[name].conflicts)
    assert all(conflict.irreducible for conflict in conflicts)


def test_the_set_to_lift_is_the_smallest(name: str) -> None:
    assert frozenset(found(name).remedy.names) == CASES[name].lift
    assert found(name).remedy.smallest


def test_what_the_plan_that_gives_least_holds_is_not_asked_again(name: str) -> None:
    """It breaks what gives and nothing else, so the prover takes it for a plan without those."""
    relief, stated = found(name).relief, found(name).stated
    broken = set(relief.gives["statement"])
    assert relief.held == frozenset(stated.names) - broken
    prover = Prover(stated, ONE_THREAD)
    prover.learn(relief.held)
    assert prover.can_hold(relief.held)
    assert prover.n_solves == 0


def test_with_the_set_lifted_in_tables_and_policy_the_engine_finds_a_checked_plan(name: str) -> None:
    assert solve(*CASES[name].lifted(), ONE_THREAD).verdict.ok


def test_each_contradiction_is_irreducible_when_asked_again(name: str) -> None:
    """Of every contradiction: no plan holds it, and without any one statement some plan does."""
    stated = found(name).stated
    for conflict in CASES[name].conflicts:
        assert not Prover(stated, ONE_THREAD).can_hold(conflict)
        for statement in conflict:
            assert Prover(stated, ONE_THREAD).can_hold(conflict - {statement})


def test_each_statement_lifted_alone_is_enough_where_there_is_one_contradiction(name: str) -> None:
    enough = found(name).enough_alone
    one_only = len(CASES[name].conflicts) == 1
    assert set(enough) == frozenset().union(*CASES[name].conflicts)
    for statement, verdict in enough.items():
        held = frozenset(found(name).stated.names) - {statement}
        assert verdict is Prover(found(name).stated, ONE_THREAD).can_hold(held)
        assert verdict is True or not one_only


def test_the_tonnes_that_must_give_are_those_by_hand(name: str) -> None:
    gives = found(name).relief.gives.groupby("statement")["amount"].sum()
    for statement, tonnes in CASES[name].gives.items():
        assert gives.get(statement) == pytest.approx(tonnes, abs=1e-3)
    assert found(name).relief.low <= found(name).relief.high + 1e-6
    assert found(name).relief.high == pytest.approx(found(name).relief.low, rel=1e-4)


def test_only_the_last_case_needs_whole_plants(name: str) -> None:
    assert set(found(name).only_whole) == {CASES[name].only_whole}
    stated = found(name).stated
    form = stated.holding(stated.names)
    relaxed = highs.solve_form(form, {"threads": 1}, relaxed=True)
    expected = BackendStatus.OPTIMAL if CASES[name].only_whole else BackendStatus.INFEASIBLE
    assert relaxed.status is expected


def test_the_words_name_every_statement_with_tonnes_and_places(name: str) -> None:
    words = explained(name).to_text()
    for statement in found(name).remedy.names:
        assert found(name).stated.statement(statement).sentence in words
    assert "no plan exists" in words
    assert "What must give at least" in words


def test_holding_every_statement_is_the_engines_own_model() -> None:
    """The same optimum: nothing that the engine holds was lost, nothing added."""
    instance = read_instance(shipped("instances") / "toy")
    for policy in ("unified", "mandates", "open-market"):
        read = read_policy(policy, instance)
        outcome = solve(instance, read, SolveOptions(threads=1, gap=1e-9)).outcome
        stated = stated_form(instance, compose(read, instance), read.perspective)
        result = highs.solve_form(stated.holding(stated.names), {"threads": 1, "mip_rel_gap": 0.0})
        assert result.objective is not None
        assert result.objective * OBJECTIVE_UNIT_CNY == pytest.approx(outcome.upper_bound_cny_per_year)
        assert result.point is not None
        assert stated.held_by(np.asarray(result.point)) == frozenset(stated.names)
