"""RELOG's old format (0.5 to 0.7): plants by type and location, amounts at collection centres."""

from __future__ import annotations

from dataclasses import dataclass

from netopt.data.formats.relog_case import (
    Capacity,
    Case,
    Centre,
    Disposal,
    Output,
    Plant,
    Product,
    Series,
    Store,
    is_zero,
    without_limit,
)
from netopt.data.formats.relog_json import Field, named, read_or
from netopt.data.formats.relog_parameters import Parameters, place_of, read_parameters

_TRANSPORT_COST = "transportation cost ($/km/tonne)"
_TRANSPORT_ENERGY = "transportation energy (J/km/tonne)"
_TRANSPORT_EMISSIONS = "transportation emissions (tonne/km/tonne)"
_DISPOSAL_LIMIT, _DISPOSAL_COST = "disposal limit (tonne)", "disposal cost ($/tonne)"
_ACQUISITION = "acquisition cost ($/tonne)"


def read_old(document: Field, title: str) -> Case:
    """Return the case that a document of the old format tells."""
    parts = document.parts(["parameters", "products", "plants"])
    parameters = read_parameters(document.at("parameters"))
    years = parameters.years
    products = {name: _product(name, said, years) for name, said in named(parts, "products")}
    centres = [
        centre
        for name, said in named(parts, "products")
        for centre in _centres(name, said, years, products[name])
    ]
    plants = [
        plant
        for name, said in named(parts, "plants")
        for plant in _plants(name, said, parameters, products)
    ]
    return Case(
        title,
        "old",
        years,
        parameters.building,
        products,
        tuple(centres),
        tuple(plants),
        {},
        list(parameters.notes),
    )


def _product(name: str, said: Field, years: int) -> Product:
    parts = said.parts(
        [_TRANSPORT_COST],
        [
            _TRANSPORT_ENERGY,
            _TRANSPORT_EMISSIONS,
            "initial amounts",
            _DISPOSAL_LIMIT,
            _DISPOSAL_COST,
            _ACQUISITION,
        ],
    )
    read_or(parts, _TRANSPORT_ENERGY, lambda part: part.series(years, 0.0), None)
    emissions = {gas: part.series(years, 0.0) for gas, part in named(parts, _TRANSPORT_EMISSIONS)}
    limit = read_or(parts, _DISPOSAL_LIMIT, lambda part: part.series(years, 0.0), (0.0,) * years)
    tariff = read_or(parts, _TRANSPORT_COST, lambda part: part.series(years, 0.0), (0.0,) * years)
    return Product(name, tariff, emissions, limit)


def _centres(name: str, said: Field, years: int, product: Product) -> list[Centre]:
    """Return the collection centres of a product; they all dispose of it at its one cost and limit."""
    nothing = (0.0,) * years
    parts = said.parts([_TRANSPORT_COST], said.value) if isinstance(said.value, dict) else {}
    cost = read_or(parts, _DISPOSAL_COST, lambda part: part.series(years), nothing)
    acquisition = read_or(parts, _ACQUISITION, lambda part: part.series(years), nothing)
    disposal = None
    if not is_zero(product.disposal_limit):
        disposal = Disposal(parts[_DISPOSAL_LIMIT], cost, without_limit(years), is_shared=True)
    found = []
    for centre, place in named(parts, "initial amounts"):
        here = place.parts(["amount (tonne)"], ["latitude (deg)", "longitude (deg)", "location"])
        latitude, longitude = place_of(place, here)
        amount = read_or(here, "amount (tonne)", lambda part: part.series(years, 0.0), nothing)
        output = Output(place, name, amount, (), acquisition, disposal)
        found.append(Centre(place, centre, latitude, longitude, None, nothing, nothing, (output,)))
    return found


