"""A design to keep: what an earlier plan opened, added, closed and renewed at the same sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from netopt.data.problems import shown
from netopt.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from netopt.data.instance import Instance

DESIGN_COLUMNS: Final[dict[str, str]] = {
    "site": "str",
    "facility_type": "str",
    "size": "str",
    "period": "str",
    "opened": "bool",
    "expanded": "bool",
    "closed": "bool",
    "renewed": "bool",
    "operating": "bool",
    "kept_share": "float",
}
"""Columns and types of ``Design.decided``; ``kept_share`` is the share of the module in operation."""

EXISTING: Final = "existing"
_MOST_LISTED: Final = 20


@dataclass(frozen=True)
class Design:
    """What is opened, added, closed and renewed in every period, and what share operates.

    Attributes
    ----------
    run
        What the earlier run is called in messages: its folder as it was given.
    digest
        SHA-256 of that run's manifest, which lists the digests of all its files.
    decided
        Columns ``DESIGN_COLUMNS``, one row per module and period; what it does not list is not built.
    """

    run: str
    digest: str
    decided: pd.DataFrame

    def __eq__(self, other: object) -> bool:
        """Return whether it is the design of the same run."""
        return isinstance(other, Design) and self.digest == other.digest

    def __hash__(self) -> int:
        """Return a hash that agrees with equality."""
        return hash(self.digest)

    def __str__(self) -> str:
        """Return the words that every message and report uses."""
        return f"on the sites of {self.run}"


def refuse_foreign(design: Design, instance: Instance) -> None:
    """Refuse a design that is not of the instance's own sites, sizes and periods.

    Raises
    ------
    UsageError
        With every site and size of which the two do not agree.
    """
    problems = [*_other_periods(design, instance), *_other_sites(design, instance)]
    if problems:
        more = [f"and {len(problems) - _MOST_LISTED} more"] if len(problems) > _MOST_LISTED else []
        listed = "\n".join(f"  {problem}" for problem in [*problems[:_MOST_LISTED], *more])
        raise UsageError(f"the sites of {design.run} are not those of {instance.name}:\n{listed}")


def _other_periods(design: Design, instance: Instance) -> Iterator[str]:
    theirs = list(dict.fromkeys(design.decided["period"]))
    if set(theirs) != set(instance.periods):
        planned, asked = (", ".join(map(shown, periods)) for periods in (theirs, instance.periods))
        yield f"it plans for the periods {planned}; {instance.name} has {asked}"


def _other_sites(design: Design, instance: Instance) -> Iterator[str]:
    sites = {row["site"]: row for row in instance["sites"].to_dict("records")}
    can_be_built = {
        step
        for table in ("sizes", "expansions")
        for step in zip(instance[table]["facility_type"], instance[table]["size"], strict=True)
    }
    flags = design.decided[["opened", "expanded", "renewed", "operating"]]
    used = design.decided[flags.any(axis=1)].groupby(["site", "size", "facility_type"])["kept_share"].min()
    for site, size, facility_type, share in used.reset_index().itertuples(index=False, name=None):
        row = sites.get(site)
        if row is None:
            yield f"{shown(site)} is no site of {instance.name}"
        elif row["facility_type"] != facility_type:
            yield f"{shown(site)} is a {row['facility_type']} and not a {shown(facility_type)}"
        elif size == EXISTING:
            yield from _other_standing(row, share)
        elif (facility_type, size) not in can_be_built:
            yield f"{shown(site)} has size {shown(size)} there, which no {facility_type} has"
        elif not row["may_build"]:
            yield f"{shown(site)} has size {shown(size)} there, and nothing may be built at it here"
    known = set(design.decided.loc[design.decided["size"] == EXISTING, "site"])
    for site, row in sites.items():
        if _stands(row) and site not in known:
            yield f"at {shown(site)} a plant stands, and there none did"


def _other_standing(row: dict[Any, Any], share: float) -> Iterator[str]:
    if not _stands(row):
        yield f"at {shown(row['site'])} nothing stands, and there a plant did"
    elif 0 < share < 1 and not row["existing_divisible"]:
        yield f"{shown(row['site'])} keeps {share:.1%} of its capacity there, and is not divisible here"


def _stands(row: dict[Any, Any]) -> bool:
    return bool(row["existing_capacity_tonnes_per_year"] * row["effective_share"] > 0)
