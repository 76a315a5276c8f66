"""What is planned for, where the command line changes what the instance says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.cli.options import Scenario
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.data.design import Design
    from netopt.data.instance import Instance


def formal_share_of(scenario: Scenario) -> float | None:
    """Return the formal share asked for (0 to 1); None: the instance's.

    Raises
    ------
    UsageError
        Where it is not between 0 and 1, or asked for in two ways.

    Examples
    --------
    >>> formal_share_of(Scenario(no_leakage=True))
    1.0
    """
    share = scenario.formal_share
    if scenario.no_leakage and share is not None:
        raise UsageError("--no-leakage means --formal-share 1: give one of the two")
    if share is not None and not 0 <= share <= 1:
        raise UsageError(f"--formal-share {share} is not between 0 and 1")
    return 1.0 if scenario.no_leakage else share


def open_scenario(path: str, scenario: Scenario) -> Instance:
    """Return an instance by folder or name, changed as the scenario asks but for the formal share.

    Raises
    ------
    InstanceError
        With every problem of the instance.
    UsageError
        Where there is no such instance, or it has no such scenario or volume; the message suggests one.
    """
    from netopt.data.greenfield import as_greenfield  # noqa: PLC0415 - heavy
    from netopt.data.read import read_instance  # noqa: PLC0415 - heavy
    from netopt.data.scenarios import with_scenario  # noqa: PLC0415 - heavy
    from netopt.data.volumes import with_volume  # noqa: PLC0415 - heavy

    instance = read_instance(path)
    for name in scenario.scenario:
        instance = with_scenario(instance, name)
    if scenario.volumes is not None:
        instance = with_volume(instance, scenario.volumes)
    return as_greenfield(instance) if scenario.greenfield else instance


def design_of(scenario: Scenario, instance: Instance) -> Design | None:
    """Return the design that is to be kept; None: sites are free.

    Raises
    ------
    UsageError
        Where there is no such run, or its sites, sizes or periods are not those of the instance.
    CheckError
        Where the run was altered.
    """
    if scenario.fix_sites is None:
        return None
    from netopt.data.design import refuse_foreign  # noqa: PLC0415 - heavy
    from netopt.solution.earlier import read_design  # noqa: PLC0415 - heavy

    design = read_design(scenario.fix_sites)
    refuse_foreign(design, instance)
    return design


def words_of(scenario: Scenario) -> list[str]:
    """Return the words of the command line that ask for the scenario.

    Examples
    --------
    >>> words_of(Scenario(formal_share=0.5, volumes="2030-low"))
    ['--formal-share', '0.5', '--volumes', '2030-low']
    """
    words = [] if scenario.formal_share is None else ["--formal-share", f"{scenario.formal_share:g}"]
    words += ["--no-leakage"] if scenario.no_leakage else []
    words += [] if scenario.volumes is None else ["--volumes", scenario.volumes]
    for name in scenario.scenario:
        words += ["--scenario", name]
    words += ["--greenfield"] if scenario.greenfield else []
    return words if scenario.fix_sites is None else [*words, "--fix-sites", str(scenario.fix_sites)]


def refuse_for_run(scenario: Scenario) -> None:
    """Raise UsageError where a scenario is asked for of a run, which has its own."""
    for word in words_of(scenario):
        if word.startswith("--"):
            raise UsageError(f"a run has its own scenario; {word} goes with --policy")
