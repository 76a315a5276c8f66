"""What one unit of every decision costs, by ledger account: the one price list.

The objective and the ledger are both read from it. Columns of the price list:

``family, index, period``
    The variable: flow (arc), throughput (activity), loads, operating, opened, expanded, renewed
    (module), stored (store), leaked and unserved (supply), shortfall (rule), constant ("").
``due_period``
    When it is paid; it weighs ``period_weights[due_period]``.
``category, payer, payee, jurisdiction, facility_type, commodity``
    The account. A cost arises where its arc starts, or where its facility or source stands.
``cny_per_unit``
    CNY a year in the due period, per unit of the variable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.accounts import Actor
from netopt.finance import annuity_factor, discount_factor
from netopt.network.facilities import module_costs
from netopt.network.lookups import (
    are_traded,
    costs_in,
    in_every_period,
    is_meant,
    jurisdictions_of,
    tonnes_per_unit,
)
from netopt.units import KG_PER_TONNE

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.effects import Effects

RATE_COLUMNS: Final = (
    "family",
    "index",
    "period",
    "due_period",
    "category",
    "payer",
    "payee",
    "jurisdiction",
    "facility_type",
    "commodity",
    "cny_per_unit",
)
_ROW: Final = ["family", "index", "jurisdiction", "facility_type", "commodity"]
INVESTING: Final = ("opened", "expanded", "renewed")
"""Families of decisions that capital is paid for."""

CHAIN, SUPPLIERS, PUBLIC = Actor.FORMAL_CHAIN.value, Actor.SUPPLIERS.value, Actor.PUBLIC.value
NATURE, BUYERS, INFORMAL = Actor.NATURE.value, Actor.BUYERS.value, Actor.INFORMAL_CHANNEL.value


@dataclass
class PriceList:
    """Collects rates; ``table`` returns them with the columns ``RATE_COLUMNS``."""

    instance: Instance
    _parts: list[pd.DataFrame] = field(default_factory=list)

    def add(
        self,
        rows: pd.DataFrame,
        account: tuple[str, str, str],
        amount: pd.Series,
    ) -> None:
        """Add one rate per row on ``account`` (category, payer, payee), zeros left out.

        ``rows`` carries ``family, index, jurisdiction, facility_type, commodity`` and, where the
        rate is not the same in all periods, ``period`` and perhaps ``due_period``.
        """
        category, payer, payee = account
        part = rows.assign(category=category, payer=payer, payee=payee, cny_per_unit=amount.astype(float))
        part = part[part["cny_per_unit"] != 0]
        if "period" not in part:
            part = in_every_period(self.instance, part)
        if "due_period" not in part:
            part = part.assign(due_period=part["period"])
        self._parts.append(part[list(RATE_COLUMNS)])

    def table(self) -> pd.DataFrame:
        """Return every rate added so far."""
        return pd.concat(self._parts, ignore_index=True)


@dataclass(frozen=True)
class RegionalCosts:
    """Multipliers of cost by jurisdiction, facility type and category.

    Formula: ``1 + sum over components of share * (multiplier - 1)``.
    """

    factors: pd.Series

    @classmethod
    def of(cls, instance: Instance) -> RegionalCosts:
        """Return the multipliers of an instance."""
        split = instance["cost_shares"].merge(instance["regional_costs"], on="component")
        extra = split["share"] * (split["multiplier"] - 1.0)
        keys = [split["jurisdiction"], split["facility_type"], split["category"]]
        return cls(1.0 + extra.groupby(keys).sum())

    def at(self, jurisdiction: pd.Series, facility_type: pd.Series | str, category: str) -> pd.Series:
        """Return the multiplier of each row (index of ``jurisdiction``)."""
        types = facility_type if isinstance(facility_type, str) else facility_type.to_numpy()
        keys = pd.DataFrame({"jurisdiction": jurisdiction.to_numpy(), "type": types}).assign(
            category=category
        )
        found = self.factors.reindex(pd.MultiIndex.from_frame(keys)).fillna(1.0)
        return pd.Series(found.to_numpy(dtype=float), index=jurisdiction.index)


def price_arcs(prices: PriceList, instance: Instance, effects: Effects, arcs: pd.DataFrame) -> None:
    """Add haulage, loading, emissions and delay of every arc, and what levers let be paid on it."""
    _price_hauls(prices, instance, arcs)
    rows = _arc_rows(instance, arcs)
    tariffs = _tariffs(instance, arcs)
    tonne_km = arcs["distance_km"] * arcs["tonnes_per_unit"]
    emission_kg = tariffs["emission_kgco2e_per_tonne_km"] * tonne_km
    prices.add(rows, ("emissions", PUBLIC, NATURE), emission_kg * _carbon_cny_per_kg(instance))
    departs = arcs["left_after"] & ~arcs["left_before"]
    delay = departs * effects.delay_cny_per_tonne * arcs["tonnes_per_unit"]
    prices.add(rows, ("delay", CHAIN, SUPPLIERS), delay)
    for price in effects.emission_transfers:
        prices.add(rows, price.account, emission_kg / KG_PER_TONNE * price.cny_per_tonne_co2e)
    for levy in effects.border_transfers:
        end = {"out": "from_jurisdiction", "in": "to_jurisdiction"}[levy.direction]
        owed = (arcs["from_jurisdiction"] != arcs["to_jurisdiction"]) & (arcs["mode"] != "")
        owed &= is_meant(arcs["commodity"], levy.commodities) & is_meant(arcs[end], levy.jurisdictions)
        amount = owed * levy.cny_per_tonne * arcs["tonnes_per_unit"]
        prices.add(rows.assign(jurisdiction=arcs[end]), levy.account, amount)
    for duty in effects.trade_transfers:
        owed = are_traded(instance, arcs, duty.trade) & is_meant(arcs["commodity"], duty.commodities)
        at = rows if duty.trade == "exports" else _bought_rows(instance, arcs)
        prices.add(at, duty.account, owed * duty.cny_per_tonne * arcs["tonnes_per_unit"])


def _price_hauls(prices: PriceList, instance: Instance, arcs: pd.DataFrame) -> None:
    """Add haulage and loading of every arc at the tariffs of each period; none at the gate."""
    keys = ["mode", "goods_class", "leg"]
    tariffs = costs_in(instance, "haulage", instance["haulage"])
    tonnes = arcs[keys].assign(
        tonnes=arcs["tonnes_per_unit"], tonne_km=arcs["distance_km"] * arcs["tonnes_per_unit"]
    )
    hauls = pd.concat([_arc_rows(instance, arcs), tonnes], axis=1).merge(tariffs, on=keys)
    rows = hauls[[*_ROW, "period"]]
    haulage = hauls["tariff_cny_per_tonne_km"] * hauls["tonne_km"]
    prices.add(rows, ("haulage", CHAIN, SUPPLIERS), haulage)
    prices.add(rows, ("loading", CHAIN, SUPPLIERS), hauls["loading_cny_per_tonne"] * hauls["tonnes"])


def _tariffs(instance: Instance, arcs: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of ``haulage`` that hold on each arc, zero at the gate."""
    rows = arcs[["mode", "goods_class", "leg"]].merge(instance["haulage"], how="left")
    return rows.drop(columns=["mode", "goods_class", "leg"]).fillna(0.0).set_axis(arcs.index)


