"""What is left where no plan exists: the explanation, in words and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netopt.cli.console import Console
    from netopt.data.instance import Instance
    from netopt.errors import InfeasibleError
    from netopt.policy.base import Policy


def explain(
    console: Console,
    error: InfeasibleError,
    instance: Instance,
    policies: Sequence[Policy],
    path: Path,
    *,
    force: bool,
) -> int:
    """Say why no plan exists, write it to ``path``, and return the exit code.

    Raises
    ------
    UsageError
        Where something else is at ``path``.
    """
    from netopt.solution.store import EXPLANATION, write_explanation  # noqa: PLC0415 - heavy

    written = write_explanation(error.explanation, instance, policies, path, force=force)
    return console.fail(error, error.exit_code, {"explanation": str(written / EXPLANATION)})
