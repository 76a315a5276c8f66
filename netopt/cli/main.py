"""The command ``netopt``: parse, run one command, end with its exit code."""

from __future__ import annotations

import keyword
import os
import sys
from collections.abc import Sequence
from typing import Final

from cyclopts import App, CycloptsError

from netopt import __version__
from netopt.cli.console import current_console, forget_console
from netopt.cli.endings import INTERNAL, SOLVED, USAGE, catch_interrupts, interrupted_code
from netopt.errors import NetoptError, StoppedError

COMMANDS: Final = {
    "new": "Copy a shipped instance to a folder, ready to edit; every file explains itself.",
    "import": "Read a file that you already have into a new instance: workbook, RELOG, test cases, places.",
    "export": "Write an instance for another program: the whole model as MPS or LP, or its data.",
    "validate": "List every problem of an instance, and of a policy on it: "
    "file, row, column, rule, value, hint.",
    "solve": "Solve one instance under one policy, check the plan independently, and write it as a run.",
    "compare": "Solve several policies, check every plan independently, "
    "and state the cost of fragmentation.",
    "explain": "Explain a policy: which statements contradict each other and what to lift, or what binds.",
    "baseline": "Price given flows with the model, check the plan, and compare it with what was spent.",
    "informal": "Payments, fixed point and break-even of the informal channel.",
    "incidence": "Say who bears a plan and who gains by it, by province and by actor; "
    "with another run, who loses.",
    "calibrate": "Set the model's figures beside published ones: figure, model, source, class and error.",
    "check": "Check a run, a comparison with all its runs, or anyone's answer laid out as a run, "
    "without a solver.",
    "map": "Draw a run, two runs, or every run of a comparison: browser map, GIS files, "
    "pictures for print.",
    "report": "Report runs: what policies cost, for whom, what is built and hauled, on what that rests, "
    "in one HTML.",
    "lever": "List and show policy levers.",
    "profile": "List and show solver profiles.",
    "schema": "Print a JSON Schema (2020-12): of an instance, a policy, a lever or an outcome.",
}
"""Command -> the first line of its own help, said here so that ``netopt --help`` loads no command."""


def module_of(command: str) -> str:
    """Return the module of a command; one that is a word of Python has an underscore after it."""
    return f"netopt.cli.{command}_" if keyword.iskeyword(command) else f"netopt.cli.{command}"


def make_app(words: Sequence[str]) -> App:
    """Return the command line; a command that is asked for explains itself in full."""
    app = App(
        name="netopt",
        help="Recycling network design: plans, policies, and what fragmentation costs, with proof.",
        help_epilogue="Exit codes: 0 solved within the gap, 1 internal, 2 usage, 3 bad instance or policy, "
        "4 infeasible, 5 limit with a plan, 6 no plan, 7 check failed, 130/143 interrupted.",
        version=__version__,
        help_format="plaintext",
        result_action="return_value",
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
    )
    for name, line in COMMANDS.items():
        app.command(f"{module_of(name)}:command", name=name, help=None if name in words else line)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Words of the command line; the process's own by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    forget_console()
    catch_interrupts()
    try:
        if set(words) == {"--version", "--json"}:
            current_console(json_wanted=True).result("", {"status": "ok", "version": __version__})
            return SOLVED
        return int(make_app(words)(words) or 0)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERNAL
    except (Exception, KeyboardInterrupt) as error:
        return _report(error, words)


def _report(error: BaseException, words: Sequence[str]) -> int:
    console = current_console(json_wanted="--json" in words)
    if isinstance(error, CycloptsError):
        return console.fail(error, USAGE)
    if isinstance(error, KeyboardInterrupt):
        return console.fail(KeyboardInterrupt("interrupted; nothing was written"), interrupted_code())
    if isinstance(error, StoppedError):
        return console.fail(StoppedError(f"{error}; nothing was written"), interrupted_code())
    if console.talk.verbose >= 2:
        console.err.print_exception()
    if isinstance(error, NetoptError):
        return console.fail(error, error.exit_code)
    kind = type(error).__name__
    console.fail(error, INTERNAL)
    console.note(f"{kind} is not of your making; add -vv for the traceback")
    return INTERNAL
