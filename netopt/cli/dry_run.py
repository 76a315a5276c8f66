"""``--dry-run``: validate, compose, build the network, print its size; solve and write nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netopt.cli.console import Console
    from netopt.data.design import Design
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy


def show_sizes(
    console: Console,
    instance: Instance,
    policies: Sequence[Policy],
    formal_share: float | None,
    design: Design | None,
) -> None:
    """Print the size of the network of every policy.

    A formal share of None is the instance's; with a design of None sites are free.
    """
    from netopt.solution.design import design_in_manifest  # noqa: PLC0415 - heavy

    with_formal_share = instance if formal_share is None else instance.with_formal_share(formal_share)
    sizes = {policy.name: _sizes(with_formal_share, policy, design) for policy in policies}
    digests = {"instance": instance.digest, **{policy.name: policy.digest for policy in policies}}
    content = {"status": "dry_run", "networks": sizes, "paths": {}, "digests": digests}
    content |= design_in_manifest(design)
    console.result("\n".join(_text(name, counts) for name, counts in sizes.items()), content)
    if design is not None:
        console.note(f"{design}: only tonnes may be re-routed")
    console.note("dry run: nothing was solved, nothing was written")


def _sizes(instance: Instance, policy: Policy, design: Design | None) -> dict[str, Any]:
    from netopt.network.scope import n_possible_arcs  # noqa: PLC0415 - heavy
    from netopt.pipeline import network_of  # noqa: PLC0415 - heavy
    from netopt.solution.options import SolveOptions  # noqa: PLC0415 - heavy

    network = network_of(instance, policy, SolveOptions(design=design))
    dropped = network.dropped_arcs["reason"].value_counts()
    return {
        "n_periods": len(network.periods),
        "n_arcs": len(network.arcs),
        **({} if network.scope is None else {"n_pairs_priced_or_listed": n_possible_arcs(instance)}),
        "n_open_arc_periods": int(network.open_arcs.to_numpy().sum()),
        "n_activities": len(network.activities),
        "n_modules": len(network.modules),
        **({} if design is None else {"n_fixed_decisions": len(network.held)}),
        "n_rules": len(network.rules),
        "n_dropped_arcs": len(network.dropped_arcs),
        "dropped_arcs_by_reason": {str(reason): int(count) for reason, count in dropped.items()},
    }


def _text(policy: str, sizes: dict[str, Any]) -> str:
    lines = [f"{policy}"]
    for name, value in sizes.items():
        if not isinstance(value, dict):
            lines.append(f"  {name.removeprefix('n_').replace('_', ' '):<20} {value:>9,}")
    for reason, count in sizes["dropped_arcs_by_reason"].items():
        lines.append(f"    {reason:<18} {count:>9,}")
    return "\n".join(lines)
