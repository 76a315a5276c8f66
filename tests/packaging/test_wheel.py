"""What the wheel holds: the engine, every shipped instance, policy and profile with licences, no tests."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import netopt
from netopt.cli.inputs import shipped_instances

ROOT = Path(__file__).parents[2]
SHIPPED = "netopt/_shipped/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Return the wheel as its build backend makes it, without a network."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling, the build backend, is not installed: pip install '.[test]' has it")
    folder = tmp_path_factory.mktemp("wheel")
    script = f"import hatchling.build; print(hatchling.build.build_wheel({str(folder)!r}))"
    words = [sys.executable, "-c", script]
    built = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return zipfile.ZipFile(folder / built.stdout.split()[-1])


def relative(folder: Path, pattern: str) -> set[str]:
    found = (path for path in folder.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_every_module_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    modules = relative(ROOT / "netopt", "*.py")
    assert "netopt/toml.py" in modules
    assert modules | {"netopt/py.typed", "netopt/__init__.pyi"} <= set(wheel.namelist())


def test_shipped_data_is_in_the_wheel_whole(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    wanted = relative(ROOT / "solvers", "*.toml") | relative(ROOT / "instances" / "policies", "*.toml")
    wanted |= relative(ROOT / "instances" / "geo", "*.geojson")
    for name in shipped_instances():
        wanted |= relative(ROOT / "instances" / name, "*")
    assert {f"{SHIPPED}{name}" for name in wanted} <= names
    assert f"{SHIPPED}instances/china-2024/LICENSE-DATA.md" in names
    assert f"{SHIPPED}instances/notebook.py" in names


def test_nothing_else_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"netopt", f"netopt-{netopt.__version__}.dist-info"}
    assert [name for name in wheel.namelist() if "__pycache__" in name or name.endswith(".pyc")] == []


def test_the_command_is_declared(wheel: zipfile.ZipFile) -> None:
    about = f"netopt-{netopt.__version__}.dist-info"
    assert "netopt = netopt.cli.main:main" in wheel.read(f"{about}/entry_points.txt").decode()
    assert any(name.startswith(about) and name.endswith("LICENSE") for name in wheel.namelist())
