"""The checker on a plan that was written down and summed by hand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.policy.compose import compose
from netopt.solution.check import Verdict, check, check_same_supply, judge, recompute_ledger
from netopt.solution.checking.facts import Facts
from netopt.solution.checking.ledger import ledger_of
from netopt.solution.checking.plan import Plan
from netopt.solution.checking.tables import read_answer
from netopt.solution.checking.verdict import Findings
from netopt.solution.tables import SOLUTION_COLUMNS, Answer
from tests.solution import hand_case
from tests.solution.mutations import EXPECTED, Mutation, answer_mutations, ledger_mutations, one_of_each

INSTANCE = hand_case.hand_instance()
FACTS = Facts.of(
    INSTANCE, Perspective.SOCIAL, compose(hand_case.hand_policy(), INSTANCE), hand_case.FORMAL_SHARE
)


def verdict(answer: Answer, ledger: pd.DataFrame | None = None, bound: float | None = None) -> Verdict:
    return judge(FACTS, answer, ledger, bound)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("perspective", "cny_per_year"),
    [
        (Perspective.SOCIAL, hand_case.SOCIAL_CNY_PER_YEAR),
        (Perspective.PRIVATE, hand_case.PRIVATE_CNY_PER_YEAR),
    ],
)
def test_right_plan_is_right_to_the_yuan(
    perspective: Perspective, cny_per_year: float, exact: bool
) -> None:
    found = check(
        INSTANCE,
        hand_case.hand_policy(perspective),
        hand_case.hand_answer(),
        hand_case.hand_ledger(),
        formal_share=hand_case.FORMAL_SHARE,
        upper_bound_cny_per_year=cny_per_year,
        exact=exact,
    )
    assert [str(violation) for violation in found.violations] == []
    assert found.ok
    assert found.exact is exact
    assert found.objective_cny_per_year == pytest.approx(cny_per_year, rel=1e-12)
    assert found.gross_cost_cny_per_year == pytest.approx(hand_case.GROSS_CNY_PER_YEAR, rel=1e-12)
    assert found.n_checks["facility_balance"] == 2
    assert found.to_dict()["violations"] == []


def test_ledger_is_recomputed_by_category() -> None:
    ledger = recompute_ledger(
        INSTANCE, hand_case.hand_policy(), hand_case.hand_answer(), hand_case.FORMAL_SHARE
    )
    for period, rows in ledger.groupby("period"):
        found = rows.groupby("category")["cny_per_year"].sum()
        assert found.to_dict() == pytest.approx(hand_case.YUAN), period


@pytest.mark.parametrize("bound", [26_010.1, 26_009.9, float("nan"), float("inf")])
def test_wrong_claim_of_cost_is_noticed(bound: float) -> None:
    assert verdict(hand_case.hand_answer(), bound=bound).tags() == {"objective"}


def test_checker_loads_nothing_that_made_the_answer() -> None:
    code = "import sys, netopt.solution.check; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    loaded = run.stdout.split()
    makers = (
        "netopt.network",
        "netopt.formulation",
        "netopt.backends",
        "netopt.strategies",
        "pyomo",
        "highspy",
    )
    assert [name for name in loaded if name.startswith(makers)] == []


def first_rows(table: pd.DataFrame) -> list[int]:
    return list(range(min(2, len(table))))


MUTATIONS = [
    *answer_mutations(hand_case.hand_answer(), hand_case.hand_ledger(), first_rows),
    *ledger_mutations(hand_case.hand_answer(), hand_case.hand_ledger(), lambda _: [0, 7]),
]


def assert_noticed(mutation: Mutation) -> None:
    found = verdict(mutation.answer, mutation.ledger)
    assert not found.ok
    assert found.tags() & mutation.expected, sorted(found.tags())


@pytest.mark.parametrize("mutation", one_of_each(MUTATIONS), ids=lambda mutation: mutation.name)
def test_a_mutation_of_every_column_is_noticed(mutation: Mutation) -> None:
    assert_noticed(mutation)


@pytest.mark.campaign
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_mutation_is_noticed(mutation: Mutation) -> None:
    assert_noticed(mutation)


def test_every_column_is_mutated_somewhere() -> None:
    for table, columns in SOLUTION_COLUMNS.items():
        assert set(EXPECTED[table]) == set(columns)


@pytest.mark.parametrize("table", list(SOLUTION_COLUMNS))
def test_missing_and_unknown_columns_are_noticed(table: str) -> None:
    answer = hand_case.hand_answer()
    frame = getattr(answer, table)
    for changed in (frame.drop(columns=frame.columns[-1]), frame.assign(extra=0.0), frame.iloc[:, ::-1]):
        assert "columns" in verdict(replace(answer, **{table: changed})).tags()


def test_text_where_a_number_belongs_is_noticed() -> None:
    answer = hand_case.hand_answer()
    flows = answer.flows.astype({"flow_units_per_year": object})
    flows.loc[0, "flow_units_per_year"] = "80"
    assert "columns" in verdict(replace(answer, flows=flows)).tags()


@pytest.mark.parametrize("exact", [False, True])
def test_tables_without_rows_are_judged_like_any_others(exact: bool) -> None:
    facts = Facts.of(INSTANCE, Perspective.SOCIAL, FACTS.effects, hand_case.FORMAL_SHARE, exact=exact)
    nothing = Answer(**{name: table[:0] for name, table in hand_case.hand_answer().tables().items()})
    found = judge(facts, nothing, hand_case.hand_ledger()[:0], 0.0)
    assert found.tags() == {"supply_balance", "leakage", "same_supply", "complete", "ledger", "objective"}
    assert found.objective_cny_per_year == pytest.approx(70.0)


@pytest.mark.parametrize("rubbish", [None, float("nan"), "", "nowhere", 1, -1e300, True, b"x"])
def test_rubbish_is_rejected_and_never_crashes(rubbish: object) -> None:
    answer = hand_case.hand_answer()
    for name, table in answer.tables().items():
        filled = pd.DataFrame({column: [rubbish, rubbish] for column in table.columns}, dtype=object)
        assert not verdict(replace(answer, **{name: filled})).ok
    ledger = hand_case.hand_ledger().astype(object)
    ledger.loc[3] = rubbish
    assert not verdict(answer, ledger).ok


def test_violation_says_where_when_and_how_much() -> None:
    answer = hand_case.hand_answer()
    flows = answer.flows.copy()
    flows.loc[0, "flow_units_per_year"] = 83.0
    found = {item.tag: item for item in verdict(replace(answer, flows=flows)).violations}
    assert found["supply_balance"].amount == pytest.approx(3.0)
    assert str(found["supply_balance"]) == (
        "[supply_balance] source S1 (Dealers), commodity pack in 2025: 3 t/yr (tolerance 0.0001)"
    )


def test_exact_verdict_never_leaves_rational_arithmetic() -> None:
    exact = Facts.of(INSTANCE, Perspective.SOCIAL, FACTS.effects, hand_case.FORMAL_SHARE, exact=True)
    plan = Plan(exact, read_answer(exact, hand_case.hand_answer(), Findings({})))
    assert {type(amount) for amount in ledger_of(plan)["cny_per_year"]} == {Fraction}
    assert {type(amount) for amount in exact.weights} == {Fraction}
    assert {type(amount) for amount in plan.flows["tonnes"]} == {Fraction}


@pytest.mark.parametrize("exact", [False, True])
def test_tolerance_is_where_it_is_said_to_be(exact: bool) -> None:
    facts = Facts.of(INSTANCE, Perspective.SOCIAL, FACTS.effects, hand_case.FORMAL_SHARE, exact=exact)
    answer = hand_case.hand_answer()
    for excess, tags in ((0.9e-4, set()), (1.1e-4, {"facility_balance", "supply_balance", "collected"})):
        flows = answer.flows.copy()
        flows.loc[0, "flow_units_per_year"] += excess
        assert judge(facts, replace(answer, flows=flows), None).tags() == tags


def test_same_supply_is_compared_tonne_by_tonne() -> None:
    answer = hand_case.hand_answer()
    assert check_same_supply({"a": answer, "b": answer}) == []
    supply = answer.supply.copy()
    supply.loc[1, "retired_tonnes_per_year"] += 1.0
    supply.loc[0, "leaked_tonnes_per_year"] -= 1.0
    found = check_same_supply({"a": answer, "b": answer, "c": replace(answer, supply=supply)})
    assert [(item.tag, item.period, item.amount) for item in found] == [
        ("same_supply", "2026", 1.0),
        ("same_formal_share", "2025", 1.0),
    ]
    assert "policy c" in found[0].subject


def test_missing_supply_rows_are_not_the_same_supply() -> None:
    answer = hand_case.hand_answer()
    shorter = replace(answer, supply=answer.supply.iloc[:1])
    tags = {item.tag for item in check_same_supply({"a": answer, "b": shorter})}
    assert tags == {"same_supply", "same_formal_share"}
