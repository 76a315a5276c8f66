"""What lifting a rule that closes hauls is said to save, against plans without it on the same sites."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from netopt.analysis.explain import explain_plan
from netopt.data.design import Design
from netopt.errors import InfeasibleError
from netopt.pipeline import solve
from netopt.policy.base import Lever
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.whitelist import Whitelist
from netopt.policy.read import make_policy
from netopt.solution.design import decided_in
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from tests.instances_random import random_instance

SETS = (
    ("existing", "modes", "regional_costs", "unserved"),
    ("periods", "second_life", "existing", "modes", "unserved"),
    ("storage", "minimum_utilisation", "existing", "unserved"),
    ("existing", "divisible", "unserved", "modes", "periods"),
)
FAST = (0, 1, 3, 4, 11, 13, 19, 36)
"""Seeds of plans that haul something, under levers that can be kept on their sites."""

CAMPAIGN = range(100, 300)
EXACT = SolveOptions(threads=1, gap=1e-9)


def levers_of(seed: int, free: Solution) -> tuple[Lever, ...]:
    """Return levers that close hauls which a plan under none of them makes."""
    draw = random.Random(f"closings {seed}")  # noqa: S311
    flows = free.answer.flows
    hauls = flows[(flows["mode"] != "") & (flows["distance_km"] > 1.0)].to_dict("records")
    if not hauls:
        pytest.skip("nothing is hauled")
    longest = draw.choice(hauls)
    levers: list[Lever] = [
        MaximumHaul(km=longest["distance_km"] - 1.0, commodities=(longest["commodity"],)),
        Whitelist(
            jurisdiction=draw.choice(free.instance["jurisdictions"]["jurisdiction"].tolist()),
            action="receive",
            facility_types=("hydromet",),
        ),
    ]
    if by_rail := [haul["commodity"] for haul in hauls if haul["mode"] == "rail"]:
        levers.append(HaulageModes(modes=("road",), commodities=(draw.choice(by_rail),)))
    return tuple(levers)


@pytest.mark.parametrize(
    "seed", [*FAST, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in CAMPAIGN)]
)
def test_a_rule_is_listed_if_and_only_if_the_plan_without_it_is_cheaper(seed: int) -> None:
    instance = random_instance(seed, features=SETS[seed % len(SETS)])
    try:
        free = solve(instance, make_policy("none", ()), EXACT)
        levers = levers_of(seed, free)
        design = Design("planned", "0" * 64, decided_in(free.answer.facilities, instance))
        held = replace(EXACT, design=design)
        plan = solve(instance, make_policy("all", levers), held)
    except InfeasibleError:
        pytest.skip("no plan exists")
    explanation = explain_plan(plan, EXACT)
    assert explanation.margins is not None
    assert (explanation.margins.binding["saves_cny_per_unit"] > 0).all()
    said = explanation.margins.lifted.set_index("statement")
    slack = 1e-6 * plan.outcome.gross_cost_cny_per_year
    for lever in levers:
        others = make_policy("others", tuple(other for other in levers if other is not lever))
        without = solve(instance, others, held)
        saving = plan.outcome.upper_bound_cny_per_year - without.outcome.upper_bound_cny_per_year
        rows = said[said.index.str.contains(lever.lever)]
        assert len(rows) == (saving > slack)
        assert float(rows["saves_cny_per_year"].sum()) == pytest.approx(saving, abs=slack)
        most = rows["first_tonne_saves_cny"] * rows["tonnes_per_year"]
        assert float(most.sum()) >= saving - slack
