"""Ways cut into the stretches that they share: what is drawn once however many hauls pass it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Way = Sequence[int]
"""Numbers of the nodes along a way, two or more."""

_TWO_NEIGHBOURS: Final = 2


@dataclass(frozen=True)
class Chains:
    """Ways as sequences of stretches.

    Attributes
    ----------
    stretches
        Node numbers along each stretch.
    ways
        For each way its stretches in order: ``k + 1`` for stretch ``k`` run forwards, ``-(k + 1)``
        backwards.
    """

    stretches: list[tuple[int, ...]]
    ways: list[list[int]]


def chains(ways: Sequence[Way]) -> Chains:
    """Return the longest stretches that no way enters or leaves in the middle.

    Examples
    --------
    >>> found = chains([[1, 2, 3, 4], [5, 3, 2, 1]])
    >>> found.stretches
    [(1, 2, 3), (3, 4), (3, 5)]
    >>> found.ways
    [[1, 2], [-3, -1]]
    """
    stops = _stops(ways)
    number: dict[tuple[int, ...], int] = {}
    cut = [[_signed(part, number) for part in _parts(way, stops)] for way in ways]
    return Chains(list(number), cut)


def _stops(ways: Sequence[Way]) -> set[int]:
    """Return the nodes where ways end, meet or part."""
    neighbours: defaultdict[int, set[int]] = defaultdict(set)
    stops: set[int] = set()
    for way in ways:
        stops |= {way[0], way[-1]}
        for here, there in pairwise(way):
            neighbours[here].add(there)
            neighbours[there].add(here)
    return stops | {node for node, near in neighbours.items() if len(near) != _TWO_NEIGHBOURS}


def _parts(way: Way, stops: set[int]) -> list[tuple[int, ...]]:
    parts, start = [], 0
    for rank in range(1, len(way)):
        if way[rank] in stops:
            parts.append(tuple(way[start : rank + 1]))
            start = rank
    return parts


def _signed(part: tuple[int, ...], number: dict[tuple[int, ...], int]) -> int:
    """Return the stretch's number, made where it is new; there and back are one stretch."""
    is_forward = part <= part[::-1]
    kept = part if is_forward else part[::-1]
    known = number.setdefault(kept, len(number)) + 1
    return known if is_forward else -known
