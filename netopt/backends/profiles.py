"""Solver profiles: named sets of options by purpose, one TOML file each in ``solvers/``."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from netopt.errors import UsageError
from netopt.resources import shipped
from netopt.solution.options import SolveOptions
from netopt.toml import parse_toml

if TYPE_CHECKING:
    from netopt.data.instance import Instance

SolverOption = bool | int | float | str

RESERVED_OPTIONS: Final[dict[str, str]] = {
    "mip_rel_gap": "gap",
    "mip_abs_gap": "gap",
    "time_limit": "time_limit_s",
    "threads": "threads",
    "random_seed": "seed",
}
"""Options of HiGHS that a solve states in its own words, and those words."""


class SolveValues(BaseModel):
    """What a profile, ``netopt.toml``, the environment or the command line may say of a solve.

    Attributes
    ----------
    gap
        Proven gap to stop at, relative to gross cost (0 to 1).
    time_limit_s, threads, seed
        Wall-clock limit of the solver (s), its threads, its random seed.
    strategy
        How a case is solved: see ``SolveOptions``.
    solver_options
        Options of HiGHS by their own names.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    gap: Annotated[float, Field(ge=0, le=1)] | None = None
    time_limit_s: Annotated[float, Field(gt=0)] | None = None
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    strategy: Literal["auto", "direct", "priced", "split"] | None = None
    solver_options: dict[str, SolverOption] = Field(default_factory=dict)

    @field_validator("solver_options")
    @classmethod
    def _nothing_said_twice(cls, options: dict[str, SolverOption]) -> dict[str, SolverOption]:
        for name in options:
            if name in RESERVED_OPTIONS:
                raise ValueError(f"{name} is set by {RESERVED_OPTIONS[name]}")
            if "file" in name:
                raise ValueError(f"{name} would read or write files beside the run")
        return options


class Profile(SolveValues):
    """A named set of solver options; what it leaves out keeps its default."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    purpose: Annotated[str, Field(min_length=1)]


def profile_names() -> tuple[str, ...]:
    """Return the names of the shipped profiles, sorted."""
    return tuple(sorted(path.stem for path in shipped("solvers").glob("*.toml")))


def read_profile(name_or_path: str | Path) -> Profile:
    """Return a profile by name (a shipped one) or by path (a file that ends in ``.toml``).

    Raises
    ------
    UsageError
        Where there is no such profile (the message suggests one), or the file has problems
        (the message lists them all).
    """
    path = _find(name_or_path)
    try:
        return Profile.model_validate(parse_toml(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise UsageError(f"profile {path.name}: {describe(error, Profile)}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"profile {path.name}: {error}") from error


def solve_options(instance: Instance, profile: str | Path | None = None, **values: Any) -> SolveOptions:
    """Return the options that the command line would take for an instance.

    Neither ``netopt.toml`` nor the environment is looked at.

    Parameters
    ----------
    instance
        Its own profile counts where none is named (``[solving]`` of ``instance.toml``).
    profile
        A shipped profile by name, or a file that ends in ``.toml``.
    **values
        Of ``SolveOptions``, stronger than the profile: ``gap`` (share of gross cost),
        ``time_limit_s``, ``threads``, ``formal_share``, ...

    Returns
    -------
    SolveOptions
        To be given to ``solve``, ``compare`` and ``explain``.

    Raises
    ------
    UsageError
        Where there is no such profile.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> netopt.solve_options(toy, "quick").gap, netopt.solve_options(toy, "quick", gap=0.1).gap
    (0.005, 0.1)
    """
    chosen = read_profile(profile or instance.settings.solving.profile or "default")
    of_profile = chosen.model_dump(exclude={"name", "purpose"}, exclude_none=True)
    return SolveOptions(**{**of_profile, **values})


def describe(error: ValidationError, model: type[BaseModel], names: Mapping[str, str] | None = None) -> str:
    """Return every problem of a pydantic error in one line each, typos with a suggestion.

    Parameters
    ----------
    names
        What the user calls a field, where that is not its name.
    """
    lines = []
    for problem in error.errors():
        field = ".".join(str(part) for part in problem["loc"])
        field = (names or {}).get(field, field)
        message = problem["msg"].replace("Input should be", "must be")
        if problem["type"] == "extra_forbidden":
            message = "is not known" + suggestion(field, model.model_fields)
        lines.append(f"{field}: {message}")
    return "; ".join(lines)


def suggestion(word: str, known: object) -> str:
    """Return "; did you mean X?" for the nearest known word, or "" where none is near.

    Examples
    --------
    >>> suggestion("defualt", ["default", "exact"])
    '; did you mean default?'
    >>> suggestion("zebra", ["default", "exact"])
    ''
    """
    words = [str(item) for item in known] if hasattr(known, "__iter__") else []
    near = get_close_matches(word, words, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if text.endswith(".toml"):
        return Path(text)
    if text in profile_names():
        return shipped("solvers") / f"{text}.toml"
    known = ", ".join(profile_names())
    raise UsageError(f"there is no profile {text!r}{suggestion(text, profile_names())} (profiles: {known})")
