"""What must be paid for a pack so that the formal channel holds a wanted share, by jurisdiction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd
from scipy.optimize import brentq

from netopt.errors import UsageError
from netopt.network.leakage import formal_shares, share_at
from netopt.network.lookups import jurisdictions_of
from netopt.policy.compose import compose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netopt.data.instance import Instance
    from netopt.policy.base import Policy

PAYMENT_COLUMNS: Final = (
    "jurisdiction",
    "target_share",
    "share_now",
    "payment_cny_per_pack",
    "payment_cny_per_tonne",
    "collected_tonnes_per_year",
    "total_cny_per_year",
)

ASSUMED: Final = (
    "derived from an assumed logit: leakage.beta_per_cny in instance.toml, which no source gives"
)


def payment_cny_per_pack(share_now: float, target_share: float, beta_per_cny: float) -> float:
    """Return what a pack must earn its holder on top, so that a share is handed in formally.

    Formula: ``(logit(target) - logit(now)) / beta``; 0 where the target is held already.

    Raises
    ------
    UsageError
        Where no payment reaches the target: it is not between 0 and 1, or nobody answers to money.

    Examples
    --------
    >>> beta = math.log(7 / 3) / 75
    >>> [round(payment_cny_per_pack(0.3, target, beta)) for target in (0.3, 0.5, 0.6, 0.8, 0.9)]
    [0, 75, 111, 198, 269]
    """
    if not 0 < target_share < 1:
        raise UsageError(f"a share of {target_share:g} is not between 0 and 1: no payment makes it so")
    if share_now >= target_share:
        return 0.0
    if share_now <= 0 or beta_per_cny <= 0:
        raise UsageError("the formal share is 0, or beta is: no payment moves it")
    return (_logit(target_share) - _logit(share_now)) / beta_per_cny


def _payment_where(shares: pd.Series, tonnes: pd.Series, target_share: float, beta_per_cny: float) -> float:
    """Return the payment (CNY a pack) at which sources that start from ``shares`` hold a share together."""
    least = payment_cny_per_pack(float(shares.max()), target_share, beta_per_cny)
    most = payment_cny_per_pack(float(shares.min()), target_share, beta_per_cny)
    if least == most:
        return least

    def surplus_tonnes(per_pack: float) -> float:
        paid = pd.Series(per_pack, index=shares.index)
        return float(((share_at(shares, beta_per_cny, paid) - target_share) * tonnes).sum())

    if surplus_tonnes(least) >= 0:
        return least
    return float(brentq(surplus_tonnes, least, most, xtol=1e-9))


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def payments(
    instance: Instance, policy: Policy, targets: Sequence[float] = (0.6, 0.8, 0.9)
) -> pd.DataFrame:
    """Return the payment on every pack at which each jurisdiction's formal channel holds a share.

    Everybody who hands in a pack is paid, also who would have done so anyway. What the policy's own
    levers pay comes before it. Mass is the mean year of the horizon, undiscounted.

    Parameters
    ----------
    instance, policy
        Where the shares start from: the instance's formal share and the policy's levers.
    targets
        Shares, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        ``PAYMENT_COLUMNS``, one row per jurisdiction where anything retires and target.

    Raises
    ------
    UsageError
        As ``payment_cny_per_pack``.
    """
    leakage = instance.settings.leakage
    sources = instance["sources"]
    home = jurisdictions_of(instance, sources["location"]).set_axis(sources["source"])
    shares = formal_shares(instance, compose(policy, instance))
    tonnes = _tonnes_per_year(instance).reindex(shares.index).fillna(0.0)
    rows = []
    for jurisdiction, here in tonnes[tonnes > 0].groupby(home):
        start = shares[here.index]
        now = float((start * here).sum()) / float(here.sum())
        for target in targets:
            per_pack = _payment_where(start, here, target, leakage.beta_per_cny)
            per_tonne = per_pack / leakage.pack_mass_tonnes
            collected = max(now, target) * float(here.sum())
            rows.append((jurisdiction, target, now, per_pack, per_tonne, collected, per_tonne * collected))
    return pd.DataFrame(rows, columns=list(PAYMENT_COLUMNS))


def _tonnes_per_year(instance: Instance) -> pd.Series:
    years = instance.period_years()
    supply = instance["supply"]
    tonnes = supply["supply_tonnes_per_year"] * supply["period"].map(years).astype(float)
    return tonnes.groupby(supply["source"]).sum() / sum(years.values())
