"""What the model says beside what is published: fitted, held out, sharing inputs, or out of reach."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.accounts import KIND_OF_CATEGORY
from netopt.analysis.routing import RULES, Routed, Routing
from netopt.analysis.wording import table_markdown
from netopt.data.calibration import Calibration, only_known, read_calibration
from netopt.data.problems import shown
from netopt.data.texts import markdown_text
from netopt.errors import UsageError
from netopt.solution.ledger import annual_equivalent
from netopt.solution.options import SolveOptions
from netopt.units import FLOW_TOLERANCE_TONNES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netopt.data.instance import Instance
    from netopt.solution.store import Run

PERCENT: Final = 100.0
KILO: Final = 1e3
MILLION: Final = 1e6
SHARE_TOLERANCE: Final = 1e-9
NEEDS_RUNS: Final = "not computed: give the comparison with --runs"


@dataclass(frozen=True)
class Compared:
    """One target beside the model's figure.

    Attributes
    ----------
    target, figure, unit, kind, source, why
        As in ``targets.csv``; ``kind`` is its class.
    model
        NaN where it needs runs that were not given.
    value, low, high
        The source's; NaN where it gives none.
    """

    target: str
    figure: str
    unit: str
    kind: str
    source: str
    why: str
    model: float
    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Model minus the source's figure, or its range's nearer end (0 within); NaN: not computed."""
        if not math.isnan(self.value):
            return self.model - self.value
        if not math.isnan(self.high) and self.model > self.high:
            return self.model - self.high
        if not math.isnan(self.low) and self.model < self.low:
            return self.model - self.low
        return 0.0 * self.model

    @property
    def published(self) -> str:
        """The source's figure or range in words."""
        if not math.isnan(self.value):
            return _plain(self.value)
        if math.isnan(self.low):
            return f"at most {_plain(self.high)}"
        if math.isnan(self.high):
            return f"at least {_plain(self.low)}"
        return f"{_plain(self.low)} to {_plain(self.high)}"


@dataclass
class Bench:
    """What measures are taken of: an instance, its calibration tables and the runs that were given.

    Parameters
    ----------
    instance, calibration
        As read.
    runs
        By policy name; empty where none was given.
    options
        Of the solves of the routing rules.
    partial
        Whether a target may need a policy whose run was not given.
    """

    instance: Instance
    calibration: Calibration
    runs: Mapping[str, Run] = field(default_factory=dict)
    options: SolveOptions = field(default_factory=SolveOptions)
    partial: bool = False

    def __post_init__(self) -> None:
        self._routed: dict[str, Routed] = {}
        self._routings: dict[str, Routing] = {}

    @cached_property
    def first_supply(self) -> pd.DataFrame:
        """Supply of the first period with ``jurisdiction`` of its source."""
        return _first_supply(self.instance)

    @property
    def formal_share(self) -> float:
        """Formal share of the instance (0 to 1)."""
        return self.instance.settings.leakage.formal_share

    @cached_property
    def capacity(self) -> pd.DataFrame:
        """Standing capacity: ``jurisdiction, facility_type, nominal, effective`` (t/yr)."""
        sites = self.instance["sites"]
        homes = self.instance["locations"].set_index("location")["jurisdiction"]
        nominal = sites["existing_capacity_tonnes_per_year"]
        return pd.DataFrame(
            {
                "jurisdiction": sites["location"].map(homes),
                "facility_type": sites["facility_type"],
                "nominal": nominal,
                "effective": nominal * sites["effective_share"],
            }
        )

    def facility_type(self, name: str) -> str:
        """Return a facility type that the instance has; UsageError for any other."""
        return only_known(name, self.instance["facility_types"]["facility_type"].tolist(), "facility type")

    def jurisdiction(self, name: str) -> str:
        """Return a jurisdiction that the instance has; UsageError for any other."""
        return only_known(name, self.instance["jurisdictions"]["jurisdiction"].tolist(), "jurisdiction")

    def run(self, policy: str) -> Run | None:
        """Return the run of a policy; None without any runs, UsageError where it is not among them.

        Where ``partial``, None stands for a run that is not among them.
        """
        if not self.runs or (self.partial and policy not in self.runs):
            return None
        return self.runs[only_known(policy, list(self.runs), "policy of these runs")]

    def routing(self, facility_type: str) -> Routing:
        """Return the routing rules on the standing capacity of a facility type."""
        if facility_type not in self._routings:
            known = self.facility_type(facility_type)
            made = Routing(self.instance, self.calibration, known, self.options)
            self._routings[facility_type] = made
        return self._routings[facility_type]

    def routed(self, subject: str) -> Routed:
        """Return what ``facility type/rule`` serves where the rule ``own`` serves what it is fitted to."""
        if subject not in self._routed:
            facility_type, _, rule = subject.partition("/")
            routing = self.routing(facility_type)
            share = routing.offered_share(self._fitted_tonnes(facility_type))
            self._routed[subject] = routing.route(only_known(rule, list(RULES), "routing rule"), share)
        return self._routed[subject]

    def _fitted_tonnes(self, facility_type: str) -> float:
        targets = self.calibration.targets
        own = targets[(targets["measure"] == "routed") & (targets["subject"] == f"{facility_type}/own")]
        if own.empty:
            raise UsageError(f"targets.csv has no target 'routed' of {facility_type}/own to fit to")
        return float(own["value"].iloc[0]) * KILO


