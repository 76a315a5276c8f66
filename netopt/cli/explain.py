"""``netopt explain``: why no plan exists, or what binds the plan and what the next tonne costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netopt.cli.console import Console, open_console, plain
from netopt.cli.endings import SOLVED, code_of
from netopt.cli.inputs import find_policy, note_idle
from netopt.cli.options import Scenario, Solving, Talk
from netopt.cli.scenario import design_of, formal_share_of, open_scenario, refuse_for_run
from netopt.errors import InfeasibleError, UsageError

if TYPE_CHECKING:
    from netopt.analysis.explain import Explanation
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.options import SolveOptions

INFEASIBLE: Final = InfeasibleError.exit_code


def command(
    subject: str,
    *,
    policy: str | None = None,
    scenario: Scenario = Scenario(),  # noqa: B008 - frozen
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Explain a policy: which statements contradict each other and what to lift, or what binds.

    Where no plan exists: contradictions that are irreducible (lift any one statement, and the rest can
    be kept), the smallest set to lift, and what must give at least, in tonnes and places. Ends with 4.
    Where one exists: what binds, and what one more tonne costs where, with the sites fixed.

    Parameters
    ----------
    subject
        Folder or name of an instance (with --policy), or the folder of a run.
    policy
        Name or TOML file of the policy.
    """
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy
    from netopt.solution.staging import MANIFEST  # noqa: PLC0415 - heavy

    console = open_console(talk)
    effective = effective_options(solving)
    formal_share = formal_share_of(scenario)
    if policy is None:
        explanation = _of_run(subject, scenario, effective.solve_options())
    else:
        if (Path(subject) / MANIFEST).is_file():
            raise UsageError(f"{subject} is a run, which has its policy: leave out --policy")
        with console.progress(f"{subject} {policy}") as progress:
            loaded = open_scenario(subject, scenario)
            effective = effective_options(solving, instance=loaded)
            chosen = find_policy(policy, loaded)
            note_idle(console, [chosen], loaded)
            options = effective.solve_options(formal_share, progress, design=design_of(scenario, loaded))
            explanation = _of_policy(loaded, chosen, options)
    return _say(console, explanation)


def _of_policy(instance: Instance, policy: Policy, options: SolveOptions) -> Explanation:
    from netopt.analysis.explain import explain  # noqa: PLC0415 - heavy

    return explain(instance, policy, options)


def _of_run(subject: str, scenario: Scenario, options: SolveOptions) -> Explanation:
    from netopt.analysis.explain import explain_plan  # noqa: PLC0415 - heavy
    from netopt.solution.given import BASELINE  # noqa: PLC0415 - heavy
    from netopt.solution.store import EXPLANATION, read_manifest, read_run  # noqa: PLC0415 - heavy

    refuse_for_run(scenario)
    folder = Path(subject)
    if (folder / "instance.toml").is_file() or not folder.is_dir():
        raise UsageError(f"{subject} is no run: add --policy to explain an instance")
    kind = read_manifest(folder).get("kind")
    if kind == "infeasible":
        words = f"{folder / EXPLANATION} names the command that explains its instance"
        raise UsageError(f"{subject} holds no plan: {words}")
    if kind == "comparison":
        raise UsageError(f"{subject} is a comparison: explain one of its runs, {folder / 'runs'}/...")
    if kind == BASELINE:
        raise UsageError(f"{subject} is a baseline: its flows were given, so nothing of it was chosen")
    return explain_plan(read_run(folder), options)


def _say(console: Console, explanation: Explanation) -> int:
    outcome = explanation.outcome
    if not explanation.is_feasible:
        status, code = "infeasible", INFEASIBLE
    elif outcome is None:
        status, code = "planned", SOLVED
    else:
        status, code = str(outcome.status), code_of([outcome.status])
    content: dict[str, Any] = {
        "status": status,
        "exit_code": code,
        "objective": None if outcome is None else outcome.upper_bound_cny_per_year,
        "bound": None if outcome is None else outcome.lower_bound_cny_per_year,
        "gap": None if outcome is None else outcome.gap,
        "unit": "CNY/yr",
        "formal_share": explanation.instance.settings.leakage.formal_share,
        "explanation": plain(explanation.to_dict()),
        "digests": {"instance": explanation.instance.digest, "policy": explanation.policy.digest},
    }
    console.result(explanation.to_text(), content)
    return code
