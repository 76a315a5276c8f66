from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import netopt
from netopt.cli.console import forget_console
from netopt.cli.main import main
from netopt.resources import shipped


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Return stdout as the one JSON object that it must be."""

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is not JSON")

        content = json.loads(self.out, parse_constant=refuse)
        assert isinstance(content, dict)
        assert content["schema_version"] == 1
        return content


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a folder of its own, without options of the caller; leave no handlers behind."""
    for name in [name for name in os.environ if name.startswith("NETOPT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    forget_console()


@pytest.fixture
def netopt_here(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*words: object) -> Ended:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Ended(code, *capsys.readouterr())

    return run


def environment(**extra: str) -> dict[str, str]:
    """Return this environment such that a child finds the same netopt, wherever it works."""
    root = str(Path(netopt.__file__).parents[1])
    paths = [root, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **extra}


@pytest.fixture
def netopt_process(tmp_path: Path) -> Run:
    """Run a command in a process of its own."""

    def run(*words: object, **extra: str) -> Ended:
        command = [sys.executable, "-m", "netopt", *map(str, words)]
        ended = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment(**extra)
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Return a copy of toy to break."""
    folder = tmp_path / "toy"
    shutil.copytree(shipped("instances") / "toy", folder)
    return folder


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of toy under unified; not to be altered."""
    run = tmp_path_factory.mktemp("toy") / "run"
    assert main(["solve", "toy", "--policy", "unified", "-o", str(run), "-q", "--threads", "1"]) == 0
    return run


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its contents."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
