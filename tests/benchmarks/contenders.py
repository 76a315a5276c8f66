"""Who is measured: netopt and its rivals, each in a process of its own.

``python -m tests.benchmarks.contenders`` reads a job (JSON) from standard input, appends readings
``[seconds, incumbent, bound]`` (CNY a year) as lines to the job's trace file, and writes the end to its
end file. ``tests.benchmarks.run`` starts it: a crash ends this process, not the run.

netopt's clock starts with the instance in memory, its packages imported and its kernels compiled (a machine
compiles them once): its network, its model and its checks count. The rivals' starts with the finished model
at the solver's door, in their favour; making it (by netopt's code, from the same instance) is told as
``build_s``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netopt.errors import NoSolutionError
from tests.benchmarks.case import Case, SkippedError

if TYPE_CHECKING:
    from netopt.backends.result import BackendResult
    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.policy.base import Policy
    from netopt.solution.form import StandardForm

SKIPPED_CODE: Final = 75
"""Exit code of a job that cannot be had here; the reason is the last line of standard error."""

HANDOVER: Final = "tests.benchmarks.handover"

NEIGHBOUR_OPTION: Final = "neighbour"
"""Field of ``SolveOptions`` that takes the solution to start from."""


@dataclass(frozen=True)
class Ask:
    """What every contender is asked: gap relative to gross cost, limit (s), threads and seed."""

    gap: float
    limit_s: float
    threads: int
    seed: int


@dataclass
class Trace:
    """Readings of a run: the best incumbent and the best bound so far, written where one of them moves."""

    path: Path
    began_s: float = 0.0
    incumbent: float | None = None
    bound: float | None = None

    def start(self) -> None:
        """Start the clock."""
        self.began_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began_s

    def tell(self, incumbent: float | None, bound: float | None) -> None:
        """Note a reading (CNY a year)."""
        best = min((value for value in (self.incumbent, incumbent) if value is not None), default=None)
        proven = max((value for value in (self.bound, bound) if value is not None), default=None)
        if (best, proven) == (self.incumbent, self.bound):
            return
        self.incumbent, self.bound = best, proven
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([round(self.elapsed_s, 3), best, proven]) + "\n")


Contender = Callable[["Instance", "Policy", Ask, Trace, dict[str, Any]], dict[str, Any]]


def netopt(
    instance: Instance, policy: Policy, ask: Ask, trace: Trace, extra: dict[str, Any]
) -> dict[str, Any]:
    """Solve by netopt's public function, with the strategy in ``extra``."""
    import netopt as engine  # noqa: PLC0415 - heavy

    trace.start()
    solution = engine.solve(instance, policy, _options(ask, trace, extra))
    return _end_of_solution(solution, trace)


def _options(ask: Ask, trace: Trace, extra: dict[str, Any], **more: Any) -> Any:
    from netopt.solution.options import SolveOptions  # noqa: PLC0415 - heavy

    return SolveOptions(
        gap=ask.gap,
        time_limit_s=ask.limit_s,
        threads=ask.threads,
        seed=ask.seed,
        strategy=extra.get("strategy", "auto"),
        on_progress=lambda said: trace.tell(said.incumbent_cny_per_year, said.bound_cny_per_year),
        **more,
    )


def _end_of_solution(solution: Any, trace: Trace) -> dict[str, Any]:
    outcome = solution.outcome
    seconds = trace.elapsed_s
    trace.tell(outcome.upper_bound_cny_per_year, outcome.lower_bound_cny_per_year)
    names = ("status", "bound_source", "n_rows", "n_columns", "n_binaries", "n_nodes")
    return {
        "seconds": seconds,
        "build_s": outcome.build_time_s,
        "incumbent": outcome.upper_bound_cny_per_year,
        "bound": outcome.lower_bound_cny_per_year,
        "gross": outcome.gross_cost_cny_per_year,
        **{name: outcome.to_dict()[name] for name in names},
    }


def netopt_warm(
    instance: Instance, policy: Policy, ask: Ask, trace: Trace, extra: dict[str, Any]
) -> dict[str, Any]:
    """Solve the neighbouring policy first (not counted), then the policy from there."""
    import netopt as engine  # noqa: PLC0415 - heavy
    from netopt.solution.options import SolveOptions  # noqa: PLC0415

    if NEIGHBOUR_OPTION not in {field.name for field in fields(SolveOptions)}:
        raise SkippedError(f"SolveOptions has no {NEIGHBOUR_OPTION}: netopt cannot start from a neighbour")
    first = Trace(Path("/dev/null"))
    first.start()
    neighbour = engine.read_policy(extra["neighbour"], instance)
    known = engine.solve(instance, neighbour, _options(ask, first, extra))
    prepared_s = first.elapsed_s
    trace.start()
    options = _options(ask, trace, extra, **{NEIGHBOUR_OPTION: known})
    solution = engine.solve(instance, policy, options)
    return {**_end_of_solution(solution, trace), "prepared_s": prepared_s}


def netopt_compare(
    instance: Instance, policy: Policy, ask: Ask, trace: Trace, extra: dict[str, Any]
) -> dict[str, Any]:
    """Compare the policy with the neighbour as base; incumbent and bound are the ends of the interval."""
    import netopt as engine  # noqa: PLC0415 - heavy

    trace.start()
    base = engine.read_policy(extra["neighbour"], instance)
    compared = engine.compare(
        instance, [base, policy], _options(ask, Trace(Path("/dev/null")), extra), curve=False
    )
    seconds = trace.elapsed_s
    cost = next(cost for cost in compared.headline if cost.policy == policy.name)
    trace.tell(cost.high_cny_per_year, cost.low_cny_per_year)
    return {
        "seconds": seconds,
        "incumbent": cost.high_cny_per_year,
        "bound": cost.low_cny_per_year,
        "gross": cost.base_gross_cny_per_year,
        "status": "interval",
    }


def highs(
    instance: Instance, policy: Policy, ask: Ask, trace: Trace, extra: dict[str, Any]
) -> dict[str, Any]:
    """Hand the whole model to HiGHS; with ``extra["strong"]`` its strong links too."""
    from netopt.backends import highs as backend  # noqa: PLC0415 - heavy

    settings = {
        "threads": ask.threads,
        "random_seed": ask.seed,
        "time_limit": ask.limit_s,
        "mip_rel_gap": ask.gap,
        "mip_min_logging_interval": 1.0,
    }
    return _rival(
        instance,
        policy,
        trace,
        extra,
        lambda form, tell: backend.solve_form(form, settings, on_progress=tell),
    )


def scip(
    instance: Instance, policy: Policy, ask: Ask, trace: Trace, extra: dict[str, Any]
) -> dict[str, Any]:
    """Hand the whole model to SCIP; its branch and bound has one thread."""
    from netopt.backends import scip as backend  # noqa: PLC0415 - heavy

    settings = {
        "limits/time": ask.limit_s,
        "limits/gap": ask.gap,
        "randomization/randomseedshift": ask.seed,
    }
    return _rival(
        instance,
        policy,
        trace,
        extra,
        lambda form, tell: backend.solve_form(form, settings, on_progress=tell),
    )


def _rival(
    instance: Instance,
    policy: Policy,
    trace: Trace,
    extra: dict[str, Any],
    solve: Callable[[StandardForm, Callable[..., None]], BackendResult],
) -> dict[str, Any]:
    from netopt.formulation.objective import OBJECTIVE_UNIT_CNY  # noqa: PLC0415 - heavy

    began = time.monotonic()
    network, form = _whole_model(instance, policy, strong=bool(extra.get("strong")))
    build_s = time.monotonic() - began

    def tell(_: float, incumbent: float | None, bound: float | None, __: int) -> None:
        trace.tell(*(None if value is None else value * OBJECTIVE_UNIT_CNY for value in (incumbent, bound)))

    trace.start()
    result = solve(form, tell)
    seconds = trace.elapsed_s
    incumbent = None if result.objective is None else result.objective * OBJECTIVE_UNIT_CNY
    bound = None if abs(result.bound) == float("inf") else result.bound * OBJECTIVE_UNIT_CNY
    trace.tell(incumbent, bound)
    return {
        "seconds": seconds,
        "build_s": build_s,
        "incumbent": incumbent,
        "bound": bound,
        "gross": None if result.point is None else _gross(network, form, result),
        "status": str(result.status),
        "bound_source": f"{result.solver} {result.solver_version}",
        "n_rows": form.shape[0],
        "n_columns": form.shape[1],
        "n_binaries": int(form.is_integer.sum()),
        "n_nodes": result.n_nodes,
    }


