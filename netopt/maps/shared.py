"""What runs must have in common to stand in one map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.maps.shipments import MapInput

SHARED_TABLES: Final = ("jurisdictions", "locations", "sources")
"""Tables that every map of several runs needs alike; a format may need more."""


def common_instance(runs: Mapping[str, MapInput], more_tables: Iterable[str] = ()) -> Instance:
    """Return the first run's instance, whose places, periods and ``more_tables`` all others have.

    Raises
    ------
    UsageError
        If there is no run, or another one differs.
    """
    if not runs:
        raise UsageError("there is no run to map")
    instance, *others = [run.instance for run in runs.values()]
    for other in others:
        for table in (*SHARED_TABLES, *more_tables):
            if not instance[table].reset_index(drop=True).equals(other[table].reset_index(drop=True)):
                raise UsageError(f"the runs are of instances with different {table}: map them apart")
        if instance.periods != other.periods:
            raise UsageError("the runs are of instances with different periods: map them apart")
    return instance
