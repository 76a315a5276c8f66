"""netopt: the open engine for recycling network design."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

__version__: Final = "0.1.0"

_PUBLIC: Final[dict[str, str]] = {
    "Instance": "netopt.data.instance",
    "Policy": "netopt.policy.base",
    "Solution": "netopt.solution.solution",
    "SolveOptions": "netopt.solution.options",
    "check": "netopt.solution.check",
    "compare": "netopt.analysis.compare",
    "read_instance": "netopt.data.read",
    "read_policy": "netopt.policy.read",
    "read_run": "netopt.solution.store",
    "solve": "netopt.pipeline",
    "write_run": "netopt.solution.store",
}

__all__ = ["__version__", *sorted(_PUBLIC)]  # noqa: PLE0604 - the list is made of literals


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import netopt`` stays light."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'netopt' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
