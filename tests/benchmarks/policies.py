"""Time the main job, policy by policy, and write results/README.md and the reference results.

    python -m tests.benchmarks.policies --repeat 3
    python -m tests.benchmarks.policies --repeat 3 --instances china-2024

Every run is a process of its own, as a planner would start it, with the profile of its instance.
With ``--instances`` the rows of the other instances stay as they were measured.
Medians are printed with their range; the reference keeps the bounds of the last run of each policy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
CASES: Final = (
    ("toy", "unified"),
    ("toy", "mandates"),
    ("toy", "open-market"),
    ("toy-two-periods", "unified"),
    ("china-provinces", "unified"),
    ("china-provinces", "mandates"),
    ("china-provinces", "open-market"),
    ("china-2024", "unified"),
    ("china-2024", "mandates"),
    ("china-2024", "open-market"),
)
BEGIN, END = "<!-- table: tests/benchmarks/policies.py -->", "<!-- end of table -->"


def run_once(instance: str, policy: str, folder: Path) -> tuple[float, dict[str, Any], dict[str, Any]]:
    """Return wall seconds, outcome and manifest of one ``netopt solve``."""
    path = folder / "run"
    command = [sys.executable, "-m", "netopt", "solve", instance, "--policy", policy]
    began = time.monotonic()
    subprocess.run(  # noqa: S603 - our own command
        [*command, "-o", str(path), "--force", "--json"],
        check=True,
        capture_output=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    wall_s = time.monotonic() - began
    outcome, manifest = (
        json.loads((path / f"{name}.json").read_text()) for name in ("outcome", "manifest")
    )
    return wall_s, outcome, manifest


def measure(instance: str, policy: str, repeat: int) -> tuple[str, dict[str, Any]]:
    """Return the row of the table and the reference result of one case."""
    with tempfile.TemporaryDirectory() as scratch:
        runs = [run_once(instance, policy, Path(scratch)) for _ in range(repeat)]
    walls = [wall for wall, _, _ in runs]
    outcomes = [outcome for _, outcome, _ in runs]
    last, manifest = outcomes[-1], runs[-1][2]
    build, solve = (
        statistics.median(outcome[f"{part}_time_s"] for outcome in outcomes) for part in ("build", "solve")
    )
    size = f"{last['n_rows']:,} x {last['n_columns']:,} ({last['n_binaries']:,})"
    wall = f"{statistics.median(walls):.1f} ({min(walls):.1f} to {max(walls):.1f})"
    memory = max(outcome["peak_memory_mib"] for outcome in outcomes)
    cells = (
        instance,
        policy,
        size,
        f"{build:.1f}",
        f"{solve:.1f}",
        wall,
        f"{memory:.0f}",
        f"{100 * last['gap']:.4f}",
    )
    reference = {
        "instance": manifest["instance"],
        "policy": manifest["policy"],
        "formal_share": manifest["formal_share"],
        **{key: last[key] for key in ("status", "gap", "gap_target", "bound_source")},
        **{key: last[f"{key}_cny_per_year"] for key in ("lower_bound", "upper_bound", "gross_cost")},
        "unit": "CNY/yr",
    }
    return f"| {' | '.join(cells)} |", reference


def rows_by_case(text: str) -> dict[tuple[str, str], str]:
    """Return the rows of the table in results/README.md by instance and policy."""
    lines = text.split(BEGIN, 1)[1].split(END, 1)[0].splitlines()
    named = [(line, line.strip("| ").split(" | ")) for line in lines if line.startswith("|")]
    return {(cells[0], cells[1]): line for line, cells in named if (cells[0], cells[1]) in CASES}


def main() -> None:
    """Measure every case, rewrite the table in results/README.md and the references."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--instances", default=",".join(dict.fromkeys(name for name, _ in CASES)))
    arguments = parser.parse_args()
    repeat, wanted = arguments.repeat, arguments.instances.split(",")
    readme = ROOT / "results" / "README.md"
    text = readme.read_text(encoding="utf-8")
    measured = rows_by_case(text)
    for instance, policy in CASES:
        if instance not in wanted:
            continue
        row, reference = measure(instance, policy, repeat)
        measured[instance, policy] = row
        print(row, flush=True)
        path = ROOT / "results" / "reference" / instance / f"{policy}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(reference, indent=2) + "\n", encoding="utf-8")
    head = (
        "instance | policy | rows x columns (binaries) | build, s | solve, s | whole process, s | "
        "peak memory, MiB | gap, %"
    )
    rule = " | ".join("---" for _ in head.split(" | "))
    machine = (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, median of {repeat} runs (range)."
    )
    rows = [measured[case] for case in CASES if case in measured]
    table = "\n".join([BEGIN, "", machine, "", f"| {head} |", f"| {rule} |", *rows, "", END])
    before, after = text.split(BEGIN, 1)[0], text.split(END, 1)[1]
    readme.write_text(before + table + after, encoding="utf-8")


if __name__ == "__main__":
    main()
