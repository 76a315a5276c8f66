"""A rule more never makes the plan cheaper: the proven bound without it is at most the cost with it."""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.errors import InfeasibleError, PolicyError
from netopt.network.build import build_network
from netopt.pipeline import solve
from netopt.policy.base import LEVERS, Direction, Lever
from netopt.policy.effects import Effects
from netopt.policy.levers.cascade_target import CascadeTarget
from netopt.policy.levers.classification import Classification
from netopt.policy.levers.emission_cap import EmissionCap
from netopt.policy.levers.epr_obligation import EprObligation
from netopt.policy.levers.facility_cap import FacilityCap
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.import_export import ImportExport
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.levers.local_content import LocalContent
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.platform import Platform
from netopt.policy.levers.recovery_floor import RecoveryFloor
from netopt.policy.levers.single_sourcing import SingleSourcing
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.levers.site_count import SiteCount
from netopt.policy.levers.transfer_ban import TransferBan
from netopt.policy.levers.transfer_delay import TransferDelay
from netopt.policy.levers.whitelist import Whitelist
from netopt.policy.read import make_policy
from netopt.resources import shipped
from netopt.solution.check import check_same_supply
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from tests.instances_random import random_instance, with_tables

SETS = (
    ("periods", "second_life"),
    ("existing", "divisible", "regional_costs"),
    ("several_inputs", "transit"),
    ("unserved", "modes", "transfers"),
)
FAST = ("toy", "4", "6", "7")
CAMPAIGN = tuple(map(str, range(2000, 2040)))
FAST_SETS = ("toy", "8", "9", "10", "11")
CAMPAIGN_SETS = tuple(map(str, range(3000, 3300)))
OPTIONS = SolveOptions(gap=1e-7, time_limit_s=60.0, threads=1)

over_instances = pytest.mark.parametrize(
    "name", [*FAST, *(pytest.param(name, marks=pytest.mark.campaign) for name in CAMPAIGN)]
)


@cache
def instance_of(name: str) -> Instance:
    if name == "toy":
        return with_imports(read_instance(shipped("instances") / "toy"))
    return with_imports(random_instance(int(name), features=SETS[int(name) % len(SETS)]))


def with_imports(instance: Instance) -> Instance:
    """Return the instance where black mass can be bought from abroad at the first place, for little."""
    place = str(instance["locations"]["location"].iloc[0])
    vendors = pd.DataFrame({"vendor": ["port"], "name": ["Port"], "location": [place]})
    offer = ("port", "black_mass", "", "imports", 50.0, 800.0)
    offers = pd.DataFrame([offer], columns=instance["offers"].columns)
    return with_tables(instance, vendors=vendors, offers=offers)


def base(instance: Instance) -> tuple[Lever, ...]:
    return (Classification(goods_class="class9"), TransferDelay(days=5, holding_cny_per_tonne_day=4.0))


def longest_km(instance: Instance) -> float:
    """Return the length of the longest haul of the network without a policy."""
    return float(build_network(instance, Effects()).arcs["distance_km"].max())


def restricting(instance: Instance) -> dict[str, Lever]:
    """Return every restricting lever, set so that it binds wherever it can."""
    homes = sorted(instance["jurisdictions"]["jurisdiction"])
    return {
        "in_province_processing": InProvinceProcessing(jurisdictions=(homes[0],)),
        "cascade_target": CascadeTarget(
            share=0.5, denominator="retired", hard=False, penalty_cny_per_tonne=2000.0
        ),
        "whitelist": Whitelist(jurisdiction=homes[0], action="both"),
        "maximum_haul": MaximumHaul(km=longest_km(instance) * 0.9),
        "site_count": SiteCount(minimum=2, facility_types=("dismantler",)),
        "single_sourcing": SingleSourcing(),
        "site_choice": SiteChoice(
            open=(min(instance["sites"]["site"]),), closed=(max(instance["sites"]["site"]),)
        ),
        "haulage_modes": HaulageModes(modes=("road",)),
        "transfer_ban": TransferBan(to_jurisdictions=(homes[0],)),
        "local_content": LocalContent(
            jurisdictions=(homes[-1],), share=0.9, hard=False, penalty_cny_per_tonne=900.0
        ),
        "facility_cap": FacilityCap(
            tonnes_per_year=500.0, facility_types=("hub",), hard=False, penalty_cny_per_tonne=700.0
        ),
        "emission_cap": EmissionCap(tonnes_co2e_per_year=50.0, hard=False, penalty_cny_per_tonne=800.0),
        "recovery_floor": RecoveryFloor(
            metal="Ni", share=0.9, facility_types=("hydromet",), hard=False, penalty_cny_per_tonne=5_000.0
        ),
        "import_export": ImportExport(trade="imports", tonnes_per_year=100.0),
        "epr_obligation": EprObligation(share=0.9, hard=False, penalty_cny_per_tonne=600.0),
    }


def priced(instance: Instance) -> dict[str, Lever]:
    """Return levers that charge for what the plan does anyway."""
    return {
        "platform": Platform(jurisdictions=("national",), cny_per_year=50_000.0),
        "dearer delay": TransferDelay(days=45, holding_cny_per_tonne_day=4.0),
        "second regime": Classification(goods_class="class9", dual_regulation_cny_per_tonne=300.0),
    }


