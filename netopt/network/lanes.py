"""Every conceivable arc into a site as arrays, listed in the network or not, and what it costs.

The cost of an arc is affine in its length: ``cost(i, j) = at_giver(i) + per_km(i) * km(i, j)``, plus the
delay of a first departure. So three *probe* arcs of each giver, priced by the same functions as listed arcs
(``netopt.network.rates``), price millions. A kilometre costs the same from everywhere, but a figure may
count it in some jurisdictions or after some facility types only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netopt.data.tables import PLACES
from netopt.network import rates
from netopt.network.arcs import activity_flows
from netopt.network.closings import closed_sites
from netopt.network.distance import haul_distances_km
from netopt.network.facilities import located_sites
from netopt.network.lookups import are_undismantled, is_meant, tonnes_per_unit
from netopt.network.rules import TERM_COLUMNS, RuleWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from netopt.data.instance import Instance
    from netopt.network.network import Network
    from netopt.policy.effects import Effects, ForbidHauls

FIRST, TRUNK = "first", "trunk"
BARE, PER_KM, DEPARTS = "", "per_km", "departs"
"""Probes of each giver: of no length, of one kilometre, and of none but a first departure."""

ANY_ORIGIN: Final = ""


@dataclass(frozen=True)
class Lanes:
    """All arcs that carry one commodity by one mode from places of one kind to sites.

    Attributes
    ----------
    kind
        Of the givers: ``source``, ``market`` (what comes back from second life) or ``site``.
    givers, takers
        Place ids: who gives it out and who takes it in.
    km
        Haul (km) by giver (rows) and taker (columns); inf where there is no way, or one place, and
        where the policy closes it in every period.
    crosses
        bool, the same shape: whether the arc leaves the giver's jurisdiction.
    leaves_a_mark
        Whether a crossing is remembered (undismantled goods where departures are tracked).
    """

    commodity: str
    mode: str
    kind: str
    leg: str
    givers: NDArray[np.str_]
    takers: NDArray[np.str_]
    km: NDArray[np.float64]
    crosses: NDArray[np.bool_]
    leaves_a_mark: bool

    def probe(self, giver: str, what: str = BARE) -> str:
        """Return the id of a probe arc of a giver: ``BARE``, ``PER_KM`` or ``DEPARTS``."""
        return f"{self.leg}:{self.commodity}@{self.mode}:{giver}:{what}"


@dataclass(frozen=True)
class Everywhere:
    """What a network's recipes and shipments cost anywhere, whatever it lists one by one.

    Attributes
    ----------
    lanes
        Every commodity, mode and kind of giver.
    runs
        Every recipe at every site that can run it on every provenance: ``activity`` id; ``site``;
        ``recipe``; ``origin``; ``left``.
    inputs, outputs
        As ``Network.activity_inputs`` and ``activity_outputs``, of ``runs``.
    rates
        Prices of probe arcs (family flow) and runs (family throughput), see ``netopt.network.rates``.
    rule_terms, emissions
        As of the network, for probe arcs and runs.
    period_weights
        Discounted years of each period (yr).
    """

    lanes: tuple[Lanes, ...]
    runs: pd.DataFrame
    inputs: pd.DataFrame
    outputs: pd.DataFrame
    rates: pd.DataFrame
    rule_terms: pd.DataFrame
    emissions: pd.DataFrame
    period_weights: dict[str, float]


def everywhere(network: Network) -> Everywhere:
    """Return what shipments and recipes of a network's instance cost anywhere.

    Raises
    ------
    ValueError
        Where ``why_not_priced`` says why it cannot.
    """
    if reason := why_not_priced(network.instance, network.effects):
        raise ValueError(reason)
    instance, effects = network.instance, network.effects
    lanes = tuple(_lanes(network))
    probes = pd.concat([_probes(instance, effects, lane) for lane in lanes], ignore_index=True)
    runs, inputs, outputs = _runs(instance, effects)
    located = runs.merge(located_sites(instance)[["site", "jurisdiction", "facility_type"]], on="site")
    prices = rates.PriceList(instance)
    costs = rates.RegionalCosts.of(instance)
    rates.price_arcs(prices, instance, effects, probes)
    rates.price_collection(prices, instance, effects, costs, probes)
    rates.price_activities(prices, instance, effects, costs, located.drop(columns="facility_type"))
    writer = RuleWriter(instance, network.supplies, network.supply_tonnes, probes, located, inputs, outputs)
    terms = [writer.terms(rule) for rule in effects.share_rules]
    return Everywhere(
        lanes=lanes,
        runs=runs,
        inputs=inputs,
        outputs=outputs,
        rates=prices.table(),
        rule_terms=pd.concat(terms) if terms else pd.DataFrame(columns=TERM_COLUMNS),
        emissions=rates.emissions(instance, probes, located),
        period_weights=network.period_weights,
    )


def why_not_priced(instance: Instance, effects: Effects) -> str | None:
    """Return why arcs that are not listed could not be priced as a whole; None where they can.

    Goods that wait, or come back in the period in which they were sold, make a circle of what goods cost
    onwards; and arrays by place do not hold what depends on both ends of a haul, but for its length and
    a first departure.
    """
    return next(_obstacles(instance, effects), None)


def _obstacles(instance: Instance, effects: Effects) -> Iterator[str]:
    inputs = instance["recipe_inputs"]
    whole = set(inputs["commodity"][are_undismantled(instance, inputs["commodity"])])
    longest = max(period.length_years for period in instance.settings.horizon.periods)
    if len(instance["expansions"]):
        yield "capacity can be added in any amount"
    if len(instance["storage"]):
        yield "goods can be stored"
    if inputs["recipe"].duplicated().any():
        yield "a recipe has several inputs"
    if len(instance["second_life"]) and instance["second_life"]["lag_years"].min() < longest:
        yield "batteries return from second life within a period"
    if instance["offtake"]["commodity"].isin(whole).any():
        yield "a market takes whole batteries"
    if (instance["recipes"]["cost_cny_per_tonne"] < 0).any():
        yield "a recipe earns money"
    if effects.border_transfers:
        yield f"{effects.border_transfers[0].lever} is paid at borders"


def _lanes(network: Network) -> list[Lanes]:
    instance, effects = network.instance, network.effects
    sites = located_sites(instance)[["site", "location", "jurisdiction", "facility_type"]]
    recipes = instance["recipes"][["recipe", "facility_type"]]
    giver = ["site", "commodity", "location", "jurisdiction"]
    sources = network.supplies.rename(columns={"source": "site"})[giver]
    returns = network.returns.rename(columns={"market": "site"})[giver].drop_duplicates()
    returns = returns[returns["location"] != ""]
    given = _with_recipes(sites, recipes.merge(instance["recipe_outputs"], on="recipe"))
    taken = _with_recipes(sites, recipes.merge(instance["recipe_inputs"], on="recipe"))
    classes = instance["commodities"].set_index("commodity")["goods_class"].to_dict() | effects.goods_class
    km_of = _kilometres(instance)
    found = []
    for kind, leg, givers in (
        ("source", FIRST, sources),
        ("market", FIRST, returns),
        ("site", TRUNK, given),
    ):
        for commodity, giving in givers.groupby("commodity"):
            taking = taken[taken["commodity"] == commodity]
            tariffs = instance["haulage"]
            of_class = (tariffs["goods_class"] == classes[str(commodity)]) & (tariffs["leg"] == leg)
            found += [
                _lane(network, kind, (str(commodity), str(mode), leg), giving, taking, km_of[mode])
                for mode in (tariffs.loc[of_class, "mode"] if len(taking) else ())
            ]
    return found


def _with_recipes(sites: pd.DataFrame, goods: pd.DataFrame) -> pd.DataFrame:
    pairs = goods[["facility_type", "commodity"]].drop_duplicates()
    return sites.merge(pairs, on="facility_type").sort_values(["commodity", "site"], ignore_index=True)


def _lane(
    network: Network,
    kind: str,
    key: tuple[str, str, str],
    giving: pd.DataFrame,
    taking: pd.DataFrame,
    km: pd.DataFrame,
) -> Lanes:
    commodity, mode, leg = key
    ways = km.loc[giving["location"], taking["location"]].to_numpy()
    givers, takers = giving["site"].to_numpy(dtype=str), taking["site"].to_numpy(dtype=str)
    away = giving["jurisdiction"].to_numpy()[:, None] != taking["jurisdiction"].to_numpy()[None, :]
    is_whole = bool(are_undismantled(network.instance, pd.Series([commodity])).iloc[0])
    instance, effects = network.instance, network.effects
    closed = frozenset.intersection(*(closed_sites(instance, effects, t) for t in instance.periods))
    is_closed = (givers[:, None] == takers[None, :]) | np.isin(takers, list(closed))[None, :]
    for rule in effects.forbidden_hauls:
        if _is_meant(rule, key):
            is_closed |= _is_long(rule, ways) & _is_over(
                rule, giving["jurisdiction"], taking["jurisdiction"]
            )
    return Lanes(
        commodity=commodity,
        mode=mode,
        kind=kind,
        leg=leg,
        givers=givers,
        takers=takers,
        km=np.where(is_closed, np.inf, ways),
        crosses=away,
        leaves_a_mark=is_whole and network.effects.tracks_departures,
    )


def _is_long(rule: ForbidHauls, km: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which ways are too long for a rule on hauls; any is between two places if it has no length."""
    return km > (0.0 if rule.longer_than_km is None else rule.longer_than_km)


