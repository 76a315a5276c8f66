"""The page on Excel tells a planner's whole path; tests/docs/test_pages.py runs it."""

from __future__ import annotations

from tests.docs.blocks import ROOT, blocks_of

PAGE = (ROOT / "docs" / "excel.md").read_text(encoding="utf-8")
STEPS = ("new", "export", "import", "validate", "compare", "map", "report")


def test_the_page_tells_every_step() -> None:
    blocks = "".join(block for _, block in blocks_of(PAGE))
    assert [step for step in STEPS if f"netopt {step} " not in blocks] == []
    assert "--from china-2024" in blocks
