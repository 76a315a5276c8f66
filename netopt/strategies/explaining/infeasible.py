"""Why no plan exists: what must give, what contradicts what, what to lift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netopt.strategies.clock import OutOfTimeError
from netopt.strategies.explaining.conflict import Conflict, Prover, Remedy
from netopt.strategies.explaining.elastic import Relief, infeasible_core, relieve

if TYPE_CHECKING:
    from netopt.solution.options import SolveOptions
    from netopt.strategies.explaining.statements import StatedForm


@dataclass(frozen=True)
class Infeasibility:
    """Everything found about a policy that no plan can meet.

    Attributes
    ----------
    stated
        The statements, and the model they were asked of.
    relief
        What they must give at least, in tonnes, and where.
    conflicts
        Contradictions met on the way to ``remedy``, each irreducible unless it says otherwise.
    remedy
        The smallest set to lift.
    enough_alone
        Statement of a conflict -> whether lifting it alone leaves a plan under all the others;
        None where time ran out.
    only_whole
        For each conflict, whether a plan could hold it if plants could be built in parts.
    n_solves
        Mixed-integer programs solved for all this.
    """

    stated: StatedForm
    relief: Relief
    conflicts: tuple[Conflict, ...]
    remedy: Remedy
    enough_alone: Mapping[str, bool | None]
    only_whole: tuple[bool, ...]
    n_solves: int


def why_infeasible(stated: StatedForm, options: SolveOptions) -> Infeasibility | None:
    """Return why no plan holds every statement; None where one does.

    Parameters
    ----------
    stated
        Model and statements.
    options
        Threads, seed, and the time limit (s) of all programs together.

    Raises
    ------
    NoSolutionError
        Where time runs out before anything is known, or no plan exists even without any statement.
    """
    prover = Prover(stated, options)
    relief = relieve(stated, prover.settings())
    if len(relief.gives) == 0:
        return None
    prover.learn(relief.held)
    conflicts, remedy = prover.conflicts_and_remedy(set(relief.gives["statement"]))
    named = [name for conflict in conflicts for name in conflict.names if conflict.irreducible]
    return Infeasibility(
        stated=stated,
        relief=relief,
        conflicts=tuple(conflicts),
        remedy=remedy,
        enough_alone={name: _is_enough(prover, name) for name in dict.fromkeys(named)},
        only_whole=tuple(_only_whole(prover, conflict) for conflict in conflicts),
        n_solves=prover.n_solves + 1,
    )


def _is_enough(prover: Prover, name: str) -> bool | None:
    try:
        return prover.can_hold(frozenset(prover.stated.names) - {name})
    except OutOfTimeError:
        return None


def _only_whole(prover: Prover, conflict: Conflict) -> bool:
    try:
        return infeasible_core(prover.stated, conflict.names, prover.settings()) is None
    except OutOfTimeError:
        return False
