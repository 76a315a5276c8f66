"""What the collectors of statements look things up in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from netopt.network.facilities import located_sites
from netopt.strategies.explaining.words import Words

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    import pandas as pd

    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.policy.effects import Effects
    from netopt.solution.form import StandardForm
    from netopt.strategies.explaining.statements import Statement

    Stated = Iterator[tuple[Statement, list["Limit"]]]


@dataclass(frozen=True)
class Limit:
    """One row or column of the model as a statement bounds it; see ``StatedForm.limits``."""

    is_row: bool
    index: int
    where: str
    period: str
    lower: float = -np.inf
    upper: float = np.inf
    amount_per_unit: float = 1.0


@dataclass(frozen=True)
class Context:
    """What collectors look things up in: the planner's instance, the wide network, its form."""

    instance: Instance
    effects: Effects
    network: Network
    form: StandardForm

    @cached_property
    def words(self) -> Words:
        """Names and sentences."""
        return Words(self.instance, has_one_share=not self.network.effects.narrowed_gaps)

    @cached_property
    def rows(self) -> dict[str, list[tuple[int, tuple[str, ...]]]]:
        """Rows by tag: number and index."""
        found: dict[str, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
        for first, block in self.form.row_keys.numbered():
            found[block.tag] += enumerate(zip(*block.levels, strict=True), start=first)
        return dict(found)

    @cached_property
    def columns(self) -> dict[tuple[str, str, str], int]:
        """Columns by family, id and period."""
        names = self.form.columns
        keys = zip(names.family, names.key, names.period, strict=True)
        return {key: number for number, key in enumerate(keys)}

    @cached_property
    def sites(self) -> pd.DataFrame:
        """The planner's sites, with ``jurisdiction`` and ``home``."""
        return located_sites(self.instance)

    @cached_property
    def module(self) -> dict[str, dict[Hashable, Any]]:
        """Facts of each module of the wide network, by id."""
        return {str(row["module"]): row for row in self.network.modules.to_dict("records")}

    @cached_property
    def tonnes_per_unit(self) -> dict[str, float]:
        """Mass of a unit of each commodity (t)."""
        rows = self.instance["commodities"]
        return dict(zip(rows["commodity"], rows["tonnes_per_unit"].astype(float), strict=True))

    def openings(self, modules: Iterable[str], periods: Iterable[str]) -> list[Limit]:
        """Return the limits that let none of these modules be built in these periods."""
        return [
            Limit(
                False,
                self.columns[family, module, period],
                self.module[module]["site"],
                period,
                upper=0.0,
                amount_per_unit=self.module[module]["capacity_tonnes_per_year"],
            )
            for module in modules
            for family in ("opened", "expanded")
            for period in periods
            if (family, module, period) in self.columns
        ]

    def shut(self, arcs: pd.DataFrame, periods: Iterable[str]) -> list[Limit]:
        """Return the limits that let nothing flow on these rows of the network's arcs."""
        ends = zip(arcs["arc"], arcs["to_place"], arcs["tonnes_per_unit"], strict=True)
        return [
            Limit(False, self.columns["flow", arc, period], place, period, upper=0.0, amount_per_unit=mass)
            for arc, place, mass in ends
            for period in periods
            if ("flow", arc, period) in self.columns
        ]

    def idle(self, modules: Iterable[str], periods: Iterable[str]) -> list[Limit]:
        """Return the limits that let none of these modules operate in these periods."""
        return [
            Limit(
                False,
                self.columns["operating", module, period],
                self.module[module]["site"],
                period,
                upper=0.0,
                amount_per_unit=self.module[module]["capacity_tonnes_per_year"],
            )
            for module in modules
            for period in periods
            if ("operating", module, period) in self.columns
        ]

    def smallest_tonnes(self, sites: Iterable[str]) -> float:
        """Return the smallest capacity that stands or could be built at any of these sites (t/yr).

        One tonne where none can: a count of modules has to weigh something.
        """
        modules = self.network.modules
        here = modules.loc[modules["site"].isin(list(sites)), "capacity_tonnes_per_year"]
        return float(here.min()) if len(here) else 1.0
