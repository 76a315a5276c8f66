"""Two strategies at once: whatever one knows counts for the other, and the better of both is returned."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from netopt.errors import InfeasibleError, StoppedError
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.network.scope import Scope
from netopt.policy.effects import ForbidHauls
from netopt.solution.options import Progress, SolveOptions
from netopt.solution.outcome import Status
from netopt.strategies import choice, together
from netopt.strategies.choice import solve_network
from netopt.strategies.direct import solve_direct
from netopt.strategies.finish import Found
from netopt.strategies.split.solve import solve_split
from netopt.strategies.together import solve_together
from tests.engine import EXACT, engine_optimum
from tests.strategies.test_split import SEEDS, case

TWO = replace(EXACT, threads=2, time_limit_s=30.0)


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_its_plan_is_the_best(seed: int) -> None:
    instance, effects, perspective, nearby = case(seed)
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    plan = solve_together(build_network(instance, effects), nearby, perspective, TWO)
    assert plan.outcome.status is Status.OPTIMAL
    tolerance = 1e-6 * max(1.0, abs(optimum))
    assert plan.outcome.lower_bound_cny_per_year - tolerance <= optimum
    assert plan.outcome.upper_bound_cny_per_year == pytest.approx(optimum, abs=10 * tolerance)
    assert plan.outcome.threads == 2


def networks(seed: int) -> tuple[Network, Network]:
    instance, effects, _, nearby = case(seed)
    return build_network(instance, effects), nearby


def test_plan_and_bound_may_come_from_different_strategies() -> None:
    _, _, perspective, nearby = case(SEEDS[0])
    whole = networks(SEEDS[0])[0]
    exact = solve_direct(whole, perspective, EXACT)
    rough = solve_split(nearby, perspective, replace(EXACT, time_limit_s=3.0))
    weak = replace(exact, outcome=replace(exact.outcome, lower_bound_cny_per_year=-1e12))
    joined = together._with_bound(weak, rough, TWO)
    assert joined.outcome.upper_bound_cny_per_year == exact.outcome.upper_bound_cny_per_year
    assert joined.outcome.lower_bound_cny_per_year == min(
        rough.outcome.lower_bound_cny_per_year, exact.outcome.upper_bound_cny_per_year
    )
    assert joined.outcome.bound_source == rough.outcome.bound_source
    assert joined.outcome.gap == pytest.approx(
        (joined.outcome.upper_bound_cny_per_year - joined.outcome.lower_bound_cny_per_year)
        / exact.outcome.gross_cost_cny_per_year
    )


def test_where_no_plan_exists_it_says_so() -> None:
    instance, effects, perspective, _ = case(SEEDS[0])
    goods = tuple(instance["supply"]["commodity"].unique())
    ban = ForbidHauls("transfer_ban", commodities=goods, legs=("first",))
    stranded = replace(effects, forbidden_hauls=(ban,))
    whole, nearby = build_network(instance, stranded), build_network(instance, stranded, scope=Scope(2))
    if instance.settings.prices.unserved_cny_per_tonne is not None:
        pytest.fail("the case was to have no way out")
    with pytest.raises(InfeasibleError):
        solve_together(whole, nearby, perspective, TWO)


def test_stopped_before_any_plan_there_is_none() -> None:
    whole, nearby = networks(SEEDS[0])
    options = replace(TWO, stop=Event())
    options.stop.set()
    with pytest.raises(StoppedError):
        solve_together(whole, nearby, case(SEEDS[0])[2], options)


def test_what_both_know_is_told() -> None:
    _, _, perspective, nearby = case(SEEDS[1])
    told: list[Progress] = []
    solve_together(networks(SEEDS[1])[0], nearby, perspective, replace(TWO, on_progress=told.append))
    bounds = [said.bound_cny_per_year for said in told if said.bound_cny_per_year is not None]
    assert bounds
    assert bounds == sorted(bounds)
    assert np.isfinite(bounds).all()


@pytest.mark.parametrize(
    ("options", "is_together"),
    [
        (TWO, True),
        (replace(TWO, threads=1), False),
        (replace(TWO, strategy="direct"), False),
    ],
)
def test_auto_does_both_where_the_network_is_neither_small_nor_large(
    monkeypatch: pytest.MonkeyPatch, options: SolveOptions, is_together: bool
) -> None:
    instance, effects, perspective, _ = case(SEEDS[0])
    asked: list[str] = []

    def note(*_: object) -> Found:
        asked.append("together")
        return solve_direct(build_network(instance, effects), perspective, EXACT)

    monkeypatch.setattr(choice, "FEW_ARCS", 1)
    monkeypatch.setattr(together, "solve_together", note)
    solve_network(build_network(instance, effects), perspective, options)
    assert (asked == ["together"]) is is_together


def test_auto_hands_small_networks_over_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    instance, effects, perspective, _ = case(SEEDS[0])
    monkeypatch.setattr(together, "solve_together", lambda *_: pytest.fail("it is small"))
    plan = solve_network(build_network(instance, effects), perspective, TWO)
    assert plan.outcome.status is Status.OPTIMAL
