"""How a command ends: interrupts and exit codes."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from netopt.solution.outcome import Status

SOLVED: Final = 0
INTERNAL: Final = 1
USAGE: Final = 2
LIMIT: Final = 5
CHECK_FAILED: Final = 7

_received: list[int] = []


def catch_interrupts() -> None:
    """Turn SIGINT and SIGTERM into KeyboardInterrupt, which a running solve answers with its incumbent.

    A process started with SIGINT ignored (``nohup``, a shell's ``&``) goes on ignoring it.
    """
    _received.clear()
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)


def interrupted_code() -> int:
    """Return 128 + the signal that ended the work: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + (_received[-1] if _received else signal.SIGINT)


def worst_status(statuses: Iterable[Status]) -> str:
    """Return the worst of these statuses: interrupted, then limit, then optimal."""
    names = {str(status) for status in statuses}
    return next((name for name in ("interrupted", "limit") if name in names), "optimal")


def code_of(statuses: Iterable[Status]) -> int:
    """Return the exit code for the worst of these statuses."""
    worst = worst_status(statuses)
    return interrupted_code() if worst == "interrupted" else LIMIT if worst == "limit" else SOLVED


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt
