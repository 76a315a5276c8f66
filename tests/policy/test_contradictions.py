"""Controls that contradict each other or the tables: refused with the sites and numbers at fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.errors import PolicyError
from netopt.policy.base import Lever
from netopt.policy.compose import compose
from netopt.policy.contradictions import idle_levers
from netopt.policy.effects import ForceSite
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.levers.site_count import SiteCount
from netopt.policy.read import make_policy
from tests.policy.test_control_oracles import TWO


def instance_of(*, may_build: bool = True) -> Instance:
    """Return TWO with nothing at RA, which may be built or not."""
    given = replace(TWO, sites=(replace(TWO.sites[0], candidate=True), TWO.sites[1])).instance()
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    tables["sites"]["may_build"] = may_build
    return make_instance(given.settings, tables)


RECYCLERS = ("recycler",)
REFUSED: dict[str, tuple[tuple[Lever, ...], bool, str]] = {
    "open where nothing stands or may be built": (
        (SiteChoice(open=("RA",)),),
        False,
        "RA is to be open, but nothing stands there and nothing may be built",
    ),
    "more than there are": (
        (SiteCount(minimum=3, facility_types=RECYCLERS),),
        True,
        "site_count[recycler: at least 3]: only 2 such sites could operate in 2024",
    ),
    "more than could be": (
        (SiteCount(minimum=2, facility_types=RECYCLERS),),
        False,
        "only 1 such sites could operate in 2024",
    ),
    "more than are not closed": (
        (SiteCount(minimum=2, facility_types=RECYCLERS), SiteChoice(closed=("RB",))),
        True,
        "only 1 such sites could operate in 2024",
    ),
    "one in a jurisdiction that has none": (
        (SiteCount(minimum=1, facility_types=RECYCLERS, jurisdictions=("A",)), SiteChoice(closed=("RA",))),
        True,
        "site_count[recycler in A: at least 1]: only 0 such sites could operate in 2024",
    ),
    "open beyond the number": (
        (SiteCount(maximum=1, facility_types=RECYCLERS), SiteChoice(open=("RA", "RB"))),
        True,
        "site_count[recycler: at most 1]: 2 such sites are to be open in 2024: RA, RB",
    ),
    "open and closed": (
        (SiteChoice(open=("RA",)), SiteChoice(closed=("RA",), from_year=2024)),
        True,
        "RA is to be open and closed at once in 2024",
    ),
}
MEANT: dict[str, tuple[Lever, ...]] = {
    "as many as there are": (SiteCount(minimum=2, facility_types=RECYCLERS),),
    "open up to the number": (SiteCount(maximum=1), SiteChoice(open=("RA",))),
    "closed in other years": (
        SiteCount(minimum=2, facility_types=RECYCLERS),
        SiteChoice(closed=("RB",), until_year=2024),
    ),
    "open and closed in other years": (
        SiteChoice(open=("RA",)),
        SiteChoice(closed=("RA",), until_year=2024),
    ),
}


@pytest.mark.parametrize(("levers", "may_build", "said"), REFUSED.values(), ids=REFUSED)
def test_what_no_plan_could_keep_is_refused(levers: tuple[Lever, ...], may_build: bool, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        compose(make_policy("asked", levers), instance_of(may_build=may_build))
    (problem,) = refused.value.problems
    assert problem.rule == "contradictory_levers"
    assert problem.hint
    assert said in problem.message


@pytest.mark.parametrize("levers", MEANT.values(), ids=MEANT)
def test_what_a_plan_could_keep_is_not(levers: tuple[Lever, ...]) -> None:
    effects = compose(make_policy("asked", levers), instance_of())
    assert effects.site_counts or effects.forced_sites


def test_a_rule_that_holds_in_no_period_is_told() -> None:
    never = ForceSite("site_choice", "RA", "open", from_year=2030)
    ever = ForceSite("site_choice", "RA", "open", from_year=2020)
    (told,) = idle_levers([never, ever], instance_of())
    assert told.startswith("site_choice (RA open) holds in no period")
    assert told.endswith("they start in 2024")
