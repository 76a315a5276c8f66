"""How a command ends: interrupts and exit codes.

A signal ends a command at once, but for the stretch in which it holds a plan or looks for one
(``stoppable``). There the first signal sets an event that every solve looks at, so that what was
found is checked and written; the next one ends the process as if nobody had asked.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from netopt.solution.outcome import Status

SOLVED: Final = 0
INTERNAL: Final = 1
USAGE: Final = 2
LIMIT: Final = 5
CHECK_FAILED: Final = 7

_STOPPING: Final = b"\ninterrupted: any plan found so far is checked and written; once more ends at once\n"
_received: list[int] = []


def catch_interrupts() -> None:
    """Turn SIGINT and SIGTERM into KeyboardInterrupt.

    A process started with SIGINT ignored (``nohup``, a shell's ``&``) goes on ignoring it.
    """
    _received.clear()
    for number in _heeded():
        signal.signal(number, _interrupt)


@contextmanager
def stoppable() -> Iterator[Event]:
    """Yield an event that the first SIGINT or SIGTERM sets; the second ends the process at once."""
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        _received.append(number)
        stop.set()
        # The default action needs no Python: it also ends a process that is deep inside a library.
        for heeded in _heeded():
            signal.signal(heeded, signal.SIG_DFL)
        os.write(2, _STOPPING)

    before = {number: signal.signal(number, ask) for number in _heeded()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore SIGINT and SIGTERM for a moment in which files are moved that belong together."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _heeded()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupted_code() -> int:
    """Return 128 + the signal that ended the work: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + (_received[-1] if _received else signal.SIGINT)


def worst_status(statuses: Iterable[Status]) -> str:
    """Return the worst of these statuses: interrupted, then limit, then optimal."""
    names = {str(status) for status in statuses}
    return next((name for name in ("interrupted", "limit") if name in names), "optimal")


def code_of(statuses: Iterable[Status]) -> int:
    """Return the exit code for the worst of these statuses; that of a signal where one came."""
    worst = worst_status(statuses)
    if _received or worst == "interrupted":
        return interrupted_code()
    return LIMIT if worst == "limit" else SOLVED


def _heeded() -> list[int]:
    """Return the signals to act on."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return [signal.SIGTERM] if ignored else [signal.SIGTERM, signal.SIGINT]


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt
