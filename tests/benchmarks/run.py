"""Run a suite: every case by every contender, one file each; what has its file is not run again.

    python -m tests.benchmarks.run coarse --seeds 0-9
    python -m tests.benchmarks.run fine --seeds 0-4 --contenders highs --limit 300
    python -m tests.benchmarks.run all --seeds 0

A crash, or a process that does not end in time, is a result too. To repeat a run, delete its file.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.case import Case, SkippedError
from tests.benchmarks.contenders import CONTENDERS, SKIPPED_CODE
from tests.benchmarks.suites import SUITES, Suite

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = Path(__file__).parent / "results"
PACKAGES: Final = ("netopt", "highspy", "pyscipopt", "pyomo", "numpy", "scipy", "numba")
GRACE_S: Final = 300.0
"""For building and ending beside the limit; then the process is killed."""


@dataclass(frozen=True)
class Request:
    """What the command line asks for.

    Attributes
    ----------
    seeds
        Of synthetic cases.
    limit_s, contenders
        None: the suite's own.
    only
        Part of the names of the cases to run; "": all.
    threads, solver_seed
        Of every contender.
    """

    seeds: tuple[int, ...] = (0,)
    limit_s: float | None = None
    contenders: tuple[str, ...] | None = None
    only: str = ""
    threads: int = 2
    solver_seed: int = 0


def run_suite(
    name: str, suite: Suite, request: Request, folder: Path = RESULTS, command: str = ""
) -> list[Path]:
    """Run what has no file yet; return the files that were written.

    Parameters
    ----------
    name, suite
        Of ``SUITES``, or a test's own.
    folder
        Of all results; files go to ``<folder>/<name>/<case>--<contender>.json``.
    command
        What to write into the files as the command that made them.
    """
    written = []
    try:
        cases = [case for case in suite.cases(request.seeds) if request.only in case.name]
    except SkippedError as reason:
        print(f"{name}: skipped: {reason}", flush=True)
        return []
    for case in cases:
        for contender in request.contenders or suite.contenders:
            path = folder / name / f"{case.name}--{contender}.json"
            limit_s = suite.limit_s if request.limit_s is None else request.limit_s
            if path.exists():
                print(f"{name}: {path.name} is there{_otherwise(path, limit_s)}", flush=True)
                continue
            record = _record(case, contender, replace(request, limit_s=limit_s), suite.gap)
            if record["end"]["how"] == "skipped":
                print(f"{name}: {case.name}, {contender}: skipped: {record['end']['said']}", flush=True)
                continue
            _write(path, {"suite": name, "command": command, **record})
            print(f"{name}: {case.name}, {contender}: {_told(record)}", flush=True)
            written.append(path)
    return written


def _otherwise(path: Path, limit_s: float) -> str:
    """Return a warning where a file was made with another limit than is asked for now; else ""."""
    known = json.loads(path.read_text(encoding="utf-8"))["limit_s"]
    if known == limit_s:
        return ""
    return f", but with a limit of {known:g} s, not {limit_s:g}: delete it to measure again"


def _record(case: Case, contender: str, request: Request, gap: float) -> dict[str, Any]:
    """Run one contender on one case in a process of its own; return all that is to be kept of it."""
    ask = {
        "gap": gap,
        "limit_s": request.limit_s,
        "threads": CONTENDERS[contender][1].get("threads", request.threads),
        "seed": request.solver_seed,
    }
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory() as scratch:
        trace, end = Path(scratch) / "trace", Path(scratch) / "end"
        job = {"case": case.to_dict(), "contender": contender, "ask": ask}
        job |= {"trace": str(trace), "end": str(end)}
        finished = _process(json.dumps(job), (request.limit_s or 0.0) * _n_solves(case) + GRACE_S)
        return {
            "case": case.to_dict(),
            "contender": contender,
            **ask,
            "begun": begun,
            "machine": machine(),
            "versions": versions(),
            "trace": _readings(trace),
            "wall_s": round(finished.wall_s, 3),
            "peak_memory_mib": round(finished.peak_memory_mib, 1),
            "end": _ending(finished, end),
        }


def _n_solves(case: Case) -> int:
    """Return how many solves a process may need, each with its limit: a comparison makes six."""
    return 6 if "neighbour" in case.arguments else 1


@dataclass(frozen=True)
class _Finished:
    """How a process ended: exit code (minus the signal where one ended it), what it said at the end."""

    code: int
    said: str
    wall_s: float
    peak_memory_mib: float
    was_late: bool


def _process(job: str, most_s: float) -> _Finished:
    """Run a job; after ``most_s`` it is killed. Its memory is that of this one process alone."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as asked:
        asked.write(job.encode())
        asked.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.contenders"],
            stdin=asked,
            stdout=subprocess.DEVNULL,
            stderr=said,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        was_late = False
        try:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            while pid == 0:
                time.sleep(0.05)
                if time.monotonic() - began > most_s and not was_late:
                    was_late = True
                    process.kill()
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")
    unit = 1024.0**2 if sys.platform == "darwin" else 1024.0
    wall_s = time.monotonic() - began
    return _Finished(process.returncode, text, wall_s, usage.ru_maxrss / unit, was_late)


