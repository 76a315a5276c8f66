"""Who bears a plan and who gains by it, by province and by actor: figures of this plan.

What each row of the ledger costs is borne by its payer, where it arises. A resource cost, an externality
and a penalty are borne once; a transfer is borne by its payer and received by its payee, so transfers sum
to zero over actors, in every jurisdiction. A penalty is a price on what is missed, which nobody receives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netopt.accounts import Actor, Kind, Perspective
from netopt.analysis.equity import gini
from netopt.analysis.incidence_words import incidence_markdown
from netopt.solution.check import joined
from netopt.solution.ledger import annual_equivalent, ledger_total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.checking.plan import Plan
    from netopt.solution.outcome import Outcome
    from netopt.solution.solution import Solution
    from netopt.solution.store import Run

NATIONAL: Final = ""
"""The jurisdiction of what no province bears: a national platform, national targets."""

BORNE: Final = (Kind.RESOURCE, Kind.EXTERNALITY, Kind.PENALTY)
"""Kinds that sum to the ledger's social total."""

MONEY_COLUMNS: Final = (
    "resource_cny_per_year",
    "externality_cny_per_year",
    "penalty_cny_per_year",
    "transfers_cny_per_year",
)
"""What an actor or a jurisdiction bears, by kind; a revenue and a transfer received are negative."""

COST: Final = "social_cost_cny_per_year"
"""Resource cost, externality and penalty: what society pays there."""

CO2E: Final = "emission_tonnes_co2e_per_year"
STEP_COLUMNS: Final = ("capacity_tonnes_per_year", "throughput_tonnes_per_year", "jobs")

NET: Final = "net_cny_per_year"
"""The same with transfers: what an actor is out of pocket, externalities at their price."""

ABSENT: Final = {
    "population": "figures per head (population.csv)",
    "labour": "jobs (labour.csv)",
    "bearers": "battery makers, car makers and recyclers apart: they stand as formal_chain (bearers.csv)",
    "metal_contents": "recovered metals in tonnes (metals.csv, metal_contents.csv)",
}
"""Optional tables, and what cannot be told without them."""

NOT_IN_THE_LEDGER: Final = (
    "what the steps of the formal chain pay each other for packs and black mass that they hand on: read "
    "the actors of the chain together, or as changes between plans",
    "what the informal channel pays consumers for packs: its gain includes it",
    "metals that the informal channel recovers, in tonnes: the instance has their worth alone",
    "goods that cross a border carry no price: metals are their recycler's province's gain, the cost of "
    "collecting them their source's",
)
"""What no run can say, whatever its tables."""


