"""The licences of an instance's data: ``LICENSE-DATA.md``, which goes with every copy of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netopt.data.folder import NOTICE_FILE, read_text
from netopt.data.problems import ProblemLog

if TYPE_CHECKING:
    from netopt.data.instance import Instance


def notice_of(instance: Instance) -> str:
    """Return the text of the instance's own ``LICENSE-DATA.md``, "" where it has none.

    The file lies in the folder that the instance was read from; a link out of that folder is not followed.
    """
    home = instance.directory
    if home is None or not (home / NOTICE_FILE).is_file():
        return ""
    return read_text(home, NOTICE_FILE, ProblemLog()) or ""


def copy_notice(instance: Instance, folder: Path) -> list[Path]:
    """Write the instance's notice into ``folder``; return the file, or nothing where there is none."""
    notice = notice_of(instance)
    if not notice:
        return []
    target = folder / NOTICE_FILE
    target.write_text(notice, "utf-8", newline="\n")
    return [target]