def emissions(instance: Instance, arcs: pd.DataFrame, activities: pd.DataFrame) -> pd.DataFrame:
    """Return what the formal network emits per unit of flow and throughput.

    Returns
    -------
    pandas.DataFrame
        ``family, index, tonnes_co2e_per_unit``.
    """
    tonne_km = arcs["distance_km"] * arcs["tonnes_per_unit"]
    haulage_kg = _tariffs(instance, arcs)["emission_kgco2e_per_tonne_km"] * tonne_km
    flows = pd.DataFrame({"family": "flow", "index": arcs["arc"], "kg": haulage_kg})
    recipe_kg = instance["recipes"].set_index("recipe")["emission_kgco2e_per_tonne"]
    kg = activities["recipe"].map(recipe_kg).astype(float)
    runs = pd.DataFrame({"family": "throughput", "index": activities["activity"], "kg": kg})
    both = pd.concat([flows, runs], ignore_index=True)
    tonnes = both.assign(tonnes_co2e_per_unit=both["kg"] / KG_PER_TONNE).drop(columns="kg")
    return tonnes[tonnes["tonnes_co2e_per_unit"] != 0].reset_index(drop=True)


def price_collection(
    prices: PriceList, instance: Instance, effects: Effects, costs: RegionalCosts, arcs: pd.DataFrame
) -> None:
    """Add what a collected tonne costs as it leaves its source or returns from second life."""
    first = arcs[arcs["from_kind"].isin(["source", "market"])]
    rows = _arc_rows(instance, first)
    base = first["commodity"].map(
        instance["commodities"].set_index("commodity")["collection_cny_per_tonne"]
    )
    factor = costs.at(first["from_jurisdiction"], "", "collection")
    prices.add(rows, ("collection", CHAIN, SUPPLIERS), base.astype(float) * factor)
    for charge in effects.collection_charges:
        charged = is_meant(first["commodity"], charge.commodities)
        prices.add(rows, (charge.category, CHAIN, SUPPLIERS), charged * charge.cny_per_tonne)
    of_sources = first["from_kind"] == "source"
    for transfer in effects.supply_transfers:
        if transfer.basis == "collected":
            paid = (of_sources & is_meant(first["from_jurisdiction"], transfer.jurisdictions)).astype(float)
            prices.add(rows, transfer.account, paid * transfer.cny_per_tonne)
    transfers = instance["transfers"]
    for item in transfers[transfers["basis"] == "collected"].to_dict("records"):
        paid = (first["commodity"] == item["subject"]) * float(item["cny_per_tonne"])
        prices.add(rows, (item["category"], item["payer"], item["payee"]), paid)


