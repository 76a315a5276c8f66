"""Better multipliers, step by step: the volume algorithm.

The mean of past disagreements between the halves says where to go; steps start from the best
multipliers known, and their length shrinks where they fail.

Source: Barahona and Anbil (2000), The volume algorithm: producing primal solutions with a subgradient
method, Mathematical Programming 87, 385-399. Its mean of past solutions is close to an optimum of the
relaxation; here it says how much each module is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from netopt.strategies.split import kernels
from netopt.strategies.split.dual import Multipliers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from netopt.strategies.split.dual import Evaluation, SplitDual

    Floats = NDArray[np.float64]

MEMORY: Final = 0.1
"""Share of the last disagreement in the mean."""

FIRST_LENGTH: Final = 0.1
PATIENCE: Final = 5
"""Failed steps before they are made shorter."""

SHORTER: Final = 0.66
LONGER: Final = 1.2
"""Factors of the step's length after failures, and after a gain in the mean's own direction."""

STALL_STEPS: Final = 20
"""Steps between two looks at what was gained."""

ROOM: Final = 0.05
"""Without a plan the optimum is thought to be this share of the cost of ways above the bound."""


@dataclass
class Ascent:
    """The best bound so far and the way to a better one.

    Attributes
    ----------
    best
        Multipliers of ``bound`` (thousand CNY a year).
    size
        Cost of ways (thousand CNY a year): what gains are compared with.
    use
        Mean share of the time for which each whole module was chosen, by period and module.
    """

    dual: SplitDual
    best: Multipliers
    bound: float = field(init=False)
    size: float = field(init=False)
    use: Floats = field(init=False)
    n_steps: int = 0

    def __post_init__(self) -> None:
        first = self.dual.evaluate(self.best)
        self.bound = first.bound
        self.size = first.way_cost
        self._mean, self._rule_mean = first.surplus, first.violation
        self._length, self._n_failed = FIRST_LENGTH, 0
        self._spare = np.empty_like(self.best.prices)
        self.use = self.dual.open_modules(first.chosen).astype(float)

    def climb(
        self,
        least_gain: float,
        is_over: Callable[[], bool],
        target: Callable[[], float | None] = lambda: None,
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        """Step until ``is_over``, or until ``STALL_STEPS`` steps gain less than ``least_gain`` of ``size``.

        Parameters
        ----------
        least_gain
            Relative to the cost of ways.
        is_over
            Asked before each step.
        target
            Cost of the best plan known by then (thousand CNY a year), None where there is none.
        tell
            Called where it is looked at what was gained.
        """
        gained = np.inf
        while gained >= least_gain * self.size:
            gained = 0.0
            for _ in range(STALL_STEPS):
                if is_over():
                    return
                gained += self.step(target())
            tell()

    def step(self, target: float | None) -> float:
        """Try one step; return by how much the bound rose.

        Parameters
        ----------
        target
            Cost of the best plan known (thousand CNY a year), None where there is none.
        """
        trial, rule_step = self._trial(target)
        found = self.dual.evaluate(trial)
        agreed = float(found.violation @ rule_step) + self._average(found)
        gain = max(0.0, found.bound - self.bound)
        if gain > 0:
            self._spare = self.best.prices
            self.best, self.bound, self._n_failed = trial, found.bound, 0
            if agreed > 0:
                self._length = min(self._length * LONGER, 2.0)
        else:
            self._spare = trial.prices
            self._n_failed += 1
        if self._n_failed >= PATIENCE:
            self._length, self._n_failed = self._length * SHORTER, 0
        self.n_steps += 1
        return gain

    def _trial(self, target: float | None) -> tuple[Multipliers, Floats]:
        """Return the multipliers a step on, and the direction in which those of rules moved."""
        uses, rules = self.dual.uses, self.dual.rules
        rule_step = self._rule_mean / rules.scale
        rule_step[(self.best.rules <= 0) & (rule_step < 0)] = 0.0
        rule_step[(self.best.rules >= rules.penalty) & (rule_step > 0)] = 0.0
        squared = kernels.squared(self.best.prices, self._mean, uses.most)
        squared += float(rule_step @ self._rule_mean)
        aim = self.bound + ROOM * self.size if target is None else max(target, self.bound)
        length = self._length * (aim - self.bound) / max(squared, 1e-12)
        kernels.trial(self.best.prices, self._mean, uses.most, length, self._spare)
        moved = np.clip(self.best.rules + length * rule_step, 0.0, rules.penalty)
        return Multipliers(self._spare, moved), rule_step

    def _average(self, found: Evaluation) -> float:
        uses = self.dual.uses
        agreed = kernels.average(self._mean, found.surplus, uses.most, MEMORY)
        self._rule_mean = (1 - MEMORY) * self._rule_mean + MEMORY * found.violation
        self.use += MEMORY * (self.dual.open_modules(found.chosen) - self.use)
        return float(agreed)
