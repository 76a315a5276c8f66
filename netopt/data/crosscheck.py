"""The register of checks across tables and settings: what each may say, but not together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netopt.data.checks import Draft


@dataclass(frozen=True)
class CrossCheck:
    """One check, and what must have been read for it to mean anything.

    ``demand`` says in a sentence what an instance must be like. ``needs`` lists columns as
    ``"table.column"``; every cell of them must be readable.
    """

    demand: str

    needs: tuple[str, ...]
    needs_settings: bool
    note_problems: Callable[[Draft], None]

    def run(self, draft: Draft) -> None:
        """Note the check's problems in ``draft.log``, unless something that it needs is missing."""
        readable = all(draft.trusts(column) for column in self.needs)
        if readable and (draft.settings is not None or not self.needs_settings):
            self.note_problems(draft)


def cross_check(*needs: str, settings: bool = False) -> Callable[[Callable[[Draft], None]], CrossCheck]:
    """Return a decorator that makes a function a ``CrossCheck``; its docstring is the demand."""

    def make(note_problems: Callable[[Draft], None]) -> CrossCheck:
        demand = (note_problems.__doc__ or "").partition("\n")[0]
        return CrossCheck(demand, needs, settings, note_problems)

    return make
