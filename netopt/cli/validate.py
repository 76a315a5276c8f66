"""``netopt validate``: every problem of an instance at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from netopt.cli.console import Console, open_console
from netopt.cli.endings import SOLVED
from netopt.cli.inputs import find_policy, note_idle
from netopt.cli.options import Talk
from netopt.errors import InstanceError, PolicyError

if TYPE_CHECKING:
    from netopt.errors import Problem


LEAST_PLAUSIBLE_TONNES_PER_YEAR: Final = 1_000.0
"""Where less retires in all, a planner is asked about the unit."""


def command(
    instance: str,
    *,
    policy: str | None = None,
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """List every problem of an instance, and of a policy on it: file, row, column, rule, value, hint.

    Parameters
    ----------
    instance
        Folder of the instance, or the name of a shipped one.
    policy
        Name or TOML file of a policy to check against the instance.
    """
    from netopt.data.folder import find_folder  # noqa: PLC0415 - heavy
    from netopt.data.read import read_instance  # noqa: PLC0415 - heavy
    from netopt.data.volumes import first_tonnes_per_year  # noqa: PLC0415 - heavy

    console = open_console(talk)
    folder = find_folder(instance)
    problems = _problems(folder, policy)
    if problems:
        return _report(console, folder, problems)
    loaded = read_instance(folder)
    rows = {name: len(table) for name, table in loaded.tables.items() if len(table)}
    content = {"status": "valid", "exit_code": SOLVED, "problems": [], "rows": rows}
    tonnes = first_tonnes_per_year(loaded)
    size = f"{len(rows)} tables, {sum(rows.values())} rows, {_figure(tonnes)} t/yr retire"
    text = f"{folder}: no problems ({size})"
    if tonnes < LEAST_PLAUSIBLE_TONNES_PER_YEAR:
        console.note(f"note: only {tonnes:,.6g} t a year retire in {loaded.periods[0]}; is supply in kt?")
    if policy is not None:
        note_idle(console, [find_policy(policy, loaded)], loaded)
    console.result(text, {**content, "digests": {"instance": loaded.digest}})
    return SOLVED


def _figure(tonnes: float) -> str:
    """Return tonnes a year without an exponent, in which a slip of the unit would be hard to see."""
    return f"{tonnes:,.0f}" if tonnes >= LEAST_PLAUSIBLE_TONNES_PER_YEAR else f"{tonnes:,.6g}"


def _problems(folder: Path, policy: str | None) -> list[Problem]:
    from netopt.data.read import read_instance, validate_folder  # noqa: PLC0415 - heavy
    from netopt.policy.read import parse_policy, shipped_policies  # noqa: PLC0415 - heavy

    problems = list(validate_folder(folder))
    if policy is None:
        return problems
    try:
        if problems:  # its ids cannot be looked up, but the file can be read
            parse_policy(policy, (folder / "policies", shipped_policies()))
        else:
            find_policy(policy, read_instance(folder))
    except PolicyError as error:
        problems += error.problems
    return problems


def _report(console: Console, folder: Path, problems: list[Problem]) -> int:
    code = InstanceError.exit_code
    if console.talk.json:
        listed = [vars(problem) for problem in problems]
        console.result("", {"status": "invalid", "exit_code": code, "problems": listed})
    elif console.out.is_terminal:
        columns = ("file", "row", "column", "rule", "value", "problem", "hint")
        console.table(f"{folder}: {len(problems)} problems", columns, [_cells(item) for item in problems])
    else:
        console.result("\n".join(str(problem) for problem in problems), {})
    noun = "problem" if len(problems) == 1 else "problems"
    console.note(f"{folder}: {len(problems)} {noun}")
    return code


def _cells(problem: Problem) -> list[str]:
    row = "" if problem.row is None else str(problem.row)
    column = problem.column or ""
    return [problem.file, row, column, problem.rule, problem.value, problem.message, problem.hint]
