"""Side rules as linear terms: what each share rule demands of which variable."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import pandas as pd

from netopt.network.facilities import build_modules
from netopt.network.lookups import are_traded, are_undismantled, in_every_period, tonnes_per_unit
from netopt.network.rates import INVESTING, RegionalCosts, annuities, emissions
from netopt.policy.descent import descendants

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.effects import Effects, Mass, ShareRule

TERM_COLUMNS = ["rule", "family", "index", "period", "decided", "coefficient"]
"""``period`` is the rule's, ``decided`` that of the variable: earlier where annuities are due."""


def build_rules(effects: Effects) -> pd.DataFrame:
    """Return one row per side rule; see ``Network.rules``."""
    rows = [
        {
            "rule": rule.rule,
            "lever": rule.lever,
            "share": rule.share,
            "penalty_cny_per_tonne": rule.penalty_cny_per_tonne,
            "whole": rule.whole.measure,
        }
        for rule in effects.share_rules
    ]
    columns = ["rule", "lever", "share", "penalty_cny_per_tonne", "whole"]
    return pd.DataFrame(rows, columns=columns).astype({"penalty_cny_per_tonne": float, "share": float})


class RuleWriter:
    """Writes share rules over the columns of a network under construction."""

    def __init__(
        self,
        instance: Instance,
        supplies: pd.DataFrame,
        tonnes: pd.DataFrame,
        arcs: pd.DataFrame,
        activities: pd.DataFrame,
        inputs: pd.DataFrame,
        outputs: pd.DataFrame,
    ) -> None:
        """Take the tables; ``activities`` carries its site's jurisdiction and facility type.

        ``inputs`` and ``outputs`` are the activities'.
        """
        self._instance = instance
        self._supplies = supplies
        self._tonnes = tonnes
        self._arcs = arcs
        self._activities = activities
        self._inputs = inputs
        self._outputs = outputs

    @cached_property
    def _modules(self) -> pd.DataFrame:
        return build_modules(self._instance)

    def terms(self, rule: ShareRule) -> pd.DataFrame:
        """Return ``part - share * whole`` as columns ``TERM_COLUMNS``."""
        part = self._mass(rule.part)
        whole = self._mass(rule.whole)
        whole["coefficient"] *= -rule.share
        terms = pd.concat([part, whole], ignore_index=True).assign(rule=rule.rule)
        terms["decided"] = terms.get("decided", terms["period"]).fillna(terms["period"])
        merged = terms.groupby(TERM_COLUMNS[:-1])["coefficient"].sum().reset_index()
        return merged[merged["coefficient"] != 0]

    def _mass(self, mass: Mass) -> pd.DataFrame:
        writers = {
            "retired": self._retired,
            "collected": self._collected,
            "eligible": self._eligible,
            "processed": self._processed,
            "throughput": self._throughput,
            "capacity": self._capacity,
            "invested": self._invested,
            "emitted": self._emitted,
            "contained": lambda mass: self._metal(mass, self._inputs),
            "recovered": lambda mass: self._metal(mass, self._outputs),
            "imported": lambda mass: self._traded(mass, "imports"),
            "exported": lambda mass: self._traded(mass, "exports"),
            "given": self._given,
        }
        return writers[mass.measure](mass)

    def _retired(self, mass: Mass) -> pd.DataFrame:
        meant = _named(self._supplies["commodity"], mass.commodities)
        meant &= _named(self._supplies["jurisdiction"], mass.origins)
        total = self._tonnes[meant.to_numpy()].sum()
        return pd.DataFrame(
            {"family": "constant", "index": "", "period": total.index, "coefficient": total.to_numpy()}
        )

    def _collected(self, mass: Mass) -> pd.DataFrame:
        arcs = self._collecting_arcs(mass)
        return self._every_period("flow", arcs["arc"], arcs["tonnes_per_unit"])

    def _eligible(self, mass: Mass) -> pd.DataFrame:
        arcs = self._collecting_arcs(mass)
        fit = arcs["commodity"].map(fit_shares(self._instance)).astype(float)
        return self._every_period("flow", arcs["arc"], arcs["tonnes_per_unit"] * fit)

    def _collecting_arcs(self, mass: Mass) -> pd.DataFrame:
        kinds = ["source"] if mass.origins else ["source", "market"]
        meant = self._arcs["from_kind"].isin(kinds) & _named(self._arcs["commodity"], mass.commodities)
        meant &= _named(self._arcs["from_jurisdiction"], mass.origins)
        return self._arcs[meant]

    def _processed(self, mass: Mass) -> pd.DataFrame:
        meant = _named(self._activities["origin"], mass.origins)
        meant &= _named(self._activities["facility_type"], mass.facility_types)
        meant &= _named(self._activities["jurisdiction"], mass.jurisdictions)
        rows = self._activities[meant]
        tonnes = rows["activity"].map(self._processed_tonnes(mass)).fillna(0.0)
        return self._every_period("throughput", rows["activity"], tonnes)

    def _processed_tonnes(self, mass: Mass) -> pd.Series:
        """Return undismantled mass in minus out per tonne of throughput, index activity id."""
        meant = None
        if mass.commodities:
            meant = descendants(self._instance, mass.commodities, returns=not mass.origins)
        parts = []
        for flows, sign in ((self._inputs, 1.0), (self._outputs, -1.0)):
            counts = are_undismantled(self._instance, flows["commodity"])
            if meant is not None:
                counts &= flows["commodity"].isin(meant)
            tonnes = flows["units_per_tonne"] * tonnes_per_unit(self._instance, flows["commodity"])
            parts.append((sign * tonnes[counts]).groupby(flows.loc[counts, "activity"]).sum())
        return parts[0].add(parts[1], fill_value=0.0)

    def _throughput(self, mass: Mass) -> pd.DataFrame:
        rows = self._runs(mass)["activity"]
        return self._every_period("throughput", rows, pd.Series(1.0, index=rows.index))

    def _metal(self, mass: Mass, goods: pd.DataFrame) -> pd.DataFrame:
        """Return tonnes of a metal in inputs or outputs (``goods``) of recipes, per tonne of throughput."""
        contents = self._instance["metal_contents"]
        held = contents[contents["metal"] == mass.metal].set_index("commodity")["tonnes_per_unit"]
        tonnes = goods["units_per_tonne"] * goods["commodity"].map(held).fillna(0.0)
        rows = self._runs(mass)["activity"]
        per_run = tonnes.groupby(goods["activity"]).sum()
        return self._every_period("throughput", rows, rows.map(per_run).fillna(0.0))

    def _runs(self, mass: Mass) -> pd.DataFrame:
        """Return the activities at facilities that a mass names."""
        return _at_facilities(self._activities, mass)

    def _capacity(self, mass: Mass) -> pd.DataFrame:
        rows = _at_facilities(self._modules, mass)
        return self._every_period("operating", rows["module"], rows["capacity_tonnes_per_year"])

    def _invested(self, mass: Mass) -> pd.DataFrame:
        costs = RegionalCosts.of(self._instance)
        due = annuities(self._instance, costs, _at_facilities(self._modules, mass))
        rows = pd.DataFrame(
            {
                "index": due["module"],
                "period": due["due_period"],
                "decided": due["period"],
                "coefficient": due["cny_per_year"],
            }
        )
        return pd.concat([rows.assign(family=family) for family in INVESTING], ignore_index=True)

    def _emitted(self, mass: Mass) -> pd.DataFrame:
        arcs = self._arcs[_named(self._arcs["from_jurisdiction"], mass.jurisdictions)]
        emitted = emissions(self._instance, arcs, self._runs(mass))
        rows = emitted.rename(columns={"tonnes_co2e_per_unit": "coefficient"})
        return in_every_period(self._instance, rows)

    def _traded(self, mass: Mass, trade: Literal["imports", "exports"]) -> pd.DataFrame:
        meant = are_traded(self._instance, self._arcs, trade)
        arcs = self._arcs[meant & _named(self._arcs["commodity"], mass.commodities)]
        return self._every_period("flow", arcs["arc"], arcs["tonnes_per_unit"])

    def _given(self, mass: Mass) -> pd.DataFrame:
        row = pd.DataFrame({"family": ["constant"], "index": [""], "coefficient": [mass.tonnes_per_year]})
        return in_every_period(self._instance, row)

    def _every_period(self, family: str, index: pd.Series, coefficient: pd.Series) -> pd.DataFrame:
        rows = pd.DataFrame({"family": family, "index": index, "coefficient": coefficient.astype(float)})
        return in_every_period(self._instance, rows)


