"""What share of the retired batteries a plan's policy brings to the formal channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netopt.network.leakage import collected_share, formal_shares
from netopt.policy.compose import compose

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.instance import Instance
    from netopt.policy.base import Policy


def formal_shares_under(instance: Instance, policy: Policy, formal_share: float) -> pd.Series:
    """Return the formal share of every source under a policy (0 to 1, index source).

    Parameters
    ----------
    instance, policy
        What is planned.
    formal_share
        In force without rebate, enforcement and added access.
    """
    return formal_shares(instance.with_formal_share(formal_share), compose(policy, instance))


def collected_share_under(instance: Instance, policy: Policy, formal_share: float) -> float:
    """Return the formal share of all that retires under a policy, weighted by tonnes; see above."""
    return collected_share(instance.with_formal_share(formal_share), compose(policy, instance))


def share_alike(one: tuple[Policy, float], other: tuple[Policy, float], instance: Instance) -> bool:
    """Return whether two policies, each at its formal share, leave every source the same share."""
    ours, theirs = (formal_shares_under(instance, policy, share) for policy, share in (one, other))
    return bool((ours == theirs).all())
