"""One period of a run, to be drawn as if it were all."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from netopt.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.instance import Instance
    from netopt.maps.shipments import MapInput
    from netopt.policy.base import Policy
    from netopt.solution.outcome import Outcome
    from netopt.solution.tables import Answer


@dataclass(frozen=True)
class Moment:
    """One period of a run; see ``shipments.MapInput``.

    Attributes
    ----------
    instance, answer
        Of the period alone.
    whole
        The run that it is a period of; the outcome is still that of all periods.
    """

    instance: Instance
    policy: Policy
    answer: Answer
    outcome: Outcome | None
    whole: MapInput

    @property
    def formal_share(self) -> float:
        """The formal share that was planned for, before any lever (0 to 1)."""
        return self.whole.formal_share

    @property
    def period(self) -> str:
        """The period's id."""
        return self.instance.periods[0]


def in_period(run: MapInput, period: str) -> Moment:
    """Return what a run does in one period.

    What was opened or expanded by then is told as opened or expanded in it, so that states are those
    of the period; when it happened is no longer known.

    Raises
    ------
    UsageError
        If the run has no such period.
    """
    instance = run.instance
    if period not in instance.periods:
        raise UsageError(f"the run has no period {period!r} ({', '.join(instance.periods)})")
    horizon = instance.settings.horizon
    own = tuple(each for each in horizon.periods if each.period == period)
    settings = instance.settings.model_copy(update={"horizon": horizon.model_copy(update={"periods": own})})
    tables = {each.name: getattr(run.answer, each.name) for each in fields(run.answer)}
    tables["facilities"] = _built_by(
        tables["facilities"], instance.periods[: instance.periods.index(period) + 1]
    )
    answer = replace(run.answer, **{name: _only(table, period) for name, table in tables.items()})
    return Moment(replace(instance, settings=settings), run.policy, answer, run.outcome, run)


def _built_by(facilities: pd.DataFrame, periods: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of some periods, flagged as built where they were built in any of them."""
    rows = facilities[facilities["period"].isin(periods)]
    flags = ["opened", "expanded"]
    return rows.assign(**{flag: rows.groupby(["site", "size"])[flag].transform("any") for flag in flags})


def _only(table: pd.DataFrame, period: str) -> pd.DataFrame:
    return table[table["period"] == period].reset_index(drop=True)