@dataclass(frozen=True)
class Incidence:
    """Who bears a plan: tables of this plan, annual equivalents over the horizon.

    Attributes
    ----------
    instance, policy, formal_share, outcome
        Of the plan; ``outcome`` is None where a foreign answer states no bounds.
    accounts
        ``jurisdiction, actor, kind, category, cny_per_year``: every yuan once, transfers twice (paid
        and received); jurisdiction "" is national.
    jurisdictions
        By jurisdiction ("" national): ``MONEY_COLUMNS``, ``COST``, ``local_tax_cny_per_year``, and
        quantities (t, km, jobs, t CO2e a year; NaN where the instance does not say).
    actors
        By actor: ``MONEY_COLUMNS``, ``COST``, ``NET``, and of what it does throughput, capacity at work and
        its use, jobs, mean haul, CO2e that it causes (the harm of which the public bears).
    facility_types
        ``jurisdiction, facility_type, n_sites, capacity_tonnes_per_year, throughput_tonnes_per_year,
        utilisation, jobs``.
    metals
        By metal: ``name, recovered_tonnes_per_year, import_share, displaced_tonnes_per_year`` (at most).
    total_cny_per_year
        The ledger's social total.
    missing
        What cannot be told, in words.
    """

    instance: Instance
    policy: Policy
    formal_share: float
    outcome: Outcome | None
    accounts: pd.DataFrame
    jurisdictions: pd.DataFrame
    actors: pd.DataFrame
    facility_types: pd.DataFrame
    metals: pd.DataFrame
    total_cny_per_year: float
    missing: tuple[str, ...]

    @property
    def collected_share(self) -> float:
        """Share of what retires that the plan collects, whatever moves it (0 to 1)."""
        table = self.jurisdictions
        retired = float(table["retired_tonnes_per_year"].sum())
        return float(table["collected_tonnes_per_year"].sum()) / retired if retired else 1.0

    @property
    def equity(self) -> dict[str, float]:
        """How unevenly taxes, jobs and harm fall on people: Gini coefficients; empty without population."""
        table = self.jurisdictions.drop(index=NATIONAL)
        if table["people"].isna().any():
            return {}
        spread = {
            "Gini of local tax per head": table["local_tax_cny_per_year"],
            "Gini of jobs per head": table["jobs"],
            "Gini of externalities per head": table["externality_cny_per_year"],
        }
        known = {
            name: amounts
            for name, amounts in spread.items()
            if amounts.notna().all() and (amounts >= 0).all()
        }
        return {name: gini(amounts, table["people"]) for name, amounts in known.items()}

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by the names of their files."""
        return {
            "accounts": self.accounts,
            "by_jurisdiction": self.jurisdictions.reset_index(),
            "by_actor": self.actors.reset_index(),
            "by_facility_type": self.facility_types,
            "metals": self.metals.reset_index(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "policy": self.policy.name,
            "formal_share": self.formal_share,
            "of": "this plan",
            "social_cost_cny_per_year": self.total_cny_per_year,
            "equity": self.equity,
            "missing": list(self.missing),
            **{name: table.to_dict("records") for name, table in self.tables().items()},
        }

    def to_markdown(self) -> str:
        """Return the incidence in words and tables."""
        return incidence_markdown(self)


def incidence(plan: Solution | Run) -> Incidence:
    """Return who bears a plan, by province and by actor.

    Parameters
    ----------
    plan
        A solution, or a run read back.

    Returns
    -------
    Incidence
        Of this plan: others as cheap may place its figures elsewhere (``netopt.analysis.figures``).
    """
    instance, weights = plan.instance, plan.instance.period_weights()
    rows = joined(instance, plan.policy, plan.answer, plan.formal_share)
    accounts = _accounts(plan.ledger, weights, instance["bearers"])
    steps = _facility_types(rows, weights)
    missing = [words for table, words in ABSENT.items() if instance[table].empty]
    missing += _rows_left_out(instance)
    if instance.settings.prices.carbon_cny_per_tonne == 0:
        missing.append("tonnes of CO2e: they are read off the ledger, and carbon has no price")
    unsaid = instance["metals"].loc[instance["metals"]["import_share"].isna(), "name"].tolist()
    if unsaid:
        missing.append(f"how much of the use of {', '.join(unsaid)} is imported")
    return Incidence(
        instance=instance,
        policy=plan.policy,
        formal_share=plan.formal_share,
        outcome=plan.outcome,
        accounts=accounts,
        jurisdictions=_jurisdictions(plan, rows, accounts, steps),
        actors=_actors(plan, rows, accounts, steps),
        facility_types=steps,
        metals=_metals(rows, weights),
        total_cny_per_year=ledger_total(plan.ledger, weights, Perspective.SOCIAL),
        missing=(*missing, *NOT_IN_THE_LEDGER),
    )


def _rows_left_out(instance: Instance) -> list[str]:
    """Return what cannot be told as an optional table has rows, and not all."""
    found = []
    for name, of, key, words in (
        ("population", "jurisdictions", "jurisdiction", "figures per head of all"),
        ("labour", "facility_types", "facility_type", "jobs where they are at work"),
    ):
        absent = instance[of].loc[~instance[of][key].isin(instance[name][key]), key]
        if len(instance[name]) and len(absent):
            found.append(f"{words}: {name}.csv has no row of {', '.join(absent)}")
    return found


def _accounts(ledger: pd.DataFrame, weights: Mapping[str, float], bearers: pd.DataFrame) -> pd.DataFrame:
    """Return what every actor pays and receives where; see ``Incidence.accounts``."""
    paid = ledger.assign(cny_per_year=annual_equivalent(ledger, weights))
    received = paid[paid["kind"] == Kind.TRANSFER].copy()
    received["cny_per_year"] *= -1.0
    rows = pd.concat(
        [paid.rename(columns={"payer": "actor"}), received.rename(columns={"payee": "actor"})],
        ignore_index=True,
    )
    rows = _by_bearer(rows, bearers, "cny_per_year")
    keys = ["jurisdiction", "actor", "kind", "category"]
    return rows.groupby(keys)["cny_per_year"].sum().reset_index()


def _by_bearer(rows: pd.DataFrame, bearers: pd.DataFrame, amount: str) -> pd.DataFrame:
    """Divide an amount of the formal chain between the actors that it consists of."""
    of_chain = rows["actor"] == Actor.FORMAL_CHAIN
    chain, own = rows[of_chain], ["facility_type", "category"]
    shares = bearers.rename(columns={"actor": "bearer"})
    general = shares[shares["category"] == ""].drop(columns="category")
    special = shares[shares["category"] != ""]
    named = pd.MultiIndex.from_frame(special[own])
    is_special = pd.MultiIndex.from_frame(chain[own]).isin(named)
    divided = pd.concat(
        [
            chain[is_special].merge(special, how="left", on=own),
            chain[~is_special].merge(general, how="left", on="facility_type"),
        ],
        ignore_index=True,
    )
    divided["actor"] = divided["bearer"].fillna(divided["actor"])
    divided[amount] *= divided["share"].fillna(1.0)
    return pd.concat([rows[~of_chain], divided.drop(columns=["bearer", "share"])], ignore_index=True)


def _by(accounts: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return what is borne by kind, its social cost and its net, by actor or by jurisdiction."""
    wide = accounts.pivot_table(index=key, columns="kind", values="cny_per_year", aggfunc="sum")
    kinds = (*BORNE, Kind.TRANSFER)
    wide = wide.reindex(columns=[str(kind) for kind in kinds]).fillna(0.0)
    wide = wide.set_axis(list(MONEY_COLUMNS), axis=1)
    wide[COST] = wide[list(MONEY_COLUMNS[:3])].sum(axis=1)
    wide[NET] = wide[COST] + wide["transfers_cny_per_year"]
    return wide


