"""The command line without a solve: help, usage, lists, schemas, new instances, dry runs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cyclopts import App
from jsonschema import Draft202012Validator

import netopt
from netopt.cli.main import COMMANDS, module_of
from netopt.data.read import read_instance
from netopt.data.tables import TABLES
from netopt.resources import shipped
from tests.cli.conftest import Run, environment, files_of

HEAVY = ("pandas", "pyomo", "geopandas", "highspy", "matplotlib", "numpy", "scipy", "pydantic")


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    words = [sys.executable, "-X", "importtime", "-m", "netopt", "--help"]
    ended = subprocess.run(  # noqa: S603
        words, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment()
    )
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in ended.stderr.splitlines()}
    assert "cyclopts" in imported
    assert imported.isdisjoint(HEAVY)
    said = " ".join(ended.stdout.replace("│", " ").split())
    for command, line in COMMANDS.items():
        assert f" {command} {line}" in said


def test_the_list_of_commands_says_what_they_say_themselves() -> None:
    for name, line in COMMANDS.items():
        command = importlib.import_module(module_of(name)).command
        said = command.help if isinstance(command, App) else command.__doc__
        assert said.splitlines()[0] == line, name


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["new", "mine"],
        ["new", "mine", "--dry-run"],
        ["validate", "toy"],
        ["solve", "toy", "--policy", "unified", "--dry-run"],
        ["compare", "toy", "--dry-run"],
        ["baseline", "toy", "--template"],
        ["lever", "list"],
        ["lever", "show", "platform"],
        ["profile", "list"],
        ["profile", "show"],
        ["schema", "outcome"],
    ],
)
def test_every_command_speaks_the_same_json(netopt_here: Run, words: list[str]) -> None:
    content = netopt_here(*words, "--json").json()
    assert list(content)[:3] == ["schema_version", "status", "exit_code"]
    assert content["exit_code"] == 0


def test_the_version(netopt_process: Run) -> None:
    assert netopt_process("--version").out.strip() == netopt.__version__


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(netopt_here: Run, command: str) -> None:
    ended = netopt_here(command, "--help")
    assert ended.code == 0
    assert f"Usage: netopt {command}" in ended.out
    if command == "compare":
        assert "Leaves one folder" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["profil"], 'Did you mean "profile"?'),
        (["solve", "toy", "--policy", "unified", "--gapp", "1"], "Did you mean --gap?"),
        (["solve", "toy"], "--policy requires an argument"),
        (["solve", "toy", "--policy", "unifed"], "did you mean unified?"),
        (["solve", "toyy", "--policy", "unified"], "did you mean 'toy'?"),
        (["solve", "toy", "--policy", "unified", "--profile", "quik"], "did you mean quick?"),
        (["solve", "toy", "--policy", "unified", "--gap", "nan"], "gap"),
        (["solve", "toy", "--policy", "unified", "--gap", "small"], "small"),
        (["solve", "toy", "--policy", "unified", "--formal-share", "1.5"], "not between 0 and 1"),
        (["solve", "toy", "--policy", "unified", "--formal-share", "nan"], "not between 0 and 1"),
        (["compare", "toy", "--policies", "unified,unified"], "twice"),
        (["compare", "toy", "--policies", ","], "empty"),
        (["lever", "show", "whitelst"], "did you mean whitelist?"),
        (["profile", "show", "exat"], "did you mean exact?"),
        (["schema", "polcy"], "polcy"),
        (["schema", "policy", "whitelist"], "takes no name"),
        (["check", "nowhere"], "there is no folder nowhere"),
        (["new", "here", "--from", "toi"], "did you mean toy?"),
        (["solve", "toy", "--policy", "unified", "--threads", "2.5"], "--threads"),
        (["compare", "toy", "--seed", "1e3"], "--seed"),
        (["compare", "toy", "--seed", "9" * 5000], "--seed"),
        (["solve", "toy", "--policy", "unified", "--time-limit", "-1"], "--time-limit: must be"),
    ],
)
def test_a_slip_is_a_usage_error_with_a_hint(
    netopt_here: Run, tmp_path: Path, words: list[str], said: str
) -> None:
    ended = netopt_here(*words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    content = netopt_here(*words, "--json").json()
    assert (content["status"], content["exit_code"]) == ("usage_error", 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ["solve", "toy", "--policy", "unified", "--dry-run"],
        ["compare", "toy", "--dry-run"],
        ["explain", "nowhere"],
    ],
)
def test_a_variable_that_means_nothing_is_named_by_every_command_that_solves(
    netopt_here: Run, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("NETOPT_GPA", "7")
    assert "NETOPT_GPA is not known; did you mean NETOPT_GAP?" in netopt_here(*words).err
    assert "NETOPT_GPA" not in netopt_here(*words, "-q").err


def test_a_solver_option_that_highs_lacks_is_found_before_the_solve(
    netopt_here: Run, tmp_path: Path
) -> None:
    (tmp_path / "netopt.toml").write_text("[solver_options]\nmip_max_node = 5\n", encoding="utf-8")
    refused = netopt_here("solve", "toy", "--policy", "unified")
    assert (refused.code, "did you mean mip_max_nodes?" in refused.err) == (2, True)
    assert "netopt.toml, solver_options" in refused.err


def test_profiles(netopt_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = netopt_here("profile", "list", "--json").json()["profiles"]
    assert [profile["name"] for profile in listed] == ["default", "exact", "national", "quick"]
    monkeypatch.setenv("NETOPT_SEED", "7")
    monkeypatch.setenv("NETOPT_GPA", "7")
    (tmp_path / "netopt.toml").write_text("gap = 0.5\n", encoding="utf-8")
    shown = netopt_here("profile", "show", "quick", "--threads", "1", "--json")
    assert shown.json()["options"] == {
        "profile": {"value": "quick", "source": "--profile"},
        "gap": {"value": 0.5, "source": "netopt.toml"},
        "time_limit_s": {"value": 120.0, "source": "profile quick"},
        "threads": {"value": 1, "source": "--threads"},
        "seed": {"value": 7, "source": "NETOPT_SEED"},
        "strategy": {"value": "auto", "source": "default"},
        "mip_heuristic_effort": {"value": 0.2, "source": "profile quick"},
    }
    assert "did you mean NETOPT_GAP?" in shown.err
    assert "seed\t7\tNETOPT_SEED\n" in netopt_here("profile", "show").out


def test_levers(netopt_here: Run) -> None:
    listed = [line.split("\t")[0] for line in netopt_here("lever", "list").out.splitlines()]
    wanted = "cascade_target classification in_province_processing platform transfer_delay whitelist"
    assert set(wanted.split()) <= set(listed)
    for name in listed:
        content = netopt_here("lever", "show", name, "--json").json()
        text = netopt_here("lever", "show", name).out
        assert content["title"] in text
        for parameter in content["parameters"]:
            assert f"  {parameter['parameter']} (" in text


@pytest.mark.parametrize("subject", ["instance", "policy", "lever", "outcome"])
def test_schemas_are_json_schemas(netopt_here: Run, subject: str) -> None:
    schema = json.loads(netopt_here("schema", subject).out)
    Draft202012Validator.check_schema(schema)


def test_the_instance_schema_takes_toy_and_refuses_nonsense(netopt_here: Run) -> None:
    toy = read_instance("toy")
    tables = {
        name: json.loads(toy[name].to_json(orient="records"))
        for name, spec in TABLES.items()
        if spec.required or len(toy[name])
    }
    document = {"settings": toy.settings.model_dump(mode="json"), "tables": tables}
    validator = Draft202012Validator(json.loads(netopt_here("schema", "instance").out))
    assert list(validator.iter_errors(document)) == []
    tables["supply"][0]["supply_tonnes_per_year"] = -1
    assert not validator.is_valid(document)


def test_the_policy_schema_takes_toys_policies(netopt_here: Run) -> None:
    validator = Draft202012Validator(json.loads(netopt_here("schema", "policy").out))
    for path in (shipped("instances") / "toy" / "policies").glob("*.toml"):
        policy = tomllib.loads(path.read_text(encoding="utf-8"))
        assert list(validator.iter_errors(policy)) == []
        assert not validator.is_valid({**policy, "extend": "unified"})


def test_new_copies_an_instance_that_is_valid_and_solvable(netopt_here: Run, tmp_path: Path) -> None:
    made = netopt_here("new", "mine")
    assert made.code == 0
    assert "netopt validate mine" in made.out
    assert netopt_here("validate", "mine", "--policy", "unified").code == 0
    files = files_of(tmp_path / "mine")
    assert {"instance.toml", "datapackage.json", "README.md", "data/supply.csv"} <= files.keys()
    assert b"#" in files["instance.toml"]


def test_new_never_costs_a_planner_anything_unasked(netopt_here: Run, tmp_path: Path) -> None:
    assert netopt_here("new", "mine", "--dry-run").code == 0
    assert list(tmp_path.iterdir()) == []
    netopt_here("new", "mine")
    supply = tmp_path / "mine" / "data" / "supply.csv"
    supply.write_text("edited", encoding="utf-8")
    refused = netopt_here("new", "mine")
    assert refused.code == 2
    assert "--force" in refused.err
    assert supply.read_text(encoding="utf-8") == "edited"
    (tmp_path / "mine" / "notes.txt").write_text("kept", encoding="utf-8")
    assert netopt_here("new", "mine", "--force").code == 0
    assert supply.read_text(encoding="utf-8") != "edited"
    assert (tmp_path / "mine" / "notes.txt").read_text(encoding="utf-8") == "kept"
    (tmp_path / "mine" / "data" / "storage.csv").write_text("facility_type\n", encoding="utf-8")
    mixed = netopt_here("new", "mine", "--force")
    assert (mixed.code, "storage.csv" in mixed.err) == (2, True)


def test_new_replaces_another_copy_wholly(netopt_here: Run, tmp_path: Path) -> None:
    netopt_here("new", "mine", "--from", "toy-two-periods")
    assert (tmp_path / "mine" / "policies" / "mandates.toml").is_file()
    (tmp_path / "mine" / ".git").mkdir()
    (tmp_path / "mine" / ".git" / "HEAD").write_text("ref", encoding="utf-8")
    ended = netopt_here("new", "mine", "--from", "china-provinces", "--force")
    assert ended.code == 0, ended.err
    netopt_here("new", "other", "--from", "china-provinces")
    files = files_of(tmp_path / "mine")
    assert files.pop(".git/HEAD") == b"ref"
    assert files == files_of(tmp_path / "other")
    assert {entry.name for entry in tmp_path.iterdir()} == {"mine", "other"}


@pytest.mark.parametrize("file", ["policies/own.toml", "NOTES.md", "policies/mandates.toml"])
def test_new_refuses_files_that_would_mix(netopt_here: Run, tmp_path: Path, file: str) -> None:
    netopt_here("new", "mine")
    (tmp_path / "mine" / file).write_text("mine", encoding="utf-8")
    before = files_of(tmp_path / "mine")
    refused = netopt_here("new", "mine", "--from", "china-provinces", "--force")
    assert (refused.code, file in refused.err) == (2, True)
    assert files_of(tmp_path / "mine") == before


def test_a_copy_that_breaks_off_leaves_what_was_there(
    netopt_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copyfile(source: str | Path, target: str | Path, **_: object) -> None:
        if Path(source).name == "supply.csv":
            raise KeyboardInterrupt
        Path(target).write_bytes(Path(source).read_bytes())

    netopt_here("new", "mine")
    before = files_of(tmp_path / "mine")
    monkeypatch.setattr("netopt.cli.new.shutil.copyfile", copyfile)
    assert netopt_here("new", "mine", "--from", "china-provinces", "--force").code == 130
    assert netopt_here("new", "another").code == 130
    assert files_of(tmp_path / "mine") == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]


def test_new_fills_the_folder_one_stands_in(
    netopt_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert netopt_here("new", ".").code == 0
    assert Path("instance.toml").is_file()
    refused = netopt_here("new", ".", "--force")
    assert (refused.code, "from outside" in refused.err) == (2, True)
    assert Path("instance.toml").is_file()


@pytest.mark.parametrize("words", [["new", "file/mine"], ["new", "file/mine", "--dry-run"]])
def test_a_copy_that_cannot_be_written_is_a_usage_error(
    netopt_here: Run, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused = netopt_here(*words)
    assert (refused.code, "file/mine cannot be written" in refused.err) == (2, True)


@pytest.mark.parametrize("command", [["solve", "toy", "--policy", "mandates"], ["compare", "toy"]])
def test_a_dry_run_prints_sizes_and_writes_nothing(
    netopt_here: Run, tmp_path: Path, command: list[str]
) -> None:
    content = netopt_here(*command, "--dry-run", "--json", "-o", "run").json()
    sizes = content["networks"]["mandates"]
    assert content["status"] == "dry_run"
    assert sizes["n_arcs"] > 0
    assert sizes["n_modules"] > 0
    assert sum(sizes["dropped_arcs_by_reason"].values()) == sizes["n_dropped_arcs"]
    text = netopt_here(*command, "--dry-run").out
    assert f"{sizes['n_arcs']:,}" in text
    assert list(tmp_path.iterdir()) == []


def test_validate_asks_about_the_unit_of_little_supply(netopt_here: Run, toy: Path) -> None:
    assert "t/yr retire" in netopt_here("validate", toy).out
    supply = toy / "data" / "supply.csv"
    rows = [line.rsplit(",", 1) for line in supply.read_text(encoding="utf-8").splitlines()]
    lines = [",".join(rows[0]), *(f"{start},{float(tonnes) / 1000}" for start, tonnes in rows[1:])]
    supply.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ended = netopt_here("validate", toy)
    assert ended.code == 0
    assert "is supply in kt?" in ended.err
