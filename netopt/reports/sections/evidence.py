"""Why to believe it: sensitivity, calibration, assumptions with sources, proofs, and origins of figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.data.folder import SOURCES_FILE
from netopt.reports.content import (
    MILLION,
    Rounding,
    Section,
    Sentence,
    Table,
    Tone,
    digits_for,
    number,
    shown_number,
    text,
)
from netopt.reports.sources import read_sources
from netopt.reports.words import CALIBRATION_CLASSES, KINDS_OF_SOURCE, PERSPECTIVES, STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netopt.analysis.calibration import Compared
    from netopt.reports.language import Language
    from netopt.reports.subject import Plan, Subject

PERCENT: Final = 100.0
N_SOURCES_SHOWN: Final = 400
N_VIOLATIONS_SHOWN: Final = 20


def sensitivity_section(say: Language) -> Section:
    """Return the place of the tornado, which no run holds."""
    words = say(
        "Not computed: how far each assumption moves the difference (a tornado) takes a sweep of further "
        "solves, and these runs hold none."
    )
    return Section("sensitivity", say("Which assumptions matter most"), (Sentence(words, Tone.ABSENT),))


def calibration_section(compared: Sequence[Compared] | None, say: Language) -> Section:
    """Return the model's figures beside published ones."""
    heading = say("The model beside published figures")
    if not compared:
        words = say(
            "Not computed: no published figures were named. netopt report --calibration INSTANCE takes "
            "those of an instance with a folder calibration/."
        )
        return Section("calibration", heading, (Sentence(words, Tone.ABSENT),))
    frame = pd.DataFrame(
        {
            "figure": [each.figure for each in compared],
            "unit": [each.unit for each in compared],
            "model": [each.model for each in compared],
            "low": [each.low for each in compared],
            "value": [each.value for each in compared],
            "high": [each.high for each in compared],
            "error": [each.error for each in compared],
            "class": [say(CALIBRATION_CLASSES[each.kind]) for each in compared],
            "source": [each.source for each in compared],
            "why": [each.why for each in compared],
        }
    )
    columns = (
        text("figure", say("figure"), is_quoted=True),
        text("unit", say("unit"), is_quoted=True),
        number("model", say("model"), "", 2),
        number("low", say("source, least"), "", 2),
        number("value", say("source"), "", 2),
        number("high", say("source, most"), "", 2),
        number("error", say("error (0 within the range of the source)"), "", 2),
        text("class", say("class")),
        text("source", say("who says so"), is_quoted=True),
        text("why", say("why the model misses it"), is_quoted=True),
    )
    table = Table(
        "calibration", say("Model and published figures"), frame, columns, ("calibration/targets.csv",)
    )
    words = say(
        "Fitted figures were used to set the model and prove nothing; those held out were not. Where "
        "inputs are shared or the figure is out of reach of any model with these inputs, the class says "
        "so."
    )
    return Section("calibration", heading, (Sentence(words),), (table,))


def assumptions_section(subject: Subject, sources: Path | None, say: Language) -> Section:
    """Return where every input comes from, by the instance's ``SOURCES.md``.

    Parameters
    ----------
    sources
        Folder with the page; None where there is none that is of this instance.
    """
    heading = say("Assumptions and their sources")
    policies = Sentence(
        say(
            "Where the settings of each policy come from is told beside them, under what this is "
            "conditional on."
        )
    )
    rows = list(read_sources(sources)) if sources is not None else []
    if not rows:
        words = say(
            "Not shown: the runs hold no page of sources, and no shipped instance has the same content. "
            "See SOURCES.md of instance {name}.",
            name=subject.instance.name,
        )
        return Section("assumptions", heading, (Sentence(words, Tone.ABSENT), policies))
    frame = pd.DataFrame(rows, columns=["table", "columns", "source", "kind"])
    counts = frame["kind"].value_counts()
    listed = [
        f"{say(title)} {shown_number(int(counts.get(kind, 0)), 0)}"
        for kind, title in KINDS_OF_SOURCE.items()
    ]
    frame["kind"] = [say(KINDS_OF_SOURCE[kind]) for kind in frame["kind"]]
    columns = (
        text("table", say("table"), is_quoted=True),
        text("columns", say("columns or settings"), is_quoted=True),
        text("source", say("source, in the words of the instance"), is_quoted=True),
        text("kind", say("kind of source")),
    )
    title = say("Where every column of the instance comes from")
    table = Table("sources", title, frame, columns, (_page_of(subject, sources),), n_shown=N_SOURCES_SHOWN)
    summary = pd.DataFrame(
        {
            "kind": [say(title) for title in KINDS_OF_SOURCE.values()],
            "n": [int(counts.get(k, 0)) for k in KINDS_OF_SOURCE],
        }
    )
    counted = Table(
        "sources_by_kind",
        say("Entries by kind of source"),
        summary,
        (text("kind", say("kind of source")), number("n", say("entries"))),
        table.origin,
    )
    words = say(
        "Sourced: somebody published it. Derived: computed from what is published. Assumed: an estimate "
        "of the authors enters. Entries: {listed}.",
        listed=say.joined(listed),
    )
    return Section("assumptions", heading, (Sentence(words), policies), (counted, table))