def _is_over(rule: ForbidHauls, start: pd.Series, end: pd.Series) -> NDArray[np.bool_]:
    """Return between which jurisdictions of givers (rows) and takers (columns) a rule on hauls closes."""
    if not rule.crossing:
        return np.ones((len(start), len(end)), dtype=bool)
    away = start.to_numpy()[:, None] != end.to_numpy()[None, :]
    out = is_meant(start, rule.from_jurisdictions).to_numpy()[:, None]
    into = is_meant(end, rule.to_jurisdictions).to_numpy()[None, :]
    over: NDArray[np.bool_] = away & out & into
    return over


def _is_meant(rule: ForbidHauls, key: tuple[str, str, str]) -> bool:
    """Return whether a rule on hauls speaks of a commodity, mode and leg."""
    commodity, mode, leg = key
    meant = ((rule.commodities, commodity), (rule.modes, mode), (rule.legs, leg))
    return all(not ids or one in ids for ids, one in meant)


def _kilometres(instance: Instance) -> dict[str, pd.DataFrame]:
    """Return km by origin (rows) and destination location for each mode; inf where there is no way."""
    places = instance["locations"]["location"].tolist()
    ends = pd.MultiIndex.from_product([places, places], names=["from_location", "to_location"])
    found = {}
    for mode in instance["haulage"]["mode"].unique():
        km = haul_distances_km(instance, ends.to_frame(index=False).assign(mode=mode)).fillna(np.inf)
        found[str(mode)] = pd.DataFrame(
            km.to_numpy().reshape(len(places), len(places)), index=places, columns=places
        )
    return found