def price_sales(prices: PriceList, sales: pd.DataFrame, terms: pd.DataFrame) -> None:
    """Add the revenue, or the cost of disposal, of every arc into a market."""
    priced = sales.merge(terms, on="offtake")
    for category in priced["category"].unique():
        rows = priced[priced["category"] == category]
        payee = SUPPLIERS if category == "disposal" else BUYERS
        prices.add(rows.drop(columns="category"), (category, CHAIN, payee), -rows["price_cny_per_unit"])


def price_purchases(
    prices: PriceList, instance: Instance, arcs: pd.DataFrame, offers: pd.DataFrame, terms: pd.DataFrame
) -> None:
    """Add the price of what every arc out of a vendor buys, at the facility that buys it."""
    bought = arcs[arcs["from_kind"] == "vendor"]
    rows = _bought_rows(instance, bought).assign(vendor=bought["from_place"])
    known = offers[["offer", "vendor", "commodity", "category"]]
    priced = rows.merge(known, on=["vendor", "commodity"]).merge(terms, on="offer")
    for category in priced["category"].unique():
        paid = priced[priced["category"] == category].drop(columns="category")
        prices.add(paid, (category, CHAIN, SUPPLIERS), paid["price_cny_per_unit"])


def price_ends_of_life(
    prices: PriceList,
    instance: Instance,
    sales: pd.DataFrame,
    returns: pd.DataFrame,
    schedule: pd.DataFrame,
) -> None:
    """Add what becomes of second life: leaked returns, and all that returns after the horizon.

    A unit sold every year of a period returns in the years of ``schedule``; what is paid in only
    some years of a period, or after the last, is spread over that period's discounted years.
    """
    lives = returns.drop(columns=["commodity", "location", "jurisdiction", "origin"])
    lives = lives.rename(columns={"sold_commodity": "commodity"}).assign(returned=returns["commodity"])
    when = schedule.rename(columns={"period": "due", "sold_period": "period"})
    ends = sales.drop(columns="category").merge(lives, on=["offtake", "market", "commodity"])
    ends = ends.merge(when, on="return")
    is_after = ends["due"] == ""
    ends["due_period"] = ends["due"].where(~is_after, instance.periods[-1])
    years = ends["discounted_years"] / ends["due_period"].map(instance.period_weights()).astype(float)
    tonnes = ends["returned_tonnes_per_unit"] * years
    formal = tonnes * (1.0 - ends["leakage_share"]) * is_after
    prices.add(ends, ("end_of_life", CHAIN, SUPPLIERS), formal * ends["end_of_life_cost_cny_per_tonne"])
    _price_leaked(prices, instance, ends, ends["returned"], tonnes * ends["leakage_share"])


def sales_rows(instance: Instance, arcs: pd.DataFrame, offtakes: pd.DataFrame) -> pd.DataFrame:
    """Return the arcs into markets as rows to price, with ``offtake, market, category``."""
    into = arcs[arcs["to_kind"] == "market"]
    rows = _arc_rows(instance, into).assign(market=into["to_place"])
    return rows.merge(offtakes[["offtake", "market", "commodity", "category"]], on=["market", "commodity"])


