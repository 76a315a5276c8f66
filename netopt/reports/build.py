"""A report built from runs: sections in the order in which a planner asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.reports.content import Report
from netopt.reports.sections.evidence import (
    alarms,
    assumptions_section,
    calibration_section,
    proof_section,
    proven_words,
    provenance_section,
    sensitivity_section,
)
from netopt.reports.sections.headline import conditions_section, curve_section, headline_section
from netopt.reports.sections.money import (
    actors_section,
    categories_section,
    levers_section,
    provinces_section,
)
from netopt.reports.sections.network import facilities_section, hauls_section, matrix_section
from netopt.reports.sections.shares import shares_section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netopt.analysis.calibration import Compared
    from netopt.reports.language import Language
    from netopt.reports.subject import Subject


def build_report(
    subject: Subject,
    say: Language,
    *,
    sources: Path | None = None,
    compared: Sequence[Compared] | None = None,
) -> Report:
    """Return everything that a report says of its subject, in a language.

    Parameters
    ----------
    subject
        Runs, read and checked.
    say
        The language.
    sources
        Folder with the ``SOURCES.md`` of the instance.
    compared
        Published figures beside the model's.

    Raises
    ------
    UsageError
        Where the runs are not of the same retired batteries, or one states no bounds.
    """
    sections = [
        headline_section(subject, say),
        conditions_section(subject, say),
        *([curve_section(subject, say)] if subject.others else []),
        categories_section(subject, say),
        *([levers_section(say)] if subject.others else []),
        provinces_section(subject, say),
        actors_section(subject, say),
        facilities_section(subject, say),
        matrix_section(subject, say),
        hauls_section(subject, say),
        shares_section(subject, say),
        sensitivity_section(say),
        calibration_section(compared, say),
        assumptions_section(subject, sources, say),
        proof_section(subject, say),
    ]
    labels = [plan.label for plan in subject.plans]
    return Report(
        language=say.code,
        title=subject.instance.settings.instance.title or subject.instance.name,
        subtitle=say(
            "{policies}, for instance {name}", policies=say.joined(labels), name=subject.instance.name
        ),
        sections=(*sections, provenance_section(subject, sections, say)),
        alarms=tuple(alarms(subject, say)),
        labels=tuple(labels),
        verdict=proven_words(subject, say),
    )