def _whole_model(instance: Instance, policy: Policy, *, strong: bool) -> tuple[Network, StandardForm]:
    from netopt.formulation.compile import standard_form  # noqa: PLC0415 - heavy
    from netopt.network.build import build_network  # noqa: PLC0415
    from netopt.policy.compose import compose  # noqa: PLC0415

    network = build_network(instance, compose(policy, instance))
    without = frozenset() if strong else frozenset({"strong_link"})
    return network, standard_form(network, policy.perspective, without=without)


def _gross(network: Network, form: StandardForm, result: BackendResult) -> float:
    from netopt.formulation.objective import by_column, unit_gross_costs  # noqa: PLC0415 - heavy

    per_column, constant = by_column(form, unit_gross_costs(network))
    return float(per_column @ result.point) + constant


def handover(
    instance: Instance, policy: Policy, ask: Ask, trace: Trace, extra: dict[str, Any]
) -> dict[str, Any]:
    """Time netopt's way to a loaded solver against raw arrays, by a script of its own."""
    if importlib.util.find_spec(HANDOVER) is None:
        raise SkippedError(f"there is no {HANDOVER}")
    figures = trace.path.with_name("handover.json")
    trace.start()
    command = [sys.executable, "-m", HANDOVER, "--cases", extra["shape"], "--json", str(figures)]
    subprocess.run(command, check=True)  # noqa: S603 - our own command
    (found,) = json.loads(figures.read_text(encoding="utf-8"))["cases"]
    return {"seconds": trace.elapsed_s, "status": "measured", **found}


def dies(
    instance: Instance, policy: Policy, ask: Ask, trace: Trace, extra: dict[str, Any]
) -> dict[str, Any]:
    """Tell one reading and die as a process does that runs out of memory: the harness's own test."""
    trace.start()
    trace.tell(2.0, 1.0)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


CONTENDERS: Final[dict[str, tuple[Contender, dict[str, Any]]]] = {
    "netopt": (netopt, {}),
    "netopt-direct": (netopt, {"strategy": "direct"}),
    "netopt-priced": (netopt, {"strategy": "priced"}),
    "netopt-split": (netopt, {"strategy": "split"}),
    "netopt-warm": (netopt_warm, {}),
    "netopt-compare": (netopt_compare, {}),
    "highs": (highs, {}),
    "highs-strong": (highs, {"strong": True}),
    "highs-one-thread": (highs, {"threads": 1}),
    "highs-two-threads": (highs, {"threads": 2}),
    "scip": (scip, {}),
    "handover": (handover, {}),
    "dies": (dies, {}),
}
"""Every contender by name, with what its function is told beside the question (``threads``: whatever the
command line says)."""


def _compile() -> None:
    """Call what is compiled when it is first called, or read from the cache where that was done before."""
    import netopt as engine  # noqa: PLC0415 - heavy
    from netopt.solution.options import SolveOptions  # noqa: PLC0415

    toy = engine.read_instance("toy")
    options = SolveOptions(strategy="split", gap=0.5, time_limit_s=60.0, threads=1)
    engine.solve(toy, engine.read_policy("unified", toy), options)


def main() -> int:
    """Do the job on standard input; return the exit code."""
    job = json.load(sys.stdin)
    case = Case.from_dict(job["case"])
    contender, extra = CONTENDERS[job["contender"]]
    extra = {**case.arguments, **extra}
    trace = Trace(Path(job["trace"]))
    importlib.import_module("netopt.pipeline")
    if job["contender"].startswith("netopt"):
        _compile()
    try:
        instance, policy = case.open()
        end = contender(instance, policy, Ask(**job["ask"]), trace, extra)
    except SkippedError as error:
        print(error, file=sys.stderr)
        return SKIPPED_CODE
    except NoSolutionError as error:
        end = {"seconds": trace.elapsed_s, "status": "no plan", "said": str(error)}
    Path(job["end"]).write_text(json.dumps(end), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