def _readings(trace: Path) -> list[list[float | None]]:
    """Return the readings of a trace; a line that a crash cut off is left out."""
    if not trace.exists():
        return []
    readings = []
    for line in trace.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            readings.append(json.loads(line))
    return readings


def _ending(finished: _Finished, end: Path) -> dict[str, Any]:
    last = "".join(finished.said.strip().splitlines()[-1:])
    if finished.code == SKIPPED_CODE:
        return {"how": "skipped", "said": last}
    if finished.was_late:
        return {"how": "killed", "said": "it did not end in time"}
    if finished.code != 0 or not end.exists():
        return {"how": "crashed", "code": finished.code, "said": last}
    return {"how": "ended", **json.loads(end.read_text(encoding="utf-8"))}


def _told(record: dict[str, Any]) -> str:
    end = record["end"]
    if end["how"] != "ended":
        return f"{end['how']} ({end['said'] or end.get('code')})"
    ends = [end.get(name) for name in ("bound", "incumbent")]
    costs = " to ".join("-" if value is None else f"{value:,.0f}" for value in ends)
    costs = costs if any(value is not None for value in ends) else end["status"]
    return f"{costs} in {end['seconds']:.1f} s ({record['peak_memory_mib']:,.0f} MiB)"


def _write(path: Path, record: dict[str, Any]) -> None:
    """Write a result whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".tmp")
    trace = ",\n".join(f"    {json.dumps(reading)}" for reading in record["trace"])
    text = json.dumps({**record, "trace": "TRACE"}, indent=2, ensure_ascii=False)
    aside.write_text(text.replace('"TRACE"', f"[\n{trace}\n  ]") + "\n", encoding="utf-8")
    aside.replace(path)


def machine() -> dict[str, Any]:
    """Return what it runs on: cores that this process may use, memory, processor."""
    pages, size = (os.sysconf(name) for name in ("SC_PHYS_PAGES", "SC_PAGE_SIZE"))
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "memory_gib": round(pages * size / 1024.0**3, 1),
        "processor": models[0] if models else platform.machine(),
        "system": platform.system(),
    }


def versions() -> dict[str, str]:
    """Return the versions of what is measured."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def seeds_of(text: str) -> tuple[int, ...]:
    """Return the seeds that ``0-9`` or ``0,3,5-7`` say.

    Examples
    --------
    >>> seeds_of("0,3,5-7")
    (0, 3, 5, 6, 7)
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return tuple(seeds)


def main(arguments: list[str] | None = None) -> None:
    """Run the suites that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("suite", choices=[*SUITES, "all"])
    parser.add_argument("--limit", type=float, help="seconds; default: the suite's own")
    parser.add_argument("--seeds", type=seeds_of, default=(0,), help="of synthetic cases: 0-9 or 0,3")
    parser.add_argument("--contenders", help=f"with commas; of {', '.join(CONTENDERS)}")
    parser.add_argument("--only", default="", help="part of the names of the cases to run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--solver-seed", type=int, default=0)
    said = sys.argv[1:] if arguments is None else arguments
    asked = parser.parse_args(said)
    contenders = tuple(asked.contenders.split(",")) if asked.contenders else None
    if unknown := [name for name in contenders or () if name not in CONTENDERS]:
        parser.error(f"no such contender: {', '.join(unknown)}")
    request = Request(asked.seeds, asked.limit, contenders, asked.only, asked.threads, asked.solver_seed)
    command = shlex.join(["python", "-m", "tests.benchmarks.run", *said])
    for name in SUITES if asked.suite == "all" else [asked.suite]:
        run_suite(name, SUITES[name], request, command=command)


if __name__ == "__main__":
    main()
