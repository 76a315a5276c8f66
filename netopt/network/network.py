"""The network: every shipment and facility that is possible under a policy, as columns.

The network is all that the formulation sees. Tables are DataFrames whose first column is a unique
string id; a decision variable is indexed by that id and a period. Quantities are yearly rates.

**Provenance.** Where a policy asks where a battery retired, arcs and activities of undismantled
commodities exist once per provenance: ``origin`` is the tracked jurisdiction it retired in (""
where that is not tracked, or once dismantled), ``left`` whether it has ever left its province of
origin (False where departures are not tracked). An arc carries ``left_before`` and ``left_after``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.network.scope import Scope
    from netopt.policy.effects import Effects


@dataclass(frozen=True)
class Network:
    """Candidate arcs, facilities and prices of one instance under one policy.

    Attributes
    ----------
    instance, effects
        What the network was made from.
    arcs
        ``arc`` id; ``from_place``, ``to_place``; ``from_kind`` (source, site, vendor, market: a return),
        ``to_kind`` (site, market); ``commodity``; ``mode`` ("" at the gate); ``origin``,
        ``left_before``, ``left_after``; ``distance_km``; ``tonnes_per_unit``;
        ``from_jurisdiction``, ``to_jurisdiction``.
    open_arcs
        bool, index arc id, one column per period: whether the arc may carry flow.
    dropped_arcs
        ``from_place, to_place, commodity, mode, reason``: every arc that could be thought of and
        is not in ``arcs``.
    activities
        A facility running a recipe on one provenance: ``activity`` id; ``site``; ``recipe``;
        ``origin``; ``left``.
    activity_inputs, activity_outputs
        ``activity, commodity, origin, left, units_per_tonne``: units taken in and given out per
        tonne of throughput, with the provenance of the output.
    modules
        A capacity step at a site: ``module`` id; ``site``; ``size`` (``existing`` stands
        already); ``capacity_tonnes_per_year`` (effective); ``minimum_utilisation``;
        ``life_years``; ``stands`` (bool); ``divisible`` (bool): may operate in part, as standing
        capacity that is many plants does, and an expansion (``divisible`` and not ``stands``);
        ``standing_share``: what of it operates before the first period; ``resale_share``: of the capital
        of what is given up of it (NaN: nothing may be).
    may_build
        bool, index module id, one column per period: whether it may be opened or added then.
    may_open
        bool, index module id, one column per period: whether a site may open with it then.
    may_operate
        bool, index module id, one column per period: False where its site must be closed.
    forced_open
        ``site, period``: where a whole module must operate.
    site_counts
        ``rule, bound`` (minimum, maximum), ``n_sites``: how many sites may operate.
    counted_sites
        ``rule, site``: what each of these rules counts.
    assignments
        ``rule, assignment`` id; ``supply``; ``site``: of one rule and supply, one may be chosen.
    stores
        ``store`` id; ``site``; ``commodity``; ``origin``; ``left``; ``capacity_units``.
    supplies
        ``supply`` id; ``source``; ``commodity``; ``jurisdiction``; ``origin``.
    supply_tonnes, leaked_tonnes
        float t/yr, index supply id, one column per period.
    offtakes
        ``offtake`` id; ``market``; ``commodity``; ``category``.
    offtake_limits
        float units/yr (inf: any), index offtake id, one column per period.
    offers
        ``offer`` id; ``vendor``; ``commodity``; ``category``; ``jurisdiction``; ``origin`` ("").
    offer_limits
        float units/yr, index offer id, one column per period.
    returns
        ``return`` id; ``market``; ``commodity`` (returned); ``sold_commodity``; ``origin``.
    return_rates
        ``return, sold_period, period, tonnes_per_unit``: formal tonnes a year that return in
        ``period`` per unit a year sold in ``sold_period``.
    rules
        ``rule`` id; ``lever``; ``share``; ``penalty_cny_per_tonne`` (NaN: hard);
        ``whole`` (measure of the denominator).
    rule_terms
        ``rule, family, index, period, coefficient``: the rule demands
        ``sum(coefficient * variable) + constant + shortfall >= 0`` (t/yr);
        family ``constant`` has index "".
    emissions
        ``family, index, tonnes_co2e_per_unit``: what the formal network emits per unit a year.
    rates
        The prices of everything, see ``netopt.network.rates``.
    period_weights
        Discounted years of each period (yr).
    scope
        Which arcs into sites are listed in ``arcs``; None: all that are possible.
    held
        ``family, index, period, lower, upper``: the range of every decision that is not free (whole
        decisions as 0 or 1); no rows where all are. The formulation makes them bounds of variables, so
        every strategy keeps to them.
    """

    instance: Instance
    effects: Effects
    arcs: pd.DataFrame
    open_arcs: pd.DataFrame
    dropped_arcs: pd.DataFrame
    activities: pd.DataFrame
    activity_inputs: pd.DataFrame
    activity_outputs: pd.DataFrame
    modules: pd.DataFrame
    may_build: pd.DataFrame
    may_open: pd.DataFrame
    may_operate: pd.DataFrame
    forced_open: pd.DataFrame
    site_counts: pd.DataFrame
    counted_sites: pd.DataFrame
    assignments: pd.DataFrame
    stores: pd.DataFrame
    supplies: pd.DataFrame
    supply_tonnes: pd.DataFrame
    leaked_tonnes: pd.DataFrame
    offtakes: pd.DataFrame
    offtake_limits: pd.DataFrame
    offers: pd.DataFrame
    offer_limits: pd.DataFrame
    returns: pd.DataFrame
    return_rates: pd.DataFrame
    rules: pd.DataFrame
    rule_terms: pd.DataFrame
    emissions: pd.DataFrame
    rates: pd.DataFrame
    period_weights: dict[str, float]
    held: pd.DataFrame
    scope: Scope | None = None

    @property
    def periods(self) -> tuple[str, ...]:
        """Ids of the periods in order."""
        return self.instance.periods
