"""The answer joined with the facts: what each row of it means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from netopt.solution.checking.distance import distances_km
from netopt.solution.checking.numbers import mapped

if TYPE_CHECKING:
    from netopt.solution.checking.facts import Facts


@dataclass(frozen=True)
class Plan:
    """Usable rows of an answer (``tables``) under the ``facts`` they are judged by."""

    facts: Facts
    tables: dict[str, pd.DataFrame]

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Flows with what the facts say of their ends, goods and length.

        Added: ``from_`` and ``to_`` ``kind, location, jurisdiction, facility_type``;
        ``tonnes_per_unit, undismantled, goods_class, leg, units`` (a year), ``tonnes`` (a year),
        ``km`` (recomputed; 0 where there is no way), ``has_way``, ``crosses``.
        """
        flows = self.tables["flows"].copy()
        for end in ("from", "to"):
            for column in ("kind", "location", "jurisdiction", "facility_type"):
                flows[f"{end}_{column}"] = mapped(flows[f"{end}_place"], self.facts.places[column])
        for column in ("tonnes_per_unit", "undismantled", "goods_class"):
            flows[column] = mapped(flows["commodity"], self.facts.commodities[column])
        flows["at_gate"] = (flows["to_kind"] == "market") & (flows["to_location"] == "")
        on_trunk = flows["from_kind"].isin(["site", "vendor"])
        flows["leg"] = on_trunk.map({True: "trunk", False: "first"}).astype("str")
        flows["units"] = flows["flow_units_per_year"]
        flows["tonnes"] = flows["units"] * flows["tonnes_per_unit"]
        kilometres = distances_km(self.facts.instance, flows)
        flows["has_way"] = kilometres.notna()
        flows["km"] = self.facts.arithmetic.column(kilometres.fillna(0.0))
        different = flows["from_jurisdiction"] != flows["to_jurisdiction"]
        flows["crosses"] = different & ~flows["at_gate"]
        return flows

    @cached_property
    def throughput(self) -> pd.DataFrame:
        """Throughput with ``tonnes`` (a year), its recipe's columns and its site's.

        Added: ``tonnes, category, cost_cny_per_tonne, emission_kgco2e_per_tonne`` of the recipe
        and its ``recipe_type``; ``facility_type, jurisdiction`` of the site.
        """
        runs = self.tables["throughput"].copy()
        recipes = self.facts.table("recipes").set_index("recipe")
        for column in ("category", "cost_cny_per_tonne", "emission_kgco2e_per_tonne"):
            runs[column] = mapped(runs["recipe"], recipes[column])
        cost = "cost_cny_per_tonne"
        runs[cost] = self.facts.cost_then("recipes", cost, runs["recipe"], runs["period"], runs[cost])
        runs["recipe_type"] = mapped(runs["recipe"], recipes["facility_type"])
        for column in ("facility_type", "jurisdiction"):
            runs[column] = mapped(runs["site"], self.facts.places[column])
        return runs.rename(columns={"throughput_tonnes_per_year": "tonnes"})

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """``site, recipe, commodity, origin, left, period, units, tonnes`` a year taken by recipes."""
        rows = self.throughput.rename(columns={"tonnes": "run"}).merge(self.facts.table("recipe_inputs"))
        rows["tonnes"] = rows["run"] * rows["mass_share"]
        rows["units"] = rows["tonnes"] / mapped(
            rows["commodity"], self.facts.commodities["tonnes_per_unit"]
        )
        return self._with_provenance(rows)

    @cached_property
    def outputs(self) -> pd.DataFrame:
        """The same columns as ``inputs``, given out by recipes."""
        rows = self.throughput.rename(columns={"tonnes": "run"}).merge(self.facts.table("recipe_outputs"))
        rows["units"] = rows["run"] * rows["yield_units_per_tonne"]
        rows["tonnes"] = rows["units"] * mapped(
            rows["commodity"], self.facts.commodities["tonnes_per_unit"]
        )
        return self._with_provenance(rows)

    def _with_provenance(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Keep the provenance of undismantled commodities only, and pass on the run's as ``run_origin``."""
        is_battery = mapped(rows["commodity"], self.facts.commodities["undismantled"]).astype(bool)
        return rows.assign(
            run_origin=rows["origin"],
            undismantled=is_battery,
            origin=rows["origin"].where(is_battery, ""),
            left=rows["left"] & is_battery,
        )

    @cached_property
    def modules(self) -> pd.DataFrame:
        """Modules of the facts crossed with periods and joined with the claimed states.

        Flags are False and numbers 0 where the answer has no row. Added: ``order`` of the period,
        ``expands`` (of expansions.csv), ``was_operating`` in the period before (before the first:
        ``stands``), ``share`` in operation (0 or 1, but of divisible modules what their claimed capacity is
        of the whole) and ``share_before``. Costs are those of the period.
        """
        claimed = self.tables["facilities"].drop_duplicates(["site", "size", "period"])
        claimed = claimed.set_index(["site", "size", "period"])
        periods = self.facts.periods["order"].reset_index()
        grid = self.facts.modules.reset_index().merge(periods, how="cross")
        at = pd.MultiIndex.from_frame(grid[["site", "size", "period"]])
        for column in claimed.columns:
            missing = False if claimed[column].dtype == bool else 0
            grid[column] = claimed[column].reindex(at, fill_value=missing).to_numpy()
        grid = grid.sort_values(["site", "size", "order"], ignore_index=True)
        before = grid.groupby(["site", "size"])["operating"].shift(1)
        grid["expands"] = grid["divisible"] & ~grid["stands"]
        grid["was_operating"] = before.where(grid["order"] > 0, grid["stands"]).astype(bool)
        one = self.facts.arithmetic.number(1.0)
        part = grid["capacity_tonnes_per_year"] / grid["capacity"]
        grid["share"] = (grid["operating"].astype(int) * one).where(~grid["divisible"], part)
        earlier = grid.groupby(["site", "size"])["share"].shift(1)
        grid["share_before"] = earlier.where(grid["order"] > 0, grid["standing_share"])
        return self._with_costs_then(grid)

    def _with_costs_then(self, grid: pd.DataFrame) -> pd.DataFrame:
        """Replace what modules cost by what they cost in each period."""
        then, period = self.facts.cost_then, grid["period"]
        step = grid["facility_type"] + "/" + grid["size"]
        for column in ("capital_cny", "fixed_cny_per_year", "variable_cny_per_tonne"):
            grid[column] = then("sizes", column, step, period, grid[column])
        of_old = "existing_fixed_cny_per_year"
        site = grid["site"].where(grid["stands"], "")
        grid["fixed_cny_per_year"] = then("sites", of_old, site, period, grid["fixed_cny_per_year"])
        for column, per_tonne in (
            ("capital_cny", "capital_cny_per_tonne"),
            ("fixed_cny_per_year", "fixed_cny_per_tonne"),
        ):
            unit = then("expansions", per_tonne, step, period, grid[column] / grid["capacity"])
            grid[column] = grid[column].where(~grid["expands"], unit * grid["capacity"])
        return grid
