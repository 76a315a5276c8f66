"""Designs in run folders: read from an earlier run, and kept beside the plan that was held to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netopt.data.design import DESIGN_COLUMNS, EXISTING, Design
from netopt.errors import CheckError
from netopt.solution.csv_tables import read_table, write_table
from netopt.solution.staging import MANIFEST, folder_to_read

if TYPE_CHECKING:
    from netopt.data.instance import Instance

DESIGN_FILE: Final = "design.csv"


def decided_in(facilities: pd.DataFrame, instance: Instance) -> pd.DataFrame:
    """Return the design of a plan; columns ``DESIGN_COLUMNS``.

    Parameters
    ----------
    facilities
        The plan's table of facilities.
    instance
        What was planned for: of a divisible plant and of an expansion, the share that their capacity is
        of the whole operates.
    """
    sites = instance["sites"].set_index("site")
    kind = facilities["site"].map(sites["facility_type"])
    standing = sites["existing_capacity_tonnes_per_year"] * sites["effective_share"]
    most = instance["expansions"].set_index(["facility_type", "size"])["capacity_tonnes_per_year"]
    added = most.reindex(pd.MultiIndex.from_arrays([kind, facilities["size"]])).set_axis(facilities.index)
    whole = facilities["site"].map(standing).astype(float).where(added.isna(), added)
    share = facilities["capacity_tonnes_per_year"] / whole
    divisible = facilities["site"].map(sites["existing_divisible"]).astype(bool)
    is_part = ((facilities["size"] == EXISTING) & divisible) | added.notna()
    kept = facilities["operating"].astype(float).where(~is_part, share)
    table = facilities.assign(facility_type=kind, kept_share=kept)[list(DESIGN_COLUMNS)]
    return table.astype(DESIGN_COLUMNS)


def run_digest(folder: Path) -> str:
    """Return the SHA-256 of a run's manifest, which lists the digests of all files of the run."""
    return hashlib.sha256((folder_to_read(folder) / MANIFEST).read_bytes()).hexdigest()


def write_design(design: Design, folder: Path) -> None:
    """Write the design that a plan was held to beside it."""
    write_table(design.decided, DESIGN_COLUMNS, folder / DESIGN_FILE)


def read_kept(folder: Path, manifest: Mapping[str, Any]) -> Design | None:
    """Return the design that a run was held to; None where its manifest says of none.

    Without a manifest, as with a foreign answer, a design beside it is meant to be kept.

    Raises
    ------
    CheckError
        Where the manifest says of one that is not there, or is not readable.
    """
    file = folder / DESIGN_FILE
    if not manifest and file.is_file():
        own = hashlib.sha256(file.read_bytes()).hexdigest()
        return Design(f"its {DESIGN_FILE}", own, read_table(file, DESIGN_COLUMNS))
    about = manifest.get("fixed_design")
    if about is None:
        return None
    run, digest = (about.get("run"), about.get("digest")) if isinstance(about, dict) else (None, None)
    if not isinstance(run, str) or not isinstance(digest, str):
        raise CheckError(f"{MANIFEST}: fixed_design does not name a run and its digest")
    if not file.is_file():
        raise CheckError(f"{DESIGN_FILE} is missing, and {MANIFEST} says that the design was fixed")
    return Design(run, digest, read_table(file, DESIGN_COLUMNS))


def design_in_manifest(design: Design | None) -> dict[str, Any]:
    """Return what manifests state of a design that was kept; nothing where sites were free."""
    return {} if design is None else {"fixed_design": {"run": design.run, "digest": design.digest}}
