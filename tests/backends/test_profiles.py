from __future__ import annotations

from pathlib import Path

import highspy
import pytest

from netopt.backends.profiles import profile_names, read_profile
from netopt.errors import UsageError
from netopt.resources import shipped


def _write(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(f'name = "own"\npurpose = "A test."\n{text}', encoding="utf-8")
    return path


def test_shipped_profiles_are_named_after_their_files_and_documented() -> None:
    assert profile_names() == ("default", "exact", "national", "quick")
    page = (shipped("solvers") / "README.md").read_text(encoding="utf-8")
    for name in profile_names():
        assert read_profile(name).name == name
        assert f"| `{name}` |" in page


@pytest.mark.parametrize("name", ["default", "exact", "national", "quick"])
def test_highs_takes_every_solver_option_of_a_profile(name: str) -> None:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for option, value in read_profile(name).solver_options.items():
        status, _ = solver.getOptionType(option)
        assert status == highspy.HighsStatus.kOk, option
        assert solver.setOptionValue(option, value) == highspy.HighsStatus.kOk, option
        assert solver.getOptionValue(option)[1] == value


def test_gaps_go_from_quick_to_exact() -> None:
    gaps = [read_profile(name).gap for name in ("quick", "default", "exact")]
    assert gaps == [5e-3, 1e-4, 0.0]
    assert read_profile("exact").threads == 1


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    path = _write(tmp_path, "gap = 0.25\nthreads = 3\n[solver_options]\nmip_max_nodes = 5\n")
    profile = read_profile(path)
    assert (profile.name, profile.gap, profile.threads, profile.time_limit_s) == ("own", 0.25, 3, None)
    assert profile.solver_options == {"mip_max_nodes": 5}
    assert read_profile(str(path)) == profile


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gapp = 0.1", "gapp: is not known; did you mean gap?"),
        ("gap = -1", "gap: must be greater than or equal to 0"),
        ("gap = nan", "gap: must be a finite number"),
        ("gap = '0.1'", "gap: must be a valid number"),
        ("time_limit_s = 0", "time_limit_s: must be greater than 0"),
        ("threads = 0", "threads: "),
        ("seed = 3000000000", "seed: "),
        ("[solver_options]\nmip_rel_gap = 0.1", "mip_rel_gap is set by gap"),
        ("[solver_options]\nthreads = 1", "threads is set by threads"),
        ("[solver_options]\nsolution_file = 'x'", "solution_file would read or write files"),
        ("gap = ", "Invalid value"),
    ],
)
def test_a_profile_that_makes_no_sense_is_a_usage_error(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_profile(_write(tmp_path, text))
    assert said in str(caught.value)


def test_all_problems_of_a_profile_are_listed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gap: .*; threads: "):
        read_profile(_write(tmp_path, "gap = -1\nthreads = 0"))


def test_an_unknown_profile_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no profile 'exat'; did you mean exact"):
        read_profile("exat")
    with pytest.raises(UsageError, match=r"absent\.toml"):
        read_profile(tmp_path / "absent.toml")


@pytest.mark.parametrize("text", ["gap = " + "[" * 3000 + "]" * 3000, "gap = 1" + "0" * 400])
def test_extreme_profiles_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"profile own\.toml: "):
        read_profile(_write(tmp_path, text))
