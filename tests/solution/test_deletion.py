"""What each equation is for: deleted from the model, its twin in the checker rejects the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.formulation import compile as compile_module
from netopt.formulation.build import EQUATIONS, STRENGTHENING, state_model
from netopt.formulation.compile import compile_model
from netopt.formulation.extract import answer, decisions
from netopt.formulation.model import Model
from netopt.network.build import build_network
from netopt.policy.effects import CountSites, Effects, ForceSite, SingleSource
from netopt.solution.check import Verdict, judge
from netopt.solution.checking.facts import Facts
from netopt.solution.ledger import build_ledger
from netopt.solution.options import SolveOptions
from netopt.strategies.direct import Found, solve_direct
from tests.instances_random import random_effects, random_instance

OPTIONS = SolveOptions(gap=1e-7, time_limit_s=60.0, threads=1)
DEAR_CNY_PER_TONNE = 1e5


@dataclass(frozen=True)
class Case:
    """A random instance in which an equation binds.

    ``most_sold`` limits what markets take of some commodities (units a year). With
    ``may_stay_unserved`` batteries may, at a price that nobody pays without need.
    """

    seed: int
    features: tuple[str, ...] = ()
    has_rules: bool = False
    most_sold: tuple[tuple[str, float], ...] = ()
    may_stay_unserved: bool = False
    controls: Effects | None = None

    def instance(self) -> Instance:
        instance = random_instance(self.seed, features=self.features)
        offtake = instance["offtake"].copy()
        for commodity, limit in self.most_sold:
            offtake.loc[offtake["commodity"] == commodity, "limit_units_per_year"] = limit
        if not self.may_stay_unserved:
            return make_instance(instance.settings, {**instance.tables, "offtake": offtake})
        prices = instance.settings.prices.model_copy(update={"unserved_cny_per_tonne": DEAR_CNY_PER_TONNE})
        settings = instance.settings.model_copy(update={"prices": prices})
        return make_instance(settings, {**instance.tables, "offtake": offtake})

    def effects(self, instance: Instance) -> Effects:
        return random_effects(self.seed, instance) if self.has_rules else self.controls or Effects()


EVERYTHING = tuple((name, 200.0) for name in ("black_mass", "casing", "metal", "second_life_kwh"))

SITES = sorted(random_instance(0, features=())["sites"]["site"])
EVERY_SITE = tuple(ForceSite("site_choice", site, "open") for site in SITES)

CASES = {
    "supply_balance": Case(0),
    "leakage": Case(0),
    "return_balance": Case(1, ("periods", "second_life")),
    "facility_balance": Case(0),
    "conversion": Case(0, most_sold=EVERYTHING, may_stay_unserved=True),
    "storage_balance": Case(0, ("storage",), may_stay_unserved=True),
    "storage_limit": Case(0, ("storage",), may_stay_unserved=True),
    "module_load": Case(0),
    "capacity_limit": Case(0),
    "minimum_throughput": Case(1, ("minimum_utilisation",)),
    "open_once": Case(1, ("periods",)),
    "expansion": Case(1, ("periods",)),
    "stay_open": Case(1, ("periods",)),
    "replacement": Case(1, ("periods",)),
    "market_limit": Case(0, most_sold=(("black_mass", 5.0), ("metal", 5.0)), may_stay_unserved=True),
    "disposal_limit": Case(0, most_sold=(("casing", 5.0),), may_stay_unserved=True),
    "offer_limit": Case(6, ("vendors",)),
    "emission_cap": Case(0, ("emission_cap",), may_stay_unserved=True),
    "share_rule": Case(0, has_rules=True),
    "site_count": Case(0, controls=Effects(site_counts=(CountSites("site_count", len(SITES)),))),
    "single_sourcing": Case(7, controls=Effects(single_sources=(SingleSource("single_sourcing"),))),
    "forced_open": Case(0, controls=Effects(forced_sites=EVERY_SITE)),
}


def solved(
    case: Case, without: frozenset[str] = frozenset(), *, options: SolveOptions = OPTIONS
) -> tuple[Found, Verdict]:
    """Solve a case, perhaps without some equations, and let the checker judge the plan."""
    instance = case.instance()
    effects = case.effects(instance)
    network = build_network(instance, effects)
    found = solve_direct(network, Perspective.SOCIAL, options, without=without)
    return found, judge(facts_of(instance, effects), answer(network, found.decisions), found.ledger)


def facts_of(instance: Instance, effects: Effects) -> Facts:
    share = instance.settings.leakage.formal_share
    return Facts.of(instance, Perspective.SOCIAL, effects, share)


def test_every_equation_has_its_case() -> None:
    assert CASES.keys() | {"closing"} == EQUATIONS.keys() - STRENGTHENING


@pytest.mark.parametrize("tag", list(CASES))
def test_deleting_an_equation_is_noticed(tag: str) -> None:
    found, whole = solved(CASES[tag])
    assert [str(violation) for violation in whole.violations] == []
    lacking, verdict = solved(CASES[tag], frozenset({tag}))
    assert tag in verdict.tags()
    slack = 1e-6 * found.outcome.gross_cost_cny_per_year
    assert lacking.outcome.lower_bound_cny_per_year <= found.outcome.upper_bound_cny_per_year + slack


def test_deleting_closing_is_noticed() -> None:
    """Closing what was just bought never pays: the plan is made to, which only this row forbids."""
    instance = Case(1, ("periods",), may_stay_unserved=True).instance()
    network = build_network(instance, Effects())
    module = network.modules.loc[~network.modules["stands"], "module"].iloc[0]
    for without, status in (
        (frozenset[str](), BackendStatus.INFEASIBLE),
        (frozenset({"closing"}), BackendStatus.OPTIMAL),
    ):
        model = state_model(network, Perspective.SOCIAL, without=without)
        for family in ("opened", "closed"):
            set_least(model, family, module, instance.periods[0], 1.0)
        form = compile_model(model)
        result = highs.solve_form(form, {"threads": 1, "random_seed": 0})
        assert result.status is status
    assert result.point is not None
    made = decisions(network, form, result.point)
    verdict = judge(facts_of(instance, Effects()), answer(network, made), build_ledger(network, made))
    assert verdict.tags() == {"closing"}


def set_least(model: Model, family: str, key: str, period: str, least: float) -> None:
    """Let a decision be no less than an amount."""
    own = model[family]
    own.lower[own.ids.get_loc(key), own.periods.get_loc(period)] = least


def lifted(model: Model, what: str) -> None:
    """Take one row that shares its tag with another, or the bounds of one kind, out of a model."""
    model.rows = [rows for rows in model.rows if rows.tag != what]
    families = {"open arcs": ["flow"], "may build": ["opened", "expanded"], "unserved": ["unserved"]}
    for family in families.get(what, []):
        model[family].upper[:] = 1.0 if what == "may build" else np.inf


LIFTED = {
    "build_once": (Case(2, ("periods", "existing"), has_rules=True), "open_once"),
    "open arcs": (Case(37, ("periods", "existing"), has_rules=True), "operator_rule"),
    "may build": (Case(7, ("existing",), has_rules=True), "operator_rule"),
    "unserved": (Case(0, has_rules=True), "supply_balance"),
}


@pytest.mark.parametrize("what", list(LIFTED))
def test_lifting_a_half_of_an_equation_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case, tag = LIFTED[what]
    _, whole = solved(case)
    assert whole.violations == ()

    def build(*args: Any, **kwargs: Any) -> Model:
        model = state_model(*args, **kwargs)
        lifted(model, what)
        return model

    monkeypatch.setattr(compile_module, "state_model", build)
    _, lacking = solved(case)
    assert lacking.tags() == {tag}


def test_lifting_the_room_of_a_store_is_noticed() -> None:
    """Two capacity steps in operation do not make room for twice as much: the plan is made to think so."""
    given = Case(0, ("storage", "existing")).instance()
    storage = given["storage"].assign(capacity_units=1.0)
    instance = make_instance(given.settings, {**given.tables, "storage": storage})
    network = build_network(instance, Effects())
    sizes = network.modules.groupby("site")["module"].count()
    stores = network.stores[network.stores["site"].map(sizes) > 1]
    for without, status in ((False, BackendStatus.INFEASIBLE), (True, BackendStatus.OPTIMAL)):
        model = state_model(network, Perspective.SOCIAL)
        set_least(model, "stored", stores["store"].iloc[0], instance.periods[0], 1.5)
        if without:
            lifted(model, "storage_room")
        form = compile_model(model)
        result = highs.solve_form(form, {"threads": 1, "random_seed": 0})
        assert result.status is status
    assert result.point is not None
    made = decisions(network, form, result.point)
    verdict = judge(facts_of(instance, Effects()), answer(network, made), build_ledger(network, made))
    assert verdict.tags() == {"storage_limit"}


@pytest.mark.parametrize("tag", sorted(STRENGTHENING))
@pytest.mark.parametrize("case", [CASES["stay_open"], CASES["storage_limit"], CASES["share_rule"]])
def test_strengthening_leaves_the_optimum(tag: str, case: Case) -> None:
    found, _ = solved(case)
    loose, verdict = solved(case, frozenset({tag}))
    assert verdict.ok
    assert loose.outcome.upper_bound_cny_per_year == pytest.approx(
        found.outcome.upper_bound_cny_per_year, abs=1e-6 * found.outcome.gross_cost_cny_per_year
    )
