"""The bridge to SCIP: every ending by its name, points that hold, and no guess."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array

from netopt.backends import highs, scip
from netopt.backends.result import BackendStatus
from netopt.errors import SolverError
from netopt.solution.form import ColumnName, StandardForm


def make_form(
    cost: list[float],
    rows: list[tuple[list[float], float, float]],
    bounds: list[tuple[float, float]],
    whole: list[bool],
    offset: float = 0.0,
) -> StandardForm:
    coefficients, row_lower, row_upper = zip(*rows, strict=True)
    lower, upper = zip(*bounds, strict=True)
    return StandardForm(
        cost=np.array(cost),
        offset=offset,
        matrix=csc_array(np.array(coefficients)),
        row_lower=np.array(row_lower),
        row_upper=np.array(row_upper),
        lower=np.array(lower),
        upper=np.array(upper),
        is_integer=np.array(whole),
        columns=tuple(ColumnName("x", str(number), "") for number in range(len(cost))),
        rows=tuple(f"row[{number}]" for number in range(len(rows))),
    )


INF = float("inf")
# Least 10 + 3 x + 2 y with x + y >= 2.5 and -inf < x - y <= 1, x whole: x = 0, y = 2.5 costs 15;
# y <= 1.2 leaves x >= 1.3, whole: x = 2, y = 1 (from x - y <= 1, y >= 1): 10 + 6 + 2 = 18.
# Relaxed: x = 1.3, y = 1.2: 10 + 3.9 + 2.4 = 16.3.
SMALL = make_form(
    [3.0, 2.0],
    [([1.0, 1.0], 2.5, INF), ([1.0, -1.0], -INF, 1.0)],
    [(0.0, INF), (0.0, 1.2)],
    [True, False],
    offset=10.0,
)


def test_an_optimum_by_hand_with_its_offset() -> None:
    result = scip.solve_form(SMALL, {})
    assert result.status is BackendStatus.OPTIMAL
    assert result.point is not None
    assert result.point == pytest.approx([2.0, 1.0])
    assert (result.objective, result.bound) == (pytest.approx(18.0), pytest.approx(18.0))
    assert (result.solver, result.solver_version) == ("SCIP", scip.version())
    assert result.row_duals is None


def test_the_relaxation_lets_wholes_go() -> None:
    result = scip.solve_form(SMALL, {}, relaxed=True)
    assert result.point is not None
    assert result.point == pytest.approx([1.3, 1.2])
    assert (result.objective, result.bound) == (pytest.approx(16.3), pytest.approx(16.3))


def test_rows_with_two_sides_equal_sides_and_no_variable() -> None:
    rows = [([1.0, 1.0], 1.0, 2.0), ([1.0, -1.0], 0.5, 0.5), ([0.0, 0.0], -1.0, 0.0)]
    form = make_form([-1.0, -1.0], rows, [(0.0, INF), (0.0, INF)], [False, False])
    result = scip.solve_form(form, {})
    assert result.point is not None
    assert result.point == pytest.approx([1.25, 0.75])
    impossible = replace(form, row_lower=np.array([1.0, 0.5, 0.1]), row_upper=np.array([2.0, 0.5, INF]))
    assert scip.solve_form(impossible, {}).status is BackendStatus.INFEASIBLE


def test_infeasible_has_no_point_and_an_infinite_bound() -> None:
    result = scip.solve_form(replace(SMALL, upper=np.array([1.0, 1.2])), {})
    assert (result.status, result.point, result.objective) == (BackendStatus.INFEASIBLE, None, None)
    assert result.bound == INF


def test_unbounded_is_no_plan() -> None:
    result = scip.solve_form(
        replace(SMALL, cost=np.array([-3.0, -2.0]), row_upper=np.array([INF, INF])), {}
    )
    assert (result.status, result.point) == (BackendStatus.UNBOUNDED, None)
    assert result.bound == -INF


def knapsack(n_items: int) -> StandardForm:
    """Return a multi-row knapsack that no presolve decides."""
    draw = np.random.default_rng(3)
    rows = [(draw.integers(5, 60, n_items).astype(float).tolist(), -INF, 10.0 * n_items) for _ in range(8)]
    values = (-draw.integers(5, 60, n_items)).astype(float).tolist()
    return make_form(values, rows, [(0.0, 1.0)] * n_items, [True] * n_items)


def test_a_limit_is_said_and_its_bound_is_one() -> None:
    form = knapsack(40)
    limited = scip.solve_form(
        form, {"limits/nodes": 1, "presolving/maxrounds": 0, "separating/maxroundsroot": 0}
    )
    best = highs.solve_form(form, {"mip_rel_gap": 0.0, "threads": 1})
    assert limited.status is BackendStatus.LIMIT
    assert best.objective is not None
    assert limited.bound <= best.objective + 1e-6
    assert limited.objective is None or limited.objective >= best.objective - 1e-6


def test_a_gap_that_was_asked_for_is_optimal() -> None:
    result = scip.solve_form(knapsack(40), {"limits/gap": 0.5})
    assert result.status is BackendStatus.OPTIMAL
    assert result.objective is not None
    assert result.bound < result.objective
    assert result.objective - result.bound <= 0.5 * abs(result.objective)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(SolverError, match="limits/tmie"):
        scip.solve_form(SMALL, {"limits/tmie": 3.0})


def test_an_ending_that_proves_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scip, "_STATUS", {})
    with pytest.raises(SolverError, match="'optimal', which proves nothing"):
        scip.solve_form(SMALL, {})


@pytest.mark.parametrize("word", ["inforunbd", "unknown"])
def test_endings_that_prove_nothing_are_not_in_the_map(word: str) -> None:
    assert word not in scip._STATUS


@pytest.mark.parametrize(
    "wrong",
    [[2.0, 0.9], [2.0, 1.3], [1.5, 1.2], [float("nan"), 1.0]],
    ids=["breaks a row", "breaks a bound", "is not whole", "is no number"],
)
def test_a_point_that_breaks_the_form_is_refused(
    wrong: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scip, "_point", lambda *_: np.array(wrong))
    with pytest.raises(SolverError, match="breaks the model"):
        scip.solve_form(SMALL, {})


def test_without_scip_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyscipopt", None)
    with pytest.raises(SolverError, match="pip install pyscipopt"):
        scip.version()
    with pytest.raises(SolverError, match="not installed"):
        scip.solve_form(SMALL, {})


def test_progress_tells_plans_and_bounds_of_the_same_solve() -> None:
    rng = np.random.default_rng(4)
    weights = rng.integers(20, 100, (5, 40)).astype(float)
    rows = [(row.tolist(), -INF, float(row.sum() // 2)) for row in weights]
    form = make_form(
        (-rng.integers(20, 100, 40)).astype(float).tolist(), rows, [(0.0, 1.0)] * 40, [True] * 40
    )
    told: list[tuple[float, float | None, float | None, int]] = []
    result = scip.solve_form(form, {}, on_progress=lambda *reading: told.append(reading))
    assert result.objective is not None
    plans = [plan for _, plan, _, _ in told if plan is not None]
    assert plans == sorted(plans, reverse=True)
    assert len(set(plans)) > 1
    assert plans[-1] == pytest.approx(result.objective)
    assert all(bound is None or bound <= result.objective + 1e-6 for _, _, bound, _ in told)
    times = [time_s for time_s, _, _, _ in told]
    assert times == sorted(times)
    assert scip.solve_form(form, {}).objective == pytest.approx(result.objective)
