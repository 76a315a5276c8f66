"""What tests of the national instances share: their folders, source tables and builder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd

from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance

ROOT = Path(__file__).parents[2]
INSTANCES = ROOT / "instances"
NATIONAL = ("china-provinces", "china-2024", "china-provinces-2035", "china-2035")
KINDS = {"sourced", "derived", "assumed"}


def rebuild(name: str, output: Path, *options: str) -> Instance:
    """Return a national instance as its builder makes it now."""
    command = [
        sys.executable,
        str(INSTANCES / "china" / "build.py"),
        name,
        "--output",
        str(output),
        *options,
    ]
    subprocess.run(command, check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True)  # noqa: S603
    return read_instance(output)


def source(file: str) -> pd.DataFrame:
    """Return a source table as texts."""
    return pd.read_csv(INSTANCES / "china" / "source" / file, dtype=str, keep_default_na=False)


def part(instance: Instance, jurisdictions: list[str]) -> Instance:
    """Return what lies in some provinces, with every road."""
    home = instance["locations"].set_index("location")["jurisdiction"]
    tables = dict(instance.tables)
    for name in ("sites", "sources", "markets"):
        place = tables[name]["location"]
        tables[name] = tables[name][(place == "") | place.map(home).isin(jurisdictions)]
    tables["supply"] = tables["supply"][tables["supply"]["source"].isin(tables["sources"]["source"])]
    tables["offtake"] = tables["offtake"][tables["offtake"]["market"].isin(tables["markets"]["market"])]
    return make_instance(instance.settings, tables)
