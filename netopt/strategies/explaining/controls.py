"""Statements of a planner's own controls: hauls, sites, their number, who is served by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netopt.network.closings import are_forbidden_hauls
from netopt.strategies.explaining import control_words
from netopt.strategies.explaining.statements import Kind, Statement

if TYPE_CHECKING:
    from netopt.strategies.explaining.context import Context, Stated


def _hauls(context: Context) -> Stated:
    arcs = context.network.arcs
    for number, rule in enumerate(context.effects.forbidden_hauls, start=1):
        limits = context.shut(arcs[are_forbidden_hauls(rule, arcs)], context.instance.periods)
        sentence = control_words.haul(context.words, rule)
        yield Statement(f"hauls {rule.lever} {number}", Kind.BAN, sentence, rule.lever, ""), limits


CONTROLS: Final = (_hauls,)
"""One function per effect, in the order in which an explanation names them."""
