"""A RELOG case, whichever generation of the format told it: products, centres, plants, gases.

Money is in the file's own unit, mass in tonnes, a ``Series`` has one figure for each year. Fields keep
where the file said them, so that what netopt cannot say is refused there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from netopt.data.formats.relog_json import Field

Series = tuple[float, ...]


@dataclass(frozen=True)
class Product:
    """What flows: cost of haulage (1/(t km)) and emissions by gas (t/(t km)), by year.

    ``disposal_limit`` (t/yr, infinite: none) bounds what is disposed of in several places together: at
    all centres in the old format, at all centres and plants in the new one.
    """

    name: str
    tariff: Series
    emissions: dict[str, Series]
    disposal_limit: Series


@dataclass(frozen=True)
class Disposal:
    """What disposing of a product costs at one place (1/t), and the most of it (t/yr), by year."""

    said: Field
    cost: Series
    limit: Series
    is_shared: bool

    @property
    def most(self) -> float:
        """The largest limit of any year (t/yr)."""
        return max(self.limit)


@dataclass(frozen=True)
class Output:
    """What a centre gives of a product.

    ``amount`` (t/yr) whatever it takes in; ``returned`` (t/t) of each tonne taken in, in the same year
    and 1, 2, ... years later; ``collection`` is the cost of a tonne that is sent on (1/t).
    """

    said: Field
    product: str
    amount: Series
    returned: tuple[float, ...]
    collection: Series
    disposal: Disposal | None


@dataclass(frozen=True)
class Centre:
    """A place that takes in one product (or none) and gives others."""

    said: Field
    name: str
    latitude: float
    longitude: float
    takes: str | None
    revenue: Series
    operating: Series
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class Capacity:
    """A size: t/yr, cost of opening (once) and of keeping it open (a year), by year."""

    said: Field
    size: float
    opening: Series
    fixed: Series


@dataclass(frozen=True)
class Store:
    """What a plant may keep of a product it takes in (t), and the cost of keeping it (1/(t yr))."""

    cost: Series
    limit: float


@dataclass(frozen=True)
class Plant:
    """A site with one process: shares of its input, yields of its output (t/t).

    Capacity lies between ``smallest`` and ``largest``; ``standing`` (t/yr) is there already.
    ``yields`` is where the outputs are said. ``paid_on_receipt``: the variable cost is of tonnes received,
    not of tonnes processed.
    ``keeps_closed``: it may store before it opens. ``may_shrink``: what was added may be given up, for
    what adding it would cost then.
    """

    said: Field
    yields: Field
    name: str
    latitude: float
    longitude: float
    mix: dict[str, float]
    outputs: dict[str, float]
    emissions: dict[str, Series]
    variable: Series
    stores: dict[str, Store]
    disposals: dict[str, Disposal]
    smallest: Capacity
    largest: Capacity
    standing: float
    paid_on_receipt: bool
    keeps_closed: bool
    may_shrink: bool


@dataclass(frozen=True)
class Gas:
    """A gas: the most that may be emitted (t/yr) and what a tonne of it costs, by year."""

    said: Field
    limit: Series
    penalty: Series


@dataclass(frozen=True)
class Case:
    """All of a file."""

    title: str
    generation: str
    years: int
    building: tuple[int, ...]
    products: dict[str, Product]
    centres: tuple[Centre, ...]
    plants: tuple[Plant, ...]
    gases: dict[str, Gas]
    notes: list[str] = field(default_factory=list)


def is_constant(series: Series) -> bool:
    """Return whether a figure is the same in every year."""
    return len(set(series)) <= 1


def is_zero(series: Series) -> bool:
    """Return whether a figure is zero in every year."""
    return not any(series)


def least(first: Series, second: Series) -> Series:
    """Return the smaller of two figures, year by year.

    Examples
    --------
    >>> least((1.0, 5.0), (2.0, 3.0))
    (1.0, 3.0)
    """
    return tuple(map(min, first, second))


def without_limit(years: int) -> Series:
    """Return a limit that is none."""
    return (math.inf,) * years
