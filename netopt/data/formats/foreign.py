"""What a reader of a foreign format returns, before it is checked like any instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from netopt.data.settings import Settings


@dataclass(frozen=True)
class Foreign:
    """A foreign file in netopt's words.

    Attributes
    ----------
    settings
        What ``instance.toml`` would say.
    tables
        Table name -> DataFrame with the columns and units of ``netopt.data.tables.TABLES``; optional
        tables may be left out. ``netopt.data.read.make_instance`` checks them.
    policies
        File name in ``policies/`` -> TOML text, where the file has rules that netopt states as a policy.
    notes
        Sentences a planner should read: what was taken how, and what does not count.
    origins
        ``table.column`` -> whence the column comes, ``*`` for all others; without it these are said to come
        from the file, as the notes say.
    home
        Folder of the instance that the file was merged into, whose licences go along; None: a new one.
    notice
        Licences of the data (``LICENSE-DATA.md``), which go with every copy; "" for none.
    """

    settings: Settings
    tables: Mapping[str, pd.DataFrame]
    policies: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    home: Path | None = None
    notice: str = ""
