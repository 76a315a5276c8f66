"""Deliberately broken copies of toy: each gives its message and exit code 3; nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run, files_of

Break = Callable[[Path], None]


def _replace(file: str, old: str, new: str) -> Break:
    def apply(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return apply


def _supply(cell: str) -> Break:
    return _replace("data/supply.csv", "S1,pack,2025,4000", f"S1,pack,2025,{cell}")


def _without_recipes(folder: Path) -> None:
    (folder / "data" / "recipes.csv").unlink()


def _in_gb18030(folder: Path) -> None:
    path = folder / "data" / "sources.csv"
    text = path.read_text(encoding="utf-8").replace("S1,", "S1,云", 1)
    path.write_bytes(text.encode("gb18030"))


BROKEN: dict[str, tuple[Break, str, str]] = {
    "nan": (_supply("nan"), "data/supply.csv, row 2, column supply_tonnes_per_year: [finite]", "'nan'"),
    "infinity": (_supply("1e999"), "data/supply.csv, row 2", "is not a finite number"),
    "thousands_separator": (
        _supply('"4,000"'),
        "row 2, column supply_tonnes_per_year: [type]",
        "separator",
    ),
    "negative": (_supply("-4000"), "row 2, column supply_tonnes_per_year: [minimum]", "-4000 is below"),
    "wrong_unit": (_supply("4000000000000"), "[plausible]", "is the figure in another unit"),
    "duplicate": (
        _replace("data/supply.csv", "S2,pack,2025", "S1,pack,2025"),
        "data/supply.csv, row 3, column source: [duplicate_key]",
        "first in row 2",
    ),
    "unknown_location": (
        _replace("data/sites.csv", "Westtown hub,L1", "Westtown hub,L9"),
        "data/sites.csv, row 2, column location: [foreign_key]",
        "'L9' is not in data/locations.csv",
    ),
    "misspelt_column": (
        _replace("data/supply.csv", "supply_tonnes", "supply_tones"),
        "data/supply.csv, row 1, column supply_tones_per_year: [unknown_column]",
        "did you mean 'supply_tonnes_per_year'?",
    ),
    "missing_table": (_without_recipes, "data/recipes.csv: [missing_file]", "the table is missing"),
    "unknown_period": (
        _replace("data/supply.csv", "S1,pack,2025", "S1,pack,2026"),
        "row 2, column period: [unknown_period]",
        "did you mean '2025'?",
    ),
    "misspelt_setting": (
        _replace("instance.toml", "discount_rate", "discount_ratee"),
        "[unknown_key] there is no setting 'horizon.discount_ratee'",
        "did you mean 'discount_rate'?",
    ),
    "per_cent_for_share": (
        _replace("instance.toml", "formal_share = 0.5", "formal_share = 50.0"),
        "instance.toml",
        "less than or equal to 1",
    ),
    "not_toml": (_replace("instance.toml", "[horizon]", "[horizon"), "[toml]", "not valid TOML"),
    "not_utf8": (_in_gb18030, "data/sources.csv", "not in UTF-8"),
    "disposal_that_pays": (
        _replace("data/offtake.csv", "recovered_metals", "disposal"),
        "[disposal_is_paid_for]",
        "disposal has a price above zero",
    ),
}


def test_toy_itself_is_valid(netopt_here: Run) -> None:
    ended = netopt_here("validate", "toy", "--policy", "mandates")
    assert (ended.code, ended.err) == (0, "")
    assert "no problems" in ended.out


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_copy_is_refused_with_its_message(
    toy: Path, tmp_path: Path, netopt_here: Run, name: str
) -> None:
    break_it, place, message = BROKEN[name]
    break_it(toy)
    before = files_of(tmp_path)
    validated = netopt_here("validate", toy)
    solved = netopt_here("solve", toy, "--policy", "unified", "-o", tmp_path / "run")
    compared = netopt_here("compare", toy)
    assert [validated.code, solved.code, compared.code] == [3, 3, 3]
    assert place in validated.out
    assert message in validated.out
    assert place in solved.err
    assert message in compared.err
    assert (solved.out, compared.out) == ("", "")
    assert files_of(tmp_path) == before


def test_all_problems_come_at_once_and_as_json(toy: Path, netopt_here: Run) -> None:
    for name in ("nan", "unknown_location", "misspelt_setting"):
        BROKEN[name][0](toy)
    content = netopt_here("validate", toy, "--json").json()
    assert (content["status"], content["exit_code"]) == ("invalid", 3)
    rules = {(problem["file"], problem["rule"]) for problem in content["problems"]}
    wanted = {
        ("data/supply.csv", "finite"),
        ("data/sites.csv", "foreign_key"),
        ("instance.toml", "unknown_key"),
    }
    assert wanted <= rules
    finite = next(problem for problem in content["problems"] if problem["rule"] == "finite")
    assert (finite["row"], finite["column"], finite["value"]) == (2, "supply_tonnes_per_year", "nan")
    solved = netopt_here("solve", toy, "--policy", "unified", "--json")
    assert solved.json()["problems"] == content["problems"]


@pytest.mark.parametrize(
    ("lever", "message"),
    [
        ('lever = "whitelst"\njurisdiction = "P2"\naction = "open"', "did you mean 'whitelist'?"),
        ('lever = "whitelist"\njurisdiction = "P9"\naction = "open"', "'P9'"),
        ('lever = "transfer_delay"\ndays = nan\nholding_cny_per_tonne_day = 4', "finite"),
        ('lever = "transfer_delay"\nday = 1\nholding_cny_per_tonne_day = 4', "did you mean"),
    ],
)
def test_a_broken_policy_is_refused_too(
    toy: Path, tmp_path: Path, netopt_here: Run, lever: str, message: str
) -> None:
    policy = tmp_path / "broken.toml"
    policy.write_text(f'name = "broken"\n[[levers]]\n{lever}\n', encoding="utf-8")
    before = files_of(tmp_path)
    validated = netopt_here("validate", toy, "--policy", policy)
    solved = netopt_here("solve", toy, "--policy", policy, "-o", tmp_path / "run")
    assert [validated.code, solved.code] == [3, 3]
    assert message in validated.out
    assert message in solved.err
    assert files_of(tmp_path) == before


def test_a_folder_that_is_no_instance_is_refused(tmp_path: Path, netopt_here: Run) -> None:
    shutil.copytree(tmp_path, tmp_path / "empty", ignore=lambda *_: [])
    assert netopt_here("validate", tmp_path / "empty").code == 3
    assert netopt_here("validate", tmp_path / "absent").code == 2


def test_problems_of_instance_and_policy_are_listed_together(netopt_here: Run, toy: Path) -> None:
    supply = toy / "data" / "supply.csv"
    supply.write_text(supply.read_text(encoding="utf-8").replace("8000", "many", 1), encoding="utf-8")
    (toy / "policies" / "bad.toml").write_text("name = 'bad'\nextend = 'unified'\n", encoding="utf-8")
    for policy in ("bad", toy / "policies" / "bad.toml"):
        content = netopt_here("validate", toy, "--policy", policy, "--json").json()
        files = [problem["file"] for problem in content["problems"]]
        assert files[0].startswith("data/supply.csv")
        assert files[-1] == "bad.toml"
