"""Two independent solvers on the same standard form agree within the gaps that they state."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.backends.result import BackendResult, BackendStatus
from netopt.formulation.compile import standard_form
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_gross_costs
from netopt.network.build import build_network
from netopt.solution.form import StandardForm
from tests.instances_random import FEATURES, random_effects, random_instance

pytest.importorskip("pyscipopt", reason="SCIP comes with the extra [test]")
from netopt.backends import scip

SETS = (
    ("periods", "second_life"),
    ("storage", "minimum_utilisation", "regional_costs"),
    ("existing", "divisible", "modes"),
    ("several_inputs", "limits", "transfers"),
    ("emission_cap", "unserved", "geodesic", "vendors"),
    ("transit", "second_life", "existing"),
    (),
)
FAST = range(12)
CAMPAIGN = range(1000, 1300)
ABSOLUTE_GAP = 1e-6
"""What both are asked for, in the form's unit (thousands of CNY a year)."""

over_seeds = pytest.mark.parametrize(
    "seed", [*FAST, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in CAMPAIGN)]
)


@cache
def form_of(seed: int) -> tuple[StandardForm, float]:
    """Return a random standard form and how far two objectives of it may lie apart by rounding."""
    instance = random_instance(seed, features=SETS[seed % len(SETS)])
    network = build_network(instance, random_effects(seed, instance))
    perspective = Perspective.PRIVATE if seed % 3 == 0 else Perspective.SOCIAL
    form = standard_form(network, perspective)
    gross, constant = by_column(form, unit_gross_costs(network))
    relaxed = highs.solve_form(form, {"threads": 1}, relaxed=True)
    size = constant if relaxed.point is None else float(np.abs(gross @ relaxed.point)) + constant
    return form, 1e-6 * max(1.0, size / OBJECTIVE_UNIT_CNY)


def stated_gap(result: BackendResult) -> float:
    assert result.objective is not None
    return max(0.0, result.objective - result.bound)


@over_seeds
def test_highs_and_scip_agree_on_the_same_form(seed: int) -> None:
    form, rounding = form_of(seed)
    exact = {"mip_abs_gap": ABSOLUTE_GAP, "mip_rel_gap": 0.0, "threads": 1, "random_seed": 1}
    one = highs.solve_form(form, exact)
    other = scip.solve_form(form, {"limits/absgap": ABSOLUTE_GAP, "limits/gap": 0.0})
    assert one.status is other.status
    if one.status is BackendStatus.INFEASIBLE:
        assert (one.point, other.point) == (None, None)
        return
    assert one.status is BackendStatus.OPTIMAL
    assert one.objective is not None
    assert other.objective is not None
    assert abs(one.objective - other.objective) <= stated_gap(one) + stated_gap(other) + rounding
    assert one.bound <= other.objective + rounding
    assert other.bound <= one.objective + rounding
    assert math.isclose(form.objective(other.point), other.objective, abs_tol=rounding)  # type: ignore[arg-type]


@over_seeds
def test_highs_and_scip_agree_on_the_relaxation(seed: int) -> None:
    form, rounding = form_of(seed)
    one = highs.solve_form(form, {"threads": 1}, relaxed=True)
    other = scip.solve_form(form, {}, relaxed=True)
    assert one.status is other.status
    if one.status is BackendStatus.OPTIMAL:
        assert other.objective == pytest.approx(one.objective, abs=rounding)


def test_the_fast_seeds_cover_every_feature_and_both_endings() -> None:
    assert {feature for chosen in SETS for feature in chosen} == set(FEATURES)
    assert len(FAST) >= len(SETS)
    endings = [highs.solve_form(form_of(seed)[0], {"threads": 1}).status for seed in FAST]
    assert endings.count(BackendStatus.OPTIMAL) >= 6
    assert BackendStatus.INFEASIBLE in endings
