"""The reference of the mathematics, made from the equations' own docstrings.

``python -m netopt.formulation.reference > netopt/formulation/README.md`` writes it anew; a test
compares the two.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netopt.formulation.build import EQUATIONS, STRENGTHENING
from netopt.solution import check

_HEAD: Final = """# Equations

*Generated from `EQUATIONS` of `build.py` by `python -m netopt.formulation.reference`.*

Every equation is one function. It has a section here, a golden LP (what Pyomo writes of it for one
small network) and a twin: the rule of the independent checker that finds a plan which breaks it.
Symbols, units and prices are those of the [mathematics of record](../README.md). *Strengthening*
equations hold for whole decisions anyway and only raise the bound; their twin implies them.
"""
_TWIN: Final = re.compile(r"Twin: tag ``(\w+)``\.")
_WITHOUT: Final = re.compile(r"(Without it .+?\.)(?= |$)")


@dataclass(frozen=True)
class Equation:
    """What the docstring of an equation says.

    Attributes
    ----------
    tag
        Its name everywhere: in row names, golden LPs and messages of the checker.
    statement
        The equation and its meaning, with units, as Markdown.
    twin
        Tag under which the checker finds a plan that breaks it.
    without
        What would go wrong without it.
    module
        Where it is said.
    is_strengthening
        Whether whole decisions satisfy it anyway.
    """

    tag: str
    statement: str
    twin: str
    without: str
    module: str
    is_strengthening: bool


def read_equation(tag: str) -> Equation:
    """Return what the docstring of an equation says.

    Raises
    ------
    ValueError
        Where the docstring names no twin, or does not say what would go wrong without it.

    Examples
    --------
    >>> read_equation("closing").without
    'Without it a module could be bought and scrapped at once.'
    """
    function = EQUATIONS[tag]
    text = " ".join((inspect.getdoc(function) or "").split())
    twin, without = _TWIN.search(text), _WITHOUT.search(text)
    if twin is None or without is None:
        raise ValueError(f"the docstring of equation {tag} says no 'Twin: tag' or no 'Without it'")
    statement = _WITHOUT.sub("", _TWIN.sub("", text))
    return Equation(
        tag=tag,
        statement=" ".join(statement.replace("``", "`").split()),
        twin=twin[1],
        without=without[1].replace("``", "`"),
        module=function.__module__,
        is_strengthening=tag in STRENGTHENING,
    )


def checker_files(tag: str) -> list[str]:
    """Return the files of the checker that report under a tag, by name, from ``netopt``."""
    folder = Path(check.__file__).parent
    files = sorted([*folder.glob("check*.py"), *folder.glob("checking/*.py")])
    package = folder.parent.parent
    found = [file for file in files if f'"{tag}"' in file.read_text("utf-8")]
    return [file.relative_to(package).as_posix() for file in found]


def equation_reference() -> str:
    """Return the reference of all equations as Markdown."""
    return "\n".join([_HEAD, *(_section(read_equation(tag)) for tag in EQUATIONS)])


def _section(equation: Equation) -> str:
    title = f"## `{equation.tag}`" + (" (strengthening)" if equation.is_strengthening else "")
    twins = ", ".join(f"`{file}`" for file in checker_files(equation.twin))
    lines = [
        equation.without,
        f"Twin: `{equation.twin}` in {twins}",
        f"Said in `{equation.module.replace('.', '/')}.py`, "
        f"shown in [`{equation.tag}.lp`](../../tests/formulation/golden/{equation.tag}.lp)",
    ]
    return f"{title}\n\n{equation.statement}\n\n" + "".join(f"* {line}\n" for line in lines)


if __name__ == "__main__":
    print(equation_reference(), end="")
