"""Policies in and out: TOML files, shipped or one's own, and policies made in Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tomli_w
from pydantic import ValidationError

import netopt.policy.levers  # noqa: F401 - registers every lever
from netopt.accounts import Perspective
from netopt.errors import PolicyError, Problem
from netopt.policy.base import LEVERS, Lever, Policy
from netopt.policy.compose import canonical, compose
from netopt.policy.document import Document, load_document
from netopt.policy.problems import did_you_mean, problems_of
from netopt.resources import shipped

if TYPE_CHECKING:
    from netopt.data.instance import Instance

SUFFIX: Final = ".toml"


def read_policy(path_or_name: str | Path, instance: Instance) -> Policy:
    """Return a policy whose every id is one of the instance's.

    Parameters
    ----------
    path_or_name
        A TOML file, or the name of a policy in the instance's own ``policies/`` folder (looked in
        first) or of one that is shipped. A text that ends in ``.toml`` or holds a slash is a file.
    instance
        What the policy is to be imposed on.

    Raises
    ------
    PolicyError
        With every problem: of the file, of the files it extends, of its levers' parameters; of
        ids that the instance does not have; or, where there is none of these, of levers that
        contradict each other.

    Examples
    --------
    >>> import netopt
    >>> netopt.read_policy("mandates", netopt.read_instance("toy")).title
    'Provincial mandates'
    """
    content = load_document(path_or_name, policy_folders(instance))
    levers, problems = _levers(content)
    for lever, file, rows in levers:
        problems += _unknown_ids(lever, instance, file, rows)
    if problems:
        raise PolicyError(f"policy {path_or_name}", problems)
    policy = _policy(content, [lever for lever, _, _ in levers])
    compose(policy, instance)
    return policy


def parse_policy(path_or_name: str | Path, folders: Sequence[Path] = ()) -> Policy:
    """Return a policy without asking whether any instance has the ids that it names.

    Parameters
    ----------
    path_or_name
        As for ``read_policy``.
    folders
        Where names are looked up, in this order; empty: among the shipped policies.

    Raises
    ------
    PolicyError
        With every problem of the file, of the files it extends and of the levers' parameters.
    """
    content = load_document(path_or_name, tuple(folders) or (shipped_policies(),))
    levers, problems = _levers(content)
    if problems:
        raise PolicyError(f"policy {path_or_name}", problems)
    return _policy(content, [lever for lever, _, _ in levers])


def make_policy(
    name: str,
    levers: Iterable[Lever],
    perspective: Perspective = Perspective.SOCIAL,
    title: str = "",
    description: str = "",
) -> Policy:
    """Return a policy made in Python.

    Ids and contradictions are looked at where it is solved or explained.

    Parameters
    ----------
    name, title, description
        What it is called; the title is the name where none is given.
    levers
        What it demands, see ``make_lever``.
    perspective
        Whose cost is minimised.

    Examples
    --------
    >>> import netopt
    >>> netopt.make_policy("dear", [netopt.make_lever("carbon_price", cny_per_tonne_co2e=500.0)]).title
    'dear'
    """
    given = tuple(levers)
    return Policy(name, title or name, perspective, given, _digest(perspective, given), description)


def make_lever(name: str, **parameters: Any) -> Lever:
    """Return a lever of a policy made in Python.

    Parameters
    ----------
    name
        As in a policy file; ``netopt lever list`` lists them.
    **parameters
        As in a policy file; ``netopt lever show NAME`` lists them with units and bounds.

    Returns
    -------
    Lever
        To be given to ``make_policy`` or ``extend_policy``.

    Raises
    ------
    PolicyError
        With every problem: an unknown lever or parameter, a value out of bounds.

    Examples
    --------
    >>> import netopt
    >>> netopt.make_lever("carbon_price", cny_per_tonne_co2e=97.5).cny_per_tonne_co2e
    97.5
    >>> netopt.make_lever("carbon_prize")
    Traceback (most recent call last):
    netopt.errors.PolicyError: lever carbon_prize: 1 problem
      ...
    """
    where = f"lever {name}"
    cls = LEVERS.get(name)
    if cls is None:
        raise PolicyError(where, [_unknown_lever(name, where, {})])
    try:
        return cls.model_validate({"lever": name, **parameters})
    except ValidationError as error:
        raise PolicyError(where, problems_of(error, cls, name, where, {})) from error


def extend_policy(policy: Policy, name: str, levers: Iterable[Lever], title: str = "") -> Policy:
    """Return a policy with further levers, as ``extends`` in a policy file does.

    Parameters
    ----------
    policy
        What is extended; its perspective is kept.
    name
        Of the new policy.
    levers
        They replace all levers of the same names.
    title
        Headline; "": the name.

    Returns
    -------
    Policy
        The new policy; the one given stays as it is.

    Examples
    --------
    >>> import netopt
    >>> unified = netopt.read_policy("unified", netopt.read_instance("toy"))
    >>> dear = netopt.make_lever("carbon_price", cny_per_tonne_co2e=500.0)
    >>> [lever.lever for lever in netopt.extend_policy(unified, "dear-carbon", [dear]).levers]
    ['classification', 'cascade_target', 'platform', 'carbon_price']
    """
    new = tuple(levers)
    replaced = {lever.lever for lever in new}
    kept = [lever for lever in policy.levers if lever.lever not in replaced]
    return make_policy(name, [*kept, *new], policy.perspective, title)


def check_references(policy: Policy, instance: Instance) -> None:
    """Refuse a policy that names ids which the instance does not have.

    Raises
    ------
    PolicyError
        With one problem for each unknown id.
    """
    where = f"policy {policy.name}"
    problems = [problem for lever in policy.levers for problem in _unknown_ids(lever, instance, where, {})]
    if problems:
        raise PolicyError(where, problems)


def policy_to_toml(policy: Policy) -> str:
    """Return the resolved policy as the text of a policy file; reading it gives an equal policy."""
    document: dict[str, Any] = {"name": policy.name, "title": policy.title}
    if policy.description:
        document["description"] = policy.description
    document["perspective"] = str(policy.perspective)
    document["levers"] = [_lever_table(lever) for lever in policy.levers]
    return tomli_w.dumps(document)


def policy_names(instance: Instance | None = None) -> tuple[str, ...]:
    """Return the names that ``read_policy`` knows: the instance's own and the shipped ones, sorted.

    Parameters
    ----------
    instance
        Whose own policies count too; None: the shipped ones alone.

    Examples
    --------
    >>> import netopt
    >>> netopt.policy_names(netopt.read_instance("toy"))[:3]
    ('hard-cascade', 'mandates', 'mandates-hazardous')
    """
    folders = (shipped_policies(),) if instance is None else policy_folders(instance)
    return tuple(sorted({path.stem for folder in folders for path in folder.glob(f"*{SUFFIX}")}))


def shipped_policies() -> Path:
    """Return the folder of the policies that come with netopt."""
    return shipped("instances") / "policies"


def policy_folders(instance: Instance) -> tuple[Path, ...]:
    """Return where names of policies are looked up for an instance, first match wins."""
    own = () if instance.directory is None else (instance.directory / "policies",)
    return (*own, shipped_policies())


def _digest(perspective: Perspective, levers: Iterable[Lever]) -> str:
    content = {"perspective": str(perspective), "levers": sorted(canonical(lever) for lever in levers)}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _policy(document: Document, levers: Sequence[Lever]) -> Policy:
    perspective = Perspective(document.perspective)
    return make_policy(document.name, levers, perspective, document.title, document.description)


def _levers(
    document: Document,
) -> tuple[list[tuple[Lever, str, Mapping[str, int]]], list[Problem]]:
    """Turn the document's lever tables into levers; also return every problem met so far."""
    levers: list[tuple[Lever, str, Mapping[str, int]]] = []
    problems = list(document.problems)
    for given in document.levers:
        cls = LEVERS.get(given.name)
        if cls is None:
            problems.append(_unknown_lever(given.name, given.file, given.rows))
            continue
        try:
            levers.append((cls.model_validate(given.table), given.file, given.rows))
        except ValidationError as error:
            problems += problems_of(error, cls, given.name, given.file, given.rows)
    return levers, problems


def _unknown_lever(name: str, file: str, rows: Mapping[str, int]) -> Problem:
    row = rows.get("lever", rows.get(""))
    message = f"there is no lever {name!r}" if name else "a lever needs its name: lever = ..."
    return Problem(file, row, "lever", "unknown_lever", name, message, did_you_mean(name, LEVERS))


def _unknown_ids(lever: Lever, instance: Instance, file: str, rows: Mapping[str, int]) -> list[Problem]:
    problems = []
    for parameter, table, column, ids in lever.references():
        known = set(instance[table][column])
        for unknown in sorted(set(ids) - known):
            message = f"{lever.lever}: {table}.csv of {instance.name} has no {column} {unknown!r}"
            row = rows.get(parameter, rows.get(""))
            hint = did_you_mean(unknown, known)
            problems.append(Problem(file, row, parameter, "unknown_id", unknown, message, hint))
    return problems


def _lever_table(lever: Lever) -> dict[str, Any]:
    table = lever.model_dump(mode="json", exclude_none=True)
    basis = table.pop("basis")
    return {**table, "basis": basis} if basis else table
