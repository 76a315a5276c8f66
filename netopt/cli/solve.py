"""``netopt solve``: one instance under one policy, as a checked run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from netopt.cli.console import Console, log, open_console
from netopt.cli.dry_run import show_sizes
from netopt.cli.endings import SOLVED, code_of, stoppable
from netopt.cli.infeasible import explain_hint, leave_explanation
from netopt.cli.inputs import default_output, find_policy, note_idle
from netopt.cli.options import Scenario, Solving, Talk, Writing
from netopt.cli.scenario import design_of, formal_share_of, open_scenario
from netopt.errors import InfeasibleError

if TYPE_CHECKING:
    from netopt.cli.layering import Effective
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.options import SolveOptions
    from netopt.solution.solution import Solution


def command(
    instance: str,
    *,
    policy: str,
    scenario: Scenario = Scenario(),  # noqa: B008 - frozen
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
    """
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy
    from netopt.solution.staging import ensure_writable  # noqa: PLC0415 - heavy

    console = open_console(talk)
    formal_share = formal_share_of(scenario)
    loaded = open_scenario(instance, scenario)
    effective = effective_options(solving, instance=loaded)
    chosen = find_policy(policy, loaded)
    note_idle(console, [chosen], loaded)
    design = design_of(scenario, loaded)
    path = writing.output or default_output(loaded.name, chosen.name)
    ensure_writable(path, force=writing.force)
    if writing.dry_run:
        show_sizes(console, loaded, [chosen], formal_share, design)
        return SOLVED
    with stoppable() as stop:
        try:
            with console.progress(loaded.name) as progress:
                options = effective.solve_options(formal_share, progress, stop, design)
                solution = _solve(loaded, chosen, options)
        except InfeasibleError as error:
            hint = explain_hint(instance, [policy], [chosen.name], error.policy, scenario)
            return leave_explanation(console, error, loaded, [chosen], path, force=writing.force, hint=hint)
        return _write(console, solution, path, effective, force=writing.force)


def _solve(instance: Instance, policy: Policy, options: SolveOptions) -> Solution:
    from netopt.pipeline import solve  # noqa: PLC0415 - heavy

    kept = "" if options.design is None else f" {options.design}"
    log.info("solving %s under %s%s", instance.name, policy.name, kept)
    return solve(instance, policy, options)


def _write(console: Console, solution: Solution, path: Path, effective: Effective, *, force: bool) -> int:
    from netopt.solution.store import write_run  # noqa: PLC0415 - heavy

    run = write_run(solution, path, force=force, extra=effective.for_manifest())
    code = code_of([solution.outcome.status])
    console.result(_text(solution, run), {"exit_code": code, **_content(solution, run)})
    return code


def _content(solution: Solution, run: Path) -> dict[str, Any]:
    from netopt.solution.design import design_in_manifest  # noqa: PLC0415 - heavy

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
        **design_in_manifest(solution.design),
        "paths": {"run": str(run), "manifest": str(run / "manifest.json")},
        "digests": {"instance": solution.instance.digest, "policy": solution.policy.digest},
    }


def _text(solution: Solution, run: Path) -> str:
    outcome = solution.outcome
    kept = "" if solution.design is None else f", {solution.design}"
    return "\n".join(
        [
            f"status     {outcome.status}, checked independently{kept}",
            f"objective  {outcome.upper_bound_cny_per_year:,.0f} CNY/yr "
            f"({solution.policy.perspective} cost, formal share {solution.formal_share:g})",
            f"bound      {outcome.lower_bound_cny_per_year:,.0f} CNY/yr{kept}",
            f"gap        {100 * outcome.gap:.4f} % of gross cost "
            f"(asked for {100 * outcome.gap_target:.4f} %)",
            f"run        {run}",
        ]
    )
