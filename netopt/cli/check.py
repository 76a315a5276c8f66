"""``netopt check``: the independent checker on a run or on anyone's answer."""

from __future__ import annotations

from pathlib import Path

from netopt.cli.console import open_console
from netopt.cli.endings import CHECK_FAILED, SOLVED
from netopt.cli.options import Talk


def command(run: Path, *, talk: Talk = Talk()) -> int:  # noqa: B008 - frozen
    """Check a run, or anyone's answer laid out as one, without a solver.

    Needed are instance/, policy.toml, tables/ and ledger.csv; a manifest is compared where there is
    one. Ends with 7 where a rule is violated or a file is not as netopt wrote it.

    Parameters
    ----------
    run
        The run folder.
    """
    from netopt.solution.check import check  # noqa: PLC0415 - heavy
    from netopt.solution.design import design_in_manifest  # noqa: PLC0415 - heavy
    from netopt.solution.store import altered_files, read_run  # noqa: PLC0415 - heavy

    console = open_console(talk)
    read = read_run(run, verify_digests=False)
    altered = altered_files(run) if read.manifest else []
    verdict = check(
        read.instance,
        read.policy,
        read.answer,
        read.ledger,
        formal_share=read.formal_share,
        design=read.design,
        given_flows=read.given_flows,
        upper_bound_cny_per_year=None if read.outcome is None else read.outcome.upper_bound_cny_per_year,
    )
    passed = verdict.ok and not altered
    content = {
        "status": "passed" if passed else "check_failed",
        "exit_code": SOLVED if passed else CHECK_FAILED,
        "objective": None if read.outcome is None else read.outcome.upper_bound_cny_per_year,
        "bound": None if read.outcome is None else read.outcome.lower_bound_cny_per_year,
        "gap": None if read.outcome is None else read.outcome.gap,
        "manifest": bool(read.manifest),
        **design_in_manifest(read.design),
        "altered_files": altered,
        "verdict": verdict.to_dict(),
        "paths": {"run": str(run)},
        "digests": {"instance": read.instance.digest, "policy": read.policy.digest},
    }
    kept = "" if read.design is None else f", {read.design}"
    lines = [f"altered: {line}" for line in altered]
    lines += [f"violated: {violation}" for violation in verdict.violations]
    console.result("\n".join(lines or [f"{run}: passed{kept}"]), content)
    return SOLVED if passed else CHECK_FAILED
