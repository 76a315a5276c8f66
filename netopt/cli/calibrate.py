"""``netopt calibrate``: the model's figures beside published ones, with class and error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netopt.cli.console import open_console, plain
from netopt.cli.endings import SOLVED
from netopt.cli.options import Solving, Talk
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.solution.store import Run


def command(
    instance: str = "china-2024",
    *,
    runs: Path | None = None,
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Set the model's figures beside published ones: figure, model, source, class and error.

    Classes: fitted, held out, input-sharing (the source has inputs in common with the model), unattainable
    (beyond what the inputs allow). Routing rules are solved on the instance's places; figures of plans are
    read from --runs.

    Parameters
    ----------
    instance
        Folder of an instance with a folder calibration/, or the name of a shipped one.
    runs
        Folder of a comparison whose plans are compared too; without it theirs are not computed.
    """
    from dataclasses import asdict  # noqa: PLC0415 - heavy

    from netopt.analysis.calibration import calibrate, calibration_markdown  # noqa: PLC0415 - heavy
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy
    from netopt.data.read import read_instance  # noqa: PLC0415 - heavy

    console = open_console(talk)
    loaded = read_instance(instance)
    effective = effective_options(solving, instance=loaded)
    compared = calibrate(loaded, {} if runs is None else _read(runs), effective.solve_options())
    content = {
        "status": "told",
        "exit_code": SOLVED,
        "targets": plain([{**asdict(each), "error": each.error} for each in compared]),
        "digests": {"instance": loaded.digest},
    }
    console.result(calibration_markdown(compared).rstrip(), content)
    return SOLVED


def _read(folder: Path) -> dict[str, Run]:
    from netopt.solution.store import read_manifest, read_run  # noqa: PLC0415 - heavy

    if read_manifest(folder).get("kind") != "comparison":
        raise UsageError(f"{folder} is no comparison: netopt compare makes one")
    return {path.name: read_run(path) for path in sorted((folder / "runs").iterdir()) if path.is_dir()}
