"""What the instance and the policy say, laid out for checking: nothing here comes from an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.data.tables import PLACES
from netopt.solution.checking.numbers import Arithmetic, Number

if TYPE_CHECKING:
    from netopt.accounts import Perspective
    from netopt.data.instance import Instance
    from netopt.policy.effects import Effects

PROVENANCE: Final = ["origin", "left"]


@dataclass(frozen=True)
class Facts:
    """An instance under a policy's effects, with every number in one arithmetic.

    Tables of the instance are read through ``table``; the other properties join them.
    """

    instance: Instance
    perspective: Perspective
    effects: Effects
    formal_share: Number
    arithmetic: Arithmetic

    @classmethod
    def of(
        cls,
        instance: Instance,
        perspective: Perspective,
        effects: Effects,
        formal_share: float,
        *,
        exact: bool = False,
    ) -> Facts:
        """Return the facts in floating point or, where ``exact``, in rational arithmetic."""
        arithmetic = Arithmetic(exact)
        return cls(instance, perspective, effects, arithmetic.number(formal_share), arithmetic)

    def table(self, name: str) -> pd.DataFrame:
        """Return one table of the instance with its numbers in the arithmetic."""
        return self._tables[name]

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return {name: self.arithmetic.table(frame) for name, frame in self.instance.tables.items()}

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of sources, sites, markets and vendors by id."""
        return {
            row[0]: row[1]
            for key, table in PLACES.items()
            for row in self.instance[table][[key, "name"]].itertuples(index=False, name=None)
        }

    @cached_property
    def periods(self) -> pd.DataFrame:
        """``order, start, end, length`` (years; ``end`` is the year after the last) by period."""
        periods = self.instance.settings.horizon.periods
        return pd.DataFrame(
            {
                "order": range(len(periods)),
                "start": [period.start_year for period in periods],
                "end": [period.start_year + period.length_years for period in periods],
                "length": [period.length_years for period in periods],
            },
            index=pd.Index([period.period for period in periods], name="period"),
        )

    @cached_property
    def spans(self) -> list[tuple[str, int, int]]:
        """Period, its first year and the year after its last, in order."""
        periods = self.instance.settings.horizon.periods
        return [(row.period, row.start_year, row.start_year + row.length_years) for row in periods]

    def discounted_years(self, first: int, last: int) -> Number:
        """Return the discounted years from ``first`` up to, not including, ``last`` (yr)."""
        horizon = self.instance.settings.horizon
        growth = 1 + self.arithmetic.number(horizon.discount_rate)
        total = self.arithmetic.number(0.0)
        for year in range(first, last):
            total += growth ** -(year - horizon.base_year)
        return total

    @cached_property
    def weights(self) -> pd.Series:
        """Discounted years of each period (yr), by period."""
        values = [self.discounted_years(start, end) for _, start, end in self.spans]
        return pd.Series(values, index=self.periods.index)

    @cached_property
    def places(self) -> pd.DataFrame:
        """``kind, location, jurisdiction, facility_type, operator`` of every place, by id."""
        parts = [
            self.instance[table].rename(columns={kind: "place"}).assign(kind=kind)
            for kind, table in PLACES.items()
        ]
        columns = ["place", "kind", "location", "facility_type", "operator"]
        places = pd.concat([part.reindex(columns=columns, fill_value="") for part in parts])
        home = self.instance["locations"].set_index("location")["jurisdiction"]
        places["jurisdiction"] = places["location"].map(home).fillna("")
        return places.set_index("place")

    @cached_property
    def commodities(self) -> pd.DataFrame:
        """The commodities by id, with the goods class in force under the policy."""
        table = self.table("commodities").set_index("commodity")
        changed = pd.Series(self.effects.goods_class, dtype="str").reindex(table.index)
        return table.assign(goods_class=changed.where(changed.notna(), table["goods_class"]))

    @cached_property
    def formal_shares(self) -> pd.Series:
        """What each source gives to the formal channel (0 to 1), by source.

        The odds of the formal channel grow by ``exp(beta * CNY per pack)`` with what the policy adds
        to its worth for consumers; where it adds nothing, and where all or nothing is collected, the
        share is the one in force without it.
        """
        home = self.places.loc[self.places["kind"] == "source", "jurisdiction"]
        beta = self.instance.settings.leakage.beta_per_cny
        shares = []
        for source, place in home.items():
            gains = [
                gain.cny_per_pack
                for gain in self.effects.narrowed_gaps
                if (not gain.jurisdictions or place in gain.jurisdictions)
                and (not gain.sources or source in gain.sources)
            ]
            shares.append(self._share_after(beta * math.fsum(gains)))
        return pd.Series(shares, index=home.index, dtype=object if self.arithmetic.exact else float)

    def _share_after(self, log_odds_gained: float) -> Number:
        before = float(self.formal_share)
        if log_odds_gained == 0 or before in (0.0, 1.0):
            return self.formal_share
        informal_to_formal = (1 - before) / before * math.exp(-log_odds_gained)
        return self.arithmetic.number(1 / (1 + informal_to_formal))

    @cached_property
    def modules(self) -> pd.DataFrame:
        """Every capacity step by (site, size): what stands, and what may be built.

        ``facility_type, jurisdiction, operator, stands, divisible`` (may operate in part),
        ``standing_share`` (before the first period), ``resale_share`` (NaN: none is given up),
        ``capacity`` (t/yr, effective), ``minimum_utilisation, life_years, capital_cny``,
        ``fixed_cny_per_year, variable_cny_per_tonne``, as their own tables say the costs.
        """
        sites = self.table("sites")
        standing = sites.assign(
            size="existing",
            stands=True,
            divisible=sites["existing_divisible"],
            capacity=sites["existing_capacity_tonnes_per_year"] * sites["effective_share"],
            capital_cny=self.arithmetic.number(0.0),
            fixed_cny_per_year=sites["existing_fixed_cny_per_year"],
            variable_cny_per_tonne=self.arithmetic.number(0.0),
            minimum_utilisation=self.arithmetic.number(0.0),
        )
        standing = standing[(standing["capacity"] > 0).to_numpy(dtype=bool)]
        sizes = self.table("sizes").rename(columns={"capacity_tonnes_per_year": "capacity"})
        built = (
            sites[sites["may_build"]].merge(sizes, on="facility_type").assign(stands=False, divisible=False)
        )
        more = self.table("expansions").rename(columns={"capacity_tonnes_per_year": "capacity"})
        added = (
            sites[sites["may_build"]].merge(more, on="facility_type").assign(stands=False, divisible=True)
        )
        none = self.arithmetic.number(0.0)
        added = added.assign(minimum_utilisation=none, variable_cny_per_tonne=none)
        added["capital_cny"] = added["capital_cny_per_tonne"] * added["capacity"]
        added["fixed_cny_per_year"] = added["fixed_cny_per_tonne"] * added["capacity"]
        there = added["existing_capacity_tonnes_per_year"] * added["effective_share"] > 0
        added["standing_share"] = (added["standing_tonnes_per_year"] / added["capacity"]).where(there, none)
        standing = standing.assign(standing_share=self.arithmetic.number(1.0), resale_share=none)
        built = built.assign(standing_share=none, resale_share=none)
        columns = [
            "standing_share",
            "resale_share",
            "site",
            "size",
            "facility_type",
            "operator",
            "stands",
            "divisible",
            "capacity",
            "minimum_utilisation",
            "capital_cny",
            "fixed_cny_per_year",
            "variable_cny_per_tonne",
        ]
        parts = [part[columns] for part in (standing, built, added) if len(part)]
        modules = pd.concat(parts or [built[columns]], ignore_index=True)
        lives = self.instance["facility_types"].set_index("facility_type")["life_years"]
        modules["life_years"] = modules["facility_type"].map(lives)
        modules["jurisdiction"] = modules["site"].map(self.places["jurisdiction"])
        return modules.set_index(["site", "size"])

    def cost_then(
        self, table: str, column: str, rows: pd.Series, periods: pd.Series, listed: pd.Series
    ) -> pd.Series:
        """Return what each cost is in its period, where ``listed`` is what its own table says.

        ``rows`` are the ids of the cost's row in ``table``, joined by a slash.
        """
        changes = self.table("costs_by_period")
        meant = changes[(changes["table"] == table) & (changes["column"] == column)]
        if meant.empty or listed.empty:
            return listed
        keys = zip(meant["row"], meant["period"], strict=True)
        then = dict(zip(keys, meant["value"], strict=True))
        found = [
            then.get((row, period), cost) for row, period, cost in zip(rows, periods, listed, strict=True)
        ]
        return pd.Series(found, index=listed.index, dtype=listed.dtype)

    @cached_property
    def site_inputs(self) -> pd.DataFrame:
        """``site, commodity`` that some recipe of the site's type takes in, unique."""
        return self._site_commodities("recipe_inputs")

    @cached_property
    def site_outputs(self) -> pd.DataFrame:
        """``site, commodity`` that some recipe of the site's type gives out, unique."""
        return self._site_commodities("recipe_outputs")

    def _site_commodities(self, table: str) -> pd.DataFrame:
        recipes = self.instance["recipes"][["recipe", "facility_type"]]
        listed = self.instance[table].merge(recipes, on="recipe")
        joined = self.instance["sites"].merge(listed, on="facility_type")
        return joined[["site", "commodity"]].drop_duplicates()

    @cached_property
    def offtake(self) -> pd.DataFrame:
        """Offtake with one row per market, commodity and period in which it takes anything."""
        table = self.table("offtake")
        special = table[table["period"] != ""]
        general = table[table["period"] == ""].drop(columns="period")
        general = general.merge(pd.DataFrame({"period": self.periods.index}), how="cross")
        both = pd.concat([special, general], ignore_index=True)
        return both.drop_duplicates(["market", "commodity", "period"], keep="first")

    @cached_property
    def offers(self) -> pd.DataFrame:
        """Offers with one row per vendor, commodity and period in which it sells anything."""
        table = self.table("offers")
        general = table[table["period"] == ""].drop(columns="period")
        general = general.merge(pd.DataFrame({"period": self.periods.index}), how="cross")
        both = pd.concat([table[table["period"] != ""], general], ignore_index=True)
        return both.drop_duplicates(["vendor", "commodity", "period"], keep="first")

    def traded(self, flows: pd.DataFrame, trade: str) -> pd.Series:
        """Return whether each flow is one of ``imports`` or ``exports``."""
        table, place = (self.offers, "vendor") if trade == "imports" else (self.offtake, "market")
        end = "from_place" if trade == "imports" else "to_place"
        named = set(
            table.loc[table["category"] == trade, [place, "commodity"]].itertuples(index=False, name=None)
        )
        pairs = zip(flows[end], flows["commodity"], strict=True)
        return pd.Series([pair in named for pair in pairs], index=flows.index, dtype=bool)

    @cached_property
    def sales_that_return(self) -> pd.DataFrame:
        """``market, commodity`` and the columns of second_life, where a sale comes back."""
        sold = self.instance["offtake"]
        stays = ~sold["category"].isin(["exports", "disposal"])
        sold = sold.loc[stays, ["market", "commodity"]].drop_duplicates()
        return sold.merge(self.table("second_life"), on="commodity")

    @cached_property
    def cost_factors(self) -> pd.Series:
        """Regional cost factor by (jurisdiction, facility_type, category); absent means 1."""
        shares = self.table("cost_shares").merge(self.table("regional_costs"), on="component")
        keys = ["jurisdiction", "facility_type", "category"]
        excess = shares["share"] * (shares["multiplier"] - 1)
        return excess.groupby([shares[key] for key in keys]).sum() + 1
