"""What is left where no plan exists: the explanation, in words and in a file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netopt.cli.options import Scenario
from netopt.cli.scenario import words_of
from netopt.errors import InfeasibleError

if TYPE_CHECKING:
    from netopt.cli.console import Console
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy


def leave_explanation(
    console: Console,
    error: InfeasibleError,
    instance: Instance,
    policies: Sequence[Policy],
    path: Path,
    *,
    force: bool,
    hint: str,
) -> int:
    """Say why no plan exists, write it to ``path``, and return the exit code.

    Parameters
    ----------
    hint
        Which command says more.

    Raises
    ------
    UsageError
        Where something else is at ``path``.
    """
    from netopt.solution.store import EXPLANATION, write_explanation  # noqa: PLC0415 - heavy

    words = f"{error.explanation.rstrip()}\n\n{hint}"
    written = write_explanation(words, instance, policies, path, force=force)
    said = InfeasibleError(words, error.policy)
    return console.fail(said, said.exit_code, {"explanation": str(written / EXPLANATION)})


def explain_hint(
    instance: str,
    policies: Sequence[str],
    names: Sequence[str],
    failed: str,
    scenario: Scenario,
) -> str:
    """Return which command explains the policy that failed, as it was asked for.

    Where the design was fixed the command leaves that out: contradictions are looked for among what a
    planner has stated, and with sites free.

    Parameters
    ----------
    instance, scenario
        As given on the command line.
    policies, names
        The policies as given, and their names in the same order.
    failed
        Name of the policy that no plan meets.

    Examples
    --------
    >>> hint = explain_hint("toy", ["unified", "my.toml"], ["unified", "strict"], "strict", Scenario(0.5))
    >>> hint.partition(": ")[2]
    'netopt explain toy --policy my.toml --formal-share 0.5'
    """
    given = dict(zip(names, policies, strict=True)).get(failed, failed)
    free = words_of(replace(scenario, fix_sites=None))
    command = shlex.join(["netopt", "explain", instance, "--policy", given, *free])
    if scenario.fix_sites is not None:
        return f"Whether a plan exists where sites are free, and if not, why: {command}"
    return f"What contradicts what, and the smallest set to lift: {command}"
