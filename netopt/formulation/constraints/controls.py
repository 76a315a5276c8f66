"""A planner's own controls: rows that exist only where a lever asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netopt.formulation.model import number_in, words

if TYPE_CHECKING:
    from netopt.formulation.model import Model
    from netopt.formulation.sets import Facts


def forced_open(model: Model, facts: Facts) -> None:
    """``sum(operating at site) >= 1`` where a site must be open: one whole module operates.

    Standing capacity that may close in part counts when all of it operates. Twin: tag
    ``forced_open``. Without it a plant that a planner has promised is never built.
    """
    forced = facts.network.forced_open
    if forced.empty:
        return
    rows = model.state("forced_open", words(forced["site"]), words(forced["period"]), by_period=False)
    rows.add(None, model["nothing"].columns())
    modules = facts.modules_at(number_in(facts.sites, forced["site"]))
    period = number_in(model.periods, forced["period"])[modules.entry]
    columns = model["operating"].columns(modules.member)[np.arange(len(modules.member)), period]
    rows.add(modules.entry, columns[:, None])
    rows.at_least(1.0)


def site_count(model: Model, facts: Facts) -> None:
    """``sum(whole) >= minimum`` and ``sum(in_use) <= maximum`` over the sites that a rule counts.

    ``operating <= in_use`` for each module, so that any part in operation counts; ``whole <=
    sum(operating at site)``, so that only a whole module does. Twin: tag ``site_count``. Without it
    a planner who wants three hubs gets thirty.
    """
    if facts.network.site_counts.empty:
        return
    _state_in_use(model, facts)
    _state_whole(model, facts)
    counts, counted = facts.network.site_counts, facts.network.counted_sites
    counts = counts.drop_duplicates(["rule", "bound"], keep="last")
    number = counts["n_sites"].to_numpy(dtype=float)
    is_least = (counts["bound"] == "minimum").to_numpy()
    rows = model.state("site_count", words(counts["rule"]), words(counts["bound"]))
    rows.add(None, model["nothing"].columns())
    for at, (rule, bound) in enumerate(counts[["rule", "bound"]].itertuples(index=False)):
        state = model["whole" if bound == "minimum" else "in_use"]
        sites = number_in(state.ids, counted.loc[counted["rule"] == rule, "site"])
        rows.add(np.full(len(sites), at), state.columns(sites))
    rows.at_least(np.where(is_least, number, -np.inf))
    rows.at_most(np.where(is_least, np.inf, number))


def _state_in_use(model: Model, facts: Facts) -> None:
    sites = model["in_use"].ids
    modules = facts.modules_at(number_in(facts.sites, sites))
    rows = model.state("site_in_use", words(facts.modules)[modules.member])
    rows.add(None, model["operating"].columns(modules.member))
    rows.add(None, model["in_use"].columns(modules.entry), -1.0)
    rows.at_most(0.0)


def _state_whole(model: Model, facts: Facts) -> None:
    sites = model["whole"].ids
    modules = facts.modules_at(number_in(facts.sites, sites))
    rows = model.state("site_whole", words(sites))
    rows.add(None, model["whole"].columns())
    rows.add(modules.entry, model["operating"].columns(modules.member), -1.0)
    rows.at_most(0.0)


def single_sourcing(model: Model, facts: Facts) -> None:
    """``sum(assigned) <= 1`` over the sites that a source may send a commodity to.

    ``flow from source to site <= collectable * assigned`` (t/yr), over modes. Twin: tag
    ``single_sourcing``. Without it a dealer's contract is split wherever a plant is full.
    """
    choices = facts.network.assignments
    if choices.empty:
        return
    assigned = model["assigned"]
    link = model.state("assignment_link", words(assigned.ids))
    sent = facts.arcs_of_assignment
    link.add(sent.entry, model["flow"].columns(sent.member))
    supply = number_in(pd.Index(facts.network.supplies["supply"]), facts.assignments["supply"])
    link.add(None, assigned.columns(), -facts.collectable[supply])
    link.at_most(0.0)
    groups = choices.groupby(["rule", "supply"])
    names = groups.size().index
    rows = model.state("single_sourcing", *(words(names.get_level_values(at)) for at in range(2)))
    rows.add(groups.ngroup().to_numpy(), assigned.columns(number_in(assigned.ids, choices["assignment"])))
    rows.at_most(1.0)