def _jurisdictions(
    plan: Solution | Run, rows: Plan, accounts: pd.DataFrame, steps: pd.DataFrame
) -> pd.DataFrame:
    """Return money and quantities by jurisdiction, "" first."""
    instance, weights = plan.instance, plan.instance.period_weights()
    named = instance["jurisdictions"].set_index("jurisdiction")["name"]
    index = pd.Index([NATIONAL, *named.index], name="jurisdiction")
    money = _by(accounts, "jurisdiction").drop(columns=NET).reindex(index).fillna(0.0)
    people = instance["population"].set_index("jurisdiction")["people"]
    table = money.assign(
        name=named.reindex(index).fillna("(national)"),
        people=people.reindex(index),
        local_tax_cny_per_year=_local_tax(accounts).reindex(index).fillna(0.0),
    )
    for name, amounts in {**_tonnes(rows, weights), **_hauls(rows, weights)}.items():
        table[name] = amounts.reindex(index).fillna(0.0)
    for name in ("capacity_tonnes_per_year", "throughput_tonnes_per_year"):
        table[name] = steps.groupby("jurisdiction")[name].sum().reindex(index).fillna(0.0)
    jobs = steps.groupby("jurisdiction")["jobs"].sum(skipna=False).reindex(index, fill_value=0.0)
    table["jobs"] = jobs if len(instance["labour"]) else float("nan")
    table = _with_ratios(table, ("haul", "first_leg"))
    table[CO2E] = _emissions(accounts, "emissions", instance).reindex(index)
    informal = _emissions(accounts, "informal_emissions", instance)
    table["informal_emission_tonnes_co2e_per_year"] = informal.reindex(index)
    return table[["name", "people", *(name for name in table if name not in ("name", "people"))]]


