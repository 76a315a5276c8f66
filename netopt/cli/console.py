"""What a command says: results on stdout; log, errors and progress on stderr."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Console as RichConsole
from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from netopt.cli.options import Talk
from netopt.errors import InfeasibleError, NetoptError, ProblemsError

if TYPE_CHECKING:
    from netopt.solution.options import Progress

SCHEMA_VERSION: Final = 1
PROGRESS_INTERVAL_S: Final = 5.0
_STATUS_OF_CODE: Final = {
    1: "error",
    2: "usage_error",
    3: "invalid",
    4: "infeasible",
    6: "no_solution",
    7: "check_failed",
    130: "interrupted",
    143: "interrupted",
}

log = logging.getLogger("netopt")


class Console:
    """Where one command says things.

    Parameters
    ----------
    talk
        ``--json``, ``-q`` and ``-v``. NO_COLOR is respected (by rich).
    """

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.out = RichConsole(highlight=False, soft_wrap=True)
        self.err = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        _set_up_log(talk, self.err)

    def result(self, text: str, content: Mapping[str, Any]) -> None:
        """Print a command's result: ``content`` as one JSON object, or else ``text``.

        The object always has ``schema_version``, ``status`` (which ``content`` must have) and
        ``exit_code`` (0 where ``content`` says no other).
        """
        if self.talk.json:
            heading = {"schema_version": SCHEMA_VERSION, "status": content["status"], "exit_code": 0}
            print_json({**heading, **content})
        elif text:
            print(text, flush=True)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table: framed on a terminal, tab-separated lines without a heading elsewhere."""
        if not self.out.is_terminal:
            for row in rows:
                print("\t".join(row), flush=True)
            return
        table = Table(*columns, title=title, box=box.SIMPLE, title_justify="left")
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self.out.print(table, soft_wrap=False)

    def note(self, text: str) -> None:
        """Say something on the way, on stderr; not with ``-q``."""
        if not self.talk.quiet:
            self.err.print(text, markup=False)

    def fail(self, error: BaseException, code: int, paths: Mapping[str, str] | None = None) -> int:
        """Report an error (stderr, and one JSON object on stdout with ``--json``); return ``code``."""
        message = str(error) or type(error).__name__
        self.err.print(Text(f"{_heading(error)}{message}", style="red"))
        for kind, path in (paths or {}).items():
            self.err.print(f"{kind}: {path}", markup=False)
        if self.talk.json:
            print_json(_failure(error, message, code, paths or {}))
        return code

    @contextmanager
    def progress(self, label: str) -> Iterator[ProgressReport]:
        """Yield what ``SolveOptions.on_progress`` may call while a solve runs."""
        if self.talk.quiet:
            yield ProgressReport(label, None, None)
        elif self.err.is_terminal:
            with Live(console=self.err, transient=True, refresh_per_second=4) as live:
                self.err.show_cursor()  # a second Ctrl-C ends the process without a chance to show it again
                yield ProgressReport(label, live, None)
        else:
            yield ProgressReport(label, None, PROGRESS_INTERVAL_S)


class ProgressReport:
    """Shows readings of solves: a live line each, or a JSON line each every few seconds, or nothing.

    Parameters
    ----------
    label
        What is being solved.
    live
        The live lines, on a terminal.
    interval_s
        Least seconds between two JSON lines on one policy; None: no lines.
    """

    def __init__(self, label: str, live: Live | None, interval_s: float | None) -> None:
        self._label = label
        self._live = live
        self._interval_s = interval_s
        self._said_at_s: dict[str, float] = {}
        self._lines: dict[str, _LiveLine] = {}
        self._lock = Lock()

    def __call__(self, progress: Progress) -> None:
        """Show one reading; several threads may call."""
        with self._lock:
            if self._live is not None:
                self._lines[progress.policy] = _LiveLine(self._label, progress, time.monotonic())
                self._live.update(Group(*self._lines.values()))
            elif self._interval_s is not None and self._is_due(progress, self._interval_s):
                self._said_at_s[progress.policy] = time.monotonic()
                print(json.dumps(_reading(self._label, progress)), file=sys.stderr, flush=True)

    def _is_due(self, progress: Progress, interval_s: float) -> bool:
        said_at_s = self._said_at_s.get(progress.policy, float("-inf"))
        return progress.is_last or time.monotonic() - said_at_s >= interval_s


