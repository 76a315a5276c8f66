"""netopt: the open engine for recycling network design."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

__version__: Final = "0.1.0"

_PUBLIC: Final[dict[str, str]] = {
    "CheckError": "netopt.errors",
    "Comparison": "netopt.analysis.compare",
    "Explanation": "netopt.analysis.explain",
    "InfeasibleError": "netopt.errors",
    "Instance": "netopt.data.instance",
    "InstanceError": "netopt.errors",
    "NetoptError": "netopt.errors",
    "NoSolutionError": "netopt.errors",
    "Policy": "netopt.policy.base",
    "PolicyError": "netopt.errors",
    "Run": "netopt.solution.store",
    "Solution": "netopt.solution.solution",
    "SolveOptions": "netopt.solution.options",
    "UsageError": "netopt.errors",
    "as_greenfield": "netopt.data.greenfield",
    "check": "netopt.solution.check",
    "compare": "netopt.analysis.compare",
    "explain": "netopt.analysis.explain",
    "extend_policy": "netopt.policy.read",
    "load": "netopt.solution.load",
    "make_instance": "netopt.data.read",
    "make_lever": "netopt.policy.read",
    "make_policy": "netopt.policy.read",
    "plot": "netopt.maps.picture",
    "policy_names": "netopt.policy.read",
    "read_instance": "netopt.data.read",
    "read_policy": "netopt.policy.read",
    "read_run": "netopt.solution.store",
    "solve": "netopt.pipeline",
    "solve_options": "netopt.backends.profiles",
    "to_geopandas": "netopt.maps.geodataframes",
    "validate_folder": "netopt.data.read",
    "with_scenario": "netopt.data.scenarios",
    "with_volume": "netopt.data.volumes",
    "write_instance": "netopt.data.write",
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
