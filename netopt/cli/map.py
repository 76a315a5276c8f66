"""``netopt map``: a run or a comparison as maps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from netopt.cli.console import open_console
from netopt.cli.endings import SOLVED, uninterrupted
from netopt.cli.inputs import only_name, split_names
from netopt.cli.options import Talk, Writing
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.maps.shipments import MapInput

FORMATS: Final = ("gpkg", "geojson", "png")
"""What is drawn where nobody asks for less or more."""

_PICTURES: Final = ("png", "svg", "pdf")
_KNOWN: Final = (*dict.fromkeys((*FORMATS, *_PICTURES)),)


def command(
    run: Path,
    *,
    format_: Annotated[str, Parameter(name="--format")] = "gpkg,geojson,png",
    period: str | None = None,
    writing: Writing = Writing(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Draw a run, or every run of a comparison: GeoPackage, GeoJSON, PNG, SVG, PDF.

    Maps go to RUN/maps unless an output folder is given: network.gpkg, a folder of GeoJSON layers
    per policy, a picture per policy. All are drawn before the first is put there. A run that was altered
    is refused.

    Parameters
    ----------
    run
        A run folder, or a comparison.
    format_
        Comma-separated: gpkg (one file, layers per policy), geojson, png, svg, pdf.
    period
        Pictures show this period, as POLICY-PERIOD, instead of the mean year; gpkg and geojson hold all.
    """
    from netopt.solution.staging import draft_beside, ensure_writable, move_into  # noqa: PLC0415 - heavy
    from netopt.solution.store import read_manifest, read_run  # noqa: PLC0415 - heavy

    console = open_console(talk)
    formats = [only_name(_KNOWN, name, "format") for name in split_names(format_)]
    is_comparison = read_manifest(run).get("kind") == "comparison"
    folders = sorted((run / "runs").iterdir()) if is_comparison else [run]
    read = [read_run(folder) for folder in folders]
    runs = {each.policy.name: each for each in read}
    folder = writing.output or run / "maps"
    if period is not None:
        only_name(next(iter(read)).instance.periods, period, "period")
    paths = _paths(runs, folder, formats, period)
    _refuse(paths, force=writing.force)
    ensure_writable(folder, force=True, may_replace=lambda _: True)
    if not writing.dry_run:
        with draft_beside(folder) as draft:
            draw_maps(runs, draft, formats, period)
            with uninterrupted():
                move_into(draft, folder)
    listed = {f"map_{number}": str(path) for number, path in enumerate(paths, start=1)}
    status = "dry_run" if writing.dry_run else "written"
    console.result("\n".join(listed.values()), {"status": status, "paths": listed})
    return SOLVED


def draw_maps(
    runs: Mapping[str, MapInput], folder: Path, formats: Sequence[str], period: str | None = None
) -> None:
    """Draw runs into a folder.

    Parameters
    ----------
    runs
        Name -> solution or run.
    folder
        Where to; it is made where it is missing.
    formats
        Of gpkg, geojson, png, svg and pdf.
    period
        The period that pictures show; None: the mean year.
    """
    from netopt.maps.geojson import write_geojson  # noqa: PLC0415 - heavy
    from netopt.maps.geopackage import write_geopackage  # noqa: PLC0415 - heavy
    from netopt.maps.moment import in_period  # noqa: PLC0415 - heavy
    from netopt.maps.picture import draw  # noqa: PLC0415 - heavy

    folder.mkdir(parents=True, exist_ok=True)
    if "gpkg" in formats:
        write_geopackage(runs, folder / _GEOPACKAGE)
    for name, run in runs.items():
        if "geojson" in formats:
            write_geojson(run, folder / name)
        shown = run if period is None else in_period(run, period)
        for picture in _pictures(name, formats, run.instance.periods, period):
            draw(shown, folder / picture, title=run.policy.title)


_GEOPACKAGE: Final = "network.gpkg"


def _paths(
    runs: Mapping[str, MapInput], folder: Path, formats: Sequence[str], period: str | None
) -> list[Path]:
    """Return what ``draw_maps`` writes: files, and a folder of layers per run for GeoJSON."""
    paths = [folder / _GEOPACKAGE] if "gpkg" in formats else []
    paths += [folder / name for name in runs if "geojson" in formats]
    for name, run in runs.items():
        paths += [folder / file for file in _pictures(name, formats, run.instance.periods, period)]
    return paths


def _pictures(name: str, formats: Sequence[str], periods: Sequence[str], period: str | None) -> list[str]:
    """Return the names of a run's pictures; a period's own is fit for a file's name."""
    from netopt.maps.text import identifiers  # noqa: PLC0415 - heavy

    stem = name if period is None else f"{name}-{identifiers(periods)[period]}"
    return [f"{stem}.{suffix}" for suffix in _PICTURES if suffix in formats]


def _refuse(paths: Sequence[Path], *, force: bool) -> None:
    """Raise UsageError where a map is there already and may not be replaced."""
    there = [str(path) for path in paths if os.path.lexists(path)]
    if there and not force:
        raise UsageError(f"{', '.join(there)} exists already; add --force to replace it")
