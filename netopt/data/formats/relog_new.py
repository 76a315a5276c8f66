"""RELOG's new format (0.8): centres that take in and give, plants with an input mix, gases."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from netopt.data.formats.relog_case import (
    Capacity,
    Case,
    Centre,
    Disposal,
    Gas,
    Output,
    Plant,
    Product,
    Series,
    Store,
    without_limit,
)
from netopt.data.formats.relog_json import Field, named, read_or
from netopt.data.formats.relog_parameters import Parameters, place_of, read_parameters

_TRANSPORT_COST = "transportation cost ($/km/tonne)"
_TRANSPORT_ENERGY = "transportation energy (J/km/tonne)"
_TRANSPORT_EMISSIONS = "transportation emissions (tonne/km/tonne)"
_DISPOSAL_LIMIT, _DISPOSAL_COST = "disposal limit (tonne)", "disposal cost ($/tonne)"
_FIXED_OUTPUT, _VARIABLE_OUTPUT = "fixed output (tonne)", "variable output (tonne/tonne)"
_MIX_TOLERANCE = 1e-6


def read_new(document: Field, title: str) -> Case:
    """Return the case that a document of the new format tells."""
    parts = document.parts(["parameters", "products", "centers", "plants"], ["emissions"])
    parameters = read_parameters(document.at("parameters"))
    years = parameters.years
    products = {name: _product(name, said, years) for name, said in named(parts, "products")}
    gases = {name: _gas(said, years) for name, said in named(parts, "emissions")}
    notes = list(parameters.notes)
    centres = [_centre(name, said, years, products) for name, said in named(parts, "centers")]
    plants = [_plant(name, said, parameters, products, notes) for name, said in named(parts, "plants")]
    return Case(
        title, "new", years, parameters.building, products, tuple(centres), tuple(plants), gases, notes
    )


def _product(name: str, said: Field, years: int) -> Product:
    parts = said.parts(
        [_TRANSPORT_COST], [_TRANSPORT_ENERGY, _TRANSPORT_EMISSIONS, _DISPOSAL_LIMIT, "components"]
    )
    if "components" in parts:
        parts["components"].refuse(
            "components",
            "the composition of products is tracked, which netopt does not do",
            "make each component a product of its own",
        )
    read_or(parts, _TRANSPORT_ENERGY, lambda part: part.series(years, 0.0), None)
    emissions = {gas: part.series(years, 0.0) for gas, part in named(parts, _TRANSPORT_EMISSIONS)}
    tariff = read_or(parts, _TRANSPORT_COST, lambda part: part.series(years, 0.0), (0.0,) * years)
    limit = read_or(
        parts, _DISPOSAL_LIMIT, lambda part: part.series(years, 0.0, math.inf), without_limit(years)
    )
    return Product(name, tariff, emissions, limit)


def _gas(said: Field, years: int) -> Gas:
    parts = said.parts(["limit (tonne)", "penalty ($/tonne)"])
    limit = read_or(
        parts, "limit (tonne)", lambda part: part.series(years, 0.0, math.inf), without_limit(years)
    )
    penalty = read_or(parts, "penalty ($/tonne)", lambda part: part.series(years, 0.0, 0.0), (0.0,) * years)
    return Gas(said, limit, penalty)


def _centre(name: str, said: Field, years: int, products: dict[str, Product]) -> Centre:
    of_outputs = [
        _FIXED_OUTPUT,
        _VARIABLE_OUTPUT,
        "collection cost ($/tonne)",
        _DISPOSAL_LIMIT,
        _DISPOSAL_COST,
    ]
    parts = said.parts(
        ["latitude (deg)", "longitude (deg)", "input", "outputs", "operating cost ($)"],
        ["revenue ($/tonne)", "constant output (tonne)", *of_outputs],
    )
    if "constant output (tonne)" in parts and parts["constant output (tonne)"].value != {}:
        parts["constant output (tonne)"].refuse(
            "unknown_field", "RELOG does not read the field", f"is '{_FIXED_OUTPUT}' meant?"
        )
    latitude, longitude = place_of(said, parts)
    takes, revenue = None, (0.0,) * years
    if "input" in parts and parts["input"].value is not None:
        takes = parts["input"].one_of(products, "product")
        revenue = said.at("revenue ($/tonne)").series(years)
    outputs = []
    for entry in parts["outputs"].entries() if "outputs" in parts else []:
        product = entry.one_of(products, "product")
        outputs.append(_output(said, product, years, {key: parts.get(key) for key in of_outputs}))
    _only_of(parts, of_outputs, [output.product for output in outputs])
    operating = read_or(
        parts, "operating cost ($)", lambda part: part.series(years, 0.0, 0.0), (0.0,) * years
    )
    return Centre(said, name, latitude, longitude, takes, revenue, operating, tuple(outputs))


def _only_of(parts: dict[str, Field], keys: Collection[str], outputs: Collection[str]) -> None:
    """Note figures of products that the centre or plant does not give or take."""
    for key in keys:
        for product, part in named(parts, key):
            if product not in outputs:
                part.refuse("unknown_name", f"'{product}' is not among the products that this is said of")


def _output(said: Field, product: str, years: int, parts: dict[str, Field | None]) -> Output:
    def figure(key: str, read: Callable[[Field], Series]) -> Series:
        of_all = parts[key]
        if of_all is None or not isinstance(of_all.value, dict) or product not in of_all.value:
            said.at(key).at(product).refuse("missing_field", "the field is missing")
            return (0.0,) * years
        return read(of_all.at(product))

    returned = figure(_VARIABLE_OUTPUT, lambda part: _lags(part, years))
    amount = figure(_FIXED_OUTPUT, lambda part: part.series(years, 0.0, 0.0))
    collection = figure("collection cost ($/tonne)", lambda part: part.series(years, None, 0.0))
    cost = figure(_DISPOSAL_COST, lambda part: part.series(years, None, 0.0))
    limit = figure(_DISPOSAL_LIMIT, lambda part: part.series(years, 0.0, math.inf))
    place = said.at(_DISPOSAL_LIMIT).at(product)
    disposal = Disposal(place, cost, limit, is_shared=True)
    return Output(said.at(_VARIABLE_OUTPUT).at(product), product, amount, returned, collection, disposal)


def _lags(part: Field, years: int) -> tuple[float, ...]:
    """Return what comes back 0, 1, 2, ... years later (t/t), as far as the horizon goes."""
    if not isinstance(part.value, list):
        return (part.number(0.0, 0.0),) * years
    return tuple(entry.number(0.0, 0.0) for entry in part.entries())[:years]


def _plant(
    name: str, said: Field, parameters: Parameters, products: dict[str, Product], notes: list[str]
) -> Plant:
    years = parameters.years
    parts = said.parts(
        ["latitude (deg)", "longitude (deg)", "input mix (%)", "output (tonne)", "capacities"],
        [
            "processing emissions (tonne)",
            "storage cost ($/tonne)",
            "storage limit (tonne)",
            _DISPOSAL_COST,
            _DISPOSAL_LIMIT,
            "initial capacity (tonne)",
        ],
    )
    latitude, longitude = place_of(said, parts)
    mix = _mix(said.at("input mix (%)"), years, products)
    outputs = _outputs(parts, years, products)
    capacities, variable = _capacities(name, said.at("capacities"), years, notes)
    return Plant(
        said=said,
        yields=said.at("output (tonne)"),
        name=name,
        latitude=latitude,
        longitude=longitude,
        mix=mix,
        outputs={product: share for product, share in outputs.items() if share > 0},
        emissions={
            gas: part.series(years, 0.0) for gas, part in named(parts, "processing emissions (tonne)")
        },
        variable=variable,
        stores=_stores(parts, years, mix),
        disposals=_disposals(parts, years, outputs),
        smallest=capacities[0],
        largest=capacities[-1],
        standing=read_or(parts, "initial capacity (tonne)", lambda part: part.number(0.0, 0.0), 0.0),
        paid_on_receipt=True,
        keeps_closed=parameters.building != (1,),
        may_shrink=True,
    )


def _mix(said: Field, years: int, products: dict[str, Product]) -> dict[str, float]:
    mix = {}
    for product, part in said.items().items():
        share = part.constant(years, 0.0) / 100
        if product not in products:
            part.refuse("unknown_name", f"'{product}' is no product of the file")
        elif share > 0:
            mix[product] = share
    if abs(sum(mix.values()) - 1) > _MIX_TOLERANCE:
        said.refuse(
            "input_mix", f"the shares of the input mix sum to {100 * sum(mix.values()):g} %, not to 100"
        )
        return mix
    return {product: share / math.fsum(mix.values()) for product, share in mix.items()}


def _outputs(parts: dict[str, Field], years: int, products: dict[str, Product]) -> dict[str, float]:
    found = {}
    for product, part in named(parts, "output (tonne)"):
        if product not in products:
            part.refuse("unknown_name", f"'{product}' is no product of the file")
        elif isinstance(part.value, dict):
            part.refuse("components", "the yield is told by component, which netopt does not track")
        else:
            found[product] = part.constant(years, 0.0)
    return found


def _capacities(
    name: str, said: Field, years: int, notes: list[str]
) -> tuple[list[Capacity], tuple[float, ...]]:
    """Return the sizes in order, and the variable cost, which is that of the first that is listed."""
    found, costs = [], []
    for entry in said.entries():
        parts = entry.parts(
            [
                "size (tonne)",
                "opening cost ($)",
                "fixed operating cost ($)",
                "variable operating cost ($/tonne)",
            ]
        )
        if len(parts) == 4:
            size = parts["size (tonne)"].number(0.0)
            opening = parts["opening cost ($)"].series(years, 0.0)
            found.append(
                Capacity(entry, size, opening, parts["fixed operating cost ($)"].series(years, 0.0))
            )
            costs.append(parts["variable operating cost ($/tonne)"].series(years))
    if not 1 <= len(found) <= 2:
        said.refuse("capacities", f"{len(found)} sizes, where RELOG takes one or two")
        found = found[:2] or [Capacity(said, 0.0, (0.0,) * years, (0.0,) * years)]
    if found != sorted(found, key=lambda capacity: capacity.size):
        said.refuse("capacities", "the sizes are not in order, the smallest first")
    if len(set(costs)) > 1:
        notes.append(f"{name}: the variable operating cost is that of the smaller size, as in RELOG.")
    return found, costs[0] if costs else (0.0,) * years


def _stores(parts: dict[str, Field], years: int, mix: dict[str, float]) -> dict[str, Store]:
    """Return what may be stored, which both of cost and limit must say."""
    pairs = _pairs(parts, "storage cost ($/tonne)", "storage limit (tonne)", mix)
    stores = {
        product: Store(cost.series(years, 0.0, 0.0), limit.constant(years, 0.0, math.inf))
        for product, (cost, limit) in pairs.items()
    }
    return {product: store for product, store in stores.items() if store.limit > 0}


def _disposals(parts: dict[str, Field], years: int, outputs: dict[str, float]) -> dict[str, Disposal]:
    """Return what may be disposed of at a plant, which both of cost and limit must say."""
    pairs = _pairs(parts, _DISPOSAL_COST, _DISPOSAL_LIMIT, outputs)
    return {
        product: Disposal(
            limit, cost.series(years, None, 0.0), limit.series(years, 0.0, math.inf), is_shared=True
        )
        for product, (cost, limit) in pairs.items()
        if outputs[product] > 0
    }


def _pairs(
    parts: dict[str, Field], cost: str, limit: str, products: Collection[str]
) -> dict[str, tuple[Field, Field]]:
    """Return cost and limit by product; what only one of the two names is noted."""
    _only_of(parts, [cost, limit], products)
    costs, limits = dict(named(parts, cost)), dict(named(parts, limit))
    for product in products:
        for key, given, other in ((cost, costs, limits), (limit, limits, costs)):
            if product in other and product not in given:
                other[product].refuse("missing_field", f"'{key}' does not name {product}, and this does")
    return {
        product: (costs[product], limits[product])
        for product in products
        if product in costs.keys() & limits
    }