class _LiveLine:
    """A reading as a line whose seconds go on until the next, unless it is the last."""

    def __init__(self, label: str, progress: Progress, read_at_s: float) -> None:
        self._label, self._progress, self._read_at_s = label, progress, read_at_s

    def __rich__(self) -> Text:
        since_s = 0.0 if self._progress.is_last else time.monotonic() - self._read_at_s
        line = progress_line(self._label, replace(self._progress, time_s=self._progress.time_s + since_s))
        return Text(line, overflow="ellipsis", no_wrap=True)


def progress_line(label: str, progress: Progress) -> str:
    """Return a reading of a running solve as one line."""
    gap = "-" if progress.gap is None else f"{100 * progress.gap:.4f} %"
    doing = ", ".join(part for part in (progress.policy, progress.what) if part)
    heading = " ".join(part for part in (label, doing) if part)
    return (
        f"{heading}  incumbent {_money(progress.incumbent_cny_per_year)}  "
        f"bound {_money(progress.bound_cny_per_year)}  gap {gap}  {progress.time_s:.0f} s"
    )


def print_json(content: Mapping[str, Any]) -> None:
    """Print exactly one JSON object on stdout; what is not finite is null."""
    print(json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False), flush=True)


def _set_up_log(talk: Talk, err: RichConsole) -> None:
    level = (
        logging.ERROR
        if talk.quiet
        else {0: logging.WARNING, 1: logging.INFO}.get(talk.verbose, logging.DEBUG)
    )
    handler = _LogHandler(err)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(level)


class _LogHandler(logging.Handler):
    """Print records through rich's stderr, so that they do not tear the live line."""

    def __init__(self, err: RichConsole) -> None:
        super().__init__()
        self._err = err

    def emit(self, record: logging.LogRecord) -> None:
        self._err.print(self.format(record), markup=False)


def _heading(error: BaseException) -> str:
    if isinstance(error, InfeasibleError):
        return "infeasible: "
    return "" if isinstance(error, ProblemsError) else "error: "


def _failure(error: BaseException, message: str, code: int, paths: Mapping[str, str]) -> dict[str, Any]:
    """Return an error as the JSON object that stands for the result."""
    status = _STATUS_OF_CODE.get(code, "error")
    content = {"schema_version": SCHEMA_VERSION, "status": status, "exit_code": code}
    if isinstance(error, ProblemsError):
        content |= {"problems": [vars(problem) for problem in error.problems]}
    if not isinstance(error, NetoptError):
        message = f"{type(error).__name__}: {message}"
    return {**content, "message": message, "paths": dict(paths)}


def _reading(label: str, progress: Progress) -> dict[str, Any]:
    reading = {"event": "progress", "label": label, **vars(progress)}
    content: dict[str, Any] = plain(reading)
    return content


def _money(cny_per_year: float | None) -> str:
    if cny_per_year is None or not abs(cny_per_year) < float("inf"):
        return "-"
    return f"{cny_per_year / 1e6:,.3f} million CNY/yr"


def plain(value: Any) -> Any:
    """Return a value in JSON types only: tuples as lists, paths as text, what is not finite as null."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)


_current: list[Console] = []


def open_console(talk: Talk) -> Console:
    """Return the console of a command; ``main`` reports errors through the latest."""
    _current[:] = [Console(talk)]
    return _current[0]


def forget_console() -> None:
    """Forget the console of a command that ended, and its log."""
    _current.clear()
    log.handlers.clear()


def current_console(*, json_wanted: bool) -> Console:
    """Return the console of the running command, or one for errors before any command ran."""
    return _current[0] if _current else open_console(Talk(json=json_wanted))
