"""Random RELOG files of both generations, small and mostly feasible."""

from __future__ import annotations

from random import Random
from typing import Any

Json = Any


def random_file(seed: int) -> Json:
    """Return a document: of the old format where the seed is even, of the new one where it is odd."""
    return (_new if seed % 2 else _old)(Random(seed))  # noqa: S311 - test cases, no secrets


def _series(random: Random, low: float, high: float, years: int) -> list[float]:
    if random.random() < 0.4:
        return [round(random.uniform(low, high), 2)] * years
    return [round(random.uniform(low, high), 2) for _ in range(years)]


def _place(random: Random) -> Json:
    return {
        "latitude (deg)": round(random.uniform(30, 45), 3),
        "longitude (deg)": round(random.uniform(-100, -80), 3),
    }


def _parameters(random: Random, years: int) -> Json:
    said: Json = {"time horizon (years)": years}
    if random.random() < 0.6:
        said["building period (years)"] = sorted(
            random.sample(range(1, years + 1), random.randint(1, years))
        )
    return said


def _sizes(random: Random, years: int, keys: tuple[str, str, str]) -> list[Json]:
    opening, fixed, variable = keys
    least = random.choice([0.0, 20.0, 80.0])
    costs = _series(random, -5, 20, years)
    first = {
        opening: _series(random, 100, 900, years),
        fixed: _series(random, 10, 60, years),
        variable: costs,
    }
    if random.random() < 0.3 and least:
        return [{"size": 200.0, **first}]
    last = {key: [value + random.choice([0, 300, 700]) for value in first[key]] for key in (opening, fixed)}
    return [{"size": least, **first}, {"size": 200.0, **last, variable: costs}]


KEYS = ("opening cost ($)", "fixed operating cost ($)", "variable operating cost ($/tonne)")


def _old(random: Random) -> Json:
    years = random.randint(1, 3)
    products: Json = {
        name: {"transportation cost ($/km/tonne)": _series(random, 0.005, 0.03, years)} for name in "ABC"
    }
    for number in range(random.randint(1, 3)):
        amount = _series(random, 0, 60, years)
        centres = products["A"].setdefault("initial amounts", {})
        centres[f"town {number}"] = {**_place(random), "amount (tonne)": amount}
    if random.random() < 0.5:
        products["A"]["disposal limit (tonne)"] = _series(random, 0, 80, years)
        products["A"]["disposal cost ($/tonne)"] = _series(random, -10, 60, years)
    if random.random() < 0.5:
        products["A"]["acquisition cost ($/tonne)"] = _series(random, 0, 8, years)
    shred = {
        "input": "A",
        "outputs (tonne/tonne)": {"B": 0.3, "C": 0.6},
        "locations": {f"L{n}": _old_site(random, years, ["B", "C"]) for n in range(2)},
    }
    melt = {
        "input": "B",
        "outputs (tonne/tonne)": {"C": 0.5},
        "locations": {"L2": _old_site(random, years, ["C"])},
    }
    sink = {"input": "C", "locations": {"L3": _old_site(random, years, [])}}
    return {
        "parameters": _parameters(random, years),
        "products": products,
        "plants": {"shred": shred, "melt": melt, "sink": sink},
    }


def _old_site(random: Random, years: int, outputs: list[str]) -> Json:
    sizes = _sizes(random, years, KEYS)
    said = {**_place(random), "capacities (tonne)": {str(each.pop("size")): each for each in sizes}}
    if random.random() < 0.5:
        said["storage"] = {"cost ($/tonne)": _series(random, 0, 3, years), "limit (tonne)": 30.0}
    if random.random() < 0.3:
        said["initial capacity (tonne)"] = random.choice([10.0, 100.0, 200.0])
    disposal = {}
    for product in outputs:
        if random.random() < 0.7:
            disposal[product] = {"cost ($/tonne)": _series(random, -5, 30, years)}
            if random.random() < 0.4:
                disposal[product]["limit (tonne)"] = _series(random, 0, 40, years)
    return {**said, "disposal": disposal}


def _new(random: Random) -> Json:
    years = random.randint(1, 4)
    constant = random.random() < 0.5
    products = {}
    for name in "ABCD":
        products[name] = {
            "transportation cost ($/km/tonne)": _series(random, 0.005, 0.03, years),
            "transportation emissions (tonne/km/tonne)": {
                "CO2": 0.001 if constant else _series(random, 0.0, 0.002, years),
                "CH4": _series(random, 0.0, 0.001, years),
            },
            "disposal limit (tonne)": random.choice([None, None, _series(random, 20, 90, years)]),
        }
    limit = _series(random, 30, 90, years) if constant and random.random() < 0.5 else None
    gases = {
        "CO2": {"limit (tonne)": limit, "penalty ($/tonne)": _series(random, 0, 20, years)},
        "CH4": {"limit (tonne)": None, "penalty ($/tonne)": 15.0},
    }
    centres = {
        "mine": _centre(random, years, None, {"A": _series(random, 10, 60, years)}),
        "wood": _centre(random, years, None, {"B": _series(random, 10, 60, years)}),
        "shop": _centre(random, years, "C", {"D": _series(random, 0, 20, years)}),
        "user": _centre(random, years, random.choice(["C", "A"]), {}),
    }
    plants = {
        "make 1": _new_site(random, years, {"A": 60, "B": 40}, {"C": 0.9}),
        "make 2": _new_site(random, years, {"A": 50, "B": 50}, {"C": 0.95}),
        "reuse": _new_site(random, years, {"D": 100}, {"B": 0.4, "A": 0.2}),
    }
    for plant in plants.values():
        plant["processing emissions (tonne)"] = {"CO2": 0.05, "CH4": _series(random, 0, 0.1, years)}
    return {
        "parameters": _parameters(random, years),
        "products": products,
        "centers": centres,
        "plants": plants,
        "emissions": gases,
    }


def _centre(random: Random, years: int, takes: str | None, outputs: dict[str, list[float]]) -> Json:
    lags = [*(round(random.uniform(0, 0.6), 2) for _ in range(random.randint(1, 3)))]
    return {
        **_place(random),
        "input": takes,
        "outputs": list(outputs),
        "fixed output (tonne)": outputs,
        "variable output (tonne/tonne)": dict.fromkeys(outputs, lags if takes else 0),
        "revenue ($/tonne)": _series(random, 0, 40, years) if takes else None,
        "collection cost ($/tonne)": {product: _series(random, 0, 5, years) for product in outputs},
        "operating cost ($)": _series(random, 0, 100, years),
        "disposal limit (tonne)": {product: random.choice([None, None, 30.0]) for product in outputs},
        "disposal cost ($/tonne)": {product: _series(random, -2, 20, years) for product in outputs},
    }


def _new_site(random: Random, years: int, mix: dict[str, float], outputs: dict[str, float]) -> Json:
    sizes = _sizes(random, years, KEYS)
    storage = random.random() < 0.6
    return {
        **_place(random),
        "input mix (%)": mix,
        "output (tonne)": outputs,
        "storage cost ($/tonne)": {product: _series(random, 0, 3, years) for product in mix},
        "storage limit (tonne)": {
            product: random.choice([None, 25.0]) if storage else 0 for product in mix
        },
        "disposal cost ($/tonne)": {product: _series(random, -2, 20, years) for product in outputs},
        "disposal limit (tonne)": {product: random.choice([None, 40.0]) for product in outputs},
        "capacities": [{"size (tonne)": each.pop("size"), **each} for each in sizes],
        "initial capacity (tonne)": random.choice([0, 0, 10.0, 120.0]),
    }