def _probes(instance: Instance, effects: Effects, lane: Lanes) -> pd.DataFrame:
    """Return the probe arcs of a lane: of each giver one of no length, one of 1 km, one first departure."""
    kinds = np.repeat([BARE, PER_KM, DEPARTS], len(lane.givers))
    places = instance[PLACES[lane.kind]].set_index(lane.kind)["location"]
    jurisdiction = instance["locations"].set_index("location")["jurisdiction"]
    givers = pd.Series(np.tile(lane.givers, 3), dtype=str)
    probes = pd.DataFrame(
        {
            "arc": [lane.probe(giver, what) for giver, what in zip(givers, kinds, strict=True)],
            "from_place": givers,
            "from_kind": lane.kind,
            "to_place": lane.takers[0],
            "to_kind": "site",
            "commodity": lane.commodity,
            "mode": lane.mode,
            "leg": lane.leg,
            "origin": ANY_ORIGIN,
            "left_before": False,
            "left_after": kinds == DEPARTS,
            "distance_km": (kinds == PER_KM).astype(float),
            "from_jurisdiction": givers.map(places).map(jurisdiction),
        }
    )
    probes["to_jurisdiction"] = probes["from_jurisdiction"]
    probes["tonnes_per_unit"] = tonnes_per_unit(instance, probes["commodity"])
    classes = instance["commodities"].set_index("commodity")["goods_class"].to_dict() | effects.goods_class
    return probes.assign(goods_class=classes[lane.commodity])


def _runs(instance: Instance, effects: Effects) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return every recipe at every site on every provenance, and what each takes in and gives out."""
    recipes = instance["recipes"][["recipe", "facility_type"]]
    pairs = instance["sites"][["site", "facility_type"]].merge(recipes, on="facility_type")
    inputs = instance["recipe_inputs"]
    inputs = inputs.assign(is_whole=are_undismantled(instance, inputs["commodity"]))
    is_whole = inputs.groupby("recipe")["is_whole"].any()
    lefts = [False, True] if effects.tracks_departures else [False]
    origins = [ANY_ORIGIN, *effects.tracked_origins]
    kept = pd.DataFrame(
        [(origin, left) for origin in origins for left in lefts], columns=["origin", "left"]
    )
    whole = pairs[pairs["recipe"].map(is_whole).astype(bool)].merge(kept, how="cross")
    plain = pairs[~pairs["recipe"].map(is_whole).astype(bool)].assign(origin=ANY_ORIGIN, left=False)
    runs = pd.concat([whole, plain], ignore_index=True)[["site", "recipe", "origin", "left"]]
    name = runs["site"] + "/" + runs["recipe"] + "/" + runs["origin"] + "/" + runs["left"].astype(str)
    runs.insert(0, "activity", name)
    inputs, outputs = activity_flows(instance, runs)
    return runs, inputs, outputs
