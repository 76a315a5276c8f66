"""The bridge to HiGHS: known optima, every ending by its name, bounds that are bounds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import highspy
import numpy as np
import pytest
from scipy.sparse import csc_array

from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import SolverError
from netopt.solution.form import ColumnName, StandardForm

INF = float("inf")
EXACT: dict[str, bool | int | float | str] = {"threads": 1, "mip_rel_gap": 0.0}
PROVES_NOTHING = (
    "kHighsInterrupt",
    "kLoadError",
    "kMemoryLimit",
    "kModelEmpty",
    "kModelError",
    "kNotset",
    "kObjectiveBound",
    "kPostsolveError",
    "kPresolveError",
    "kSolveError",
    "kUnboundedOrInfeasible",
    "kUnknown",
)
MAPPED = {
    "kOptimal": BackendStatus.OPTIMAL,
    "kObjectiveTarget": BackendStatus.LIMIT,
    "kTimeLimit": BackendStatus.LIMIT,
    "kIterationLimit": BackendStatus.LIMIT,
    "kSolutionLimit": BackendStatus.LIMIT,
    "kInterrupt": BackendStatus.INTERRUPTED,
    "kInfeasible": BackendStatus.INFEASIBLE,
    "kUnbounded": BackendStatus.UNBOUNDED,
}


def form_of(
    cost: list[float],
    rows: list[tuple[list[float], float, float]],
    upper: list[float],
    *,
    whole: bool = True,
    offset: float = 0.0,
) -> StandardForm:
    """Return ``min cost x + offset`` over rows (coefficients, lower, upper) and ``0 <= x <= upper``."""
    coefficients, row_lower, row_upper = zip(*rows, strict=True)
    return StandardForm(
        cost=np.array(cost),
        offset=offset,
        matrix=csc_array(np.array(coefficients)),
        row_lower=np.array(row_lower),
        row_upper=np.array(row_upper),
        lower=np.zeros(len(cost)),
        upper=np.array(upper),
        is_integer=np.full(len(cost), whole),
        columns=tuple(ColumnName("x", str(number), "") for number in range(len(cost))),
        rows=tuple(f"row[{number}]" for number in range(len(rows))),
    )


def knapsack(n_items: int, n_rows: int) -> StandardForm:
    """Return a knapsack of many rows that takes HiGHS some branching."""
    draw = np.random.default_rng(7)
    rows = [
        (draw.integers(10, 90, n_items).astype(float).tolist(), -INF, 12.0 * n_items) for _ in range(n_rows)
    ]
    values = (-draw.integers(10, 90, n_items)).astype(float).tolist()
    return form_of(values, rows, [1.0] * n_items)


# Canaries: mixed-integer programs whose optimum is known without a solver.
# Items worth 60, 100, 120 weighing 10, 20, 30 and a bag of 50: the last two, 220.
BAG = form_of([-60.0, -100.0, -120.0], [([10.0, 20.0, 30.0], -INF, 50.0)], [1.0] * 3)
# Twenty halls at 100 each may serve 19.5 units of demand, one unit each: twenty open.
HALLS = form_of([100.0] * 20, [([1.0] * 20, 19.5, INF)], [1.0] * 20, offset=-500.0)
# 3 x + 5 y = 7 in whole numbers has no solution; 3 x + 5 y = 8 has x = y = 1, which costs 2.
COINS = form_of([1.0, 1.0], [([3.0, 5.0], 8.0, 8.0)], [10.0, 10.0])
# Five queens' worth of assignment: a Latin cost (i + j) mod 5 whose diagonal of zeros is free.
ASSIGNMENT = form_of(
    [float((i + j) % 5) for i in range(5) for j in range(5)],
    [([float(k // 5 == i) for k in range(25)], 1.0, 1.0) for i in range(5)]
    + [([float(k % 5 == j) for k in range(25)], 1.0, 1.0) for j in range(5)],
    [1.0] * 25,
)


@pytest.mark.parametrize(
    ("form", "optimum"),
    [(BAG, -220.0), (HALLS, 1500.0), (COINS, 2.0), (ASSIGNMENT, 0.0)],
    ids=["bag", "halls", "coins", "assignment"],
)
def test_canaries_have_their_known_optimum(form: StandardForm, optimum: float) -> None:
    result = highs.solve_form(form, EXACT)
    assert result.status is BackendStatus.OPTIMAL
    assert result.objective == pytest.approx(optimum, abs=1e-6)
    assert result.bound == pytest.approx(optimum, abs=1e-6)
    assert result.point is not None
    assert form.objective(result.point) == pytest.approx(optimum, abs=1e-6)
    assert (result.solver, result.solver_version) == ("HiGHS", highs.version())
    assert result.row_duals is None


@pytest.mark.parametrize("relaxed", [True, False])
def test_a_large_form_is_solved_by_interior_points_to_the_same_vertex(
    monkeypatch: pytest.MonkeyPatch, *, relaxed: bool
) -> None:
    by_simplex = highs.solve_form(BAG, EXACT, relaxed=relaxed)
    options = dict[str, Any]()
    set_option = highspy.Highs.setOptionValue

    def noted(solver: highspy.Highs, name: str, value: Any) -> Any:
        options[name] = value
        return set_option(solver, name, value)

    monkeypatch.setattr(highs, "LARGE", 2)
    monkeypatch.setattr(highspy.Highs, "setOptionValue", noted)
    by_interior_points = highs.solve_form(BAG, EXACT, relaxed=relaxed)
    assert options["solver" if relaxed else "mip_lp_solver"] == "ipm"
    assert by_interior_points.point == pytest.approx(by_simplex.point)
    assert by_interior_points.bound == pytest.approx(by_simplex.bound)


def test_a_small_knapsack_against_every_choice() -> None:
    form = knapsack(12, 3)
    choices = np.array(np.meshgrid(*[[0.0, 1.0]] * 12)).reshape(12, -1)
    fits = (form.matrix @ choices <= form.row_upper[:, None]).all(axis=0)
    best = (form.cost @ choices)[fits].min()
    assert highs.solve_form(form, EXACT).objective == pytest.approx(best)


def test_the_relaxation_is_a_bound_and_has_duals() -> None:
    relaxed = highs.solve_form(BAG, EXACT, relaxed=True)
    # By worth per weight: items one and two whole, two thirds of the third: 60 + 100 + 80.
    assert (relaxed.objective, relaxed.bound) == (pytest.approx(-240.0), pytest.approx(-240.0))
    assert relaxed.n_nodes == 0
    assert relaxed.row_duals is not None
    assert relaxed.row_duals == pytest.approx([-4.0])  # 120 / 30: a unit more of bag saves 4.


def test_bounds_never_exceed_the_optimum() -> None:
    form = knapsack(40, 8)
    best = highs.solve_form(form, EXACT)
    assert best.objective is not None
    for limit in (0, 1, 5):
        early = highs.solve_form(form, {**EXACT, "mip_max_nodes": limit, "presolve": "off"})
        assert early.bound <= best.objective + 1e-6
        assert early.objective is None or early.objective >= best.objective - 1e-6
    assert best.bound <= best.objective + 1e-6


def test_a_limit_on_nodes_is_said() -> None:
    result = highs.solve_form(knapsack(40, 8), {**EXACT, "mip_max_nodes": 1})
    assert result.status is BackendStatus.LIMIT
    assert result.objective is not None
    assert result.bound < result.objective


def test_a_time_limit_without_a_plan_has_no_point() -> None:
    off = {"presolve": "off", "mip_heuristic_effort": 0.0, "mip_heuristic_run_feasibility_jump": False}
    result = highs.solve_form(knapsack(200, 40), {**EXACT, **off, "time_limit": 0.0})
    assert (result.status, result.point, result.objective) == (BackendStatus.LIMIT, None, None)
    assert result.bound == -INF


def test_infeasible_has_no_point() -> None:
    impossible = form_of([1.0, 1.0], [([3.0, 5.0], 7.0, 7.0)], [10.0, 10.0])
    result = highs.solve_form(impossible, EXACT)
    assert (result.status, result.point, result.objective) == (BackendStatus.INFEASIBLE, None, None)
    relaxed = highs.solve_form(form_of([1.0], [([1.0], 2.0, INF)], [1.0]), EXACT, relaxed=True)
    assert (relaxed.status, relaxed.point) == (BackendStatus.INFEASIBLE, None)


@pytest.mark.parametrize("relaxed", [True, False])
def test_unbounded_is_said_and_no_plan(relaxed: bool) -> None:
    endless = form_of([-1.0, 1.0], [([1.0, -1.0], -INF, 1.0)], [INF, 1.0], whole=False)
    grows = form_of([-1.0, 0.0], [([1.0, -1.0], -INF, 1.0)], [INF, INF], whole=not relaxed)
    assert highs.solve_form(endless, EXACT, relaxed=relaxed).objective == pytest.approx(-1.0)
    result = highs.solve_form(grows, {**EXACT, "presolve": "off"}, relaxed=relaxed)
    assert result.status is BackendStatus.UNBOUNDED
    assert result.bound == -INF


@pytest.mark.parametrize(
    ("name", "value"), [("time_limt", 3.0), ("threads", "many"), ("mip_rel_gap", -1.0)]
)
def test_an_option_that_highs_does_not_take_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SolverError, match=f"refuses the option {name}"):
        highs.solve_form(BAG, {name: value})


def test_every_ending_is_mapped_or_refused() -> None:
    endings = {name for name in dir(highspy.HighsModelStatus) if name.startswith("k")}
    assert endings == {*MAPPED, *PROVES_NOTHING}, "a new ending: decide what it proves"


@pytest.mark.parametrize("name", [*MAPPED, *PROVES_NOTHING])
def test_an_ending_is_told_by_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = getattr(highspy.HighsModelStatus, name)
    monkeypatch.setattr(highspy.Highs, "getModelStatus", lambda _self: said)
    if name in MAPPED:
        assert highs.solve_form(BAG, EXACT).status is MAPPED[name]
    else:
        with pytest.raises(SolverError, match=r"proves nothing|cannot tell"):
            highs.solve_form(BAG, EXACT)


@pytest.mark.parametrize("found", [(1, 14, 0), (1, 14, 9), (1, 15, 0), (0, 99, 0)])
def test_versions_that_returned_wrong_optima_are_refused(
    found: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in zip(("versionMajor", "versionMinor", "versionPatch"), found, strict=True):
        monkeypatch.setattr(highspy.Highs, name, lambda _self, number=number: number)
    text = ".".join(map(str, found))
    with pytest.raises(SolverError, match=rf"HiGHS {text} .* install highspy >= 1\.15\.1"):
        highs.version()
    with pytest.raises(SolverError, match="wrong optima"):
        highs.solve_form(BAG, EXACT)


def test_a_start_is_taken_up() -> None:
    form = knapsack(40, 8)
    best = highs.solve_form(form, EXACT)
    assert best.point is not None
    off = {"presolve": "off", "mip_heuristic_effort": 0.0, "mip_max_nodes": 0}
    started = highs.solve_form(form, {**EXACT, **off}, start=best.point)
    assert started.objective == pytest.approx(best.objective)


def test_progress_is_reported_in_the_forms_unit() -> None:
    reports: list[tuple[float, float | None, float | None, int]] = []
    best = highs.solve_form(knapsack(40, 8), EXACT, on_progress=lambda *report: reports.append(report))
    assert best.objective is not None
    assert reports
    for seconds, incumbent, bound, n_nodes in reports:
        assert seconds >= 0
        assert n_nodes >= 0
        assert incumbent is None or incumbent >= best.objective - 1e-6
        assert bound is None or bound <= best.objective + 1e-6


def interrupted_at(call: int) -> type[Thread]:
    """Return a thread whose ``join`` is interrupted once, as by Ctrl-C."""
    calls = []

    class Interrupted(Thread):
        def join(self, timeout: float | None = None) -> None:
            calls.append(timeout)
            if len(calls) == call:
                raise KeyboardInterrupt
            super().join(timeout)

    return Interrupted


def test_ctrl_c_ends_the_solve_and_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs, "Thread", interrupted_at(8))
    stop = Event()
    result = highs.solve_form(knapsack(120, 20), {**EXACT, "time_limit": 60.0}, stop=stop)
    assert stop.is_set()
    assert result.status is BackendStatus.INTERRUPTED
    assert result.point is not None
    assert result.objective is not None
    assert result.bound <= result.objective


def test_ctrl_c_is_passed_on_where_nobody_looks_at_half_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs, "Thread", interrupted_at(2))
    with pytest.raises(KeyboardInterrupt):
        highs.solve_form(knapsack(120, 20), {**EXACT, "time_limit": 60.0})
    monkeypatch.undo()
    assert highs.solve_form(BAG, EXACT).status is BackendStatus.OPTIMAL


def test_several_solves_at_a_time_find_what_one_finds_and_stop_each_for_itself() -> None:
    hard, stop = knapsack(120, 20), Event()
    with ThreadPoolExecutor(2) as pool:
        endless = pool.submit(highs.solve_form, hard, {**EXACT, "time_limit": 60.0}, stop=stop)
        found = [highs.solve_form(BAG, EXACT).objective for _ in range(5)]
        assert not endless.done()
        stop.set()
        assert endless.result().status is BackendStatus.INTERRUPTED
    assert set(found) == {highs.solve_form(BAG, EXACT).objective}


@pytest.mark.parametrize("relaxed", [False, True])
def test_a_stop_that_is_set_ends_the_solve(relaxed: bool) -> None:
    stop = Event()
    stop.set()
    off = {"presolve": "off", "mip_heuristic_effort": 0.0}
    result = highs.solve_form(knapsack(900, 300), {**EXACT, **off}, relaxed=relaxed, stop=stop)
    assert result.status in (BackendStatus.INTERRUPTED, BackendStatus.OPTIMAL)
    assert relaxed or result.status is BackendStatus.INTERRUPTED


def test_infeasible_is_told_from_unbounded_where_presolve_cannot() -> None:
    # x >= 1 and x <= 0 with a free, profitable y: presolve may leave the verdict open.
    form = StandardForm(
        cost=np.array([0.0, -1.0]),
        offset=0.0,
        matrix=csc_array(np.array([[1.0, 0.0], [1.0, 0.0]])),
        row_lower=np.array([1.0, -np.inf]),
        row_upper=np.array([np.inf, 0.0]),
        lower=np.array([-np.inf, 0.0]),
        upper=np.array([np.inf, np.inf]),
        is_integer=np.array([False, False]),
        columns=(ColumnName("x", "", ""), ColumnName("y", "", "")),
        rows=("at_least", "at_most"),
    )
    assert highs.solve_form(form, {}, relaxed=True).status is BackendStatus.INFEASIBLE


def test_a_form_without_integers_has_the_bound_of_its_own_optimum() -> None:
    """min -x - y, x + 2 y <= 4, x <= 3: (3, 0.5)."""
    form = form_of([-1.0, -1.0], [([1.0, 2.0], -INF, 4.0)], [3.0, 10.0], whole=False)
    result = highs.solve_form(form, EXACT)
    assert result.status is BackendStatus.OPTIMAL
    assert (result.objective, result.bound) == (pytest.approx(-3.5), pytest.approx(-3.5))