def _formal_share(bench: Bench, _subject: str) -> float:
    return PERCENT * bench.formal_share


def _informal_share(bench: Bench, _subject: str) -> float:
    """The national share, as every source has it."""
    return PERCENT * (1 - bench.formal_share)


def _collected(bench: Bench, _subject: str) -> float:
    return bench.formal_share * float(bench.first_supply["supply_tonnes_per_year"].sum()) / KILO


def _cascade_ceiling(bench: Bench, subject: str) -> float:
    """Most of what retires in a jurisdiction ("": all) that is collected and fit by its best test, %."""
    supply = bench.first_supply
    if subject:
        supply = supply[supply["jurisdiction"] == bench.jurisdiction(subject)]
    commodities = bench.instance["commodities"].set_index("commodity")
    made = bench.instance["recipe_outputs"].merge(bench.instance["recipe_inputs"], on="recipe")
    fit = made[made["commodity_x"].map(commodities["cascade_grade"]).astype(bool)]
    best = (fit["yield_units_per_tonne"] / fit["mass_share"]).groupby(fit["commodity_y"]).max()
    tonnes = supply["supply_tonnes_per_year"]
    share = supply["commodity"].map(best).astype(float).fillna(0.0)
    return PERCENT * bench.formal_share * float((tonnes * share).sum() / tonnes.sum())


def _margin(bench: Bench, subject: str) -> float:
    """What is left of the sales of a tonne bought, dismantled and leached at national cost, %.

    The subject is the commodity bought and, after semicolons, on whose terms: ``metal=price`` (CNY/t)
    instead of the instance's, ``metal-tonnes`` that a tonne holds and that are not bought with it.
    """
    instance = bench.instance
    subject, *terms = subject.split(";")
    only_known(subject, instance["supply"]["commodity"].unique().tolist(), "commodity that retires")
    prices = instance["offtake"].drop_duplicates("commodity").set_index("commodity")["price_cny_per_unit"]
    own = _amounts(terms, "=", list(prices.index))
    prices = prices.mask(prices.index.isin(own), pd.Series(own, dtype=float).reindex(prices.index))
    withheld = _amounts(terms, "-", list(prices.index))
    recipes = instance["recipes"].set_index("recipe")["cost_cny_per_tonne"]
    inputs = instance["recipe_inputs"].set_index("commodity")["recipe"]
    outputs = instance["recipe_outputs"]
    transfers = instance["transfers"]
    bought = transfers[(transfers["subject"] == subject) & (transfers["category"] == "scrap_purchase")]
    grade = set(instance["commodities"].loc[instance["commodities"]["cascade_grade"], "commodity"])

    def worth(commodity: str) -> tuple[float, float]:
        """Return sales and cost of a unit that is taken on by the recipe that makes no cascade grade."""
        sold = float(prices.get(commodity, 0.0))
        best = (sold, 0.0)
        for recipe in inputs[inputs.index == commodity]:
            made = outputs[outputs["recipe"] == recipe]
            if set(made["commodity"]) & grade:
                continue
            sales, cost = 0.0, float(recipes[recipe])
            for each, amount in zip(made["commodity"], made["yield_units_per_tonne"], strict=True):
                more, spent = worth(each)
                sales, cost = sales + amount * more, cost + amount * spent
            best = max(best, (sales, cost), key=lambda pair: pair[0] - pair[1])
        return best

    sales, cost = worth(subject)
    sales -= sum(tonnes * float(prices[metal]) for metal, tonnes in withheld.items())
    purchase = float(bought["cny_per_tonne"].sum())
    return PERCENT * (sales - cost - purchase) / sales


