"""The words of a picture: subtitle and footer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from netopt.data.folder import NOTICE_FILE
from netopt.data.notice import notice_of
from netopt.maps import style
from netopt.maps.moment import Moment
from netopt.maps.ways import ROAD_NOTICE, follows_roads

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.maps.basemap import BaseMap
    from netopt.maps.shipments import MapInput
    from netopt.solution.outcome import Outcome

_CREDITS = {
    "OpenStreetMap": "Road distances: © OpenStreetMap contributors, ODbL 1.0.",
    "GeoNames": "Coordinates: GeoNames, CC BY 4.0.",
    "Natural Earth": "Made with Natural Earth (public domain).",
}
_CURVES_DRAWN = "Routes: curves between places, not roads."
_ROADS_DRAWN = (
    "Routes: shortest ways over the roads of the instance, straight between junctions; "
    "what moves on one road is added up, both directions together; widths grow with the square root."
)


def subtitle(run: MapInput, retired_tonnes_per_year: float, collected_tonnes_per_year: float) -> list[str]:
    """Return the lines under the title: policy, instance, years; volume, share, cost interval."""
    about = run.instance.settings.instance
    first = f"Policy: {run.policy.title or run.policy.name} · {about.title} ({about.name}) · "
    first += _one_of(run.whole, run.period) if isinstance(run, Moment) else _years(run)
    share = collected_tonnes_per_year / retired_tonnes_per_year if retired_tonnes_per_year > 0 else 0.0
    volume = (
        f"{style.amount(collected_tonnes_per_year)} t/yr collected formally of "
        f"{style.amount(retired_tonnes_per_year)} t/yr retired ({share:.0%})"
    )
    is_part = isinstance(run, Moment) and len(run.whole.instance.periods) > 1
    of = " of all periods" if is_part else ""
    cost = "" if run.outcome is None else f" · {run.policy.perspective} {interval(run.outcome, of)}"
    return [first, volume + cost]


def _years(run: MapInput) -> str:
    """Return the years of the horizon and, where it has several periods, what is drawn of them."""
    periods = run.instance.settings.horizon.periods
    years = _span(periods[0].start_year, periods[-1].start_year + periods[-1].length_years - 1)
    if len(periods) == 1:
        return years
    return f"{years}: mean year of {len(periods)} periods, states as in the last"


def _one_of(run: MapInput, period: str) -> str:
    """Return which period is drawn, of how many, and its years."""
    periods = run.instance.settings.horizon.periods
    rank, own = next((rank, each) for rank, each in enumerate(periods, 1) if each.period == period)
    years = _span(own.start_year, own.start_year + own.length_years - 1)
    which = years if years == period else f"{period}, {years}"
    return f"{which}: period {rank} of {len(periods)}"


def _span(start: int, last: int) -> str:
    return str(start) if start == last else f"{start} to {last}"


def interval(outcome: Outcome, of: str = "") -> str:
    """Return the cost interval in words, million CNY a year; ``of`` says of what it is the cost."""
    upper = outcome.upper_bound_cny_per_year / 1e6
    lower = outcome.lower_bound_cny_per_year / 1e6
    gain = " (a gain)" if upper < 0 else ""
    if not math.isfinite(lower):
        return f"cost{of} at most {upper:,.2f} million CNY/yr{gain}, no lower bound proven"
    ends = list(dict.fromkeys([f"{lower:,.2f}", f"{upper:,.2f}"]))
    within = f"between {' and '.join(ends)}" if len(ends) == 2 else ends[0]
    return f"cost{of} {within} million CNY/yr{gain}, gap {outcome.gap:.2%} of gross cost"


def footer(run: MapInput, base_map: BaseMap | None, omitted: str) -> list[str]:
    """Return the lines at the foot: what was drawn how, from which sources, under which notices.

    Parameters
    ----------
    omitted
        What was left out of the picture, "" for nothing.
    """
    name = run.instance.name
    routes = _ROADS_DRAWN if follows_roads(run.instance) else _CURVES_DRAWN
    drawn = (
        "Computed, not observed traffic. Sources and assumptions of every figure: SOURCES.md of "
        f"instance {name}. {routes} Hauls inside one place have no line."
    )
    ground = (
        "No boundaries for this instance: places on a plain ground."
        if base_map is None
        else base_map.credit
    )
    if base_map is not None and base_map.approval_number:
        ground += f" Approval number: {base_map.approval_number}."
    return [
        " ".join(part for part in (drawn, omitted) if part),
        " ".join([ground, *credits_of(run.instance)]),
    ]


def credits_of(instance: Instance) -> list[str]:
    """Return the notices that an instance's data ask for, by its own ``LICENSE-DATA.md``.

    The file goes with every copy, whatever the copy is called. Sources that are not among those
    known here are left to the file, which is named.
    """
    notice, by_road = notice_of(instance), follows_roads(instance)
    credits_known = _CREDITS | ({"OpenStreetMap": f"{ROAD_NOTICE}."} if by_road else {})
    asked = f"{notice} OpenStreetMap" if by_road else notice
    known = [credit for source, credit in credits_known.items() if source in asked]
    return [*known, *([f"Licences of the data: {NOTICE_FILE}."] if notice else [])]
