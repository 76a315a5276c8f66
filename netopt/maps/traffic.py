"""What moves on a picture, however it is drawn: curves between places, or lines along roads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.offsetbox import DrawingArea

    from netopt.maps.labels import Box
    from netopt.maps.legend import Legend
    from netopt.maps.symbols import Sizes


class Anchor(NamedTuple):
    """A spot on a line and a vector along it, pixels."""

    x: float
    y: float
    along: tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """Tonnes to write beside a line: colour and width (pt) of the line, spots, the best first."""

    tonnes_per_year: float
    colour: str
    width_pt: float
    anchors: Sequence[Anchor]


class Traffic(Protocol):
    """Lines that can be drawn, avoided by names, and marked with their tonnes.

    Attributes
    ----------
    what, how_much
        Headings of the legend: of colours, of widths.
    width_power
        See ``symbols.Sizes``.
    in_inset
        Whether an inset shows the lines too.
    marks_apart_pt
        How far marks that are written keep from each other, points at design size.
    """

    what: str
    how_much: str
    width_power: float
    in_inset: bool
    marks_apart_pt: float

    @property
    def most_tonnes_per_year(self) -> float:
        """Tonnes of the widest line, 0 without lines."""

    @property
    def stages(self) -> set[str]:
        """Stages that are drawn."""

    @property
    def omitted(self) -> str:
        """What is not drawn, in words; "" for nothing."""

    def keys(self, legend: Legend) -> list[tuple[DrawingArea, str]]:
        """Return rows of the legend that explain more than colours and widths."""

    def draw(self, axes: Axes, sizes: Sizes, radii_pt: Mapping[str, float]) -> None:
        """Draw the lines; ``radii_pt`` is the radius of the markers at a location."""

    def boxes(self, axes: Axes, sizes: Sizes) -> list[Box]:
        """Return boxes that cover the lines, about."""

    def marks(self, axes: Axes, sizes: Sizes) -> list[Mark]:
        """Return what to write on the heaviest lines, the heaviest first."""
