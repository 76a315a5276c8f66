"""Instances from RELOG, the reverse-logistics optimizer of Argonne: JSON of both its generations.

The old format (0.5 to 0.7) has ``initial amounts`` in products and ``locations`` in plants, the new one
(0.8) ``centers``. What is mapped to what, and what is refused and why: ``docs/relog.md``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

from netopt.data.formats.foreign import Foreign
from netopt.data.formats.relog_case import Case
from netopt.data.formats.relog_centres import Centres
from netopt.data.formats.relog_disposal import Disposals
from netopt.data.formats.relog_distance import chord_km
from netopt.data.formats.relog_gases import Gases, read_gases
from netopt.data.formats.relog_json import Field, read_json
from netopt.data.formats.relog_new import read_new
from netopt.data.formats.relog_old import read_old
from netopt.data.formats.relog_plants import Plants
from netopt.data.formats.relog_tables import FIRST_YEAR, INSIDE, MODE, OPERATOR, Tables
from netopt.data.settings import Settings
from netopt.data.tables import NOWHERE

_FIRST_NEW: Final = (0, 8)

POLICY: Final = """\
name = "relog"
title = "As RELOG plans"
description = "No lever: all that the file demands is in the instance itself."
perspective = "social"
"""


def read(path: Path) -> Foreign:
    """Read a RELOG file of either generation.

    Parameters
    ----------
    path
        A JSON file.

    Returns
    -------
    Foreign
        Its case, one period for each year, under a policy ``relog`` without levers. RELOG's objective is
        the plan's cost times the number of years.

    Raises
    ------
    UsageError
        It cannot be read as JSON, or is of neither generation.
    InstanceError
        It is not a valid RELOG file, or says what netopt cannot: every such field with its path and why.
    """
    document = read_json(path)
    case = _case(document, path.stem)
    document.findings.end()
    foreign = _foreign(case, document)
    document.findings.end()
    return foreign


def _case(document: Field, title: str) -> Case:
    """Return the case of a document of either generation, with which a version that it names must agree."""
    is_new = "centers" in document.value
    version = document.at("parameters").at("version")
    if version.value is not None:
        numbers = re.match(r"(\d+)\.(\d+)", str(version.value))
        if numbers is None:
            version.refuse("version", f"'{version.value}' is no version such as 0.7 or 0.8")
        elif ((int(numbers[1]), int(numbers[2])) >= _FIRST_NEW) != is_new:
            keys = (
                "has 'centers', which is the new format" if is_new else "has no 'centers': the old format"
            )
            version.refuse("version", f"'{version.value}' is not the format of the file, which {keys}")
    return (read_new if is_new else read_old)(document, title)


def _foreign(case: Case, document: Field) -> Foreign:
    tables = Tables(case.years)
    tables.notes.extend(case.notes)
    gases = read_gases(case)
    _refuse_circles(case, document)
    tables.add("jurisdictions", NOWHERE, "Everywhere", "")
    tables.add("operators", OPERATOR, "Whoever RELOG plans for", NOWHERE)
    _add_products(case, tables, gases)
    gives: dict[str, set[str]] = defaultdict(set)
    takes: dict[str, set[str]] = defaultdict(set)
    where: dict[str, tuple[float, float]] = {}
    disposals = Disposals(case, tables)
    Plants(case, tables, gases, disposals, gives, takes).add_all(where)
    Centres(case, tables, disposals, gives, takes).add_all(where)
    for product in case.products:
        for giver in sorted(gives[product]):
            for taker in sorted(takes[product]):
                tables.way(giver, taker, chord_km(where[giver], where[taker]))
    if not tables.rows["sources"]:
        document.refuse("no_supply", "no centre of the file gives anything in any year")
    return Foreign(
        _settings(case, tables, gases), tables.frames(), {"relog.toml": POLICY}, _notes(tables, gases)
    )


def _add_products(case: Case, tables: Tables, gases: Gases) -> None:
    """Add products, each a class of goods whose own tariff holds the price of its emissions too."""
    for leg in ("first", "trunk"):
        tables.add("haulage", MODE, INSIDE, leg, 0.0, 0.0, 0.0)
    for product in case.products.values():
        name = tables.commodity(product.name, product.name)
        emitted = gases.price_of(product.emissions)
        tariff = tuple(a + b for a, b in zip(product.tariff, emitted, strict=True))
        emission_kg = gases.kg_of(product.emissions)
        for leg in ("first", "trunk"):
            first = tables.costs("haulage", f"{MODE}/{name}/{leg}", "tariff_cny_per_tonne_km", tariff)
            tables.add("haulage", MODE, name, leg, first, 0.0, emission_kg)


def _refuse_circles(case: Case, document: Field) -> None:
    """Refuse plants that turn a product into itself; what a centre takes in and gives may."""
    made_from: dict[str, set[str]] = defaultdict(set)
    said: dict[tuple[str, str], Field] = {}
    for plant in case.plants:
        for product in plant.outputs:
            made_from[product] |= set(plant.mix)
            said |= {(taken, product): plant.yields.at(product) for taken in plant.mix}
    try:
        TopologicalSorter(made_from).prepare()
    except CycleError as error:
        circle = [str(product) for product in error.args[1]]
        at = said.get((circle[0], circle[1]), document)
        at.refuse(
            "circle",
            f"plants make a product of itself ({' -> '.join(circle)}), and in netopt none is made so",
            "let it pass through a center, or give what comes back another name",
        )


def _settings(case: Case, tables: Tables, gases: Gases) -> Settings:
    periods = tables.periods
    opening = [periods[year - 1] for year in case.building]
    caps = gases.caps(periods)
    capital = {"wacc": 0.0, "paid": "at_once", "may_close": False}
    if opening != periods:
        capital["opening_periods"] = opening
    return Settings.model_validate(
        {
            "instance": {
                "name": re.sub(r"[^a-z0-9]+", "-", case.title.lower()).strip("-") or "relog",
                "title": f"{case.title} (RELOG, {case.generation} format)",
                "currency": "CNY",
                "price_year": FIRST_YEAR,
                "price_basis": "the unit of money of the RELOG file, whatever it is, called CNY here",
            },
            "horizon": {
                "discount_rate": 0.0,
                "base_year": FIRST_YEAR,
                "periods": [
                    {"period": period, "start_year": FIRST_YEAR + number, "length_years": 1}
                    for number, period in enumerate(periods)
                ],
            },
            "capital": capital,
            "distance": {"method": "table"},
            "prices": {"carbon_cny_per_tonne": 0.0},
            "limits": {"emission_tonnes_co2e_by_period": caps} if caps else {},
            "leakage": {
                "formal_share": 1.0,
                "beta_per_cny": 0.0,
                "reference_gap_cny_per_pack": 0.0,
                "reference_friction_cny_per_tonne": 0.0,
                "pack_mass_tonnes": 1.0,
                "pass_through": 0.0,
            },
        }
    )


def _notes(tables: Tables, gases: Gases) -> tuple[str, ...]:
    years = "year" if tables.years == 1 else "years"
    return (
        "The file's unit of money is taken as it is and called CNY; nothing is converted.",
        f"Its objective is a total over {tables.years} {years}; netopt's is a mean a year, undiscounted.",
        f"Year 1 is called {FIRST_YEAR}. The policy 'relog' has no levers.",
        "Energy is not in the tables.",
        *gases.notes(),
        *tables.notes,
    )
