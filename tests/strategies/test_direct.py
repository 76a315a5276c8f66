"""The direct strategy keeps at it until the plan's own gross cost says that the gap is met."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.backends.result import BackendResult, BackendStatus
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.solution.options import SolveOptions
from netopt.solution.outcome import Status, gap_of
from netopt.strategies.direct import solve_direct
from tests.instances_random import random_effects, random_instance

SEED, FEATURES = 90104, ("storage", "modes", "transfers", "emission_cap", "unserved")
"""Here the cheapest plan leaves nearly everything lying: a fraction of the relaxation's gross cost."""

OPTIONS = SolveOptions(gap=0.1, threads=1)


@pytest.fixture(scope="module")
def network() -> Network:
    instance = random_instance(SEED, features=FEATURES)
    return build_network(instance, random_effects(SEED, instance))


@pytest.mark.parametrize("perspective", list(Perspective))
def test_a_plan_whose_own_gross_cost_is_small_is_proven_all_the_same(
    network: Network, perspective: Perspective
) -> None:
    outcome = solve_direct(network, perspective, OPTIONS).outcome
    assert outcome.gap <= OPTIONS.gap
    assert outcome.status is Status.OPTIMAL


def cut_short(monkeypatch: pytest.MonkeyPatch, **ending: Any) -> list[Any]:
    """Let every branch and bound after the first end like this; return the starts that were given."""
    starts: list[Any] = []

    def solve(*args: Any, start: Any = None, relaxed: bool = False, **kwargs: Any) -> BackendResult:
        found = real(*args, start=start, relaxed=relaxed, **kwargs)
        if relaxed:
            return found
        starts.append(start)
        return found if start is None else replace(found, **ending)

    real = highs.solve_form
    monkeypatch.setattr(highs, "solve_form", solve)
    return starts


@pytest.mark.parametrize(
    ("ending", "expected"),
    [(BackendStatus.LIMIT, Status.LIMIT), (BackendStatus.INTERRUPTED, Status.INTERRUPTED)],
)
def test_a_second_solve_that_finds_nothing_leaves_the_first_plan_and_its_bound(
    network: Network, monkeypatch: pytest.MonkeyPatch, ending: BackendStatus, expected: Status
) -> None:
    nothing = {"status": ending, "point": None, "objective": None, "bound": -math.inf}
    starts = cut_short(monkeypatch, **nothing)
    outcome = solve_direct(network, Perspective.SOCIAL, OPTIONS).outcome
    assert [start is None for start in starts] == [True, False]
    assert outcome.status is expected
    assert OPTIONS.gap < outcome.gap < math.inf


def test_without_time_left_nothing_is_solved_again(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = cut_short(monkeypatch)
    options = replace(OPTIONS, time_limit_s=1e-3)
    monkeypatch.setattr("netopt.strategies.direct._highs_options", lambda *_: {"threads": 1})
    outcome = solve_direct(network, Perspective.SOCIAL, options).outcome
    assert len(starts) == 1
    assert outcome.status is Status.LIMIT


@pytest.mark.parametrize(
    ("bounds", "gross", "gap"),
    [
        ((90.0, 100.0), 1000.0, 0.01),
        ((-100.0, -100.0), 0.0, 0.0),
        ((-101.0, -100.0), 0.0, math.inf),
        ((-math.inf, 5.0), 10.0, math.inf),
    ],
)
def test_the_gap_is_of_gross_cost_and_infinite_without_any(
    bounds: tuple[float, float], gross: float, gap: float
) -> None:
    assert gap_of(*bounds, gross) == pytest.approx(gap)
