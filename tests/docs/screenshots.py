"""Make the pictures of browser map and report in docs/pictures from a comparison of china-2024.

netopt compare instances/china-2024 -o runs/national
python -m tests.docs.screenshots runs/national
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from netopt.cli.main import main
from tests.browser import opened
from tests.docs.blocks import ROOT

PICTURES = ROOT / "docs" / "pictures"


def shoot(comparison: Path) -> None:
    """Draw and report a comparison anew, and photograph both at two widths."""
    with TemporaryDirectory() as folder:
        maps, report = Path(folder) / "maps", Path(folder) / "report"
        for words in (
            ["map", str(comparison), "--format", "html", "-o", str(maps)],
            ["report", str(comparison), "--format", "html", "-o", str(report)],
        ):
            if main(words):
                raise SystemExit(f"netopt {' '.join(words)} failed")
        for width, height in ((1400, 1000), (420, 900)):
            with opened(maps / "map.html", width=width, height=height) as shown:
                shown.page.wait_for_function("window.netoptMap?.isDrawn")
                _take(shown.page, f"browser-map-{width}.png")
                if width > 1000:
                    shown.page.check("input[value=difference]")
                    _take(shown.page, f"browser-map-difference-{width}.png")
            with opened(report / "report.html", width=width, height=1600) as shown:
                _take(shown.page, f"report-{width}.png")


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(800)
    page.screenshot(path=PICTURES / name)


if __name__ == "__main__":
    shoot(Path(sys.argv[1]))