def _plants(name: str, said: Field, parameters: Parameters, products: dict[str, Product]) -> list[Plant]:
    years = parameters.years
    parts = said.parts(
        ["input", "locations"], ["outputs (tonne/tonne)", "energy (GJ/tonne)", "emissions (tonne/tonne)"]
    )
    takes = read_or(parts, "input", lambda part: part.one_of(products, "product"), "")
    outputs = {}
    for product, part in named(parts, "outputs (tonne/tonne)"):
        share = part.constant(years, 0.0)
        if product not in products:
            part.refuse("unknown_name", f"'{product}' is no product of the file")
        elif share > 0:
            outputs[product] = share
    read_or(parts, "energy (GJ/tonne)", lambda part: part.series(years, 0.0), None)
    emissions = {gas: part.series(years, 0.0) for gas, part in named(parts, "emissions (tonne/tonne)")}
    process = _Process(said.at("outputs (tonne/tonne)"), takes, outputs, emissions)
    return [_plant(name, location, place, years, process) for location, place in named(parts, "locations")]


@dataclass(frozen=True)
class _Process:
    """What plants of one type do at all of their locations."""

    yields: Field
    takes: str
    outputs: dict[str, float]
    emissions: dict[str, Series]


def _plant(name: str, location: str, said: Field, years: int, process: _Process) -> Plant:
    parts = said.parts(
        ["capacities (tonne)"],
        [
            "latitude (deg)",
            "longitude (deg)",
            "location",
            "disposal",
            "storage",
            "initial capacity (tonne)",
        ],
    )
    latitude, longitude = place_of(said, parts)
    capacities, variable = _capacities(said.at("capacities (tonne)"), years)
    standing = read_or(parts, "initial capacity (tonne)", lambda part: part.number(0.0, 0.0), 0.0)
    return Plant(
        said=said,
        yields=process.yields,
        name=f"{location} ({name})",
        latitude=latitude,
        longitude=longitude,
        mix={process.takes: 1.0},
        outputs=process.outputs,
        emissions=process.emissions,
        variable=variable,
        stores=_stores(parts, years, process.takes),
        disposals=_disposals(parts, years, process.outputs),
        smallest=capacities[0],
        largest=capacities[-1],
        standing=standing,
        paid_on_receipt=False,
        keeps_closed=False,
        may_shrink=False,
    )


def _capacities(said: Field, years: int) -> tuple[list[Capacity], tuple[float, ...]]:
    """Return the sizes in order, and the variable cost that they share."""
    found, costs = [], []
    for text, entry in said.items().items():
        parts = entry.parts(
            ["opening cost ($)", "fixed operating cost ($)", "variable operating cost ($/tonne)"]
        )
        size = Field(entry.path, _number(text), entry.findings).number(0.0)
        opening, fixed = (entry.at(key) for key in ("opening cost ($)", "fixed operating cost ($)"))
        if len(parts) == 3:
            found.append(Capacity(entry, size, opening.series(years, 0.0), fixed.series(years, 0.0)))
            costs.append(entry.at("variable operating cost ($/tonne)").series(years))
    if not 1 <= len(found) <= 2:
        said.refuse("capacities", f"{len(found)} sizes, where RELOG takes one or two")
        found = found[:2] or [Capacity(said, 0.0, (0.0,) * years, (0.0,) * years)]
    if len(set(costs)) > 1:
        said.refuse(
            "variable_cost", "the variable operating cost is not the same for both sizes, as RELOG asks"
        )
    return sorted(found, key=lambda capacity: capacity.size), costs[0] if costs else (0.0,) * years


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _stores(parts: dict[str, Field], years: int, takes: str) -> dict[str, Store]:
    if "storage" not in parts:
        return {}
    storage = parts["storage"].parts(["cost ($/tonne)", "limit (tonne)"])
    if len(storage) < 2:
        return {}
    limit = storage["limit (tonne)"].constant(years, 0.0)
    return {takes: Store(storage["cost ($/tonne)"].series(years, 0.0), limit)} if limit > 0 else {}


def _disposals(parts: dict[str, Field], years: int, outputs: dict[str, float]) -> dict[str, Disposal]:
    found = {}
    for product, said in named(parts, "disposal"):
        here = said.parts(["cost ($/tonne)"], ["limit (tonne)"])
        if product not in outputs:
            said.refuse(
                "unknown_name", f"'{product}' is no output of the plant, so nothing can be disposed of"
            )
            continue
        limit = read_or(here, "limit (tonne)", lambda part: part.series(years, 0.0), without_limit(years))
        cost = read_or(here, "cost ($/tonne)", lambda part: part.series(years), (0.0,) * years)
        found[product] = Disposal(said, cost, limit, is_shared=False)
    return found
