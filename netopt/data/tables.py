"""The tables of an instance: every column with its unit, meaning and permitted values.

This module is the single source of the format: the reader, the checks, the Data Package
descriptor, the format reference, the templates and the test strategies are all made from it.
Quantities per period are rates: tonnes (or commodity units) per year, in every year of the period.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netopt.accounts import KIND_OF_CATEGORY
from netopt.data.schema import Column, ColumnType, ForeignKey, RowCheck, TableSpec

if TYPE_CHECKING:
    import pandas as pd

LEGS: Final = ("first", "trunk")
COST_COMPONENTS: Final = ("labour", "land", "electricity", "capital", "tax")
SHARED_CATEGORIES: Final = ("collection", "testing", "capital", "fixed", "processing")
OFFTAKE_CATEGORIES: Final = ("recovered_metals", "second_life", "exports", "disposal")
OFFER_CATEGORIES: Final = ("purchases", "imports")
TRANSFER_CATEGORIES: Final = ("scrap_purchase", "gate_fee", "local_tax")
TRANSFER_BASES: Final = ("collected", "processed")
TRANSFER_ACTORS: Final = ("formal_chain", "consumers", "local_government", "central_government")
COSTS_THAT_CHANGE: Final = {
    "sizes": ("capital_cny", "fixed_cny_per_year", "variable_cny_per_tonne"),
    "expansions": ("capital_cny_per_tonne", "fixed_cny_per_tonne"),
    "sites": ("existing_fixed_cny_per_year",),
    "recipes": ("cost_cny_per_tonne",),
    "storage": ("cost_cny_per_unit_year",),
    "haulage": ("tariff_cny_per_tonne_km", "loading_cny_per_tonne"),
}
"""Costs by table that may differ between periods (``costs_by_period``)."""

NOWHERE: Final = "XX"
"""Jurisdiction of places in no country in particular: ISO 3166 leaves the code to its users."""

BEARERS: Final = ("battery_maker", "car_maker", "formal_recycler")


def _id(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name, ColumnType.ID, description, nullable=nullable)


def _text(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name, ColumnType.TEXT, description, nullable=nullable)


def _choice(name: str, description: str, choices: tuple[str, ...]) -> Column:
    return Column(name, ColumnType.TEXT, description, choices=choices)


def _flag(name: str, description: str) -> Column:
    return Column(name, ColumnType.BOOLEAN, description)


def _number(
    name: str,
    unit: str,
    description: str,
    *,
    minimum: float | None = 0.0,
    maximum: float | None = None,
    plausible_maximum: float | None = None,
    nullable: bool = False,
) -> Column:
    return Column(name, ColumnType.NUMBER, description, unit, nullable, minimum, maximum, plausible_maximum)


def _references(column: str, table: str, target: str = "") -> ForeignKey:
    return ForeignKey((column,), table, (target or column,))


_CNY_PER_TONNE_CEILING = 1e6
_CNY_CEILING = 1e12
_TONNES_CEILING = 1e8


def _same_place(table: pd.DataFrame) -> pd.Series:
    return table["origin"] == table["destination"]


def _blank_facility_type(table: pd.DataFrame) -> pd.Series:
    return (table["facility_type"] == "") != (table["category"] == "collection")


def _lon_lat_swapped(table: pd.DataFrame) -> pd.Series:
    in_china_if_swapped = table["lat_deg"].between(73, 136) & table["lon_deg"].between(3, 54)
    in_china_if_swapped &= table["jurisdiction"] != NOWHERE
    return in_china_if_swapped | (table["lat_deg"].abs() > 90)


JURISDICTIONS = TableSpec(
    "jurisdictions",
    "Jurisdictions",
    "Who makes rules: provinces, or any unit that can plan against another.",
    (
        _id("jurisdiction", "Stable id, ISO 3166-2 where there is one (CN-SC)."),
        _text("name", "English name."),
        _text("name_zh", "Chinese name.", nullable=True),
    ),
    key=("jurisdiction",),
)
REGIONAL_COSTS = TableSpec(
    "regional_costs",
    "Regional cost multipliers",
    "What a cost component costs in a jurisdiction, relative to the instance's base (1).",
    (
        _id("jurisdiction", "Where the multiplier holds."),
        _choice("component", "Component of cost.", COST_COMPONENTS),
        _number("multiplier", "-", "Cost relative to base.", minimum=0.05, maximum=20),
    ),
    key=("jurisdiction", "component"),
    foreign_keys=(_references("jurisdiction", "jurisdictions"),),
    required=False,
)
COST_SHARES = TableSpec(
    "cost_shares",
    "Cost composition",
    "Which share of a cost a component makes up; what is left over does not vary by place.",
    (
        _id("facility_type", "Facility type; blank for collection.", nullable=True),
        _choice("category", "Ledger category that is split.", SHARED_CATEGORIES),
        _choice("component", "Component of cost.", COST_COMPONENTS),
        _number("share", "-", "Share of the category's cost.", maximum=1),
    ),
    key=("facility_type", "category", "component"),
    foreign_keys=(_references("facility_type", "facility_types"),),
    row_checks=(
        RowCheck(
            "collection_has_no_facility_type",
            "facility_type",
            "facility_type must be blank for collection, and only there",
            "",
            _blank_facility_type,
        ),
    ),
    required=False,
)
LOCATIONS = TableSpec(
    "locations",
    "Locations",
    "Places on the map; each lies in exactly one jurisdiction.",
    (
        _id("location", "Stable id, GB/T 2260 adcode for Chinese prefectures."),
        _text("name", "English name."),
        _text("name_zh", "Chinese name.", nullable=True),
        _id("jurisdiction", "Jurisdiction that the location lies in."),
        _number("lon_deg", "deg", "Longitude, WGS 84.", minimum=-180, maximum=180),
        _number("lat_deg", "deg", "Latitude, WGS 84.", minimum=-90, maximum=90),
        _number(
            "internal_km",
            "km",
            "Haul between two different places at this same location.",
            plausible_maximum=2000,
        ),
    ),
    key=("location",),
    foreign_keys=(_references("jurisdiction", "jurisdictions"),),
    row_checks=(
        RowCheck(
            "lon_lat_order",
            "lon_deg",
            "longitude and latitude look swapped",
            "lon_deg is east-west, lat_deg north-south",
            _lon_lat_swapped,
        ),
    ),
)
COMMODITIES = TableSpec(
    "commodities",
    "Commodities",
    "What flows through the network, from retired packs to recovered metals.",
    (
        _id("commodity", "Stable id."),
        _text("name", "English name."),
        _text("name_zh", "Chinese name.", nullable=True),
        _choice("unit", "Unit in which flows of it are counted.", ("t", "kWh")),
        _number("tonnes_per_unit", "t/unit", "Mass of one unit; 1 for tonnes.", minimum=1e-9, maximum=1),
        _id("goods_class", "Haulage class without any policy: one of haulage.csv."),
        _flag("undismantled", "Still a battery: its province of origin can be told."),
        _flag("cascade_grade", "Fit for cascade use after testing."),
        _number(
            "collection_cny_per_tonne",
            "CNY/t",
            "Collecting a retired tonne; blank where the commodity is never retired.",
            nullable=True,
            plausible_maximum=_CNY_PER_TONNE_CEILING,
        ),
    ),
    key=("commodity",),
    row_checks=(
        RowCheck(
            "tonne_is_a_tonne",
            "tonnes_per_unit",
            "a commodity counted in t must have tonnes_per_unit 1",
            "",
            lambda table: (table["unit"] == "t") & (table["tonnes_per_unit"] != 1),
        ),
    ),
)
SOURCES = TableSpec(
    "sources",
    "Sources",
    "Where batteries retire.",
    (
        _id("source", "Stable id; sources, sites, markets and vendors share one list of ids."),
        _text("name", "Name."),
        _id("location", "Where it lies."),
        _number(
            "fixed_cny_per_year",
            "CNY/yr",
            "Collection outlets, whatever they collect.",
            plausible_maximum=_CNY_CEILING,
        ),
    ),
    key=("source",),
    foreign_keys=(_references("location", "locations"),),
)
SUPPLY = TableSpec(
    "supply",
    "Supply",
    "What retires, formally collected or not.",
    (
        _id("source", "Source."),
        _id("commodity", "What retires."),
        _id("period", "Period of instance.toml."),
        _number("supply_tonnes_per_year", "t/yr", "Retired mass.", plausible_maximum=_TONNES_CEILING),
    ),
    key=("source", "commodity", "period"),
    foreign_keys=(_references("source", "sources"), _references("commodity", "commodities")),
)
ACCESS = TableSpec(
    "access",
    "Access",
    "Share of the planned collection points that stand at a source: where a collection_duty starts.",
    (
        _id("source", "Source; of one without a row the lever says how much stands."),
        _number("access_share", "-", "Share of the planned points that stand.", minimum=0.01, maximum=1),
    ),
    key=("source",),
    foreign_keys=(_references("source", "sources"),),
    required=False,
)
VOLUMES = TableSpec(
    "volumes",
    "Volumes",
    "National totals that supply may be scaled to by name (--volumes); nothing counts until one is taken.",
    (
        _id("volume", "Name of the volume."),
        Column("year", ColumnType.INTEGER, "Year that the total is for.", "yr", minimum=1990, maximum=2150),
        _number(
            "supply_tonnes_per_year",
            "t/yr",
            "Retired mass of all sources and commodities in the first period.",
            minimum=1e-3,
            plausible_maximum=_TONNES_CEILING,
        ),
        _text("source", "Who says so."),
    ),
    key=("volume",),
    required=False,
    in_digest=False,
)
SCENARIOS = TableSpec(
    "scenarios",
    "Scenarios",
    "Cells that are otherwise in a scenario (--scenario); nothing counts until one is taken.",
    (
        _id("scenario", "Name of the scenario."),
        _text("table", "Table that is changed."),
        _text("row", "Ids of its rows, joined by a slash in the order of its key; * is any part of them."),
        _text("column", "Column of numbers that is changed."),
        _choice(
            "change", "What the amount does: it multiplies a cell, or replaces it.", ("factor", "value")
        ),
        _number("amount", "", "Factor, or value in the column's unit.", minimum=-_CNY_CEILING),
        _text("source", "Who says so."),
    ),
    key=("scenario", "table", "row", "column"),
    required=False,
    in_digest=False,
)
OPERATORS = TableSpec(
    "operators",
    "Operators",
    "Owners of facilities, each at home in one jurisdiction.",
    (
        _id("operator", "Stable id."),
        _text("name", "Name."),
        _id("jurisdiction", "Home jurisdiction, which white lists ask for."),
    ),
    key=("operator",),
    foreign_keys=(_references("jurisdiction", "jurisdictions"),),
)
FACILITY_TYPES = TableSpec(
    "facility_types",
    "Facility types",
    "Technologies: hub, cascade plant, dismantler, recycler and any other.",
    (
        _id("facility_type", "Stable id."),
        _text("name", "English name."),
        _text("name_zh", "Chinese name.", nullable=True),
        Column("life_years", ColumnType.INTEGER, "Life of new capital.", "yr", minimum=1, maximum=100),
    ),
    key=("facility_type",),
)
SIZES = TableSpec(
    "sizes",
    "Capacity steps",
    "Sizes that can be built; a larger one is usually dearer in all and cheaper per tonne.",
    (
        _id("facility_type", "Facility type."),
        _id("size", "Id of the step; `existing` is reserved."),
        _number(
            "capacity_tonnes_per_year",
            "t/yr",
            "Input the step can process.",
            minimum=1e-6,
            plausible_maximum=_TONNES_CEILING,
        ),
        _number("capital_cny", "CNY", "Investment.", plausible_maximum=_CNY_CEILING),
        _number(
            "fixed_cny_per_year", "CNY/yr", "Cost of operating at all.", plausible_maximum=_CNY_CEILING
        ),
        _number(
            "variable_cny_per_tonne",
            "CNY/t",
            "Cost per tonne of input on top of the recipe's.",
            plausible_maximum=_CNY_PER_TONNE_CEILING,
        ),
        _number("minimum_utilisation", "-", "Least share of capacity in use while operating.", maximum=1),
    ),
    key=("facility_type", "size"),
    foreign_keys=(_references("facility_type", "facility_types"),),
    row_checks=(
        RowCheck(
            "reserved_size",
            "size",
            "the size `existing` is reserved for capacity that stands already",
            "give existing capacity in sites.csv",
            lambda table: table["size"] == "existing",
        ),
    ),
    may_be_empty=True,
)
EXPANSIONS = TableSpec(
    "expansions",
    "Expansions",
    "Capacity that may be added in any amount where a facility operates, as it opens or later.",
    (
        _id("facility_type", "Facility type."),
        _id("size", "Id of the expansion; sizes and expansions of a type share one list of ids."),
        _number(
            "capacity_tonnes_per_year",
            "t/yr",
            "Most that can be added, over all periods.",
            minimum=1e-6,
            plausible_maximum=_TONNES_CEILING,
        ),
        _number(
            "capital_cny_per_tonne",
            "CNY/t",
            "Investment per tonne a year of capacity added.",
            plausible_maximum=_CNY_CEILING,
        ),
        _number(
            "fixed_cny_per_tonne",
            "CNY/t",
            "Cost a year of each tonne a year of capacity that was added.",
            plausible_maximum=_CNY_CEILING,
        ),
        _number(
            "standing_tonnes_per_year",
            "t/yr",
            "Of it, what stands already at each site of the type where other capacity stands.",
            plausible_maximum=_TONNES_CEILING,
        ),
        _number(
            "resale_share",
            "-",
            "Share of the capital cost of the period that is got back for capacity given up; "
            "blank: what was added stays.",
            maximum=1,
            nullable=True,
        ),
    ),
    key=("facility_type", "size"),
    foreign_keys=(_references("facility_type", "facility_types"),),
    row_checks=(
        RowCheck(
            "reserved_size",
            "size",
            "the size `existing` is reserved for capacity that stands already",
            "give existing capacity in sites.csv",
            lambda table: table["size"] == "existing",
        ),
        RowCheck(
            "standing_within_capacity",
            "standing_tonnes_per_year",
            "more stands than the expansion has at most",
            "capacity_tonnes_per_year holds what stands",
            lambda table: table["standing_tonnes_per_year"] > table["capacity_tonnes_per_year"],
        ),
    ),
    required=False,
)
RECIPES = TableSpec(
    "recipes",
    "Recipes",
    "Conversions: one tonne of input mix at a facility type gives the yields of recipe_outputs.",
    (
        _id("recipe", "Stable id."),
        _id("facility_type", "Where it runs."),
        _text("name", "Name."),
        _choice("category", "Ledger category of its cost.", ("testing", "processing")),
        _number(
            "cost_cny_per_tonne",
            "CNY/t",
            "Operating cost per tonne of input; negative where the input comes with a payment.",
            minimum=-_CNY_PER_TONNE_CEILING,
            plausible_maximum=_CNY_PER_TONNE_CEILING,
        ),
        _number(
            "emission_kgco2e_per_tonne",
            "kgCO2e/t",
            "Emissions per tonne of input; negative where the process avoids more than it causes.",
            minimum=-1e6,
            plausible_maximum=1e6,
        ),
    ),
    key=("recipe",),
    foreign_keys=(_references("facility_type", "facility_types"),),
)
RECIPE_INPUTS = TableSpec(
    "recipe_inputs",
    "Recipe inputs",
    "Mass shares of a recipe's input mix; they sum to one.",
    (
        _id("recipe", "Recipe."),
        _id("commodity", "Input."),
        _number("mass_share", "t/t", "Tonnes of it in a tonne of input.", minimum=1e-9, maximum=1),
    ),
    key=("recipe", "commodity"),
    foreign_keys=(_references("recipe", "recipes"), _references("commodity", "commodities")),
)
RECIPE_OUTPUTS = TableSpec(
    "recipe_outputs",
    "Recipe outputs",
    "Yields of a recipe; their mass never exceeds the input's.",
    (
        _id("recipe", "Recipe."),
        _id("commodity", "Output."),
        _number("yield_units_per_tonne", "unit/t", "Units of it from a tonne of input.", minimum=1e-12),
    ),
    key=("recipe", "commodity"),
    foreign_keys=(_references("recipe", "recipes"), _references("commodity", "commodities")),
    may_be_empty=True,
)
SITES = TableSpec(
    "sites",
    "Sites",
    "Candidate and existing facilities: location x facility type x owner.",
    (
        _id("site", "Stable id; sources, sites, markets and vendors share one list of ids."),
        _text("name", "Name."),
        _id("location", "Where it lies."),
        _id("facility_type", "What it is or would be."),
        _id("operator", "Owner."),
        _number(
            "existing_capacity_tonnes_per_year",
            "t/yr",
            "Nominal capacity that stands already; 0 for a green field.",
            plausible_maximum=_TONNES_CEILING,
        ),
        _number("effective_share", "-", "Share of nominal capacity fit and permitted.", maximum=1),
        _number(
            "existing_fixed_cny_per_year",
            "CNY/yr",
            "Fixed cost of the existing capacity that closing it avoids.",
            plausible_maximum=_CNY_CEILING,
        ),
        _flag(
            "existing_divisible",
            "Whether the existing capacity is many plants or lines that may close in part, each "
            "saving its share of the fixed cost; otherwise it operates whole or not at all.",
        ),
        _flag("may_build", "Whether new capacity may be opened or added."),
    ),
    key=("site",),
    foreign_keys=(
        _references("location", "locations"),
        _references("facility_type", "facility_types"),
        _references("operator", "operators"),
    ),
)
MARKETS = TableSpec(
    "markets",
    "Markets",
    "Where commodities are sold or disposed of.",
    (
        _id("market", "Stable id; sources, sites, markets and vendors share one list of ids."),
        _text("name", "Name."),
        _id("location", "Where it lies; blank: bought at the facility's gate.", nullable=True),
    ),
    key=("market",),
    foreign_keys=(_references("location", "locations"),),
    may_be_empty=True,
)
OFFTAKE = TableSpec(
    "offtake",
    "Offtake",
    "What a market takes, at which price and up to how much.",
    (
        _id("market", "Market."),
        _id("commodity", "What it takes."),
        _id("period", "Period; blank for every period without a row of its own.", nullable=True),
        _choice("category", "Ledger category of the payment.", OFFTAKE_CATEGORIES),
        _number(
            "price_cny_per_unit",
            "CNY/unit",
            "Price; negative where the seller pays (disposal).",
            minimum=-_CNY_PER_TONNE_CEILING,
            plausible_maximum=1e7,
        ),
        _number("limit_units_per_year", "unit/yr", "Most that it takes; blank: any.", nullable=True),
    ),
    key=("market", "commodity", "period"),
    foreign_keys=(_references("market", "markets"), _references("commodity", "commodities")),
    row_checks=(
        RowCheck(
            "disposal_is_paid_for",
            "price_cny_per_unit",
            "disposal has a price above zero",
            "a commodity that is bought is not disposed of",
            lambda table: (table["category"] == "disposal") & (table["price_cny_per_unit"] > 0),
        ),
    ),
    may_be_empty=True,
)
VENDORS = TableSpec(
    "vendors",
    "Vendors",
    "Where goods can be bought: a port, a trader, a factory with scrap.",
    (
        _id("vendor", "Stable id; sources, sites, markets and vendors share one list of ids."),
        _text("name", "Name."),
        _id("location", "Where it lies."),
    ),
    key=("vendor",),
    foreign_keys=(_references("location", "locations"),),
    required=False,
)
OFFERS = TableSpec(
    "offers",
    "Offers",
    "What a vendor sells to facilities, at which price and up to how much.",
    (
        _id("vendor", "Vendor."),
        _id("commodity", "What it sells; no whole batteries."),
        _id("period", "Period; blank for every period without a row of its own.", nullable=True),
        _choice("category", "Ledger category of the payment.", OFFER_CATEGORIES),
        _number("price_cny_per_unit", "CNY/unit", "Price at the vendor.", plausible_maximum=1e7),
        _number("limit_units_per_year", "unit/yr", "Most that it sells."),
    ),
    key=("vendor", "commodity", "period"),
    foreign_keys=(_references("vendor", "vendors"), _references("commodity", "commodities")),
    required=False,
)
SECOND_LIFE = TableSpec(
    "second_life",
    "Second life",
    "What returns, when, once a sold commodity's second life is over.",
    (
        _id("commodity", "Commodity sold into second life."),
        _id("returned_commodity", "What returns at the market's place."),
        _number("returned_tonnes_per_unit", "t/unit", "Tonnes returned per unit sold.", minimum=1e-9),
        Column(
            "lag_years",
            ColumnType.INTEGER,
            "Years in second life; 0: it returns in the year in which it is sold.",
            "yr",
            minimum=0,
            maximum=60,
        ),
        _number("leakage_share", "-", "Share of returns lost to the informal channel.", maximum=1),
        _number(
            "end_of_life_cost_cny_per_tonne",
            "CNY/t",
            "Net cost of a returned tonne handled formally after the horizon, in the year it "
            "returns; negative: a value.",
            minimum=-_CNY_PER_TONNE_CEILING,
            plausible_maximum=_CNY_PER_TONNE_CEILING,
        ),
    ),
    key=("commodity",),
    foreign_keys=(
        _references("commodity", "commodities"),
        _references("returned_commodity", "commodities", "commodity"),
    ),
    required=False,
)
STORAGE = TableSpec(
    "storage",
    "Storage",
    "What a facility type may keep from one period to the next; empty at both ends.",
    (
        _id("facility_type", "Facility type."),
        _id("commodity", "What it keeps."),
        _number("capacity_units", "unit", "Most that one facility keeps, in commodity units."),
        _number("cost_cny_per_unit_year", "CNY/(unit yr)", "Cost of keeping a unit a year."),
    ),
    key=("facility_type", "commodity"),
    foreign_keys=(
        _references("facility_type", "facility_types"),
        _references("commodity", "commodities"),
    ),
    required=False,
)
COSTS_BY_PERIOD = TableSpec(
    "costs_by_period",
    "Costs by period",
    "What a cost is in one period, where it is not what its own table says.",
    (
        _choice("table", "Table that says the cost.", tuple(COSTS_THAT_CHANGE)),
        _text("row", "Ids of its row, joined by a slash (hub/small)."),
        _choice(
            "column",
            "Column of the cost.",
            tuple(dict.fromkeys(column for columns in COSTS_THAT_CHANGE.values() for column in columns)),
        ),
        _id("period", "Period of instance.toml; of capital: in which it is invested."),
        _number("value", "", "The cost then, in the column's unit.", minimum=-_CNY_CEILING),
    ),
    key=("table", "row", "column", "period"),
    required=False,
)
INFORMAL = TableSpec(
    "informal",
    "Informal channel",
    "What a tonne costs, recovers and damages once it has leaked.",
    (
        _id("commodity", "Retired commodity."),
        _number(
            "processing_cny_per_tonne",
            "CNY/t",
            "Informal haulage and processing.",
            plausible_maximum=_CNY_PER_TONNE_CEILING,
        ),
        _number(
            "recovered_cny_per_tonne",
            "CNY/t",
            "Value of metals recovered informally.",
            plausible_maximum=_CNY_PER_TONNE_CEILING,
        ),
        _number(
            "damage_cny_per_tonne",
            "CNY/t",
            "Damage to soil, water and health.",
            plausible_maximum=_CNY_PER_TONNE_CEILING,
        ),
        _number("emission_kgco2e_per_tonne", "kgCO2e/t", "Emissions.", plausible_maximum=1e6),
    ),
    key=("commodity",),
    foreign_keys=(_references("commodity", "commodities"),),
)
TRANSFERS = TableSpec(
    "transfers",
    "Transfers",
    "Payments between actors that use up nothing: they net out socially, not privately.",
    (
        _choice("category", "Ledger category.", TRANSFER_CATEGORIES),
        _choice("basis", "Tonnes it is paid on.", TRANSFER_BASES),
        _id("subject", "Retired commodity (collected) or facility type (processed)."),
        _choice("payer", "Who pays.", TRANSFER_ACTORS),
        _choice("payee", "Who is paid.", TRANSFER_ACTORS),
        _number("cny_per_tonne", "CNY/t", "Payment.", plausible_maximum=_CNY_PER_TONNE_CEILING),
    ),
    key=("category", "subject", "payer", "payee"),
    row_checks=(
        RowCheck(
            "payer_is_not_payee",
            "payee",
            "payer and payee are the same",
            "",
            lambda table: table["payer"] == table["payee"],
        ),
    ),
    required=False,
)
HAULAGE = TableSpec(
    "haulage",
    "Haulage",
    "Tariffs by mode, class of goods and leg; the first leg leaves a source.",
    (
        _id("mode", "Mode of transport."),
        _id("goods_class", "Class of goods: ordinary, class9, hazardous or any other."),
        _choice("leg", "First leg (collection round) or trunk haul.", LEGS),
        _number("tariff_cny_per_tonne_km", "CNY/(t km)", "Tariff.", plausible_maximum=1000),
        _number("loading_cny_per_tonne", "CNY/t", "Loading and unloading.", plausible_maximum=10_000),
        _number("emission_kgco2e_per_tonne_km", "kgCO2e/(t km)", "Emissions.", plausible_maximum=10),
    ),
    key=("mode", "goods_class", "leg"),
)
DISTANCES = TableSpec(
    "distances",
    "Distances",
    "Hauls between locations, both directions; read where the instance says method = table.",
    (
        _id("origin", "Location."),
        _id("destination", "Location."),
        _id("mode", "Mode of transport."),
        _number("distance_km", "km", "Length of the haul.", plausible_maximum=20_000),
    ),
    key=("origin", "destination", "mode"),
    foreign_keys=(
        _references("origin", "locations", "location"),
        _references("destination", "locations", "location"),
    ),
    row_checks=(
        RowCheck(
            "distance_between_two_places",
            "destination",
            "origin and destination are the same location",
            "give internal_km in locations.csv",
            _same_place,
        ),
    ),
    required=False,
)
ROAD_NODES = TableSpec(
    "road_nodes",
    "Road nodes",
    "Junctions of the road network; read where the instance says method = road.",
    (
        _id("node", "Id of the junction."),
        _number("lon_deg", "deg", "Longitude, WGS 84.", minimum=-180, maximum=180),
        _number("lat_deg", "deg", "Latitude, WGS 84.", minimum=-90, maximum=90),
    ),
    key=("node",),
    required=False,
)
ROAD_EDGES = TableSpec(
    "road_edges",
    "Road edges",
    "Stretches of road between junctions, passable in both directions.",
    (
        _id("from_node", "Junction."),
        _id("to_node", "Junction."),
        _id("mode", "Mode of transport."),
        _number("distance_km", "km", "Length.", plausible_maximum=20_000),
    ),
    key=("from_node", "to_node", "mode"),
    foreign_keys=(
        _references("from_node", "road_nodes", "node"),
        _references("to_node", "road_nodes", "node"),
    ),
    required=False,
)

POPULATION = TableSpec(
    "population",
    "Population",
    "Who lives in a jurisdiction: for figures per head, never for the plan.",
    (
        _id("jurisdiction", "Jurisdiction."),
        _number("people", "people", "Residents.", minimum=1, plausible_maximum=1e10),
    ),
    key=("jurisdiction",),
    foreign_keys=(_references("jurisdiction", "jurisdictions"),),
    required=False,
    in_digest=False,
)
LABOUR = TableSpec(
    "labour",
    "Labour",
    "Jobs that a tonne of input a year keeps at a facility type: for incidence, never for the plan.",
    (
        _id("facility_type", "Facility type."),
        _number("jobs_per_tonne_per_year", "jobs yr/t", "Jobs per tonne of input a year.", maximum=10),
    ),
    key=("facility_type",),
    foreign_keys=(_references("facility_type", "facility_types"),),
    required=False,
    in_digest=False,
)
BEARERS_TABLE = TableSpec(
    "bearers",
    "Bearers",
    "Which actors the formal chain consists of, step by step: for incidence, never for the plan.",
    (
        _id("facility_type", "Facility type; blank for collection and its first leg.", nullable=True),
        Column(
            "category",
            ColumnType.TEXT,
            "Ledger category; blank for all that have no row of their own.",
            nullable=True,
            choices=tuple(KIND_OF_CATEGORY),
        ),
        _choice("actor", "Who pays and is paid for the step.", BEARERS),
        _number("share", "-", "Share of the step's account; shares of a step sum to one.", maximum=1),
    ),
    key=("facility_type", "category", "actor"),
    foreign_keys=(_references("facility_type", "facility_types"),),
    required=False,
    in_digest=False,
)
METALS = TableSpec(
    "metals",
    "Metals",
    "Metals that recovery is told in, and how far the country depends on imports of them.",
    (
        _id("metal", "Stable id, the element's symbol."),
        _text("name", "English name."),
        _number(
            "import_share", "-", "Share of the country's use that is imported.", maximum=1, nullable=True
        ),
    ),
    key=("metal",),
    required=False,
    in_digest=False,
)
METAL_CONTENTS = TableSpec(
    "metal_contents",
    "Metal contents",
    "What a unit of a commodity holds of a metal: of what is sold, and of what it is recovered from.",
    (
        _id("commodity", "Commodity."),
        _id("metal", "Metal."),
        _number("tonnes_per_unit", "t/unit", "Tonnes of the metal in a unit.", minimum=1e-12, maximum=1),
    ),
    key=("commodity", "metal"),
    foreign_keys=(_references("commodity", "commodities"), _references("metal", "metals")),
    required=False,
)

TABLES: Final[dict[str, TableSpec]] = {
    spec.name: spec
    for spec in (
        JURISDICTIONS,
        REGIONAL_COSTS,
        COST_SHARES,
        LOCATIONS,
        COMMODITIES,
        SOURCES,
        SUPPLY,
        ACCESS,
        VOLUMES,
        SCENARIOS,
        OPERATORS,
        FACILITY_TYPES,
        SIZES,
        EXPANSIONS,
        RECIPES,
        RECIPE_INPUTS,
        RECIPE_OUTPUTS,
        SITES,
        MARKETS,
        OFFTAKE,
        VENDORS,
        OFFERS,
        SECOND_LIFE,
        STORAGE,
        COSTS_BY_PERIOD,
        INFORMAL,
        TRANSFERS,
        HAULAGE,
        DISTANCES,
        ROAD_NODES,
        ROAD_EDGES,
        POPULATION,
        LABOUR,
        BEARERS_TABLE,
        METALS,
        METAL_CONTENTS,
    )
}
"""Every table of an instance by name, in the order in which a planner fills them in."""

PLACES: Final = {"source": "sources", "site": "sites", "market": "markets", "vendor": "vendors"}
"""Kind of place, which is the column of its id, and the table of such places."""
