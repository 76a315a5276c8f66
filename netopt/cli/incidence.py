"""``netopt incidence``: who bears a plan and who gains, by province and actor; of two, who loses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from netopt.cli.console import Console, open_console, plain
from netopt.cli.endings import SOLVED, stoppable
from netopt.cli.inputs import default_output, split_names
from netopt.cli.options import Solving, Talk, Writing
from netopt.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from netopt.analysis.figures import Range
    from netopt.analysis.incidence import Incidence
    from netopt.analysis.incidence_change import Change
    from netopt.solution.store import Run


def command(
    run: Path,
    other: Path | None = None,
    *,
    ranges: Annotated[str | None, Parameter(name="--range")] = None,
    writing: Writing = Writing(),  # noqa: B008 - frozen
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Say who bears a plan and who gains by it, by province and by actor; with another run, who loses.

    Cost, transfers, local tax, jobs, tonnes, CO2e, capacity, hauls and metals of this plan, as CSV tables
    and in words. Rows sum to the ledger. Other plans as good may place them elsewhere: --range says
    between which ends a figure lies.

    Parameters
    ----------
    run
        Folder of a run (of a comparison: one of its runs/...), the base where there is another.
    other
        Folder of a second run of the same retired batteries: its plan minus the first.
    ranges
        Comma-separated figures to bound over all plans that cost no more than that of the (last) run:
        NAME, NAME@JURISDICTION, NAME/FACILITY_TYPE@JURISDICTION. Names: cost, resource_cost, externality,
        any ledger category, throughput, jobs. Two to six solves each.
    """
    from netopt.analysis.figures import read_figure  # noqa: PLC0415 - heavy
    from netopt.analysis.incidence import incidence  # noqa: PLC0415 - heavy
    from netopt.analysis.incidence_change import incidence_change  # noqa: PLC0415 - heavy
    from netopt.solution.staging import ensure_writable  # noqa: PLC0415 - heavy

    console = open_console(talk)
    plans = [_read(folder) for folder in (run, other) if folder is not None]
    last = plans[-1]
    figures = [read_figure(text, last.instance) for text in split_names(ranges)] if ranges else []
    path = writing.output or default_output(last.instance.name, "incidence")
    ensure_writable(path, force=writing.force)
    found = incidence(plans[0]) if other is None else incidence_change(*plans)
    if writing.dry_run:
        console.result(f"{run}: can be told", {"status": "dry_run", "paths": {}})
        return SOLVED
    bounded = _ranges(console, last, figures, solving) if figures else []
    return _write(console, found, bounded, plans, path, force=writing.force)


def _read(folder: Path) -> Run:
    from netopt.solution.store import read_manifest, read_run  # noqa: PLC0415 - heavy

    if read_manifest(folder).get("kind") == "comparison":
        raise UsageError(f"{folder} is a comparison: name its runs, {folder / 'runs'}/...")
    return read_run(folder)


def _ranges(console: Console, plan: Run, figures: list[Any], solving: Solving) -> list[Range]:
    from netopt.analysis.figures import ranges_of  # noqa: PLC0415 - heavy
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy

    effective = effective_options(solving, instance=plan.instance)
    with stoppable() as stop, console.progress(plan.instance.name) as progress:
        return ranges_of(plan, figures, effective.solve_options(None, progress, stop))


def _write(
    console: Console,
    found: Incidence | Change,
    ranges: list[Range],
    plans: list[Run],
    path: Path,
    *,
    force: bool,
) -> int:
    from dataclasses import asdict  # noqa: PLC0415 - heavy

    from netopt.analysis.incidence_words import ranges_markdown  # noqa: PLC0415 - heavy
    from netopt.solution.csv_tables import guard_text  # noqa: PLC0415 - heavy
    from netopt.solution.staging import staged_folder  # noqa: PLC0415 - heavy
    from netopt.solution.store import (  # noqa: PLC0415 - heavy
        instance_in_manifest,
        name_and_digest,
        write_manifest,
    )

    bounded = [asdict(item) for item in ranges]
    text = "\n".join(filter(None, [found.to_markdown(), ranges_markdown(ranges)]))
    with staged_folder(path, force=force) as folder:
        for name, table in found.tables().items():
            _write_csv(table, folder / f"{name}.csv", guard_text)
        (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
        about = {
            "instance": instance_in_manifest(plans[-1].instance),
            "policies": [name_and_digest(plan.policy) for plan in plans],
            "ranges": bounded,
        }
        write_manifest(folder, "incidence", about)
    content = {
        "status": "told",
        "exit_code": SOLVED,
        "incidence": plain(found.to_dict()),
        "ranges": bounded,
        "paths": {"incidence": str(path)},
        "digests": {"instance": plans[-1].instance.digest},
    }
    console.result(f"{text.rstrip()}\n\n{path}", content)
    return SOLVED


def _write_csv(table: pd.DataFrame, path: Path, guard: Any) -> None:
    """Write a table as CSV, harmless in a spreadsheet."""
    written = table.copy()
    for name in written.columns[[kind.kind in "OUT" or str(kind) == "str" for kind in written.dtypes]]:
        written[name] = [guard(str(text)) for text in written[name]]
    written.to_csv(path, index=False, encoding="utf-8", lineterminator="\r\n")
