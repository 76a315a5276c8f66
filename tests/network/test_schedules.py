"""When capital is paid, when second life returns, and on what terms markets buy: by hand."""

from __future__ import annotations

from typing import Any

import pytest

from netopt.network.network import Network
from netopt.network.rates import capital_payments
from netopt.network.supplies import offtake_terms, return_schedule
from tests.formulation.golden_models import ROWS
from tests.network.variants import network_of, variant

BLOCKS = [
    {"period": "t1", "start_year": 2025, "length_years": 2},
    {"period": "t2", "start_year": 2027, "length_years": 3},
    {"period": "t3", "start_year": 2030, "length_years": 1},
]


def money(discount_rate: float, wacc: float, base_year: int = 2025) -> dict[str, Any]:
    """Return settings of three blocks of 2, 3 and 1 years, 2025 to 2030."""
    horizon = {"discount_rate": discount_rate, "base_year": base_year, "periods": BLOCKS}
    return {"horizon": horizon, "capital": {"wacc": wacc}}


def network_of_lives(settings: dict[str, Any], life_years: int) -> Network:
    types = [("cascade", "Cascade", "", life_years), ("recycler", "Recycler", "", 50)]
    return network_of(variant(settings, facility_types=types))


def shares(network: Network, module: str) -> dict[tuple[str, str], float]:
    """Return annuity_share by period of investment and due period of one module."""
    payments = capital_payments(network.instance, network.modules)
    rows = payments[payments["module"] == module]
    keys = zip(rows["period"], rows["due_period"], strict=True)
    return dict(zip(keys, rows["annuity_share"], strict=True))


def test_a_life_shorter_than_the_horizon_is_paid_for_its_years_only() -> None:
    """Three years at no interest: a third a year, in three years after the start."""
    network = network_of_lives(money(0.0, 0.0), 3)
    third = 1 / 3
    assert shares(network, "C/new") == {
        ("t1", "t1"): pytest.approx(third),  # 2025 and 2026: both years
        ("t1", "t2"): pytest.approx(third / 3),  # 2027: one year of three
        ("t2", "t2"): pytest.approx(third),
        ("t3", "t3"): pytest.approx(third),
    }


def test_a_life_longer_than_the_horizon_is_paid_until_it_ends() -> None:
    network = network_of_lives(money(0.0, 0.0), 10)
    assert shares(network, "C/new") == {
        (bought, due): pytest.approx(0.1)
        for number, bought in enumerate(("t1", "t2", "t3"))
        for due in ("t1", "t2", "t3")[number:]
    }


def test_payments_in_part_of_a_period_weigh_their_discounted_years() -> None:
    """At 25 %: 2027 counts 0.64, 2028 0.512, 2029 0.4096; an annuity of 3 years is 1 / 1.952."""
    network = network_of_lives(money(0.25, 0.25), 3)
    annuity = 1 / (0.8 + 0.64 + 0.512)
    assert shares(network, "C/new")["t1", "t1"] == pytest.approx(annuity)
    assert shares(network, "C/new")["t1", "t2"] == pytest.approx(annuity * 0.64 / (0.64 + 0.512 + 0.4096))


def test_what_is_paid_over_a_whole_life_repays_the_investment() -> None:
    """Discounted at the cost of capital, from the year before the first payment."""
    network = network_of_lives(money(0.25, 0.25, base_year=2024), 5)
    paid = sum(
        share * network.period_weights[due]
        for (bought, due), share in shares(network, "C/new").items()
        if bought == "t1"
    )
    assert paid == pytest.approx(1.0)


def test_opening_expanding_and_renewing_pay_the_same_capital() -> None:
    network = network_of_lives(money(0.0, 0.0), 3)
    rates = network.rates[(network.rates["category"] == "capital") & (network.rates["index"] == "C/new")]
    for family in ("opened", "expanded", "renewed"):
        rows = rates[rates["family"] == family].set_index(["period", "due_period"])["cny_per_unit"]
        assert rows["t1", "t1"] == pytest.approx(3e5 / 3)
        assert rows["t1", "t2"] == pytest.approx(3e5 / 9)
        assert len(rows) == 4
    assert "R/existing" not in set(network.rates.loc[network.rates["category"] == "capital", "index"])


