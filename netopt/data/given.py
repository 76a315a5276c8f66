"""What a planner hands over beside an instance: the flows of a year that was, and what was spent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from netopt.accounts import KIND_OF_CATEGORY
from netopt.data.cells import Table, type_file
from netopt.data.checks import Draft, check_tables
from netopt.data.csvfile import RawTable, parse_csv
from netopt.data.digest import digest
from netopt.data.folder import read_text
from netopt.data.problems import ProblemLog, nearest, spelled
from netopt.data.schema import Column, ColumnType, TableSpec
from netopt.data.tables import PLACES
from netopt.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.instance import Instance


@dataclass(frozen=True)
class GivenSpec(TableSpec):
    """A table outside an instance; ``path`` is what the planner calls its file."""

    path: str = ""

    @property
    def file(self) -> str:
        """The file as the planner named it."""
        return self.path


def _id(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name, ColumnType.ID, description, nullable=nullable)


FLOWS: Final = GivenSpec(
    "flows",
    "Given flows",
    "What was shipped in a year, one row per way, commodity and mode.",
    (
        _id("from_place", "Source, site, or market of a return."),
        _id("to_place", "Site or market."),
        _id("commodity", "What was shipped."),
        _id("mode", "Mode of haulage.csv; blank at the gate.", nullable=True),
        _id("period", "Period of instance.toml."),
        Column("flow_units_per_year", ColumnType.NUMBER, "How much of it.", "unit/yr", minimum=0),
        _id("origin", "Where a tracked battery retired; blank beside left: not tracked.", nullable=True),
        Column(
            "left",
            ColumnType.TEXT,
            "Whether it had left its province of origin before; where the policy asks.",
            nullable=True,
            choices=("true", "false"),
        ),
    ),
    key=("from_place", "to_place", "commodity", "mode", "period", "origin", "left"),
)
SPEND: Final = GivenSpec(
    "spend",
    "Given spend",
    "What was spent in a year; revenue is negative.",
    (
        Column(
            "category",
            ColumnType.TEXT,
            "Category of the ledger.",
            choices=tuple(KIND_OF_CATEGORY),
        ),
        _id("jurisdiction", "Where; blank: everywhere together.", nullable=True),
        Column("spend_cny_per_year", ColumnType.NUMBER, "How much; revenue is negative.", "CNY/yr"),
    ),
    key=("category", "jurisdiction"),
)
_OPTIONAL: Final = ("origin", "left", "jurisdiction")


def read_flows(path: Path, instance: Instance, log: ProblemLog) -> Table | None:
    """Read given flows and note every problem; None where nothing of the file could be read."""
    table = read_beside(path, FLOWS, log)
    if table is None:
        return None
    places = {identity for key, name in PLACES.items() for identity in instance[name][key]}
    known = {
        "from_place": places,
        "to_place": places,
        "commodity": set(instance["commodities"]["commodity"]),
        "mode": set(instance["haulage"]["mode"]),
        "period": set(instance.periods),
        "origin": set(instance["jurisdictions"]["jurisdiction"]),
    }
    for column, names in known.items():
        _refuse_unknown(table, column, names, log)
    return table


def read_spend(path: Path, instance: Instance, log: ProblemLog) -> Table | None:
    """Read given spend and note every problem; None where nothing of the file could be read."""
    table = read_beside(path, SPEND, log)
    if table is None:
        return None
    _refuse_unknown(table, "jurisdiction", set(instance["jurisdictions"]["jurisdiction"]), log)
    frame = table.frame
    if {"category", "jurisdiction"} <= set(frame.columns):
        whole = set(frame.loc[frame["jurisdiction"] == "", "category"])
        twice = (frame["category"].isin(whole) & (frame["jurisdiction"] != "")).to_numpy()
        message = "'{value}' is given for everywhere together and for single jurisdictions"
        values = frame.loc[twice, "category"].tolist()
        log.add_rows(table.spec.file, table.lines[twice].tolist(), "category", "overlap", values, message)
    return table


def with_given_supply(
    instance: Instance, flows: pd.DataFrame, formal_shares: pd.Series | None = None
) -> Instance:
    """Return the instance in which exactly what the flows take from sources is collected.

    Formula: supply = given outflow x tonnes per unit / formal share, for every commodity that the
    flows take from any source; of others supply stays. A source that gives nothing at all is left
    out. The title says so.

    Parameters
    ----------
    instance, flows
        What is planned, and the given flows as ``read_flows`` returned them.
    formal_shares
        By source, where a policy moves them; None: the instance's everywhere.

    Raises
    ------
    UsageError
        The formal share is 0: nothing can have been collected.
    """
    share = instance.settings.leakage.formal_share
    shares = (
        pd.Series(share, index=instance["sources"]["source"]) if formal_shares is None else formal_shares
    )
    from_sources = flows[flows["from_place"].isin(instance["sources"]["source"])]
    if share == 0 and (from_sources["flow_units_per_year"] > 0).any():
        raise UsageError(f"{instance.name}: the formal share is 0, so nothing can have left a source")
    sources, supply, keys = instance["sources"], instance["supply"], ["source", "commodity", "period"]
    mass = instance["commodities"].set_index("commodity")["tonnes_per_unit"]
    tonnes = from_sources["flow_units_per_year"] * from_sources["commodity"].map(mass).astype(float)
    tonnes /= from_sources["from_place"].map(shares).where(lambda given: given > 0, 1.0).astype(float)
    given = tonnes.groupby([from_sources["from_place"], from_sources["commodity"], from_sources["period"]])
    keyed = supply.set_index(keys)["supply_tonnes_per_year"]
    told = supply["commodity"].isin(from_sources["commodity"]).to_numpy()
    adapted = given.sum().rename_axis(keys).reindex(keyed.index).fillna(0.0)
    new = supply.assign(supply_tonnes_per_year=keyed.where(~told, adapted).to_numpy())
    giving = set(new.loc[new["supply_tonnes_per_year"] > 0, "source"])
    tables = {
        **instance.tables,
        "supply": new[new["source"].isin(giving)].reset_index(drop=True),
        "sources": sources[sources["source"].isin(giving)].reset_index(drop=True),
    }
    about = instance.settings.instance
    title = f"{about.title}; baseline: supply as in the given flows"
    settings = instance.settings.model_copy(update={"instance": about.model_copy(update={"title": title})})
    return replace(instance, settings=settings, tables=tables, digest=digest(settings, tables))


def read_beside(path: Path, spec: GivenSpec, log: ProblemLog) -> Table | None:
    """Read one table beside an instance and note every problem; None where nothing could be read."""
    named = replace(spec, path=str(path))
    found = ProblemLog()
    text = read_text(path.parent, path.name, found)
    for problem in found.sorted(()):
        log.add(str(path), problem.row, None, problem.rule, problem.value, problem.message, problem.hint)
    raw = parse_csv(text, named, log) if text is not None else None
    if raw is None:
        return None
    blank = [""] * len(raw.lines)
    optional: dict[str, Sequence[str]] = {name: blank for name in _OPTIONAL if name in named.column_names}
    table = type_file(RawTable(optional | raw.cells, raw.lines, raw.whole), named, log)
    check_tables(Draft({named.name: table}, None, log))
    return table


def _refuse_unknown(table: Table, column: str, names: Collection[str], log: ProblemLog) -> None:
    if column not in table.frame.columns:
        return
    cells = table.frame[column]
    wrong = (~cells.isin(names) & (cells != "")).to_numpy()
    message = f"the instance has no {column.removesuffix('_place')} '{{value}}'"
    if column.endswith("_place"):
        message = "the instance has no source, site or market '{value}'"

    def hint(value: str) -> str:
        return nearest(value, names) or f"it has {spelled(sorted(names))}"

    values = cells[wrong].tolist()
    log.add_rows(table.spec.file, table.lines[wrong].tolist(), column, "unknown_id", values, message, hint)
