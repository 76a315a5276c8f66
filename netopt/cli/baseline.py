"""``netopt baseline``: the flows of a year that was, priced, checked, and compared with the spend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from netopt.cli.console import Console, open_console, plain
from netopt.cli.endings import SOLVED, code_of, stoppable
from netopt.cli.inputs import default_output, find_policy
from netopt.cli.options import Solving, Talk, Writing
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.analysis.baseline import Baseline, Given
    from netopt.cli.layering import Effective
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy


def command(  # noqa: PLR0913 - the options of the command line
    instance: str,
    flows: Path | None = None,
    *,
    policy: str | None = None,
    spend: Path | None = None,
    tolerance: float = 0.0,
    template: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    writing: Writing = Writing(),  # noqa: B008 - frozen
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Price given flows with the model, check the plan, and compare it with what was spent.

    The flows are held; throughput, the standing capacity that operates and the sizes that are needed
    follow as the cheapest, and what was inferred is said. Rows that are no shipment of the instance end
    with 3, flows that cannot all have been with 4; both name the rows.

    Parameters
    ----------
    instance
        Folder of the instance, or the name of a shipped one.
    flows
        CSV: from_place, to_place, commodity, mode, period, flow_units_per_year; where a policy tells
        batteries by origin also origin, left.
    policy
        Name or TOML file of the policy that was in force; without one there are no levers.
    spend
        CSV: category, spend_cny_per_year, and jurisdiction if it is known.
    tolerance
        Share (0 to 1) by which a flow may differ from what is given, where records do not add up.
    template
        Print a table of flows to fill in.
    """
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy
    from netopt.data.read import read_instance  # noqa: PLC0415 - heavy
    from netopt.solution.staging import ensure_writable  # noqa: PLC0415 - heavy

    console = open_console(talk)
    loaded = read_instance(instance)
    effective = effective_options(solving, instance=loaded)
    if template:
        return _say_template(console, loaded)
    if flows is None:
        raise UsageError(
            "give the file of the flows; netopt baseline INSTANCE --template prints one to fill in"
        )
    if not 0 <= tolerance < 1:
        raise UsageError(f"--tolerance {tolerance} is not a share from 0 to 1")
    chosen = _no_policy() if policy is None else find_policy(policy, loaded)
    from netopt.analysis.baseline import read_given_files  # noqa: PLC0415 - heavy

    given = read_given_files(loaded, chosen, flows, spend, tolerance)
    path = writing.output or default_output(loaded.name, "baseline")
    ensure_writable(path, force=writing.force)
    if writing.dry_run:
        return _say_sizes(console, given)
    found = _price(console, loaded, chosen, given, effective)
    return _write(console, found, path, effective, force=writing.force)


def _no_policy() -> Policy:
    from netopt.policy.read import make_policy  # noqa: PLC0415 - heavy

    return make_policy("no-policy", [], title="No levers")


def _price(
    console: Console, instance: Instance, policy: Policy, given: Given, effective: Effective
) -> Baseline:
    from netopt.analysis.baseline import baseline  # noqa: PLC0415 - heavy

    with stoppable() as stop, console.progress(instance.name) as progress:
        return baseline(instance, policy, given, effective.solve_options(None, progress, stop))


def _say_template(console: Console, instance: Instance) -> int:
    from netopt.analysis.baseline import flows_template  # noqa: PLC0415 - heavy
    from netopt.data.given import FLOWS  # noqa: PLC0415 - heavy

    text = flows_template(instance)
    columns = {column.name: column.description for column in FLOWS.columns}
    console.result(text.rstrip("\n"), {"status": "template", "columns": columns, "flows": text})
    return SOLVED


def _say_sizes(console: Console, given: Given) -> int:
    network = given.network
    free = sorted(set(network.arcs["commodity"]) - set(given.rows["commodity"]))
    sizes = {"n_given_flows": len(given.rows), "n_arcs": len(network.arcs), "follow": free}
    text = f"{len(given.rows):,} given flows are shipments of the network"
    text += f"; those of {', '.join(free)} follow" if free else ""
    digests = {"instance": network.instance.digest}
    console.result(text, {"status": "dry_run", "networks": sizes, "paths": {}, "digests": digests})
    console.note("dry run: nothing was priced, nothing was written")
    return SOLVED


def _write(console: Console, found: Baseline, path: Path, effective: Effective, *, force: bool) -> int:
    from netopt.analysis.baseline_words import baseline_markdown  # noqa: PLC0415 - heavy
    from netopt.solution.store import write_run  # noqa: PLC0415 - heavy

    report = baseline_markdown(found)
    beside = {"README.md": report, "tie_out.csv": found.tie_out.to_csv(index=False, lineterminator="\r\n")}
    run = write_run(found.solution, path, force=force, extra=effective.for_manifest(), beside=beside)
    code = code_of([found.solution.outcome.status])
    console.result(f"{report.rstrip()}\n\n{run}", {"exit_code": code, **_content(found, run)})
    return code


def _content(found: Baseline, run: Path) -> dict[str, Any]:
    solution = found.solution
    outcome = solution.outcome
    return {
        "status": str(outcome.status),
        "objective": outcome.upper_bound_cny_per_year,
        "bound": outcome.lower_bound_cny_per_year,
        "gap": outcome.gap,
        "unit": "CNY/yr",
        "formal_share": solution.formal_share,
        "checked": solution.verdict.ok,
        "inferred": list(found.inferred),
        "tie_out": plain(found.tie_out_rows()),
        "paths": {"run": str(run), "manifest": str(run / "manifest.json")},
        "digests": {"instance": solution.instance.digest, "policy": solution.policy.digest},
    }
