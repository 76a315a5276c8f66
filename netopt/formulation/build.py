"""Say the model once: variables, one function per equation, the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.errors import StoppedError
from netopt.formulation.constraints import controls, facilities, flows, limits, strengthening
from netopt.formulation.model import Model
from netopt.formulation.objective import add_objective
from netopt.formulation.sets import Facts
from netopt.formulation.variables import add_variables

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from netopt.accounts import Perspective
    from netopt.network.network import Network

EQUATIONS: Final[dict[str, Callable[[Model, Facts], None]]] = {
    "supply_balance": flows.supply_balance,
    "leakage": flows.leakage,
    "return_balance": flows.return_balance,
    "facility_balance": flows.facility_balance,
    "conversion": flows.conversion,
    "storage_balance": flows.storage_balance,
    "storage_limit": flows.storage_limit,
    "module_load": facilities.module_load,
    "capacity_limit": facilities.capacity_limit,
    "minimum_throughput": facilities.minimum_throughput,
    "open_once": facilities.open_once,
    "expansion": facilities.expansion,
    "stay_open": facilities.stay_open,
    "closing": facilities.closing,
    "replacement": facilities.replacement,
    "market_limit": limits.market_limit,
    "disposal_limit": limits.disposal_limit,
    "offer_limit": limits.offer_limit,
    "emission_cap": limits.emission_cap,
    "share_rule": limits.share_rule,
    "forced_open": controls.forced_open,
    "site_count": controls.site_count,
    "single_sourcing": controls.single_sourcing,
    "strong_link": strengthening.strong_link,
}
"""Every equation by its tag, in the order of the mathematics of record."""

STRENGTHENING: Final[frozenset[str]] = frozenset({"strong_link"})
"""Equations that whole decisions satisfy anyway."""


def state_model(
    network: Network,
    perspective: Perspective,
    *,
    without: frozenset[str] = frozenset(),
    stop: Event | None = None,
) -> Model:
    """Return the model of a network: its decisions, rows and costs as arrays.

    Parameters
    ----------
    network
        Arcs, facilities, rules and prices.
    perspective
        Whose cost is minimised.
    without
        Tags of equations to leave out: for tests that show what each is for.
    stop
        Looked at before each equation.

    Raises
    ------
    StoppedError
        Where ``stop`` is set before the last equation is said.
    ValueError
        Where there is no equation of a tag in ``without``.
    """
    if unknown := without - EQUATIONS.keys():
        raise ValueError(f"no such equation: {', '.join(sorted(unknown))}")
    facts = Facts(network)
    model = Model(network.instance.name, pd.Index(list(facts.periods)))
    add_variables(model, facts)
    for tag, equation in EQUATIONS.items():
        if stop is not None and stop.is_set():
            raise StoppedError("interrupted before the model was built")
        if tag not in without:
            equation(model, facts)
    add_objective(model, facts, perspective)
    return model
