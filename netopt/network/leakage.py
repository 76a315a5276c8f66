"""The informal channel: how the formal share answers to what formal treatment costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netopt.data.settings import Leakage


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
