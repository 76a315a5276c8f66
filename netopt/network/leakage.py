"""The informal channel: how the formal share answers to what formal treatment costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.network.lookups import is_meant, jurisdictions_of

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.data.settings import Leakage
    from netopt.policy.effects import Effects

_LARGEST_EXPONENT: Final = 700.0


def formal_share(leakage: Leakage, friction_cny_per_tonne: float, pass_through: float) -> float:
    """Return the share of retired batteries that consumers hand to the formal channel.

    Formula: ``1 / (1 + exp(beta * gap))``, where the gap between the informal and the formal
    offer is ``reference_gap - pass_through * (reference_friction - friction) * pack_mass``: a
    friction that falls away raises the formal offer by its passed-through share.

    Parameters
    ----------
    leakage
        Calibration; its ``formal_share`` (leakage off) is not used here.
    friction_cny_per_tonne
        The policy's collection charges, see ``netopt.policy.compose.friction_cny_per_tonne``.
    pass_through
        Share of a cost change that reaches the formal offer, 0 to 1; no source, always assumed.

    Raises
    ------
    ValueError
        If ``pass_through`` is not between 0 and 1, or the friction not finite.

    Examples
    --------
    Without the brief's surcharge of 1,400 CNY/t, by pass-through:

    >>> from netopt.data.settings import Leakage
    >>> leakage = Leakage(
    ...     formal_share=0.3,
    ...     beta_per_cny=math.log(7 / 3) / 75,
    ...     reference_gap_cny_per_pack=75.0,
    ...     reference_friction_cny_per_tonne=1400.0,
    ...     pack_mass_tonnes=0.4,
    ...     pass_through=0.0,
    ... )
    >>> [round(100 * formal_share(leakage, 0.0, share), 1) for share in (0.0, 0.1, 0.25, 0.5, 1.0)]
    [30.0, 44.7, 67.6, 91.0, 99.6]

    Under the reference friction the share is the calibrated one, whatever is passed through:

    >>> round(formal_share(leakage, 1400.0, 0.5), 3)
    0.3
    """
    if not 0.0 <= pass_through <= 1.0:
        raise ValueError(f"pass_through must lie between 0 and 1, not {pass_through}")
    if not math.isfinite(friction_cny_per_tonne):
        raise ValueError(f"friction must be finite, not {friction_cny_per_tonne} CNY/t")
    relief_cny_per_tonne = leakage.reference_friction_cny_per_tonne - friction_cny_per_tonne
    relief_cny_per_pack = pass_through * relief_cny_per_tonne * leakage.pack_mass_tonnes
    gap_cny_per_pack = leakage.reference_gap_cny_per_pack - relief_cny_per_pack
    # tanh form of the logit: no overflow for gaps of any size.
    return 0.5 * (1.0 - math.tanh(0.5 * leakage.beta_per_cny * gap_cny_per_pack))


def share_at(share: float | pd.Series, beta_per_cny: float, gain_cny_per_pack: pd.Series) -> pd.Series:
    """Return the formal share after the formal channel gains on the informal one.

    Formula: ``logit(after) = logit(share) + beta * gain``. It is ``1 / (1 + exp(beta * (gap - gain)))``
    where ``share`` is that of ``gap``. A share of 0 or 1 stays what it is.

    Parameters
    ----------
    share
        Before the gain, 0 to 1.
    beta_per_cny
        Slope of the logit (1/CNY of a pack).
    gain_cny_per_pack
        By which the formal offer rises, or the informal falls, or formal delivery is less trouble.

    Examples
    --------
    >>> import math
    >>> beta = math.log(7 / 3) / 75
    >>> [round(share, 3) for share in share_at(0.3, beta, pd.Series([0.0, 75.0, 150.0]))]
    [0.3, 0.5, 0.7]
    """
    # The lesser of the two odds is scaled down, at most to the edge of floats: no overflow, no 0 / 0.
    log_odds = (beta_per_cny * gain_cny_per_pack.astype(float)).clip(-_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    formal = share * np.exp(np.minimum(log_odds, 0.0))
    informal = (1.0 - share) * np.exp(-np.maximum(log_odds, 0.0))
    return pd.Series(formal / (formal + informal), index=gain_cny_per_pack.index, dtype=float)


def gains_cny_per_pack(instance: Instance, effects: Effects) -> pd.Series:
    """Return what a policy adds to the formal channel's worth for consumers (CNY a pack), by source."""
    sources = instance["sources"]
    home = jurisdictions_of(instance, sources["location"])
    gained = pd.Series(0.0, index=home.index)
    for gain in effects.narrowed_gaps:
        meant = is_meant(home, gain.jurisdictions) & is_meant(sources["source"], gain.sources)
        gained += meant.astype(float) * gain.cny_per_pack
    return pd.Series(gained.to_numpy(), index=pd.Index(sources["source"], name="source"), dtype=float)


def formal_shares(instance: Instance, effects: Effects) -> pd.Series:
    """Return the share of what retires at each source that is handed to the formal channel.

    ``share_at`` of the instance's ``formal_share`` and what rebate, enforcement and access add under
    the policy; without them it is ``formal_share`` everywhere.

    Returns
    -------
    pandas.Series
        0 to 1, index source.
    """
    leakage = instance.settings.leakage
    gains = gains_cny_per_pack(instance, effects)
    return share_at(leakage.formal_share, leakage.beta_per_cny, gains)


def collected_share(instance: Instance, effects: Effects) -> float:
    """Return the share of all retired mass over the horizon that is handed to the formal channel."""
    years = instance.period_years()
    supply = instance["supply"]
    tonnes = supply["supply_tonnes_per_year"] * supply["period"].map(years).astype(float)
    if not effects.narrowed_gaps or float(tonnes.sum()) == 0:
        return instance.settings.leakage.formal_share
    shares = supply["source"].map(formal_shares(instance, effects)).astype(float)
    return float((tonnes * shares).sum() / tonnes.sum())
