"""The solution: a plan, its ledger, its bounds and the checker's verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.design import Design
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.check import Verdict
    from netopt.solution.outcome import Outcome
    from netopt.solution.tables import Answer


@dataclass(frozen=True)
class Solution:
    """What ``netopt.solve`` returns: nothing of Pyomo or of a solver in it.

    Attributes
    ----------
    instance, policy
        What was solved.
    formal_share
        The share in force, 0 to 1 (leakage off).
    answer
        The plan's tables, see ``netopt.solution.tables``.
    ledger
        Columns ``LEDGER_COLUMNS``; CNY a year in each period.
    outcome
        Bounds, gap, circumstances.
    verdict
        The independent checker's verdict; a solution that fails it is never returned.
    dropped_arcs
        ``from_place, to_place, commodity, mode, reason``.
    design
        What was kept of an earlier run, where only tonnes were re-routed; None: sites were free.
    given_flows
        ``netopt.solution.given.GIVEN_COLUMNS``: what flows were held to; None: they were free.
    social_range_cny_per_year
        Of a private plan, where the solve bounded it at once: see ``netopt.pipeline.social_range``.
    """

    instance: Instance
    policy: Policy
    formal_share: float
    answer: Answer
    ledger: pd.DataFrame
    outcome: Outcome
    verdict: Verdict
    dropped_arcs: pd.DataFrame
    design: Design | None = None
    given_flows: pd.DataFrame | None = None
    social_range_cny_per_year: tuple[float, float] | None = None
