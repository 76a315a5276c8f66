"""The decisions of the model, under the names of the mathematics of record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from netopt.formulation.model import Model
    from netopt.formulation.sets import Facts


def add_variables(model: Model, facts: Facts) -> None:
    """Declare every variable, each indexed by an id of the network and a period.

    ``flow`` (units/yr by arc), ``throughput`` (t/yr by activity), ``loads`` (t/yr by module),
    ``operating``, ``opened``, ``expanded``, ``closed``, ``renewed`` (binary by module; what a
    divisible module keeps, closes or adds is a share of it),
    ``in_use``, ``whole`` (binary by site that is counted), ``assigned`` (binary by assignment),
    ``stored`` (units by store), ``leaked``, ``unserved`` (t/yr by supply), ``shortfall``
    (t/yr by soft rule). Where an arc or a site is closed or nothing may be built, the variable is
    fixed at 0, as is ``closed`` where it may not be; what ``network.held`` lists keeps to its range.
    """
    network = facts.network
    ids = {
        name: pd.Index(getattr(network, name).iloc[:, 0])
        for name in ("arcs", "activities", "modules", "stores", "supplies")
    }
    modules, whole = ids["modules"], ~facts.divisible
    built, built_whole = modules[facts.built], whole[facts.built]
    is_open = facts.by_period(network.open_arcs, "arcs") > 0
    model.decide("flow", ids["arcs"], upper=np.where(is_open, np.inf, 0.0))
    model.decide("throughput", ids["activities"])
    model.decide("loads", modules)
    model.decide("operating", modules, upper=facts.by_period(network.may_operate, "modules"), whole=whole)
    model.decide("closed", modules, upper=_may_close(facts), whole=whole)
    may_build = facts.by_period(network.may_build, "modules")[facts.built]
    may_open = facts.by_period(network.may_open, "modules")[facts.built]
    model.decide("opened", built, upper=may_open, whole=True)
    model.decide("expanded", built, upper=may_build, whole=built_whole)
    # Expansions outlast the horizon: none is renewed.
    model.decide("renewed", built, upper=built_whole, whole=True)
    _add_control_variables(model, facts)
    model.decide("stored", ids["stores"])
    model.decide("leaked", ids["supplies"])
    may_stay = network.instance.settings.prices.unserved_cny_per_tonne is not None
    model.decide("unserved", ids["supplies"], upper=np.inf if may_stay else 0.0)
    is_soft = network.rules["penalty_cny_per_tonne"].notna()
    model.decide("shortfall", pd.Index(network.rules.loc[is_soft, "rule"]))
    # Keeps a side rule a row of the model where nothing can contribute to it.
    model.decide("nothing", pd.Index([""]), upper=0.0, by_period=False)
    _hold(model, network.held)


def _hold(model: Model, held: pd.DataFrame) -> None:
    """Bound what is held; what is held to one value is no whole decision any more.

    With all of a design held the model is a linear program. As integers, fixed columns beside shares held
    to within less than its tolerance of 1e-6 make HiGHS's branch and bound call it infeasible.
    """
    for name, rows in held.groupby("family"):
        family = model[str(name)]
        at = np.unravel_index(
            family.numbered(rows["index"], rows["period"]) - family.first, family.lower.shape
        )
        lower, upper = (rows[side].to_numpy(dtype=float) for side in ("lower", "upper"))
        family.lower[at] = lower
        family.upper[at] = np.minimum(family.upper[at], upper)
        family.is_integer[at] &= lower != upper


def _add_control_variables(model: Model, facts: Facts) -> None:
    """Declare what only a planner's controls speak of; without such levers there is none of it."""
    model.decide("in_use", facts.sites_counted("maximum"), upper=1.0, whole=True)
    model.decide("whole", facts.sites_counted("minimum"), upper=1.0, whole=True)
    model.decide("assigned", pd.Index(facts.assignments["assignment"]), upper=1.0, whole=True)


def _may_close(facts: Facts) -> np.ndarray:
    """Return which modules may close: none where plants may not, nor an expansion without resale."""
    may_close = facts.network.instance.settings.capital.may_close
    is_resold = facts.of_module("resale_share") >= 0
    return np.where(facts.expansions, is_resold, may_close)
