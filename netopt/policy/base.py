"""What a lever and a policy are, and the registry that finds levers by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from netopt.accounts import Perspective

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.effects import Effect

STATUSES: Final = ("sourced", "derived", "assumed")
"""How firm a figure is: read in a source, computed from sourced figures, or chosen by us."""

NATIONAL: Final = "national"
"""How a policy file names the nation where it could name a jurisdiction."""


class Direction(StrEnum):
    """What tightening a lever does to the set of plans and their cost."""

    RESTRICTS = "restricts"
    RELAXES = "relaxes"
    REPRICES = "reprices"


def _sorted_ids(value: Any) -> Any:
    """Sort a list of ids, whose order means nothing; leave anything else to the type check."""
    if not isinstance(value, list | tuple):
        return value
    if not all(isinstance(item, str) for item in value):
        return tuple(value)
    repeated = sorted({item for item in value if value.count(item) > 1})
    if repeated:
        raise PydanticCustomError("repeated_id", "names {ids} twice", {"ids": ", ".join(repeated)})
    return tuple(sorted(value))


Id = Annotated[str, Field(min_length=1)]
Ids = Annotated[tuple[Id, ...], BeforeValidator(_sorted_ids)]
"""Ids of one of the instance's tables; kept sorted, never twice the same."""

NonEmptyIds = Annotated[tuple[Id, ...], Field(min_length=1), BeforeValidator(_sorted_ids)]
"""The same, where none at all would make no sense."""

Legs = Annotated[tuple[Literal["first", "trunk"], ...], BeforeValidator(_sorted_ids)]
"""Legs of a haul: first leaves a source or a return, trunk is all else; never twice the same."""

Year = Annotated[int, Field(ge=1990, le=2150)]

CONTROL: Final = "A planner's own choice, which no source demands: whatever is set is assumed."
"""Source of the levers that are not a jurisdiction's rule but a planner's control."""

RULE: Final = (
    "A rule that planners of other countries meet; the brief has none like it: any figure is assumed."
)
"""Source of the levers that are generic rules of jurisdictions."""

Share = Annotated[float, Field(ge=0, le=1)]
CnyPerTonne = Annotated[float, Field(ge=0, le=1e6)]
CnyPerPack = Annotated[float, Field(ge=0, le=1e5)]
CnyPerYear = Annotated[float, Field(ge=0, le=1e12)]


class Reference(NamedTuple):
    """Ids that a lever's parameter takes from a column of the instance."""

    parameter: str
    table: str
    column: str
    ids: tuple[str, ...]


class Refusal(NamedTuple):
    """What keeps a lever's parameter from being held on an instance, and what to do about it."""

    parameter: str
    value: str
    message: str
    hint: str


class Lever(BaseModel):
    """One switchable piece of policy: parameters with bounds, and the effects they have.

    A subclass declares its parameters as pydantic fields (each with a ``description``; a number's
    unit is in its name), its class attributes, and ``effects``. ``lever`` is its name in TOML.
    ``basis`` says of each parameter where the figure comes from; it changes no effect.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    name: ClassVar[str]
    title: ClassVar[str]
    direction: ClassVar[Direction]
    source: ClassVar[str]
    equation: ClassVar[str]

    lever: str
    basis: dict[str, str] = Field(
        default={}, description="Parameter -> 'sourced: ...', 'derived: ...' or 'assumed: ...'."
    )

    @field_validator("basis")
    @classmethod
    def _basis_is_of_a_parameter(cls, basis: dict[str, str]) -> dict[str, str]:
        for parameter, text in basis.items():
            if parameter not in cls.parameters():
                message = "speaks of {name}, which is no parameter"
                raise PydanticCustomError("unknown_parameter", message, {"name": parameter})
            if text.partition(":")[0] not in STATUSES:
                message = "of {name} must start with sourced:, derived: or assumed:"
                raise PydanticCustomError("status", message, {"name": parameter})
        return basis

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Return the names of the lever's own parameters."""
        return tuple(name for name in cls.model_fields if name not in ("lever", "basis"))

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return what the lever does to this instance's network."""
        raise NotImplementedError

    def references(self) -> tuple[Reference, ...]:
        """Return every id the lever names and the column it must be in, so that typos are found."""
        return ()

    def refusals(self, instance: Instance) -> tuple[Refusal, ...]:  # noqa: ARG002
        """Return what of the lever has no clear meaning on this instance, so that it is not guessed."""
        return ()


def bound_together(instance: Instance, jurisdictions: Ids, *, each: bool) -> tuple[Ids, ...]:
    """Return which jurisdictions one rule is on: those named together (``()``: all), or each by itself."""
    if not each:
        return (jurisdictions,)
    return tuple((name,) for name in jurisdictions or sorted(instance["jurisdictions"]["jurisdiction"]))


def check_penalty(*, hard: bool, penalty_cny_per_tonne: float | None) -> None:
    """Refuse a soft rule without a penalty, and a hard one with it.

    Raises
    ------
    PydanticCustomError
        Inside a validator it becomes one of the policy's problems.
    """
    if hard and penalty_cny_per_tonne is not None:
        raise PydanticCustomError(
            "hard_and_priced", "a hard rule has no penalty_cny_per_tonne: set hard = false or drop it"
        )
    if not hard and penalty_cny_per_tonne is None:
        raise PydanticCustomError(
            "soft_without_penalty", "a soft rule (hard = false) needs penalty_cny_per_tonne"
        )


LEVERS: dict[str, type[Lever]] = {}
"""Registered levers by name; importing ``netopt.policy.levers`` fills it."""


def register(cls: type[Lever]) -> type[Lever]:
    """Class decorator: make a lever known under its name."""
    if cls.name in LEVERS:
        raise ValueError(f"lever {cls.name} is registered twice")
    LEVERS[cls.name] = cls
    return cls


@dataclass(frozen=True)
class Policy:
    """A named set of levers and whose cost the planner minimises.

    Attributes
    ----------
    name, title, description
        What it is called and what it is for.
    perspective
        Whose cost is minimised: social or private.
    levers
        What it demands, each with its parameters.
    digest
        SHA-256 of what decides the answer: perspective and levers, after ``extends``, whatever
        their order; names, titles and the basis of figures are not part of it.
    """

    name: str
    title: str
    perspective: Perspective
    levers: tuple[Lever, ...]
    digest: str
    description: str = ""
