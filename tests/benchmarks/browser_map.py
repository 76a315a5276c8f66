"""How long a browser map of 337 places takes to be drawn, and what it weighs.

python -m tests.benchmarks.browser_map
"""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from netopt.maps.browser.page import write_browser_map
from tests.browser import opened
from tests.maps.test_browser_map import DRAWN, national_run

N_TIMES = 5


def main() -> None:
    """Print weight and time by the number of routes of each of two policies."""
    print("| routes | weight, MB | drawn after, s (median of five) |")
    print("| ---: | ---: | ---: |")
    for n_routes in (1000, 3000):
        runs = {name: national_run(name, n_routes) for name in ("unified", "mandates")}
        with TemporaryDirectory() as folder:
            path = write_browser_map(runs, Path(folder) / "map.html")
            seconds = statistics.median(_seconds(path) for _ in range(N_TIMES))
            print(f"| {n_routes:,} | {path.stat().st_size / 1e6:.1f} | {seconds:.2f} |")


def _seconds(path: Path) -> float:
    with opened(path) as shown:
        shown.page.wait_for_function(DRAWN)
        return float(shown.page.evaluate("window.netoptMap.drawnAfterMs")) / 1000


if __name__ == "__main__":
    main()