def price_activities(
    prices: PriceList, instance: Instance, effects: Effects, costs: RegionalCosts, activities: pd.DataFrame
) -> None:
    """Add operating cost, emissions and transfers per tonne of throughput.

    ``activities`` carries ``jurisdiction`` of its site.
    """
    recipes = activities.merge(instance["recipes"].drop(columns="name"), on="recipe")
    rows = _rows(recipes, "throughput", "activity")
    for category in recipes["category"].unique():
        factor = costs.at(recipes["jurisdiction"], recipes["facility_type"], category)
        of_category = factor * (recipes["category"] == category)
        costs_then = costs_in(instance, "recipes", recipes.assign(factor=of_category))
        then = _rows(costs_then, "throughput", "activity").assign(period=costs_then["period"])
        amount = costs_then["cost_cny_per_tonne"] * costs_then["factor"]
        prices.add(then, (category, CHAIN, SUPPLIERS), amount)
    emission = recipes["emission_kgco2e_per_tonne"] * _carbon_cny_per_kg(instance)
    prices.add(rows, ("emissions", PUBLIC, NATURE), emission)
    transfers = instance["transfers"]
    for item in transfers[transfers["basis"] == "processed"].to_dict("records"):
        paid = (recipes["facility_type"] == item["subject"]) * float(item["cny_per_tonne"])
        prices.add(rows, (item["category"], item["payer"], item["payee"]), paid)
    for transfer in effects.run_transfers:
        meant = is_meant(recipes["facility_type"], transfer.facility_types)
        meant &= is_meant(recipes["jurisdiction"], transfer.jurisdictions)
        prices.add(rows, transfer.account, meant * transfer.cny_per_tonne)
    for price in effects.emission_transfers:
        emitted = recipes["emission_kgco2e_per_tonne"] / KG_PER_TONNE
        prices.add(rows, price.account, emitted * price.cny_per_tonne_co2e)


def price_modules(
    prices: PriceList, instance: Instance, effects: Effects, costs: RegionalCosts, modules: pd.DataFrame
) -> None:
    """Add variable, fixed and capital cost of modules, and what levers charge facilities."""
    yearly = module_costs(instance, modules)
    types, where = yearly["facility_type"], yearly["jurisdiction"]
    loads = _rows(yearly, "loads", "module").assign(period=yearly["period"])
    variable = yearly["variable_cny_per_tonne"] * costs.at(where, types, "processing")
    prices.add(loads, ("processing", CHAIN, SUPPLIERS), variable)
    fixed = yearly["fixed_cny_per_year"] * costs.at(where, types, "fixed")
    prices.add(loads.assign(family="operating"), ("fixed", CHAIN, SUPPLIERS), fixed)
    types, where = modules["facility_type"], modules["jurisdiction"]
    operating = _rows(modules, "operating", "module")
    for charge in effects.facility_charges:
        charged = is_meant(types, charge.facility_types)
        prices.add(operating, (charge.category, CHAIN, SUPPLIERS), charged * charge.cny_per_year)
    for given in effects.capacity_transfers:
        meant = is_meant(types, given.facility_types) & is_meant(where, given.jurisdictions)
        capacity = modules["capacity_tonnes_per_year"] * given.cny_per_tonne_capacity
        prices.add(operating, given.account, meant * capacity)
    paid = annuities(instance, costs, modules)
    due = paid["cny_per_year"]
    for family in INVESTING:
        rows = _rows(paid, family, "module").assign(period=paid["period"], due_period=paid["due_period"])
        prices.add(rows, ("capital", CHAIN, SUPPLIERS), due)
        for transfer in effects.capital_transfers:
            meant = is_meant(paid["facility_type"], transfer.facility_types)
            meant &= is_meant(paid["jurisdiction"], transfer.jurisdictions)
            prices.add(rows, transfer.account, meant * transfer.share * due)
    _price_resale(prices, instance, costs, modules)


def _price_resale(
    prices: PriceList, instance: Instance, costs: RegionalCosts, modules: pd.DataFrame
) -> None:
    """Add what is got back, in the first year of a period, for capacity of an expansion given up in it."""
    sold = module_costs(instance, modules[modules["resale_share"] > 0])
    if sold.empty:
        return
    factor = costs.at(sold["jurisdiction"], sold["facility_type"], "capital")
    worth = sold["period"].map({period: share for period, _, share in _paid_at_once(instance)})
    rows = _rows(sold, "closed", "module").assign(period=sold["period"])
    back = sold["resale_share"] * sold["capital_cny"] * factor * worth.astype(float)
    prices.add(rows, ("capital", CHAIN, SUPPLIERS), -back)


