"""Rows that no plan needs and every bound wants: they leave the optimum where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netopt.formulation.model import number_in
from netopt.formulation.sets import position_in

if TYPE_CHECKING:
    from netopt.formulation.model import Model
    from netopt.formulation.sets import Facts


def strong_link(model: Model, facts: Facts) -> None:
    """``flow from source into site <= sum(min(collectable, capacity) * operating)`` (t/yr).

    One row per source, commodity, site and period, over modes. Implied by ``capacity_limit`` for
    whole decisions; for fractional ones it is far tighter. A site that may store a commodity, or
    pass it on, can take in more of it than it processes, so there is no such row. Twin: tag
    ``capacity_limit``. Without it fractions of plants serve whole provinces and the bound is weak.
    """
    network, arcs = facts.network, facts.network.arcs
    passed_on = facts.arcs_at("from", "site").entry
    into = facts.goods.of(arcs["to_place"], arcs["commodity"])
    is_bound = (arcs["from_kind"] == "source") & (arcs["to_kind"] == "site")
    is_bound &= ~arcs["to_place"].isin(network.stores["site"]) & ~np.isin(into, passed_on)
    member = np.flatnonzero(is_bound)
    bound = arcs.iloc[member]
    ways = facts.ways.of(bound["from_place"], bound["commodity"], bound["to_place"])
    links, link_of = np.unique(ways, return_inverse=True)
    source, commodity, site = facts.ways.words(links)
    rows = model.state("strong_link", source, commodity, site)
    rows.add(link_of, model["flow"].columns(member))
    goods = facts.goods.of(pd.Series(source), pd.Series(commodity))
    supply = position_in(facts.goods.of(network.supplies["source"], network.supplies["commodity"]), goods)
    modules = facts.modules_at(number_in(facts.sites, pd.Index(site)))
    capacity = facts.of_module("capacity_tonnes_per_year")[modules.member, None]
    most = facts.collectable[supply[modules.entry]]
    # A part of a divisible module may serve one source in full.
    room = np.where(facts.divisible[modules.member, None], capacity, np.minimum(most, capacity))
    rows.add(modules.entry, model["operating"].columns(modules.member), -room)
    rows.at_most(0.0)
