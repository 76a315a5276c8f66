"""What an imported instance says of itself: IMPORT.md, with notes and whence every column comes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from netopt.data.folder import NOTICE_FILE, read_text
from netopt.data.formats.foreign import Foreign
from netopt.data.instance import Instance
from netopt.data.problems import ProblemLog
from netopt.data.read import make_instance
from netopt.data.tables import TABLES
from netopt.errors import InstanceError

PAGE: Final = "IMPORT.md"
_POLICY_FILE: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.toml")
ALL_OTHERS: Final = "*"
"""Key of ``Foreign.origins`` for the columns that it does not name."""

_UNSAID: Final = "the file, as the notes above say"


@dataclass(frozen=True)
class Imported:
    """A foreign file as an instance that passed every check, and what goes into its folder beside it.

    Attributes
    ----------
    notes
        Sentences that a planner should read.
    files
        Path in the folder -> text: policies and ``IMPORT.md``.
    """

    instance: Instance
    notes: tuple[str, ...]
    files: Mapping[str, str]


def as_instance(found: Foreign | Instance, path: Path, format_name: str, title: str) -> Imported:
    """Return what a reader found as a checked instance.

    Parameters
    ----------
    found
        Of ``netopt.data.formats.registry.read``.
    path, format_name, title
        The file, and how it was read.

    Raises
    ------
    InstanceError
        Where the instance does not pass the checks that hold for all.
    ValueError
        Where a reader gives a policy a name that is no plain file's.
    """
    if isinstance(found, Instance):
        found = Foreign(found.settings, found.tables, home=found.directory)
    try:
        instance = make_instance(found.settings, found.tables)
    except InstanceError as error:
        raise InstanceError(f"{path.name}, read as {format_name}", error.problems) from None
    instance = replace(instance, directory=found.home)
    if bad := [name for name in found.policies if not _POLICY_FILE.fullmatch(name)]:
        raise ValueError(f"not the name of a policy's file: {bad[0]}")
    files = _files_of(found.home)
    files |= {NOTICE_FILE: found.notice} if found.notice else {}
    files |= {f"policies/{name}": text for name, text in found.policies.items()}
    page = _page(found, instance, path, f"{format_name}: {title}")
    return Imported(instance, tuple(found.notes), files | {PAGE: page})


def _files_of(home: Path | None) -> dict[str, str]:
    """Return policies and pages of the folder that a file was merged into, but for the licences."""
    if home is None:
        return {}
    log = ProblemLog()
    files = [*home.glob("policies/*.toml"), *home.glob("*.md")]
    names = [file.relative_to(home).as_posix() for file in sorted(files) if file.name != NOTICE_FILE]
    texts = {name: read_text(home, name, log) for name in names}
    return {name: text for name, text in texts.items() if text is not None}


def _page(found: Foreign, instance: Instance, path: Path, how: str) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    lines = [
        f"# {_plain(instance.settings.instance.title)}",
        "",
        f"Made by `netopt import` from `{_plain(path.name)}` (SHA-256 `{digest}`), read as {how}.",
        "",
        *(f"* {_plain(note)}" for note in found.notes),
        "",
        "## Where every column comes from",
        "",
        "| column | file | source |",
        "| --- | --- | --- |",
    ]
    rest = found.origins.get(ALL_OTHERS, _UNSAID)
    for table, spec in TABLES.items():
        if len(instance[table]):
            origins = {name: found.origins.get(f"{table}.{name}", rest) for name in spec.column_names}
            lines += [f"| `{name}` | `{spec.file}` | {_plain(said)} |" for name, said in origins.items()]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Return a text that ends neither a line, nor a cell, nor a code span, and is no HTML."""
    return re.sub(r"[\s|`<>\x00-\x1f\x7f]+", " ", text).strip()
