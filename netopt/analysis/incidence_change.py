"""Who loses and who gains from one plan to another, for the same retired batteries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netopt.accounts import Perspective
from netopt.analysis.equity import gini
from netopt.analysis.incidence import COST, NATIONAL, Incidence, incidence
from netopt.analysis.incidence_words import change_markdown
from netopt.errors import UsageError
from netopt.units import FLOW_TOLERANCE_TONNES, MONEY_TOLERANCE

if TYPE_CHECKING:
    from netopt.solution.solution import Solution
    from netopt.solution.store import Run

UNCHANGED: Final = ("name", "people")
SHARE_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class Change:
    """What one plan changes for whom, against another.

    Attributes
    ----------
    base, other
        The two plans.
    jurisdictions, actors
        Other minus base, as the tables of ``Incidence``; jurisdictions also
        ``social_cost_cny_per_head`` and ``social_cost_cny_per_tonne_retired`` (NaN where unknown).
    metals
        Other minus base.
    losers, winners
        Jurisdictions whose social cost changes by more than rounding, most first.
    difference_cny_per_year
        Proven bounds on what the other plan costs society more; None where a plan has none.
    """

    base: Incidence
    other: Incidence
    jurisdictions: pd.DataFrame
    actors: pd.DataFrame
    metals: pd.DataFrame
    losers: tuple[str, ...]
    winners: tuple[str, ...]
    difference_cny_per_year: tuple[float, float] | None

    @property
    def also_differ(self) -> tuple[str, ...]:
        """In what else than policy the two plans differ, so that a difference is not the policy's alone."""
        shares = [found.formal_share for found in (self.base, self.other)]
        found = []
        alike = [each.instance.with_formal_share(shares[0]).digest for each in (self.base, self.other)]
        if alike[0] != alike[1]:
            found.append("the tables or settings of their instances")
        if abs(shares[0] - shares[1]) > SHARE_TOLERANCE:
            found.append(f"the formal share they start from ({shares[0]:.1%} and {shares[1]:.1%})")
        return tuple(found)

    @property
    def equity(self) -> dict[str, float]:
        """How the losses are spread over provinces and people."""
        table = self.jurisdictions.drop(index=NATIONAL)
        lost = table[COST].clip(lower=0.0)
        is_loser = table.index.isin(self.losers)
        figures = {"share of jurisdictions that lose": float(is_loser.mean())}
        tonnes = self.base.jurisdictions["retired_tonnes_per_year"].reindex(table.index)
        if (tonnes > 0).all():
            figures["Gini of losses per tonne retired (gains at zero)"] = gini(lost, tonnes)
        people = table["people"]
        if len(people) and people.notna().all():
            figures["share of people in jurisdictions that lose"] = float(
                people[is_loser].sum() / people.sum()
            )
            figures["Gini of losses per head (gains at zero)"] = gini(lost, people)
            figures["largest loss, CNY per head a year"] = float((lost / people).max())
            figures["change of all jurisdictions together, CNY per head a year"] = float(
                table[COST].sum() / people.sum()
            )
        return figures

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by the names of their files."""
        return {
            "change_by_jurisdiction": self.jurisdictions.reset_index(),
            "change_by_actor": self.actors.reset_index(),
            "change_of_metals": self.metals.reset_index(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "base": self.base.policy.name,
            "other": self.other.policy.name,
            "of": "these plans",
            "losers": list(self.losers),
            "winners": list(self.winners),
            "also_differ": list(self.also_differ),
            "difference_cny_per_year": self.difference_cny_per_year,
            "equity": self.equity,
            **{name: table.to_dict("records") for name, table in self.tables().items()},
        }

    def to_markdown(self) -> str:
        """Return who loses and gains in words and tables."""
        return change_markdown(self)


def incidence_change(base: Solution | Run, other: Solution | Run) -> Change:
    """Return who loses and who gains from one plan to another.

    Parameters
    ----------
    base, other
        Plans of one set of retired batteries.

    Raises
    ------
    UsageError
        Where the plans are not for the same retired batteries, province by province.
    """
    first, second = incidence(base), incidence(other)
    _refuse_other_batteries(first, second)
    jurisdictions = _difference(first.jurisdictions, second.jurisdictions)
    retired = first.jurisdictions["retired_tonnes_per_year"]
    jurisdictions["social_cost_cny_per_head"] = jurisdictions[COST] / jurisdictions["people"]
    jurisdictions["social_cost_cny_per_tonne_retired"] = jurisdictions[COST] / retired.replace(
        0, float("nan")
    )
    named = first.actors.index.union(second.actors.index)
    cost = jurisdictions[COST].drop(index=NATIONAL)
    rounding = MONEY_TOLERANCE * max(1.0, float(first.jurisdictions[COST].abs().max()))
    return Change(
        base=first,
        other=second,
        jurisdictions=jurisdictions,
        actors=second.actors.reindex(named, fill_value=0.0) - first.actors.reindex(named, fill_value=0.0),
        metals=_difference(first.metals, second.metals, kept=("name", "import_share")),
        losers=tuple(cost[cost > rounding].sort_values(ascending=False).index),
        winners=tuple(cost[cost < -rounding].sort_values().index),
        difference_cny_per_year=_proven(base, other),
    )


def _difference(
    first: pd.DataFrame, second: pd.DataFrame, kept: tuple[str, ...] = UNCHANGED
) -> pd.DataFrame:
    numbers = [name for name in first if name not in kept]
    return pd.concat([first[list(kept)], second[numbers] - first[numbers]], axis=1)


def _refuse_other_batteries(first: Incidence, second: Incidence) -> None:
    ours, theirs = (found.jurisdictions["retired_tonnes_per_year"] for found in (first, second))
    if ours.index.equals(theirs.index):
        apart = (ours - theirs).abs() > FLOW_TOLERANCE_TONNES * ours.clip(lower=1.0)
        if not apart.any():
            return
    raise UsageError(
        f"{first.policy.name} and {second.policy.name} are not planned for the same retired batteries"
    )


def _proven(base: Solution | Run, other: Solution | Run) -> tuple[float, float] | None:
    """Return bounds on the difference of social cost; None where a plan's bounds are of another cost."""
    if base.outcome is None or other.outcome is None:
        return None
    if {base.policy.perspective, other.policy.perspective} != {Perspective.SOCIAL}:
        return None
    return (
        other.outcome.lower_bound_cny_per_year - base.outcome.upper_bound_cny_per_year,
        other.outcome.upper_bound_cny_per_year - base.outcome.lower_bound_cny_per_year,
    )
