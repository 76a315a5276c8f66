"""From a point of the standard form to the tables of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netopt.network.lookups import in_every_period, long_form
from netopt.solution.tables import SOLUTION_COLUMNS, Answer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from netopt.network.network import Network
    from netopt.solution.form import StandardForm

DUST = 1e-9
"""Values at or below are solver noise on a zero, in units a year."""

Decisions = dict[str, pd.DataFrame]


def decisions(network: Network, form: StandardForm, values: NDArray[np.float64]) -> Decisions:
    """Return every decision by family: rows are ids of the network, columns periods.

    Binaries are whole; dust is zero. Families without a variable are missing. No shortfall is larger
    than the other decisions ask for: where it costs nothing a solver may leave any amount.
    """
    names = form.columns
    long = pd.DataFrame({"family": names.family, "index": names.key, "period": names.period}, dtype="str")
    long["value"] = values
    long.loc[form.is_integer, "value"] = long.loc[form.is_integer, "value"].round()
    long.loc[long["value"].abs() <= DUST, "value"] = 0.0
    decided = long[long["family"] != "nothing"]
    found = {str(family): _wide(network, rows) for family, rows in decided.groupby("family")}
    _net_expansions(network, found)
    if "shortfall" in found:
        found["shortfall"] = _without_surplus(network, found)
    return found


def _net_expansions(network: Network, found: Decisions) -> None:
    """Let no period both add to an expansion and give some of it up: where that costs nothing it may."""
    modules = network.modules
    both = modules.loc[modules["divisible"] & ~modules["stands"], "module"].tolist()
    if both:
        net = found["expanded"].loc[both] - found["closed"].loc[both]
        found["expanded"].loc[both] = net.clip(lower=0.0)
        found["closed"].loc[both] = (-net).clip(lower=0.0)


def _without_surplus(network: Network, found: Decisions) -> pd.DataFrame:
    """Return each shortfall (t/yr), at most ``max(0, -(part - share * whole))``, by period."""
    own = found["shortfall"]
    terms = network.rule_terms[network.rule_terms["rule"].isin(own.index)]
    long = pd.concat(
        [long_form(wide, "index", "value").assign(family=family) for family, wide in found.items()]
    )
    long = long.rename(columns={"period": "decided"})
    decided = terms.merge(long, how="left", on=["family", "index", "decided"])["value"].fillna(0.0)
    decided = decided.set_axis(terms.index).where(terms["family"] != "constant", 1.0)
    net = (terms["coefficient"] * decided).groupby([terms["rule"], terms["period"]]).sum()
    least = (-net).unstack("period").reindex(index=own.index, columns=own.columns)  # noqa: PD010
    least = least.fillna(0.0).clip(lower=0.0)
    short = own.where(own < least, least)
    return short.where(short > DUST, 0.0)


def _wide(network: Network, rows: pd.DataFrame) -> pd.DataFrame:
    cells = rows.set_index(["index", "period"])["value"]
    wide = cells.unstack("period")  # noqa: PD010 - pivot_table averages duplicates in silence
    return wide.reindex(columns=list(network.periods)).fillna(0.0)


def answer(network: Network, found: Decisions) -> Answer:
    """Return the tables of the plan; see ``netopt.solution.tables``."""
    flows = _long(found, "flow", "flow_units_per_year").merge(network.arcs, left_on="index", right_on="arc")
    runs = _long(found, "throughput", "throughput_tonnes_per_year")
    runs = runs.merge(network.activities, left_on="index", right_on="activity")
    kept = _long(found, "stored", "stored_units").merge(network.stores, left_on="index", right_on="store")
    short = _long(found, "shortfall", "shortfall_tonnes_per_year").rename(columns={"index": "rule"})
    return Answer(
        flows=_tidy(flows, "flows"),
        throughput=_tidy(runs, "throughput"),
        facilities=_facilities(network, found),
        stored=_tidy(kept, "stored"),
        supply=_supply(network, found),
        shortfalls=_tidy(short, "shortfalls"),
    )


def _long(found: Decisions, family: str, value: str) -> pd.DataFrame:
    """Return the non-zero decisions of a family as ``index, period, <value>``."""
    if family not in found:
        return pd.DataFrame({"index": [], "period": [], value: []}).astype({"index": str, "period": str})
    long = long_form(found[family], "index", value)
    return long[long[value] != 0]


def _tidy(table: pd.DataFrame, name: str) -> pd.DataFrame:
    columns = SOLUTION_COLUMNS[name]
    ordered = table[list(columns)].astype(columns)
    keys = [column for column, kind in columns.items() if kind == "str"]
    return ordered.sort_values(keys, ignore_index=True, kind="stable")


def _facilities(network: Network, found: Decisions) -> pd.DataFrame:
    modules = network.modules[["module", "site", "size", "capacity_tonnes_per_year"]]
    table = in_every_period(network.instance, modules)
    for family in ("opened", "expanded", "closed", "renewed", "operating", "loads"):
        decided = _long(found, family, family).rename(columns={"index": "module"})
        table = table.merge(decided, how="left", on=["module", "period"]).fillna({family: 0.0})
    table["capacity_tonnes_per_year"] *= table["operating"]
    states = ["opened", "expanded", "closed", "renewed", "operating"]
    table[states] = table[states] > 0
    return _tidy(table.rename(columns={"loads": "load_tonnes_per_year"}), "facilities")


def _supply(network: Network, found: Decisions) -> pd.DataFrame:
    keys = network.supplies[["supply", "source", "commodity"]]
    retired = long_form(network.supply_tonnes, "supply", "retired_tonnes_per_year")
    table = keys.merge(retired, on="supply")
    for family in ("leaked", "unserved"):
        decided = _long(found, family, f"{family}_tonnes_per_year").rename(columns={"index": "supply"})
        table = table.merge(decided, how="left", on=["supply", "period"])
        table[f"{family}_tonnes_per_year"] = table[f"{family}_tonnes_per_year"].fillna(0.0)
    table["collected_tonnes_per_year"] = table["retired_tonnes_per_year"] - (
        table["leaked_tonnes_per_year"] + table["unserved_tonnes_per_year"]
    )
    return _tidy(table, "supply")
