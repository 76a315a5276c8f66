"""Which value of an option counts: command line > NETOPT_* > netopt.toml > profile > default."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from netopt.backends.profiles import SolveValues, describe, read_profile, suggestion
from netopt.cli.options import Solving
from netopt.errors import UsageError
from netopt.solution.options import Progress, SolveOptions
from netopt.toml import parse_toml

if TYPE_CHECKING:
    from netopt.data.design import Design
    from netopt.data.instance import Instance

log = logging.getLogger("netopt")

SETTINGS_FILE: Final = "netopt.toml"
INSTANCE_FILE: Final = "instance.toml"
_VARIABLES: Final = {
    "NETOPT_PROFILE": "profile",
    "NETOPT_GAP": "gap",
    "NETOPT_TIME_LIMIT": "time_limit_s",
    "NETOPT_THREADS": "threads",
    "NETOPT_SEED": "seed",
    "NETOPT_STRATEGY": "strategy",
}
_FLAGS: Final = {
    "--gap": "gap",
    "--time-limit": "time_limit_s",
    "--threads": "threads",
    "--seed": "seed",
    "--strategy": "strategy",
}
_SCALARS: Final = ("gap", "time_limit_s", "threads", "seed", "strategy")


class FileValues(SolveValues):
    """The contents of ``netopt.toml``."""

    profile: str | None = None


@dataclass(frozen=True)
class Effective:
    """The options in force, and where each comes from.

    Attributes
    ----------
    profile
        Name of the profile.
    values
        ``gap``, ``time_limit_s``, ``threads``, ``seed``, ``strategy``: the value in force.
    solver_options
        Options of the solver by their own names.
    sources
        Name of every one of these (``profile`` too) -> where it comes from.
    """

    profile: str
    values: Mapping[str, Any]
    solver_options: Mapping[str, Any]
    sources: Mapping[str, str]

    def solve_options(
        self,
        formal_share: float | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        stop: Event | None = None,
        design: Design | None = None,
    ) -> SolveOptions:
        """Return the options as the pipeline takes them; ``stop`` is set by Ctrl-C."""
        return SolveOptions(
            **self.values,
            solver_options=self.solver_options,
            formal_share=formal_share,
            design=design,
            on_progress=on_progress,
            stop=stop or Event(),
        )

    def for_manifest(self) -> dict[str, Any]:
        """Return what a run's manifest records of them."""
        return {"profile": self.profile, **self.values, "solver_options": dict(self.solver_options)}


def effective_options(
    solving: Solving,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    *,
    instance: Instance | None = None,
) -> Effective:
    """Return the options in force.

    Parameters
    ----------
    solving
        The command line.
    environment, folder
        Where ``NETOPT_*`` and ``netopt.toml`` are looked for; the process's own by default.
    instance
        Whose profile counts where nobody names another.

    Raises
    ------
    UsageError
        Where a layer holds a value that makes no sense, or a key or profile that is not known.
    """
    flags = _from_flags(solving)
    environment = os.environ if environment is None else environment
    for line in unknown_variables(environment):
        log.warning(line)
    variables = _from_environment(environment)
    file = _from_file((folder or Path()) / SETTINGS_FILE)
    choices = [(solving.profile, "--profile"), (variables.profile, "NETOPT_PROFILE")]
    own = None if instance is None else instance.settings.solving.profile
    choices += [(file.profile, SETTINGS_FILE), (own, INSTANCE_FILE), ("default", "default")]
    name, profile_source = next((name, source) for name, source in choices if name is not None)
    profile = read_profile(name)
    variable_of = {field: variable for variable, field in _VARIABLES.items()}
    flag_of = {field: flag for flag, field in _FLAGS.items()}
    values: dict[str, Any] = {}
    sources = {"profile": profile_source}
    for field in _SCALARS:
        layers = [(getattr(flags, field), flag_of[field])]
        layers += [(getattr(variables, field), variable_of[field])]
        layers += [
            (getattr(file, field), SETTINGS_FILE),
            (getattr(profile, field), f"profile {profile.name}"),
        ]
        layers += [(getattr(SolveOptions(), field), "default")]
        values[field], sources[field] = next(layer for layer in layers if layer[0] is not None)
    solver_options = {**profile.solver_options, **file.solver_options}
    for option in solver_options:
        in_file = option in file.solver_options
        sources[option] = SETTINGS_FILE if in_file else f"profile {profile.name}"
    _refuse_what_the_solver_lacks(solver_options, sources)
    return Effective(profile.name, values, solver_options, sources)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a line for every ``NETOPT_*`` variable that means nothing, with a suggestion."""
    names = [name for name in environment if name.startswith("NETOPT_") and name not in _VARIABLES]
    return [f"{name} is not known{suggestion(name, _VARIABLES)}" for name in sorted(names)]


def _refuse_what_the_solver_lacks(options: Mapping[str, Any], sources: Mapping[str, str]) -> None:
    from netopt.backends.highs import option_problems  # noqa: PLC0415 - heavy

    lines = [
        f"{sources[name]}, solver_options: {line}"
        for name, value in options.items()
        for line in option_problems({name: value})
    ]
    if lines:
        raise UsageError("; ".join(lines))


def _from_flags(solving: Solving) -> SolveValues:
    given = {field: getattr(solving, field.removesuffix("_s")) for field in _SCALARS}
    try:
        return SolveValues.model_validate(given)
    except ValidationError as error:
        flag_of = {field: flag for flag, field in _FLAGS.items()}
        raise UsageError(describe(error, SolveValues, flag_of)) from error


def _from_environment(environment: Mapping[str, str]) -> FileValues:
    given = {field: environment[name] for name, field in _VARIABLES.items() if environment.get(name)}
    try:
        return FileValues.model_validate_strings(given)
    except ValidationError as error:
        variable_of = {field: variable for variable, field in _VARIABLES.items()}
        raise UsageError(describe(error, FileValues, variable_of)) from error


def _from_file(path: Path) -> FileValues:
    if not path.is_file():
        return FileValues()
    try:
        return FileValues.model_validate(parse_toml(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise UsageError(f"{path}: {describe(error, FileValues)}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from error