def life(lag_years: int) -> list[tuple[object, ...]]:
    """Return second life of which 0.01 t a kWh return, 10 % of it informally."""
    return [("kwh", "pack", 0.01, lag_years, 0.1, 0.0)]


def test_blocks_of_years_return_into_blocks_of_years() -> None:
    """Lag 2: sold 2025, 2026 -> 2027, 2028 (t2); 2027-2029 -> 2029 (t2), 2030 (t3), 2031 (after)."""
    network = network_of(variant(money(0.0, 0.0), second_life=life(2)))
    schedule = return_schedule(network.instance, network.returns)
    years = schedule.set_index(["sold_period", "period"])["years"].to_dict()
    assert years == {("t1", "t2"): 2, ("t2", "t2"): 1, ("t2", "t3"): 1, ("t2", ""): 1, ("t3", ""): 1}
    rates = network.return_rates.set_index(["sold_period", "period"])["tonnes_per_unit"].to_dict()
    # 0.009 t formally a kWh; as a rate over the 3 years of t2 or the one of t3.
    assert rates == {
        ("t1", "t2"): pytest.approx(0.009 * 2 / 3),
        ("t2", "t2"): pytest.approx(0.009 * 1 / 3),
        ("t2", "t3"): pytest.approx(0.009),
    }


@pytest.mark.parametrize(("lag_years", "within"), [(1, 5), (3, 3), (6, 0)])
def test_every_year_that_is_sold_in_returns_once(lag_years: int, within: int) -> None:
    network = network_of(variant(money(0.0, 0.0), second_life=life(lag_years)))
    schedule = return_schedule(network.instance, network.returns)
    assert schedule["years"].sum() == 6
    assert schedule.loc[schedule["period"] != "", "years"].sum() == within
    assert len(network.return_rates) == (schedule["period"] != "").sum()


def test_returns_are_discounted_from_the_year_of_return() -> None:
    network = network_of(variant(money(0.25, 0.0), second_life=life(2)))
    schedule = return_schedule(network.instance, network.returns)
    discounted = schedule.set_index(["sold_period", "period"])["discounted_years"]
    assert discounted["t1", "t2"] == pytest.approx(0.8**2 + 0.8**3)
    assert discounted["t2", ""] == pytest.approx(0.8**6)


def test_a_row_with_a_period_wins_over_the_row_without() -> None:
    offtake = [row for row in ROWS["offtake"] if row[1] != "metal"]
    offtake += [
        ("gate", "metal", "t2", "recovered_metals", 1500.0, 70.0),
        ("gate", "metal", "", "recovered_metals", 2000.0, None),
    ]
    network = network_of(variant(money(0.0, 0.0), offtake=offtake))
    terms = offtake_terms(network.instance, network.offtakes)
    metal = terms[terms["offtake"] == "gate:metal"].set_index("period")
    assert metal["price_cny_per_unit"].to_dict() == {"t1": 2000.0, "t2": 1500.0, "t3": 2000.0}
    limits = {"t1": float("inf"), "t2": 70.0, "t3": float("inf")}
    assert metal["limit_units_per_year"].to_dict() == limits
    assert network.offtake_limits.loc["gate:metal"].to_dict() == limits
    sold = network.rates[network.rates["category"] == "recovered_metals"]
    prices = sold.set_index("period")["cny_per_unit"].to_dict()
    assert prices == {"t1": -2000.0, "t2": -1500.0, "t3": -2000.0}
    assert set(sold["payee"]) == {"buyers"}


def test_disposal_is_paid_to_suppliers() -> None:
    network = network_of(variant())
    disposal = network.rates[network.rates["category"] == "disposal"]
    assert set(disposal["cny_per_unit"]) == {100.0}
    assert set(disposal["payee"]) == {"suppliers"}


def test_a_market_that_buys_in_no_other_period_has_no_terms_there() -> None:
    offtake = [row for row in ROWS["offtake"] if row[1] != "metal"]
    offtake.append(("gate", "metal", "t2", "recovered_metals", 1500.0, None))
    network = network_of(variant(offtake=offtake))
    terms = offtake_terms(network.instance, network.offtakes)
    assert terms.loc[terms["offtake"] == "gate:metal", "period"].tolist() == ["t2"]
