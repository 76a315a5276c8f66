"""Toy compared once, as it is and with names that try to act; reports of both in every format."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from netopt.cli.main import main
from netopt.reports.build import build_report
from netopt.reports.content import Report
from netopt.reports.language import Language
from netopt.reports.sources import sources_folder
from netopt.reports.subject import Subject, read_subject
from netopt.resources import shipped
from tests.reports.hostile import make_hostile


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return toy compared under three policies, with the lines beside the headline; not to be altered."""
    folder = tmp_path_factory.mktemp("compared") / "toy"
    assert main(["compare", "toy", "--no-maps", "--curve", "--threads", "1", "-q", "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def hostile_comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return toy with hostile names in every text field, compared under two policies."""
    home = tmp_path_factory.mktemp("hostile")
    shutil.copytree(shipped("instances") / "toy", home / "toy")
    make_hostile(home / "toy")
    words = ["compare", str(home / "toy"), "--policies", "unified,mandates", "--no-maps", "--no-curve"]
    assert main([*words, "--threads", "1", "-q", "-o", str(home / "compared")]) == 0
    return home / "compared"


@pytest.fixture(scope="session")
def subject(compared: Path) -> Subject:
    return read_subject([compared])


@pytest.fixture(scope="session")
def report(subject: Subject) -> Report:
    return build_report(subject, Language("en"), sources=sources_folder(subject))


@pytest.fixture(scope="session")
def chinese_report(subject: Subject) -> Report:
    return build_report(subject, Language("zh"), sources=sources_folder(subject))


@pytest.fixture(scope="session")
def hostile_report(hostile_comparison: Path) -> Report:
    subject = read_subject([hostile_comparison])
    return build_report(subject, Language("en"), sources=sources_folder(subject))


def written(report: Report, folder: Path) -> Path:
    """Write a report in every format and return its folder."""
    from netopt.cli.report import FILES, write_report  # noqa: PLC0415 - only for tests that write

    folder.mkdir(exist_ok=True)
    write_report(report, folder, list(FILES))
    return folder


@pytest.fixture(scope="session")
def report_files(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(report, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def hostile_files(hostile_report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(hostile_report, tmp_path_factory.mktemp("hostile_report"))
