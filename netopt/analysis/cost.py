"""What a policy costs more than the base: one proven interval, and what it is conditional on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netopt.units import MONEY_TOLERANCE


@dataclass(frozen=True)
class Cost:
    """What a policy costs more than the base, proven.

    Attributes
    ----------
    policy, base
        Names. The interval is ``[LB(policy) - UB(base), UB(policy) - LB(base)]``.
    low_cny_per_year, high_cny_per_year
        Annual equivalent, social perspective.
    retired_tonnes_per_year
        Same supply on both sides (annual equivalent).
    base_gross_cny_per_year
        Gross cost of the base's plan, the denominator of per cents.
    formal_share, base_formal_share
        Shares in force; they differ only on the curve.
    pass_through
        None with leakage off.
    penalty_priced
        False where shortfalls of soft targets are counted at zero, or the base's only as far as the
        policy has its targets too.
    lessened_targets
        The base's soft targets that count less than in the base alone, as the policy lacks them or
        has them weaker.
    own_targets, own_shortfall_cny_per_year
        Soft targets that only the policy has and its plan misses, and what that costs in this plan:
        a part of the difference.
    """

    policy: str
    base: str
    low_cny_per_year: float
    high_cny_per_year: float
    retired_tonnes_per_year: float
    base_gross_cny_per_year: float
    formal_share: float
    base_formal_share: float
    pass_through: float | None = None
    penalty_priced: bool = True
    lessened_targets: tuple[str, ...] = ()
    own_targets: tuple[str, ...] = ()
    own_shortfall_cny_per_year: float = 0.0

    @property
    def is_nothing(self) -> bool:
        """Whether the whole interval lies within rounding of zero."""
        rounding = MONEY_TOLERANCE * max(1.0, self.base_gross_cny_per_year)
        return -rounding <= self.low_cny_per_year and self.high_cny_per_year <= rounding

    @property
    def sign(self) -> int | None:
        """1: proven dearer than the base; -1: cheaper; None: the interval holds zero, or is nothing."""
        if self.is_nothing:
            return None
        if self.low_cny_per_year > 0:
            return 1
        return -1 if self.high_cny_per_year < 0 else None

    @property
    def per_tonne(self) -> tuple[float, float]:
        """The interval in CNY per tonne retired."""
        tonnes = self.retired_tonnes_per_year
        return self.low_cny_per_year / tonnes, self.high_cny_per_year / tonnes

    @property
    def share_of_gross(self) -> tuple[float, float]:
        """The interval as a share of the base's gross cost."""
        gross = self.base_gross_cny_per_year
        return self.low_cny_per_year / gross, self.high_cny_per_year / gross

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "policy": self.policy,
            "base": self.base,
            "low_cny_per_year": self.low_cny_per_year,
            "high_cny_per_year": self.high_cny_per_year,
            "low_cny_per_tonne_retired": self.per_tonne[0],
            "high_cny_per_tonne_retired": self.per_tonne[1],
            "low_share_of_base_gross_cost": self.share_of_gross[0],
            "high_share_of_base_gross_cost": self.share_of_gross[1],
            "sign": self.sign,
            "is_nothing": self.is_nothing,
            "formal_share": self.formal_share,
            "base_formal_share": self.base_formal_share,
            "pass_through": self.pass_through,
            "penalty_priced": self.penalty_priced,
            "lessened_targets": list(self.lessened_targets),
            "own_targets": list(self.own_targets),
            "own_shortfall_cny_per_year": self.own_shortfall_cny_per_year,
        }
