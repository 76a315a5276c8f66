"""What an instance is compared with: targets, and the geography of routing rules (``calibration/``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from netopt.data.given import GivenSpec, read_beside
from netopt.data.problems import ProblemLog, nearest, shown
from netopt.data.schema import Column, ColumnType
from netopt.errors import InstanceError, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.cells import Table
    from netopt.data.instance import Instance

FOLDER: Final = "calibration"
CLASSES: Final = ("fitted", "held out", "input-sharing", "unattainable")
"""How to read a target: fitted to; not used; sharing inputs with the model; beyond what inputs allow."""


def _id(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name, ColumnType.ID, description, nullable=nullable)


def _text(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name, ColumnType.TEXT, description, nullable=nullable)


def _number(name: str, description: str) -> Column:
    return Column(name, ColumnType.NUMBER, description, nullable=True)


TARGETS: Final = GivenSpec(
    "targets",
    "Targets",
    "Figures that somebody published or reckoned, and what of the model they are compared with.",
    (
        _id("target", "Stable id."),
        _text("figure", "What it is, in words."),
        _id("measure", "How the model's figure is computed (netopt.analysis.calibration.MEASURES)."),
        _text("subject", "What it is computed for.", nullable=True),
        _text("unit", "Unit of both."),
        _number("low", "Least that the source allows; blank: open, or see value."),
        _number("value", "The source's figure; blank where it gives a range alone."),
        _number("high", "Most that the source allows; blank: open, or see value."),
        Column("class", ColumnType.TEXT, "How it may be read.", choices=CLASSES),
        _text("source", "Who says so."),
        _text("why", "Why the model misses it, where it does.", nullable=True),
    ),
    key=("target",),
)
END_OF_LIFE: Final = GivenSpec(
    "end_of_life",
    "End-of-life tonnes",
    "What retires in a jurisdiction where routing rules are compared.",
    (
        _id("jurisdiction", "Jurisdiction."),
        Column("tonnes_per_year", ColumnType.NUMBER, "Retired mass.", "t/yr", minimum=0),
    ),
    key=("jurisdiction",),
)
NEIGHBOURS: Final = GivenSpec(
    "neighbours",
    "Neighbours",
    "Jurisdictions that border on each other; a row holds both ways.",
    (_id("jurisdiction", "Jurisdiction."), _id("neighbour", "Jurisdiction beside it.")),
    key=("jurisdiction", "neighbour"),
)
CLUSTERS: Final = GivenSpec(
    "clusters",
    "City clusters",
    "Places of a city cluster; a place may be of several.",
    (_id("cluster", "Cluster."), _id("location", "Location of it.")),
    key=("cluster", "location"),
)


@dataclass(frozen=True)
class Calibration:
    """The tables of a calibration folder, validated against the instance."""

    targets: pd.DataFrame
    end_of_life: pd.DataFrame
    neighbours: pd.DataFrame
    clusters: pd.DataFrame


def read_calibration(instance: Instance) -> Calibration:
    """Return what stands in the folder ``calibration`` of an instance.

    Raises
    ------
    UsageError
        Where the instance has no such folder.
    InstanceError
        With every problem of its tables.
    """
    folder = None if instance.directory is None else Path(instance.directory) / FOLDER
    if folder is None or not folder.is_dir():
        raise UsageError(f"{instance.name} has no folder {FOLDER}/: nothing to compare it with")
    log = ProblemLog()
    tables = {}
    for spec in (TARGETS, END_OF_LIFE, NEIGHBOURS, CLUSTERS):
        found = read_beside(folder / f"{spec.name}.csv", spec, log)
        if found is not None:
            tables[spec.name] = found
    known = {
        "jurisdiction": set(instance["jurisdictions"]["jurisdiction"]),
        "location": set(instance["locations"]["location"]),
    }
    for name, columns in (
        ("end_of_life", {"jurisdiction": "jurisdiction"}),
        ("neighbours", {"jurisdiction": "jurisdiction", "neighbour": "jurisdiction"}),
        ("clusters", {"location": "location"}),
    ):
        table = tables.get(name)
        for column, kind in columns.items() if table is not None else ():
            if table is None or column not in table.frame.columns:
                continue
            cells = table.frame[column]
            wrong = ~cells.isin(known[kind]).to_numpy()
            message = f"the instance has no {kind} '{{value}}'"
            lines = table.lines[wrong].tolist()
            log.add_rows(table.spec.file, lines, column, "unknown_id", cells[wrong].tolist(), message)
    if "targets" in tables:
        _refuse_no_figure(tables["targets"], log)
    files = [table.spec.file for table in tables.values()]
    if problems := log.sorted(files):
        raise InstanceError(str(folder), problems)
    return Calibration(**{name: table.frame for name, table in tables.items()})


def _refuse_no_figure(targets: Table, log: ProblemLog) -> None:
    """Refuse targets of which nothing is published, and ranges that hold nothing."""
    ends = [targets.frame.get(name) for name in ("low", "value", "high")]
    low, value, high = ends
    if low is None or value is None or high is None:
        return
    for wrong, rule, message in (
        (low.isna() & value.isna() & high.isna(), "no_figure", "the source's figure is missing"),
        (low > high, "range", "the least, {value}, is above the most"),
    ):
        lines = targets.lines[wrong.to_numpy()].tolist()
        values = low[wrong].tolist()
        log.add_rows(targets.spec.file, lines, "low", rule, values, message, "give low, value or high")


def only_known(name: str, known: list[str], what: str) -> str:
    """Return a name where it is known; UsageError with the nearest otherwise."""
    if name in known:
        return name
    raise UsageError(f"{shown(name)!r} is no {what} ({nearest(name, known) or ', '.join(known)})")
