"""Every page of docs/: its blocks run as they stand, its links lead somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import netopt.policy.levers  # noqa: F401 - registers every lever
from netopt.policy.base import CONTROL, LEVERS
from tests.docs.blocks import BLOCK, ROOT, blocks_of, missing_links, run_blocks, shown_after

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
RUNNING = [name for name, page in PAGES.items() if blocks_of(page)]


def test_the_pages_that_run_are_among_them() -> None:
    assert {"controls", "newcomer", "scenarios"} <= set(RUNNING)


@pytest.mark.parametrize("name", RUNNING)
def test_blocks_run_in_order(name: str, tmp_path: Path) -> None:
    run_blocks(PAGES[name], tmp_path)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    assert missing_links(PAGES[name], ROOT / "docs") == []


def test_every_output_that_the_newcomer_is_shown_is_compared() -> None:
    page = PAGES["newcomer"]
    compared = [shown for block in BLOCK.finditer(page) if (shown := shown_after(page, block))]
    assert len(compared) >= 10
    assert len(compared) == page.count("```text\n")


def test_the_newcomer_meets_every_step() -> None:
    steps = "new", "validate", "solve", "check", "compare", "map", "explain"
    blocks = "".join(block for _, block in blocks_of(PAGES["newcomer"]))
    assert [step for step in steps if f"netopt {step} " not in blocks] == []


def test_the_tie_out_of_the_page_is_what_the_command_writes(tmp_path: Path) -> None:
    """Every row of the page's table is in the report that its commands leave."""
    blocks = [block for _, block in blocks_of(PAGES["scenarios"]) if "runs/last-year" in block]
    run_blocks(f"```bash\n{blocks[0]}```\n", tmp_path)
    report = (tmp_path / "runs" / "last-year" / "README.md").read_text(encoding="utf-8").splitlines()
    table = PAGES["scenarios"].split("| category | model |")[1].split("\n\n")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) == 5
    assert [row for row in rows if row not in report] == []


def test_every_control_has_its_example() -> None:
    controls = [name for name, lever in LEVERS.items() if lever.source == CONTROL]
    examples = "".join(block for _, block in blocks_of(PAGES["controls"]))
    assert controls
    assert [name for name in controls if f'lever = "{name}"' not in examples] == []
