"""The settings of an instance (``instance.toml``): money, horizon, distances, leakage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from netopt.data.texts import Line, Lines

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class About(_Settings):
    """What the instance is, and in which money it counts; only the description may have line breaks."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: Line
    description: Lines = ""
    currency: Literal["CNY"]
    price_year: Annotated[int, Field(ge=1990, le=2100)]
    price_basis: Line


class Period(_Settings):
    """A year or block of years; every quantity in it is a yearly rate."""

    period: Annotated[Line, Field(min_length=1)]
    start_year: Annotated[int, Field(ge=1990, le=2150)]
    length_years: Annotated[int, Field(ge=1, le=50)]


class Horizon(_Settings):
    """The planning horizon and how the future is weighed against today."""

    discount_rate: Rate
    base_year: Annotated[int, Field(ge=1990, le=2150)]
    periods: Annotated[list[Period], Field(min_length=1)]

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
    paid: Literal["annuity", "at_once"] = "annuity"
    may_close: bool = True
    opening_periods: list[Line] | None = None


class Distance(_Settings):
    """Where distances come from: a table, the road network, or geodesics times circuity."""

    method: Literal["table", "road", "geodesic"]
    circuity: Annotated[float, Field(ge=1, le=3)] = 1.0
    road_correction: Annotated[float, Field(ge=0.5, le=2)] = 1.0


class Prices(_Settings):
    """Prices that are not of a commodity. Without a price, nothing may stay unserved."""

    carbon_cny_per_tonne: NonNegative
    unserved_cny_per_tonne: Positive | None = None


class Limits(_Settings):
    """Caps that hold under every policy."""

    emission_tonnes_co2e_per_year: NonNegative | None = None
    emission_tonnes_co2e_by_period: dict[Line, NonNegative] | None = None

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
    beta_per_cny: NonNegative
    reference_gap_cny_per_pack: float
    reference_friction_cny_per_tonne: NonNegative
    pack_mass_tonnes: Positive
    pass_through: Share


class Solving(_Settings):
    """How hard the instance is meant to be solved; it says nothing of the plan and is in no digest."""

    profile: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")] | None = None


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