def annuities(instance: Instance, costs: RegionalCosts, modules: pd.DataFrame) -> pd.DataFrame:
    """Return what is due for each module that can be built, by period of investment.

    Returns
    -------
    pandas.DataFrame
        Columns of ``modules`` and ``capital_payments``; ``cny_per_year`` in the due period.
    """
    built = module_costs(instance, modules[~modules["stands"]])
    capital = built["capital_cny"] * costs.at(built["jurisdiction"], built["facility_type"], "capital")
    payments = capital_payments(instance, modules[~modules["stands"]])
    paid = payments.merge(built.assign(capital=capital), on=["module", "period"])
    return paid.assign(cny_per_year=paid["capital"] * paid["annuity_share"])


def capital_payments(instance: Instance, modules: pd.DataFrame) -> pd.DataFrame:
    """Return when capital is paid for, per yuan invested.

    The annuity is paid in every year from the start of the period of investment, for the life of
    the module or until the horizon ends, whether the module still operates or not. Where the settings
    say ``at_once``, all is paid in the first year of the period of investment.

    Returns
    -------
    pandas.DataFrame
        ``module, period`` (of investment), ``due_period``, ``annuity_share`` (CNY a year in the
        due period per CNY invested).
    """
    rows = [
        (module, period, due, share)
        for module, life_years in zip(modules["module"], modules["life_years"].astype(int), strict=True)
        for period, due, share in _annuity_shares(instance, life_years)
    ]
    return pd.DataFrame(rows, columns=["module", "period", "due_period", "annuity_share"])


def _annuity_shares(instance: Instance, life_years: int) -> list[tuple[str, str, float]]:
    horizon, weights = instance.settings.horizon, instance.period_weights()
    if instance.settings.capital.paid == "at_once":
        return _paid_at_once(instance)
    annuity = annuity_factor(instance.settings.capital.wacc, life_years)
    shares = []
    for number, start in enumerate(horizon.periods):
        for due in horizon.periods[number:]:
            years = range(due.start_year, due.start_year + due.length_years)
            paid = [year for year in years if year < start.start_year + life_years]
            discounted = sum(
                discount_factor(horizon.discount_rate, year - horizon.base_year) for year in paid
            )
            if paid:
                shares.append((start.period, due.period, annuity * discounted / weights[due.period]))
    return shares


def _paid_at_once(instance: Instance) -> list[tuple[str, str, float]]:
    """Return ``(period, period, CNY a year per CNY paid once, in the period's first year)``."""
    horizon, weights = instance.settings.horizon, instance.period_weights()
    return [
        (
            start.period,
            start.period,
            discount_factor(horizon.discount_rate, start.start_year - horizon.base_year)
            / weights[start.period],
        )
        for start in horizon.periods
    ]


def price_stores(prices: PriceList, instance: Instance, effects: Effects, stores: pd.DataFrame) -> None:
    """Add the cost of what is stored; ``stores`` carries ``jurisdiction``."""
    rows = _rows(stores, "stored", "store").assign(commodity=stores["commodity"])
    yearly = costs_in(instance, "storage", stores)
    then = _rows(yearly, "stored", "store").assign(commodity=yearly["commodity"], period=yearly["period"])
    prices.add(then, ("storage", CHAIN, SUPPLIERS), yearly["cost_cny_per_unit_year"])
    mass = tonnes_per_unit(instance, stores["commodity"])
    for charge in effects.storage_charges:
        charged = is_meant(stores["commodity"], charge.commodities)
        amount = charged * charge.cny_per_tonne_year * mass
        prices.add(rows, (charge.category, CHAIN, SUPPLIERS), amount)


def price_supplies(prices: PriceList, instance: Instance, effects: Effects, supplies: pd.DataFrame) -> None:
    """Add what a leaked and an unserved tonne cost."""
    leaked = _rows(supplies, "leaked", "supply").assign(commodity=supplies["commodity"])
    one_tonne = pd.Series(1.0, index=supplies.index)
    _price_leaked(prices, instance, leaked, supplies["commodity"], one_tonne)
    for transfer in effects.supply_transfers:
        if transfer.basis == "leaked":
            paid = is_meant(supplies["jurisdiction"], transfer.jurisdictions).astype(float)
            prices.add(leaked, transfer.account, paid * transfer.cny_per_tonne)
    price = instance.settings.prices.unserved_cny_per_tonne
    if price is not None:
        account = ("unserved", CHAIN, Actor.CENTRAL_GOVERNMENT.value)
        prices.add(leaked.assign(family="unserved"), account, one_tonne * price)


