"""Changes of an instance and its effects whose consequence is known without solving anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

import pandas as pd

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.policy.effects import Effects

Case = tuple[Instance, Effects]

_KIND_OF_COLUMN: Final = {
    "returned_commodity": "commodity",
    "origin": "location",
    "destination": "location",
}
_NO_IDS: Final = {
    "account",
    "action",
    "basis",
    "category",
    "direction",
    "goods_class",
    "lever",
    "measure",
    "metal",
    "payee",
    "payer",
    "rule",
    "trade",
}
FOLLY_CNY_PER_YEAR: Final = 1e9


def tables_of(instance: Instance) -> dict[str, pd.DataFrame]:
    """Return copies of the tables that have rows, as ``make_instance`` takes them."""
    return {name: table.copy() for name, table in instance.tables.items() if len(table)}


def shuffled(case: Case, seed: int) -> Case:
    """Return the same case with the rows of every table in another order."""
    instance, effects = case
    tables = {
        name: table.sample(frac=1.0, random_state=seed).reset_index(drop=True)
        for name, table in tables_of(instance).items()
    }
    return make_instance(instance.settings, tables), effects


def renamed(case: Case) -> Case:
    """Return the same case with every id renamed such that ids sort the other way round."""
    instance, effects = case
    new = _new_ids(instance)
    tables = tables_of(instance)
    for name, table in tables.items():
        for column in table.columns:
            mapping = new.get(_KIND_OF_COLUMN.get(column, column))
            if mapping is not None and TABLES[name].column(column).type == "id":
                table[column] = table[column].map(mapping)
    if "transfers" in tables:
        table = tables["transfers"]
        table["subject"] = table["subject"].map(new["commodity"] | new["facility_type"])
    settings = instance.settings.model_dump()
    for period in settings["horizon"]["periods"]:
        period["period"] = new["period"][period["period"]]
    every = {old: fresh for mapping in new.values() for old, fresh in mapping.items()}
    assert len(every) == len({fresh for mapping in new.values() for fresh in mapping.values()})
    return make_instance(Settings.model_validate(settings), tables), _with_ids(effects, every)


def _new_ids(instance: Instance) -> dict[str, dict[str, str]]:
    """Return old id -> new id by kind; the new ones are in the reverse order."""
    known = {
        kind: set(instance[table][kind])
        for table, kind in (
            ("jurisdictions", "jurisdiction"),
            ("locations", "location"),
            ("commodities", "commodity"),
            ("sources", "source"),
            ("sites", "site"),
            ("markets", "market"),
            ("operators", "operator"),
            ("facility_types", "facility_type"),
            ("recipes", "recipe"),
            ("sizes", "size"),
            ("haulage", "mode"),
        )
    } | {"period": set(instance.periods)}
    return {
        kind: {"": ""} | {old: f"{kind}_{len(ids) - rank:03d}" for rank, old in enumerate(sorted(ids))}
        for kind, ids in known.items()
    }


def _with_ids(value: Any, new: Mapping[str, str]) -> Any:
    """Return an effect, or anything in one, with its ids replaced."""
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            item.name: _with_ids(getattr(value, item.name), new)
            for item in fields(value)
            if item.name not in _NO_IDS or isinstance(getattr(value, item.name), dict)
        }
        return replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(_with_ids(item, new) for item in value)
    if isinstance(value, dict):
        return {new[key]: item for key, item in value.items()}
    return new[value] if isinstance(value, str) else value


def with_money_times(case: Case, factor: float) -> Case:
    """Return the case with every amount of money multiplied: tables, carbon, unserved, levers."""
    instance, effects = case
    tables = tables_of(instance)
    for name, table in tables.items():
        for column in TABLES[name].columns:
            if column.unit.startswith("CNY"):
                table[column.name] = table[column.name] * factor
    prices = instance.settings.prices
    unserved = prices.unserved_cny_per_tonne
    dearer = prices.model_copy(
        update={
            "carbon_cny_per_tonne": prices.carbon_cny_per_tonne * factor,
            "unserved_cny_per_tonne": None if unserved is None else unserved * factor,
        }
    )
    leakage = instance.settings.leakage
    # People answer to the same gain in money that is worth less.
    calmer = leakage.model_copy(update={"beta_per_cny": leakage.beta_per_cny / factor})
    settings = instance.settings.model_copy(update={"prices": dearer, "leakage": calmer})
    return make_instance(settings, tables), _scaled(effects, factor)


def _scaled(value: Any, factor: float) -> Any:
    """Return an effect with every field that has ``cny`` in its name multiplied."""
    if isinstance(value, tuple):
        return tuple(_scaled(item, factor) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {}
    for item in fields(value):
        given = getattr(value, item.name)
        is_money = "cny" in item.name and isinstance(given, float)
        changed[item.name] = given * factor if is_money else _scaled(given, factor)
    return replace(value, **changed)


def with_split_source(case: Case, share: float = 0.3) -> Case:
    """Return the case with its first source as two at the same location, together the same."""
    instance, effects = case
    tables = tables_of(instance)
    first = min(tables["sources"]["source"])
    for name, amount in (("sources", "fixed_cny_per_year"), ("supply", "supply_tonnes_per_year")):
        tables[name] = _split_rows(tables[name], first, amount, share)
    return make_instance(instance.settings, tables), effects


def _split_rows(table: pd.DataFrame, source: str, amount: str, share: float) -> pd.DataFrame:
    kept, halves = table[table["source"] != source], table[table["source"] == source]
    one = halves.assign(**{amount: halves[amount] * share})
    other = halves.assign(source=f"{source}_second", **{amount: halves[amount] * (1.0 - share)})
    return pd.concat([kept, one, other], ignore_index=True)


def with_folly(case: Case) -> Case:
    """Return the case with one more site, like a hub, that costs a thousand million yuan a year to run."""
    instance, effects = case
    tables = tables_of(instance)
    tests = tables["recipes"][tables["recipes"]["category"] == "testing"]

    def copied(table: str, mask: pd.Series, **changes: object) -> None:
        copies = tables[table][mask.to_numpy()].assign(**changes)
        tables[table] = pd.concat([tables[table], copies], ignore_index=True)

    def named(prefix: str) -> Callable[[pd.DataFrame], pd.Series]:
        return lambda rows: prefix + rows["recipe"]

    hub = str(tests["facility_type"].iloc[0])
    for table in ("recipe_inputs", "recipe_outputs"):
        copied(table, tables[table]["recipe"].isin(tests["recipe"]), recipe=named("folly_"))
    copied(
        "recipes",
        tables["recipes"]["recipe"].isin(tests["recipe"]),
        facility_type="folly",
        recipe=named("folly_"),
    )
    copied("facility_types", tables["facility_types"]["facility_type"] == hub, facility_type="folly")
    copied(
        "sizes",
        tables["sizes"]["facility_type"] == hub,
        facility_type="folly",
        fixed_cny_per_year=FOLLY_CNY_PER_YEAR,
    )
    is_first_hub = (
        tables["sites"]["site"]
        == tables["sites"].loc[tables["sites"]["facility_type"] == hub, "site"].min()
    )
    copied(
        "sites",
        is_first_hub,
        site="folly",
        facility_type="folly",
        existing_capacity_tonnes_per_year=0.0,
        existing_fixed_cny_per_year=0.0,
        may_build=True,
    )
    return make_instance(instance.settings, tables), effects
