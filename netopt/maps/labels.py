"""Labels that keep out of each other's way: greedy placement in display coordinates (pixels)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in pixels."""


def overlap(first: Box, second: Box) -> float:
    """Return the area that two boxes share, in square pixels.

    Examples
    --------
    >>> overlap((0, 0, 2, 2), (1, 1, 3, 3)), overlap((0, 0, 1, 1), (2, 0, 3, 1))
    (1, 0)
    """
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return width * height if width > 0 and height > 0 else 0


@dataclass
class Crowd:
    """What is drawn already, each with a weight: how bad it is to cover a square pixel of it.

    Attributes
    ----------
    frame
        Labels outside of it are as bad as labels on labels.
    """

    frame: Box
    _boxes: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    _weights: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def add(self, boxes: Sequence[Box], weight: float) -> None:
        """Remember what is drawn."""
        if boxes:
            self._boxes = np.vstack([self._boxes, np.array(boxes, dtype=float)])
            self._weights = np.append(self._weights, np.full(len(boxes), weight))

    def cost(self, box: Box) -> float:
        """Return what covering a box would cost: weighted square pixels."""
        area = (box[2] - box[0]) * (box[3] - box[1])
        outside = area - overlap(box, self.frame)
        width = np.minimum(self._boxes[:, 2], box[2]) - np.maximum(self._boxes[:, 0], box[0])
        height = np.minimum(self._boxes[:, 3], box[3]) - np.maximum(self._boxes[:, 1], box[1])
        covered = np.clip(width, 0, None) * np.clip(height, 0, None)
        return float(outside * 10 + covered @ self._weights)

    def near(self, area: Box) -> Crowd:
        """Return what lies in an area alone, for many questions about it."""
        left, bottom, right, top = self._boxes.T
        inside = (left < area[2]) & (right > area[0]) & (bottom < area[3]) & (top > area[1])
        return Crowd(self.frame, self._boxes[inside], self._weights[inside])

    def best(self, boxes: Sequence[Box]) -> tuple[int, float]:
        """Return the index of the cheapest box (the first of equals) and its cost."""
        costs = [self.cost(box) for box in boxes]
        index = min(range(len(boxes)), key=costs.__getitem__)
        return index, costs[index]


def boxes_around(centre: tuple[float, float], radius: float, size: tuple[float, float]) -> list[Box]:
    """Return eight places for a label of a size around a disc: right, left, above, below, corners."""
    width, height = size
    x, y = centre
    gap = radius * 1.05 + 1
    slant = gap * 0.72
    corners = [
        (x + gap, y - height / 2),
        (x - gap - width, y - height / 2),
        (x - width / 2, y + gap),
        (x - width / 2, y - gap - height),
        (x + slant, y + slant),
        (x + slant, y - slant - height),
        (x - slant - width, y + slant),
        (x - slant - width, y - slant - height),
    ]
    return [(left, bottom, left + width, bottom + height) for left, bottom in corners]


def boxes_at(centres: Iterable[Iterable[float]], size: tuple[float, float]) -> list[Box]:
    """Return a label's box centred on each point."""
    width, height = size
    return [(x - width / 2, y - height / 2, x + width / 2, y + height / 2) for x, y in centres]
