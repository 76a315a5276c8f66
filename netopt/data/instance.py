"""The instance: validated tables and settings, frozen, with a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from netopt.data.digest import digest
from netopt.finance import period_weight

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.settings import Settings


@dataclass(frozen=True)
class Instance:
    """One planning problem without any policy.

    Attributes
    ----------
    settings
        The contents of ``instance.toml``.
    tables
        One DataFrame per table of ``netopt.data.tables.TABLES``, absent optional tables with
        zero rows. Columns and units as declared there; ids and texts are str ("" for blank),
        numbers float64 (NaN only in nullable columns left blank), flags bool. Treat as read-only.
    digest
        SHA-256 over settings and tables, independent of the order of rows and of the folder.
    directory
        Where it was read from; None where it was made in memory.
    """

    settings: Settings
    tables: Mapping[str, pd.DataFrame]
    digest: str
    directory: Path | None = None

    def __post_init__(self) -> None:
        """Make the mapping of tables read-only."""
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return one table by name."""
        return self.tables[table]

    @property
    def name(self) -> str:
        """The instance's short name."""
        return self.settings.instance.name

    @property
    def periods(self) -> tuple[str, ...]:
        """Ids of the periods in order."""
        return tuple(period.period for period in self.settings.horizon.periods)

    def period_years(self) -> dict[str, float]:
        """Return the length of each period (yr), by period id."""
        return {period.period: period.length_years for period in self.settings.horizon.periods}

    def period_weights(self) -> dict[str, float]:
        """Return the discounted years of each period (yr), by period id."""
        horizon = self.settings.horizon
        return {
            period.period: period_weight(
                horizon.discount_rate, period.start_year, period.length_years, horizon.base_year
            )
            for period in horizon.periods
        }

    def with_formal_share(self, share: float) -> Instance:
        """Return the same instance with another formal share (0 to 1) and leakage off."""
        leakage = self.settings.leakage.model_copy(update={"formal_share": share})
        settings = self.settings.model_copy(update={"leakage": leakage})
        return replace(self, settings=settings, digest=digest(settings, self.tables))