def _amounts(terms: Sequence[str], sign: str, known: list[str]) -> dict[str, float]:
    """Return commodity -> number of terms ``commodity<sign>number``; UsageError where one means nothing."""
    found = {}
    for term in terms:
        match = re.fullmatch(r"(\w+)([=-])(\d+(?:\.\d+)?)", term)
        if match is None:
            raise UsageError(
                f"targets.csv: {shown(term)!r} is no term of a margin (metal=price, metal-tonnes)"
            )
        if match[2] == sign:
            found[only_known(match[1], known, "commodity that is sold")] = float(match[3])
    return found


def _effective_capacity(bench: Bench, subject: str) -> float:
    kind, _, jurisdiction = subject.partition("@")
    table = bench.capacity
    meant = table["facility_type"] == bench.facility_type(kind)
    meant &= table["jurisdiction"] == bench.jurisdiction(jurisdiction)
    return float(table.loc[meant, "effective"].sum()) / KILO


def _retired_over_capacity(bench: Bench, subject: str) -> float:
    """Median over jurisdictions with capacity of what retires over nominal capacity, %."""
    table = bench.capacity[bench.capacity["facility_type"] == bench.facility_type(subject)]
    room = table.groupby("jurisdiction")["nominal"].sum()
    retired = bench.first_supply.groupby("jurisdiction")["supply_tonnes_per_year"].sum()
    return PERCENT * float((retired / room[room > 0]).median())


def _capacity_used(bench: Bench, subject: str) -> float:
    """What a plan processes at standing capacity of a facility type over its nominal capacity, %."""
    policy, _, kind = subject.partition("/")
    run = bench.run(policy)
    if run is None:
        return float("nan")
    sites = run.instance["sites"].set_index("site")
    of_kind = sites[sites["facility_type"] == bench.facility_type(kind)]
    loads = run.answer.facilities
    weights = run.instance.period_weights()
    share = loads["period"].map(weights).astype(float) / sum(weights.values())
    standing = (loads["size"] == "existing") & loads["site"].isin(of_kind.index)
    used = float((loads["load_tonnes_per_year"] * share)[standing].sum())
    return PERCENT * used / float(of_kind["existing_capacity_tonnes_per_year"].sum())


def _ledger(bench: Bench, subject: str) -> float:
    """What a category costs in a plan, or by how much more in one plan than in another, m CNY a year."""
    policies, _, category = subject.partition("/")
    first, _, second = policies.partition("-minus-")
    only_known(category, list(KIND_OF_CATEGORY), "category of the ledger")
    amounts = [_category(bench.run(policy), category) for policy in (first, second) if policy]
    return amounts[0] - (amounts[1] if second else 0.0)


def _category(run: Run | None, category: str) -> float:
    if run is None:
        return float("nan")
    amounts = annual_equivalent(run.ledger, run.instance.period_weights())
    return float(amounts[run.ledger["category"] == category].sum()) / MILLION


def _cascade_share(bench: Bench, subject: str) -> float:
    """What of all that retires a plan repurposes at a facility type, %."""
    policy, _, kind = subject.partition("/")
    run = bench.run(policy)
    if run is None:
        return float("nan")
    weights = run.instance.period_weights()
    kinds = run.instance["sites"].set_index("site")["facility_type"]
    runs, supply = run.answer.throughput, run.answer.supply
    done = runs["throughput_tonnes_per_year"] * runs["period"].map(weights).astype(float)
    retired = supply["retired_tonnes_per_year"] * supply["period"].map(weights).astype(float)
    meant = runs["site"].map(kinds) == bench.facility_type(kind)
    return PERCENT * float(done[meant].sum() / retired.sum())


def _routed(bench: Bench, subject: str) -> float:
    return float(bench.routed(subject).tonnes_per_year) / KILO


def _routed_km(bench: Bench, subject: str) -> float:
    return float(bench.routed(subject).mean_km)


def _routed_over_border(bench: Bench, subject: str) -> float:
    return PERCENT * float(bench.routed(subject).over_border)


def _without_capacity(bench: Bench, subject: str) -> float:
    return float(bench.routing(subject).without_capacity()[0])


def _retired_without_capacity(bench: Bench, subject: str) -> float:
    return PERCENT * bench.routing(subject).without_capacity()[1]


MEASURES: Final[dict[str, Callable[[Bench, str], float]]] = {
    "formal_share": _formal_share,
    "informal_share": _informal_share,
    "collected": _collected,
    "cascade_ceiling": _cascade_ceiling,
    "margin": _margin,
    "effective_capacity": _effective_capacity,
    "retired_over_capacity": _retired_over_capacity,
    "capacity_used": _capacity_used,
    "ledger": _ledger,
    "cascade_share": _cascade_share,
    "routed": _routed,
    "routed_km": _routed_km,
    "routed_over_border": _routed_over_border,
    "without_capacity": _without_capacity,
    "retired_without_capacity": _retired_without_capacity,
}
"""How the model's figure of a target is computed; a subject says for what."""


