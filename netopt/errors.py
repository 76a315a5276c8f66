"""Everything netopt raises on purpose, each with the exit code the command line ends with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input, said so that a planner can mend it.

    Attributes
    ----------
    file, row, column
        Where: the file's name, the line of the file (1 is the header; None for the whole
        file) and the column (None for the whole row).
    rule
        The broken rule as a stable slug, for example ``finite`` or ``foreign_key``.
    value
        The offending value as read, or "".
    message, hint
        What is wrong, and what to do about it ("" where there is nothing to add).
    """

    file: str
    row: int | None
    column: str | None
    rule: str
    value: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", column {self.column}"
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: [{self.rule}] {self.message}{hint}"


class NetoptError(Exception):
    """Base of every error that netopt raises on purpose."""

    exit_code = 1


class UsageError(NetoptError):
    """A request that cannot be meant: an unknown option, policy or run."""

    exit_code = 2


class ProblemsError(NetoptError):
    """An input with one or more problems, all of them listed."""

    exit_code = 3

    def __init__(self, subject: str, problems: Sequence[Problem]) -> None:
        self.subject = subject
        self.problems = tuple(problems)
        noun = "problem" if len(self.problems) == 1 else "problems"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{subject}: {len(self.problems)} {noun}\n{lines}")


class InstanceError(ProblemsError):
    """The instance cannot be planned with; nothing was modelled."""


class PolicyError(ProblemsError):
    """The policy, or its meeting with the instance, makes no sense."""


class InfeasibleError(NetoptError):
    """No plan satisfies the instance under the policy; the explanation says why.

    Attributes
    ----------
    explanation
        In words.
    policy
        Name of the policy ("" where that is not known yet).
    """

    exit_code = 4

    def __init__(self, explanation: str, policy: str = "") -> None:
        self.explanation = explanation
        self.policy = policy
        super().__init__(explanation)


class UnboundedError(NetoptError):
    """Something earns money without end, so no plan is the cheapest; the tables are at fault."""

    exit_code = 3


class NoSolutionError(NetoptError):
    """A limit ended the solve before any plan was found."""

    exit_code = 6


class StoppedError(NoSolutionError):
    """The user ended the solve before any plan was found."""

    exit_code = 130


class SolverError(NetoptError):
    """The solver failed, or answered something netopt does not trust."""

    exit_code = 1


class CheckError(NetoptError):
    """The independent checker rejects an answer; it is never reported."""

    exit_code = 7
