"""A planner's control: sites that must operate, and sites that must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from netopt.policy.base import CONTROL, Direction, Ids, Lever, Reference, Year, register
from netopt.policy.effects import Effect, ForceSite

if TYPE_CHECKING:
    from netopt.data.instance import Instance


@register
class SiteChoice(Lever):
    """Force sites open, so that at least one whole module of each operates, or force them closed.

    Standing capacity of which a part may close counts as open when it operates whole. Where a site
    is closed nothing operates and nothing arrives.
    """

    name: ClassVar[str] = "site_choice"
    title: ClassVar[str] = "Choice of sites"
    direction: ClassVar[Direction] = Direction.RESTRICTS
    source: ClassVar[str] = CONTROL
    equation: ClassVar[str] = (
        "sum(operating) >= 1 at each open site; operating = 0 and flow into it = 0 at each closed one, "
        "in periods that start from from_year on and before until_year"
    )

    lever: Literal["site_choice"] = "site_choice"
    open: Ids = Field(default=(), description="Sites that must operate; empty: none.")
    closed: Ids = Field(default=(), description="Sites that must not; empty: none.")
    from_year: Year | None = Field(
        default=None, description="First year in which it holds; absent: from the start."
    )
    until_year: Year | None = Field(
        default=None, description="First year in which it no longer holds; absent: it always holds."
    )

    @model_validator(mode="after")
    def _says_something_once(self) -> SiteChoice:
        if not self.open and not self.closed:
            raise PydanticCustomError("no_site", "names no site: give open, closed or both")
        if both := sorted(set(self.open) & set(self.closed)):
            message = "{sites} cannot be both open and closed"
            hint = "keep it in one of the two, or give each its years in a lever of its own"
            raise PydanticCustomError("open_and_closed", message, {"sites": ", ".join(both), "hint": hint})
        if self.from_year is not None and self.until_year is not None and self.from_year >= self.until_year:
            message = "from_year must be before until_year"
            hint = "until_year is the first year in which it no longer holds"
            raise PydanticCustomError("years", message, {"hint": hint})
        return self

    def effects(self, instance: Instance) -> tuple[Effect, ...]:  # noqa: ARG002
        """Return one effect for each site."""
        years = (self.from_year, self.until_year)
        opened = (ForceSite(self.name, site, "open", *years) for site in self.open)
        closed = (ForceSite(self.name, site, "closed", *years) for site in self.closed)
        return (*opened, *closed)

    def references(self) -> tuple[Reference, ...]:
        """Return the sites that it names."""
        return (
            Reference("open", "sites", "site", self.open),
            Reference("closed", "sites", "site", self.closed),
        )
