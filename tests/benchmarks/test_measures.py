"""The arithmetic of traces, on traces made by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.benchmarks.case import Known
from tests.benchmarks.measures import (
    Run,
    contradictions,
    final_gap,
    fit_power,
    gross_of,
    ratio_at_equal_gap,
    ratio_to_own_gap,
    run_of,
    time_to_gap,
)
from tests.benchmarks.targets import TARGETS, Measured

Trace = list[list[float | None]]

SLOW: Trace = [[1.0, None, 50.0], [10.0, 120.0, 60.0], [100.0, 110.0, 90.0], [500.0, 110.0, 100.0]]
"""Of gross cost 100: no plan at first, 60 % after 10 s, 20 % after 100 s, 10 % after 500 s."""

FAST: Trace = [[2.0, 130.0, 95.0], [5.0, 106.0, 96.0], [20.0, 102.0, 101.0]]
"""35 % after 2 s, 10 % after 5 s, 1 % after 20 s."""


def made(contender: str, trace: Trace, suite: str = "coarse", name: str = "a", **more: Any) -> Run:
    end = {"how": "ended", "seconds": 600.0, "gross": 100.0, **more.pop("end", {})}
    known = more.pop("known", Known())
    case = {"name": name, "kind": "synthetic", "arguments": {}, "known": vars(known)}
    record = {
        "suite": suite,
        "case": case,
        "contender": contender,
        "limit_s": 600.0,
        "wall_s": 610.0,
        "peak_memory_mib": 1024.0,
        "trace": trace,
        "end": end,
        **more,
    }
    return run_of(record)


def test_the_gap_is_that_of_the_last_reading() -> None:
    assert final_gap(made("highs", SLOW), 100.0) == pytest.approx(0.1)
    assert final_gap(made("highs", SLOW[:1]), 100.0) == math.inf
    assert final_gap(made("highs", []), 100.0) == math.inf


@pytest.mark.parametrize(
    ("wanted", "seconds"), [(0.35, 2.0), (0.34, 5.0), (0.1, 5.0), (0.01, 20.0), (0.009, math.inf)]
)
def test_time_to_a_gap_is_its_first_moment(wanted: float, seconds: float) -> None:
    assert time_to_gap(made("netopt", FAST), 100.0, wanted) == seconds


def test_the_ratio_is_of_first_moments_at_the_rivals_own_gap() -> None:
    ours, rival = made("netopt", FAST), made("highs", SLOW)
    assert ratio_to_own_gap(ours, rival, 100.0) == pytest.approx(5 / 500)
    assert ratio_to_own_gap(rival, ours, 100.0) == math.inf


def test_any_plan_beats_a_rival_without_one() -> None:
    assert ratio_to_own_gap(made("netopt", FAST), made("highs", SLOW[:1]), 100.0) == pytest.approx(2 / 600)


def test_equal_gap_is_the_wider_of_the_two() -> None:
    assert ratio_at_equal_gap(made("netopt-warm", FAST), made("netopt", SLOW), 100.0) == 5 / 500
    assert ratio_at_equal_gap(made("netopt-warm", SLOW), made("netopt", FAST), 100.0) == 500 / 5


def test_what_comes_after_the_limit_does_not_count() -> None:
    late = made("netopt", [*SLOW, [629.0, 105.0, 100.0], [631.0, 101.0, 100.0]])
    assert final_gap(late, 100.0) == pytest.approx(0.05)
    assert time_to_gap(late, 100.0, 0.01) == math.inf


def test_the_denominator_is_the_gross_cost_of_the_cheapest_plan() -> None:
    runs = [made("netopt", FAST, end={"gross": 90.0}), made("highs", SLOW, end={"gross": 120.0})]
    assert gross_of(runs) == 90.0
    assert gross_of([made("highs", SLOW[:1], end={"gross": None})]) == math.inf


def test_what_a_crashed_netopt_had_told_does_not_count_and_a_rivals_does() -> None:
    crashed = {"how": "crashed", "gross": None}
    assert final_gap(made("netopt", FAST, end=crashed), 100.0) == math.inf
    assert final_gap(made("highs", FAST, end=crashed), 100.0) == pytest.approx(0.01)


def test_planted_contradictions_are_found() -> None:
    optimum = Known(optimum=101.5, best=101.5, bound=101.5)
    assert contradictions([made("netopt", FAST, known=optimum)]) == []
    too_high = [[1.0, 103.0, 102.0]]
    (line,) = contradictions([made("netopt", too_high, known=optimum)])
    assert "the bound 102.000 lies above the known 101.500" in line
    too_low = [[1.0, 101.0, 100.0]]
    (line,) = contradictions([made("netopt", too_low, known=optimum)])
    assert "the plan's cost 101.000 lies below the known 101.500" in line
    published = Known(best=101.0, bound=100.0)
    assert contradictions([made("netopt", [[1.0, 100.5, 100.2]], known=published)]) == []
    assert contradictions([made("netopt", [[1.0, 102.0, 101.2]], known=published)]) != []
    assert contradictions([made("netopt", [[1.0, 99.0, 98.0]], known=published)]) != []


def test_published_values_are_rounded() -> None:
    optimum = Known(optimum=1_000_000.0)
    assert optimum.contradictions(999_999.5, 1_000_000.5) == []
    assert len(optimum.contradictions(999_997.0, 1_000_003.0)) == 2


def test_a_bound_above_anothers_plan_is_found() -> None:
    lines = contradictions([made("netopt", [[1.0, 120.0, 111.0]]), made("highs", SLOW)])
    assert lines == ["coarse, a: netopt's bound 111.000 lies above highs's plan 110.000"]
    assert contradictions([made("netopt", [[1.0, 120.0, 111.0]]), made("highs", SLOW, name="b")]) == []


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.7])
def test_the_fit_finds_exact_power_laws(exponent: float) -> None:
    sizes = [100.0, 337.0, 1000.0, 3000.0]
    fit = fit_power(sizes, [0.02 * size**exponent for size in sizes])
    assert fit is not None
    assert fit.exponent == pytest.approx(exponent)
    assert fit.factor == pytest.approx(0.02)
    assert fit.r2 == pytest.approx(1.0)


def test_two_sizes_make_no_law() -> None:
    assert fit_power([1.0, 1.0, 2.0], [1.0, 1.1, 2.0]) is None


def measured(suite: str, runs: list[Run]) -> tuple[Measured, str]:
    (target,) = (target for target in TARGETS if target.suite == suite)
    found = target.measure(runs)
    assert found is not None
    return found, target.verdict(found)


def ten(trace: Trace, suite: str = "coarse") -> list[Run]:
    pairs = [(made("netopt", trace, suite, str(n)), made("highs", SLOW, suite, str(n))) for n in range(10)]
    return [run for pair in pairs for run in pair]


def test_the_row_on_coarse_cases() -> None:
    found, verdict = measured("coarse", ten(FAST))
    assert found == Measured("median 1/100 (1/100 to 1/100) against HiGHS", 10, True, True)
    assert verdict == "aim met"
    late = [[25.0, 106.0, 96.0]]
    assert measured("coarse", ten(late))[1] == "must met"
    assert measured("coarse", ten([[50.0, 106.0, 96.0]]))[1] == "missed"
    assert measured("coarse", ten(FAST)[:4])[1] == "met so far (2 of 10 cases)"


def test_the_row_counts_the_harder_of_two_rivals() -> None:
    strong = [made("highs-strong", [[6.0, 106.0, 96.0]], name=str(n)) for n in range(10)]
    found, verdict = measured("coarse", [*ten(FAST), *strong])
    assert found.said.endswith(
        "against HiGHS; median 1/1.2 (1/1.2 to 1/1.2) against HiGHS with strong rows"
    )
    assert verdict == "missed"


def test_one_slow_case_spoils_the_row_on_fine_cases_and_not_the_median() -> None:
    slow = [[560.0, 106.0, 96.0]]
    one_bad = [*ten(FAST, "fine")[:18], *ten(slow, "fine")[18:]]
    assert measured("fine", one_bad)[1] == "missed"
    in_coarse = [*ten(FAST)[:18], *ten(slow)[18:]]
    assert measured("coarse", in_coarse)[1] == "aim met"


def test_the_row_on_total_time_counts_building_beside() -> None:
    solved = [[3.0, 100.0, 100.0]]
    rival = made("highs-strong", [[2.0, 100.0, 100.0]], "caps", end={"build_s": 4.0, "seconds": 2.0})
    found, verdict = measured("caps", [made("netopt", solved, "caps"), rival])
    assert found.said == "1.50: 3.0 s against 2.0 s (with 4.0 s for making its model 1/2.0)"
    assert verdict == "missed"
    found, _ = measured("caps", [made("netopt", FAST, "caps"), rival])
    assert found.said == "1 of 1 not solved"


def test_the_row_on_gaps_of_tbed1() -> None:
    runs = [made("netopt", FAST, "tbed1"), made("scip", SLOW, "tbed1")]
    found, _ = measured("tbed1", [*runs, made("highs", [[9.0, 100.5, 100.0]], "tbed1")])
    assert (found.said, found.meets_must, found.meets_aim) == (
        "smaller than SCIP's on 1, than HiGHS's on 0, of 1",
        True,
        False,
    )


def test_the_row_on_gurobi() -> None:
    known = Known(rival_gap=0.02)
    found, _ = measured("mp_tscflp", [made("netopt", FAST, "mp_tscflp", known=known)])
    assert (found.said, found.meets_aim) == ("not worse on 1 of 1", True)
    found, _ = measured("mp_tscflp", [made("netopt", SLOW, "mp_tscflp", known=known)])
    assert (found.said, found.meets_must) == ("not worse on 0 of 1", False)


def test_memory_counts_where_it_is_limited() -> None:
    small = [[9.0, 101.0, 100.5]]
    assert measured("china-2035", [made("netopt", small, "china-2035")])[1] == "aim met"
    large = made("netopt", small, "china-2035", peak_memory_mib=9000.0)
    assert measured("china-2035", [large])[1] == "missed"


def test_the_row_on_the_interval() -> None:
    ends = {"incumbent": 350e6, "bound": 310e6, "seconds": 900.0}
    runs = [made("netopt-compare", [[900.0, 350e6, 310e6]], "china-2024-interval", end=ends)]
    found, verdict = measured("china-2024-interval", runs)
    assert found.said.startswith("310.0 to 350.0 m CNY in 900 s: 40.0 m")
    assert verdict == "must met"


def test_the_row_on_the_hand_over() -> None:
    ends = [{"ratio": ratio, "n_columns": columns} for ratio, columns in ((1.5, 400_000), (3.0, 300_000))]
    runs = [made("handover", [], "handover", str(ratio), end=end) for ratio, end in enumerate(ends)]
    found, verdict = measured("handover", runs)
    assert found.said == "median 2.25 (1.50 to 3.00), up to 400,000 columns"
    assert verdict == "must met"


def test_the_row_on_re_solving() -> None:
    runs = [made("netopt-warm", FAST, "resolve"), made("netopt", SLOW, "resolve")]
    found, verdict = measured("resolve", runs)
    assert (found.said, verdict) == ("1/100", "met so far (1 of 2 cases)")
