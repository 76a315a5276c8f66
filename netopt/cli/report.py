"""``netopt report``: runs or a comparison as HTML, workbook, Parquet and Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from netopt.cli.console import Console, open_console
from netopt.cli.endings import CHECK_FAILED, SOLVED
from netopt.cli.inputs import default_output, only_name, split_names
from netopt.cli.options import Talk, Writing
from netopt.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netopt.analysis.calibration import Compared
    from netopt.reports.content import Report
    from netopt.reports.subject import Subject

FILES: Final = {"html": "report.html", "xlsx": "report.xlsx", "parquet": "tables", "md": "summary.md"}
"""What each format writes in the report's folder."""

PLACE: Final = "report"
"""Folder of a report in what it reports."""


def command(
    *runs: Path,
    format_: Annotated[str, Parameter(name="--format")] = "html,xlsx,parquet,md",
    lang: str = "en",
    calibration: str | None = None,
    writing: Writing = Writing(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Report runs: what policies cost, for whom, what is built and hauled, on what that rests, in one HTML.

    The runs are checked again first: one that was altered is refused, and what is not proven is said in
    red. Workbook and Parquet hold every table of the HTML. Of one folder the report goes to its report/
    unless an output folder is given. Ends with 7 where a plan fails the check (the report says so).

    Parameters
    ----------
    runs
        Folder of a comparison; or of one run, or of several of the same retired batteries, the base first.
    format_
        Comma-separated: html, xlsx (workbook), parquet (a file per table), md (summary).
    lang
        en or zh.
    calibration
        Folder or name of an instance with a folder calibration/: its published figures stand beside the
        model's. Left out: those of the shipped instance that the runs are of, if any, beside the runs that
        plan for the same batteries; none: none.
    """
    from netopt.reports.language import LANGUAGES  # noqa: PLC0415 - heavy
    from netopt.reports.subject import read_subject  # noqa: PLC0415 - heavy
    from netopt.solution.staging import ensure_writable  # noqa: PLC0415 - heavy

    console = open_console(talk)
    formats = [only_name(tuple(FILES), name, "format") for name in split_names(format_)]
    language = only_name(LANGUAGES, lang, "language")
    subject = read_subject(runs)
    path = writing.output or _default_place(runs, subject)
    _refuse_others(path)
    ensure_writable(path, force=writing.force)
    paths = {name: str(path / FILES[name]) for name in formats}
    if writing.dry_run:
        console.result("\n".join(paths.values()), {"status": "dry_run", "paths": paths})
        return SOLVED
    report = _built(subject, language, calibration)
    _write(report, subject, path, formats, force=writing.force)
    return _say(console, report, subject, paths)


def leave_report(folder: Path) -> None:
    """Write the report of a comparison, in English and every format, into its own folder ``report/``."""
    from netopt.reports.subject import read_subject  # noqa: PLC0415 - heavy

    subject = read_subject((folder,))
    _write(_built(subject, "en", None), subject, folder / PLACE, tuple(FILES), force=False)


def _built(subject: Subject, language: str, calibration: str | None) -> Report:
    from netopt.reports.build import build_report  # noqa: PLC0415 - heavy
    from netopt.reports.language import Language  # noqa: PLC0415 - heavy
    from netopt.reports.sources import sources_folder  # noqa: PLC0415 - heavy

    compared = _calibrated(subject, calibration)
    return build_report(subject, Language(language), sources=sources_folder(subject), compared=compared)


def _refuse_others(path: Path) -> None:
    """Raise UsageError where a run or a comparison stands: a report replaces nothing but a report."""
    from netopt.solution.staging import is_ours  # noqa: PLC0415 - heavy
    from netopt.solution.store import read_manifest  # noqa: PLC0415 - heavy

    if is_ours(path) and (kind := read_manifest(path).get("kind")) != "report":
        raise UsageError(f"{path} is a {kind}, which a report does not replace; choose another output")


def _default_place(runs: Sequence[Path], subject: Subject) -> Path:
    """Return ``report/`` of the folder that is reported; of several runs, a place under results."""
    return runs[0] / PLACE if len(runs) == 1 else default_output(subject.instance.name, "report")


def _calibrated(subject: Subject, wanted: str | None) -> list[Compared] | None:
    from netopt.analysis.calibration import calibrate, why_not_comparable  # noqa: PLC0415 - heavy
    from netopt.data.calibration import FOLDER  # noqa: PLC0415 - heavy
    from netopt.data.read import read_instance  # noqa: PLC0415 - heavy
    from netopt.reports.sources import shipped_like  # noqa: PLC0415 - heavy

    if wanted == "none":
        return None
    instance = shipped_like(subject.instance) if wanted is None else read_instance(wanted)
    if instance is None or instance.directory is None:
        return None
    if wanted is None and not (instance.directory / FOLDER).is_dir():
        return None
    runs = {plan.label: plan.run for plan in subject.plans}
    if wanted is None:
        runs = {label: run for label, run in runs.items() if not why_not_comparable(instance, run)}
    return calibrate(instance, runs, partial=wanted is None)


def write_report(report: Report, folder: Path, formats: Sequence[str]) -> None:
    """Write a report in several formats into a folder that is there; see ``FILES``."""
    from netopt.reports.excel import write_excel  # noqa: PLC0415 - heavy
    from netopt.reports.html import write_html  # noqa: PLC0415 - heavy
    from netopt.reports.markdown import write_markdown  # noqa: PLC0415 - heavy
    from netopt.reports.parquet import write_parquet  # noqa: PLC0415 - heavy

    writers = {"html": write_html, "xlsx": write_excel, "parquet": write_parquet, "md": write_markdown}
    for name in formats:
        writers[name](report, folder / FILES[name])


def _write(report: Report, subject: Subject, path: Path, formats: Sequence[str], *, force: bool) -> None:
    from netopt.solution.staging import staged_folder  # noqa: PLC0415 - heavy
    from netopt.solution.store import (  # noqa: PLC0415 - heavy
        instance_in_manifest,
        name_and_digest,
        write_manifest,
    )

    about = {
        "instance": instance_in_manifest(subject.instance),
        "policies": [name_and_digest(plan.run.policy) for plan in subject.plans],
        "runs": {plan.label: plan.manifest_digest for plan in subject.plans},
        "language": report.language,
        "proven": not report.alarms,
    }
    with staged_folder(path, force=force) as folder:
        write_report(report, folder, formats)
        write_manifest(folder, "report", about)


def _say(console: Console, report: Report, subject: Subject, paths: Mapping[str, str]) -> int:
    failed = bool(subject.untrue) or not all(plan.found.ok for plan in subject.plans)
    code = CHECK_FAILED if failed else SOLVED
    content = {
        "status": "check_failed" if failed else "written",
        "exit_code": code,
        "proven": not report.alarms,
        "alarms": list(report.alarms),
        "tables": [table.name for table in report.tables],
        "paths": dict(paths),
        "digests": {
            "instance": subject.instance.digest,
            "runs": {plan.label: plan.manifest_digest for plan in subject.plans},
        },
    }
    console.result("\n".join([*report.alarms, *paths.values()]), content)
    return code
