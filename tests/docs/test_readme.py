"""The README's tutorial runs as it stands, and what it names exists."""

from __future__ import annotations

from pathlib import Path

import pytest

import netopt
from tests.docs.blocks import ROOT, blocks_of, missing_links, run_blocks

README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = README.split("## Tutorial", 1)[1].split("\n## ", 1)[0]


def test_tutorial_has_blocks() -> None:
    assert len(blocks_of(TUTORIAL)) >= 5


@pytest.mark.xdist_group("tutorial")
def test_tutorial_blocks_run_in_order(tmp_path: Path) -> None:
    run_blocks(TUTORIAL, tmp_path)


def test_every_command_is_in_the_readme() -> None:
    from netopt.cli.main import COMMANDS  # noqa: PLC0415

    missing = [command for command in COMMANDS if f"netopt {command}" not in README]
    assert missing == []


def test_links_lead_somewhere() -> None:
    assert "](" in README
    assert missing_links(README, ROOT) == []


def test_public_names_resolve() -> None:
    assert all(getattr(netopt, name) is not None for name in netopt.__all__)
