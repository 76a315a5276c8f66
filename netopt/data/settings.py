"""The settings of an instance (``instance.toml``): money, horizon, distances, leakage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from netopt.data.texts import Line, Lines

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class _Settings(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, strict=True, use_attribute_docstrings=True
    )


class About(_Settings):
    """What the instance is, and in which money it counts; only the description may have line breaks."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """Short name: small letters, digits and hyphens."""
    title: Line
    """Title, on one line."""
    description: Lines = ""
    """What is planned, and where the figures come from."""
    currency: Literal["CNY"]
    """Money of all prices and costs."""
    price_year: Annotated[int, Field(ge=1990, le=2100)]
    """Year whose prices all money is in."""
    price_basis: Line
    """What the prices include: taxes, inflation, their sources."""
    scenario: Line | None = None
    """Scenarios of scenarios.csv that were taken, joined by " + "; blank: none."""


class Period(_Settings):
    """A year or block of years; every quantity in it is a yearly rate."""

    period: Annotated[Line, Field(min_length=1)]
    """Id of the period, which supply, offtake and offers name."""
    start_year: Annotated[int, Field(ge=1990, le=2150)]
    """First year of the period."""
    length_years: Annotated[int, Field(ge=1, le=50)]
    """Years that the period lasts; the next one starts after them."""


class Horizon(_Settings):
    """The planning horizon and how the future is weighed against today."""

    discount_rate: Rate
    """What a year of waiting takes off the worth of money (0.08: 8 %)."""
    base_year: Annotated[int, Field(ge=1990, le=2150)]
    """Year whose money costs are discounted to."""
    periods: Annotated[list[Period], Field(min_length=1)]
    """The periods of the plan, in order and without a break."""

    @model_validator(mode="after")
    def _periods_follow_each_other(self) -> Horizon:
        names = [period.period for period in self.periods]
        if len(set(names)) != len(names):
            raise ValueError("two periods have the same name")
        for earlier, later in zip(self.periods, self.periods[1:], strict=False):
            if later.start_year != earlier.start_year + earlier.length_years:
                raise ValueError(
                    f"period {later.period} must start in "
                    f"{earlier.start_year + earlier.length_years}, where {earlier.period} ends"
                )
        if self.base_year > self.periods[0].start_year:
            raise ValueError("base_year lies after the first period's start")
        return self


class Capital(_Settings):
    """The cost of capital, how it is paid, and what may be opened and closed when.

    ``paid`` is ``annuity`` (every year of a life) or ``at_once`` (all of it as what it buys is built).
    Where ``may_close`` is off, whatever operates operates to the end. New sites open in
    ``opening_periods`` only, where that is set; what operates may be added to at any time.
    """

    wacc: Rate
    """Rate that investment is turned into a cost a year with (0.08: 8 %)."""
    paid: Literal["annuity", "at_once"] = "annuity"
    """How investment is paid: annuity (every year of its life) or at_once (all of it as it is built)."""
    may_close: bool = True
    """Whether what operates may close again."""
    opening_periods: list[Line] | None = None
    """Periods in which new sites may open; blank: all."""

    @field_validator("opening_periods")
    @classmethod
    def _in_one_order(cls, periods: list[str] | None) -> list[str] | None:
        """Return the periods sorted, as no plan depends on their order."""
        return None if periods is None else sorted(set(periods))


class Distance(_Settings):
    """Where distances come from: a table, the road network, or geodesics times circuity."""

    method: Literal["table", "road", "geodesic"]
    """Where distances come from: table distances, tables road_nodes and road_edges, or straight lines."""
    circuity: Annotated[float, Field(ge=1, le=3)] = 1.0
    """Length of a road relative to the straight line, where straight lines are used."""
    road_correction: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    """Factor on every way through the road network."""


class Prices(_Settings):
    """Prices that are not of a commodity. Without a price, nothing may stay unserved."""

    carbon_cny_per_tonne: NonNegative
    """What a tonne of CO2e costs society, CNY/t."""
    unserved_cny_per_tonne: Positive | None = None
    """Price of a collected tonne that nobody takes, CNY/t; blank: nothing may stay unserved."""


class Limits(_Settings):
    """Caps that hold under every policy."""

    emission_tonnes_co2e_per_year: NonNegative | None = None
    """Cap on emissions of the whole network, t CO2e/yr; blank: none."""
    emission_tonnes_co2e_by_period: dict[Line, NonNegative] | None = None
    """Caps of single periods instead of the general one, t CO2e/yr; blank: none."""

    @field_validator("emission_tonnes_co2e_by_period")
    @classmethod
    def _nothing_if_empty(cls, caps: dict[str, float] | None) -> dict[str, float] | None:
        return caps or None

    def emission_cap(self, period: str) -> float | None:
        """Return the cap (t CO2e a year) that holds in a period: its own, or the general one."""
        own = self.emission_tonnes_co2e_by_period or {}
        return own.get(period, self.emission_tonnes_co2e_per_year)


class Leakage(_Settings):
    """The informal channel: the formal share, and how it answers to the offers.

    ``formal_share`` holds with leakage off. The other figures calibrate the logit of the formal
    share: at ``reference_gap_cny_per_pack`` (informal minus formal offer) and under frictions
    of ``reference_friction_cny_per_tonne`` the share is ``1 / (1 + exp(beta * gap))``.
    """

    formal_share: Share
    """Share of retired batteries that is collected formally, with leakage off."""
    beta_per_cny: NonNegative
    """How strongly the formal share answers to a gap between offers, per CNY."""
    reference_gap_cny_per_pack: float
    """Informal minus formal offer that the answer was calibrated at, CNY/pack."""
    reference_friction_cny_per_tonne: NonNegative
    """Cost of rules on a formal tonne at the calibration, CNY/t."""
    pack_mass_tonnes: Positive
    """Mass of a pack, t."""
    pass_through: Share
    """Share of a change of cost that reaches the formal offer; no source, always assumed."""


class Solving(_Settings):
    """How hard the instance is meant to be solved; it says nothing of the plan and is in no digest."""

    profile: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")] | None = None
    """Solver profile that the instance asks for; blank: the default."""


class Settings(_Settings):
    """Everything in ``instance.toml``."""

    instance: About
    horizon: Horizon
    capital: Capital
    distance: Distance
    prices: Prices
    limits: Limits = Limits()
    leakage: Leakage
    solving: Solving = Solving()

    @model_validator(mode="after")
    def _periods_are_known(self) -> Settings:
        known = {period.period for period in self.horizon.periods}
        for key, named in (
            ("capital.opening_periods", self.capital.opening_periods or []),
            ("limits.emission_tonnes_co2e_by_period", self.limits.emission_tonnes_co2e_by_period or {}),
        ):
            if unknown := [period for period in named if period not in known]:
                raise ValueError(f"{key} names '{unknown[0]}', which is not a period of the horizon")
        return self
