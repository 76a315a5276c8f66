"""Side rules and market limits over what moves: rows ``matrix @ amounts (+ shortfall) >= side``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from netopt.strategies.split.layout import MOVING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.strategies.split.layout import Costs, Layout

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """Rows over the elements of a layout.

    Attributes
    ----------
    names
        Tag, id and period of each row.
    matrix
        Row by element (``Elements.index``).
    side
        Least value of each row.
    penalty
        What one unit less costs (thousand CNY); inf where it may not be.
    scale
        Size of a row: tonnes that it may concern times the square of what a tonne counts in it. With it a
        step changes what rules pay for a tonne as it changes prices of load.
    """

    names: list[tuple[str, str, str]]
    matrix: csr_array
    side: Floats
    penalty: Floats
    scale: Floats


@dataclass(frozen=True)
class Elements:
    """Everything that moves and has a price of its own.

    Attributes
    ----------
    index
        ``family, index, period``, each once.
    runs
        Number of the element, by period, origin, left and run.
    probes
        The same, by period, giver and probe.
    sales
        The same, by period and sale.
    """

    index: pd.MultiIndex
    runs: NDArray[np.int64]
    probes: NDArray[np.int64]
    sales: NDArray[np.int64]

    @classmethod
    def of(cls, layout: Layout) -> Elements:
        """Return the elements of a layout."""
        families = (
            ("throughput", layout.run_names),
            ("flow", layout.probe_names),
            ("flow", layout.sales["arc"].to_numpy(dtype=object)),
        )
        parts: list[pd.MultiIndex] = []
        numbers: list[Any] = []
        for family, names in families:
            codes, unique = pd.factorize(names.ravel())
            numbers.append(codes.reshape(names.shape))
            parts.append(pd.MultiIndex.from_product([[family], unique]))
        n_each = [len(part) for part in parts]
        n_all = sum(n_each)
        starts = np.cumsum([0, *n_each[:-1]])
        placed = [
            np.stack([codes + start + n_all * t for t in range(len(layout.periods))])
            for codes, start in zip(numbers, starts, strict=True)
        ]
        once = parts[0].append(parts[1:])
        levels = [np.tile(once.get_level_values(level), len(layout.periods)) for level in (0, 1)]
        index = pd.MultiIndex.from_arrays(
            [*levels, np.repeat(layout.periods, n_all)], names=["family", "index", "period"]
        )
        return cls(index, *placed)


def rules_of(layout: Layout, elements: Elements, costs: Costs) -> Rules:
    """Return share rules, the emission cap and the limits of markets."""
    parts = [_share_rules(layout, costs), _emission_cap(layout), _market_limits(layout)]
    rows = pd.concat([rows for rows, _ in parts], ignore_index=True)
    terms = pd.concat([terms for _, terms in parts], ignore_index=True)
    number = pd.Series(
        np.arange(len(rows)), index=pd.MultiIndex.from_frame(rows[["tag", "name", "period"]])
    )
    at = number.loc[pd.MultiIndex.from_frame(terms[["tag", "name", "period"]])].to_numpy()
    columns = elements.index.get_indexer(pd.MultiIndex.from_frame(terms[["family", "index", "period"]]))
    is_known = columns >= 0
    places = (at[is_known], columns[is_known])
    shape = (len(rows), len(elements.index))
    matrix = csr_array((terms["coefficient"].to_numpy(dtype=float)[is_known], places), shape=shape)
    return Rules(
        names=list(rows[["tag", "name", "period"]].itertuples(index=False, name=None)),
        matrix=matrix,
        side=rows["side"].to_numpy(dtype=float),
        penalty=rows["penalty"].to_numpy(dtype=float),
        scale=rows["tonnes"].to_numpy(dtype=float) * np.maximum(_largest(matrix), 1e-9) ** 2,
    )


def _largest(matrix: csr_array) -> Floats:
    """Return the largest absolute coefficient of each row; 1 where there is none."""
    if not matrix.shape[0]:
        return np.ones(0)
    largest = np.asarray(abs(matrix).max(axis=1).todense(), dtype=float).ravel()
    return np.where(largest > 0, largest, 1.0)


ROW_COLUMNS = ["tag", "name", "period", "side", "penalty", "tonnes"]
TERM_COLUMNS = ["tag", "name", "family", "index", "period", "coefficient"]


def _share_rules(layout: Layout, costs: Costs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``sum(coefficient * variable) + constant + shortfall >= 0``."""
    network = layout.network
    constants = network.rule_terms[network.rule_terms["family"] == "constant"]
    side = -constants.groupby(["rule", "period"])["coefficient"].sum()
    names = network.rules["rule"].tolist()
    is_soft = network.rules["penalty_cny_per_tonne"].notna().to_numpy()
    penalty = np.where(is_soft, costs.wide("shortfall", names), np.inf)
    total = np.maximum(layout.tonnes.sum(axis=1), 1.0)
    rows = [
        ("share_rule", name, period, float(side.get((name, period), 0.0)), penalty[t, number], total[t])
        for t, period in enumerate(layout.periods)
        for number, name in enumerate(names)
    ]
    sold = network.rule_terms[network.rule_terms["index"].isin(layout.sales["arc"])]
    terms = pd.concat([layout.everywhere.rule_terms, sold], ignore_index=True)
    terms = terms[terms["family"].isin(MOVING)].rename(columns={"rule": "name"})
    return pd.DataFrame(rows, columns=ROW_COLUMNS), terms.assign(tag="share_rule")[TERM_COLUMNS]


