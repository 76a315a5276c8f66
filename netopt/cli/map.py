"""``netopt map``: a run, two runs or a comparison as maps."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter, Token

from netopt.cli.console import open_console
from netopt.cli.endings import SOLVED, uninterrupted
from netopt.cli.inputs import only_name, split_names
from netopt.cli.options import Talk, Writing, whole_number
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.maps.basemap import BaseMap
    from netopt.solution.store import Run

FORMATS: Final = ("html", "gpkg", "geojson", "png")
"""What is drawn where nobody asks for less or more."""

_KNOWN: Final = (*FORMATS, "parquet", "svg", "pdf")
_LANGUAGES: Final = ("en", "zh")
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)[xX,]([0-9]+(?:\.[0-9]+)?)")


def _inches(_type: Any, tokens: Sequence[Token]) -> tuple[float, float]:
    """Return width and height of WIDTHxHEIGHT; ValueError for anything else."""
    found = _SIZE.fullmatch(tokens[0].value)
    if found is None:
        raise ValueError(f"{tokens[0].value[:40]!r} is not WIDTHxHEIGHT in inches, for example 11.7x8.3")
    return float(found[1]), float(found[2])


def command(  # noqa: PLR0913 - the options of the command line
    run: Path,
    *,
    vs: Path | None = None,
    format_: Annotated[str, Parameter(name="--format")] = ",".join(FORMATS),
    period: str | None = None,
    lang: str = "en",
    fill: str = "collected",
    figsize: Annotated[tuple[float, float], Parameter(converter=_inches, n_tokens=1)] = (11.7, 8.3),
    dpi: Annotated[int, Parameter(converter=whole_number)] = 150,
    base_map: Path | None = None,
    credit: str = "",
    approval_number: str = "",
    writing: Writing = Writing(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Draw a run, two runs, or every run of a comparison: browser map, GIS files, pictures for print.

    Maps go to RUN/maps unless an output folder is given: map.html (policies side by side and as
    difference, works offline), network.gpkg, a folder of GeoJSON layers per policy, a picture per
    policy. All are drawn before the first is put there. A run that was altered is refused.

    Parameters
    ----------
    run
        A run folder, or a comparison.
    vs
        Another run or comparison of the same places, to be shown beside.
    format_
        Comma-separated: html, gpkg (one file, layers per policy), geojson, parquet (GeoParquet), png,
        svg, pdf.
    period
        Pictures show this period, as POLICY-PERIOD, instead of the mean year; all others hold all periods.
    lang
        What the browser map opens in: en or zh.
    fill
        What pictures fill provinces by: collected, retired or processed.
    figsize
        Size of pictures, WIDTHxHEIGHT in inches.
    dpi
        Pixels per inch of a PNG.
    base_map
        Vector file with boundaries (column jurisdiction, a CRS) instead of the shipped schematic ones.
    credit
        Whose boundaries they are; printed on every map.
    approval_number
        Number under which the boundaries were approved for publication; printed on every map.
    """
    from netopt.maps.atlas import Atlas  # noqa: PLC0415 - heavy
    from netopt.solution.staging import draft_beside, ensure_writable, move_into  # noqa: PLC0415 - heavy

    console = open_console(talk)
    if dpi < 1:
        raise UsageError("--dpi must be at least 1")
    formats = [only_name(_KNOWN, name, "format") for name in split_names(format_)]
    runs = _runs(run) if vs is None else _both(_runs(run), _runs(vs))
    if period is not None:
        only_name(next(iter(runs.values())).instance.periods, period, "period")
    atlas = Atlas(
        formats,
        period,
        only_name(_LANGUAGES, lang, "language"),
        f"{only_name(('collected', 'retired', 'processed'), fill, 'figure')}_tonnes_per_year",
        figsize,
        dpi,
        _base_map(base_map, credit, approval_number),
    )
    folder = writing.output or run / "maps"
    paths = [folder / name for name in atlas.files(runs)]
    _refuse(paths, force=writing.force)
    ensure_writable(folder, force=True, may_replace=lambda _: True)
    if not writing.dry_run:
        with draft_beside(folder) as draft:
            atlas.draw(runs, draft)
            with uninterrupted():
                move_into(draft, folder)
    listed = {f"map_{number}": str(path) for number, path in enumerate(paths, start=1)}
    status = "dry_run" if writing.dry_run else "written"
    console.result("\n".join(listed.values()), {"status": status, "paths": listed})
    return SOLVED


def _runs(path: Path) -> dict[str, Run]:
    """Return a run by its policy's name, or all of a comparison, in the order of its policies."""
    from netopt.solution.store import read_manifest, read_run  # noqa: PLC0415 - heavy

    manifest = read_manifest(path)
    folders = [path]
    if manifest.get("kind") == "comparison":
        folders = [path / "runs" / str(policy["name"]) for policy in manifest["policies"]]
    read = [read_run(folder) for folder in folders if folder.is_dir()]
    return {each.policy.name: each for each in read}


def _both(first: dict[str, Run], others: dict[str, Run]) -> dict[str, Run]:
    """Return the runs of two folders; one of a name that is taken is numbered."""
    runs = dict(first)
    for name, run in others.items():
        number, free = 2, name
        while free in runs:
            number, free = number + 1, f"{name}-{number}"
        runs[free] = run
    return runs


def _base_map(path: Path | None, credit: str, approval_number: str) -> BaseMap | None:
    if path is None:
        if credit or approval_number:
            raise UsageError("--credit and --approval-number belong to a --base-map")
        return None
    if not credit.strip():
        raise UsageError("--base-map needs --credit: whose boundaries they are")
    from netopt.maps.basemap import read_base_map  # noqa: PLC0415 - heavy

    return read_base_map(path, credit=credit, approval_number=approval_number)


def _refuse(paths: Sequence[Path], *, force: bool) -> None:
    """Raise UsageError where a map is there already and may not be replaced."""
    there = [str(path) for path in paths if os.path.lexists(path)]
    if there and not force:
        raise UsageError(f"{', '.join(there)} exists already; add --force to replace it")
