"""``netopt check``: the independent checker on a run, a comparison or anyone's answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from netopt.cli.console import Console, open_console
from netopt.cli.endings import CHECK_FAILED, SOLVED
from netopt.cli.options import Talk

if TYPE_CHECKING:
    from netopt.solution.recheck import Recheck


def command(
    run: Path,
    *,
    exact: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Check a run, a comparison with all its runs, or anyone's answer laid out as a run, without a solver.

    Needed are instance/, policy.toml, tables/ and ledger.csv; a design.csv is held to, and what manifest,
    outcome and verdict say is compared, where there is one. A lower bound stays its solver's word. Ends
    with 7 where a rule is violated, a statement untrue or a file not as netopt wrote it.

    Parameters
    ----------
    run
        The folder of the run or comparison.
    exact
        Decide in rational arithmetic; up to 5,000 flows that is always done.
    """
    from netopt.solution.recheck import recheck_run  # noqa: PLC0415 - heavy
    from netopt.solution.store import read_manifest  # noqa: PLC0415 - heavy

    console = open_console(talk)
    if read_manifest(run).get("kind") == "comparison":
        return _check_comparison(console, run, exact=exact)
    found = recheck_run(run, exact=exact)
    content = {**_content(found), "paths": {"run": str(run)}}
    kept = "" if found.run.design is None else f", {found.run.design}"
    return _say(console, f"{run}: passed{kept}", found.lines(), [_word(found)], content)


def _check_comparison(console: Console, path: Path, *, exact: bool) -> int:
    from netopt.analysis.recheck import recheck_comparison  # noqa: PLC0415 - heavy

    found = recheck_comparison(path, exact=exact)
    content = {
        "altered_files": list(found.altered),
        "untrue": list(found.untrue),
        "notes": list(found.notes),
        "runs": {name: _content(item) for name, item in found.runs.items()},
        "paths": {"comparison": str(path)},
    }
    words = [f"{name}: {_word(item)}" for name, item in found.runs.items()]
    return _say(console, f"{path}: passed", found.lines(), [*words, *found.notes], content)


def _say(console: Console, passed: str, wrong: list[str], words: list[str], content: dict[str, Any]) -> int:
    code = CHECK_FAILED if wrong else SOLVED
    ending = {"status": "check_failed" if wrong else "passed", "exit_code": code}
    text = "\n".join(wrong or [passed, *(f"  {line}" for line in words)])
    console.result(text, {**content, **ending})
    return code


def _word(found: Recheck) -> str:
    from netopt.solution.recheck import whose_word  # noqa: PLC0415 - heavy

    how = "in rational arithmetic" if found.verdict.exact else "in floating point"
    return f"{whose_word(found.run.outcome)} (decided {how})"


def _content(found: Recheck) -> dict[str, Any]:
    from netopt.solution.design import design_in_manifest  # noqa: PLC0415 - heavy

    run, outcome = found.run, found.run.outcome
    return {
        "objective": None if outcome is None else outcome.upper_bound_cny_per_year,
        "bound": None if outcome is None else outcome.lower_bound_cny_per_year,
        "bound_source": None if outcome is None else outcome.bound_source,
        "gap": None if outcome is None else outcome.gap,
        "manifest": bool(run.manifest),
        **design_in_manifest(run.design),
        "altered_files": list(found.altered),
        "untrue": list(found.untrue),
        "verdict": found.verdict.to_dict(),
        "digests": {"instance": run.instance.digest, "policy": run.policy.digest},
    }
