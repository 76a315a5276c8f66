"""The closed vocabulary of what a policy can do to a network.

A lever states effects and nothing else. The same statement builds the constraint, prices the
arc, checks the answer and explains an infeasibility. Ids in an effect are ids of the instance's
tables; an empty tuple means "all". Effects are values: order never matters (see ``compose``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Ids = tuple[str, ...]

TARGET_ACCOUNT: Final = ("target_shortfall", "formal_chain", "central_government")
"""Category, payer and payee of the price of what is missing of a target."""


@dataclass(frozen=True)
class Reclassify:
    """Haul ``commodities`` as ``goods_class`` instead of the class in commodities.csv."""

    lever: str
    commodities: Ids
    goods_class: Literal["ordinary", "class9", "hazardous"]


@dataclass(frozen=True)
class ForbidOperators:
    """Keep operators that are not local, nor exempt, out of a jurisdiction.

    ``action`` ``open`` forbids opening and expanding; ``receive`` forbids every arc into their
    facilities. It holds in periods that start before ``until_year`` (None: always).
    """

    lever: str
    jurisdiction: str
    action: Literal["open", "receive"]
    facility_types: Ids = ()
    exempt_operators: Ids = ()
    until_year: int | None = None


@dataclass(frozen=True)
class ForbidHauls:
    """Close every haul of ``commodities`` on ``legs`` by ``modes``, or only those above a length.

    ``longer_than_km`` None closes them whatever their length. With ``crossing`` only hauls over a
    border between jurisdictions are meant, out of ``from_jurisdictions`` and into
    ``to_jurisdictions``. A sale at the gate is no haul.
    """

    lever: str
    commodities: Ids = ()
    legs: Ids = ()
    modes: Ids = ()
    longer_than_km: float | None = None
    crossing: bool = False
    from_jurisdictions: Ids = ()
    to_jurisdictions: Ids = ()


@dataclass(frozen=True)
class ForceSite:
    """Keep a site open (a whole module operates) or closed (none does, and nothing arrives).

    It holds in periods that start from ``from_year`` on (None: from the first) and before
    ``until_year`` (None: to the last).
    """

    lever: str
    site: str
    state: Literal["open", "closed"]
    from_year: int | None = None
    until_year: int | None = None


@dataclass(frozen=True)
class CountSites:
    """Bound how many sites of ``facility_types`` in ``jurisdictions`` operate, in every period.

    Towards ``maximum`` a site counts where any part of it operates, towards ``minimum`` where its
    operating modules add up to one that is whole. None: no bound.
    """

    lever: str
    minimum: int | None = None
    maximum: int | None = None
    facility_types: Ids = ()
    jurisdictions: Ids = ()

    @property
    def rule(self) -> str:
        """Name of the rule: what is counted and the bounds."""
        what = ", ".join(self.facility_types) or "all"
        where = f" in {', '.join(self.jurisdictions)}" if self.jurisdictions else ""
        bounds = (("at least", self.minimum), ("at most", self.maximum))
        said = " and ".join(f"{words} {number}" for words, number in bounds if number is not None)
        return f"{self.lever}[{what}{where}: {said}]"


@dataclass(frozen=True)
class SingleSource:
    """Let every source send ``commodities`` to at most one site of ``facility_types`` a period."""

    lever: str
    commodities: Ids = ()
    facility_types: Ids = ()

    @property
    def rule(self) -> str:
        """Name of the rule: which goods go to one site of which types."""
        what = ", ".join(self.commodities) or "all"
        where = f" to {', '.join(self.facility_types)}" if self.facility_types else ""
        return f"{self.lever}[{what}{where}]"


@dataclass(frozen=True)
class CollectionCharge:
    """Charge every formally collected tonne of ``commodities`` once, as it leaves its source."""

    lever: str
    category: str
    cny_per_tonne: float
    commodities: Ids = ()


@dataclass(frozen=True)
class FacilityCharge:
    """Charge every operating facility of ``facility_types`` a sum a year, per operating module."""

    lever: str
    category: str
    cny_per_year: float
    facility_types: Ids = ()


@dataclass(frozen=True)
class StorageCharge:
    """Charge what is stored, per tonne and year."""

    lever: str
    category: str
    cny_per_tonne_year: float
    commodities: Ids = ()


@dataclass(frozen=True)
class NarrowGap:
    """Make the formal channel better by ``cny_per_pack`` against the informal one for consumers.

    The gap between the offers falls by it at every one of ``sources`` in ``jurisdictions``; several
    add up.
    """

    lever: str
    cny_per_pack: float
    jurisdictions: Ids = ()
    sources: Ids = ()


@dataclass(frozen=True)
class Transfer:
    """A payment of one actor to another, of a category of the ledger."""

    lever: str
    category: str
    payer: str
    payee: str

    @property
    def parties(self) -> tuple[str, str]:
        """Who pays and who is paid."""
        return self.payer, self.payee

    @property
    def account(self) -> tuple[str, str, str]:
        """Category, payer and payee."""
        return self.category, self.payer, self.payee


@dataclass(frozen=True)
class SupplyTransfer(Transfer):
    """Pay a transfer on every tonne that a source gives to one of the channels.

    ``basis`` ``collected`` is what leaves the sources formally, ``leaked`` what they give to the
    informal channel; ``jurisdictions`` are those of the sources.
    """

    cny_per_tonne: float
    basis: Literal["collected", "leaked"]
    jurisdictions: Ids = ()


@dataclass(frozen=True)
class RunTransfer(Transfer):
    """Pay a transfer on every tonne that facilities take in.

    They are those of ``facility_types`` in ``jurisdictions``, whatever recipe they run.
    """

    cny_per_tonne: float
    facility_types: Ids = ()
    jurisdictions: Ids = ()


@dataclass(frozen=True)
class CapacityTransfer(Transfer):
    """Pay a transfer a year on every tonne a year that operating modules could take in."""

    cny_per_tonne_capacity: float
    facility_types: Ids = ()
    jurisdictions: Ids = ()


@dataclass(frozen=True)
class CapitalTransfer(Transfer):
    """Pay a transfer of ``share`` of what is invested, whenever an annuity is due."""

    share: float
    facility_types: Ids = ()
    jurisdictions: Ids = ()


@dataclass(frozen=True)
class BorderTransfer(Transfer):
    """Pay a transfer on every tonne of ``commodities`` that is hauled over a border.

    ``direction`` ``out`` means what leaves ``jurisdictions``, ``in`` what enters them; the row of the
    ledger is theirs.
    """

    cny_per_tonne: float
    direction: Literal["out", "in"]
    commodities: Ids = ()
    jurisdictions: Ids = ()


@dataclass(frozen=True)
class TradeTransfer(Transfer):
    """Pay a transfer on every tonne of ``commodities`` that is imported or exported."""

    cny_per_tonne: float
    trade: Literal["imports", "exports"]
    commodities: Ids = ()


@dataclass(frozen=True)
class EmissionTransfer(Transfer):
    """Pay a transfer on every tonne of CO2e that hauls and recipes of the formal network emit."""

    cny_per_tonne_co2e: float


@dataclass(frozen=True)
class MoreOutlets:
    """Run ``share`` more collection outlets at ``sources`` in ``jurisdictions``, each as dear."""

    lever: str
    share: float
    jurisdictions: Ids = ()
    sources: Ids = ()


@dataclass(frozen=True)
class CrossingDelay:
    """Hold a battery for ``days`` the first time it leaves its province of origin.

    Only undismantled commodities are held. Several delays do not add up: the one with the
    highest cost per tonne counts. The share of crossings that ``DelayExemption`` frees is not held.
    """

    lever: str
    days: float
    cny_per_tonne_day: float

    @property
    def cny_per_tonne(self) -> float:
        """Cost of one held tonne."""
        return self.days * self.cny_per_tonne_day


@dataclass(frozen=True)
class DelayExemption:
    """Let ``share`` of cross-border tonnes move without delay; of several, the largest counts."""

    lever: str
    share: float


@dataclass(frozen=True)
class JurisdictionCharge:
    """Charge ``cny_per_year`` once for every id in ``jurisdictions`` ("" is the nation)."""

    lever: str
    category: str
    cny_per_year: float
    jurisdictions: Ids


@dataclass(frozen=True)
class Mass:
    """A mass, in tonnes a year, that a side rule may speak of.

    ``measure`` is one of

    * ``retired``: supply of ``commodities`` at sources in ``origins`` (a constant);
    * ``collected``: what leaves those sources formally;
    * ``eligible``: what is collected times the share of it that is fit for cascade use, whether it
      is tested or not: all of a cascade-grade commodity; of another, the most that a recipe without
      cascade-grade input makes of it, at once or step by step, per tonne of the recipe's input;
    * ``processed``: undismantled mass that facilities of ``facility_types`` in ``jurisdictions``
      take in minus the undismantled mass they give out, of packs that retired in ``origins``.
      A hub processes nothing, a dismantler all of its input, a cascade plant all but its rejects;
    * ``throughput``: what recipes at facilities of ``facility_types`` in ``jurisdictions`` take in,
      whatever it is;
    * ``capacity``: what operating modules of such facilities could take in;
    * ``invested``: annuities of their modules that are due, in CNY a year before any transfer;
    * ``emitted``: what recipes at facilities in ``jurisdictions``, and hauls that start there, emit in
      the formal network, in t CO2e a year;
    * ``contained`` and ``recovered``: what the inputs and what the outputs of recipes at facilities of
      ``facility_types`` in ``jurisdictions`` hold of ``metal`` (``metal_contents``);
    * ``imported`` and ``exported``: what is bought from vendors under the category ``imports`` and sold
      to markets under ``exports``;
    * ``given``: ``tonnes_per_year``, the bound of a cap.

    ``origins`` are jurisdictions of sources, ``jurisdictions`` those of facilities; ``()`` is all.
    ``commodities`` are retired commodities; in ``processed`` they stand for the undismantled
    commodities that come from them and from no others (``policy.descent``), taken in and given out.
    Naming origins of what is processed makes the network track them. Packs that return from
    second life count as none of these origins, except that where all origins are meant their mass
    counts in ``collected``, ``eligible``, ``processed``.
    """

    measure: Literal[
        "retired",
        "collected",
        "eligible",
        "processed",
        "throughput",
        "capacity",
        "invested",
        "emitted",
        "contained",
        "recovered",
        "imported",
        "exported",
        "given",
    ]
    commodities: Ids = ()
    facility_types: Ids = ()
    jurisdictions: Ids = ()
    origins: Ids = ()
    tonnes_per_year: float = 0.0
    metal: str = ""


@dataclass(frozen=True)
class ShareRule:
    """Demand ``part >= share * whole`` in every period, in tonnes a year (of ``invested``: CNY a year).

    A cap is such a rule too: ``given >= whole``. Its shortfall is what exceeds the cap.
    ``penalty_cny_per_tonne`` None makes the rule hard; otherwise a shortfall is paid for on
    ``account`` (category, payer, payee): of a target as its penalty, of a budget back to who paid, in
    proportion where it was paid.
    """

    lever: str
    rule: str
    part: Mass
    whole: Mass
    share: float
    penalty_cny_per_tonne: float | None = None
    account: tuple[str, str, str] = TARGET_ACCOUNT

    @property
    def is_target(self) -> bool:
        """Whether missing it is a failure, rather than what ends a payment."""
        return self.account == TARGET_ACCOUNT

    @property
    def is_cap(self) -> bool:
        """Whether the rule says how much there may be at most."""
        return self.part.measure == "given"


Effect = (
    Reclassify
    | ForbidOperators
    | ForbidHauls
    | ForceSite
    | CountSites
    | SingleSource
    | CollectionCharge
    | FacilityCharge
    | StorageCharge
    | NarrowGap
    | SupplyTransfer
    | RunTransfer
    | CapacityTransfer
    | CapitalTransfer
    | BorderTransfer
    | TradeTransfer
    | EmissionTransfer
    | MoreOutlets
    | CrossingDelay
    | DelayExemption
    | JurisdictionCharge
    | ShareRule
)


@dataclass(frozen=True)
class Effects:
    """All effects of a policy, composed: the only thing the network learns of a policy.

    Attributes
    ----------
    goods_class
        Commodity id -> class, where a lever reclassifies it.
    delay_cny_per_tonne
        Cost of a tonne's first departure from its province of origin, after exemptions.
    tracked_origins
        Jurisdictions whose batteries must be told apart until they are dismantled, sorted.
    """

    goods_class: dict[str, str] = field(default_factory=dict)
    forbidden_operators: tuple[ForbidOperators, ...] = ()
    forbidden_hauls: tuple[ForbidHauls, ...] = ()
    forced_sites: tuple[ForceSite, ...] = ()
    site_counts: tuple[CountSites, ...] = ()
    single_sources: tuple[SingleSource, ...] = ()
    collection_charges: tuple[CollectionCharge, ...] = ()
    facility_charges: tuple[FacilityCharge, ...] = ()
    storage_charges: tuple[StorageCharge, ...] = ()
    jurisdiction_charges: tuple[JurisdictionCharge, ...] = ()
    narrowed_gaps: tuple[NarrowGap, ...] = ()
    supply_transfers: tuple[SupplyTransfer, ...] = ()
    run_transfers: tuple[RunTransfer, ...] = ()
    capacity_transfers: tuple[CapacityTransfer, ...] = ()
    capital_transfers: tuple[CapitalTransfer, ...] = ()
    border_transfers: tuple[BorderTransfer, ...] = ()
    trade_transfers: tuple[TradeTransfer, ...] = ()
    emission_transfers: tuple[EmissionTransfer, ...] = ()
    more_outlets: tuple[MoreOutlets, ...] = ()
    delay_cny_per_tonne: float = 0.0
    share_rules: tuple[ShareRule, ...] = ()
    tracked_origins: Ids = ()

    @property
    def tracks_departures(self) -> bool:
        """Whether the network must know if a battery has left its province of origin."""
        return self.delay_cny_per_tonne > 0

    @property
    def controls(self) -> Ids:
        """Levers of a planner's controls that are in force, sorted."""
        hauls = {rule.lever for rule in self.forbidden_hauls}
        sites = {rule.lever for rule in self.forced_sites}
        counts = {rule.lever for rule in self.site_counts}
        singles = {rule.lever for rule in self.single_sources}
        return tuple(sorted(hauls | sites | counts | singles))
