"""The public names: each can be had, is documented with an example, and is known to type checkers."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import netopt

STUB = Path(netopt.__file__).with_name("__init__.pyi")
NAMES = sorted(set(netopt.__all__) - {"__version__"})
PROMISED = {"load", "solve", "compare", "check", "to_geopandas", "plot"}


def stub_imports() -> dict[str, str]:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module != "typing"]
    assert all(alias.asname == alias.name for node in imports for alias in node.names)
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def sections_of(doc: str) -> dict[str, str]:
    """Return the numpydoc sections of a docstring, by heading."""
    parts = re.split(r"^(\w[\w ]*)\n-+\n", doc, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def documented(section: str) -> set[str]:
    """Return the names that a section of parameters or attributes explains."""
    heads = re.findall(r"^(\S.*)$", section, flags=re.MULTILINE)
    return {name.strip().lstrip("*") for head in heads for name in head.partition(":")[0].split(",")}


def test_what_was_promised_is_there() -> None:
    assert set(NAMES) >= PROMISED


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_what_its_module_calls_so(name: str) -> None:
    assert getattr(netopt, name) is getattr(import_module(stub_imports()[name]), name)


def test_a_type_checker_sees_the_same_names() -> None:
    assert sorted(stub_imports()) == NAMES
    assert dir(netopt) == sorted(netopt.__all__)


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isfunction(getattr(netopt, name))])
def test_a_function_explains_every_parameter_and_shows_an_example(name: str) -> None:
    function = getattr(netopt, name)
    sections = sections_of(inspect.getdoc(function) or "")
    assert sections[""].splitlines()[0].endswith(".")
    parameters = set(inspect.signature(function).parameters)
    assert parameters - documented(sections.get("Parameters", "")) == set()
    assert ">>> import netopt" in sections["Examples"]
    assert f"netopt.{name}(" in sections["Examples"]


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isclass(getattr(netopt, name))])
def test_a_class_explains_its_attributes(name: str) -> None:
    cls = getattr(netopt, name)
    sections = sections_of(inspect.getdoc(cls) or "")
    assert sections[""].strip()
    assert not sections[""].startswith(f"{name}("), "the docstring that a dataclass makes of itself"
    fields = set(getattr(cls, "__dataclass_fields__", ()))
    assert fields - documented(sections.get("Attributes", "")) == set()


def test_the_package_is_imported_without_what_it_may_need() -> None:
    heavy = ["pandas", "pyomo", "geopandas", "matplotlib", "highspy", "marimo"]
    code = f"import netopt, sys; dir(netopt); print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sovle'"):
        netopt.sovle  # noqa: B018
