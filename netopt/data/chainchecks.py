"""Checks of what retires, what becomes of it, and where: places, supply, recipes, second life."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pandas as pd

from netopt.data.checks import SHARE_TOLERANCE, Draft
from netopt.data.crosscheck import cross_check
from netopt.data.problems import nearest, spelled
from netopt.data.tables import PLACES, TABLES


@cross_check("sources.source", "sites.site", "markets.market", "vendors.vendor")
def _places_once(draft: Draft) -> None:
    """Sources, sites, markets and vendors share one list of ids."""
    owner: dict[str, str] = {}
    for column, name in PLACES.items():
        ids = draft[name][column]
        for other in dict.fromkeys(owner.values()):
            clash = ids.isin([place for place, table in owner.items() if table == other])
            message = f"the id '{{value}}' is used in {TABLES[other].file} too"
            hint = "all kinds of places share one list of ids"
            draft.refuse(name, clash, column, "place_id", message, hint)
        owner |= {place: name for place in ids if place not in owner}


@cross_check("supply.period", settings=True)
def _supply_periods(draft: Draft) -> None:
    """Every period of supply.csv is one of instance.toml."""
    _check_periods(draft, "supply", draft["supply"]["period"])


@cross_check("offtake.period", settings=True)
def _offtake_periods(draft: Draft) -> None:
    """Every period of offtake.csv is one of instance.toml, or blank."""
    _check_periods(draft, "offtake", draft["offtake"]["period"])


@cross_check("offers.period", settings=True)
def _offer_periods(draft: Draft) -> None:
    """Every period of offers.csv is one of instance.toml, or blank."""
    _check_periods(draft, "offers", draft["offers"]["period"])


@cross_check("offers.commodity", "commodities.commodity", "commodities.undismantled")
def _offered_is_dismantled(draft: Draft) -> None:
    """Nobody sells whole batteries to facilities: they retire, which supply.csv says."""
    commodities = draft["commodities"]
    whole = commodities.loc[commodities["undismantled"], "commodity"]
    message = "'{value}' is a whole battery, which no vendor sells"
    hint = "batteries enter through data/supply.csv"
    wrong = draft["offers"]["commodity"].isin(whole)
    draft.refuse("offers", wrong, "commodity", "offered_battery", message, hint)


@cross_check("offers.commodity", "recipe_inputs.commodity")
def _offered_is_taken(draft: Draft) -> None:
    """Some recipe takes in what is offered."""
    wrong = ~draft["offers"]["commodity"].isin(draft["recipe_inputs"]["commodity"])
    message = "no recipe takes in '{value}', which is offered"
    hint = "add a recipe to data/recipe_inputs.csv, or remove the offer"
    draft.refuse("offers", wrong, "commodity", "offer_without_taker", message, hint)


@cross_check("vendors.vendor", "offers.vendor")
def _vendors_offer(draft: Draft) -> None:
    """Every vendor offers something."""
    vendors = draft["vendors"]["vendor"]
    message = "vendor '{value}' offers nothing in any period"
    hint = "add it to data/offers.csv, or remove the vendor"
    wrong = ~vendors.isin(draft["offers"]["vendor"])
    draft.refuse("vendors", wrong, "vendor", "vendor_without_offer", message, hint)


def _check_periods(draft: Draft, name: str, periods: pd.Series) -> None:
    known = [period.period for period in draft.sound_settings.horizon.periods]
    unknown = ~periods.isin([*known, ""])
    for value in periods[unknown].unique():
        hint = nearest(value, known) or f"periods: {spelled(known)}"
        message = "'{value}' is not a period of instance.toml"
        draft.refuse(name, periods == value, "period", "unknown_period", message, hint)


@cross_check("sources.source", "supply.source", "supply.supply_tonnes_per_year")
def _sources_supply(draft: Draft) -> None:
    """Every source supplies something in some period."""
    supply = draft["supply"]
    giving = supply.loc[supply["supply_tonnes_per_year"] > 0, "source"]
    sources = draft["sources"]["source"]
    message = "nothing retires at source '{value}' in any period"
    hint = "add it to data/supply.csv, or remove the source"
    draft.refuse("sources", ~sources.isin(giving), "source", "source_without_supply", message, hint)


@cross_check("supply.commodity", "commodities.commodity", "commodities.collection_cny_per_tonne")
def _supplied_can_be_collected(draft: Draft) -> None:
    """Every commodity that retires has a collection cost."""
    _check_collection_cost(draft, set(draft["supply"]["commodity"]), "retires")


@cross_check(
    "second_life.returned_commodity", "commodities.commodity", "commodities.collection_cny_per_tonne"
)
def _returned_can_be_collected(draft: Draft) -> None:
    """Every commodity that returns from second life has a collection cost."""
    _check_collection_cost(draft, _only_returned(draft), "returns from second life")


def _only_returned(draft: Draft) -> set[str]:
    """Return what returns from second life and is not in supply.csv, where the same is noted already."""
    supplied = draft["supply"]["commodity"] if draft.trusts("supply.commodity") else ()
    return {*draft["second_life"]["returned_commodity"]} - {*supplied}


def _check_collection_cost(draft: Draft, retired: set[str], why: str) -> None:
    commodities = draft["commodities"]
    column = "collection_cny_per_tonne"
    wrong = commodities["commodity"].isin(retired) & commodities[column].isna()
    for commodity in commodities.loc[wrong, "commodity"]:
        message = f"commodity '{commodity}' {why} but has no collection cost"
        draft.refuse(
            "commodities", commodities["commodity"] == commodity, column, "collection_cost", message
        )


@cross_check("supply.commodity", "commodities.commodity", "commodities.unit")
def _supplied_in_tonnes(draft: Draft) -> None:
    """Every commodity that retires is counted in tonnes."""
    _check_tonnes(draft, set(draft["supply"]["commodity"]), "retires")


@cross_check("second_life.returned_commodity", "commodities.commodity", "commodities.unit")
def _returned_in_tonnes(draft: Draft) -> None:
    """Every commodity that returns from second life is counted in tonnes."""
    _check_tonnes(draft, _only_returned(draft), "returns from second life")


def _check_tonnes(draft: Draft, retired: set[str], why: str) -> None:
    commodities = draft["commodities"]
    other = commodities["commodity"].isin(retired) & (commodities["unit"] != "t")
    for commodity in commodities.loc[other, "commodity"]:
        message = f"commodity '{commodity}' {why}, which is told in tonnes, but its unit is {{value}}"
        hint = "count it in t, with tonnes_per_unit 1"
        is_it = commodities["commodity"] == commodity
        draft.refuse("commodities", is_it, "unit", "retired_in_tonnes", message, hint)


@cross_check("offtake.market", "offtake.commodity", "offtake.category")
def _one_category_each(draft: Draft) -> None:
    """A market takes a commodity under one category, whatever the period."""
    hint = "what it is sold or disposed of as cannot change by period: use a market of its own"
    _check_categories(draft, "offtake", "market", "the market takes", hint)


@cross_check("offers.vendor", "offers.commodity", "offers.category")
def _one_category_of_offers(draft: Draft) -> None:
    """A vendor sells a commodity under one category, whatever the period."""
    hint = "where it comes from cannot change by period: use a vendor of its own"
    _check_categories(draft, "offers", "vendor", "the vendor sells", hint)


def _check_categories(draft: Draft, name: str, place: str, does: str, hint: str) -> None:
    table = draft[name]
    first = table.groupby([place, "commodity"])["category"].transform("first")
    for category in first.unique():
        message = f"'{{value}}' here, but {does} the commodity as '{category}' in an earlier row"
        wrong = (table["category"] != first) & (first == category)
        draft.refuse(name, wrong, "category", "two_categories", message, hint)


@cross_check("supply.commodity", "informal.commodity", "commodities.commodity")
def _supplied_can_leak(draft: Draft) -> None:
    """Every commodity that retires has a row in informal.csv."""
    _check_informal_rows(draft, "supply", "commodity", set(draft["supply"]["commodity"]))


@cross_check("second_life.returned_commodity", "informal.commodity", "commodities.commodity")
def _returned_can_leak(draft: Draft) -> None:
    """Every commodity that returns from second life has a row in informal.csv."""
    _check_informal_rows(draft, "second_life", "returned_commodity", _only_returned(draft))


def _check_informal_rows(draft: Draft, name: str, column: str, retired: set[str]) -> None:
    known = set(draft["commodities"]["commodity"])
    for commodity in sorted(retired & known - set(draft["informal"]["commodity"])):
        line = draft.line(name, draft[name][column] == commodity)
        message = f"commodity '{commodity}' may leak, but has no row in the table"
        hint = f"needed because of {TABLES[name].file}, row {line}"
        draft.log.add(TABLES["informal"].file, None, "commodity", "informal_row", commodity, message, hint)


@cross_check(
    "supply.commodity",
    "recipe_inputs.commodity",
    "recipe_inputs.recipe",
    "recipes.recipe",
    "recipes.facility_type",
    "sites.facility_type",
)
def _supplied_is_taken(draft: Draft) -> None:
    """Every commodity that retires is taken in by a recipe that some site can run."""
    _check_taken(draft, "supply", "commodity", set(draft["supply"]["commodity"]))


@cross_check(
    "second_life.returned_commodity",
    "recipe_inputs.commodity",
    "recipe_inputs.recipe",
    "recipes.recipe",
    "recipes.facility_type",
    "sites.facility_type",
)
def _returned_is_taken(draft: Draft) -> None:
    """Every commodity that returns from second life is taken in by a recipe that some site can run."""
    _check_taken(draft, "second_life", "returned_commodity", _only_returned(draft))


def _check_taken(draft: Draft, name: str, column: str, retired: set[str]) -> None:
    """Note retired commodities that no facility type with a site takes in."""
    recipes = draft["recipes"]
    run = recipes.loc[recipes["facility_type"].isin(draft["sites"]["facility_type"]), "recipe"]
    inputs = draft["recipe_inputs"]
    taken = inputs.loc[inputs["recipe"].isin(run), "commodity"]
    for commodity in sorted(retired - set(taken)):
        line = draft.line(name, draft[name][column] == commodity)
        message = f"commodity '{commodity}' retires, but no site has a recipe that takes it in"
        hint = "see data/recipe_inputs.csv and the facility types of data/sites.csv"
        draft.log.add(TABLES[name].file, line, column, "unreachable_source", commodity, message, hint)


@cross_check("recipe_inputs.recipe", "recipe_inputs.mass_share", "recipes.recipe")
def _input_shares(draft: Draft) -> None:
    """The input mix of every recipe sums to one."""
    inputs = draft["recipe_inputs"]
    total = inputs.groupby("recipe")["mass_share"].sum()
    for recipe, share in total[(total - 1).abs() > SHARE_TOLERANCE].items():
        line = draft.line("recipe_inputs", inputs["recipe"] == recipe)
        message = f"the input shares of recipe '{recipe}' sum to {share:.10g}, not to 1"
        draft.log.add(TABLES["recipe_inputs"].file, line, "mass_share", "input_shares", share, message)
    without = ~draft["recipes"]["recipe"].isin(inputs["recipe"])
    message = "recipe '{value}' has no row in data/recipe_inputs.csv"
    draft.refuse("recipes", without, "recipe", "recipe_without_input", message)


@cross_check(
    "recipe_outputs.recipe",
    "recipe_outputs.commodity",
    "recipe_outputs.yield_units_per_tonne",
    "commodities.commodity",
    "commodities.tonnes_per_unit",
)
def _mass_balance(draft: Draft) -> None:
    """No recipe makes mass: ``sum(yield * tonnes_per_unit) <= 1``."""
    outputs = draft["recipe_outputs"]
    mass_per_unit = (
        draft["commodities"].drop_duplicates("commodity").set_index("commodity")["tonnes_per_unit"]
    )
    mass = outputs["yield_units_per_tonne"] * outputs["commodity"].map(mass_per_unit).astype(float)
    total = mass.groupby(outputs["recipe"]).sum()
    for recipe, tonnes in total[total > 1 + SHARE_TOLERANCE].items():
        line = draft.line("recipe_outputs", outputs["recipe"] == recipe)
        message = f"the outputs of recipe '{recipe}' weigh {tonnes:.10g} t per tonne of input, more than 1"
        file, column = TABLES["recipe_outputs"].file, "yield_units_per_tonne"
        draft.log.add(
            file, line, column, "mass_balance", tonnes, message, "yields are per tonne of input mix"
        )


@cross_check(
    "recipe_inputs.recipe", "recipe_inputs.commodity", "recipe_outputs.recipe", "recipe_outputs.commodity"
)
def _acyclic_recipes(draft: Draft) -> None:
    """No chain of recipes turns a commodity into itself."""
    outputs = draft["recipe_outputs"]
    pairs = draft["recipe_inputs"].merge(outputs, on="recipe", suffixes=("_in", "_out"))
    made_from: dict[str, set[str]] = {}
    for taken, given in zip(pairs["commodity_in"], pairs["commodity_out"], strict=True):
        made_from.setdefault(given, set()).add(taken)
    while cycle := _cycle(made_from):
        made_from[cycle[1]].discard(cycle[0])
        closing = pairs[(pairs["commodity_in"] == cycle[0]) & (pairs["commodity_out"] == cycle[1])]
        recipe, commodity = closing.iloc[0]["recipe"], cycle[1]
        is_row = (outputs["recipe"] == recipe) & (outputs["commodity"] == commodity)
        line = draft.line("recipe_outputs", is_row)
        message = f"recipes turn a commodity into itself: {' -> '.join(cycle)}"
        hint = "a commodity that has been processed needs an id of its own"
        draft.log.add(
            TABLES["recipe_outputs"].file, line, "commodity", "cyclic_recipe", commodity, message, hint
        )


def _cycle(made_from: dict[str, set[str]]) -> list[str]:
    """Return a cycle of commodities, each made from the one before it; empty where there is none."""
    try:
        TopologicalSorter({given: sorted(taken) for given, taken in sorted(made_from.items())}).prepare()
    except CycleError as error:
        return [str(commodity) for commodity in error.args[1]]
    return []


@cross_check("second_life.commodity", "offtake.commodity", "offtake.category")
def _second_life_is_sold(draft: Draft) -> None:
    """Every commodity with a second life is bought by some market."""
    offtake = draft["offtake"]
    sold = offtake.loc[~offtake["category"].isin(("exports", "disposal")), "commodity"]
    never = ~draft["second_life"]["commodity"].isin(sold)
    message = "commodity '{value}' has a second life, but no market at home buys it"
    draft.refuse("second_life", never, "commodity", "second_life_unsold", message, "see data/offtake.csv")


@cross_check("second_life.returned_commodity", "commodities.commodity", "commodities.undismantled")
def _returned_is_undismantled(draft: Draft) -> None:
    """What returns from second life is undismantled."""
    commodities = draft["commodities"]
    dismantled = commodities.loc[~commodities["undismantled"], "commodity"]
    wrong = draft["second_life"]["returned_commodity"].isin(dismantled)
    message = "'{value}' returns from second life, so it must be undismantled"
    hint = "see column undismantled of data/commodities.csv"
    draft.refuse("second_life", wrong, "returned_commodity", "returned_dismantled", message, hint)


@cross_check(
    "second_life.commodity", "offtake.market", "offtake.commodity", "markets.market", "markets.location"
)
def _returns_have_a_place(draft: Draft) -> None:
    """What returns does so at its market's location, so the market must have one."""
    markets, offtake = draft["markets"], draft["offtake"]
    gates = markets.loc[markets["location"] == "", "market"]
    returning = offtake["commodity"].isin(draft["second_life"]["commodity"])
    message = "market '{value}' has no location, where the commodity's returns could be collected"
    hint = "give it one in data/markets.csv"
    draft.refuse(
        "offtake", returning & offtake["market"].isin(gates), "market", "return_place", message, hint
    )


CHAIN_CHECKS = (
    _places_once,
    _supply_periods,
    _offtake_periods,
    _offer_periods,
    _offered_is_dismantled,
    _offered_is_taken,
    _vendors_offer,
    _one_category_of_offers,
    _sources_supply,
    _supplied_can_be_collected,
    _returned_can_be_collected,
    _supplied_in_tonnes,
    _returned_in_tonnes,
    _one_category_each,
    _supplied_can_leak,
    _returned_can_leak,
    _supplied_is_taken,
    _returned_is_taken,
    _input_shares,
    _mass_balance,
    _acyclic_recipes,
    _second_life_is_sold,
    _returned_is_undismantled,
    _returns_have_a_place,
)
"""Every check of this module, in the order in which they run."""
