"""A wish to stop is heard while a model is built."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from netopt.accounts import Perspective
from netopt.errors import StoppedError
from netopt.formulation import build
from netopt.formulation.compile import standard_form
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.network.scope import Scope
from tests.instances_random import random_effects, random_instance


@pytest.fixture(scope="module")
def network() -> Network:
    instance = random_instance(4)
    return build_network(instance, random_effects(4, instance, at_borders=False), scope=Scope(2))


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
