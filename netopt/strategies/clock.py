"""One clock for the several programs of one question: each is given what is left of its time limit."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netopt.solution.options import SolveOptions

    Settings = dict[str, bool | int | float | str]


class OutOfTimeError(Exception):
    """The time limit, or the wish to stop, came before an answer."""


@dataclass(frozen=True)
class Clock:
    """What is left of a time limit.

    Attributes
    ----------
    options
        Threads, seed and the time limit (s) of all programs together.
    began_s
        When it started to run (``time.monotonic()``).
    """

    options: SolveOptions
    began_s: float = field(default_factory=time.monotonic)

    def settings(self, most_s: float = float("inf")) -> Settings:
        """Return options of the solver for the time that is left, at most ``most_s``.

        Raises
        ------
        OutOfTimeError
            Where none is left, or the user wishes to stop.
        """
        left_s = self.began_s + self.options.time_limit_s - time.monotonic()
        if left_s <= 0 or self.options.stop.is_set():
            raise OutOfTimeError
        return {
            "threads": self.options.threads,
            "random_seed": self.options.seed,
            "time_limit": min(left_s, most_s),
        }
