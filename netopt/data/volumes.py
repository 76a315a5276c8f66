"""Volumes: the same instance at another national total, taken by name from ``volumes.csv``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from netopt.data.digest import digest
from netopt.data.problems import nearest, shown
from netopt.errors import UsageError
from netopt.units import MONEY_TOLERANCE

if TYPE_CHECKING:
    from netopt.data.instance import Instance


def with_volume(instance: Instance, volume: str) -> Instance:
    """Return the instance at one of the totals of ``volumes.csv``.

    Formula: every row of ``supply`` times one factor, such that the first period's rows sum to the
    volume's tonnes a year. The split by source and commodity, and the growth from period to
    period, stay; so does all else: prices, demand, outlets and what stands. The title names the
    volume, and ``volumes`` keeps its row alone.

    Parameters
    ----------
    instance
        With a table ``volumes``.
    volume
        Id of a row of it.

    Raises
    ------
    UsageError
        There is no such volume, or nothing retires in the first period that could be scaled.

    Examples
    --------
    >>> import netopt
    >>> provinces = netopt.read_instance("china-provinces")
    >>> more = netopt.with_volume(provinces, "2030-middle")
    >>> print(f"{more['supply']['supply_tonnes_per_year'].sum():,.0f} t a year retire")
    2,500,000 t a year retire
    """
    volumes = instance["volumes"]
    row = volumes[volumes["volume"] == volume]
    if row.empty:
        raise UsageError(f"{instance.name} has no volume {shown(volume)!r} ({_hint(instance, volume)})")
    tonnes, now_tonnes = float(row["supply_tonnes_per_year"].iloc[0]), first_tonnes_per_year(instance)
    if now_tonnes <= 0:
        raise UsageError(f"{instance.name}: nothing retires in period {instance.periods[0]!r} to be scaled")
    supply = instance["supply"]
    scaled = supply.assign(supply_tonnes_per_year=supply["supply_tonnes_per_year"] * (tonnes / now_tonnes))
    tables = {**instance.tables, "supply": scaled, "volumes": row.reset_index(drop=True)}
    about = instance.settings.instance
    title = f"{about.title}; volume {volume}: {tonnes:,.0f} t a year"
    settings = instance.settings.model_copy(update={"instance": about.model_copy(update={"title": title})})
    return replace(instance, settings=settings, tables=tables, digest=digest(settings, tables))


def volume_of(instance: Instance) -> str:
    """Return the id of the first volume that the instance's supply adds up to, "" where it is none."""
    volumes = instance["volumes"]
    same = np.isclose(
        volumes["supply_tonnes_per_year"], first_tonnes_per_year(instance), rtol=MONEY_TOLERANCE, atol=0
    )
    return str(volumes.loc[same, "volume"].iloc[0]) if same.any() else ""


def first_tonnes_per_year(instance: Instance) -> float:
    """Return what retires in the first period, t a year."""
    supply = instance["supply"]
    return float(supply.loc[supply["period"] == instance.periods[0], "supply_tonnes_per_year"].sum())


def _hint(instance: Instance, volume: str) -> str:
    names = instance["volumes"]["volume"].tolist()
    known = ", ".join(map(shown, names)) if names else "it has no data/volumes.csv"
    return "; ".join(part for part in (nearest(volume, names), known) if part)