def _emission_cap(layout: Layout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``sum(-emitted) >= -cap``."""
    network, limits = layout.network, layout.network.instance.settings.limits
    total = np.maximum(layout.tonnes.sum(axis=1), 1.0)
    caps = {period: limits.emission_cap(period) for period in layout.periods}
    rows = [
        ("emission_cap", "", period, -cap, np.inf, total[t])
        for t, (period, cap) in enumerate(caps.items())
        if cap is not None
    ]
    sold = network.emissions[network.emissions["index"].isin(layout.sales["arc"])]
    emitted = pd.concat([layout.everywhere.emissions, sold], ignore_index=True)
    capped = pd.DataFrame({"period": [row[2] for row in rows]}, dtype=str)
    terms = emitted.merge(capped, how="cross").assign(tag="emission_cap", name="")
    terms["coefficient"] = -terms["tonnes_co2e_per_unit"]
    return pd.DataFrame(rows, columns=ROW_COLUMNS), terms[TERM_COLUMNS]


def _market_limits(layout: Layout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``sum(-sold) >= -limit``, by offtake."""
    network, sales = layout.network, layout.sales
    wide = network.offtake_limits[layout.periods].rename_axis("offtake").reset_index()
    limits = wide.melt(id_vars="offtake", var_name="period", value_name="limit")
    limits = limits[np.isfinite(limits["limit"])].merge(network.offtakes, on="offtake")
    mass = network.instance["commodities"].set_index("commodity")["tonnes_per_unit"]
    per_unit = limits["commodity"].map(mass).astype(float)
    rows = pd.DataFrame(
        {
            "tag": "market_limit",
            "name": limits["offtake"],
            "period": limits["period"],
            "side": -limits["limit"],
            "penalty": np.inf,
            "tonnes": np.maximum(limits["limit"], 1.0) / per_unit,
        }
    )
    ends = {"to_place": "market"}
    terms = (
        sales[["arc", "to_place", "commodity"]]
        .rename(columns=ends)
        .merge(limits, on=["market", "commodity"])
    )
    terms = terms.assign(tag="market_limit", family="flow", coefficient=-1.0)
    return rows[ROW_COLUMNS], terms.rename(columns={"offtake": "name", "arc": "index"})[TERM_COLUMNS]
