"""All maps of runs in one folder: which files there are, and how each is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from netopt.maps import picture
from netopt.maps.browser.page import write_browser_map
from netopt.maps.geojson import write_geojson
from netopt.maps.geopackage import write_geopackage
from netopt.maps.geoparquet import write_geoparquet
from netopt.maps.moment import in_period
from netopt.maps.sheet import DESIGN_INCHES
from netopt.maps.text import identifiers

if TYPE_CHECKING:
    from netopt.maps.basemap import BaseMap
    from netopt.maps.shipments import MapInput

BROWSER_MAP: Final = "map.html"
GEOPACKAGE: Final = "network.gpkg"
_PARQUET_FOLDER: Final = "{name}-parquet"


@dataclass(frozen=True)
class Atlas:
    """What is drawn of runs, and how.

    Attributes
    ----------
    formats
        Of ``html`` (one page for all runs), ``gpkg`` (one file for all), ``geojson`` and ``parquet``
        (a folder for each run), ``png``, ``svg``, ``pdf`` (a picture of each run).
    period
        Pictures show it instead of the mean year; the other formats hold all periods in any case.
    language
        What the browser map opens in: ``en`` or ``zh``.
    fill
        The figure that pictures fill provinces by, a key of ``picture.FILLS``.
    figsize, dpi
        Width and height of pictures in inches; pixels per inch of a PNG.
    base_map
        Boundaries instead of the shipped ones.
    """

    formats: Sequence[str]
    period: str | None = None
    language: str = "en"
    fill: str = "collected_tonnes_per_year"
    figsize: tuple[float, float] = DESIGN_INCHES
    dpi: int = 150
    base_map: BaseMap | None = None

    def files(self, runs: Mapping[str, MapInput]) -> list[str]:
        """Return what ``draw`` writes into its folder: files, and folders of layers."""
        found = [
            name for form, name in (("html", BROWSER_MAP), ("gpkg", GEOPACKAGE)) if form in self.formats
        ]
        found += [name for name in runs if "geojson" in self.formats]
        found += [_PARQUET_FOLDER.format(name=name) for name in runs if "parquet" in self.formats]
        for name, run in runs.items():
            found += self._pictures(name, run.instance.periods)
        return found

    def draw(self, runs: Mapping[str, MapInput], folder: Path) -> None:
        """Draw runs into a folder, which is made where it is missing.

        Parameters
        ----------
        runs
            Name -> solution or run.

        Raises
        ------
        UsageError
            For a period, language, fill or size that there is not, or runs that cannot share a map.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if "html" in self.formats:
            write_browser_map(runs, folder / BROWSER_MAP, language=self.language, base_map=self.base_map)
        if "gpkg" in self.formats:
            write_geopackage(runs, folder / GEOPACKAGE, base_map=self.base_map)
        for name, run in runs.items():
            if "geojson" in self.formats:
                write_geojson(run, folder / name)
            if "parquet" in self.formats:
                write_geoparquet(run, folder / _PARQUET_FOLDER.format(name=name))
            self._draw_pictures(name, run, folder)

    def _draw_pictures(self, name: str, run: MapInput, folder: Path) -> None:
        files = self._pictures(name, run.instance.periods)
        shown = in_period(run, self.period) if files and self.period is not None else run
        for file in files:
            picture.draw(
                shown,
                folder / file,
                title=run.policy.title,
                dpi=self.dpi,
                figsize=self.figsize,
                base_map=self.base_map,
                fill=self.fill,
            )

    def _pictures(self, name: str, periods: Sequence[str]) -> list[str]:
        """Return the names of a run's pictures; a period's own is fit for a file's name."""
        stem = name if self.period is None else f"{name}-{identifiers(periods)[self.period]}"
        return [f"{stem}.{suffix}" for suffix in picture.FORMATS if suffix in self.formats]
