"""What a lever and a policy are, and the registry that finds levers by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

from netopt.accounts import Perspective

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.effects import Effect


class Direction(StrEnum):
    """What tightening a lever does to the set of plans and their cost."""

    RESTRICTS = "restricts"
    RELAXES = "relaxes"
    REPRICES = "reprices"


class Lever(BaseModel):
    """One switchable piece of policy: parameters with bounds, and the effects they have.

    A subclass declares its parameters as pydantic fields (each with a ``description``; a number's
    unit is in its name), its class attributes, and ``effects``. ``lever`` is its name in TOML.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    name: ClassVar[str]
    title: ClassVar[str]
    direction: ClassVar[Direction]
    source: ClassVar[str]
    equation: ClassVar[str]

    lever: str

    def effects(self, instance: Instance) -> tuple[Effect, ...]:
        """Return what the lever does to this instance's network."""
        raise NotImplementedError

    def references(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Return (field, table, ids) for every id the lever names, so that typos are found."""
        return ()


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

    ``digest`` is the SHA-256 of the policy's resolved content (after ``extends``).
    """

    name: str
    title: str
    perspective: Perspective
    levers: tuple[Lever, ...]
    digest: str
    description: str = ""
