"""``netopt profile``: solver profiles, and which option values are in force."""

from __future__ import annotations

from cyclopts import App

from netopt.cli.console import open_console
from netopt.cli.endings import SOLVED
from netopt.cli.options import Solving, Talk

command = App(name="profile", help="List and show solver profiles.")


@command.command(name="list")
def list_profiles(*, talk: Talk = Talk()) -> int:  # noqa: B008 - frozen
    """List the shipped solver profiles."""
    from netopt.backends.profiles import profile_names, read_profile  # noqa: PLC0415 - heavy

    console = open_console(talk)
    profiles = [read_profile(name) for name in profile_names()]
    if talk.json:
        listed = [profile.model_dump() for profile in profiles]
        console.result("", {"status": "ok", "profiles": listed})
    else:
        rows = [[profile.name, profile.purpose] for profile in profiles]
        console.table("Solver profiles", ("profile", "purpose"), rows)
    return SOLVED


@command.command(name="show")
def show(
    name: str | None = None,
    *,
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Print the option values that would be in force, and where each comes from.

    Parameters
    ----------
    name
        The profile; like ``--profile``.
    """
    from dataclasses import replace  # noqa: PLC0415

    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy

    console = open_console(talk)
    asked = solving if name is None else replace(solving, profile=name)
    effective = effective_options(asked)
    values = {"profile": effective.profile, **effective.values, **effective.solver_options}
    if talk.json:
        stated = {key: {"value": value, "source": effective.sources[key]} for key, value in values.items()}
        console.result("", {"status": "ok", "options": stated})
    else:
        rows = [[key, str(value), effective.sources[key]] for key, value in values.items()]
        console.table("Options in force", ("option", "value", "from"), rows)
    return SOLVED
