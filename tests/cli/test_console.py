from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console as RichConsole
from rich.live import Live

from netopt.cli.console import ProgressReport, open_console, plain, progress_line
from netopt.cli.options import Talk
from netopt.solution.options import Progress
from tests.cli.conftest import environment

READING = Progress(3.2, 5.5e6, 5.4e6, 0.0125, 7)


def test_a_reading_in_one_line() -> None:
    line = progress_line("toy unified", READING)
    assert (
        line == "toy unified  incumbent 5.500 million CNY/yr  bound 5.400 million CNY/yr  gap 1.2500 %  3 s"
    )
    named = replace(READING, policy="unified", what="linear relaxation")
    assert progress_line("toy", named).startswith("toy unified, linear relaxation  incumbent 5.500")
    assert progress_line("x", Progress(0.0, None, float("-inf"), None, 0)) == (
        "x  incumbent -  bound -  gap -  0 s"
    )


def test_off_a_terminal_progress_is_json_lines_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with open_console(Talk()).progress("toy") as report:
        report(READING)
        report(READING)
    out, err = capsys.readouterr()
    assert out == ""
    assert [json.loads(line) for line in err.splitlines()] == [
        {
            "event": "progress",
            "label": "toy",
            "time_s": 3.2,
            "incumbent_cny_per_year": 5.5e6,
            "bound_cny_per_year": 5.4e6,
            "gap": 0.0125,
            "n_nodes": 7,
            "what": "",
            "policy": "",
            "is_last": False,
        }
    ]
    every = ProgressReport("toy", None, 0.0)
    every(READING)
    every(READING)
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_every_policy_is_said_in_its_own_time_and_its_last_reading_always(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open_console(Talk()).progress("toy") as report:
        for policy in ("unified", "mandates"):
            report(replace(READING, policy=policy))
            report(replace(READING, policy=policy, n_nodes=8))
        report(replace(READING, policy="unified", n_nodes=9, is_last=True))
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(reading["policy"], reading["n_nodes"]) for reading in said] == [
        ("unified", 7),
        ("mandates", 7),
        ("unified", 9),
    ]


def test_a_live_line_for_each_policy_that_stands_still_once_it_is_planned() -> None:
    terminal = RichConsole(file=StringIO(), force_terminal=True, width=120)
    with Live(console=terminal, auto_refresh=False) as live:
        report = ProgressReport("toy", live, None)
        report(replace(READING, policy="unified", what="planned and checked", is_last=True))
        report(replace(READING, policy="mandates", what="plan"))
        time.sleep(1.1)
        with terminal.capture() as shown:
            terminal.print(live.renderable)
    first, second = shown.get().splitlines()
    assert first.startswith("toy unified, planned and checked")
    assert first.rstrip().endswith("gap 1.2500 %  3 s")
    assert second.startswith("toy mandates, plan")
    assert second.rstrip().endswith("gap 1.2500 %  4 s")


def test_quiet_says_nothing_on_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    console = open_console(Talk(quiet=True))
    with console.progress("toy") as report:
        report(READING)
    console.note("on the way")
    assert capsys.readouterr() == ("", "")


_TERMINAL = """
from netopt.cli.console import open_console
from netopt.cli.options import Talk
from netopt.solution.options import Progress
console = open_console(Talk())
with console.progress("toy unified") as report:
    report(Progress(3.2, 5.5e6, 5.4e6, 0.0125, 7))
console.fail(ValueError("broken"), 1)
"""


def _on_a_terminal(folder: Path, **extra: str) -> str:
    """Return what a script says to a terminal on stderr."""
    master, slave = pty.openpty()
    words = [sys.executable, "-c", _TERMINAL]
    variables = environment(TERM="xterm", COLUMNS="120", **extra)
    subprocess.run(  # noqa: S603
        words, stdout=subprocess.DEVNULL, stderr=slave, check=True, cwd=folder, env=variables
    )
    os.close(slave)
    said = b""
    try:
        while piece := os.read(master, 65536):
            said += piece
    except OSError:  # Linux ends a terminal whose other end is closed with an error
        pass
    os.close(master)
    return said.decode()


def test_a_terminal_shows_a_live_line_and_colour_unless_unwanted(tmp_path: Path) -> None:
    said = _on_a_terminal(tmp_path)
    assert "incumbent 5.500 million CNY/yr" in said
    assert "event" not in said
    assert "\x1b[31merror" in said
    plain_text = _on_a_terminal(tmp_path, NO_COLOR="1")
    assert "error: broken" in plain_text
    assert "\x1b[31m" not in plain_text


def test_names_are_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console = open_console(Talk())
    console.result("[red]Plant[/red] [/b]", {})
    console.table("t", ("a",), [["[/red]"]])
    console.fail(ValueError("[/green]"), 1)
    out, err = capsys.readouterr()
    assert out == "[red]Plant[/red] [/b]\n[/red]\n"
    assert err == "error: [/green]\n"


def test_json_is_strict() -> None:
    assert plain({"a": float("nan"), "b": (1, True, None), "c": Path("x")}) == {
        "a": None,
        "b": [1, True, None],
        "c": "x",
    }
