"""The page on Excel tells a planner's whole path; tests/docs/test_pages.py runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks_of, run_blocks

PAGE = (ROOT / "docs" / "excel.md").read_text(encoding="utf-8")
STEPS = ("new", "export", "import", "validate", "compare", "map", "report")


def test_the_page_tells_every_step() -> None:
    blocks = "".join(block for _, block in blocks_of(PAGE))
    assert [step for step in STEPS if f"netopt {step} " not in blocks] == []
    assert "--from china-2024" in blocks


@pytest.mark.campaign
def test_the_whole_path_runs_on_the_national_instance(tmp_path: Path) -> None:
    steps = PAGE.split("\n## ")
    national = [steps[1], steps[2], steps[3], steps[8].replace("```sh\n", "```bash\n")]
    run_blocks("\n".join(national), tmp_path)
    for made in ("runs/china/maps/map.html", "china-maps/map.html", "china-report/report.html"):
        assert (tmp_path / made).stat().st_size > 1_000_000, made
