"""Controls that contradict each other or the tables whatever the plan: no solver is needed to say so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from netopt.errors import Problem
from netopt.policy.in_force import periods_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from netopt.data.instance import Instance
    from netopt.policy.effects import CountSites, ForceSite, Ids


@dataclass(frozen=True)
class Controls:
    """The rules on single sites and on numbers of sites, on an instance.

    Attributes
    ----------
    forced, counts
        All of a policy, each once.
    instance
        What they are about.
    where
        What problems are said to be in.
    """

    forced: Sequence[ForceSite]
    counts: Sequence[CountSites]
    instance: Instance
    where: str

    def problems(self) -> list[Problem]:
        """Return one problem for each contradiction that a plan is not needed for."""
        return [
            *self._open_and_closed(),
            *self._never_open(),
            *self._no_number_left(),
            *self._too_few_sites(),
            *self._too_many_open(),
        ]

    def _open_and_closed(self) -> Iterator[Problem]:
        """Find each site that is to be open and closed in one period."""
        for site in sorted({rule.site for rule in self.forced}):
            both = [
                period
                for period in self.instance.periods
                if {site} <= self._forced("open", period) & self._forced("closed", period)
            ]
            if both:
                message = f"{site} is to be open and closed at once in {', '.join(both)}"
                yield self._problem("site_choice", site, message, "keep one of them")

    def _never_open(self) -> Iterator[Problem]:
        """Find each site that is to be open, where nothing stands and nothing may be built."""
        named = {rule.site for rule in self.forced if rule.state == "open"}
        for site in sorted(named - self._possible_sites if named else named):
            message = f"{site} is to be open, but nothing stands there and nothing may be built"
            yield self._problem("site_choice", site, message, "set may_build in sites.csv, or leave it out")

    def _no_number_left(self) -> Iterator[Problem]:
        """Find each set of sites whose bounds leave no number between them."""
        alike: dict[tuple[object, ...], list[CountSites]] = {}
        for rule in self.counts:
            alike.setdefault((rule.lever, rule.facility_types, rule.jurisdictions), []).append(rule)
        for rules in alike.values():
            low = max((rule.minimum for rule in rules if rule.minimum is not None), default=None)
            high = min((rule.maximum for rule in rules if rule.maximum is not None), default=None)
            if low is not None and high is not None and low > high:
                named = " and ".join(rule.rule for rule in rules)
                message = f"{named}: minimum {low} is above maximum {high}"
                hint = "lower the minimum or raise the maximum"
                yield self._problem(rules[0].lever, rules[0].rule, message, hint)

    def _too_few_sites(self) -> Iterator[Problem]:
        """Find each minimum above the number of sites that could operate at all."""
        for rule in self.counts:
            least = rule.minimum or 0
            for period in self.instance.periods if least else []:
                could = self._counted(rule) & self._possible_sites - self._forced("closed", period)
                if len(could) < least:
                    message = f"{rule.rule}: only {len(could)} such sites could operate in {period}"
                    hint = "lower the minimum, or let more be built"
                    yield self._problem(rule.lever, rule.rule, message, hint)
                    break

    def _too_many_open(self) -> Iterator[Problem]:
        """Find each maximum below the number of sites that are to be open."""
        for rule in self.counts:
            if rule.maximum is None:
                continue
            for period in self.instance.periods:
                must = sorted(self._counted(rule) & self._forced("open", period))
                if len(must) > rule.maximum:
                    named = ", ".join(must)
                    message = f"{rule.rule}: {len(must)} such sites are to be open in {period}: {named}"
                    yield self._problem(rule.lever, rule.rule, message, "raise the maximum or open fewer")
                    break

    def _forced(self, state: str, period: str) -> set[str]:
        return {
            rule.site
            for rule in self.forced
            if rule.state == state and period in periods_in_force(rule, self.instance)
        }

    @cached_property
    def _possible_sites(self) -> set[str]:
        """Return the sites where something stands or may be built."""
        sites = self.instance["sites"]
        stands = sites["existing_capacity_tonnes_per_year"].fillna(0.0) * sites["effective_share"] > 0
        return set(sites.loc[stands | sites["may_build"].astype(bool), "site"])

    def _counted(self, rule: CountSites) -> set[str]:
        sites = self.instance["sites"]
        home = sites["location"].map(self.instance["locations"].set_index("location")["jurisdiction"])
        meant = _among(sites["facility_type"], rule.facility_types) & _among(home, rule.jurisdictions)
        return set(sites.loc[meant, "site"])

    def _problem(self, lever: str, value: str, message: str, hint: str) -> Problem:
        return Problem(self.where, None, lever, "contradictory_levers", value, message, hint)


def _among(values: pd.Series, ids: Ids) -> pd.Series:
    """Return which values are among ids; all where there are none."""
    return values.isin(ids or values)


def idle_levers(forced: Sequence[ForceSite], instance: Instance) -> list[str]:
    """Return in words which rules on sites hold in no period of an instance.

    Parameters
    ----------
    forced
        Rules of a composed policy.
    instance
        Its periods count by their first year.
    """
    starts = [period.start_year for period in instance.settings.horizon.periods]
    years = f"{min(starts)}" if len(set(starts)) == 1 else f"{min(starts)} to {max(starts)}"
    where = f"in no period of {instance.name}: they start in {years}"
    return [
        f"{rule.lever} ({rule.site} {rule.state}) holds {where}"
        for rule in forced
        if not periods_in_force(rule, instance)
    ]
