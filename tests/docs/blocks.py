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


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Return language and content of every block that runs, in order."""
    return BLOCK.findall(text)


def run_blocks(text: str, folder: Path) -> None:
    """Run the blocks of a page one after the other in a folder; each must succeed."""
    for language, block in blocks_of(text):
        command = ["bash", "-euo", "pipefail", "-c", block]
        if language == "python":
            command = [sys.executable, "-c", block]
        done = subprocess.run(  # noqa: S603 - the page's own commands
            command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which ``netopt`` is this checkout's."""
    command = folder / "bin" / "netopt"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netopt "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def missing_links(text: str, folder: Path) -> list[str]:
    """Return the relative links of a page in a folder that lead nowhere."""
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    return [target for target in targets if "://" not in target and not (folder / target).exists()]