def calibrate(
    instance: Instance,
    runs: Mapping[str, Run] | None = None,
    options: SolveOptions | None = None,
    *,
    partial: bool = False,
) -> list[Compared]:
    """Return every target of an instance's calibration folder beside the model's figure.

    Parameters
    ----------
    instance
        With a folder ``calibration``.
    runs
        Runs by policy name, for targets that need a plan; without them these are not computed.
    options
        Of the solves of the routing rules (linear programs of a second each).
    partial
        Targets of policies without a run are not computed, instead of refused.

    Raises
    ------
    UsageError
        Where there is no calibration folder, a target names an unknown measure, policy or subject, or a
        run is not of what retires in the instance, at its formal share.
    InstanceError
        With every problem of the folder's tables.
    """
    tables = read_calibration(instance)
    bench = Bench(instance, tables, runs or {}, options or SolveOptions(), partial)
    for policy, run in bench.runs.items():
        if why := why_not_comparable(instance, run):
            raise UsageError(f"the run of {policy} is not comparable with {instance.name}: {why}")
    return [
        Compared(
            target=row["target"],
            figure=row["figure"],
            unit=row["unit"],
            kind=row["class"],
            source=row["source"],
            why=row["why"],
            model=MEASURES[only_known(row["measure"], list(MEASURES), "measure")](bench, row["subject"]),
            value=row["value"],
            low=row["low"],
            high=row["high"],
        )
        for row in tables.targets.to_dict("records")
    ]


def _first_supply(instance: Instance) -> pd.DataFrame:
    supply = instance["supply"]
    sources = instance["sources"].set_index("source")["location"]
    homes = instance["locations"].set_index("location")["jurisdiction"]
    first = supply[supply["period"] == instance.periods[0]]
    return first.assign(jurisdiction=first["source"].map(sources).map(homes))


def why_not_comparable(instance: Instance, run: Run) -> str:
    """Return why a run's figures say nothing of an instance, "" where they do; places may be others."""
    supply, sources = run.answer.supply, run.instance["sources"].set_index("source")["location"]
    homes = run.instance["locations"].set_index("location")["jurisdiction"]
    weights = run.instance.period_weights()
    share = supply["period"].map(weights).astype(float) / sum(weights.values())
    theirs = (
        (supply["retired_tonnes_per_year"] * share).groupby(supply["source"].map(sources).map(homes)).sum()
    )
    ours = _first_supply(instance).groupby("jurisdiction")["supply_tonnes_per_year"].sum()
    apart = theirs.sub(ours, fill_value=0.0).abs()
    if (apart > FLOW_TOLERANCE_TONNES * max(1.0, float(ours.max()))).any():
        return f"other tonnes retire in {shown(str(apart.idxmax()))}"
    if abs(run.formal_share - instance.settings.leakage.formal_share) > SHARE_TOLERANCE:
        return f"it starts from a formal share of {run.formal_share:.4g}"
    return ""


def calibration_markdown(compared: list[Compared]) -> str:
    """Return the table of targets, and in words why the model misses those that it does."""
    head = ("figure", "unit", "model", "source", "class", "error", "error, %")
    rows = [
        (
            markdown_text(each.figure),
            each.unit,
            NEEDS_RUNS if math.isnan(each.model) else _plain(each.model),
            each.published,
            each.kind,
            "" if math.isnan(each.error) else _signed(each.error),
            _relative(each),
        )
        for each in compared
    ]
    reasons = [
        f"* **{markdown_text(each.figure)}** ({markdown_text(each.source)})"
        + (f": {markdown_text(each.why)}" if each.why else "")
        for each in compared
    ]
    return table_markdown(head, rows) + "\n\n" + "\n".join(reasons) + "\n"


def _relative(each: Compared) -> str:
    if math.isnan(each.model) or math.isnan(each.value) or each.value == 0 or each.unit.startswith("%"):
        return ""
    return f"{PERCENT * each.error / each.value:+.1f}"


def _plain(number: float) -> str:
    """Return a number with three to five digits.

    Examples
    --------
    >>> _plain(0.03), _plain(8.5471), _plain(261.0), _plain(26.79)
    ('0.03', '8.55', '261', '26.8')
    """
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    return f"{round(number, digits) + 0.0:,.{digits}f}"


def _signed(number: float) -> str:
    text = _plain(number)
    return text if text.startswith("-") or float(text.replace(",", "")) == 0 else f"+{text}"