_KNOWN: dict[tuple[str, str], Solution | None] = {}


def solved(name: str, *levers: Lever) -> Solution | None:
    """Return the plan with its proof; None where no plan exists, or controls contradict the tables."""
    policy = make_policy("property", levers)
    key = (name, policy.digest)
    if key not in _KNOWN:
        try:
            _KNOWN[key] = solve(instance_of(name), policy, OPTIONS)
        except InfeasibleError:
            _KNOWN[key] = None
        except PolicyError as refused:
            if {problem.rule for problem in refused.problems} != {"contradictory_levers"}:
                raise
            _KNOWN[key] = None
    return _KNOWN[key]


def assert_no_cheaper(relaxed: Solution | None, restricted: Solution | None) -> None:
    if restricted is None:
        return
    assert relaxed is not None, "a plan under the rule is a plan without it"
    assert (
        relaxed.outcome.lower_bound_cny_per_year
        <= restricted.outcome.upper_bound_cny_per_year + 1e-6 * relaxed.outcome.gross_cost_cny_per_year
    )
    assert relaxed.formal_share == restricted.formal_share
    assert check_same_supply({"relaxed": relaxed.answer, "restricted": restricted.answer}) == []


def test_every_restricting_lever_is_among_them() -> None:
    names = {name for name, lever in LEVERS.items() if lever.direction is Direction.RESTRICTS}
    assert names == set(restricting(instance_of("toy")))


@over_instances
@pytest.mark.parametrize("lever", sorted(restricting(instance_of("toy"))))
def test_a_rule_more_is_never_cheaper(name: str, lever: str) -> None:
    instance = instance_of(name)
    rules = base(instance)
    assert_no_cheaper(solved(name, *rules), solved(name, *rules, restricting(instance)[lever]))


@pytest.mark.parametrize(
    "name",
    [*FAST_SETS, *(pytest.param(name, marks=pytest.mark.campaign) for name in CAMPAIGN_SETS)],
)
def test_each_rule_of_a_growing_set_only_adds_cost(name: str) -> None:
    """Random sets of levers: the same supply, a ledger that the checker accepts, and no cheaper plan."""
    draw = random.Random(f"sets {name}")  # noqa: S311
    possible = restricting(instance_of(name))
    chosen = [possible[lever] for lever in draw.sample(sorted(possible), draw.randint(2, 5))]
    rules = base(instance_of(name))
    plans = [solved(name, *rules, *chosen[:count]) for count in range(len(chosen) + 1)]
    for relaxed, restricted in pairwise(plans):
        assert_no_cheaper(relaxed, restricted)
    for plan in plans:
        assert plan is None or plan.verdict.ok


@over_instances
def test_a_tighter_rule_is_never_cheaper(name: str) -> None:
    home = min(instance_of(name)["jurisdictions"]["jurisdiction"])
    shares = [InProvinceProcessing(jurisdictions=(home,), share=share) for share in (0.3, 0.7, 1.0)]
    plans = [solved(name, *base(instance_of(name)), lever) for lever in shares]
    for relaxed, restricted in pairwise(plans):
        assert_no_cheaper(relaxed, restricted)


@over_instances
def test_a_shorter_haul_is_never_cheaper(name: str) -> None:
    instance = instance_of(name)
    hauls = [MaximumHaul(km=longest_km(instance) * part) for part in (1.0, 0.8, 0.5)]
    plans = [solved(name, *base(instance), lever) for lever in hauls]
    for relaxed, restricted in pairwise(plans):
        assert_no_cheaper(relaxed, restricted)


@over_instances
def test_more_or_fewer_sites_are_never_cheaper(name: str) -> None:
    for counts in (
        [SiteCount(minimum=number, facility_types=("dismantler",)) for number in (0, 1, 2)],
        [SiteCount(maximum=number) for number in (9, 4, 3)],
    ):
        plans = [solved(name, *base(instance_of(name)), lever) for lever in counts]
        for relaxed, restricted in pairwise(plans):
            assert_no_cheaper(relaxed, restricted)


@over_instances
@pytest.mark.parametrize("lever", ["platform", "dearer delay", "second regime"])
def test_a_charge_more_is_never_cheaper(name: str, lever: str) -> None:
    instance = instance_of(name)
    dearer = priced(instance)[lever]
    others = tuple(given for given in base(instance) if type(given) is not type(dearer))
    assert_no_cheaper(solved(name, *base(instance)), solved(name, *others, dearer))


def test_the_fast_instances_have_plans_and_rules_that_bind() -> None:
    rises = []
    for name in FAST:
        instance = instance_of(name)
        free = solved(name, *base(instance))
        assert free is not None
        for lever in restricting(instance).values():
            bound = solved(name, *base(instance), lever)
            if bound is not None:
                low, high = free.outcome.upper_bound_cny_per_year, bound.outcome.lower_bound_cny_per_year
                rises.append(high > low + 1.0)
    assert sum(rises) >= 5


def test_plans_for_other_batteries_are_told_apart() -> None:
    toy, rules = instance_of("toy"), base(instance_of("toy"))
    half = solved("toy", *rules)
    assert half is not None
    every = solve(toy.with_formal_share(1.0), make_policy("property", rules), OPTIONS)
    tags = {violation.tag for violation in check_same_supply({"half": half.answer, "every": every.answer})}
    assert tags == {"same_formal_share"}
