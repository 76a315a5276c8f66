"""Run folders: a solution on disk, whole, with everything needed to check and repeat it."""

from __future__ import annotations

import json
import math
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError

from netopt import __version__
from netopt.data.read import read_instance
from netopt.data.scenarios import scenarios_of
from netopt.data.volumes import volume_of
from netopt.data.write import write_package
from netopt.errors import CheckError, ProblemsError, UsageError
from netopt.policy.read import policy_to_toml, read_policy
from netopt.solution.csv_tables import DROPPED_COLUMNS, read_table, write_table
from netopt.solution.design import design_in_manifest, read_kept, write_design
from netopt.solution.given import BASELINE, read_given, write_given
from netopt.solution.outcome import Outcome, Status
from netopt.solution.sealed import differences, digests
from netopt.solution.staging import MANIFEST, folder_to_read, staged_folder
from netopt.solution.tables import LEDGER_COLUMNS, SOLUTION_COLUMNS, Answer

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.design import Design
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.solution import Solution

SCHEMA_VERSION: Final = 1
EXPLANATION: Final = "explanation.txt"
_PACKAGES: Final = ("pyomo", "highspy", "pandas", "numpy", "scipy")
OUTCOME_SUMMARY: Final = (
    "status",
    "lower_bound_cny_per_year",
    "upper_bound_cny_per_year",
    "gross_cost_cny_per_year",
    "gap",
    "bound_source",
)
_NO_BOUND: Final = {"lower_bound_cny_per_year": -math.inf, "gap": math.inf}


@dataclass(frozen=True)
class Run:
    """A run folder, read back.

    Attributes
    ----------
    instance, policy, formal_share, answer, ledger, dropped_arcs
        As in ``netopt.solution.solution.Solution``.
    outcome
        Bounds and circumstances; None where a foreign answer states none.
    manifest
        The contents of ``manifest.json``; empty where a foreign answer has none.
    design
        What the plan was to keep of an earlier run; None: sites were free.
    given_flows
        Of a baseline, what flows were held to.
    """

    instance: Instance
    policy: Policy
    formal_share: float
    answer: Answer
    ledger: pd.DataFrame
    outcome: Outcome | None
    manifest: Mapping[str, Any]
    dropped_arcs: pd.DataFrame
    design: Design | None = None
    given_flows: pd.DataFrame | None = None


def write_run(
    solution: Solution,
    path: str | Path,
    *,
    force: bool = False,
    extra: Mapping[str, Any] | None = None,
    beside: Mapping[str, str] | None = None,
) -> Path:
    """Write a solution as a run folder and return its path.

    The folder appears whole or not at all (``netopt.solution.staging``); ``manifest.json`` is
    written last. The layout is that of "Run folder" in ``netopt/README.md``.

    Parameters
    ----------
    solution
        What a solve returned.
    path
        The folder to make.
    force
        Replace a run that is there; it stays whole until the new one is in place.
    extra
        Options that the solution does not carry (``profile``, ``time_limit_s``,
        ``solver_options``), recorded under ``options`` of the manifest.
    beside
        Further text files by name.

    Raises
    ------
    UsageError
        Where something else is at ``path``.

    Examples
    --------
    >>> import netopt
    >>> from tempfile import TemporaryDirectory
    >>> toy = netopt.read_instance("toy")
    >>> solution = netopt.solve(toy, netopt.read_policy("unified", toy))
    >>> with TemporaryDirectory() as folder:
    ...     run = netopt.write_run(solution, f"{folder}/unified")
    ...     sorted(path.name for path in run.iterdir())[:4]
    ['dropped_arcs.csv', 'instance', 'ledger.csv', 'manifest.json']
    """
    path = Path(path)
    with staged_folder(path, force=force) as folder:
        write_package(solution.instance, folder / "instance")
        _write_text(folder / "policy.toml", policy_to_toml(solution.policy))
        write_json(folder / "outcome.json", finite_or_null(solution.outcome.to_dict()))
        write_json(folder / "verdict.json", solution.verdict.to_dict())
        (folder / "tables").mkdir()
        for name, table in solution.answer.tables().items():
            write_table(table, SOLUTION_COLUMNS[name], folder / "tables" / f"{name}.csv")
        write_table(solution.ledger, LEDGER_COLUMNS, folder / "ledger.csv")
        write_table(solution.dropped_arcs, DROPPED_COLUMNS, folder / "dropped_arcs.csv")
        if solution.design is not None:
            write_design(solution.design, folder)
        if solution.given_flows is not None:
            write_given(solution.given_flows, folder)
        for name, text in (beside or {}).items():
            _write_text(folder / name, text)
        kind = "run" if solution.given_flows is None else BASELINE
        write_manifest(folder, kind, _describe(solution, extra or {}))
    return path


