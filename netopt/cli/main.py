"""The command ``netopt``: parse, run one command, end with its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from netopt import __version__
from netopt.cli.console import current_console, forget_console
from netopt.cli.endings import INTERNAL, USAGE, catch_interrupts, interrupted_code
from netopt.errors import NetoptError, StoppedError

COMMANDS = (
    "new",
    "validate",
    "solve",
    "compare",
    "explain",
    "baseline",
    "check",
    "map",
    "lever",
    "profile",
    "schema",
)

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
for _name in COMMANDS:
    app.command(f"netopt.cli.{_name}:command", name=_name)


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
        return int(app(words) or 0)
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
