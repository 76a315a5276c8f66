"""The checker's own words for ledger entries, annuities and regional cost factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.accounts import Actor
from netopt.solution.tables import LEDGER_COLUMNS

if TYPE_CHECKING:
    from netopt.solution.checking.facts import Facts
    from netopt.solution.checking.numbers import Number

CHAIN, SUPPLIERS, BUYERS = Actor.FORMAL_CHAIN.value, Actor.SUPPLIERS.value, Actor.BUYERS.value
PUBLIC, NATURE, INFORMAL = Actor.PUBLIC.value, Actor.NATURE.value, Actor.INFORMAL_CHANNEL.value
LOCAL, CENTRAL = Actor.LOCAL_GOVERNMENT.value, Actor.CENTRAL_GOVERNMENT.value

Text = str | pd.Series
_TEXTS: Final = [name for name, kind in LEDGER_COLUMNS.items() if kind == "str" and name != "kind"]
_NO_ENTRIES: Final = pd.DataFrame({name: [] for name in [*_TEXTS, "cny_per_year"]})


def entries(
    cny_per_year: pd.Series,
    period: pd.Series,
    category: Text,
    parties: tuple[Text, Text],
    jurisdiction: Text = "",
    facility_type: Text = "",
    commodity: Text = "",
) -> pd.DataFrame:
    """Return ledger rows without ``kind``: one per amount that is not zero (CNY a year)."""
    counts = (cny_per_year != 0).to_numpy(dtype=bool)
    if not counts.any():
        return _NO_ENTRIES
    rows = pd.DataFrame(
        {
            "category": category,
            "payer": parties[0],
            "payee": parties[1],
            "jurisdiction": jurisdiction,
            "facility_type": facility_type,
            "commodity": commodity,
            "period": period,
            "cny_per_year": cny_per_year,
        },
        index=cny_per_year.index,
    )
    return rows[counts].astype(dict.fromkeys(_TEXTS, "str"))


def factor(facts: Facts, jurisdiction: pd.Series, facility_type: Text, category: Text) -> pd.Series:
    """Return the regional cost factor of each row, 1 where no cost share names it."""
    keys = pd.DataFrame(
        {"jurisdiction": jurisdiction, "facility_type": facility_type, "category": category},
        index=jurisdiction.index,
    ).astype("str")
    found = facts.cost_factors.reindex(pd.MultiIndex.from_frame(keys), fill_value=1)
    return pd.Series(found.to_numpy(), index=jurisdiction.index, dtype=found.dtype)


def annuity(wacc: Number, life_years: int) -> Number:
    """Return the yearly payment per yuan of capital over its life, exact for a ``Fraction``.

    Examples
    --------
    >>> from fractions import Fraction
    >>> annuity(Fraction(1), 1), annuity(0.0, 4)
    (Fraction(2, 1), 0.25)
    """
    if wacc == 0:
        return 1 / (life_years + 0 * wacc)
    return wacc / (1 - (1 + wacc) ** -life_years)


def is_meant(values: pd.Series, ids: tuple[str, ...]) -> pd.Series:
    """Return whether an effect that names ``ids`` (none: all) means each value."""
    return values.isin(ids) if ids else pd.Series(True, index=values.index)