def write_explanation(
    explanation: str,
    instance: Instance,
    policies: Sequence[Policy],
    path: str | Path,
    *,
    force: bool = False,
) -> Path:
    """Write why no plan exists as a folder with ``explanation.txt`` and a manifest; return its path.

    Raises
    ------
    UsageError
        Where something else is at ``path``.
    """
    path = Path(path)
    with staged_folder(path, force=force) as folder:
        _write_text(folder / EXPLANATION, explanation.rstrip() + "\n")
        asked = [name_and_digest(policy) for policy in policies]
        about = {"instance": instance_in_manifest(instance), "policies": asked}
        write_manifest(folder, "infeasible", about)
    return path


def write_manifest(folder: Path, kind: str, content: Mapping[str, Any]) -> None:
    """Write ``manifest.json``: who made the folder, ``content``, and the SHA-256 of every file.

    Parameters
    ----------
    folder
        The folder, otherwise complete.
    kind
        ``run``, ``baseline``, ``comparison`` or ``infeasible``.
    content
        What is particular to the kind, JSON types only.
    """
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "netopt_version": __version__,
        **content,
        "versions": _versions(),
        "platform": platform.platform(),
        "files": digests(folder),
    }
    write_json(folder / MANIFEST, manifest)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write strict JSON (UTF-8, indented); a number that is not finite is a ValueError."""
    _write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def finite_or_null(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which what JSON cannot say (infinity, NaN) is None: "no bound".

    Examples
    --------
    >>> finite_or_null({"gap": float("inf"), "seed": 0})
    {'gap': None, 'seed': 0}
    """
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in content.items()
    }


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Return the manifest of a folder; empty where there is none.

    Raises
    ------
    UsageError
        Where there is no such folder.
    CheckError
        Where the manifest is no JSON object.
    """
    folder = _existing(path)
    if not (folder / MANIFEST).is_file():
        return {}
    return read_json(folder / MANIFEST)


def altered_files(path: str | Path) -> list[str]:
    """Return what does not agree with the manifest, one line per file; empty where all does.

    A file that is listed and changed or missing counts, and so does one that is not listed in
    ``instance``, ``tables`` or ``runs``, or that every folder of its kind has. Pictures and reports
    added beside them do not.
    """
    folder = _existing(path)
    manifest = read_manifest(folder)
    if not isinstance(manifest.get("files"), dict):
        return [f"{MANIFEST}: missing, or lists no files"]
    return differences(manifest, digests(folder))


def read_run(path: str | Path, *, verify_digests: bool = True) -> Run:
    """Read a run folder.

    Parameters
    ----------
    path
        The folder.
    verify_digests
        Refuse a folder whose files are not those of its manifest. Without it, edited and foreign
        answers are read too (for the checker); they need ``instance/`` and ``policy.toml``, and
        every table that is absent is empty.

    Raises
    ------
    UsageError
        Where there is no such run, or the folder holds no plan.
    CheckError
        Where files were altered (all are listed), or do not have the form of a run.

    Examples
    --------
    >>> import netopt
    >>> from tempfile import TemporaryDirectory
    >>> toy = netopt.read_instance("toy")
    >>> solution = netopt.solve(toy, netopt.read_policy("unified", toy))
    >>> with TemporaryDirectory() as folder:
    ...     run = netopt.read_run(netopt.write_run(solution, f"{folder}/unified"))
    >>> run.policy.name, run.outcome == solution.outcome
    ('unified', True)
    """
    folder = _existing(path)
    manifest = read_manifest(folder)
    if manifest.get("kind", "run") not in ("run", BASELINE):
        raise UsageError(f"{path} holds no plan: it is of kind {manifest['kind']}")
    if not (folder / "instance").is_dir() or not (folder / "policy.toml").is_file():
        raise UsageError(f"{path} is no run folder: instance/ or policy.toml is missing")
    if verify_digests and (altered := altered_files(folder)):
        raise CheckError(
            f"{path} is not as netopt wrote it:\n" + "\n".join(f"  {line}" for line in altered)
        )
    instance, policy = _read_inputs(folder)
    return Run(
        instance=instance,
        policy=policy,
        formal_share=_formal_share(manifest, instance),
        answer=_read_answer(folder),
        ledger=read_table(folder / "ledger.csv", LEDGER_COLUMNS),
        outcome=_read_outcome(folder),
        manifest=manifest,
        dropped_arcs=read_table(folder / "dropped_arcs.csv", DROPPED_COLUMNS),
        design=read_kept(folder, manifest),
        given_flows=read_given(folder, manifest),
    )


def _existing(path: str | Path) -> Path:
    folder = folder_to_read(Path(path))
    if not folder.is_dir():
        raise UsageError(f"there is no folder {path}")
    return folder


def _read_inputs(folder: Path) -> tuple[Instance, Policy]:
    try:
        instance = read_instance(folder / "instance")
        return instance, read_policy(folder / "policy.toml", instance)
    except ProblemsError as error:
        raise CheckError(f"the inputs in the run are not valid: {error}") from error


def _read_answer(folder: Path) -> Answer:
    tables = folder / "tables"
    read = {name: read_table(tables / f"{name}.csv", spec) for name, spec in SOLUTION_COLUMNS.items()}
    return Answer(**read)


def _read_outcome(folder: Path) -> Outcome | None:
    if not (folder / "outcome.json").is_file():
        return None
    content = read_json(folder / "outcome.json")
    no_bound = {name: value for name, value in _NO_BOUND.items() if content.get(name) is None}
    try:
        return TypeAdapter(Outcome).validate_python({**content, **no_bound})
    except ValidationError as error:
        said = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise CheckError("outcome.json: " + "; ".join(said)) from error


def _formal_share(manifest: Mapping[str, Any], instance: Instance) -> float:
    share = manifest.get("formal_share", instance.settings.leakage.formal_share)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise CheckError(f"{MANIFEST}: formal_share {share!r} is not a number between 0 and 1")
    return float(share)


def _describe(solution: Solution, extra: Mapping[str, Any]) -> dict[str, Any]:
    outcome = solution.outcome
    return {
        "instance": instance_in_manifest(solution.instance),
        "policy": name_and_digest(solution.policy),
        "formal_share": solution.formal_share,
        **design_in_manifest(solution.design),
        "options": {
            "gap": outcome.gap_target,
            "threads": outcome.threads,
            "seed": outcome.seed,
            **extra,
        },
        "outcome": finite_or_null({name: outcome.to_dict()[name] for name in OUTCOME_SUMMARY}),
        "repeats_bit_for_bit": _repeats(outcome),
    }


def _repeats(outcome: Outcome) -> dict[str, Any]:
    """Say whether the same options on the same versions give the same bytes, and why."""
    if outcome.status is not Status.OPTIMAL:
        return {"value": False, "reason": "ended by the wall clock or the user, not by the gap"}
    if outcome.threads != 1:
        return {"value": False, "reason": "several threads: ties may fall otherwise next time"}
    return {"value": True, "reason": "ended by the gap, with one thread (but for the times measured)"}


def name_and_digest(subject: Instance | Policy) -> dict[str, str]:
    """Return ``name`` and ``digest`` as manifests state them."""
    return {"name": subject.name, "digest": subject.digest}


def instance_in_manifest(instance: Instance) -> dict[str, Any]:
    """Return name, digest and title; the volume that supply adds up to, and scenarios, if there are any."""
    about = {**name_and_digest(instance), "title": instance.settings.instance.title}
    told = {"volume": volume_of(instance), "scenarios": scenarios_of(instance)}
    return {**about, **{name: value for name, value in told.items() if value}}


def _versions() -> dict[str, str]:
    found = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object; CheckError where the file holds none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckError(f"{path.name} is not readable JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckError(f"{path.name} is not a JSON object")
    return content


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