def price_constants(prices: PriceList, instance: Instance, effects: Effects) -> None:
    """Add what is paid whatever is decided: collection outlets and platforms."""
    sources = instance["sources"]
    home = jurisdictions_of(instance, sources["location"])
    outlets = _constant(home)
    prices.add(outlets, ("collection", CHAIN, SUPPLIERS), sources["fixed_cny_per_year"])
    for more in effects.more_outlets:
        meant = is_meant(home, more.jurisdictions) & is_meant(sources["source"], more.sources)
        added = meant.astype(float) * more.share
        prices.add(outlets, ("collection", CHAIN, SUPPLIERS), sources["fixed_cny_per_year"] * added)
    for charge in effects.jurisdiction_charges:
        for jurisdiction in charge.jurisdictions:
            payer = Actor.LOCAL_GOVERNMENT if jurisdiction else Actor.CENTRAL_GOVERNMENT
            rows = _constant(pd.Series([jurisdiction], dtype=str))
            prices.add(rows, (charge.category, payer.value, SUPPLIERS), pd.Series([charge.cny_per_year]))


def price_shortfalls(prices: PriceList, effects: Effects) -> None:
    """Add what a shortfall of each soft rule costs, nationally; ``build_ledger`` spreads a budget's."""
    for rule in effects.share_rules:
        if rule.penalty_cny_per_tonne is not None:
            row = _constant(pd.Series([""])).assign(family="shortfall", index=rule.rule)
            prices.add(row, rule.account, pd.Series([rule.penalty_cny_per_tonne]))


def _price_leaked(
    prices: PriceList, instance: Instance, rows: pd.DataFrame, leaked: pd.Series, tonnes: pd.Series
) -> None:
    """Add the informal categories of ``tonnes`` of the ``leaked`` commodity per unit."""
    informal = (
        instance["informal"].set_index("commodity").reindex(leaked.to_numpy()).set_index(leaked.index)
    )
    carbon = _carbon_cny_per_kg(instance)
    for category, payer, payee, amount in (
        ("informal_processing", INFORMAL, SUPPLIERS, informal["processing_cny_per_tonne"]),
        ("informal_recovery", INFORMAL, BUYERS, -informal["recovered_cny_per_tonne"]),
        ("informal_damage", PUBLIC, NATURE, informal["damage_cny_per_tonne"]),
        ("informal_emissions", PUBLIC, NATURE, informal["emission_kgco2e_per_tonne"] * carbon),
    ):
        prices.add(rows, (category, payer, payee), amount * tonnes)


def _arc_rows(instance: Instance, arcs: pd.DataFrame) -> pd.DataFrame:
    types = instance["sites"].set_index("site")["facility_type"]
    return pd.DataFrame(
        {
            "family": "flow",
            "index": arcs["arc"],
            "jurisdiction": arcs["from_jurisdiction"],
            "facility_type": arcs["from_place"].map(types).fillna("").astype(str),
            "commodity": arcs["commodity"],
        }
    )


def _bought_rows(instance: Instance, arcs: pd.DataFrame) -> pd.DataFrame:
    """Return arcs as rows to price where they end: at who buys."""
    types = instance["sites"].set_index("site")["facility_type"]
    return _arc_rows(instance, arcs).assign(
        jurisdiction=arcs["to_jurisdiction"],
        facility_type=arcs["to_place"].map(types).fillna("").astype(str),
    )


def _rows(table: pd.DataFrame, family: str, index: str) -> pd.DataFrame:
    rows = table[["jurisdiction", "facility_type"]] if "facility_type" in table else table[["jurisdiction"]]
    rows = rows.assign(family=family, index=table[index], commodity="")
    return rows if "facility_type" in table else rows.assign(facility_type="")


def _constant(jurisdiction: pd.Series) -> pd.DataFrame:
    rows = pd.DataFrame({"jurisdiction": jurisdiction})
    return rows.assign(family="constant", index="", facility_type="", commodity="")


def _carbon_cny_per_kg(instance: Instance) -> float:
    return instance.settings.prices.carbon_cny_per_tonne / KG_PER_TONNE
