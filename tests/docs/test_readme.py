"""The README's tutorial runs as it stands, and what it names exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import netopt

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = README.split("## Tutorial", 1)[1].split("\n## ", 1)[0]
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the tutorial's blocks run one after the other."""
    return tmp_path_factory.mktemp("tutorial")


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which ``netopt`` is this checkout's."""
    command = folder / "bin" / "netopt"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netopt "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def test_tutorial_has_blocks() -> None:
    assert len(BLOCK.findall(TUTORIAL)) >= 5


@pytest.mark.xdist_group("tutorial")
def test_tutorial_blocks_run_in_order(folder: Path) -> None:
    for language, block in BLOCK.findall(TUTORIAL):
        command = ["bash", "-euo", "pipefail", "-c", block]
        if language == "python":
            command = [sys.executable, "-c", block]
        done = subprocess.run(  # noqa: S603 - the README's own commands
            command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"


def test_every_command_is_in_the_readme() -> None:
    from netopt.cli.main import COMMANDS  # noqa: PLC0415

    missing = [command for command in COMMANDS if f"netopt {command}" not in README]
    assert missing == []


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    missing = [target for target in targets if "://" not in target and not (ROOT / target).exists()]
    assert targets
    assert missing == []


def test_public_names_resolve() -> None:
    assert all(getattr(netopt, name) is not None for name in netopt.__all__)
