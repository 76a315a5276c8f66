"""Reading policies: every problem at once, with its place, and nothing lost on the way back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from netopt.accounts import Perspective
from netopt.data.read import read_instance
from netopt.errors import PolicyError, Problem
from netopt.pipeline import solve
from netopt.policy.levers.cascade_target import CascadeTarget
from netopt.policy.levers.classification import Classification
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.levers.platform import Platform
from netopt.policy.levers.whitelist import Whitelist
from netopt.policy.read import (
    check_references,
    extend_policy,
    make_lever,
    make_policy,
    parse_policy,
    policy_names,
    policy_to_toml,
    read_policy,
)

PLATFORM = 'lever = "platform"\njurisdictions = ["national"]\ncny_per_year = 1\n'
DELAY = 'lever = "transfer_delay"\ndays = 45\nholding_cny_per_tonne_day = 4\n'
TARGET = 'lever = "cascade_target"\nshare = 0.6\ndenominator = "retired"\nhard = true\n'
LIST = 'lever = "whitelist"\njurisdiction = "C"\naction = "open"\n'
HOME = 'lever = "in_province_processing"\njurisdictions = ["A"]\n'
HAUL = 'lever = "maximum_haul"\nkm = 300\n'
MODES = 'lever = "haulage_modes"\nmodes = ["road"]\n'
SITES = 'lever = "site_choice"\nopen = ["hub_a"]\n'
COUNT = 'lever = "site_count"\nminimum = 2\n'
SINGLE = 'lever = "single_sourcing"\n'
CLASS = 'lever = "classification"\ngoods_class = "class9"\n'


def text(*levers: str, head: str = 'name = "mine"\n') -> str:
    return head + "".join(f"[[levers]]\n{lever}" for lever in levers)


@pytest.fixture
def here(instance, tmp_path):
    (tmp_path / "policies").mkdir()
    return dataclasses.replace(instance, directory=tmp_path)


def write(here, name: str, content: str) -> Path:
    path = here.directory / "policies" / f"{name}.toml"
    path.write_text(content, encoding="utf-8")
    return path


def problems(path_or_name, instance) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        read_policy(path_or_name, instance)
    assert caught.value.exit_code == 3
    return caught.value.problems


def test_a_policy_is_read_by_path_and_by_name(here):
    path = write(here, "mine", text(PLATFORM, DELAY, head='name = "mine"\nperspective = "private"\n'))
    policy = read_policy("mine", here)
    assert policy == read_policy(path, here) == read_policy(str(path), here)
    assert policy.perspective is Perspective.PRIVATE
    assert policy.title == "mine"
    assert policy.levers[0] == Platform(jurisdictions=("national",), cny_per_year=1)


def test_a_policy_without_levers_is_a_policy(here):
    write(here, "bare", text())
    assert read_policy("bare", here).levers == ()


def test_the_instances_own_policy_wins_over_the_shipped_one(here):
    write(here, "unified", text(PLATFORM, head='name = "unified"\ntitle = "Mine"\n'))
    assert read_policy("unified", here).title == "Mine"
    assert "unified" in policy_names(here)
    assert "mandates" in policy_names()


def test_policies_that_extend_each_other_without_end_are_refused(here):
    for number in range(400):
        head = f'name = "p{number}"\nextends = "p{number + 1}"\n'
        write(here, f"p{number}", text(head=head))
    (problem,) = problems("p0", here)
    assert problem.rule == "too_long"


# One bad text per row: what is written, the rule it breaks, the column, a part of the message or hint.
BAD = {
    "unknown key": ("name = 'm'\nextend = 'u'\n", "unknown_key", "extend", "did you mean 'extends'"),
    "no name": ("title = 'm'\n", "missing_key", "name", "policy needs name"),
    "name with blanks": ("name = 'My policy'\n", "string_pattern_mismatch", "name", "pattern"),
    "perspective": (
        "name = 'm'\nperspective = 'socal'\n",
        "choice",
        "perspective",
        "did you mean 'social'",
    ),
    "title on two lines": ('name = "m"\ntitle = "a\\nb"\n', "control_character", "title", "line break"),
    "bell": ('name = "m"\ndescription = "a\\u0007b"\n', "control_character", "description", "other than"),
    "nested deep": ("name = " + "[" * 3000 + "]" * 3000, "not_toml", None, "nested too deep"),
    "nested": ("name = " + "[" * 30 + "]" * 30, "not_toml", "name", "nested deeper than 20"),
    "huge": ("name = 1" + "0" * 400, "not_toml", "name", "401 digits"),
    "huger": ("name = 1" + "0" * 5000, "not_toml", None, "thousands of digits"),
    "not toml": ("name = \n", "not_toml", None, "is not TOML"),
    "levers no list": ("name = 'm'\nlevers = 3\n", "type", "levers", "must be a list"),
    "one bracket": (text(DELAY).replace("[[levers]]", "[levers]"), "type", "levers", "write [[levers]]"),
    "lever no table": ("name = 'm'\nlevers = [3]\n", "type", "levers", "must be a table"),
    "unknown lever": (text('lever = "plattform"\n'), "unknown_lever", "lever", "did you mean 'platform'"),
    "nameless lever": (text("days = 3\n"), "unknown_lever", "lever", "a lever needs its name"),
    "unknown parameter": (
        text(DELAY + "holdng = 3\n"),
        "unknown_key",
        "holdng",
        "transfer_delay has no key",
    ),
    "missing": (text(DELAY.replace("days = 45\n", "")), "missing_key", "days", "transfer_delay needs days"),
    "days too many": (text(DELAY.replace("45", "366")), "maximum", "days", "must be at most 365, not 366"),
    "days negative": (text(DELAY.replace("45", "-1")), "minimum", "days", "must be at least 0, not -1"),
    "nan": (text(DELAY.replace("45", "nan")), "finite", "days", "must be finite, not nan"),
    "infinity": (text(DELAY.replace("= 4\n", "= inf\n")), "finite", "holding_cny_per_tonne_day", "finite"),
    "1e300": (text(PLATFORM.replace("= 1\n", "= 1e300\n")), "maximum", "cny_per_year", "at most 1e+12"),
    "text for number": (text(DELAY.replace("45", '"45"')), "type", "days", "must be a number, not '45'"),
    "flag for number": (text(DELAY.replace("45", "true")), "type", "days", "must be a number"),
    "number for flag": (text(TARGET.replace("true", "1")), "type", "hard", "must be true or false"),
    "text for list": (text(HOME.replace('["A"]', '"A"')), "type", "jurisdictions", "must be a list"),
    "number in list": (text(HOME.replace('["A"]', "[1]")), "type", "jurisdictions", "must be a text"),
    "id twice": (text(HOME.replace('"A"', '"A", "A"')), "repeated_id", "jurisdictions", "names A twice"),
    "no id": (text(HOME.replace('["A"]', "[]")), "empty", "jurisdictions", "must not be empty"),
    "blank id": (text(HOME.replace('"A"', '""')), "empty", "jurisdictions", "must not be empty"),
    "no cascade type": (text(TARGET + "facility_types = []\n"), "empty", "facility_types", "not be empty"),
    "no platform": (text(PLATFORM.replace('["national"]', "[]")), "empty", "jurisdictions", "not be empty"),
    "share above one": (text(TARGET.replace("0.6", "60")), "maximum", "share", "must be at most 1, not 60"),
    "share below zero": (text(HOME + "share = -0.1\n"), "minimum", "share", "must be at least 0"),
    "interoperability": (
        text(PLATFORM + "interoperable_share = 30\n"),
        "maximum",
        "interoperable_share",
        "at most 1",
    ),
    "denominator": (text(TARGET.replace("retired", "retirde")), "choice", "denominator", "'retired'"),
    "goods class": (text(CLASS.replace("class9", "class_9")), "choice", "goods_class", "'class9'"),
    "action": (text(LIST.replace("open", "opn")), "choice", "action", "did you mean 'open'"),
    "year": (text(LIST + "until_year = 20\n"), "minimum", "until_year", "at least 1990"),
    "year with comma": (text(LIST + "until_year = 2030.5\n"), "type", "until_year", "a whole number"),
    "soft unpriced": (text(TARGET.replace("true", "false")), "soft_without_penalty", None, "needs penalty"),
    "hard priced": (text(TARGET + "penalty_cny_per_tonne = 5\n"), "hard_and_priced", None, "no penalty"),
    "negative penalty": (
        text(TARGET.replace("true", "false") + "penalty_cny_per_tonne = -5\n"),
        "minimum",
        "penalty_cny_per_tonne",
        "at least 0",
    ),
    "basis of nothing": (
        text(DELAY + 'basis = { dys = "assumed: so" }\n'),
        "unknown_parameter",
        "basis",
        "dys, which is no parameter",
    ),
    "basis without status": (
        text(DELAY + 'basis = { days = "so" }\n'),
        "status",
        "basis",
        "must start with",
    ),
    "unknown province": (
        text(HOME.replace('"A"', '"CN-SC"')),
        "unknown_id",
        "jurisdictions",
        "no jurisdiction 'CN-SC'",
    ),
    "unknown commodity": (
        text(HOME + 'commodities = ["pack_lpf"]\n'),
        "unknown_id",
        "commodities",
        "did you mean 'pack_lfp'",
    ),
    "never retired": (
        text(HOME + 'commodities = ["li2co3"]\n'),
        "unknown_id",
        "commodities",
        "supply.csv of small has no commodity 'li2co3'",
    ),
    "unknown facility type": (
        text(TARGET + 'facility_types = ["cascad"]\n'),
        "unknown_id",
        "facility_types",
        "did you mean 'cascade'",
    ),
    "unknown operator": (
        text(LIST + 'exempt_operators = ["byd"]\n'),
        "unknown_id",
        "exempt_operators",
        "known: catl, gem",
    ),
    "unpriced class": (
        text(CLASS.replace("class9", "hazardous")),
        "unknown_id",
        "goods_class",
        "haulage.csv of small has no goods_class 'hazardous'",
    ),
    "unknown platform": (
        text(PLATFORM.replace("national", "nation")),
        "unknown_id",
        "jurisdictions",
        "'nation'",
    ),
    "haul of nothing": (text(HAUL.replace("300", "0")), "minimum", "km", "must be more than 0, not 0"),
    "negative haul": (text(HAUL.replace("300", "-5")), "minimum", "km", "must be more than 0, not -5"),
    "haul round the world": (text(HAUL.replace("300", "5e4")), "maximum", "km", "must be at most 40000"),
    "haul without km": (text(HAUL.replace("km = 300\n", "")), "missing_key", "km", "maximum_haul needs km"),
    "unknown leg": (text(HAUL + 'legs = ["frist"]\n'), "choice", "legs", "did you mean 'first'"),
    "leg twice": (text(HAUL + 'legs = ["first", "first"]\n'), "repeated_id", "legs", "names first twice"),
    "haul of unknown goods": (
        text(HAUL + 'commodities = ["pack_lpf"]\n'),
        "unknown_id",
        "commodities",
        "did you mean 'pack_lfp'",
    ),
    "unknown mode": (text(MODES.replace("road", "raod")), "unknown_id", "modes", "did you mean 'road'"),
    "no mode": (text(MODES.replace('["road"]', "[]")), "empty", "modes", "must not be empty"),
    "unknown site": (text(SITES.replace("_a", "_q")), "unknown_id", "open", "did you mean 'hub_b'"),
    "unknown closed site": (
        text(SITES + 'closed = ["recycler"]\n'),
        "unknown_id",
        "closed",
        "did you mean 'recycler_c'",
    ),
    "no site": (text('lever = "site_choice"\n'), "no_site", None, "site_choice: names no site"),
    "open and closed": (
        text(SITES + 'closed = ["hub_a", "hub_b"]\n'),
        "open_and_closed",
        None,
        "hub_a cannot be both open and closed (keep it in one of the two",
    ),
    "years": (
        text(SITES + "from_year = 2030\nuntil_year = 2030\n"),
        "years",
        None,
        "from_year must be before until_year",
    ),
    "open and closed by two levers": (
        text(SITES + "until_year = 2025\n", SITES.replace("open", "closed")),
        "contradictory_levers",
        "site_choice",
        "hub_a is to be open and closed at once in early",
    ),
    "no bound": (text('lever = "site_count"\n'), "no_bound", None, "site_count: sets no bound"),
    "minimum above maximum": (
        text(COUNT + "maximum = 1\n"),
        "bounds",
        None,
        "minimum 2 is above maximum 1 (lower the minimum or raise the maximum)",
    ),
    "minimum of one lever above another's maximum": (
        text(COUNT, COUNT.replace("minimum = 2", "maximum = 1")),
        "contradictory_levers",
        "site_count",
        "minimum 2 is above maximum 1",
    ),
    "fewer than none": (text(COUNT.replace("2", "-2")), "minimum", "minimum", "at least 0, not -2"),
    "half a site": (text(COUNT.replace("2", "1.5")), "type", "minimum", "must be a whole number"),
    "count of an unknown type": (
        text(COUNT + 'facility_types = ["hbu"]\n'),
        "unknown_id",
        "facility_types",
        "did you mean 'hub'",
    ),
    "count of an unknown province": (
        text(COUNT + 'jurisdictions = ["Q"]\n'),
        "unknown_id",
        "jurisdictions",
        "no jurisdiction 'Q'",
    ),
    "single source of what never retires": (
        text(SINGLE + 'commodities = ["li2co3"]\n'),
        "unknown_id",
        "commodities",
        "supply.csv of small has no commodity 'li2co3'",
    ),
    "single source of an unknown type": (
        text(SINGLE + 'facility_types = ["cascad"]\n'),
        "unknown_id",
        "facility_types",
        "did you mean 'cascade'",
    ),
    "repeated lever": (text(DELAY, DELAY), "repeated_lever", "transfer_delay", "is given twice alike"),
    "contradiction": (
        text(HOME, HOME + "share = 0.5\n"),
        "contradictory_levers",
        "in_province_processing",
        "share 0.5 and share 1",
    ),
    "remove of nothing": (
        "name = 'm'\nremove = ['platform']\n",
        "nothing_to_remove",
        "remove",
        "extends nothing",
    ),
    "no such base": (
        "name = 'm'\nextends = 'unifed'\n",
        "unknown_policy",
        "extends",
        "did you mean 'unified'",
    ),
    "base with a path": (
        "name = 'm'\nextends = '../m'\n",
        "string_pattern_mismatch",
        "extends",
        "pattern",
    ),
}


@pytest.mark.parametrize(("content", "rule", "column", "part"), BAD.values(), ids=BAD)
def test_bad_input_says_what_is_wrong(here, content, rule, column, part):
    write(here, "m", content)
    (problem,) = problems("m", here)
    assert (problem.file, problem.rule, problem.column) == (
        "policy mine" if rule in ("repeated_lever", "contradictory_levers") else "m.toml",
        rule,
        column,
    )
    assert part in str(problem)


def test_a_misspelt_parameter_is_both_unknown_and_missed(here):
    write(here, "m", text(DELAY.replace("days", "day")))
    missing, unknown = sorted(problems("m", here), key=lambda problem: problem.rule)
    assert (missing.rule, missing.column) == ("missing_key", "days")
    assert (unknown.rule, unknown.hint) == ("unknown_key", "did you mean 'days'?")


def test_every_problem_at_once_with_its_line(here):
    write(here, "base", text(DELAY.replace("45", "-1"), head='name = "base"\n'))
    write(
        here,
        "m",
        text(
            PLATFORM + "interoperable_share = 2\n",
            HOME.replace('"A"', '"X", "Y"'),
            'lever = "nonsense"\n',
            head='name = "m"\nextends = "base"\n',
        ),
    )
    found = [(problem.file, problem.row, problem.rule) for problem in problems("m", here)]
    assert found == [
        ("base.toml", 4, "minimum"),
        ("m.toml", 7, "maximum"),
        ("m.toml", 12, "unknown_lever"),
        ("m.toml", 10, "unknown_id"),
        ("m.toml", 10, "unknown_id"),
    ]


def test_missing_policies_and_files_name_the_nearest(here):
    (problem,) = problems("mandate", here)
    assert problem.rule == "unknown_policy"
    assert "did you mean 'mandates'" in problem.hint
    (problem,) = problems(here.directory / "mandate.toml", here)
    assert problem.rule == "missing_file"
    assert "did you mean 'mandates'" in problem.hint


@pytest.mark.parametrize("name", ["", "..", "Unified", "unified\n", "a b"])
def test_a_name_is_never_a_way_out_of_the_folder(here, name):
    (problem,) = problems(name, here)
    assert problem.rule == "unknown_policy"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("name = 'm'\ntitle = '四川'\n".encode("gb18030"), "encoding"),
        (b"\x00" * 8, "not_toml"),
        (b"#" * 1_000_001, "too_large"),
    ],
)
def test_what_is_no_policy_file_is_refused(here, content, rule):
    path = here.directory / "m.toml"
    path.write_bytes(content)
    (problem,) = problems(path, here)
    assert problem.rule == rule


def test_a_folder_is_no_policy(here):
    assert [problem.rule for problem in problems(here.directory, here)] == ["missing_file"]


def test_byte_order_mark_and_windows_lines_are_read(here):
    path = here.directory / "m.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text(DELAY).replace("\n", "\r\n").encode())
    assert read_policy(path, here).levers[0].days == 45


def test_a_lever_replaces_all_of_its_name_in_the_base(here):
    write(here, "base", text(LIST, LIST.replace('"C"', '"B"'), DELAY, head='name = "base"\n'))
    write(here, "one", text(LIST.replace("open", "both"), head='name = "one"\nextends = "base"\n'))
    policy = read_policy("one", here)
    assert [lever.lever for lever in policy.levers] == ["transfer_delay", "whitelist"]
    assert policy.levers[1] == Whitelist(jurisdiction="C", action="both")


def test_levers_are_removed_and_perspective_is_inherited(here):
    write(here, "a", text(LIST, DELAY, PLATFORM, head='name = "a"\nperspective = "private"\n'))
    write(here, "b", 'name = "b"\nextends = "a"\nremove = ["whitelist"]\n')
    write(here, "c", 'name = "c"\nextends = "b"\nremove = ["platform"]\nperspective = "social"\n')
    assert read_policy("b", here).perspective is Perspective.PRIVATE
    policy = read_policy("c", here)
    assert policy.perspective is Perspective.SOCIAL
    assert [lever.lever for lever in policy.levers] == ["transfer_delay"]


def test_removing_what_the_base_does_not_have_is_a_problem(here):
    write(here, "a", text(DELAY, head='name = "a"\n'))
    write(here, "b", 'name = "b"\nextends = "a"\nremove = ["transfer_dela"]\n')
    (problem,) = problems("b", here)
    assert (problem.rule, problem.row) == ("nothing_to_remove", 3)
    assert "did you mean 'transfer_delay'" in problem.hint


def test_a_circle_of_policies_is_named(here):
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        write(here, name, f'name = "{name}"\nextends = "{base}"\n')
    (problem,) = problems("a", here)
    assert problem.rule == "cycle"
    assert "a -> b -> c -> a" in problem.message


def test_a_policy_that_extends_itself_is_a_circle(here):
    write(here, "unified", 'name = "unified"\nextends = "unified"\n')
    assert [problem.rule for problem in problems("unified", here)] == ["cycle"]


def test_line_numbers_are_left_out_where_levers_are_inline(here):
    write(here, "m", 'name = "m"\nlevers = [{ lever = "transfer_delay", days = -1 }]\n')
    assert {(problem.row, problem.rule) for problem in problems("m", here)} == {
        (None, "minimum"),
        (None, "missing_key"),
    }


def test_control_characters_never_reach_a_message(here):
    write(here, "m", text('lever = "\\u001b[31mred"\n'))
    (problem,) = problems("m", here)
    assert "\x1b" not in str(problem)


MADE = make_policy(
    "made",
    [
        CascadeTarget(
            share=1 / 3,
            denominator="eligible",
            hard=False,
            penalty_cny_per_tonne=0.1 + 0.2,
            basis={"share": "assumed: \"quoted\", with\nlines and '四川'"},
        ),
        Whitelist(jurisdiction="C", action="both", until_year=2030),
        Classification(goods_class="class9"),
        InProvinceProcessing(jurisdictions=("A",)),
    ],
    Perspective.PRIVATE,
    title='A "title"',
    description="Two\nlines",
)


@pytest.mark.parametrize("policy", [MADE, make_policy("bare", [])], ids=["made", "bare"])
def test_toml_and_back_is_exact(policy, tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(policy_to_toml(policy), encoding="utf-8")
    assert parse_policy(path) == policy


def test_the_digest_is_of_what_decides_the_answer():
    plain = Platform(jurisdictions=("A", "B"), cny_per_year=1)
    noted = Platform(jurisdictions=("B", "A"), cny_per_year=1, basis={"cny_per_year": "assumed: so"})
    digest = make_policy("p", [plain]).digest
    assert make_policy("q", [noted], title="T", description="D").digest == digest
    assert make_policy("p", [plain], Perspective.PRIVATE).digest != digest
    assert make_policy("p", [Platform(jurisdictions=("A",), cny_per_year=1)]).digest != digest
    assert len(digest) == 64


def test_references_of_a_made_policy_are_checked_on_request(instance):
    check_references(MADE, instance)
    lost = make_policy("lost", [Whitelist(jurisdiction="D", action="open", exempt_operators=("x", "gem"))])
    with pytest.raises(PolicyError) as caught:
        check_references(lost, instance)
    assert [problem.value for problem in caught.value.problems] == ["D", "x"]


def test_a_lever_made_by_name_is_that_of_a_file(here):
    write(here, "made", text(TARGET, PLATFORM))
    made = make_policy(
        "made",
        [
            make_lever("cascade_target", share=0.6, denominator="retired", hard=True),
            make_lever("platform", jurisdictions=["national"], cny_per_year=1),
        ],
    )
    assert made.digest == read_policy("made", here).digest


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("plattform", {}, "did you mean 'platform'"),
        ("platform", {"jurisdictions": ["A"], "cny_per_yaer": 1}, "did you mean 'cny_per_year'"),
        ("platform", {"jurisdictions": ["A"], "cny_per_year": -1.0}, "at least 0, not -1"),
        ("platform", {"jurisdictions": ["A"], "cny_per_year": float("nan")}, "cny_per_year"),
    ],
)
def test_a_lever_made_wrongly_is_refused_in_words(name, parameters, said):
    with pytest.raises(PolicyError, match=said):
        make_lever(name, **parameters)


def test_a_policy_extended_in_python_is_that_of_a_file(here):
    write(here, "base", text(TARGET, PLATFORM, CLASS, head='name = "base"\nperspective = "private"\n'))
    write(here, "more", text(PLATFORM, head='name = "more"\nextends = "base"\n'))
    base = read_policy("base", here)
    platform = make_lever("platform", jurisdictions=["national"], cny_per_year=1)
    extended = extend_policy(base, "more", [platform], title="More")
    assert extended.digest == read_policy("more", here).digest
    assert (extended.name, extended.title) == ("more", "More")
    assert len(base.levers) == 3


def test_ids_that_the_instance_lacks_are_found_by_the_solve():
    toy = read_instance("toy")
    lost = make_policy("lost", [make_lever("in_province_processing", jurisdictions=["P1", "P9"])])
    with pytest.raises(PolicyError, match=r"has no jurisdiction 'P9' \(known: P1"):
        solve(toy, lost)
