"""Baseline: the flows of a year that was, priced by the model and compared with what was spent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netopt.accounts import INFORMAL_CATEGORIES, KIND_OF_CATEGORY, Kind
from netopt.analysis.inferred import inferred_lines
from netopt.data.given import FLOWS, SPEND, read_flows, read_spend
from netopt.data.problems import ProblemLog
from netopt.errors import InstanceError
from netopt.pipeline import held_to_flows, price_flows
from netopt.solution.ledger import annual_equivalent
from netopt.solution.options import SolveOptions

if TYPE_CHECKING:
    from netopt.data.cells import Table
    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.policy.base import Policy
    from netopt.solution.solution import Solution

TOTAL: Final = "total"
"""Category of the last row of a tie-out: what is given, and what the model says of the same (without
any spend: all that the model says)."""

TIE_OUT_COLUMNS: Final[dict[str, str]] = {
    "category": "str",
    "jurisdiction": "str",
    "model_cny_per_year": "float",
    "given_cny_per_year": "float",
    "difference_cny_per_year": "float",
    "difference_percent": "float",
}
"""``difference`` is model - given; blank where nothing is given to compare with."""


@dataclass(frozen=True)
class Baseline:
    """Given flows with their price.

    Attributes
    ----------
    solution
        The cheapest operation that ships them; its instance supplies what they take.
    inferred
        What was not given and follows, in words.
    tie_out
        Columns ``TIE_OUT_COLUMNS``, annual equivalents; the last row is the total.
    """

    solution: Solution
    inferred: tuple[str, ...]
    tie_out: pd.DataFrame

    def tie_out_rows(self) -> list[dict[str, Any]]:
        """Return the tie-out as plain types; what is blank is None."""
        blank = self.tie_out.astype(object).where(self.tie_out.notna(), None)
        return [{str(name): cell for name, cell in row.items()} for row in blank.to_dict("records")]


@dataclass(frozen=True)
class Given:
    """Given flows and spend, read and matched with the network.

    Attributes
    ----------
    network, rows
        The network in which only what is given is shipped, and which arc each row is.
    spend
        Columns of ``netopt.data.given.SPEND``; None where none is given.
    file
        What the planner calls the flows.
    tolerance
        Share (0 to 1) by which a flow may differ from what is given.
    """

    network: Network
    rows: pd.DataFrame
    spend: pd.DataFrame | None
    file: str
    tolerance: float


def read_given_files(
    instance: Instance, policy: Policy, flows: Path, spend: Path | None = None, tolerance: float = 0.0
) -> Given:
    """Read given flows and spend, and find the arc of every row.

    Raises
    ------
    InstanceError
        With every problem of both files at once.
    """
    log = ProblemLog()
    table = read_flows(flows, instance, log)
    spent = None if spend is None else read_spend(spend, instance, log)
    if table is None or not _has_columns(table):
        raise InstanceError(str(flows), log.sorted((str(flows), str(spend))))
    network, rows = held_to_flows(instance, policy, table, log, tolerance)
    return Given(network, rows, None if spent is None else spent.frame, str(flows), tolerance)


def baseline(
    instance: Instance, policy: Policy, given: Given, options: SolveOptions | None = None
) -> Baseline:
    """Price given flows, and compare the price with what was spent.

    Parameters
    ----------
    instance
        As the planner has it.
    policy
        The rules and charges under which the flows were.
    given
        Of ``read_given_files``.
    options
        Gap, limits, threads, seed; default ``SolveOptions()``.

    Raises
    ------
    InfeasibleError
        Where the flows cannot all have been; it says which, row by row.
    NoSolutionError, SolverError, CheckError
        As ``netopt.solve``.
    """
    options = (options or SolveOptions()).telling(policy.name)
    solution = price_flows(given.network, given.rows, policy, given.file, options, given.tolerance)
    return Baseline(
        solution, inferred_lines(instance, solution, given.rows), tie_out(solution, given.spend)
    )


def tie_out(solution: Solution, spend: pd.DataFrame | None) -> pd.DataFrame:
    """Return the ledger by category (and jurisdiction where spend says it) beside what was spent.

    Categories of the informal channel, externalities and penalties are left out unless they are
    given: nobody was billed for them.
    """
    ledger = solution.ledger.assign(
        cny_per_year=annual_equivalent(solution.ledger, solution.instance.period_weights())
    )
    given = pd.DataFrame(columns=SPEND.column_names) if spend is None else spend
    by_place = set(given.loc[given["jurisdiction"] != "", "category"])
    place = ledger["jurisdiction"].where(ledger["category"].isin(by_place), "")
    model = ledger["cny_per_year"].groupby([ledger["category"], place]).sum()
    spent = given.set_index(["category", "jurisdiction"])["spend_cny_per_year"].astype(float)
    both = pd.concat([model.rename("model"), spent.rename("given")], axis=1)
    both.index = both.index.set_names(["category", "jurisdiction"])
    table = both.reset_index()
    table["model"] = table["model"].fillna(0.0)
    billed = table["given"].notna() | table["category"].map(_is_billed)
    table = table[billed & ((table["model"] != 0) | table["given"].notna())]
    order = {category: number for number, category in enumerate(KIND_OF_CATEGORY)}
    table = table.assign(order=table["category"].map(order)).sort_values(["order", "jurisdiction"])
    compared = table if spend is None else table[table["given"].notna()]
    total = {"category": TOTAL, "jurisdiction": "", "model": compared["model"].sum()}
    total["given"] = float("nan") if spend is None else compared["given"].sum()
    return _with_differences(pd.concat([table, pd.DataFrame([total])], ignore_index=True))


def _with_differences(table: pd.DataFrame) -> pd.DataFrame:
    difference = table["model"] - table["given"]
    percent = 100.0 * difference / table["given"].abs().where(table["given"] != 0)
    named = table.rename(columns={"model": "model_cny_per_year", "given": "given_cny_per_year"})
    named = named.assign(difference_cny_per_year=difference, difference_percent=percent)
    return named[list(TIE_OUT_COLUMNS)].astype(TIE_OUT_COLUMNS)


def _is_billed(category: str) -> bool:
    kinds = (Kind.RESOURCE, Kind.TRANSFER)
    return category not in INFORMAL_CATEGORIES and KIND_OF_CATEGORY[category] in kinds


def _has_columns(table: Table) -> bool:
    return set(FLOWS.column_names) <= set(table.frame.columns)


def flows_template(instance: Instance) -> str:
    """Return a table of flows to fill in, as CSV: what each source gives, with places to be said."""
    share = instance.settings.leakage.formal_share
    mass = instance["commodities"].set_index("commodity")["tonnes_per_unit"]
    supply = instance["supply"]
    units = supply["supply_tonnes_per_year"] * share / supply["commodity"].map(mass).astype(float)
    rows = supply.assign(from_place=supply["source"], flow_units_per_year=units.round(3))
    rows = rows[rows["flow_units_per_year"] > 0].reindex(columns=list(FLOWS.column_names), fill_value="")
    text: str = rows.to_csv(index=False, lineterminator="\n")
    return text
