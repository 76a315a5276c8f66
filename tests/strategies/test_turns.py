"""Policies build their models one at a time; who waits loses none of its time, and can be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.errors import StoppedError
from netopt.formulation import build
from netopt.formulation.compile import standard_form, turn_at_models
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.network.scope import Scope
from netopt.solution.options import Progress, SolveOptions
from netopt.strategies import direct
from netopt.strategies.priced import solve as priced
from tests.instances_random import random_effects, random_instance

LIMIT_S = 600.0
WAIT_S = 2 * LIMIT_S
"""On the clock that the strategies read; nobody sleeps that long."""


@pytest.fixture(scope="module")
def network() -> Network:
    instance = random_instance(4)
    return build_network(instance, random_effects(4, instance, at_borders=False), scope=Scope(2))


@contextmanager
def another_builds(until: Event, then: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let another thread have the turn until an event, and do something before it lets go."""
    has_turn = Event()

    def build_slowly() -> None:
        with turn_at_models():
            has_turn.set()
            until.wait(timeout=30.0)
            then()

    thread = Thread(target=build_slowly)
    thread.start()
    assert has_turn.wait(timeout=30.0)
    try:
        yield
    finally:
        until.set()
        thread.join()


@pytest.fixture
def slow_build(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Progress], None]]:
    """Let another thread build for ``WAIT_S`` on the strategies' clock; call it to let that thread go."""
    waited_s = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + waited_s[0])
    monkeypatch.setattr(direct, "time", clock)
    monkeypatch.setattr(priced, "time", clock)
    may_end = Event()
    with another_builds(may_end, then=lambda: waited_s.__setitem__(0, WAIT_S)):
        yield lambda _: may_end.set()


def test_the_limit_of_a_direct_solve_does_not_run_while_others_build(
    network: Network, monkeypatch: pytest.MonkeyPatch, slow_build: Callable[[Progress], None]
) -> None:
    limits_s = []

    def record(_form: Any, settings: dict[str, Any], **_: Any) -> None:
        limits_s.append(settings["time_limit"])
        raise StoppedError("the test has seen enough")

    monkeypatch.setattr(highs, "solve_form", record)
    options = SolveOptions(time_limit_s=LIMIT_S, on_progress=slow_build)
    with pytest.raises(StoppedError, match="seen enough"):
        direct.solve_direct(network, Perspective.SOCIAL, options)
    assert limits_s == [pytest.approx(LIMIT_S, rel=0.1)]


def test_the_limit_of_a_priced_solve_does_not_run_while_others_build(
    network: Network, slow_build: Callable[[Progress], None]
) -> None:
    options = SolveOptions(time_limit_s=LIMIT_S, on_progress=slow_build)
    program = priced.PricedProgram(network, Perspective.SOCIAL, options)
    assert priced.time.monotonic() - program.began < LIMIT_S / 10


def test_who_waits_for_a_turn_can_be_stopped(network: Network) -> None:
    never, stop = Event(), Event()
    stop.set()
    with another_builds(never), pytest.raises(StoppedError, match="before the model was built"):
        standard_form(network, Perspective.SOCIAL, stop=stop)


def test_a_build_can_be_stopped_between_equations(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, said = Event(), []

    def equation(tag: str) -> Callable[..., None]:
        def say(*_: Any) -> None:
            said.append(tag)
            stop.set()

        return say

    monkeypatch.setattr(build, "EQUATIONS", {tag: equation(tag) for tag in ("first", "second")})
    with pytest.raises(StoppedError, match="before the model was built"):
        standard_form(network, Perspective.SOCIAL, stop=stop)
    assert said == ["first"]
