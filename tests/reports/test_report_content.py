"""What a report says: sums, shares, bounds and verdicts that must hold whatever is drawn of them."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.accounts import KIND_OF_CATEGORY, Actor, Kind, Perspective
from netopt.data.calibration import CLASSES
from netopt.data.tables import BEARERS
from netopt.errors import CheckError, UsageError
from netopt.reports import words
from netopt.reports.build import build_report
from netopt.reports.content import Report, Rounding, Table, Tone, shown_number
from netopt.reports.language import Language
from netopt.reports.sections.evidence import calibration_section
from netopt.reports.sources import read_sources, sources_folder
from netopt.reports.subject import Subject, read_subject
from netopt.resources import shipped
from netopt.solution.outcome import Status

SECTIONS = (
    "headline",
    "conditions",
    "pass_through",
    "categories",
    "levers",
    "provinces",
    "actors",
    "facilities",
    "matrix",
    "hauls",
    "shares",
    "sensitivity",
    "calibration",
    "assumptions",
    "proof",
    "provenance",
)


def table_of(report: Report, name: str) -> Table:
    return next(table for table in report.tables if table.name == name)


def total(table: Table) -> pd.Series:
    return table.frame.iloc[-1]


def parts(table: Table) -> pd.DataFrame:
    return table.frame.iloc[:-1]


def test_sections_stand_in_the_order_a_planner_asks(report: Report) -> None:
    assert tuple(section.key for section in report.sections) == SECTIONS


def test_tables_have_names_that_are_fit_for_sheets_and_files(report: Report) -> None:
    names = [table.name for table in report.tables]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]{1,31}", name) for name in names)


def test_charts_draw_tables_of_their_own_section(report: Report) -> None:
    drawn = [
        (chart.table, section.table(chart.table)) for section in report.sections for chart in section.charts
    ]
    assert len(drawn) >= 8
    assert all(name == table.name for name, table in drawn)


def test_the_headline_is_that_of_the_comparison(report: Report, compared: Path) -> None:
    stated = json.loads((compared / "comparison.json").read_text(encoding="utf-8"))
    table = table_of(report, "headline").frame
    assert (
        list(table["policy"])
        == [line["policy"] for line in stated["headline"]]
        == ["mandates", "open-market"]
    )
    for row, line in zip(table.itertuples(), stated["headline"], strict=True):
        assert row.low_million_cny_per_year == pytest.approx(line["low_cny_per_year"] / 1e6, rel=1e-12)
        assert row.high_cny_per_tonne_retired == pytest.approx(
            line["high_cny_per_tonne_retired"], rel=1e-12
        )
        assert row.low_percent_of_gross_cost == pytest.approx(
            100 * line["low_share_of_base_gross_cost"], rel=1e-9
        )


def test_every_interval_of_the_headline_is_said(report: Report) -> None:
    section = report.sections[0]
    said = " ".join(sentence.text for sentence in section.sentences)
    for row in section.table("headline").cells():
        assert row[0] in said
        assert row[2].strip("\u2212") in said or "no difference" in row[-1]


def test_the_waterfall_sums_to_the_difference_of_the_plans(report: Report, subject: Subject) -> None:
    table = table_of(report, "cost_by_category")
    for rank, plan in enumerate(subject.others, start=1):
        column = f"difference_{rank}"
        assert parts(table)[column].sum() == pytest.approx(total(table)[column], abs=1e-9)
        costs = [total(table)[f"cost_{each}"] for each in (rank, 0)]
        assert total(table)[column] == pytest.approx(costs[0] - costs[1], abs=1e-9)
        if plan.label == "mandates":
            headline = table_of(report, "headline").frame.set_index("policy").loc["mandates"]
            low, high = headline["low_million_cny_per_year"], headline["high_million_cny_per_year"]
            assert low - 1e-9 <= total(table)[column] <= high + 1e-9
            assert total(table)["cost_1"] == pytest.approx(
                plan.outcome.upper_bound_cny_per_year / 1e6, abs=1e-6
            )


def test_winners_and_losers_sum_to_the_same_difference(report: Report, subject: Subject) -> None:
    for rank in range(1, len(subject.plans)):
        provinces = table_of(report, f"provinces_{rank}")
        amounts = parts(provinces)["change_million_cny_per_year"]
        expected = total(table_of(report, "cost_by_category"))[f"difference_{rank}"]
        assert amounts.sum() == pytest.approx(expected, abs=1e-9)
        assert total(provinces)["change_million_cny_per_year"] == pytest.approx(expected, abs=1e-9)
        named = parts(provinces)[parts(provinces)["jurisdiction"] != ""]
        for row in named.itertuples():
            assert row.change_cny_per_tonne_retired == pytest.approx(
                row.change_million_cny_per_year * 1e6 / row.retired_tonnes_per_year, abs=1e-6
            )
            wanted = "loses" if row.change_million_cny_per_year > 0 else "wins"
            assert row.side == wanted or (
                row.side == "neither" and abs(row.change_million_cny_per_year) < 1e-4
            )


def test_the_matrix_sums_to_what_is_shipped(report: Report, subject: Subject) -> None:
    for rank, plan in enumerate(subject.plans):
        flows, instance = plan.run.answer.flows, plan.run.instance
        mass = instance["commodities"].set_index("commodity")["tonnes_per_unit"]
        gates = set(instance["markets"].loc[instance["markets"]["location"] == "", "market"])
        hauls = flows[~flows["to_place"].isin(gates)]
        shipped_tonnes = float((hauls["flow_units_per_year"] * hauls["commodity"].map(mass)).sum())
        matrix = table_of(report, f"matrix_{rank}").frame
        assert shipped_tonnes > 0
        assert matrix["tonnes_per_year"].sum() == pytest.approx(shipped_tonnes, rel=1e-9)
        every = table_of(report, "hauls").frame.query("policy == @plan.label").iloc[-1]
        assert every["tonnes_per_year"] == pytest.approx(shipped_tonnes, rel=1e-9)
        assert every["mean_km"] == pytest.approx(
            float(
                (hauls["flow_units_per_year"] * hauls["commodity"].map(mass) * hauls["distance_km"]).sum()
            )
            / shipped_tonnes,
            rel=1e-9,
        )


def test_shares_are_shares_of_one_whole(report: Report) -> None:
    frame = table_of(report, "shares").frame
    ends = frame[["cascade_percent", "recycled_percent", "informal_percent", "unserved_percent"]]
    assert ends.min(axis=None) >= -1e-9
    assert ends.sum(axis=1).tolist() == pytest.approx([100.0] * len(frame))
    used = table_of(report, "facilities").frame["utilisation_percent"].dropna()
    assert used.between(0.0, 100.0 + 1e-6).all()


def test_targets_fall_short_by_what_the_plan_says(report: Report, subject: Subject) -> None:
    targets = table_of(report, "targets").frame
    assert len(targets)
    for row in targets.itertuples():
        expected = max(0.0, row.demanded_percent / 100 * row.whole - row.part)
        assert row.missing == pytest.approx(expected, abs=1e-3)
    assert set(targets["policy"]) <= {plan.label for plan in subject.plans}


def test_payments_between_actors_sum_to_zero(report: Report) -> None:
    actors = table_of(report, "actors").frame
    for _, own in actors.groupby("policy"):
        assert own["transfers"].sum() == pytest.approx(0.0, abs=1e-9)


def test_sites_are_counted_once(report: Report, subject: Subject) -> None:
    counted = table_of(report, "facilities").frame
    for plan in subject.plans:
        own = counted[counted["policy"] == plan.label]
        running = plan.run.answer.facilities.query("operating")["site"].nunique()
        assert own[["n_kept", "n_expanded", "n_new"]].sum(axis=None) == running


def test_what_is_not_computed_is_said_without_a_figure(report: Report) -> None:
    absent = {
        section.key: section
        for section in report.sections
        if any(sentence.tone is Tone.ABSENT for sentence in section.sentences)
    }
    assert set(absent) == {"levers", "sensitivity", "calibration"}
    for section in absent.values():
        assert not section.tables
        assert not section.charts
        assert not re.search(r"\d", " ".join(sentence.text for sentence in section.sentences))


def test_every_table_but_the_last_names_files_of_runs(report: Report, subject: Subject) -> None:
    known = {"comparison.json": subject.base.folder.parents[1] / "comparison.json"}
    for table in report.tables:
        if table.name == "tables":
            continue
        assert table.origin, table.name
        for file in table.origin:
            label, _, rest = file.partition("/")
            folders = {plan.label: plan.folder for plan in subject.plans}
            path = known.get(file) or folders.get(label, subject.base.folder) / (
                rest if label in folders else file
            )
            assert path.is_file(), file


def test_the_sources_of_the_copy_are_all_listed(report: Report, compared: Path) -> None:
    listed = table_of(report, "sources").frame
    told = (compared / "runs" / "unified" / "instance" / "SOURCES.md").read_text(encoding="utf-8")
    assert told == (shipped("instances") / "toy" / "SOURCES.md").read_text(encoding="utf-8")
    assert len(listed) == len(re.findall(r"^\| `.*\| (?:assumed|derived|sourced) \|$", told, re.MULTILINE))


def test_borrowed_sources_are_read_where_they_are_told() -> None:
    entries = list(read_sources(shipped("instances") / "china-2024"))
    page = (shipped("instances") / "china-2024" / "SOURCES.md").read_text(encoding="utf-8")
    borrowed = re.findall(r"`([^`]+)`", page.split("## The same files as in ")[1].split("\n## ")[0])
    assert borrowed
    assert {entry[0] for entry in entries} >= set(borrowed)


@given(
    st.floats(-1e12, 1e12, allow_nan=False),
    st.integers(0, 6),
    st.sampled_from([Rounding.DOWN, Rounding.UP, Rounding.NEAREST]),
)
def test_bounds_are_rounded_outward(value: float, digits: int, rounding: Rounding) -> None:
    shown = Decimal(shown_number(value, digits, rounding).replace(",", "").replace("\u2212", "-"))
    exact = Decimal(repr(value))
    assert abs(shown - exact) <= Decimal(1).scaleb(-digits)
    if rounding is Rounding.DOWN:
        assert shown <= exact
    elif rounding is Rounding.UP:
        assert shown >= exact


def test_lower_bounds_are_rounded_down_and_upper_bounds_up(report: Report) -> None:
    for name in ("headline", "pass_through", "without_penalty", "proof", "social_ranges"):
        columns = table_of(report, name).columns
        ends = {
            column.name: column.rounding for column in columns if column.title in ("at least", "at most")
        }
        assert ends
        for column, rounding in ends.items():
            assert rounding is (Rounding.DOWN if column.startswith("low") else Rounding.UP), (name, column)


def test_no_proof_no_number(report: Report) -> None:
    assert shown_number(math.inf, 2) == shown_number(math.nan, 2) == "–"  # noqa: RUF001 - the dash shown
    assert report.alarms == ()


def test_runs_one_by_one_say_what_their_bounds_give(compared: Path, report: Report) -> None:
    folders = [compared / "runs" / name for name in ("unified", "mandates", "open-market")]
    alone = build_report(read_subject(folders), Language("en"))
    headline = table_of(alone, "headline").frame
    whole = table_of(report, "headline").frame
    assert list(headline["policy"]) == ["mandates"]
    assert headline.iloc[0]["low_million_cny_per_year"] == pytest.approx(
        whole.iloc[0]["low_million_cny_per_year"]
    )
    said = [sentence for sentence in alone.sections[0].sentences if sentence.tone is Tone.ABSENT]
    assert ["open-market" in sentence.text for sentence in said] == [True]


def test_a_single_run_reports_its_cost(compared: Path) -> None:
    alone = build_report(read_subject([compared / "runs" / "mandates"]), Language("en"))
    keys = [section.key for section in alone.sections]
    assert keys == [key for key in SECTIONS if key not in ("pass_through", "levers")]
    low, high = table_of(alone, "plan_costs").cells()[0][2:]
    assert low in alone.sections[0].sentences[0].text
    assert high in alone.sections[0].sentences[0].text


def test_two_runs_of_one_policy_keep_apart(compared: Path) -> None:
    folder = compared / "runs" / "unified"
    twice = read_subject([folder, folder])
    assert [plan.label for plan in twice.plans] == ["unified", "unified (2)"]
    said = build_report(twice, Language("en")).sections[0]
    assert "no difference" in said.table("headline").cells()[0][-1]


def test_runs_of_other_batteries_are_refused(compared: Path, tmp_path: Path) -> None:
    from netopt.cli.main import main  # noqa: PLC0415 - only here

    words = ["solve", "toy-two-periods", "--policy", "unified", "-q", "--threads", "1"]
    assert main([*words, "-o", str(tmp_path / "two")]) == 0
    with pytest.raises(UsageError, match="same retired batteries"):
        build_report(read_subject([compared / "runs" / "unified", tmp_path / "two"]), Language("en"))


def test_runs_of_another_formal_share_have_no_interval(compared: Path, tmp_path: Path) -> None:
    from netopt.cli.main import main  # noqa: PLC0415 - only here

    words = ["solve", "toy", "--policy", "unified", "--formal-share", "0.4", "-q", "--threads", "1"]
    assert main([*words, "-o", str(tmp_path / "other")]) == 0
    told = build_report(read_subject([compared / "runs" / "unified", tmp_path / "other"]), Language("en"))
    headline = told.sections[0]
    assert not headline.tables
    assert "other tables, settings or formal shares" in headline.sentences[0].text
    alarms = [sentence for section in told.sections for sentence in section.sentences]
    assert any(sentence.tone is Tone.ALARM and "differ in more" in sentence.text for sentence in alarms)


def test_every_id_of_the_engine_has_its_words() -> None:
    assert set(words.CATEGORIES) == set(KIND_OF_CATEGORY)
    assert set(words.KINDS) == {str(kind) for kind in Kind}
    assert set(words.ACTORS) == {*map(str, Actor), *BEARERS}
    assert set(words.STATUSES) == {str(status) for status in Status}
    assert set(words.PERSPECTIVES) == {str(perspective) for perspective in Perspective}
    assert set(words.CALIBRATION_CLASSES) == set(CLASSES)


def test_a_comparison_stands_alone(compared: Path) -> None:
    with pytest.raises(UsageError, match="reported alone"):
        read_subject([compared, compared / "runs" / "unified"])


def test_an_answer_without_a_manifest_is_refused(compared: Path, tmp_path: Path) -> None:
    import shutil  # noqa: PLC0415 - only here

    shutil.copytree(compared / "runs" / "unified", tmp_path / "foreign")
    (tmp_path / "foreign" / "manifest.json").unlink()
    with pytest.raises(CheckError, match=r"manifest\.json"):
        read_subject([tmp_path / "foreign"])


def test_calibration_shows_both_figures_and_the_error() -> None:
    from netopt.analysis.calibration import Compared  # noqa: PLC0415 - only here

    one = Compared("t", "Formal share", "%", "held out", "A source", "why not", 30.0, 28.0, 25.0, 35.0)
    unknown = Compared("u", "Haul", "km", "fitted", "B", "", math.nan, math.nan, 1.0, 2.0)
    section = calibration_section([one, unknown], Language("en"))
    rows = section.table("calibration").cells()
    assert rows[0][:8] == ["Formal share", "%", "30.00", "25.00", "28.00", "35.00", "2.00", "held out"]
    assert rows[1][2] == "–"  # noqa: RUF001 - the dash shown


def test_the_report_of_several_periods_is_of_annual_equivalents(tmp_path: Path) -> None:
    from netopt.cli.main import main  # noqa: PLC0415 - only here

    words = ["solve", "toy-two-periods", "--policy", "unified", "-q", "--threads", "1"]
    assert main([*words, "-o", str(tmp_path / "two")]) == 0
    subject = read_subject([tmp_path / "two"])
    told = build_report(subject, Language("en"), sources=sources_folder(subject))
    supply, weights = subject.base.run.answer.supply, subject.instance.period_weights()
    assert len(weights) == 2
    yearly = sum(
        float(rows["retired_tonnes_per_year"].sum()) * weights[period]
        for period, rows in supply.groupby("period")
    ) / sum(weights.values())
    assert table_of(told, "shares").frame["retired_tonnes_per_year"].tolist() == pytest.approx([yearly])
    cost = total(table_of(told, "cost_by_category"))["cost_0"]
    assert cost == pytest.approx(subject.base.outcome.upper_bound_cny_per_year / 1e6, rel=1e-9)
