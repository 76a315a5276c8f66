"""The standard form is the Pyomo model: same rows, same optimum, and nothing that is no number."""

from __future__ import annotations

from pathlib import Path

import highspy
import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.lp_writer import LPWriter
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.formulation.build import STRENGTHENING, state_model
from netopt.formulation.compile import compile_model, standard_form
from netopt.formulation.model import Model, words
from netopt.formulation.pyomo_model import as_pyomo, build_model
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.solution.form import StandardForm
from tests.formulation.golden_models import golden_network
from tests.instances_random import random_effects, random_instance

EXACT = {"threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 1e-9}
RANDOM = [
    (1, ("periods", "second_life", "minimum_utilisation", "unserved")),
    (2, ("storage", "existing", "divisible", "unserved")),
    (3, ("several_inputs", "modes", "limits", "unserved", "transit")),
]


def random_network(seed: int, features: tuple[str, ...]) -> Network:
    instance = random_instance(seed, features=features)
    return build_network(instance, random_effects(seed, instance))


def optimum_of_the_lp_file(model: pyo.ConcreteModel, folder: Path) -> float:
    """Return the optimum of what Pyomo itself writes, as HiGHS reads it."""
    path = folder / "model.lp"
    with path.open("w") as file:
        LPWriter().write(model, file)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for name, value in EXACT.items():
        solver.setOptionValue(name, value)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(solver.getInfo().objective_function_value)


@pytest.mark.parametrize("perspective", Perspective)
def test_the_golden_network_has_the_optimum_of_its_lp_file(
    perspective: Perspective, tmp_path: Path
) -> None:
    model = build_model(golden_network(), perspective)
    found = highs.solve_form(standard_form(golden_network(), perspective), EXACT)
    assert found.status is BackendStatus.OPTIMAL
    assert found.objective == pytest.approx(optimum_of_the_lp_file(model, tmp_path), rel=1e-7)


@pytest.mark.parametrize(("seed", "features"), RANDOM)
def test_random_networks_have_the_optimum_of_their_lp_files(
    seed: int, features: tuple[str, ...], tmp_path: Path
) -> None:
    network = random_network(seed, features)
    model = build_model(network, Perspective.SOCIAL)
    found = highs.solve_form(standard_form(network, Perspective.SOCIAL), EXACT)
    assert found.status is BackendStatus.OPTIMAL
    assert found.objective == pytest.approx(optimum_of_the_lp_file(model, tmp_path), rel=1e-7)


def test_strengthening_raises_the_bound_and_leaves_the_optimum() -> None:
    network = random_network(1, ("existing", "unserved"))
    tight = standard_form(network, Perspective.SOCIAL)
    loose = standard_form(network, Perspective.SOCIAL, without=STRENGTHENING)
    assert highs.solve_form(tight, EXACT).objective == pytest.approx(
        highs.solve_form(loose, EXACT).objective, rel=1e-7
    )
    bounds = [highs.solve_form(form, EXACT, relaxed=True).bound for form in (tight, loose)]
    assert bounds[0] > bounds[1] + 1e-3 * abs(bounds[1])


def test_names_bounds_and_senses_are_those_of_the_model() -> None:
    form = standard_form(golden_network(), Perspective.SOCIAL)
    columns = {column: number for number, column in enumerate(form.columns)}
    assert len(columns) == len(form.columns)
    rows = {row: number for number, row in enumerate(form.rows)}
    assert len(rows) == len(form.rows)
    dense = form.matrix.toarray()
    assert row_of(form, dense, rows["leakage['S:pack',t2]"]) == (
        {("leaked", "S:pack", "t2"): 1.0},
        200.0,
        200.0,
    )
    share, lower, upper = row_of(form, dense, rows["share_rule[reuse_of_retired,t2]"])
    assert (lower, upper) == (80.0, np.inf)
    assert {family for family, _, _ in share} == {"throughput", "nothing"}
    _, lower, upper = row_of(form, dense, rows["emission_cap[t1]"])
    assert (lower, upper) == (-np.inf, 60.0)
    opened = columns["opened", "C/new", "t1"]  # type: ignore[index]
    assert (form.lower[opened], form.upper[opened], form.is_integer[opened]) == (0.0, 1.0, True)
    part = columns["operating", "R/existing", "t1"]  # type: ignore[index]
    assert (form.upper[part], form.is_integer[part]) == (1.0, False)


def row_of(
    form: StandardForm, dense: np.ndarray, number: int
) -> tuple[dict[tuple[str, str, str], float], float, float]:
    terms = {tuple(form.columns[k]): float(dense[number, k]) for k in np.flatnonzero(dense[number])}
    return terms, float(form.row_lower[number]), float(form.row_upper[number])


@pytest.mark.parametrize("where", ["coefficient", "right-hand side", "cost", "constant cost"])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(where: str, wrong: float) -> None:
    amount = {"coefficient": 2.0, "right-hand side": 3.0, "cost": 1.0, "constant cost": 5.0}
    assert compile_model(one_variable(amount)).objective(np.array([1.5])) == 6.5
    with pytest.raises(ValueError, match=f"a {where} that is not finite"):
        compile_model(one_variable({**amount, where: wrong}))


def one_variable(amount: dict[str, float]) -> Model:
    model = Model("one", pd.Index(["t1"]))
    model.decide("flow", pd.Index(["arc"]))
    rows = model.state("limit", words(pd.Index(["arc"])))
    rows.add(None, model["flow"].columns(), amount["coefficient"])
    rows.at_most(amount["right-hand side"])
    model.cost, model.offset = np.array([amount["cost"]]), amount["constant cost"]
    return model


@pytest.mark.parametrize(("seed", "features"), RANDOM)
def test_pyomo_compiles_the_same_form(seed: int, features: tuple[str, ...]) -> None:
    """Rows, sides, coefficients, bounds and costs by name, as Pyomo's own compiler finds them."""
    model = state_model(random_network(seed, features), Perspective.SOCIAL)
    ours = compile_model(model)
    shown = as_pyomo(model)  # kept: what Pyomo compiled knows its variables' parents only while this lives
    made = LinearStandardFormCompiler().write(shown, mixed_form=True)
    dense, theirs = ours.matrix.toarray(), made.A.toarray()
    names = [variable.parent_component().local_name for variable in made.columns]
    keys = [
        (name, *(variable.index() or ("", ""))) for name, variable in zip(names, made.columns, strict=True)
    ]
    assert [tuple(name) for name in ours.columns] == keys
    assert list(ours.rows) == [row.constraint.name for row in made.rows]
    np.testing.assert_array_equal(dense, theirs)
    np.testing.assert_array_equal(ours.cost, made.c.toarray().ravel())
    upper = [np.inf if variable.ub is None else variable.ub for variable in made.columns]
    np.testing.assert_array_equal(ours.upper, upper)
    np.testing.assert_array_equal(ours.lower, [variable.lb for variable in made.columns])
    np.testing.assert_array_equal(ours.is_integer, [variable.is_integer() for variable in made.columns])
    sides = np.where(np.isfinite(ours.row_upper), ours.row_upper, ours.row_lower)
    np.testing.assert_array_equal(sides, made.rhs)
