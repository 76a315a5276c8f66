"""``netopt solve``: one instance under one policy, as a checked run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from netopt.cli.console import Console, log, open_console
from netopt.cli.dry_run import show_sizes
from netopt.cli.endings import SOLVED, code_of, stoppable
from netopt.cli.infeasible import explain_command, leave_explanation
from netopt.cli.inputs import check_share, default_output, find_policy, open_instance
from netopt.cli.options import Solving, Talk, Writing
from netopt.errors import InfeasibleError

if TYPE_CHECKING:
    from threading import Event

    from netopt.cli.layering import Effective
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.solution import Solution


def command(
    instance: str,
    *,
    policy: str,
    formal_share: float | None = None,
    volumes: str | None = None,
    writing: Writing = Writing(),  # noqa: B008 - frozen
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Solve one instance under one policy, check the plan independently, and write it as a run.

    Parameters
    ----------
    instance
        Folder of the instance, or the name of a shipped one.
    policy
        Name or TOML file of the policy.
    formal_share
        Formal share of what retires (0 to 1), instead of the instance's.
    volumes
        Name of a row of the instance's volumes.csv: supply is scaled to its total.
    """
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy
    from netopt.solution.staging import ensure_writable  # noqa: PLC0415 - heavy

    console = open_console(talk)
    effective = effective_options(solving)
    check_share(formal_share)
    loaded = open_instance(instance, volumes)
    chosen = find_policy(policy, loaded)
    path = writing.output or default_output(loaded.name, chosen.name)
    ensure_writable(path, force=writing.force)
    if writing.dry_run:
        show_sizes(console, loaded, [chosen], formal_share)
        return SOLVED
    with stoppable() as stop:
        try:
            solution = _solve(console, loaded, chosen, effective, formal_share, stop)
        except InfeasibleError as error:
            hint = explain_command(instance, [policy], [chosen.name], error.policy, formal_share, volumes)
            return leave_explanation(console, error, loaded, [chosen], path, force=writing.force, hint=hint)
        return _write(console, solution, path, effective, force=writing.force)


def _solve(
    console: Console,
    instance: Instance,
    policy: Policy,
    effective: Effective,
    formal_share: float | None,
    stop: Event,
) -> Solution:
    from netopt.pipeline import solve  # noqa: PLC0415 - heavy

    log.info("solving %s under %s with %s", instance.name, policy.name, effective.for_manifest())
    with console.progress(instance.name) as progress:
        return solve(instance, policy, effective.solve_options(formal_share, progress, stop))


def _write(console: Console, solution: Solution, path: Path, effective: Effective, *, force: bool) -> int:
    from netopt.solution.store import write_run  # noqa: PLC0415 - heavy

    run = write_run(solution, path, force=force, extra=effective.for_manifest())
    code = code_of([solution.outcome.status])
    console.result(_text(solution, run), {"exit_code": code, **_content(solution, run)})
    return code


def _content(solution: Solution, run: Path) -> dict[str, Any]:
    outcome = solution.outcome
    return {
        "status": str(outcome.status),
        "objective": outcome.upper_bound_cny_per_year,
        "bound": outcome.lower_bound_cny_per_year,
        "gap": outcome.gap,
        "gross_cost": outcome.gross_cost_cny_per_year,
        "unit": "CNY/yr",
        "formal_share": solution.formal_share,
        "checked": solution.verdict.ok,
        "paths": {"run": str(run), "manifest": str(run / "manifest.json")},
        "digests": {"instance": solution.instance.digest, "policy": solution.policy.digest},
    }


def _text(solution: Solution, run: Path) -> str:
    outcome = solution.outcome
    return "\n".join(
        [
            f"status     {outcome.status}, checked independently",
            f"objective  {outcome.upper_bound_cny_per_year:,.0f} CNY/yr "
            f"({solution.policy.perspective} cost, formal share {solution.formal_share:g})",
            f"bound      {outcome.lower_bound_cny_per_year:,.0f} CNY/yr",
            f"gap        {100 * outcome.gap:.4f} % of gross cost "
            f"(asked for {100 * outcome.gap_target:.4f} %)",
            f"run        {run}",
        ]
    )
