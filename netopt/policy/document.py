"""A policy file and the files it extends, as tables of levers that nobody has judged yet."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from netopt.data.texts import Line, Lines
from netopt.errors import Problem
from netopt.policy.base import LEVERS
from netopt.policy.problems import did_you_mean, problems_of
from netopt.toml import TomlError, parse_toml

LARGEST_BYTES: Final = 1_000_000
"""No policy is larger; a larger file is something else."""

LONGEST_CHAIN: Final = 20
"""A policy extends another, and that one another, at most so many times."""

_NAME: Final = r"^[a-z0-9][a-z0-9_-]*$"
_KEY: Final = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*=")


@dataclass(frozen=True)
class GivenLever:
    """A ``[[levers]]`` table as written: its name, its file, and the line of each of its keys.

    ``rows[""]`` is the line of the table itself; keys that cannot be located are left out.
    """

    name: str
    table: dict[str, Any]
    file: str
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Document:
    """A policy file with what it extends: heading, lever tables, and problems met on the way."""

    name: str
    title: str
    description: str
    perspective: str
    levers: tuple[GivenLever, ...]
    problems: tuple[Problem, ...]


class PolicyFile(BaseModel):
    """The keys of a policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    name: Annotated[str, Field(pattern=_NAME, description="Short name: a-z, 0-9, - and _.")]
    title: Line = Field(default="", description="One line for reports; default: the name.")
    description: Lines = Field(
        default="", description="What the policy stands for, and what is assumed; may have line breaks."
    )
    perspective: Literal["social", "private"] | None = Field(
        default=None, description="Whose cost is minimised; default: that of the base, or social."
    )
    extends: Annotated[str, Field(pattern=_NAME)] | None = Field(
        default=None,
        description="Name of a base policy. A lever given here replaces all levers of the same name "
        "in the base; the others are kept.",
    )
    remove: list[str] = Field(default=[], description="Names of levers of the base to leave out.")
    levers: list[dict[str, Any]] = Field(default=[], description="One [[levers]] table for each lever.")


def load_document(path_or_name: str | Path, folders: Sequence[Path]) -> Document:
    """Read a policy file and, one after the other, the files that it extends.

    Parameters
    ----------
    path_or_name
        A path (a Path, or a text that ends in ``.toml`` or holds a slash) or a policy's name.
    folders
        Where names are looked up; names in ``extends`` also in the extending file's own folder,
        first of all.

    Returns
    -------
    Document
        Whatever could be read; everything that could not is in ``problems``.
    """
    if _is_path(path_or_name):
        return _load(Path(path_or_name), folders, ())
    found = _find(str(path_or_name), folders)
    if found is None:
        return _nothing(_unknown_policy(str(path_or_name), folders, f"policy {path_or_name}", None, None))
    return _load(found, folders, ())


def _is_path(path_or_name: str | Path) -> bool:
    if isinstance(path_or_name, Path):
        return True
    return path_or_name.endswith(".toml") or "/" in path_or_name or os.sep in path_or_name


def _find(name: str, folders: Sequence[Path]) -> Path | None:
    if not re.match(_NAME, name):
        return None
    return next((path for folder in folders if (path := folder / f"{name}.toml").is_file()), None)


def _nothing(*problems: Problem) -> Document:
    return Document("", "", "", "social", (), problems)


def _unknown_policy(
    name: str, folders: Sequence[Path], file: str, row: int | None, column: str | None
) -> Problem:
    known = {path.stem for folder in folders for path in folder.glob("*.toml")}
    message = f"there is no policy {name!r}"
    return Problem(file, row, column, "unknown_policy", name, message, did_you_mean(name, known))


def _load(path: Path, folders: Sequence[Path], chain: tuple[Path, ...]) -> Document:
    """Read one file and its base; ``chain`` holds the files that led here."""
    text, problem = _text(path, folders)
    if problem is not None:
        return _nothing(problem)
    try:
        raw = parse_toml(text)
    except TomlError as error:
        place = (path.name, error.row, error.key)
        return _nothing(Problem(*place, "not_toml", "", f"is not TOML: {error.said}", ""))
    top, lever_rows = _rows(text)
    try:
        file = PolicyFile.model_validate(raw)
    except ValidationError as error:
        problems = problems_of(error, PolicyFile, "policy", path.name, top)
        return Document(
            "", "", "", "social", _given(raw.get("levers"), path.name, lever_rows), tuple(problems)
        )
    given = _given(file.levers, path.name, lever_rows)
    if file.extends is None:
        problems = [
            Problem(
                path.name, top.get("remove"), "remove", "nothing_to_remove", name, message, "set extends"
            )
            for name in file.remove
            if (message := f"cannot remove {name!r}: the policy extends nothing")
        ]
        return Document(
            file.name, file.title, file.description, file.perspective or "social", given, tuple(problems)
        )
    base = _base(path, file.extends, folders, chain, top)
    return _extended(file, given, base, path.name, top)