def _page_of(subject: Subject, sources: Path | None) -> str:
    """Return the page as origins name it: in the run's copy of the instance, or of the shipped instance."""
    if sources == subject.base.folder / "instance":
        return subject.base.file(f"instance/{SOURCES_FILE}")
    return f"instances/{subject.instance.name}/{SOURCES_FILE}"


def proof_section(subject: Subject, say: Language) -> Section:
    """Return solver, bounds, gap and the checker's verdict of every plan, in red where not proven."""
    sentences = [Sentence(line, Tone.ALARM) for line in alarms(subject, say)]
    if not sentences:
        proven = proven_words(subject, say)
        sentences.append(Sentence(proven, Tone.LEAD))
    told = say(
        "Cost and every rule are recomputed from the plan's tables by a checker that shares no code with "
        "the model. That no plan costs less than the lower bound is the word of the solver named."
    )
    sentences.append(Sentence(told))
    sentences += [Sentence(note, Tone.QUOTED) for note in subject.notes]
    tables = [_proof_table(subject, say)]
    tables += _ranges_table(subject, say)
    violations = _violations_table(subject, say)
    tables += [violations] if len(violations.frame) else []
    return Section("proof", say("Proof and check"), tuple(sentences), tuple(tables))


def proven_words(subject: Subject, say: Language) -> str:
    """Return to within which gap every plan is proven, and that it was checked."""
    widest = max(plan.outcome.gap for plan in subject.plans)
    return say(
        "Every plan is proven to cost at most {gap} % of gross cost more than the best, and was checked "
        "again without the solver.",
        gap=shown_number(PERCENT * widest, 4, Rounding.UP),
    )


def alarms(subject: Subject, say: Language) -> list[str]:
    """Return what is not proven or wrong, each a sentence; empty where all is well."""
    lines = []
    if subject.untrue:
        n_wrong = shown_number(len(subject.untrue), 0)
        lines.append(
            say(
                "NOT VALID: the comparison states what its runs do not ({n_wrong} findings).",
                n_wrong=n_wrong,
            )
        )
    for plan in subject.plans:
        if not plan.found.ok:
            n_wrong = shown_number(len(plan.found.lines()), 0)
            lines.append(
                say(
                    "NOT VALID: the plan under {policy} fails the check ({n_wrong} findings).",
                    policy=plan.label,
                    n_wrong=n_wrong,
                )
            )
        outcome = plan.outcome
        if outcome.gap > outcome.gap_target:
            lines.append(
                say(
                    "NOT PROVEN: the plan under {policy} has a gap of {gap} % of gross cost where "
                    "{wanted} % was asked for.",
                    policy=plan.label,
                    gap=shown_number(PERCENT * outcome.gap, 4, Rounding.UP),
                    wanted=shown_number(PERCENT * outcome.gap_target, 4),
                )
            )
    return lines


def _proof_table(subject: Subject, say: Language) -> Table:
    rows = [_proof_row(plan, say) for plan in subject.plans]
    frame = pd.DataFrame(rows)
    money = digits_for([*frame["low"], *frame["high"]])
    unit = say("m CNY a year")
    columns = (
        text("policy", say("policy")),
        text("perspective", say("perspective")),
        number("low", say("at least"), unit, money, Rounding.DOWN),
        number("high", say("at most"), unit, money, Rounding.UP),
        number("gap_percent", say("gap"), say("% of gross cost"), 4, Rounding.UP),
        number("gap_wanted_percent", say("gap asked for"), say("% of gross cost"), 4),
        text("status", say("how the solve ended")),
        text("solver", say("solver"), is_quoted=True),
        text("bound", say("whose word the lower bound is"), is_quoted=True),
        number("time_s", say("time"), "s", 1),
        text("check", say("check")),
        number("n_checked", say("rows checked")),
    )
    origin = tuple(plan.file(name) for plan in subject.plans for name in ("outcome.json", "verdict.json"))
    return Table("proof", say("Bounds, gap and check of every plan"), frame, columns, origin)


