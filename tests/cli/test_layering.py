from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netopt.cli.layering import effective_options, unknown_variables
from netopt.cli.options import Solving
from netopt.data.read import read_instance
from netopt.errors import UsageError
from netopt.solution.options import SolveOptions


def test_each_layer_beats_the_one_below(tmp_path: Path) -> None:
    bare = effective_options(Solving(), {}, tmp_path)
    assert (bare.values["gap"], bare.sources["gap"]) == (1e-4, "profile default")
    assert (bare.values["threads"], bare.sources["threads"]) == (SolveOptions().threads, "default")

    (tmp_path / "netopt.toml").write_text('profile = "quick"\ngap = 0.02\n', encoding="utf-8")
    file = effective_options(Solving(), {}, tmp_path)
    assert (file.profile, file.sources["profile"]) == ("quick", "netopt.toml")
    assert (file.values["gap"], file.sources["gap"]) == (0.02, "netopt.toml")
    assert (file.values["time_limit_s"], file.sources["time_limit_s"]) == (120.0, "profile quick")

    environment = {"NETOPT_GAP": "0.03", "NETOPT_PROFILE": "exact"}
    variables = effective_options(Solving(), environment, tmp_path)
    assert (variables.profile, variables.sources["profile"]) == ("exact", "NETOPT_PROFILE")
    assert (variables.values["gap"], variables.sources["gap"]) == (0.03, "NETOPT_GAP")

    flags = effective_options(Solving(profile="quick", gap=0.04, time_limit=7.0), environment, tmp_path)
    assert (flags.profile, flags.sources["profile"]) == ("quick", "--profile")
    assert (flags.values["gap"], flags.sources["gap"]) == (0.04, "--gap")
    assert (flags.values["time_limit_s"], flags.sources["time_limit_s"]) == (7.0, "--time-limit")


def test_an_instance_names_its_profile_where_nobody_else_does(tmp_path: Path) -> None:
    toy = read_instance("toy")
    hint = type(toy.settings.solving)(profile="quick")
    national = replace(toy, settings=toy.settings.model_copy(update={"solving": hint}))
    own = effective_options(Solving(), {}, tmp_path, instance=national)
    assert (own.profile, own.sources["profile"]) == ("quick", "instance.toml")
    asked = effective_options(Solving(), {"NETOPT_PROFILE": "exact"}, tmp_path, instance=national)
    assert (asked.profile, asked.sources["profile"]) == ("exact", "NETOPT_PROFILE")
    plain = effective_options(Solving(), {}, tmp_path, instance=toy)
    assert (plain.profile, plain.sources["profile"]) == ("default", "default")


def test_zero_on_a_higher_layer_is_a_value_not_an_absence(tmp_path: Path) -> None:
    effective = effective_options(Solving(gap=0.0, seed=0), {"NETOPT_SEED": "5"}, tmp_path)
    assert (effective.values["gap"], effective.values["seed"]) == (0.0, 0)


def test_solver_options_merge_by_name(tmp_path: Path) -> None:
    text = 'profile = "exact"\n[solver_options]\nmip_feasibility_tolerance = 1e-8\npresolve = "off"\n'
    (tmp_path / "netopt.toml").write_text(text, encoding="utf-8")
    effective = effective_options(Solving(), {}, tmp_path)
    assert effective.solver_options["mip_feasibility_tolerance"] == 1e-8
    assert effective.solver_options["presolve"] == "off"
    assert effective.solver_options["primal_feasibility_tolerance"] == 1e-9
    assert effective.sources["presolve"] == "netopt.toml"
    assert effective.sources["primal_feasibility_tolerance"] == "profile exact"
    options = effective.solve_options(formal_share=0.5)
    assert (options.gap, options.threads, options.formal_share) == (0.0, 1, 0.5)
    assert options.solver_options == effective.solver_options


@pytest.mark.parametrize(
    ("solving", "environment", "file", "said"),
    [
        (Solving(gap=float("nan")), {}, "", "--gap: must be"),
        (Solving(gap=2.0), {}, "", "--gap: must be less"),
        (Solving(time_limit=-1.0), {}, "", "--time-limit: must be greater than 0"),
        (Solving(threads=0), {}, "", "--threads: must be"),
        (Solving(), {"NETOPT_GAP": "small"}, "", "NETOPT_GAP: "),
        (Solving(), {"NETOPT_GAP": "inf"}, "", "NETOPT_GAP: "),
        (Solving(), {}, "profil = 'quick'", "profil: is not known; did you mean profile?"),
        (Solving(), {}, "gap = true", "gap: "),
        (Solving(), {}, "seed = 1\ngap 1", "netopt.toml: line 2: "),
        (Solving(), {}, "gap = " + "[" * 3000 + "]" * 3000, "nested too deep"),
        (Solving(), {}, "gap = 1" + "0" * 400, "401 digits"),
        (Solving(), {}, "gap = 1" + "0" * 5000, "thousands of digits"),
        (Solving(), {}, "solver_options = {mip_max_node = 5}", "did you mean mip_max_nodes?"),
        (Solving(), {}, "solver_options = {presolve = 5}", "HiGHS refuses presolve = 5"),
        (Solving(profile="quik"), {}, "", "did you mean quick?"),
    ],
)
def test_nonsense_on_any_layer_is_a_usage_error(
    tmp_path: Path, solving: Solving, environment: dict[str, str], file: str, said: str
) -> None:
    if file:
        (tmp_path / "netopt.toml").write_text(file, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        effective_options(solving, environment, tmp_path)
    assert said in str(caught.value)


def test_a_misspelt_variable_is_named() -> None:
    assert unknown_variables({"NETOPT_GPA": "1", "NETOPT_GAP": "1", "PATH": ""}) == [
        "NETOPT_GPA is not known; did you mean NETOPT_GAP?"
    ]
