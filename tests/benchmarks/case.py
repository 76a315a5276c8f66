"""A case of a benchmark: what it is called, how it is made, what is known of it. It travels as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy

KNOWN_TOLERANCE: Final = 1e-6
"""Known values are published rounded: relative slack before one counts as contradicted."""


class SkippedError(Exception):
    """The case or the contender cannot be had here; the text says why."""


@dataclass(frozen=True)
class Known:
    """What others say of a case, in its unit of cost; None: nobody says.

    Attributes
    ----------
    optimum
        Proven.
    best
        Cost of the best plan that anybody published.
    bound
        The best published lower bound.
    rival_gap
        Certified gap of a solver that is not run here (Gurobi), relative to its plan's cost.
    source
        Who says so.
    """

    optimum: float | None = None
    best: float | None = None
    bound: float | None = None
    rival_gap: float | None = None
    source: str = ""

    def contradictions(self, incumbent: float | None, bound: float | None) -> list[str]:
        """Return a line for each known value that a plan's cost or a bound cannot be right beside."""
        optimum_or_best = self.optimum if self.optimum is not None else self.best
        optimum_or_bound = self.optimum if self.optimum is not None else self.bound
        lines = []
        if bound is not None and optimum_or_best is not None and _above(bound, optimum_or_best):
            lines.append(f"the bound {bound:.3f} lies above the known {optimum_or_best:.3f}")
        if incumbent is not None and optimum_or_bound is not None and _above(optimum_or_bound, incumbent):
            lines.append(f"the plan's cost {incumbent:.3f} lies below the known {optimum_or_bound:.3f}")
        return lines


def _above(value: float, other: float) -> bool:
    return value - other > KNOWN_TOLERANCE * max(1.0, abs(other))


@dataclass(frozen=True)
class Case:
    """A case by its recipe.

    Attributes
    ----------
    name
        Unique in its suite; names the file of its result.
    kind
        ``synthetic`` (arguments of ``tests.benchmarks.cases.synthetic``), ``file`` (``path`` below the
        folder of public cases, ``format``, options of the format), ``instance`` (``instance`` and
        ``policy`` that are shipped, maybe ``neighbour``, the policy that a re-solve starts from or a
        comparison's base, or ``shape``, a case of ``tests.benchmarks.handover``).
    """

    name: str
    kind: str
    arguments: dict[str, Any]
    known: Known = field(default_factory=Known)

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> Case:
        """Return the case that ``to_dict`` gave."""
        return cls(said["name"], said["kind"], said["arguments"], Known(**said["known"]))

    def open(self) -> tuple[Instance, Policy]:
        """Return instance and policy.

        Raises
        ------
        SkippedError
            Where the file or the instance is absent.
        """
        return _OPENERS[self.kind](**self.arguments)


def _open_synthetic(**arguments: Any) -> tuple[Instance, Policy]:
    from tests.benchmarks.cases import PLAIN, synthetic  # noqa: PLC0415 - heavy

    return synthetic(**arguments), PLAIN


def _open_file(path: str, format: str, **options: Any) -> tuple[Instance, Policy]:  # noqa: A002 - its name
    from netopt.data.formats import registry  # noqa: PLC0415 - heavy
    from netopt.data.imported import as_instance  # noqa: PLC0415
    from tests.bench import BENCH  # noqa: PLC0415
    from tests.benchmarks.cases import PLAIN  # noqa: PLC0415

    if BENCH is None or not (BENCH / path).is_file():
        raise SkippedError(f"{path} is not beside the project (NETOPT_BENCH names its folder)")
    found = registry.read(format, BENCH / path, options)
    title = registry.READERS[format].title
    return as_instance(found, BENCH / path, format, title).instance, PLAIN


def _open_instance(
    instance: str, policy: str, neighbour: str = "", shape: str = ""
) -> tuple[Instance, Policy]:
    from netopt import read_instance, read_policy  # noqa: PLC0415 - heavy

    if instance not in shipped_instances():
        raise SkippedError(f"the instance {instance} is not shipped")
    opened = read_instance(instance)
    return opened, read_policy(policy, opened)


def shipped_instances() -> list[str]:
    """Return the names of the instances in the project."""
    folder = Path(__file__).parents[2] / "instances"
    return sorted(path.parent.name for path in folder.glob("*/instance.toml"))


_OPENERS: Final = {"synthetic": _open_synthetic, "file": _open_file, "instance": _open_instance}