def _proof_row(plan: Plan, say: Language) -> dict[str, object]:
    outcome, verdict = plan.outcome, plan.found.verdict
    lower = outcome.lower_bound_cny_per_year
    how = say("passed, in exact arithmetic") if verdict.exact else say("passed")
    return {
        "policy": plan.label,
        "perspective": say(PERSPECTIVES[str(plan.run.policy.perspective)]),
        "low": lower / MILLION if math.isfinite(lower) else float("nan"),
        "high": outcome.upper_bound_cny_per_year / MILLION,
        "gap_percent": PERCENT * outcome.gap,
        "gap_wanted_percent": PERCENT * outcome.gap_target,
        "status": say(STATUSES[str(outcome.status)]),
        "solver": f"{outcome.solver} {outcome.solver_version}",
        "bound": outcome.bound_source,
        "time_s": outcome.build_time_s + outcome.solve_time_s,
        "check": how if plan.found.ok else say("FAILED"),
        "n_checked": sum(verdict.n_checks.values()),
    }


def _ranges_table(subject: Subject, say: Language) -> list[Table]:
    if not subject.social_ranges:
        return []
    rows = [
        {"policy": name, "low": ends[0] / MILLION, "high": ends[1] / MILLION}
        for name, ends in subject.social_ranges.items()
    ]
    frame = pd.DataFrame(rows)
    unit, digits = say("m CNY a year"), digits_for([*frame["low"], *frame["high"]])
    columns = (
        text("policy", say("policy")),
        number("low", say("at least"), unit, digits, Rounding.DOWN),
        number("high", say("at most"), unit, digits, Rounding.UP),
    )
    title = say("Social cost of private policies, over all plans as cheap, privately, as the one found")
    return [Table("social_ranges", title, frame, columns, ("comparison.json",))]


def _violations_table(subject: Subject, say: Language) -> Table:
    rows = [(say("comparison"), line) for line in subject.untrue]
    rows += [(plan.label, line) for plan in subject.plans for line in plan.found.lines()]
    frame = pd.DataFrame(rows, columns=["policy", "finding"])
    columns = (text("policy", say("policy")), text("finding", say("finding"), is_quoted=True))
    origin = tuple(plan.file("verdict.json") for plan in subject.plans)
    title = say("What the check found")
    return Table("violations", title, frame, columns, origin, n_shown=N_VIOLATIONS_SHOWN)


def provenance_section(subject: Subject, sections: Sequence[Section], say: Language) -> Section:
    """Return from which files of which runs every table is derived, and what identifies the runs."""
    tables = [table for section in sections for table in section.tables]
    derived = pd.DataFrame(
        [(table.name, table.title, len(table.frame), ", ".join(table.origin)) for table in tables],
        columns=["name", "title", "n_rows", "files"],
    )
    listed = Table(
        "tables",
        say("From which files every table is derived"),
        derived,
        (
            text("name", say("table"), is_quoted=True),
            text("title", say("title")),
            number("n_rows", say("rows")),
            text("files", say("files of the runs"), is_quoted=True),
        ),
        (),
    )
    words = say(
        "Every figure above stands in a table; every table is a sheet of the workbook and a Parquet file "
        "of the same name. Columns hold unrounded figures in the unit of their heading; lower bounds are "
        "rounded down and upper bounds up for the eye."
    )
    heading = say("Where every figure comes from")
    return Section("provenance", heading, (Sentence(words),), (_runs_table(subject, say), listed))


def _runs_table(subject: Subject, say: Language) -> Table:
    rows = [
        {
            "run": plan.label,
            "policy": plan.run.policy.name,
            "manifest": plan.manifest_digest,
            "instance": plan.run.instance.digest,
            "policy_digest": plan.run.policy.digest,
            "created": str(plan.run.manifest.get("created_utc", "")),
            "version": str(plan.run.manifest.get("netopt_version", "")),
        }
        for plan in subject.plans
    ]
    columns = (
        text("run", say("run")),
        text("policy", say("policy")),
        text("manifest", say("SHA-256 of its manifest")),
        text("instance", say("digest of the instance")),
        text("policy_digest", say("digest of the policy")),
        text("created", say("written (UTC)")),
        text("version", say("netopt version")),
    )
    origin = tuple(plan.file("manifest.json") for plan in subject.plans)
    return Table("runs", say("The runs"), pd.DataFrame(rows), columns, origin)
