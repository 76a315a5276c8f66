"""Files that a planner already has: in as a new instance, out as a model that other solvers read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import highspy
import pyogrio
import pyscipopt
import pytest

from netopt.cli.main import COMMANDS
from netopt.data.formats import registry
from netopt.data.read import read_instance
from netopt.resources import shipped
from tests.bench import BENCH, VARIABLE, bench_file
from tests.cli.conftest import Run

CAP = "2 2\n10 5\n4 7\n8\n8 24\n6\n18 6\n"
TBED1 = "2 2\n10 4\n5 7\n8 6\n8 24\n18 6\n"
ONE_LINE = "1 1 5 2 3 3\n"
OPTIMUM = 30.0
"""Of both; worked by hand in tests/data/test_orlib.py."""


def given(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("case.txt", CAP, "orlib"),
        ("case.dat", CAP.replace("\n", "\r\n"), "orlib"),
        ("case", "3 1\n 1 1\n 1 1\n 1 1\n2\n1 1 1\n", "orlib"),
        ("case.txt", "3 1\n1 1 1\n1 1 1\n2\n1 1 1\n", "tbed1"),
        ("case.txt", "1 1 1\n3\n5 2\n1\n5 2\n1\n", "tscflp"),
        ("case.txt", "1 1 1 1\n3\n5 2\n1\n5 2\n1\n", "mp_tscflp"),
    ],
)
def test_a_format_is_told_by_the_numbers_and_named(
    netopt_here: Run, name: str, text: str, expected: str
) -> None:
    file = given(name, text)
    ended = netopt_here("import", file, "mine", "--dry-run")
    assert ended.code == 0, ended.err
    assert f"format     {expected}, " in ended.out
    assert not Path("mine").exists()


def test_an_import_is_an_instance_with_its_page_its_policy_and_its_optimum(netopt_here: Run) -> None:
    ended = netopt_here("import", given("case.txt", CAP), "mine")
    assert (ended.code, ended.err) == (0, "")
    assert "note       Customers are sources here" in ended.out
    page = Path("mine/IMPORT.md").read_text(encoding="utf-8")
    assert "from `case.txt` (SHA-256 `" in page
    assert "| `supply_tonnes_per_year` | `data/supply.csv` | the demand of the customer |" in page
    assert read_instance("mine").name == "case"
    assert netopt_here("validate", "mine", "--policy", "plain").code == 0
    solved = netopt_here(
        "solve", "mine", "--policy", "plain", "-o", "run", "--gap", "1e-7", "--json"
    ).json()
    assert solved["objective"] == pytest.approx(OPTIMUM)


def test_every_column_of_every_table_has_its_row_in_the_page(netopt_here: Run) -> None:
    netopt_here("import", given("case.txt", CAP), "mine")
    page = Path("mine/IMPORT.md").read_text(encoding="utf-8")
    for file in sorted(Path("mine/data").iterdir()):
        for column in file.read_text(encoding="utf-8").splitlines()[0].split(","):
            assert f"| `{column}` | `data/{file.name}` | " in page


def test_what_programs_are_told(netopt_here: Run) -> None:
    content = netopt_here("import", given("case.txt", CAP), "mine", "--json").json()
    assert (content["status"], content["exit_code"], content["format"]) == ("written", 0, "orlib")
    assert content["digests"]["instance"] == read_instance("mine").digest
    assert content["n_rows"]["distances"] == 4
    assert content["files"] == ["IMPORT.md", "policies/plain.toml"]
    assert len(content["notes"]) == 4


def test_an_instance_that_is_there_is_replaced_only_when_asked(netopt_here: Run) -> None:
    file = given("case.txt", CAP)
    netopt_here("import", file, "mine")
    Path("mine/policies/own.toml").write_text('name = "own"\n', encoding="utf-8")
    digest = read_instance("mine").digest
    refused = netopt_here("import", file, "mine", "--format", "tbed1")
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert read_instance("mine").digest == digest
    given("case.txt", CAP.replace("24", "25"))
    assert netopt_here("import", file, "mine", "--force").code == 0
    assert read_instance("mine").digest != digest
    assert Path("mine/policies/own.toml").exists()
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_is_no_instance_is_never_replaced(netopt_here: Run) -> None:
    Path("thesis").mkdir()
    Path("thesis/chapter.txt").write_text("years of work", encoding="utf-8")
    ended = netopt_here("import", given("case.txt", CAP), "thesis", "--force")
    assert (ended.code, "not an instance folder" in ended.err) == (2, True)
    assert Path("thesis/chapter.txt").exists()


def test_a_place_that_cannot_be_written_is_said_in_words(netopt_here: Run) -> None:
    given("wall", "a file")
    ended = netopt_here("import", given("case.txt", CAP), "wall/mine")
    assert ended.code == 2
    assert "cannot be written" in ended.err


@pytest.mark.parametrize(
    ("text", "words", "code", "said"),
    [
        (ONE_LINE, [], 3, "no format that netopt knows"),
        ("2 2\n1 2\n3 4\n5 6\n1 2\n3 4\n", [], 2, "may be orlib or tbed1: its lines do not tell which"),
        ("2 2 1 2 3 4\n5 6\n1 2 3 4\n", [], 3, "no format that netopt knows"),
        (CAP, ["--format", "orlb"], 2, "did you mean 'orlib'?"),
        (CAP, ["--format", "mp_tscflp"], 3, "5 products make 198 numbers in all, the file has 12"),
        (CAP, ["--capacity", "7"], 2, "leave --capacity out"),
        (
            TBED1,
            ["--format", "tbed1", "--capacity", "7"],
            2,
            "--capacity has no meaning for the format tbed1",
        ),
        (CAP[:-3], [], 3, "make 12 numbers in all, the file has 11"),
        (CAP.replace("24", "twenty"), [], 3, "case.txt, row 5: [number] 'twenty' is not a number"),
        (CAP.replace("24", "-1"), [], 3, "[minimum]"),
        (CAP.replace("24", "1e30"), [], 3, "row 5, column demand or cost: [maximum]"),
        ("Dear Sir,\nplease find attached\n", [], 3, "no format that netopt knows"),
        ("\x1b[31m\x00", [], 3, "binary"),
        ("", [], 3, "the file is empty"),
    ],
)
def test_a_bad_file_is_refused_in_words_and_nothing_is_written(
    netopt_here: Run, text: str, words: list[str], code: int, said: str
) -> None:
    file = given("case.txt", text)
    ended = netopt_here("import", file, "mine", *words)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert "\x1b" not in ended.err
    assert sorted(path.name for path in Path().iterdir()) == ["case.txt"]
    content = netopt_here("import", file, "mine", *words, "--json").json()
    assert content["exit_code"] == code
    assert (code == 3) == ("problems" in content)


def test_two_lines_of_two_numbers_may_be_either_and_both_are_read_when_asked(netopt_here: Run) -> None:
    """With two warehouses and customers both layouts begin alike; here the lines fit both."""
    file = given("case.txt", TBED1)
    assert netopt_here("import", file, "a", "--format", "tbed1").code == 0
    solved = netopt_here("solve", "a", "--policy", "plain", "-o", "run", "--gap", "1e-7", "--json").json()
    assert solved["objective"] == pytest.approx(OPTIMUM)
    assert netopt_here("import", file, "b", "--format", "orlib", "--dry-run").code == 0


def test_a_file_that_is_missing_or_a_folder(netopt_here: Run) -> None:
    assert "there is no file nowhere.txt" in netopt_here("import", "nowhere.txt", "mine").err
    Path("folder").mkdir()
    for words in ([], ["--format", "orlib"]):
        ended = netopt_here("import", "folder", "mine", *words)
        assert (ended.code, "folder" in ended.err) == (2, True)


def test_the_capacity_of_capb(netopt_here: Run) -> None:
    file = bench_file("orlib_cap", "capb.txt")
    assert "add --capacity N" in netopt_here("import", file, "mine").err
    assert netopt_here("import", file, "mine", "--capacity", "5000").code == 0
    assert read_instance("mine").name == "capb-5000"
    assert set(read_instance("mine")["sites"]["existing_capacity_tonnes_per_year"]) == {5000.0}


def places(path: str, *features: dict[str, object]) -> Path:
    """Write points as QGIS saves GeoJSON."""
    content = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
        "features": [
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {"type": "Point", "coordinates": [100.5, 30.5]},
            }
            for properties in features
        ],
    }
    return given(path, json.dumps(content))


DEPOT = {
    "site": "H9",
    "name": "Depot",
    "facility_type": "hub",
    "operator": "west",
    "location": "L9",
    "jurisdiction": "P1",
}


def test_places_are_merged_into_an_instance_and_its_other_files_go_along(netopt_here: Run) -> None:
    netopt_here("new", "base")
    Path("base/policies").mkdir(exist_ok=True)
    Path("base/policies/Own rules.toml").write_text('name = "own"\nextends = "unified"\n', encoding="utf-8")
    given("base/LICENSE-DATA.md", "ours")
    given("base/secret.txt", "not copied")
    file = places("sites.geojson", DEPOT)
    ended = netopt_here("import", file, "mine", "--base", "base")
    assert ended.code == 0, ended.err
    assert "data/sites.csv: 1 rows are new" in ended.out
    there = {path.relative_to("mine").as_posix() for path in Path("mine").rglob("*") if path.is_file()}
    assert {"policies/Own rules.toml", "LICENSE-DATA.md", "SOURCES.md", "README.md", "IMPORT.md"} <= there
    assert "secret.txt" not in there
    page = Path("mine/IMPORT.md").read_text(encoding="utf-8")
    assert "| `operator` | `data/sites.csv` | layer sites, else the instance base |" in page
    assert "H9" in set(read_instance("mine")["sites"]["site"])
    assert netopt_here("validate", "mine").code == 0


def test_the_layers_that_a_map_has_may_be_taken_back(netopt_here: Run) -> None:
    """Untouched they change no table; a point that was dragged in a GIS moves its location."""
    netopt_here("solve", "toy", "--policy", "unified", "-o", "run", "-q")
    assert netopt_here("map", "run", "-o", "maps", "--format", "gpkg").code == 0
    toy = read_instance("toy")
    for layer in ("sources", "facilities_unified"):
        words = ["maps/network.gpkg", layer, "--base", "toy", "--layer", layer]
        assert netopt_here("import", *words).code == 0
        back = read_instance(layer)
        assert [name for name in toy.tables if not back[name].equals(toy[name])] == []
    table = pyogrio.read_dataframe("maps/network.gpkg", layer="facilities_unified")
    moved = table.set_geometry(table.translate(0.25, 0.0)).iloc[:1]
    pyogrio.write_dataframe(moved, "dragged.gpkg", layer="facilities")
    assert netopt_here("import", "dragged.gpkg", "mine", "--base", "toy").code == 0
    before, after = (i["locations"].set_index("location")["lon_deg"] for i in (toy, read_instance("mine")))
    assert (after - before).round(9).to_dict() == {
        place: 0.25 * (place == moved["location"].iloc[0]) for place in before.index
    }


def test_places_may_be_merged_into_the_folder_itself(netopt_here: Run) -> None:
    netopt_here("new", "mine")
    file = places("sites.geojson", DEPOT)
    assert netopt_here("import", file, "mine", "--base", "mine").code == 2
    assert netopt_here("import", file, "mine", "--base", "mine", "--force").code == 0
    assert "H9" in set(read_instance("mine")["sites"]["site"])


def test_places_without_a_base_or_from_a_distorted_system_are_refused(netopt_here: Run) -> None:
    file = places("sites.geojson", DEPOT)
    assert "add --base" in netopt_here("import", file, "mine").err
    ended = netopt_here("import", places("gcj02.geojson", DEPOT), "mine", "--base", "toy")
    assert (ended.code, "distorted_coordinates" in ended.err) == (3, True)
    assert not Path("mine").exists()


def test_every_reader_and_writer_is_there_and_named_in_the_help(netopt_here: Run) -> None:
    said = {name: netopt_here(name, "--help").out for name in ("import", "export")}
    for name, reader in registry.READERS.items():
        assert name in said["import"]
        assert callable(getattr(registry._module(reader), reader.function))
    for name, writer in registry.WRITERS.items():
        assert name in said["export"]
        assert callable(getattr(registry._module(writer), writer.function))
    assert {"import", "export"} <= COMMANDS.keys()


def optimum_by_highs(path: Path) -> float:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", 0.0)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(solver.getObjectiveValue())


def optimum_by_scip(path: Path) -> float:
    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(str(path))
    model.optimize()
    assert model.getStatus() == "optimal"
    return float(model.getObjVal())


@pytest.mark.parametrize(
    ("instance", "policy"), [("toy", "unified"), ("toy", "mandates"), ("toy-two-periods", "open-market")]
)
def test_a_model_has_the_optimum_of_the_solve_by_two_solvers(
    netopt_here: Run, instance: str, policy: str
) -> None:
    """Constants (platforms, outlets) included: an objective without them would be far off."""
    words = [instance, "--policy", policy]
    solved = netopt_here("solve", *words, "-o", "run", "--gap", "1e-9", "--json").json()
    for name in ("model.mps", "model.lp"):
        assert netopt_here("export", words[0], name, *words[1:]).code == 0
        for optimum in (optimum_by_highs, optimum_by_scip):
            assert optimum(Path(name)) == pytest.approx(solved["objective"], rel=1e-6, abs=1.0)


def test_a_model_says_what_it_is_and_names_rows_and_columns(netopt_here: Run) -> None:
    ended = netopt_here("export", "toy", "model.mps", "--policy", "mandates")
    assert "the whole model of toy under mandates, every arc listed" in ended.out
    text = Path("model.mps").read_text(encoding="utf-8")
    assert text.startswith(
        "* netopt: the whole model of toy under the policy mandates; every arc is listed.\n"
    )
    assert read_instance("toy").digest in text
    for part in ("supply_balance(", "capacity_limit(", "flow(", "operating("):
        assert f" {part}" in text


def test_a_compressed_model_is_the_same(netopt_here: Run) -> None:
    for suffix in ("mps", "lp"):
        netopt_here("export", "toy", f"model.{suffix}", "--policy", "unified")
        netopt_here("export", "toy", f"model.{suffix}.gz", "--policy", "unified")
        assert (
            gzip.decompress(Path(f"model.{suffix}.gz").read_bytes()) == Path(f"model.{suffix}").read_bytes()
        )


def test_a_scenario_counts(netopt_here: Run) -> None:
    words = ["toy", "--policy", "unified", "--formal-share", "0.5"]
    solved = netopt_here("solve", *words, "-o", "run", "--gap", "1e-9", "--json").json()
    netopt_here("export", "toy", "model.lp", *words[1:])
    assert optimum_by_highs(Path("model.lp")) == pytest.approx(solved["objective"], rel=1e-6)
    assert "Formal share 0.5" in Path("model.lp").read_text(encoding="utf-8")


def test_ids_that_models_do_not_allow_stay_apart(netopt_here: Run, tmp_path: Path) -> None:
    """Two sources whose ids become one name, and one in Chinese."""
    folder = tmp_path / "named"
    netopt_here("new", folder)
    renamed = {"S1": "东 <1>", "S2": "东 [1]"}
    for table in ("sources", "supply"):
        path = folder / "data" / f"{table}.csv"
        text = path.read_text(encoding="utf-8")
        for old, new in renamed.items():
            text = text.replace(f"{old},", f"{new},")
        path.write_text(text, encoding="utf-8")
    before = netopt_here(
        "solve", "toy", "--policy", "unified", "-o", "run", "--gap", "1e-9", "--json"
    ).json()
    for name in ("model.lp", "model.mps"):
        assert netopt_here("export", folder, name, "--policy", "unified").code == 0
        assert optimum_by_highs(Path(name)) == pytest.approx(before["objective"], rel=1e-6)
        text = Path(name).read_text(encoding="ascii")
        assert all(f"supply_balance(___1__pack_2025){end}" in text for end in ("_2", ""))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["toy", "model.mps"], "add --policy"),
        (["toy", "model.txt", "--policy", "unified"], "add --format"),
        (["toy", "model.gz", "--policy", "unified"], "add --format"),
        (["toy", "model.mps", "--policy", "unified", "--format", "mpss"], "did you mean 'mps'?"),
        (["toy", "taken.mps", "--policy", "unified"], "exists already; add --force"),
        (["toy", "folder", "--policy", "unified", "--format", "lp"], "is a folder"),
        (["toyy", "model.mps", "--policy", "unified"], "did you mean 'toy'?"),
        (["toy", "model.mps", "--policy", "unifed"], "did you mean unified?"),
        (["toy", "taken.mps/model.mps", "--policy", "unified"], "cannot be written"),
    ],
)
def test_a_slip_writes_nothing(netopt_here: Run, words: list[str], said: str) -> None:
    given("taken.mps", "mine")
    Path("folder").mkdir()
    ended = netopt_here("export", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert sorted(path.name for path in Path().iterdir()) == ["folder", "taken.mps"]
    assert Path("taken.mps").read_text(encoding="utf-8") == "mine"


def test_a_dry_run_writes_nothing_and_force_replaces(netopt_here: Run) -> None:
    content = netopt_here("export", "toy", "m.mps", "--policy", "unified", "--dry-run", "--json").json()
    assert (content["status"], content["format"], content["every_arc_listed"]) == ("dry_run", "mps", True)
    assert content["n_rows"] > 0
    assert list(Path().iterdir()) == []
    given("m.mps", "old")
    assert netopt_here("export", "toy", "m.mps", "--policy", "unified", "--force").code == 0
    assert Path("m.mps").read_text(encoding="utf-8") != "old"


def test_shipped_instances_stay_as_they_are(netopt_here: Run) -> None:
    """An export reads; a slip of the order of words must not cost a planner's instance."""
    ended = netopt_here(
        "export", "toy", shipped("instances") / "toy", "--policy", "unified", "--format", "mps"
    )
    assert (ended.code, "is a folder" in ended.err) == (2, True)


def test_the_cases_are_looked_up_where_the_variable_says() -> None:
    assert BENCH is None or BENCH.is_dir()
    assert VARIABLE == "NETOPT_BENCH"
