"""Green field: the same instance as if no plant stood yet, and every site could be built on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from netopt.data.digest import digest

if TYPE_CHECKING:
    from netopt.data.instance import Instance

_IN_TITLE: Final = "; greenfield: no plant stands, every site may be built on"


def as_greenfield(instance: Instance) -> Instance:
    """Return the instance without existing plants, in which every site may be built on.

    No capacity stands, so none has a fixed cost that closing would avoid, and the capital of whatever
    is built counts in full, as annuities, where plants that stand have sunk it. ``may_build`` holds at
    every site whose facility type has sizes. All else stays; the title says what it is.

    Parameters
    ----------
    instance
        Any; a green field stays as it is.

    Examples
    --------
    >>> import netopt
    >>> empty = netopt.as_greenfield(netopt.read_instance("toy"))
    >>> float(empty["sites"]["existing_capacity_tonnes_per_year"].sum())
    0.0
    """
    sites = instance["sites"]
    cleared = sites.assign(
        existing_capacity_tonnes_per_year=0.0,
        existing_fixed_cny_per_year=0.0,
        existing_divisible=False,
        may_build=sites["facility_type"].isin(instance["sizes"]["facility_type"]),
    )
    added = instance["expansions"].assign(standing_tonnes_per_year=0.0)
    tables = {**instance.tables, "sites": cleared, "expansions": added}
    about = instance.settings.instance
    title = about.title.removesuffix(_IN_TITLE) + _IN_TITLE
    settings = instance.settings.model_copy(update={"instance": about.model_copy(update={"title": title})})
    return replace(instance, settings=settings, tables=tables, digest=digest(settings, tables))