def _actors(plan: Solution | Run, rows: Plan, accounts: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Return money by actor, and what each does: a step's tonnes, jobs and hauls are its bearer's."""
    instance, weights = plan.instance, plan.instance.period_weights()
    table = _by(accounts, "actor")
    by_step = {name: steps.groupby("facility_type")[name].sum(skipna=False) for name in STEP_COLUMNS}
    hauls = rows.flows[~rows.flows["at_gate"]]
    tonne_km = hauls["tonnes"] * hauls["km"]
    by_step["haul_tonnes_per_year"] = _yearly(hauls, hauls["tonnes"], weights, "from_facility_type")
    by_step["haul_tonne_km_per_year"] = _yearly(hauls, tonne_km, weights, "from_facility_type")
    emitted = plan.ledger[plan.ledger["category"] == "emissions"]
    carbon = instance.settings.prices.carbon_cny_per_tonne or float("nan")
    tonnes_co2e = annual_equivalent(emitted, weights) / carbon
    by_step[CO2E] = tonnes_co2e.groupby(emitted["facility_type"]).sum()
    for name, amounts in by_step.items():
        chain = pd.DataFrame({"facility_type": amounts.index, name: amounts.to_numpy(dtype=float)})
        chain = chain.assign(actor=Actor.FORMAL_CHAIN.value, category="")
        divided = _by_bearer(chain, instance["bearers"], name).groupby("actor")[name].sum(skipna=False)
        table = table.reindex(table.index.union(divided.index), fill_value=0.0)
        table[name] = divided.reindex(table.index, fill_value=0.0)
    informal = Actor.INFORMAL_CHANNEL.value
    if informal in table.index:
        leaked = rows.tables["supply"].assign(all="")
        tonnes = _yearly(leaked, leaked["leaked_tonnes_per_year"], weights, "all")
        table.loc[informal, "throughput_tonnes_per_year"] = tonnes.sum()
        table.loc[informal, CO2E] = _emissions(accounts, "informal_emissions", instance).sum()
    if instance["labour"].empty:
        table["jobs"] = float("nan")
    if not instance.settings.prices.carbon_cny_per_tonne:
        table[CO2E] = float("nan")
    return _with_ratios(table, ("haul",))


def _with_ratios(table: pd.DataFrame, ends: tuple[str, ...]) -> pd.DataFrame:
    """Return a table with what capacity is used to, and mean hauls instead of tonne-kilometres."""
    room = table["capacity_tonnes_per_year"].replace(0.0, float("nan"))
    ratios = table.assign(utilisation=(table["throughput_tonnes_per_year"] / room))
    for end in ends:
        moved = ratios[f"{end}_tonnes_per_year"].replace(0.0, float("nan"))
        ratios[f"{end}_mean_km"] = ratios.pop(f"{end}_tonne_km_per_year") / moved
    return ratios


def _local_tax(accounts: pd.DataFrame) -> pd.Series:
    """Return what local governments receive as local tax, by jurisdiction."""
    is_tax = (accounts["category"] == "local_tax") & (accounts["actor"] == Actor.LOCAL_GOVERNMENT)
    return -accounts[is_tax].groupby("jurisdiction")["cny_per_year"].sum()


def _emissions(accounts: pd.DataFrame, category: str, instance: Instance) -> pd.Series:
    """Return tonnes of CO2e a year by jurisdiction, read off the ledger; NaN where carbon has no price."""
    price = instance.settings.prices.carbon_cny_per_tonne
    cny = accounts[accounts["category"] == category].groupby("jurisdiction")["cny_per_year"].sum()
    everywhere = pd.Series(0.0, index=["", *instance["jurisdictions"]["jurisdiction"]])
    return everywhere.add(cny, fill_value=0.0) / price if price else everywhere * float("nan")


def _yearly(rows: pd.DataFrame, amounts: pd.Series, weights: Mapping[str, float], key: str) -> pd.Series:
    """Return rates as annual equivalents, summed by a column of their rows."""
    share = rows["period"].map(dict(weights)).astype(float) / sum(weights.values())
    return (amounts.astype(float) * share).groupby(rows[key]).sum()


def _tonnes(rows: Plan, weights: Mapping[str, float]) -> dict[str, pd.Series]:
    supply = rows.tables["supply"]
    where = supply.assign(jurisdiction=supply["source"].map(rows.facts.places["jurisdiction"]))
    return {
        f"{what}_tonnes_per_year": _yearly(where, where[f"{what}_tonnes_per_year"], weights, "jurisdiction")
        for what in ("retired", "collected", "leaked", "unserved")
    }


def _hauls(rows: Plan, weights: Mapping[str, float]) -> dict[str, pd.Series]:
    """Return what leaves and arrives by jurisdiction; a sale at the gate is no haul."""
    hauls = rows.flows[~rows.flows["at_gate"]]
    first = hauls[hauls["leg"] == "first"]
    over = hauls[hauls["crosses"]]
    start, end = "from_jurisdiction", "to_jurisdiction"
    return {
        "haul_tonnes_per_year": _yearly(hauls, hauls["tonnes"], weights, start),
        "haul_tonne_km_per_year": _yearly(hauls, hauls["tonnes"] * hauls["km"], weights, start),
        "first_leg_tonnes_per_year": _yearly(first, first["tonnes"], weights, start),
        "first_leg_tonne_km_per_year": _yearly(first, first["tonnes"] * first["km"], weights, start),
        "sent_over_border_tonnes_per_year": _yearly(over, over["tonnes"], weights, start),
        "received_over_border_tonnes_per_year": _yearly(over, over["tonnes"], weights, end),
    }


def _facility_types(rows: Plan, weights: Mapping[str, float]) -> pd.DataFrame:
    """Return sites at work, capacity, throughput and jobs by jurisdiction and facility type."""
    keys = ["jurisdiction", "facility_type"]
    modules, runs = rows.modules, rows.throughput
    share = {period: weight / sum(weights.values()) for period, weight in weights.items()}
    at_work = modules[modules["operating"].astype(bool)]
    capacity = at_work["capacity_tonnes_per_year"].astype(float) * at_work["period"].map(share).astype(
        float
    )
    done = runs["tonnes"].astype(float) * runs["period"].map(share).astype(float)
    table = pd.DataFrame(
        {
            "n_sites": at_work.groupby(keys)["site"].nunique(),
            "capacity_tonnes_per_year": capacity.groupby([at_work[key] for key in keys]).sum(),
            "throughput_tonnes_per_year": done.groupby([runs[key] for key in keys]).sum(),
        }
    )
    table = table.fillna(0.0).rename_axis(keys).reset_index()
    table["n_sites"] = table["n_sites"].astype(int)
    table["utilisation"] = table["throughput_tonnes_per_year"] / table["capacity_tonnes_per_year"]
    labour = rows.facts.instance["labour"].set_index("facility_type")["jobs_per_tonne_per_year"]
    tonnes = table["throughput_tonnes_per_year"]
    table["jobs"] = (tonnes * table["facility_type"].map(labour).astype(float)).where(tonnes > 0, 0.0)
    return table


def _metals(rows: Plan, weights: Mapping[str, float]) -> pd.DataFrame:
    """Return metals in what is sold at home, t/yr, and the most imports that they can displace."""
    instance = rows.facts.instance
    at_home = (rows.flows["to_kind"] == "market") & ~rows.facts.traded(rows.flows, "exports")
    sales = rows.flows[at_home].merge(
        instance["metal_contents"].rename(columns={"tonnes_per_unit": "content"}), on="commodity"
    )
    recovered = _yearly(sales, sales["units"].astype(float) * sales["content"], weights, "metal")
    table = instance["metals"].set_index("metal")
    table["recovered_tonnes_per_year"] = recovered.reindex(table.index).fillna(0.0)
    table["displaced_tonnes_per_year"] = table["recovered_tonnes_per_year"] * table["import_share"]
    return table[["name", "recovered_tonnes_per_year", "import_share", "displaced_tonnes_per_year"]]
