"""Each equation is written as its golden LP, and every equation has all that belongs to it."""

from __future__ import annotations

import inspect

import pytest

from netopt.accounts import Perspective
from netopt.formulation.build import EQUATIONS, STRENGTHENING, state_model
from netopt.formulation.constraints import controls, facilities, flows, limits, strengthening
from netopt.formulation.reference import checker_files, equation_reference, read_equation
from netopt.resources import shipped
from tests.formulation.golden_models import GOLDEN, golden_lp, golden_network

NETOPT = shipped("instances").parent / "netopt"


@pytest.mark.parametrize("tag", EQUATIONS)
def test_an_equation_is_written_as_its_golden_lp(tag: str) -> None:
    golden = (GOLDEN / f"{tag}.lp").read_text("utf-8")
    assert f"_{tag}(" in golden, f"the golden network has no row of {tag}"
    assert golden_lp(tag) == golden, "if meant so: python -m tests.formulation.golden_models"


def test_no_golden_lp_is_left_of_an_equation_that_went() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(EQUATIONS)


def test_every_function_of_the_constraints_is_an_equation() -> None:
    said = {
        function
        for module in (flows, facilities, limits, controls, strengthening)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert said == set(EQUATIONS.values())


@pytest.mark.parametrize("tag", EQUATIONS)
def test_every_equation_has_a_twin_in_the_checker(tag: str) -> None:
    equation = read_equation(tag)
    assert checker_files(equation.twin)
    if tag in STRENGTHENING:
        assert equation.twin in set(EQUATIONS) - STRENGTHENING
    else:
        assert equation.twin == tag


def test_a_tag_that_the_checker_does_not_know_has_no_twin() -> None:
    assert checker_files("no_such_equation") == []


@pytest.mark.parametrize("tag", EQUATIONS)
def test_every_equation_has_a_line_in_the_reference_and_in_the_mathematics(tag: str) -> None:
    _, _, section = equation_reference().partition(f"## `{tag}`")
    first = section.split("\n## ")[0]
    assert ("(strengthening)" in first) == (tag in STRENGTHENING)
    assert "* Without it " in first
    mathematics = (NETOPT / "README.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in mathematics.splitlines() if line.startswith("| `")]
    assert any(f"`{tag}`" in row for row in rows)


def test_the_committed_reference_is_up_to_date() -> None:
    committed = (NETOPT / "formulation" / "README.md").read_text("utf-8")
    command = "python -m netopt.formulation.reference > netopt/formulation/README.md"
    assert committed == equation_reference(), f"run: {command}"


def test_a_docstring_without_a_twin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def closing() -> None:
        """``closed <= operating``. Without it everything closes."""

    monkeypatch.setitem(EQUATIONS, "closing", closing)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="equation closing says no 'Twin: tag'"):
        read_equation("closing")


def test_only_equations_that_exist_can_be_left_out() -> None:
    with pytest.raises(ValueError, match="no such equation: gravity"):
        state_model(golden_network(), Perspective.SOCIAL, without=frozenset({"gravity"}))


@pytest.mark.parametrize("tag", EQUATIONS)
def test_the_model_has_the_equation_unless_it_is_left_out(tag: str) -> None:
    whole = state_model(golden_network(), Perspective.SOCIAL)
    assert tag in {rows.tag for rows in whole.rows if len(rows.kept())}
    lacking = state_model(golden_network(), Perspective.SOCIAL, without=frozenset({tag}))
    assert tag not in {rows.tag for rows in lacking.rows}