def _at_facilities(rows: pd.DataFrame, mass: Mass) -> pd.DataFrame:
    """Return the rows of facilities that a mass names."""
    meant = _named(rows["facility_type"], mass.facility_types)
    return rows[meant & _named(rows["jurisdiction"], mass.jurisdictions)]


def _named(values: pd.Series, ids: tuple[str, ...]) -> pd.Series:
    return values.isin(ids) if ids else pd.Series(True, index=values.index)


def fit_shares(instance: Instance) -> dict[str, float]:
    """Return the share of each commodity's mass that is fit for cascade use (t/t), tested or not.

    1 for cascade grade; else the most that a recipe without cascade-grade input makes of a tonne of
    its mix: ``max over recipes of sum(yield * tonnes_per_unit * fit share of the output)``.
    """
    commodities = instance["commodities"]
    is_grade = commodities.set_index("commodity")["cascade_grade"].astype(bool)
    outputs = instance["recipe_outputs"]
    inputs = instance["recipe_inputs"]
    tonnes = outputs["yield_units_per_tonne"] * tonnes_per_unit(instance, outputs["commodity"])
    graded = inputs.loc[inputs["commodity"].map(is_grade), "recipe"]
    testing = inputs[~inputs["recipe"].isin(graded)]
    fit = is_grade.astype(float)
    while True:
        made = (tonnes * outputs["commodity"].map(fit)).groupby(outputs["recipe"]).sum()
        best = testing["recipe"].map(made).fillna(0.0).groupby(testing["commodity"]).max()
        better = fit.where(is_grade, best.reindex(fit.index).fillna(0.0))
        if better.equals(fit):
            return {str(name): float(share) for name, share in fit.items()}
        fit = better
