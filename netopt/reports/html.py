"""A report as one HTML file that needs nothing else: no request, no font, no script from elsewhere.

Every text passes Jinja's autoescape; tables are its own, as captions, scopes and languages of cells are
for those who do not see the page. Charts are Bokeh's, its script in the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bokeh.embed import components
from bokeh.resources import Resources
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from netopt import __version__
from netopt.reports.charts import draw, is_drawable
from netopt.reports.content import Chart, Report, Section
from netopt.reports.language import Language

FOLDER: Final = Path(__file__).parent
N_OPEN_ROWS: Final = 14
"""A longer table is folded; it unfolds for print."""

_LANGUAGE_TAGS: Final = {"en": "en", "zh": "zh-Hans"}


def write_html(report: Report, path: Path) -> None:
    """Write a report as one HTML file (UTF-8)."""
    path.write_text(html_of(report), encoding="utf-8", newline="\n")


def html_of(report: Report) -> str:
    """Return a report as the text of one HTML file."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts = {
        _key(section, chart): draw(chart, section.table(chart.table))
        for section in report.sections
        for chart in section.charts
        if is_drawable(chart, section.table(chart.table))
    }
    script, places = components(charts) if charts else ("", {})
    bokeh = Resources(mode="inline", components=["bokeh"]).render() if charts else ""
    return environment.get_template("page.html.j2").render(
        report=report,
        say=Language(report.language),
        language=_LANGUAGE_TAGS[report.language],
        css=Markup((FOLDER / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        bokeh=Markup(bokeh),  # noqa: S704 - Bokeh's own script
        script=Markup(script),  # noqa: S704 - escaped by Bokeh
        places={name: Markup(place) for name, place in places.items()},  # noqa: S704 - Bokeh's own
        key=_key,
        n_open_rows=N_OPEN_ROWS,
        version=__version__,
    )


def _key(section: Section, chart: Chart) -> str:
    """Return the name of a chart's place; a section may draw one table twice."""
    return f"chart_{section.key}_{section.charts.index(chart)}"