def _text(path: Path, folders: Sequence[Path]) -> tuple[str, Problem | None]:
    """Return the text of a file, or the problem that there is none to be had."""
    if not path.is_file():
        known = {found.stem for folder in (path.parent, *folders) for found in folder.glob("*.toml")}
        hint = did_you_mean(path.stem, known)
        return "", Problem(path.name, None, None, "missing_file", "", f"there is no file {path}", hint)
    if path.stat().st_size > LARGEST_BYTES:
        message = f"is larger than {LARGEST_BYTES} bytes, which no policy is"
        return "", Problem(path.name, None, None, "too_large", "", message, "")
    try:
        return path.read_text(encoding="utf-8-sig"), None
    except UnicodeDecodeError:
        return "", Problem(path.name, None, None, "encoding", "", "is not UTF-8 text", "save it as UTF-8")
    except OSError as error:
        return "", Problem(path.name, None, None, "unreadable", "", f"cannot be read: {error.strerror}", "")


def _rows(text: str) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Return the line of each key of the heading, and of each key in each ``[[levers]]`` table."""
    top: dict[str, int] = {}
    levers: list[dict[str, int]] = []
    current: dict[str, int] | None = top
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith("[[levers]]"):
            current = {"": number}
            levers.append(current)
        elif line.strip().startswith("["):
            if line.strip().startswith("[levers.basis]") and levers:
                levers[-1].setdefault("basis", number)
            current = None
        elif current is not None and (match := _KEY.match(line)):
            current.setdefault(match[1], number)
    return top, levers


def _given(levers: Any, file: str, rows: Sequence[Mapping[str, int]]) -> tuple[GivenLever, ...]:
    if not isinstance(levers, list):
        return ()
    tables = [table for table in levers if isinstance(table, dict)]
    # Inline tables have no line of their own.
    located = rows if len(rows) == len(levers) == len(tables) else [{} for _ in tables]
    return tuple(
        GivenLever(str(table.get("lever", "")), table, file, where)
        for table, where in zip(tables, located, strict=True)
    )


def _base(
    path: Path, name: str, folders: Sequence[Path], chain: tuple[Path, ...], top: Mapping[str, int]
) -> Document:
    found = _find(name, (path.parent, *folders))
    if found is None:
        where = (path.name, top.get("extends"), "extends")
        return _nothing(_unknown_policy(name, (path.parent, *folders), *where))
    visited = (*chain, path.resolve())
    if found.resolve() in visited:
        circle = " -> ".join(step.stem for step in (*visited, found))
        message = f"policies extend each other in a circle: {circle}"
        return _nothing(Problem(path.name, top.get("extends"), "extends", "cycle", name, message, ""))
    if len(visited) > LONGEST_CHAIN:
        message = f"more than {LONGEST_CHAIN} policies extend each other one after the other"
        return _nothing(Problem(path.name, top.get("extends"), "extends", "too_long", name, message, ""))
    return _load(found, folders, visited)


def _extended(
    file: PolicyFile, given: tuple[GivenLever, ...], base: Document, where: str, top: Mapping[str, int]
) -> Document:
    """Lay a file over its base: own levers replace the base's of the same name."""
    inherited = {lever.name for lever in base.levers}
    problems = list(base.problems)
    for name in file.remove:
        if name in inherited or (base.problems and name in LEVERS):
            continue
        message = f"cannot remove {name!r}: {file.extends} has no such lever"
        hint = did_you_mean(name, inherited)
        problems.append(
            Problem(where, top.get("remove"), "remove", "nothing_to_remove", name, message, hint)
        )
    dropped = {*file.remove, *(lever.name for lever in given)}
    kept = tuple(lever for lever in base.levers if lever.name not in dropped)
    perspective = file.perspective or base.perspective
    return Document(file.name, file.title, file.description, perspective, kept + given, tuple(problems))
