"""Code blocks of a page of the documentation, run as a reader would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
BLOCK: Final = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""Only these languages run; others (toml, text, none) are for reading."""
SHOWN: Final = re.compile(r"```\s*^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""A text fence right after a block: what the block prints, ``...`` where lines are left out."""


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Return language and content of every block that runs, in order."""
    return BLOCK.findall(text)


def run_blocks(text: str, folder: Path) -> None:
    """Run the blocks of a page one after the other in a folder.

    Each must succeed, and print every line of the text fence right after it, in any order.
    """
    for found in BLOCK.finditer(text):
        language, block = found.groups()
        command = ["bash", "-euo", "pipefail", "-c", block]
        if language == "python":
            command = [sys.executable, "-c", block]
        done = subprocess.run(  # noqa: S603 - the page's own commands
            command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        printed = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        missing = [line for line in shown_after(text, found) if line not in printed]
        assert missing == [], f"{missing} is not what it prints:\n{block}\n{done.stdout}\n{done.stderr}"


def shown_after(text: str, block: re.Match[str]) -> list[str]:
    """Return the lines that a page shows as the output of a block, none where it shows nothing."""
    shown = SHOWN.match(text, block.end() - len("```"))
    lines = shown[1].splitlines() if shown else []
    return [line.strip() for line in lines if line.strip() not in {"", "..."}]


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which ``netopt`` is this checkout's and ``python`` the tests' own."""
    command = folder / "bin" / "netopt"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netopt "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join([str(command.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def missing_links(text: str, folder: Path) -> list[str]:
    """Return the relative links of a page in a folder that lead nowhere."""
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    return [target for target in targets if "://" not in target and not (folder / target).exists()]
