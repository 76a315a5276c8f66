"""RELOG files of both generations: what they become, what is refused and why, and a second opinion."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import netopt
from netopt.analysis.explain import explain
from netopt.data.formats.relog import read
from netopt.data.formats.relog_distance import chord_km
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.data.write import write_instance
from netopt.errors import InfeasibleError, InstanceError, UsageError
from netopt.policy.base import Policy
from netopt.policy.read import make_policy, read_policy
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from tests.bench import bench_file
from tests.data.relog_model import relog_total
from tests.data.relog_random import random_file

Json = Any
OWN = Path(__file__).with_name("relog")
NO_LEVERS = make_policy("relog", [])
EXACT = SolveOptions(gap=0.0, threads=1)


def instance_of(path: Path) -> Instance:
    foreign = read(path)
    return make_instance(foreign.settings, foreign.tables)


def solved(path: Path) -> Solution:
    plan = netopt.solve(instance_of(path), NO_LEVERS, EXACT)
    assert plan.verdict.ok
    assert plan.outcome.gap <= 1e-9
    return plan


def total_of(plan: Solution) -> float:
    """Return RELOG's objective: the cost of all years."""
    return plan.outcome.upper_bound_cny_per_year * len(plan.instance.periods)


def written(folder: Path, document: Json) -> Path:
    path = folder / "case.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def own(name: str) -> Json:
    return json.loads((OWN / f"{name}.json").read_text("utf-8"))


# --- worked by hand -------------------------------------------------------------------------


def test_the_old_format_as_worked_by_hand() -> None:
    # 10 t are disposed of at the town (1 each, and their acquisition is not paid). Of 90 and 60 t, 15 t
    # are kept a year, so that 75 t of capacity do: one tonne less of it saves 11, keeping costs 1 + 2.
    # The harbour is a chord of 60 degrees away, which is the earth's radius: 6,378.137 km.
    opening, fixed = 400 + 35 * 10, 2 * (20 + 35 * 0.5)
    processing, kept, glass = 75 * 3 + 75 * 5, 15, 0.8 * 150 * 2
    acquired, disposed, hauled = 4 * 150, 10, 150 * 6.378137
    total = opening + fixed + processing + kept + glass + acquired + disposed + hauled
    plan = solved(OWN / "panels.json")
    assert total_of(plan) == pytest.approx(total, rel=1e-9)
    built = plan.answer.facilities
    more = built[(built["size"] == "more") & (built["period"] == "year-1")]
    assert more["capacity_tonnes_per_year"].tolist() == pytest.approx([35.0], abs=1e-5)
    by_category = plan.ledger.groupby("category")["cny_per_year"].sum()
    assert by_category["capital"] == pytest.approx(opening)
    assert by_category["storage"] == pytest.approx(kept)
    assert by_category["haulage"] == pytest.approx(hauled)


def test_the_new_format_as_worked_by_hand() -> None:
    # All 50 t become 45 t of bottles, sold at 30. Of the 20 t that stand above the least size, 10 are given
    # up for 5 each. Half the bottles come back a year later: 10 t are washed, 12.5 t disposed of at 4.
    sold = 2 * (50 * 2 + 50 * 1 - 45 * 30)
    blow = 2 * (20 + 10 * 0.5) - 10 * 5
    emitted = 50 * 0.1 * (10 + 20)
    washed = 6 + 1 + 10 * (1 + 2) - 8 * 3 + 12.5 * 4
    plan = solved(OWN / "bottles.json")
    assert total_of(plan) == pytest.approx(sold + blow + emitted + washed + 2 * 10, rel=1e-9)
    flows = plan.answer.flows
    washed_tonnes = flows.loc[flows["to_place"] == "wash", "flow_units_per_year"].sum()
    assert washed_tonnes == pytest.approx(10.0)


@pytest.mark.parametrize("name", ["panels", "bottles"])
def test_a_case_is_an_instance_like_any_other(name: str, tmp_path: Path) -> None:
    foreign = read(OWN / f"{name}.json")
    instance = make_instance(foreign.settings, foreign.tables)
    write_instance(instance, tmp_path / name)
    policies = tmp_path / name / "policies"
    policies.mkdir()
    for file, text in foreign.policies.items():
        (policies / file).write_text(text, "utf-8")
    again = read_instance(tmp_path / name)
    assert again.digest == instance.digest
    policy: Policy = read_policy("relog", again)
    assert not policy.levers
    assert any("total over 2 years" in note for note in foreign.notes)


