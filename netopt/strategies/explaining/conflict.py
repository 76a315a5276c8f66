"""Irreducible sets of statements that contradict each other, and the smallest set to lift.

A set is *irreducible* if no plan holds all of it, and lifting any one of it leaves a plan that holds
the rest (all other statements being lifted). Whether a plan exists is always asked of the
mixed-integer program, so sets that only whole facilities make contradictory are found too.

* One set: QuickXplain (Junker 2004), divide and conquer over the statements, which keeps those that
  are named first; started from the dual of the elastic linear relaxation where that has one.
* The smallest set to lift: a set of statements hits every contradiction or leaves one. Starting
  with none, the lightest set that hits the contradictions found so far is lifted; where a plan
  exists then, no lighter set will do, otherwise one more contradiction is found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csc_array

from netopt.backends import highs
from netopt.backends.result import BackendStatus
from netopt.errors import NoSolutionError
from netopt.solution.form import StandardForm
from netopt.solution.names import ColumnName, ColumnNames
from netopt.strategies.clock import Clock, OutOfTimeError
from netopt.strategies.explaining.elastic import infeasible_core

if TYPE_CHECKING:
    from netopt.solution.options import SolveOptions
    from netopt.strategies.explaining.elastic import Settings
    from netopt.strategies.explaining.statements import StatedForm

MOST_CONFLICTS: Final = 40
"""After so many contradictions the search for the smallest set ends with one that suffices."""


TIE: Final = 1e-4
"""Of equals what is named first is lifted: all such ties together weigh less than this."""


@dataclass(frozen=True)
class Conflict:
    """Statements that no plan can hold at once.

    Attributes
    ----------
    names
        In the order in which an explanation names them.
    irreducible
        Whether each was shown to be needed: lifted alone, the rest of the set can be held.
    """

    names: tuple[str, ...]
    irreducible: bool


@dataclass(frozen=True)
class Remedy:
    """Statements that, lifted together, let a plan exist (shown by one).

    Attributes
    ----------
    names
        What to lift.
    smallest
        Whether no lighter set would do (``Statement.weight``), proven.
    """

    names: tuple[str, ...]
    smallest: bool


@dataclass
class Prover:
    """Answers whether a plan holds a set of statements, by the mixed-integer program.

    Every plan found is kept: what it holds need not be asked again.

    Attributes
    ----------
    stated
        Model and statements.
    options
        Threads, seed and the time limit (s) of all questions together.
    n_solves
        Programs solved so far.
    """

    stated: StatedForm
    options: SolveOptions
    n_solves: int = 0
    _clock: Clock = field(init=False)
    _held: list[frozenset[str]] = field(default_factory=list)
    _contradictory: list[frozenset[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clock = Clock(self.options)

    def settings(self) -> Settings:
        """Return options of the solver for the time that is left.

        Raises
        ------
        OutOfTimeError
            Where none is left.
        """
        return {**self.options.solver_options, **self._clock.settings()}

    def learn(self, held: frozenset[str]) -> None:
        """Keep what some plan holds."""
        self._held.append(held)

    def can_hold(self, names: Collection[str]) -> bool:
        """Return whether a plan with whole facilities holds all of these statements.

        Raises
        ------
        OutOfTimeError
            Where the time limit comes first.
        """
        asked = frozenset(names)
        if any(asked <= held for held in self._held):
            return True
        if any(known <= asked for known in self._contradictory):
            return False
        form = self.stated.holding(asked)
        found = highs.solve_form(replace(form, cost=np.zeros(form.shape[1])), self.settings())
        self.n_solves += 1
        if found.status is BackendStatus.INTERRUPTED:
            raise KeyboardInterrupt
        if found.point is not None:
            self._held.append(self.stated.held_by(found.point) | asked)
            return True
        if found.status is BackendStatus.INFEASIBLE:
            self._contradictory.append(asked)
            return False
        raise OutOfTimeError

    def conflict(self, names: Sequence[str]) -> Conflict:
        """Return an irreducible contradiction within ``names``, which no plan can hold.

        Where time runs out, what is left to be reduced is returned, not irreducible.
        """
        core: Sequence[str] = names
        try:
            found = infeasible_core(self.stated, names, self.settings())
            if found is not None and len(found) < len(names) and not self.can_hold(found):
                core = [name for name in names if name in found]
            kept = self._quick(frozenset(), core, changed=False)
            for name in sorted(kept):
                if not self.can_hold(kept - {name}):
                    kept -= {name}
        except OutOfTimeError:
            return Conflict(tuple(core), irreducible=False)
        return Conflict(tuple(name for name in names if name in kept), irreducible=True)

    def _quick(self, given: frozenset[str], names: Sequence[str], *, changed: bool) -> frozenset[str]:
        """Return the part of ``names`` that contradicts ``given`` (QuickXplain)."""
        if changed and not self.can_hold(given):
            return frozenset()
        if len(names) == 1:
            return frozenset(names)
        first, second = names[: len(names) // 2], names[len(names) // 2 :]
        of_second = self._quick(given | set(first), second, changed=True)
        of_first = self._quick(given | of_second, first, changed=bool(of_second))
        return of_first | of_second

    def conflicts_and_remedy(self, fallback: Collection[str]) -> tuple[list[Conflict], Remedy]:
        """Return the contradictions met on the way to the lightest set of statements to lift.

        Parameters
        ----------
        fallback
            Statements without which a plan is known to exist; reduced one by one where the
            lightest set is not found within the limits.

        Raises
        ------
        NoSolutionError
            Where no plan exists even without any statement.
        """
        stated, found = self.stated, list[Conflict]()
        try:
            if not self.can_hold(()):
                raise NoSolutionError("even with every statement lifted no plan exists")
            while len(found) < MOST_CONFLICTS:
                lifted = self._lightest(found)
                kept = [name for name in stated.names if name not in lifted]
                if self.can_hold(kept):
                    return found, Remedy(self._ordered(lifted), smallest=True)
                found.append(self.conflict(kept))
                if not found[-1].irreducible:
                    break
        except OutOfTimeError:
            pass
        reduced = self._ordered(self._reduced(set(fallback)))
        # Something must be lifted, so that one statement of the least weight is as little as can be.
        is_least = len(reduced) == 1 and stated.statement(reduced[0]).weight < 2.0
        return found, Remedy(reduced, smallest=is_least)

    def _lightest(self, conflicts: Sequence[Conflict]) -> frozenset[str]:
        """Return the lightest set that has a statement of each conflict; of equals, the first."""
        if not conflicts:
            return frozenset()
        names = [name for name in self.stated.names if any(name in one.names for one in conflicts)]
        hits = np.array([[name in one.names for name in names] for one in conflicts], dtype=float)
        weight = np.array([self.stated.statement(name).weight for name in names])
        tie = TIE * np.arange(len(names)) / len(names) ** 2
        form = StandardForm(
            cost=weight + tie,
            offset=0.0,
            matrix=csc_array(hits),
            row_lower=np.ones(len(conflicts)),
            row_upper=np.full(len(conflicts), np.inf),
            lower=np.zeros(len(names)),
            upper=np.ones(len(names)),
            is_integer=np.ones(len(names), dtype=bool),
            columns=ColumnNames.of(ColumnName("lifted", name, "") for name in names),
            rows=tuple(f"hit[{number}]" for number in range(len(conflicts))),
        )
        result = highs.solve_form(form, self.settings() | {"mip_rel_gap": 0.0, "mip_abs_gap": 1e-9})
        if result.status is not BackendStatus.OPTIMAL or result.point is None:
            raise OutOfTimeError
        chosen = result.point.round().astype(bool)
        return frozenset(name for name, one in zip(names, chosen, strict=True) if one)

    def _reduced(self, lifted: set[str]) -> set[str]:
        """Return a part of ``lifted`` that suffices and of which nothing can be held too."""
        for name in sorted(lifted, key=lambda name: -self.stated.statement(name).weight):
            try:
                if self.can_hold(frozenset(self.stated.names) - (lifted - {name})):
                    lifted = lifted - {name}
            except OutOfTimeError:
                return lifted
        return lifted

    def _ordered(self, names: Collection[str]) -> tuple[str, ...]:
        return tuple(name for name in self.stated.names if name in names)
