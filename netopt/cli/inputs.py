"""What commands are given: instances and lists of policies."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from netopt.backends.profiles import suggestion
from netopt.errors import UsageError
from netopt.resources import shipped

if TYPE_CHECKING:
    from netopt.cli.console import Console
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy

RUNS = Path("results") / "runs"


def shipped_instances() -> tuple[str, ...]:
    """Return the names of the shipped instances, sorted."""
    return tuple(sorted(path.parent.name for path in shipped("instances").glob("*/instance.toml")))


def find_policy(text: str, instance: Instance) -> Policy:
    """Return a policy by name or TOML file.

    Raises
    ------
    UsageError
        Where there is no policy of that name; the message suggests one.
    PolicyError
        With every problem of the policy, or of its meeting with the instance.
    """
    from netopt.policy.read import policy_names, read_policy  # noqa: PLC0415 - heavy

    is_name = not text.endswith(".toml") and "/" not in text and os.sep not in text
    return read_policy(only_name(policy_names(instance), text, "policy") if is_name else text, instance)


def find_policies(text: str, instance: Instance) -> list[Policy]:
    """Return the policies of a comma-separated list of names and TOML files, in its order.

    Raises
    ------
    UsageError, PolicyError
        As ``find_policy``, and where two policies have one name.
    """
    policies = [find_policy(name, instance) for name in split_names(text)]
    names = [policy.name for policy in policies]
    if len(set(names)) != len(names):
        raise UsageError(f"two policies have the same name: {', '.join(sorted(names))}")
    return policies


def note_idle(console: Console, policies: Iterable[Policy], instance: Instance) -> None:
    """Tell which levers of policies hold in no period of an instance."""
    from netopt.policy.compose import compose  # noqa: PLC0415 - heavy
    from netopt.policy.contradictions import idle_levers  # noqa: PLC0415 - heavy

    for policy in policies:
        for line in idle_levers(compose(policy, instance).forced_sites, instance):
            console.note(f"note: {policy.name}: {line}")


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list.

    Raises
    ------
    UsageError
        Where the list is empty, or names one thing twice.

    Examples
    --------
    >>> split_names("unified, mandates")
    ('unified', 'mandates')
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise UsageError("the list of names is empty")
    if len(set(names)) != len(names):
        raise UsageError(f"a name appears twice: {text}")
    return names


def default_output(instance: str, what: str) -> Path:
    """Return where a result goes if nobody says: ``results/runs/<instance>-<what>-<UTC time>``."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return RUNS / f"{instance}-{what}-{now}"


def only_name(names: Sequence[str], wanted: str, kind: str) -> str:
    """Return ``wanted`` where it is one of ``names``; UsageError with a suggestion otherwise."""
    if wanted in names:
        return wanted
    raise UsageError(f"there is no {kind} {wanted!r}{suggestion(wanted, names)} ({', '.join(names)})")
