"""The README's tutorial and the pages of docs/ run as they stand, and what they name exists."""

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
PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which ``netopt`` is this checkout's."""
    command = folder / "bin" / "netopt"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netopt "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def _run_blocks(text: str, folder: Path) -> None:
    """Run the blocks of a page one after the other in a folder; each must end well."""
    for language, block in BLOCK.findall(text):
        command = ["bash", "-euo", "pipefail", "-c", block]
        if language == "python":
            command = [sys.executable, "-c", block]
        done = subprocess.run(  # noqa: S603 - the page's own commands
            command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"


def test_pages_that_show_commands_have_blocks() -> None:
    assert len(BLOCK.findall(TUTORIAL)) >= 5
    assert len(BLOCK.findall(PAGES["scenarios.md"])) >= 5


@pytest.mark.xdist_group("tutorial")
def test_tutorial_blocks_run_in_order(tmp_path: Path) -> None:
    _run_blocks(TUTORIAL, tmp_path)


@pytest.mark.xdist_group("docs")
@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if BLOCK.search(text)])
def test_blocks_of_a_page_run_in_order(page: str, tmp_path: Path) -> None:
    _run_blocks(PAGES[page], tmp_path)


def test_the_tie_out_of_the_page_is_what_the_command_writes(tmp_path: Path) -> None:
    """Every row of the page's table is in the report that its commands leave."""
    blocks = [block for _, block in BLOCK.findall(PAGES["scenarios.md"]) if "runs/last-year" in block]
    _run_blocks(f"```bash\n{blocks[0]}```\n", tmp_path)
    report = (tmp_path / "runs" / "last-year" / "README.md").read_text(encoding="utf-8").splitlines()
    table = PAGES["scenarios.md"].split("| category | model |")[1].split("\n\n")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) == 5
    assert [row for row in rows if row not in report] == []


def test_every_command_is_in_the_readme() -> None:
    from netopt.cli.main import COMMANDS  # noqa: PLC0415

    missing = [command for command in COMMANDS if f"netopt {command}" not in README]
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{name}" for name in PAGES)])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    here = (ROOT / page).parent
    missing = [target for target in targets if "://" not in target and not (here / target).exists()]
    assert targets or page == "docs/explain.md"
    assert missing == []


def test_public_names_resolve() -> None:
    assert all(getattr(netopt, name) is not None for name in netopt.__all__)
