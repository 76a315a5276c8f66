"""The page on Excel runs as soon as the commands that it tells of are there."""

from __future__ import annotations

from netopt.cli.main import COMMANDS
from tests.docs.blocks import ROOT, blocks_of

PAGE = (ROOT / "docs" / "excel.md").read_text(encoding="utf-8")
TOLD = {"import", "export", "report"}
STEPS = ("new", "export", "import", "validate", "compare", "map", "report")


def test_the_page_runs_where_its_commands_are_there() -> None:
    """Until then its blocks are marked sh and py; NOTES-excel.md says how to switch them on."""
    runs = "```bash\n" in PAGE and "```sh\n" not in PAGE and "```py\n" not in PAGE
    assert runs == (set(COMMANDS) >= TOLD)


def test_the_page_tells_every_step() -> None:
    shown = PAGE.replace("```sh\n", "```bash\n").replace("```py\n", "```python\n")
    blocks = "".join(block for _, block in blocks_of(shown))
    assert [step for step in STEPS if f"netopt {step} " not in blocks] == []
    assert "--from china-2024" in blocks