# --- a second opinion -----------------------------------------------------------------------


def compare(seed: int, folder: Path) -> None:
    document = random_file(seed)
    path = written(folder, document)
    expected = relog_total(document)
    if expected is None:
        with pytest.raises(InfeasibleError):
            solved(path)
        return
    assert total_of(solved(path)) == pytest.approx(expected, rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("seed", [0, 1, 6, 9, 10, 13])
def test_random_files_cost_what_relogs_own_model_says(seed: int, tmp_path: Path) -> None:
    compare(seed, tmp_path)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_random_files_cost_what_relogs_own_model_says(seed: int, tmp_path: Path) -> None:
    compare(seed, tmp_path)


@pytest.mark.parametrize(("name", "total"), [("panels", 3246.72055), ("bottles", -2167.0)])
def test_the_second_opinion_agrees_with_the_hand(name: str, total: float) -> None:
    assert relog_total(own(name)) == pytest.approx(total, rel=1e-9)


# --- known values ---------------------------------------------------------------------------


def test_storage_costs_what_is_known() -> None:
    plan = solved(bench_file("relog", "storage.json"))
    assert total_of(plan) == pytest.approx(775.0, rel=1e-6)
    by_year = plan.ledger.groupby("period")["cny_per_year"].sum()
    assert by_year.to_dict() == pytest.approx({"year-1": 600.0, "year-2": 75.0, "year-3": 100.0})
    runs = plan.answer.throughput.set_index("period")["throughput_tonnes_per_year"]
    assert runs.to_dict() == pytest.approx({"year-1": 50.0, "year-3": 50.0})
    kept = plan.answer.stored.set_index("period")["stored_units"]
    assert kept.to_dict() == pytest.approx({"year-1": 50.0, "year-2": 50.0})


def test_s1_costs_what_is_known() -> None:
    plan = solved(bench_file("relog", "s1_v052.json"))
    assert total_of(plan) == pytest.approx(1_871_179.01473234, rel=1e-9)
    runs = plan.answer.throughput
    first = runs[runs["period"] == "year-1"].set_index("site")["throughput_tonnes_per_year"]
    known = {
        "L1 (F1)": 1000.0,
        "L2 (F1)": 3738.64,
        "L4 (F2)": 946.728,
        "L5 (F3)": 757.3824,
        "L6 (F4)": 2415.656,
    }
    assert first.to_dict() == pytest.approx(known)


def simple() -> Json:
    return json.loads(bench_file("relog", "simple_v08.json").read_text("utf-8"))


def lift(document: Json, *products: str) -> Json:
    for product in products:
        document["products"][product]["disposal limit (tonne)"] = None
    document["centers"]["C1"]["disposal limit (tonne)"]["P2"] = None
    return document


@pytest.mark.parametrize(
    ("lifted", "total"), [(("P2", "P3"), 189_219.47082), (("P1", "P2", "P3"), 2_802.0)]
)
def test_simple_costs_what_is_known_where_limits_are_lifted(
    lifted: tuple[str, ...], total: float, tmp_path: Path
) -> None:
    plan = solved(written(tmp_path, lift(simple(), *lifted)))
    assert total_of(plan) == pytest.approx(total, rel=1e-6)


def test_simple_is_explained_as_infeasible() -> None:
    words = explain(instance_of(bench_file("relog", "simple_v08.json")), NO_LEVERS, EXACT).to_text()
    assert "simple-v08 under relog: no plan exists" in words
    assert "at most 0 t a year of P2 disposed of at C1 is taken" in words
    assert "at most 5 t a year of P3 disposed of is taken" in words
    assert "year-1: 100 t a year over the limit at C1: disposal of P2" in words


# --- distances ------------------------------------------------------------------------------


def test_distances_are_straight_through_the_ellipsoid() -> None:
    assert chord_km((41.866, -87.656), (39.764, -86.148)) == 265.818
    assert chord_km((0.0, 0.0), (0.0, 180.0)) == pytest.approx(2 * 6378.137)
    assert chord_km((90.0, 12.0), (-90.0, 0.0)) == pytest.approx(2 * 6356.752, abs=1e-3)
    # Beyond the pole on one side is on this side of it on the other.
    assert chord_km((100.0, 100.0), (50.0, 50.0)) == chord_km((80.0, -80.0), (50.0, 50.0))


# --- what is refused ------------------------------------------------------------------------


def at(document: Json, *keys: str | int) -> Json:
    for key in keys:
        document = document[key]
    return document


def setting(*keys: str | int, to: object) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        at(document, *keys[:-1])[keys[-1]] = to

    return change


def without(*keys: str | int) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        del at(document, *keys[:-1])[keys[-1]]

    return change


HARBOUR = ("plants", "shredder", "locations", "harbour")
HARBOUR_PATH = " > ".join(HARBOUR)
REFUSED: list[tuple[str, Callable[[Json], None], str, str]] = [
    ("panels", setting("parameters", "time horizon (years)", to=2.5), "time horizon", "whole number"),
    ("panels", setting("parameters", "horizon", to=2), "parameters > horizon", "no such field"),
    ("panels", without("parameters", "time horizon (years)"), "time horizon (years)", "missing"),
    ("panels", setting("parameters", "distance metric", to="driving"), "distance metric", "driving dist"),
    (
        "panels",
        setting("parameters", "building period (years)", to=[3]),
        "building period (years)[1]",
        "1 to 2",
    ),
    ("panels", setting("prodcuts", to={}), "prodcuts", "did you mean 'products'"),
    ("panels", without("plants"), "plants", "missing"),
    (
        "panels",
        setting("products", "panels", "transportation cost ($/km/tonne)", to=[1.0]),
        "products > panels > transportation cost ($/km/tonne)",
        "1 values for a horizon of 2 years",
    ),
    (
        "panels",
        setting("products", "panels", "transportation cost ($/km/tonne)", to=-1),
        "products > panels > transportation cost ($/km/tonne)",
        "-1 is below the least permitted value, 0",
    ),
    (
        "panels",
        setting("products", "panels", "initial amounts", "town", "amount (tonne)", to=[1, "many"]),
        "products > panels > initial amounts > town > amount (tonne)[2]",
        "many is not a number",
    ),
    (
        "panels",
        setting("products", "panels", "initial amounts", "town", "amount (tonne)", to=[1, True]),
        "town > amount (tonne)[2]",
        "not a number",
    ),
    (
        "panels",
        setting("products", "panels", "initial amounts", "town", "location", to="us-state:IL"),
        "products > panels > initial amounts > town > location",
        "named places",
    ),
    ("panels", without(*HARBOUR, "latitude (deg)"), f"{HARBOUR_PATH} > latitude (deg)", "no distance"),
    ("panels", setting(*HARBOUR, "longitude (deg)", to=999), f"{HARBOUR_PATH} > longitude (deg)", "circle"),
    (
        "panels",
        setting("plants", "shredder", "input", to="panel"),
        "plants > shredder > input",
        "did you mean",
    ),
    (
        "panels",
        setting("plants", "shredder", "outputs (tonne/tonne)", "glass", to=1.2),
        "plants > shredder > outputs (tonne/tonne)",
        "no process makes mass",
    ),
    (
        "panels",
        setting("plants", "shredder", "outputs (tonne/tonne)", "panels", to=0.1),
        "outputs (tonne/tonne) > panels",
        "panels -> panels",
    ),
    ("panels", setting(*HARBOUR, "initial capacity (tonne)", to=500), "initial capacity (tonne)", "120 t"),
    (
        "panels",
        without(*HARBOUR, "capacities (tonne)", "40", "opening cost ($)"),
        "40 > opening cost",
        "missing",
    ),
    (
        "panels",
        setting(*HARBOUR, "capacities (tonne)", "many", to={}),
        f"{HARBOUR_PATH} > capacities (tonne) > many",
        "not a number",
    ),
    (
        "panels",
        setting(*HARBOUR, "capacities (tonne)", "120", "opening cost ($)", to=[100, 100]),
        "capacities (tonne) > 120 > opening cost ($)",
        "the larger size costs less",
    ),
    (
        "panels",
        setting(*HARBOUR, "capacities (tonne)", "120", "variable operating cost ($/tonne)", to=[1, 1]),
        f"{HARBOUR_PATH} > capacities (tonne)",
        "not the same for both sizes",
    ),
    ("panels", setting(*HARBOUR, "storage", "limit (tonne)", to=[1, 2]), "storage > limit", "changes with"),
    (
        "panels",
        setting(*HARBOUR, "disposal", "panels", to={"cost ($/tonne)": 1}),
        "disposal > panels",
        "no output",
    ),
    ("bottles", setting("products", "resin", "components", to=["a"]), "resin > components", "composition"),
    (
        "bottles",
        setting("plants", "blow", "output (tonne)", "bottles", to={"resin": [[1.0]]}),
        "plants > blow > output (tonne) > bottles",
        "by component",
    ),
    (
        "bottles",
        setting("plants", "blow", "output (tonne)", "bottles", to=[0.9, 0.8]),
        "plants > blow > output (tonne) > bottles",
        "the same in every period",
    ),
    ("bottles", setting("plants", "blow", "input mix (%)", "resin", to=90), "input mix (%)", "sum to 90 %"),
    ("bottles", setting("plants", "blow", "capacities", to=[]), "plants > blow > capacities", "one or two"),
    (
        "bottles",
        setting("plants", "blow", "capacities", 0, "size (tonne)", to=200),
        "capacities",
        "not in order",
    ),
    (
        "bottles",
        without("plants", "blow", "capacities", 1, "size (tonne)"),
        "capacities[2] > size",
        "missing",
    ),
    (
        "bottles",
        without("centers", "shop", "collection cost ($/tonne)", "used"),
        "shop > collection",
        "missing",
    ),
    ("bottles", setting("centers", "shop", "disposal cost ($/tonne)", "glass", to=1), "glass", "not among"),
    (
        "bottles",
        setting("centers", "shop", "constant output (tonne)", to={"used": 1}),
        "constant",
        "fixed output",
    ),
    ("bottles", setting("centers", "shop", "revenue ($/tonne)", to=None), "shop > revenue", "not a number"),
    (
        "bottles",
        without("plants", "blow", "storage limit (tonne)", "resin"),
        "storage cost",
        "does not name resin",
    ),
    (
        "bottles",
        setting("emissions", "CH4", to={"limit (tonne)": 5, "penalty ($/tonne)": 0}),
        "emissions > CH4 > limit (tonne)",
        "the emissions of one gas",
    ),
]


REFUSED += [
    ("panels", setting("parameters", "version", to="0.8.1"), "parameters > version", "the old format"),
    ("bottles", setting("parameters", "version", to="0.5"), "parameters > version", "the new format"),
    ("bottles", setting("parameters", "version", to="new"), "parameters > version", "no version"),
]


def two_limits(document: Json) -> None:
    document["emissions"]["CO2"]["limit (tonne)"] = 5


@pytest.mark.parametrize(("name", "change", "path", "why"), REFUSED)
def test_what_cannot_be_taken_is_refused_with_its_path_and_why(
    name: str, change: Callable[[Json], None], path: str, why: str, tmp_path: Path
) -> None:
    document = own(name)
    if path.startswith("emissions"):
        two_limits(document)
    change(document)
    with pytest.raises(InstanceError) as refused:
        read(written(tmp_path, document))
    said = [
        (str(problem.column), f"{problem.message} {problem.hint}") for problem in refused.value.problems
    ]
    assert any(path in column and why in message for column, message in said), said


def test_a_limit_on_emissions_that_change_is_refused(tmp_path: Path) -> None:
    document = own("bottles")
    two_limits(document)
    document["plants"]["blow"]["processing emissions (tonne)"]["CO2"] = [0.1, 0.2]
    with pytest.raises(InstanceError, match="emissions of CO2 per tonne change with the years"):
        read(written(tmp_path, document))


def test_a_local_limit_that_changes_under_a_shared_one_is_refused(tmp_path: Path) -> None:
    document = own("bottles")
    document["products"]["used"]["disposal limit (tonne)"] = 20
    document["centers"]["depot"] = {**document["centers"]["shop"], "input": None}
    document["centers"]["shop"]["disposal limit (tonne)"]["used"] = [5, 6]
    with pytest.raises(InstanceError, match="in netopt a place of disposal with such a limit"):
        read(written(tmp_path, document))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    document = own("panels")
    setting("parameters", "distance metric", to="driving")(document)
    setting("plants", "shredder", "input", to="glas")(document)
    with pytest.raises(InstanceError) as refused:
        read(written(tmp_path, document))
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not valid JSON"),
        ("[1, 2]", "no JSON object"),
        ('{"parameters": {"time horizon (years)": NaN}}', "NaN is not a number"),
        ('{"products": {}, "products": {}}', "stands twice"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_no_json_is_refused(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=why):
        read(path)


@pytest.mark.parametrize("number", ["1e999", "1" + 400 * "0"])
def test_a_number_beyond_all_numbers_is_refused(number: str, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text((OWN / "panels.json").read_text("utf-8").replace("0.001", number, 1), "utf-8")
    with pytest.raises(InstanceError, match="not finite"):
        read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "none.json")


def test_a_version_that_agrees_is_taken(tmp_path: Path) -> None:
    document = own("panels")
    document["parameters"]["version"] = "0.7"
    assert read(written(tmp_path, document)).settings == read(OWN / "panels.json").settings.model_copy(
        update={"instance": read(written(tmp_path, document)).settings.instance}
    )


# --- what only some files say ---------------------------------------------------------------


def test_goods_may_wait_for_a_plant_that_opens_later(tmp_path: Path) -> None:
    document = own("bottles")
    document["parameters"]["building period (years)"] = [2]
    blow = document["plants"]["blow"]
    blow |= {"initial capacity (tonne)": 0, "storage limit (tonne)": {"resin": None}}
    path = written(tmp_path, document)
    plan = solved(path)
    assert total_of(plan) == pytest.approx(relog_total(document), rel=1e-6)
    kept = plan.answer.stored
    assert kept["stored_units"].tolist() == pytest.approx([50.0])
    assert kept["site"].tolist() == ["blow: reception"]


def test_the_cost_of_receiving_is_that_of_the_year_of_receipt(tmp_path: Path) -> None:
    document = own("bottles")
    blow = document["plants"]["blow"]
    blow["storage limit (tonne)"]["resin"] = 10
    for capacity in blow["capacities"]:
        capacity["variable operating cost ($/tonne)"] = [1, 9]
    plan = solved(written(tmp_path, document))
    assert total_of(plan) == pytest.approx(relog_total(document), rel=1e-6)


def test_emissions_are_bounded_year_by_year(tmp_path: Path) -> None:
    document = own("bottles")
    document["emissions"]["CO2"]["limit (tonne)"] = [3, 4]
    plan = solved(written(tmp_path, document))
    runs = plan.answer.throughput
    blown = runs[runs["site"] == "blow"].set_index("period")["throughput_tonnes_per_year"]
    assert blown.to_dict() == pytest.approx({"year-1": 30.0, "year-2": 40.0})
    assert total_of(plan) == pytest.approx(relog_total(document), rel=1e-6)


def test_names_may_be_anything(tmp_path: Path) -> None:
    text = (OWN / "bottles.json").read_text("utf-8")
    for old, new in (("resin", "re/sin, no. 1"), ("bottles", "瓶"), ("shop", "blow"), ("used", "blow (2)")):
        text = text.replace(f'"{old}"', f'"{new}"')
    document = json.loads(text)
    assert total_of(solved(written(tmp_path, document))) == pytest.approx(-2167.0)


def test_less_than_the_smallest_size_that_stands_is_all_of_it_as_in_relog(tmp_path: Path) -> None:
    document = own("bottles")
    document["plants"]["blow"]["initial capacity (tonne)"] = 10
    path = written(tmp_path, document)
    assert (
        "blow: 10 t stand, less than the smallest size; as in RELOG, all of its 40 t do."
        in read(path).notes
    )
    assert total_of(solved(path)) == pytest.approx(relog_total(document), rel=1e-6)


def test_a_larger_network_with_circles_through_its_centres(tmp_path: Path) -> None:
    """What is sold comes back in the same year and later, and is made into what it was made of."""
    document = own("bottles")
    document["centers"]["shop"]["variable output (tonne/tonne)"]["used"] = [0.2, 0.3]
    document["centers"]["shop"]["disposal limit (tonne)"]["used"] = 0
    document["plants"]["wash"]["output (tonne)"] = {"resin": 0.8}
    for key in ("disposal cost ($/tonne)", "disposal limit (tonne)"):
        document["plants"]["wash"][key] = {"resin": 0}
    document["plants"]["wash"]["capacities"][0]["size (tonne)"] = 100
    plan = solved(written(tmp_path, document))
    assert total_of(plan) == pytest.approx(relog_total(document), rel=1e-6)
    bottled = plan.answer.throughput.query("site == 'blow'")["throughput_tonnes_per_year"]
    assert (bottled > 50.0).all()
