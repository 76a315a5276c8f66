"""The chart of accounts: categories, kinds, actors and perspectives of the one ledger.

Every yuan that the network causes is a row ``payer -> payee``. Which rows count in an objective
is a matter of perspective, never of bookkeeping.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a ledger category is, economically."""

    RESOURCE = "resource"
    EXTERNALITY = "externality"
    TRANSFER = "transfer"
    PENALTY = "penalty"


class Actor(StrEnum):
    """Who pays or is paid."""

    FORMAL_CHAIN = "formal_chain"
    INFORMAL_CHANNEL = "informal_channel"
    CONSUMERS = "consumers"
    LOCAL_GOVERNMENT = "local_government"
    CENTRAL_GOVERNMENT = "central_government"
    PUBLIC = "public"
    SUPPLIERS = "suppliers"
    BUYERS = "buyers"
    NATURE = "nature"


class Perspective(StrEnum):
    """Whose cost an objective is."""

    SOCIAL = "social"
    PRIVATE = "private"


KIND_OF_CATEGORY: Final[dict[str, Kind]] = {
    "collection": Kind.RESOURCE,
    "purchases": Kind.RESOURCE,
    "imports": Kind.RESOURCE,
    "testing": Kind.RESOURCE,
    "haulage": Kind.RESOURCE,
    "loading": Kind.RESOURCE,
    "capital": Kind.RESOURCE,
    "fixed": Kind.RESOURCE,
    "processing": Kind.RESOURCE,
    "storage": Kind.RESOURCE,
    "delay": Kind.RESOURCE,
    "compliance": Kind.RESOURCE,
    "platform": Kind.RESOURCE,
    "disposal": Kind.RESOURCE,
    "end_of_life": Kind.RESOURCE,
    "recovered_metals": Kind.RESOURCE,
    "second_life": Kind.RESOURCE,
    "exports": Kind.RESOURCE,
    "informal_processing": Kind.RESOURCE,
    "informal_recovery": Kind.RESOURCE,
    "emissions": Kind.EXTERNALITY,
    "informal_damage": Kind.EXTERNALITY,
    "informal_emissions": Kind.EXTERNALITY,
    "scrap_purchase": Kind.TRANSFER,
    "gate_fee": Kind.TRANSFER,
    "rebate": Kind.TRANSFER,
    "fine": Kind.TRANSFER,
    "local_tax": Kind.TRANSFER,
    "levy": Kind.TRANSFER,
    "duty": Kind.TRANSFER,
    "carbon_price": Kind.TRANSFER,
    "subsidy": Kind.TRANSFER,
    "target_shortfall": Kind.PENALTY,
    "unserved": Kind.PENALTY,
}
"""Every category of the ledger with its kind; revenue is a negative resource cost."""

INFORMAL_CATEGORIES: Final[frozenset[str]] = frozenset(
    {"informal_processing", "informal_recovery", "informal_damage", "informal_emissions"}
)


def weight_in(perspective: Perspective, category: str, payer: str, payee: str) -> float:
    """Return how much one yuan of a ledger row counts in a perspective's objective.

    ``social`` counts resource costs, externalities and penalties, whoever pays: transfers net
    out. ``private`` counts what crosses the formal chain's boundary (resource costs, transfers
    and penalties that it pays, minus what it is paid).

    Parameters
    ----------
    perspective, category, payer, payee
        Names from this module.

    Returns
    -------
    float
        1, 0 or -1 (yuan of objective per yuan of ledger).

    Examples
    --------
    >>> weight_in(Perspective.SOCIAL, "haulage", "formal_chain", "suppliers")
    1.0
    >>> weight_in(Perspective.SOCIAL, "scrap_purchase", "formal_chain", "consumers")
    0.0
    >>> weight_in(Perspective.PRIVATE, "gate_fee", "consumers", "formal_chain")
    -1.0
    """
    kind = KIND_OF_CATEGORY[category]
    if perspective is Perspective.SOCIAL:
        return 0.0 if kind is Kind.TRANSFER else 1.0
    if kind is Kind.EXTERNALITY:
        return 0.0
    return float(payer == Actor.FORMAL_CHAIN) - float(payee == Actor.FORMAL_CHAIN)


def counts_as_gross(category: str, cny_per_year: float) -> bool:
    """Return whether a ledger row is part of the gross cost, the denominator of every gap.

    Gross cost is what the formal network costs before revenue: positive resource costs and
    externalities outside the informal channel. Penalties, transfers and revenues stay out, so
    that neither a large penalty nor a net figure near zero can flatter a gap.

    Examples
    --------
    >>> counts_as_gross("haulage", 5.0), counts_as_gross("recovered_metals", -5.0)
    (True, False)
    """
    kind = KIND_OF_CATEGORY[category]
    is_cost = kind in (Kind.RESOURCE, Kind.EXTERNALITY)
    return is_cost and category not in INFORMAL_CATEGORIES and cny_per_year > 0
