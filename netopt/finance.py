"""Annuities and discounting: pure functions on years and rates."""

from __future__ import annotations


def annuity_factor(rate: float, life_years: float) -> float:
    """Return the yearly payment that repays one yuan over a life.

    Formula: ``r / (1 - (1 + r)**-n)``, and ``1 / n`` at a rate of zero (any textbook on
    engineering economics).

    Parameters
    ----------
    rate
        Cost of capital, 1/yr, at least 0.
    life_years
        Years of life, more than 0.

    Examples
    --------
    >>> round(annuity_factor(0.08, 10), 5)
    0.14903
    >>> annuity_factor(0.0, 4)
    0.25
    """
    if life_years <= 0:
        raise ValueError(f"life must be positive, not {life_years} years")
    if rate == 0:
        return 1.0 / life_years
    return float(rate / (1.0 - (1.0 + rate) ** -life_years))


def discount_factor(rate: float, years: float) -> float:
    """Return the value today of one yuan paid ``years`` from now.

    Examples
    --------
    >>> discount_factor(0.25, 2)
    0.64
    """
    return float((1.0 + rate) ** -years)


def period_weight(rate: float, start_year: int, length_years: int, base_year: int) -> float:
    """Return the discounted years in a period: ``sum((1 + r)**-(y - base_year))``.

    The weight turns a cost in CNY a year, paid in every year of the period, into present value.

    Examples
    --------
    >>> period_weight(0.0, 2030, 5, 2025)
    5.0
    >>> period_weight(0.25, 2025, 2, 2025)
    1.8
    """
    years = range(start_year - base_year, start_year - base_year + length_years)
    return sum(discount_factor(rate, year) for year in years)
