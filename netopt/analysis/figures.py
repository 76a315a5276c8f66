"""Figures of a plan by name and place, and between which ends they lie over all plans as good.

A figure is ``NAME``, ``NAME@JURISDICTION``, ``NAME/FACILITY_TYPE`` or both. Names: ``cost`` (social),
``resource_cost``, ``externality``, any category of the ledger (CNY a year), ``throughput`` (t a year, every
step) and ``jobs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.accounts import KIND_OF_CATEGORY, Kind
from netopt.data.problems import nearest, shown
from netopt.errors import UsageError
from netopt.network.lanes import Everywhere
from netopt.network.lookups import in_every_period, jurisdictions_of
from netopt.pipeline import figure_range
from netopt.solution.ledger import annual_equivalent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.solution.options import SolveOptions
    from netopt.solution.solution import Solution
    from netopt.solution.store import Run

MONEY: Final[dict[str, tuple[str, ...]]] = {
    "cost": tuple(name for name, kind in KIND_OF_CATEGORY.items() if kind is not Kind.TRANSFER),
    "resource_cost": tuple(name for name, kind in KIND_OF_CATEGORY.items() if kind is Kind.RESOURCE),
    "externality": tuple(name for name, kind in KIND_OF_CATEGORY.items() if kind is Kind.EXTERNALITY),
    **{name: (name,) for name in KIND_OF_CATEGORY},
}
"""Names of money and the ledger categories that they add up."""

QUANTITIES: Final = {"throughput": ("t/yr", 50.0), "jobs": ("jobs", 1e4)}
"""Names of quantities with their unit, and what one of them stands for in CNY a year where it is blended
with cost: about what moving it elsewhere costs. It sets how fine a range is, never whether it holds."""


@dataclass(frozen=True)
class Figure:
    """One figure of plans of one instance.

    Attributes
    ----------
    name
        A key of ``MONEY`` or ``QUANTITIES``.
    jurisdiction, facility_type
        Where it is counted; "" for everywhere and all.
    """

    name: str
    jurisdiction: str = ""
    facility_type: str = ""

    def __str__(self) -> str:
        """Return the figure as it is asked for."""
        of_type = f"/{self.facility_type}" if self.facility_type else ""
        return f"{self.name}{of_type}" + (f"@{self.jurisdiction}" if self.jurisdiction else "")

    @property
    def unit(self) -> str:
        """Unit of the figure."""
        return QUANTITIES[self.name][0] if self.name in QUANTITIES else "CNY/yr"

    @property
    def worth_cny(self) -> float:
        """What one unit stands for in CNY a year."""
        return QUANTITIES[self.name][1] if self.name in QUANTITIES else 1.0

    def in_cny(self, priced: Network | Everywhere, instance: Instance) -> pd.Series:
        """Return what one unit of each variable adds to the figure, in CNY a year or what stands for it.

        Parameters
        ----------
        priced
            A network, or what is priced as a whole of one that lists short arcs only.
        instance
            Of the network.

        Returns
        -------
        pandas.Series
            Index ``family, index, period``.
        """
        rows = self._of_money(priced) if self.name in MONEY else self._of_runs(priced, instance)
        share = rows["due_period"].map(priced.period_weights).astype(float)
        annual = rows["amount"] * share / sum(priced.period_weights.values()) * self.worth_cny
        return annual.groupby([rows["family"], rows["index"], rows["period"]]).sum()

    def _of_money(self, priced: Network | Everywhere) -> pd.DataFrame:
        rates = priced.rates
        meant = rates[rates["category"].isin(MONEY[self.name]) & self._is_here(rates)]
        return meant.assign(amount=meant["cny_per_unit"])

    def _of_runs(self, priced: Network | Everywhere, instance: Instance) -> pd.DataFrame:
        runs = priced.runs if isinstance(priced, Everywhere) else priced.activities
        sites = instance["sites"].set_index("site")
        located = runs[["activity", "site"]].assign(
            facility_type=runs["site"].map(sites["facility_type"]),
            jurisdiction=jurisdictions_of(instance, runs["site"].map(sites["location"])),
        )
        located = in_every_period(instance, located[self._is_here(located)])
        amount = located["facility_type"].map(self._per_tonne(instance)).astype(float).fillna(0.0)
        named = located.rename(columns={"activity": "index"})
        return named.assign(family="throughput", due_period=named["period"], amount=amount)

    def _per_tonne(self, instance: Instance) -> pd.Series:
        types = instance["facility_types"]["facility_type"]
        if self.name == "throughput":
            return pd.Series(1.0, index=types)
        return instance["labour"].set_index("facility_type")["jobs_per_tonne_per_year"].reindex(types)

    def _is_here(self, rows: pd.DataFrame) -> pd.Series:
        here = pd.Series(True, index=rows.index)
        if self.jurisdiction:
            here &= rows["jurisdiction"] == self.jurisdiction
        if self.facility_type:
            here &= rows["facility_type"] == self.facility_type
        return here

    def of(self, plan: Solution | Run) -> float:
        """Return the figure of a plan, annual equivalent in its unit."""
        instance, weights = plan.instance, plan.instance.period_weights()
        if self.name in MONEY:
            ledger = plan.ledger
            meant = ledger["category"].isin(MONEY[self.name]) & self._is_here(ledger)
            return float(annual_equivalent(ledger, weights)[meant].sum())
        runs, sites = plan.answer.throughput, instance["sites"].set_index("site")
        located = runs.assign(
            facility_type=runs["site"].map(sites["facility_type"]),
            jurisdiction=jurisdictions_of(instance, runs["site"].map(sites["location"])),
        )
        share = runs["period"].map(weights).astype(float) / sum(weights.values())
        per_tonne = located["facility_type"].map(self._per_tonne(instance)).astype(float).fillna(0.0)
        amounts = runs["throughput_tonnes_per_year"] * share * per_tonne
        return float(amounts[self._is_here(located)].sum())


@dataclass(frozen=True)
class Range:
    """A figure over all plans that cost no more than the one found.

    Attributes
    ----------
    figure, unit
        As asked for.
    own
        Of this plan.
    low, high
        Proven: no such plan lies outside. That plans reach the ends is not.
    """

    figure: str
    unit: str
    own: float
    low: float
    high: float


def read_figure(text: str, instance: Instance) -> Figure:
    """Return the figure that a text names.

    Raises
    ------
    UsageError
        Where name, facility type or jurisdiction is unknown; the nearest is suggested.
    """
    said, _, jurisdiction = text.partition("@")
    name, _, facility_type = said.partition("/")
    for word, known, what in (
        (name, [*MONEY, *QUANTITIES], "figure"),
        (jurisdiction, ["", *instance["jurisdictions"]["jurisdiction"]], "jurisdiction"),
        (facility_type, ["", *instance["facility_types"]["facility_type"]], "facility type"),
    ):
        if word not in known:
            hint = nearest(word, known) or ", ".join(filter(None, known))
            raise UsageError(f"{text}: {shown(word)!r} is no {what} ({hint})")
    if name == "jobs":
        _refuse_unknown_jobs(text, facility_type, instance)
    return Figure(name, jurisdiction, facility_type)


def _refuse_unknown_jobs(text: str, facility_type: str, instance: Instance) -> None:
    known = set(instance["labour"]["facility_type"])
    if not known:
        raise UsageError(f"{text}: {instance.name} has no data/labour.csv")
    asked = [facility_type] if facility_type else instance["facility_types"]["facility_type"].tolist()
    if absent := [each for each in asked if each not in known]:
        raise UsageError(f"{text}: data/labour.csv of {instance.name} has no row of {', '.join(absent)}")


def ranges_of(plan: Solution | Run, figures: Sequence[Figure], options: SolveOptions) -> list[Range]:
    """Return between which ends figures lie over all plans that cost no more than this one.

    Parameters
    ----------
    plan
        A solution, or a run read back, with the bounds of its solve.
    figures
        What is asked for.
    options
        Limits, threads and seed of the solves, at least two for each figure.

    Raises
    ------
    UsageError
        Where the plan states no bounds, or its flows were given.
    NoSolutionError
        Where a limit comes before any bound.
    """
    if plan.outcome is None:
        raise UsageError("a plan without bounds has no plans as good: solve it with netopt")
    if plan.given_flows is not None:
        raise UsageError("flows of a baseline were given: no other plan has them")
    found = []
    for figure in figures:
        own = figure.of(plan)
        goal = partial(figure.in_cny, instance=plan.instance)
        own_cny, is_money = own * figure.worth_cny, figure.name in MONEY
        low, high = figure_range(plan, goal, own_cny, str(figure), options, tells_money=is_money)
        ends = (low / figure.worth_cny, high / figure.worth_cny)
        found.append(Range(str(figure), figure.unit, own, *ends))
    return found
