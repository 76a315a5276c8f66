"""Excel workbooks: an instance as one file to fill in, and back without the loss of a digit.

One sheet per table, one for the settings, one for the periods, and a page that explains. Numbers are
written with 17 digits where they need them, texts as texts whatever they look like, blanks as blanks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netopt.data.formats.excel_reading import Read
    from netopt.data.formats.foreign import Foreign
    from netopt.data.instance import Instance


def write(instance: Instance, path: str | Path) -> None:
    """Write an instance as an Excel workbook; reading it gives the same digest.

    The same instance gives the same bytes. A file that is there is replaced, once the new one is whole.

    Parameters
    ----------
    path
        Where to; its name ends in ``.xlsx``.

    Raises
    ------
    UsageError
        The name ends otherwise.
    InstanceError
        A table has more rows than a sheet, or a text is longer than a cell; every such place is listed.
    OSError
        The file cannot be written; nothing is left behind.
    """
    from netopt.data.formats.excel_writing import write_workbook  # noqa: PLC0415 - heavy

    write_workbook(instance, Path(path))


def read(path: str | Path) -> Instance:
    """Read an instance from an Excel workbook, also one that was edited by hand.

    Raises
    ------
    InstanceError
        The file is no workbook, or anything in it is wrong; every problem is listed with sheet and row.
    UsageError
        There is no such file.
    """
    return read_all(path).instance


def read_foreign(path: str | Path) -> Foreign:
    """Read a workbook for ``netopt import``, which shows the notes and keeps the licences of the data.

    Raises
    ------
    InstanceError, UsageError
        As ``read``.
    """
    from netopt.data.formats.foreign import Foreign  # noqa: PLC0415 - heavy

    found = read_all(path)
    return Foreign(found.instance.settings, found.instance.tables, notes=found.notes, notice=found.notice)


def read_all(path: str | Path) -> Read:
    """Read a workbook with the licences of its data, and with notes on how cells were taken.

    Raises
    ------
    InstanceError, UsageError
        As ``read``.
    """
    from netopt.data.formats.excel_reading import read_workbook  # noqa: PLC0415 - heavy

    return read_workbook(Path(path))
