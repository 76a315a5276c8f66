"""Decisions that are not free: those of a design to keep, as ranges of variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.data.design import refuse_foreign

if TYPE_CHECKING:
    from netopt.data.design import Design
    from netopt.data.instance import Instance

HELD_COLUMNS: Final = ["family", "index", "period", "lower", "upper"]

_BUILT: Final = ("opened", "expanded", "renewed")


def nothing_held() -> pd.DataFrame:
    """Return the table of a network in which every decision is free."""
    texts = pd.DataFrame({name: pd.Series(dtype="str") for name in HELD_COLUMNS[:3]})
    return texts.assign(lower=pd.Series(dtype="float64"), upper=pd.Series(dtype="float64"))


def held_to(design: Design, instance: Instance, modules: pd.DataFrame) -> pd.DataFrame:
    """Return the ranges that hold every module to a design; see ``Network.held``.

    The share that a divisible plant keeps is held exactly: closing more of it would be another design, with
    another fixed cost. What of it is closed follows, but for closing nothing.

    Raises
    ------
    UsageError
        Where the design is not of the instance's sites and periods.
    """
    refuse_foreign(design, instance)
    grid = modules[["module", "site", "size", "stands", "divisible"]].merge(
        pd.DataFrame({"period": list(instance.periods)}), how="cross"
    )
    known = grid.merge(design.decided, how="left", on=["site", "size", "period"])
    steps = known[~known["stands"] & ~known["divisible"]]  # what is added of an expansion follows
    parts = [_whole(steps, family) for family in _BUILT]
    parts += [_whole(known[~known["divisible"]], family) for family in ("operating", "closed")]
    divisible = known[known["divisible"]]
    still_there = divisible[~divisible["closed"].eq(True)]
    parts += [_parts(divisible), _whole(still_there, "closed")]
    return pd.concat(parts, ignore_index=True)


def barred_openings(held: pd.DataFrame, may_build: pd.DataFrame) -> list[tuple[str, str]]:
    """Return ``(module, period)`` of what a design builds and the policy's rules do not let be built."""
    built = held[held["family"].isin(("opened", "expanded")) & (held["lower"] > 0)]
    pairs = zip(built["index"], built["period"], strict=True)
    return [(module, period) for module, period in pairs if not may_build.loc[module, period]]


def _whole(rows: pd.DataFrame, family: str) -> pd.DataFrame:
    value = rows[family].eq(True).astype(float)
    return _ranges(rows, family, value, value)


def _parts(rows: pd.DataFrame) -> pd.DataFrame:
    share = rows["kept_share"].fillna(0.0)
    return _ranges(rows, "operating", share, share)


def _ranges(rows: pd.DataFrame, family: str, lower: pd.Series, upper: pd.Series) -> pd.DataFrame:
    table = rows.rename(columns={"module": "index"}).assign(family=family, lower=lower, upper=upper)
    return table[HELD_COLUMNS]
