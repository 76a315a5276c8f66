"""What may be added to a plant that stands, in the town of ``test_second_life_value``.

A collected tonne that is recycled costs 280.1 CNY there whatever the plant; capital and fixed cost of
what is added are zero, so that only what stands and what may be added to it decides.
"""

from __future__ import annotations

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.solution.check import check
from tests.properties.test_second_life_value import END_OF_LIFE, solved, town


def plant(
    supply_tonnes: list[float], added_tonnes: list[float], *, divisible: bool = False, fixed: float = 0.0
) -> Instance:
    """Return the town with nothing but a recycler of 1,000 t and the sizes that may be added to it."""
    given = town(len(supply_tonnes), limit_kwh=0.0)
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    del tables["second_life"]
    tables["supply"]["supply_tonnes_per_year"] = supply_tonnes
    sites = tables["sites"]
    changed = {"existing_divisible": divisible, "existing_fixed_cny_per_year": fixed, "may_build": True}
    tables["sites"] = sites[sites["site"] == "R"].assign(**changed)
    tables["sizes"] = pd.DataFrame(
        [
            {
                "facility_type": "recycler",
                "size": f"size {number}",
                "capacity_tonnes_per_year": tonnes,
                "capital_cny": 0.0,
                "fixed_cny_per_year": 0.0,
                "variable_cny_per_tonne": 0.0,
                "minimum_utilisation": 0.0,
            }
            for number, tonnes in enumerate(added_tonnes)
        ]
    )
    return make_instance(given.settings, tables)


@pytest.mark.parametrize("divisible", [False, True])
def test_several_sizes_may_be_added_to_one_plant_at_once(divisible: bool) -> None:
    plan = solved(plant([2_500.0], [1_000.0, 1_000.0], divisible=divisible))
    assert plan.outcome.upper_bound_cny_per_year == pytest.approx(2_500 * END_OF_LIFE)
    assert plan.answer.facilities["expanded"].sum() == 2


def test_a_site_that_closed_a_part_may_be_added_to() -> None:
    # 990 t, then 1,500 t a year; 1,000 CNY a year for each tonne of capacity that is kept, 510 t added.
    # The share kept never grows: 99 % in both years. Weights 1 and 0.8.
    plan = solved(plant([990.0, 1_500.0], [510.0], divisible=True, fixed=1e6))
    tonnes = (990 + 0.8 * 1_500) / 1.8
    assert plan.outcome.upper_bound_cny_per_year == pytest.approx(tonnes * END_OF_LIFE + 990_000)
    # Added in the second year or in the first, as both cost nothing: either is a plan.
    facilities = plan.answer.facilities.copy()
    added = facilities["size"] == "size 0"
    for period, expanded in (("2025", False), ("2026", True)):
        rows = added & (facilities["period"] == period)
        facilities.loc[rows, ["expanded", "operating"]] = expanded
        facilities.loc[rows, "capacity_tonnes_per_year"] = 510.0 * expanded
        facilities.loc[rows, "load_tonnes_per_year"] = 510.0 * expanded
        existing = ~added & (facilities["period"] == period)
        facilities.loc[existing, "load_tonnes_per_year"] = 990.0
    later = type(plan.answer)(**{**plan.answer.tables(), "facilities": facilities})
    assert check(plan.instance, plan.policy, later, plan.ledger, formal_share=1.0).violations == ()


def test_nothing_is_added_where_nothing_operated() -> None:
    plan = solved(plant([500.0, 500.0], [1_000.0], fixed=1e6))
    # What stands is closed at once and replaced; in the second year it would be too late for that.
    facilities = plan.answer.facilities.copy()
    assert facilities.loc[facilities["size"] == "existing", "closed"].tolist() == [True, False]
    first = (facilities["size"] == "size 0") & (facilities["period"] == "2025")
    second = (facilities["size"] == "size 0") & (facilities["period"] == "2026")
    facilities.loc[first, ["expanded", "operating"]] = False
    facilities.loc[first, ["capacity_tonnes_per_year", "load_tonnes_per_year"]] = 0.0
    facilities.loc[second, "expanded"] = True
    late = type(plan.answer)(**{**plan.answer.tables(), "facilities": facilities})
    verdict = check(plan.instance, plan.policy, late, None, formal_share=1.0)
    assert "expansion" in verdict.tags()
