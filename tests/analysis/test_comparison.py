"""The main job on toy: what its README derives by hand, as intervals, with their words.

Z without any policy is -6,471,190 CNY a year and the whole second-life market is served: 1,200 t of 16,000
(README of toy). On top of that

* unified: a national platform, 100,000; the target of 9,600 t missed by 8,400 t at 100: 840,000;
* mandates: Westland's rule, 1,866,900; two platforms, 200,000; the same miss, 840,000; 500 CNY/t on
  8,000 t, 4,000,000; a delay of 10 days x 4 x (1 - 0.5) = 20 CNY/t on what leaves its province: 2,000 t
  from Westland, 2,000 t from Eastland, of Midland's 4,000 t the 3,000 t of scrap and 200 t of rejects:
  144,000;
* open-market and no-target: the platform alone, so that they differ from unified only by the price of its
  miss, which the headline counts on neither side.
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from threading import Barrier, Event
from typing import Any

import pytest

from netopt.accounts import Perspective
from netopt.analysis import compare as module
from netopt.analysis.compare import PASS_THROUGHS, Comparison, compare, waited_for
from netopt.analysis.cost import Cost
from netopt.analysis.targets import as_far_as_in
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.errors import CheckError, NoSolutionError, StoppedError, UsageError
from netopt.pipeline import solve
from netopt.policy.base import Lever, Policy
from netopt.policy.levers.cascade_target import CascadeTarget
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.read import make_policy, read_policy
from netopt.resources import shipped
from netopt.solution.ledger import ledger_total
from netopt.solution.options import Progress, SolveOptions
from netopt.solution.solution import Solution

BARE = -6_471_190.0
PLATFORM, MISSED = 100_000.0, 840_000.0
UNIFIED = BARE + PLATFORM + MISSED
MANDATES = BARE + 1_866_900.0 + 2 * PLATFORM + MISSED + 4_000_000.0 + 144_000.0
OPEN = BARE + PLATFORM
OPTIONS = SolveOptions(gap=1e-6, threads=1)
WIDEST = 100.0
"""Widest interval, in CNY a year, that two proofs to 1e-6 of about 30 million leave."""


@pytest.fixture(scope="module")
def given() -> Instance:
    return read_instance(shipped("instances") / "toy")


@pytest.fixture(scope="module")
def toy(given: Instance) -> Instance:
    """Return toy with room at the large recycler for all that retires, which changes no sum above."""
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    sizes = tables["sizes"]
    is_large = (sizes["facility_type"] == "hydromet") & (sizes["size"] == "large")
    sizes.loc[is_large, "capacity_tonnes_per_year"] = 10_000.0
    return make_instance(given.settings, tables)


@pytest.fixture(scope="module")
def policies(given: Instance) -> dict[str, Policy]:
    read = {name: read_policy(name, given) for name in ("unified", "mandates", "open-market")}
    levers = [lever for lever in read["unified"].levers if lever.name != "cascade_target"]
    return {**read, "no-target": make_policy("no-target", levers)}


@pytest.fixture(scope="module")
def comparison(toy: Instance, policies: dict[str, Policy]) -> Iterator[Comparison]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PASS_THROUGHS", (0.0, 0.5))
        yield compare(toy, list(policies.values()), OPTIONS)


def cost_of(costs: tuple[Cost, ...], policy: str) -> Cost:
    (cost,) = [cost for cost in costs if cost.policy == policy]
    return cost


def assert_holds(cost: Cost, by_hand: float) -> None:
    assert cost.low_cny_per_year - 0.01 <= by_hand <= cost.high_cny_per_year + 0.01
    assert cost.high_cny_per_year - cost.low_cny_per_year <= WIDEST


def test_the_interval_of_mandates_holds_the_difference_by_hand(comparison: Comparison) -> None:
    cost = cost_of(comparison.headline, "mandates")
    assert_holds(cost, MANDATES - UNIFIED)
    assert (cost.sign, cost.penalty_priced) == (1, True)
    assert (cost.formal_share, cost.base_formal_share, cost.pass_through) == (0.5, 0.5, None)
    assert cost.retired_tonnes_per_year == pytest.approx(16_000.0)
    assert cost.per_tonne[0] == pytest.approx(cost.low_cny_per_year / 16_000.0)


@pytest.mark.parametrize("policy", ["open-market", "no-target"])
def test_a_policy_without_the_target_is_not_cheaper_by_its_price(
    comparison: Comparison, policy: str
) -> None:
    # Both sides are the same plan and platform; unified's 840,000 for the miss count on neither.
    cost = cost_of(comparison.headline, policy)
    assert_holds(cost, 0.0)
    assert (cost.sign, cost.penalty_priced) == (None, False)


HOME = InProvinceProcessing(jurisdictions=("P1", "P3"), hard=False, penalty_cny_per_tonne=100.0)
"""So cheap to miss that a plan that misses them is the cheapest (README of toy: 930 CNY/t for Westland)."""


def with_levers(base: Policy, name: str, *levers: Lever) -> Policy:
    return make_policy(name, [*base.levers, *levers])


def test_a_soft_target_that_only_the_policy_has_keeps_its_price(
    given: Instance, policies: dict[str, Policy]
) -> None:
    dutiful = with_levers(policies["unified"], "dutiful", HOME)
    found = compare(given, [policies["unified"], dutiful], OPTIONS, curve=False)
    ours, base = (found.solutions[name].outcome for name in ("dutiful", "unified"))
    (cost,) = found.headline
    assert_holds(cost, ours.upper_bound_cny_per_year - base.upper_bound_cny_per_year)
    assert (cost.sign, cost.penalty_priced, cost.lessened_targets) == (1, True, ())
    missed = found.solutions["dutiful"].answer.shortfalls
    own = missed[missed["rule"].str.startswith("in_province")]
    assert len(own) > 0
    assert cost.own_shortfall_cny_per_year == pytest.approx(own["shortfall_tonnes_per_year"].sum() * 100.0)
    assert set(cost.own_targets) == set(own["rule"])
    words = (
        f"{cost.own_shortfall_cny_per_year / 1e6:,.2f} m CNY a year of what dutiful costs is the price of"
    )
    assert words in found.to_markdown().split("\n\n")[1]


def test_of_the_bases_soft_targets_those_count_that_both_have(
    given: Instance, policies: dict[str, Policy]
) -> None:
    # The base has both duties and its national target, the policy one of the duties alone.
    base = with_levers(policies["unified"], "base", HOME)
    one = HOME.model_copy(update={"jurisdictions": ("P1",)})
    policy = with_levers(policies["no-target"], "policy", one)
    found = compare(given, [base, policy], OPTIONS, curve=False)
    (cost,) = found.headline
    assert_holds(cost, 0.0)
    assert set(cost.lessened_targets) == {"cascade_target[national]", "in_province_processing[P3]"}
    assert (cost.penalty_priced, cost.own_targets) == (False, ())
    assert r"cascade_target\[national\]" in found.to_markdown().split("\n\n")[1]


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({}, {}),
        ({"share": 0.3}, {"share": 0.3}),
        ({"share": 0.9}, {}),
        ({"penalty_cny_per_tonne": 50.0}, {"penalty_cny_per_tonne": 50.0}),
        ({"penalty_cny_per_tonne": 500.0}, {}),
        ({"hard": True, "penalty_cny_per_tonne": None}, {}),
        ({"hard": True, "penalty_cny_per_tonne": None, "share": 0.2}, {"share": 0.2}),
        ({"denominator": "collected"}, {"penalty_cny_per_tonne": 0.0}),
    ],
)
def test_a_target_counts_with_the_weaker_of_both_terms(
    given: Instance, changed: dict[str, Any], counts: dict[str, Any]
) -> None:
    target = CascadeTarget(share=0.6, denominator="retired", hard=False, penalty_cny_per_tonne=100.0)
    base = make_policy("base", [target])
    other = make_policy("other", [target.model_copy(update=changed)])
    counted, lessened = as_far_as_in(base, other, given)
    assert counted.levers == (target.model_copy(update=counts),)
    assert lessened == (("cascade_target[national]",) if counts else ())
    assert (counted is base) == (not counts)


def test_the_other_way_round_the_interval_is_negative(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, comparison.solutions)
    given = [comparison.solutions[name].policy for name in ("mandates", "unified")]
    (cost,) = compare(comparison.base.instance, given, OPTIONS, curve=False).headline
    assert_holds(cost, UNIFIED - MANDATES)
    assert cost.sign == -1


def test_an_interval_is_bound_less_incumbent_on_either_side(comparison: Comparison) -> None:
    ours, base = (comparison.solutions[name].outcome for name in ("mandates", "unified"))
    cost = cost_of(comparison.headline, "mandates")
    assert cost.low_cny_per_year == ours.lower_bound_cny_per_year - base.upper_bound_cny_per_year
    assert cost.high_cny_per_year == ours.upper_bound_cny_per_year - base.lower_bound_cny_per_year
    assert cost.share_of_gross[1] == cost.high_cny_per_year / base.gross_cost_cny_per_year


def test_a_private_policy_has_a_range_of_social_costs(comparison: Comparison) -> None:
    assert set(comparison.social_ranges) == {"open-market"}
    low, high = comparison.social_ranges["open-market"]
    private = comparison.solutions["open-market"]
    weights = private.instance.period_weights()
    own = ledger_total(private.ledger, weights, Perspective.SOCIAL)
    assert own == pytest.approx(OPEN, abs=1.0)
    assert low - 1.0 <= own <= high + 1.0
    # No private plan is socially cheaper than the social optimum, which is the same plan here.
    social = comparison.solutions["no-target"].outcome
    assert high >= social.lower_bound_cny_per_year - 1.0
    assert low <= social.upper_bound_cny_per_year + WIDEST
    # Private costs of the same plan, by hand (README of toy): 341,000.
    assert private.outcome.upper_bound_cny_per_year == pytest.approx(341_000.0, abs=WIDEST)


def test_with_everything_collected_both_sides_collect_everything(
    comparison: Comparison, toy: Instance, policies: dict[str, Policy]
) -> None:
    assert {cost.policy for cost in comparison.full_collection} == {"mandates", "no-target"}
    everything = replace(OPTIONS, formal_share=1.0)
    ours, base = (solve(toy, policies[name], everything).outcome for name in ("mandates", "unified"))
    cost = cost_of(comparison.full_collection, "mandates")
    assert (cost.formal_share, cost.base_formal_share) == (1.0, 1.0)
    assert_holds(cost, ours.upper_bound_cny_per_year - base.upper_bound_cny_per_year)


def test_a_missed_target_can_be_counted_at_zero(comparison: Comparison) -> None:
    assert not any(cost.penalty_priced for cost in comparison.without_penalty)
    # Both miss the target alike, so mandates cost as much more as before.
    assert_holds(cost_of(comparison.without_penalty, "no-target"), 0.0)
    assert cost_of(comparison.without_penalty, "no-target").sign is None
    assert_holds(cost_of(comparison.without_penalty, "mandates"), MANDATES - UNIFIED)


def test_the_curve_starts_at_the_headline_and_follows_the_logit(comparison: Comparison) -> None:
    assert PASS_THROUGHS[0] == 0.0
    assert list(PASS_THROUGHS) == sorted(PASS_THROUGHS)
    start = tuple(cost for cost in comparison.curve if cost.pass_through == 0.0)
    assert replace(cost_of(start, "mandates"), pass_through=None) == cost_of(
        comparison.headline, "mandates"
    )
    # Frictions of 1,000 CNY/t were calibrated; mandates keep 500, unified none; a pack is half a tonne.
    later = cost_of(tuple(cost for cost in comparison.curve if cost.pass_through == 0.5), "mandates")
    assert later.formal_share == pytest.approx(1 / (1 + math.exp(-0.01 * 0.5 * 500 * 0.5)), abs=5e-5)
    assert later.base_formal_share == pytest.approx(1 / (1 + math.exp(-0.01 * 0.5 * 1000 * 0.5)), abs=5e-5)
    assert later.retired_tonnes_per_year == pytest.approx(16_000.0)


def test_plain_types_are_finite_and_complete(comparison: Comparison) -> None:
    content = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert content["base"] == "unified"
    assert [cost["policy"] for cost in content["headline"]] == ["mandates", "open-market", "no-target"]
    assert [cost["sign"] for cost in content["headline"]] == [1, None, None]
    assert content["headline"][0]["low_cny_per_tonne_retired"] == pytest.approx(
        (MANDATES - UNIFIED) / 16_000.0, abs=0.01
    )


def test_a_further_line_without_a_plan_is_noted_and_the_headline_stays(
    given: Instance, policies: dict[str, Policy], monkeypatch: pytest.MonkeyPatch
) -> None:
    # All 16,000 t give 6,800 t of black mass; Midland bars R2, and R3 takes 5,000 t at most.
    monkeypatch.setattr(module, "PASS_THROUGHS", (0.0,))
    found = compare(given, [policies["unified"], policies["mandates"]], OPTIONS)
    assert_holds(cost_of(found.headline, "mandates"), MANDATES - UNIFIED)
    assert found.full_collection == ()
    assert any("everything collected formally, mandates" in note for note in found.notes)
    assert all(note.splitlines()[0] in found.to_markdown() for note in found.notes)


def test_what_has_no_plan_in_time_is_said_and_the_rest_is_compared(
    given: Instance, policies: dict[str, Policy], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_for_mandates(instance: Instance, policy: Policy, options: SolveOptions) -> Solution:
        if policy.name == "mandates":
            raise NoSolutionError("the limit came first")
        return solve(instance, policy, options)

    monkeypatch.setattr(module, "solve", slow_for_mandates)
    chosen = [policies[name] for name in ("unified", "mandates", "open-market")]
    found = compare(given, chosen, OPTIONS, curve=False)
    assert dict(found.unsolved) == {"mandates": "the limit came first"}
    assert set(found.solutions) == {"unified", "open-market"}
    assert [cost.policy for cost in found.headline] == ["open-market"]
    assert "**There is no interval for mandates**: the limit came first." in found.to_markdown()
    assert found.to_dict()["unsolved"] == {"mandates": "the limit came first"}
    with pytest.raises(NoSolutionError, match="the limit came first"):
        compare(given, [replace(chosen[1]), chosen[0]], OPTIONS)


def test_a_stop_ends_a_comparison_with_what_it_has(given: Instance, policies: dict[str, Policy]) -> None:
    readings: list[Progress] = []

    def stop_once_both_are_planned(progress: Progress) -> None:
        readings.append(progress)
        if {reading.policy for reading in readings if reading.is_last} == {"unified", "open-market"}:
            options.stop.set()

    options = replace(OPTIONS, on_progress=stop_once_both_are_planned, stop=Event())
    found = compare(given, [policies["unified"], policies["open-market"]], options)
    assert set(found.solutions) == {"unified", "open-market"}
    assert (found.headline, found.curve) == ((), ())
    assert all(low <= high for low, high in found.social_ranges.values())
    assert "interrupted" in found.unsolved["open-market"]
    with pytest.raises(StoppedError, match="before it was begun"):
        compare(given, [policies["unified"], policies["mandates"]], options)


def test_the_social_range_tells_its_readings(given: Instance, policies: dict[str, Policy]) -> None:
    readings: list[Progress] = []
    options = replace(OPTIONS, on_progress=readings.append)
    found = compare(given, [policies["unified"], policies["open-market"]], options, curve=False)
    low, high = found.social_ranges["open-market"]
    for what, end in (("least", low), ("greatest", high)):
        own = [
            each for each in readings if (each.policy, each.what) == ("open-market", f"{what} social cost")
        ]
        assert own[-1].bound_cny_per_year == pytest.approx(end, abs=1e-4 * abs(end))


def test_solves_side_by_side_find_what_one_after_the_other_finds(
    toy: Instance, policies: dict[str, Policy], comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PASS_THROUGHS", (0.0, 0.5))
    together = compare(toy, list(policies.values()), replace(OPTIONS, threads=3))
    assert together.to_dict() == comparison.to_dict()
    assert {solution.outcome.threads for solution in together.solutions.values()} == {1}


def test_as_many_policies_are_solved_at_a_time_as_there_are_threads(
    toy: Instance, policies: dict[str, Policy]
) -> None:
    both = Barrier(2)

    def wait_for_the_other(progress: Progress) -> None:
        if progress.what == "building the network":
            both.wait(timeout=60)

    chosen = [policies["unified"], policies["mandates"]]
    found = compare(toy, chosen, replace(OPTIONS, threads=2, on_progress=wait_for_the_other), curve=False)
    assert set(found.solutions) == {"unified", "mandates"}


def test_a_base_without_a_plan_ends_the_other_solves_and_not_the_callers_wish(
    toy: Instance, policies: dict[str, Policy]
) -> None:
    begun = Event()

    def refuse_the_base(progress: Progress) -> None:
        if progress.policy == "unified":
            begun.wait(timeout=60)
            raise NoSolutionError("the limit came first")
        begun.set()

    options = replace(OPTIONS, threads=2, on_progress=refuse_the_base)
    with pytest.raises(NoSolutionError, match="the limit came first"):
        compare(toy, [policies["unified"], policies["mandates"]], options)
    assert not options.stop.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("solve")]


def with_interval(comparison: Comparison, low: float, high: float) -> str:
    cost = replace(comparison.headline[0], low_cny_per_year=low, high_cny_per_year=high)
    return replace(comparison, headline=(cost,)).to_markdown()


def test_words_follow_the_sign_of_the_interval(comparison: Comparison) -> None:
    dearer = with_interval(comparison, 1.2e6, 3.4e6)
    assert "mandates costs society 1.20 to 3.40 m CNY a year more than unified" in dearer
    cheaper = with_interval(comparison, -3.4e6, -1.2e6)
    assert "mandates costs society 1.20 to 3.40 m CNY a year less than unified" in cheaper
    for low, high in ((0.0, 0.0), (-1.0, 1.0), (0.5, 1.0)):
        same = with_interval(comparison, low, high).split("\n\n")[1]
        assert "there is no difference beyond rounding" in same
        assert "--gap" not in same
    for low, high in ((-1.2e6, 3.4e6), (0.0, 3.4e6), (-1.2e6, 0.0)):
        open_question = with_interval(comparison, low, high)
        verdict = open_question.split("\n\n")[1]
        assert "not resolved" in verdict
        assert f"between {low / 1e6:.2f} and {high / 1e6:.2f} m CNY a year" in verdict


def test_small_intervals_show_digits(comparison: Comparison) -> None:
    small = with_interval(comparison, -130.0, 260.0)
    assert "between -0.00013 and 0.00026 m CNY a year" in small
    assert "[-0.00013, 0.00026]" in small
    assert "-0.00 " not in small.split("## Conditional")[0]
    nothing = with_interval(comparison, -0.0, 0.0)
    assert "mandates costs society what unified costs" in nothing
    assert "[0.00, 0.00]" in nothing


def test_no_difference_is_printed_without_its_interval(comparison: Comparison) -> None:
    text = comparison.to_markdown()
    rows = [line for line in text.splitlines() if re.match(r"^\| (?:[\d.]+ \| )?\S+ - unified \|", line)]
    expected = (
        comparison.headline,
        comparison.full_collection,
        comparison.without_penalty,
        comparison.curve,
    )
    assert len(rows) == sum(map(len, expected))
    interval = re.compile(r"^\[-?[\d,]+\.\d+, -?[\d,]+\.\d+\]$")
    for row in rows:
        cells = [cell.strip() for cell in row.strip("| ").split(" | ")]
        amounts = cells[3:] if cells[0][0].isdigit() else cells[1:]
        assert len(amounts) >= 2
        assert all(interval.match(amount) for amount in amounts), row
    wide = with_interval(comparison, 1e6, 3e6)
    assert re.search(r"\[1\.0+, 3\.0+\]", wide)
    assert not re.search(r"(?<![\d.,])2\.0+(?![\d.,])", wide.split("## Conditional on")[0])


def test_conditions_name_supply_formal_share_and_every_policy(comparison: Comparison) -> None:
    text = comparison.to_markdown()
    conditions = text.split("## Conditional on")[1].split("##")[0]
    assert "16,000 t retired a year (2025)" in conditions
    assert "formal share 50% on both sides" in conditions
    for name in comparison.solutions:
        assert f"* {name}: " in conditions


def test_names_cannot_act_in_the_words(comparison: Comparison) -> None:
    base = comparison.base
    about = base.instance.settings.instance.model_copy(
        update={"title": "**free** | <script> [x](y) `z`", "price_basis": "a_b_c <b>"}
    )
    settings = base.instance.settings.model_copy(update={"instance": about})
    renamed = replace(base, instance=replace(base.instance, settings=settings))
    first, *rest = comparison.solutions
    solutions = {first: renamed, **{name: comparison.solutions[name] for name in rest}}
    text = replace(comparison, solutions=solutions).to_markdown()
    assert text.startswith(r"# Cost of fragmentation: \*\*free\*\* \| &lt;script&gt; \[x\](y) \`z\`" + "\n")
    assert "a_b_c &lt;b&gt;" in text
    cost = replace(comparison.headline[0], policy="x* | <i>")
    text = replace(comparison, headline=(cost,)).to_markdown()
    assert r"x\* \| &lt;i&gt; costs society" in text
    assert r"| x\* \| &lt;i&gt; - unified |" in text


def pretend(monkeypatch: pytest.MonkeyPatch, solutions: dict[str, Solution]) -> None:
    """Let comparisons find these solutions instead of solving."""

    def found(_instance: Instance, policy: Policy, _options: Any) -> Solution:
        return solutions[policy.name]

    monkeypatch.setattr(module, "solve", found)


@pytest.mark.parametrize(
    ("column", "word"),
    [("retired_tonnes_per_year", "same_supply"), ("leaked_tonnes_per_year", "same_formal_share")],
)
def test_plans_for_other_batteries_are_not_compared(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch, column: str, word: str
) -> None:
    honest = {name: comparison.solutions[name] for name in ("unified", "mandates")}
    pretend(monkeypatch, honest)
    given = [solution.policy for solution in honest.values()]
    toy = comparison.base.instance
    assert len(compare(toy, given, OPTIONS, curve=False).headline) == 1
    supply = honest["mandates"].answer.supply.copy()
    supply.loc[0, column] += 1.0
    answer = replace(honest["mandates"].answer, supply=supply)
    pretend(monkeypatch, {**honest, "mandates": replace(honest["mandates"], answer=answer)})
    with pytest.raises(CheckError, match=word):
        compare(toy, given, OPTIONS, curve=False)


def test_what_makes_no_comparison_is_refused(toy: Instance, policies: dict[str, Policy]) -> None:
    unified, private = policies["unified"], policies["open-market"]
    with pytest.raises(UsageError, match="at least two"):
        compare(toy, [unified])
    with pytest.raises(UsageError, match="same name: unified, unified"):
        compare(toy, [unified, unified])
    with pytest.raises(UsageError, match="open-market is private"):
        compare(toy, [private, unified])


class Disturbed(Future):
    """A future whose waiting is interrupted a number of times."""

    n_interrupts = 1

    def result(self, timeout: float | None = None) -> object:
        if self.n_interrupts:
            self.n_interrupts -= 1
            raise KeyboardInterrupt
        return super().result(timeout)


def test_ctrl_c_while_others_solve_asks_them_to_end_and_the_second_is_passed_on() -> None:
    once, stop = Disturbed(), Event()
    once.set_result("what there is")
    assert waited_for(once, stop) == "what there is"
    assert stop.is_set()
    again = Disturbed()
    with pytest.raises(KeyboardInterrupt):
        waited_for(again, stop)
