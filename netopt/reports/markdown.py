"""A report as Markdown: its sentences and the rows that the page shows, every name inert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.analysis.wording import table_markdown
from netopt.data.texts import markdown_text
from netopt.reports.content import Tone
from netopt.reports.language import Language

if TYPE_CHECKING:
    from pathlib import Path

    from netopt.reports.content import Report, Section, Sentence, Table


def write_markdown(report: Report, path: Path) -> None:
    """Write a report as one Markdown file (UTF-8)."""
    path.write_text(markdown_of(report), encoding="utf-8", newline="\n")


def markdown_of(report: Report) -> str:
    """Return a report as Markdown."""
    alarms = [f"**{markdown_text(line)}**" for line in report.alarms]
    verdict = alarms or [markdown_text(report.verdict)]
    head = [f"# {markdown_text(report.title)}", markdown_text(report.subtitle), *verdict]
    say = Language(report.language)
    parts = [part for section in report.sections for part in _section(section, say)]
    return "\n\n".join([*head, *parts]) + "\n"


def _section(section: Section, say: Language) -> list[str]:
    parts = [f"## {markdown_text(section.heading)}"]
    parts += [_sentence(sentence) for sentence in section.sentences]
    for table in section.tables:
        parts += _table(table, say)
    return parts


def _sentence(sentence: Sentence) -> str:
    said = markdown_text(sentence.text)
    return f"**{said}**" if sentence.tone in (Tone.LEAD, Tone.ALARM) else said


def _table(table: Table, say: Language) -> list[str]:
    head = [markdown_text(column.heading) for column in table.columns]
    rows = [[markdown_text(cell) for cell in row] for row in table.cells()]
    origin = f"{say('table')} {markdown_text(table.name)}"
    if table.origin:
        origin += f" · {say('derived from')} {markdown_text(', '.join(table.origin))}"
    if table.n_hidden:
        origin += f" · {say('the first rows only: workbook and Parquet have all')}"
    return [f"### {markdown_text(table.title)}", table_markdown(head, rows), origin]
