"""Instances from folders and from tables in memory: read whole, checked whole, then frozen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from netopt.data.cells import Table, empty_table, type_file, type_frame
from netopt.data.chainchecks import CHAIN_CHECKS
from netopt.data.checks import Draft, check_tables
from netopt.data.csvfile import parse_csv
from netopt.data.digest import digest
from netopt.data.folder import DESCRIPTOR_FILE, SETTINGS_FILE, find_folder, read_text, table_files
from netopt.data.formats.datapackage import check_descriptor, frictionless_problems
from netopt.data.instance import Instance
from netopt.data.networkchecks import NETWORK_CHECKS
from netopt.data.placechecks import PLACE_CHECKS
from netopt.data.problems import ProblemLog, nearest
from netopt.data.scenariochecks import SCENARIO_CHECKS
from netopt.data.settingsfile import parse_settings
from netopt.data.tables import TABLES
from netopt.errors import InstanceError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.settings import Settings

_FILES = (DESCRIPTOR_FILE, SETTINGS_FILE, "data", *(spec.file for spec in TABLES.values()))


def read_instance(path: str | Path) -> Instance:
    """Read an instance and check it whole.

    Parameters
    ----------
    path
        A folder with ``datapackage.json``, ``instance.toml`` and ``data/*.csv``, or the name of a
        shipped instance.

    Returns
    -------
    Instance
        Its tables as declared in ``netopt.data.tables.TABLES``, rows in the order of the files.

    Raises
    ------
    InstanceError
        Anything is wrong with it; every problem is listed.
    UsageError
        There is no such folder.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> float(toy["supply"]["supply_tonnes_per_year"].sum())
    16000.0
    """
    folder = find_folder(path)
    draft = _read_draft(folder)
    return _finished(draft, str(path), folder)


def make_instance(settings: Settings, tables: Mapping[str, pd.DataFrame]) -> Instance:
    """Make an instance of tables in memory; they are checked like those of a folder.

    Parameters
    ----------
    settings
        What ``instance.toml`` would say.
    tables
        Table name -> DataFrame with the columns and units of ``netopt.data.tables.TABLES`` in any
        order; optional tables may be left out. Blank cells are None, NaN or "".

    Raises
    ------
    InstanceError
        Anything is wrong; rows count as if the table stood in a file below a header.

    Examples
    --------
    >>> import netopt
    >>> toy = netopt.read_instance("toy")
    >>> supply = toy["supply"].assign(supply_tonnes_per_year=4000.0)
    >>> less = netopt.make_instance(toy.settings, {**toy.tables, "supply": supply})
    >>> float(less["supply"]["supply_tonnes_per_year"].sum())
    12000.0
    >>> netopt.make_instance(toy.settings, {"sitse": supply})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    netopt.errors.InstanceError: the instance in memory: ... problems
      ...
    """
    log = ProblemLog()
    for name in tables:
        if name not in TABLES:
            hint = nearest(name, TABLES)
            log.add(
                f"data/{name}.csv", None, None, "unknown_file", "", f"no table is called '{name}'", hint
            )
    typed = {}
    for name, spec in TABLES.items():
        if name in tables:
            typed[name] = type_frame(tables[name], spec, log)
        elif spec.required:
            log.add(spec.file, None, None, "missing_file", "", "the table is missing", spec.description)
    return check_instance(settings, typed, log, "the instance in memory")


def check_instance(
    settings: Settings | None,
    tables: dict[str, Table],
    log: ProblemLog,
    subject: str,
    unread: Collection[str] = (),
) -> Instance:
    """Return the instance that typed tables make, for readers of other formats.

    Parameters
    ----------
    settings
        None where they could not be read, which ``log`` says then.
    tables
        Table name -> typed table; optional ones may be left out.
    log
        What was noted of the input so far.
    subject
        What the input is called in the error.
    unread
        Optional tables that could not be read, rather than being absent.

    Raises
    ------
    InstanceError
        With all of ``log`` and all that the checks of an instance find.
    """
    draft = Draft(_with_empty_tables(tables, unread), settings, log)
    _check(draft)
    return _finished(draft, subject, None)


def validate_folder(path: str | Path) -> list[Problem]:
    """Return every problem of an instance folder; none where it can be planned with.

    Goes beyond ``read_instance`` in one thing: a folder that netopt accepts is validated by the
    frictionless library too, against the schemas in its own ``datapackage.json``.

    Parameters
    ----------
    path
        As for ``read_instance``.

    Raises
    ------
    UsageError
        There is no such folder.

    Examples
    --------
    >>> import netopt
    >>> netopt.validate_folder("toy")
    []
    """
    folder = find_folder(path)
    problems = _read_draft(folder).log.sorted(_FILES)
    return problems or frictionless_problems(folder)


def _read_draft(folder: Path) -> Draft:
    """Read and check a folder, as far as it can be read."""
    log = ProblemLog()
    files = table_files(folder, log)
    descriptor = read_text(folder, DESCRIPTOR_FILE, log)
    if descriptor is not None:
        check_descriptor(descriptor, files, log)
    toml = read_text(folder, SETTINGS_FILE, log)
    settings = parse_settings(toml, log) if toml is not None else None
    tables: dict[str, Table] = {}
    unread = set()
    for name, spec in TABLES.items():
        if name not in files:
            if spec.required:
                log.add(spec.file, None, None, "missing_file", "", "the table is missing", spec.description)
            continue
        text = read_text(folder, files[name], log)
        raw = parse_csv(text, spec, log) if text is not None else None
        if raw is None:
            unread.add(name)
        else:
            tables[name] = type_file(raw, spec, log)
    draft = Draft(_with_empty_tables(tables, unread), settings, log)
    _check(draft)
    return draft


def _with_empty_tables(tables: dict[str, Table], unread: Collection[str] = ()) -> dict[str, Table]:
    """Add a table without rows for every optional one that is absent."""
    return {
        name: tables[name] if name in tables else empty_table(name)
        for name, spec in TABLES.items()
        if name in tables or not (spec.required or name in unread)
    }


def _check(draft: Draft) -> None:
    check_tables(draft)
    for check in (*CHAIN_CHECKS, *NETWORK_CHECKS, *PLACE_CHECKS, *SCENARIO_CHECKS):
        check.run(draft)


def _finished(draft: Draft, subject: str, folder: Path | None) -> Instance:
    """Return the instance, or raise with all that was noted."""
    problems = draft.log.sorted(_FILES)
    if problems or draft.settings is None:
        raise InstanceError(subject, problems)
    tables = {name: draft[name] for name in TABLES}
    return Instance(draft.settings, tables, digest(draft.settings, tables), folder)
