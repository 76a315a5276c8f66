"""``netopt lever``: the policy levers and their parameters."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cyclopts import App

from netopt.cli.console import open_console
from netopt.cli.endings import SOLVED
from netopt.cli.inputs import only_name
from netopt.cli.options import Talk

if TYPE_CHECKING:
    from netopt.policy.base import Lever

command = App(name="lever", help="List and show policy levers.")


@command.command(name="list")
def list_levers(*, talk: Talk = Talk()) -> int:  # noqa: B008 - frozen
    """List the policy levers."""
    console = open_console(talk)
    levers = _levers()
    if talk.json:
        listed = [_describe(name, lever) for name, lever in levers.items()]
        console.result("", {"status": "ok", "levers": listed})
    else:
        rows = [[name, str(lever.direction), lever.title] for name, lever in levers.items()]
        console.table("Policy levers", ("lever", "direction", "what it does"), rows)
    return SOLVED


@command.command(name="show")
def show(name: str, *, talk: Talk = Talk()) -> int:  # noqa: B008 - frozen
    """Show one policy lever: its parameters with bounds, its equation, its source.

    Parameters
    ----------
    name
        The lever.
    """
    console = open_console(talk)
    levers = _levers()
    lever = levers[only_name(tuple(levers), name, "lever")]
    content = _describe(name, lever)
    lines = [f"{name}: {lever.title}", f"direction: {lever.direction}", f"equation: {lever.equation}"]
    lines += [f"source: {lever.source}", "parameters:"]
    lines += [_parameter_line(item) for item in content["parameters"]]
    console.result("\n".join(lines), {"status": "ok", **content})
    return SOLVED


def _levers() -> dict[str, type[Lever]]:
    import netopt.policy.levers  # noqa: F401, PLC0415 - fills the registry
    from netopt.policy.base import LEVERS  # noqa: PLC0415 - heavy

    return dict(sorted(LEVERS.items()))


def _describe(name: str, lever: type[Lever]) -> dict[str, Any]:
    from netopt.policy.catalogue import parameter_rows  # noqa: PLC0415 - heavy

    return {
        "lever": name,
        "title": lever.title,
        "direction": str(lever.direction),
        "equation": lever.equation,
        "source": lever.source,
        "parameters": [asdict(row) for row in parameter_rows(lever)],
    }


def _parameter_line(row: dict[str, str]) -> str:
    needed = row["default"] if row["default"] == "required" else f"default {row['default']}"
    facts = [fact for fact in (row["unit"], row["bounds"], needed) if fact]
    return f"  {row['parameter']} ({'; '.join(facts)}): {row['description']}"
