"""``netopt compare``: the main job; several policies on one instance, and what fragmentation costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from netopt.cli.console import Console, open_console, plain
from netopt.cli.dry_run import show_sizes
from netopt.cli.endings import LIMIT, SOLVED, code_of, stoppable, worst_status
from netopt.cli.infeasible import explain_hint, leave_explanation
from netopt.cli.inputs import default_output, find_policies, note_idle, split_names
from netopt.cli.map import FORMATS
from netopt.cli.options import Scenario, Solving, Talk, Writing
from netopt.cli.report import leave_report
from netopt.cli.scenario import design_of, formal_share_of, open_scenario
from netopt.errors import InfeasibleError

if TYPE_CHECKING:
    from netopt.analysis.compare import Comparison
    from netopt.cli.layering import Effective

_MAIN_JOB: Final = "unified,mandates,open-market"


def command(  # noqa: PLR0913 - the options of the command line
    instance: str,
    *,
    policies: str = _MAIN_JOB,
    curve: Annotated[bool | None, Parameter(negative="--no-curve")] = None,
    maps: Annotated[bool, Parameter(negative="--no-maps")] = True,
    report: Annotated[bool, Parameter(negative="--no-report")] = True,
    scenario: Scenario = Scenario(),  # noqa: B008 - frozen
    writing: Writing = Writing(),  # noqa: B008 - frozen
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Solve several policies, check every plan independently, and state the cost of fragmentation.

    Leaves one folder with a run per policy, comparison.json, README.md, maps and a report. Ctrl-C
    leaves the policies that have a plan by then, with the intervals that their bounds give.

    Parameters
    ----------
    instance
        Folder of the instance, or the name of a shipped one.
    policies
        Comma-separated names or TOML files; the first is the base of the comparison.
    curve
        Also state the cost with everything collected and over the pass-through of the informal channel;
        left out, only where that is quick.
    maps
        Also draw maps.
    report
        Also write the report (see ``netopt report``) into report/.
    """
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy
    from netopt.solution.staging import ensure_writable  # noqa: PLC0415 - heavy

    console = open_console(talk)
    formal_share = formal_share_of(scenario)
    loaded = open_scenario(instance, scenario)
    effective = effective_options(solving, instance=loaded)
    chosen = find_policies(policies, loaded)
    note_idle(console, chosen, loaded)
    design = design_of(scenario, loaded)
    path = writing.output or default_output(loaded.name, "comparison")
    ensure_writable(path, force=writing.force)
    if writing.dry_run:
        show_sizes(console, loaded, chosen, formal_share, design)
        return SOLVED
    from netopt.analysis.compare import compare  # noqa: PLC0415 - heavy

    with stoppable() as stop:
        try:
            with console.progress(loaded.name) as progress:
                options = effective.solve_options(formal_share, progress, stop, design)
                comparison = compare(loaded, chosen, options, curve=curve)
        except InfeasibleError as error:
            names = [policy.name for policy in chosen]
            given = split_names(policies)
            hint = explain_hint(instance, given, names, error.policy, scenario)
            return leave_explanation(console, error, loaded, chosen, path, force=writing.force, hint=hint)
        shown = {"maps": maps, "report": report}
        if stop.is_set():
            for what in [what for what, wanted in shown.items() if wanted]:
                console.note(f"interrupted: no {what}; netopt {what.removesuffix('s')} {path} makes them")
            shown = dict.fromkeys(shown, False)
        _write(console, comparison, path, effective, shown, force=writing.force)
        return _say(console, comparison, path)


def _write(
    console: Console,
    comparison: Comparison,
    path: Path,
    effective: Effective,
    shown: Mapping[str, bool],
    *,
    force: bool,
) -> None:
    """Write the comparison as one folder; solves are not lost to a map or report that fails."""
    from netopt.solution.design import design_in_manifest  # noqa: PLC0415 - heavy
    from netopt.solution.staging import staged_folder  # noqa: PLC0415 - heavy
    from netopt.solution.store import (  # noqa: PLC0415 - heavy
        instance_in_manifest,
        name_and_digest,
        write_json,
        write_manifest,
        write_run,
    )

    failures: list[Exception] = []
    with staged_folder(path, force=force) as folder:
        for name, solution in comparison.solutions.items():
            # Each was solved on a part of the comparison's threads.
            extra = {**effective.for_manifest(), "threads": solution.outcome.threads}
            write_run(solution, folder / "runs" / name, extra=extra)
        write_json(folder / "comparison.json", plain(comparison.to_dict()))
        (folder / "README.md").write_text(comparison.to_markdown(), encoding="utf-8", newline="\n")
        if shown["maps"]:
            console.note("drawing maps")
            _kept(failures, lambda: _draw(comparison, folder / "maps"))
        solutions = list(comparison.solutions.values())
        about = {
            "instance": instance_in_manifest(solutions[0].instance),
            "policies": [name_and_digest(solution.policy) for solution in solutions],
            "formal_share": solutions[0].formal_share,
            **design_in_manifest(solutions[0].design),
            "options": effective.for_manifest(),
        }
        write_manifest(folder, "comparison", about)
        if shown["report"]:
            console.note("writing the report")
            _kept(failures, lambda: leave_report(folder))
    if failures:
        console.note(f"the comparison is in {path}, without all of its maps and report")
        raise failures[0]


def _kept(failures: list[Exception], work: Callable[[], None]) -> None:
    """Do some work; what goes wrong is kept for later."""
    try:
        work()
    except Exception as error:
        failures.append(error)


def _draw(comparison: Comparison, folder: Path) -> None:
    from netopt.maps.atlas import Atlas  # noqa: PLC0415 - heavy

    Atlas(FORMATS).draw(comparison.solutions, folder)


def _say(console: Console, comparison: Comparison, path: Path) -> int:
    solutions = comparison.solutions
    code = code_of([solution.outcome.status for solution in solutions.values()])
    if comparison.unsolved and code == SOLVED:
        code = LIMIT
    first = next(iter(solutions.values()))
    digests = {name: solution.policy.digest for name, solution in solutions.items()}
    content: dict[str, Any] = {
        "status": worst_status([solution.outcome.status for solution in solutions.values()]),
        "exit_code": code,
        "objective": {name: item.outcome.upper_bound_cny_per_year for name, item in solutions.items()},
        "bound": {name: item.outcome.lower_bound_cny_per_year for name, item in solutions.items()},
        "gap": {name: item.outcome.gap for name, item in solutions.items()},
        "unit": "CNY/yr",
        "comparison": comparison.to_dict(),
        "paths": {"comparison": str(path), "runs": {name: str(path / "runs" / name) for name in solutions}},
        "digests": {"instance": first.instance.digest, "policies": digests},
    }
    console.result(f"{comparison.to_markdown().rstrip()}\n\n{path}", content)
    return code
