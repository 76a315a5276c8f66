"""One look for every map: colours, markers, classes and sizes, for pictures and for QGIS alike.

Colours are told apart by readers with any colour vision (25 in CIELAB between any two, as seen with
each of the three colour deficiencies), and by their lightness in a grey print: from collection to
fractions routes darken along the chain, products lie between, province fills are lighter greys.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from netopt.maps.shipments import STAGES, stage_of_commodities

if TYPE_CHECKING:
    from netopt.data.instance import Instance

STAGE_COLOURS: Final = dict(
    zip(STAGES, ("#e3920b", "#059c6b", "#8c0f78", "#121418", "#1a5bd0"), strict=True)
)
STAGE_TITLES: Final = {
    "first_leg": "Collection, first leg",
    "cascade_grade": "Cascade grade",
    "undismantled": "Other whole batteries",
    "intermediate": "Fractions for recycling",
    "product": "Products and residues",
}
FILL_COLOURS: Final = ("#e9edf1", "#d9e0e6", "#c7d1da", "#b6c2cd", "#a4b2bf")
NO_FIGURE_COLOUR: Final = "#f7f7f5"
HIGHLIGHT_WHITE: Final = "#ffffff"
INK: Final = "#22272e"
QUIET_INK: Final = "#66707a"
PALE_EDGE: Final = "#a3abb3"
PALE_FILL: Final = "#f1f3f5"
STATUS_TITLES: Final = {
    "existing": "Existing",
    "expanded": "Existing, expanded",
    "new": "New",
    "closed": "Existing, closed or idle",
}
_MARKERS: Final = ("o", "^", "s", "D", "v", "p", "h", "P", "X", "*")
_QGIS_MARKERS: Final = {
    "o": "circle",
    "^": "triangle",
    "s": "square",
    "D": "diamond",
    "v": "triangle",
    "p": "pentagon",
    "h": "hexagon",
    "P": "cross_fill",
    "X": "cross2",
    "*": "star",
}


def markers(instance: Instance) -> dict[str, str]:
    """Return the marker shape (matplotlib's) of every facility type, in the order of the table."""
    types = list(instance["facility_types"]["facility_type"])
    return {name: _MARKERS[index % len(_MARKERS)] for index, name in enumerate(types)}


def qgis_marker(marker: str) -> str:
    """Return QGIS's name of a marker shape."""
    return _QGIS_MARKERS[marker]


def qgis_angle(marker: str) -> str:
    """Return by how many degrees QGIS turns the shape, as text."""
    return "180" if marker == "v" else "0"


def facility_colours(instance: Instance) -> dict[str, str]:
    """Return the colour of every facility type: that of the last stage that it takes in.

    A type that takes in retired batteries alone has the colour of the first leg. Where an earlier
    type has the colour already, the next later stage gives it, as long as there is one.
    """
    commodities = instance["commodities"]
    retired = commodities.loc[commodities["collection_cny_per_tonne"].notna(), "commodity"]
    stages = stage_of_commodities(instance) | dict.fromkeys(retired, "first_leg")
    recipes = instance["recipe_inputs"].merge(instance["recipes"][["recipe", "facility_type"]], on="recipe")
    taken = recipes.groupby("facility_type")["commodity"].agg(set).to_dict()
    colours: dict[str, str] = {}
    for name in instance["facility_types"]["facility_type"]:
        ranks = [STAGES.index(stages[commodity]) for commodity in taken.get(name, ())]
        later = [STAGE_COLOURS[stage] for stage in STAGES[max(ranks, default=0) :]]
        colours[name] = next((each for each in later if each not in colours.values()), later[0])
    return colours


def stage_names(instance: Instance, stages: Iterable[str]) -> dict[str, str]:
    """Return a title for each stage, with the commodity's own name where there is only one."""
    of_commodity = stage_of_commodities(instance)
    names = instance["commodities"].set_index("commodity")["name"]
    titles = {}
    for stage in stages:
        own = [names[commodity] for commodity, known in of_commodity.items() if known == stage]
        titles[stage] = own[0] if len(own) == 1 and stage != "first_leg" else STAGE_TITLES[stage]
    return titles


def round_figure(value: float, *, up: bool = False) -> float:
    """Return the nearest of 1, 2, 5 times a power of ten at or below (``up``: above) a value.

    Examples
    --------
    >>> round_figure(730.0), round_figure(730.0, up=True), round_figure(0.0)
    (500.0, 1000.0, 0.0)
    """
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = [step * power for step in (1.0, 2.0, 5.0, 10.0)]
    if up:
        return next(step for step in steps if step >= value * (1 - 1e-9))
    return max(step for step in steps if step <= value * (1 + 1e-9))


def size_figures(largest: float) -> list[float]:
    """Return up to three round figures for a legend of sizes, the largest first.

    Examples
    --------
    >>> size_figures(730.0)
    [500.0, 200.0, 50.0]
    """
    top = round_figure(largest)
    return [figure for figure in (top, round_figure(top / 2), round_figure(top / 10)) if figure > 0]


def class_breaks(values: Iterable[float], n_classes: int = len(FILL_COLOURS)) -> list[float]:
    """Return the upper bounds of classes with about as many provinces each, rounded.

    Parameters
    ----------
    values
        Figures of the provinces; zeros and NaN are left out.

    Returns
    -------
    list
        Strictly increasing; the last is at least the largest value. Empty without values.

    Examples
    --------
    >>> class_breaks([1, 2, 3, 4, 5, 60, 70, 80, 90, 100])
    [2.0, 4.0, 60.0, 80.0, 100.0]
    """
    figures = sorted(float(value) for value in values if value > 0)
    lasts = [math.ceil(rank * len(figures) / n_classes) - 1 for rank in range(1, n_classes + 1)]
    return sorted({_two_digits_up(figures[max(last, 0)]) for last in lasts}) if figures else []


def width_breaks(values: Iterable[float], n_classes: int = 6) -> list[float]:
    """Return the upper bounds of classes whose widths, in equal steps, grow with the square root of tonnes.

    Parameters
    ----------
    values
        Tonnes of the lines; zeros and NaN are left out.

    Returns
    -------
    list
        Strictly increasing; the last is at least the largest value. Empty without values.

    Examples
    --------
    >>> width_breaks([5, 40, 900], 3)
    [100.0, 400.0, 900.0]
    """
    largest = max((float(value) for value in values if value > 0), default=0.0)
    bounds = {
        _two_digits_up(largest * (rank / n_classes) ** 2) for rank in range(1, n_classes + 1) if largest > 0
    }
    return sorted(bounds)


def class_of(value: float, breaks: list[float]) -> int | None:
    """Return the class of a figure among ``class_breaks``; None for zero, NaN or no classes."""
    if not value > 0 or not breaks:
        return None
    return min(bisect_left(breaks, value), len(breaks) - 1)


def _two_digits_up(value: float) -> float:
    power = 10.0 ** (math.floor(math.log10(value)) - 1)
    rounded = float(f"{math.ceil(value / power * (1 - 1e-12)) * power:.12g}")
    return max(rounded, value)


def amount(tonnes: float) -> str:
    """Return tonnes as a short text, without a unit.

    Examples
    --------
    >>> amount(1234567.0), amount(12345.0), amount(9999.6), amount(42.0), amount(0.25)
    ('1,235,000', '12,300', '10,000', '42', '0.25')
    """
    if tonnes <= 0:
        return "0"
    digits = 4 if tonnes >= 1e6 else 3
    rounded = float(f"{tonnes:.{digits}g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"
