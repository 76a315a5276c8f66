"""Which foreign formats are read and written: one line each, its module imported when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netopt.errors import InstanceError, Problem, UsageError

if TYPE_CHECKING:
    from netopt.data.formats.foreign import Foreign
    from netopt.data.instance import Instance
    from netopt.data.numberfile import NumberFile


@dataclass(frozen=True)
class Reader:
    """A format that ``netopt import`` reads.

    Attributes
    ----------
    title
        What it is, for planners.
    module, function
        ``function(path, **options)`` of ``netopt.data.formats.<module>`` returns a ``Foreign`` or an
        ``Instance``.
    suffixes
        Of files that are of this format whatever is in them, in small letters, with the dot.
    fits
        Of a format of nothing but numbers: the module's function that says of a
        ``netopt.data.numberfile.NumberFile`` whether it is laid out so.
    n_counts
        Of such a format: how many numbers its first line has.
    options
        Options of the command that it takes.
    """

    title: str
    module: str
    function: str = "read"
    suffixes: tuple[str, ...] = ()
    fits: str = ""
    n_counts: int = 0
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Writer:
    """A format that ``netopt export`` writes an instance to.

    Attributes
    ----------
    title
        What it is, for planners.
    module, function
        ``function(instance, path)`` of ``netopt.data.formats.<module>`` writes one file.
    suffixes
        Of files of this format, in small letters, with the dot.
    """

    title: str
    module: str
    function: str = "write"
    suffixes: tuple[str, ...] = ()


READERS: Final[dict[str, Reader]] = {
    "orlib": Reader(
        "OR-Library capacitated warehouse location (cap41, capb)",
        "orlib",
        "read_cap",
        fits="fits_cap",
        n_counts=2,
        options=("capacity",),
    ),
    "tbed1": Reader(
        "TBED1 capacitated facility location (i300_1)",
        "orlib",
        "read_tbed1",
        fits="fits_tbed1",
        n_counts=2,
    ),
    "tscflp": Reader(
        "two-stage facility location, one product (PSC1-C1-50)",
        "two_stage",
        "read_one",
        fits="fits_one",
        n_counts=3,
    ),
    "mp_tscflp": Reader(
        "two-stage facility location, several products (PSC1-C1-50-5)",
        "two_stage",
        "read_many",
        fits="fits_many",
        n_counts=4,
    ),
    "places": Reader(
        "GeoPackage or GeoJSON of sources, sites or locations, merged into an instance",
        "places",
        suffixes=(".gpkg", ".geojson"),
        options=("base", "layer", "table"),
    ),
    "relog": Reader("RELOG cases, old (0.5 to 0.7) and new (0.8)", "relog", suffixes=(".json",)),
    "excel": Reader("Excel workbook of an instance", "excel", "read_foreign", suffixes=(".xlsx", ".xlsm")),
}
"""Every format that is read, by the name that ``--format`` takes."""

WRITERS: Final[dict[str, Writer]] = {
    "excel": Writer("Excel workbook to fill in or edit", "excel", suffixes=(".xlsx",)),
}
"""Every format that an instance is written to, by the name that ``--format`` takes."""


def reader_of(name: str) -> Reader:
    """Return a reader by name; UsageError with the names there are otherwise."""
    if name not in READERS:
        from netopt.data.problems import nearest  # noqa: PLC0415 - heavy

        hint = nearest(name, READERS)
        raise UsageError(f"there is no format '{name}' to import{_after(hint)} ({', '.join(READERS)})")
    return READERS[name]


def _after(hint: str) -> str:
    return f"; {hint}" if hint else ""


def detect(path: Path) -> str:
    """Return the name of a file's format: by its suffix or, of a file of numbers, by their layout.

    Raises
    ------
    UsageError
        Where the file is missing, or its numbers fit two formats.
    InstanceError
        Where it is of none.
    """
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; netopt import takes a file")
    by_suffix = [name for name, reader in READERS.items() if path.suffix.casefold() in reader.suffixes]
    if by_suffix:
        return by_suffix[0]
    return _by_numbers(path)


def _by_numbers(path: Path) -> str:
    from netopt.data.numberfile import open_numbers  # noqa: PLC0415 - heavy

    numbers = open_numbers(path)
    fitting = [name for name, reader in READERS.items() if reader.fits and _fits(reader, numbers)]
    if len(fitting) == 1:
        return fitting[0]
    first = numbers.line_lengths[0]
    kin = [name for name, reader in READERS.items() if reader.n_counts == first]
    if numbers.header(first) is None or not kin:
        known = ", ".join(READERS)
        message = "the file is of no format that netopt knows by its suffix or its first line"
        raise _refused(path, "unknown_format", message, f"name it with --format: {known}")
    if len(kin) > 1 and not fitting and _lacks_numbers(kin[0], path):
        return kin[0]
    if len(kin) > 1:
        raise UsageError(
            f"{path.name} may be {' or '.join(kin)}: its lines do not tell which; add --format {kin[0]} "
            f"or --format {kin[1]}"
        )
    return kin[0]


def _fits(reader: Reader, numbers: NumberFile) -> bool:
    return bool(getattr(_module(reader), reader.fits)(numbers))


def _lacks_numbers(name: str, path: Path) -> bool:
    """Return whether a file has not as many numbers as its header says, which its reader tells."""
    try:
        read(name, path, {})
    except InstanceError:
        return True
    except UsageError:
        return False
    return False


def _refused(path: Path, rule: str, message: str, hint: str) -> InstanceError:
    return InstanceError(path.name, [Problem(path.name, None, None, rule, "", message, hint)])


def read(name: str, path: Path, options: Mapping[str, Any]) -> Foreign | Instance:
    """Return what a file holds.

    Parameters
    ----------
    name
        Of ``READERS``.
    path
        The file.
    options
        Option -> value, None where nobody said any.

    Raises
    ------
    UsageError
        Where an option is given that the format has no use for.
    InstanceError
        With every problem of the file.
    """
    reader = reader_of(name)
    given = {option: value for option, value in options.items() if value is not None}
    if useless := [option for option in given if option not in reader.options]:
        raise UsageError(f"--{useless[0]} has no meaning for the format {name} ({reader.title})")
    found: Foreign | Instance = getattr(_module(reader), reader.function)(path, **given)
    return found


def write(name: str, instance: Instance, path: Path) -> None:
    """Write an instance to one file of a format of ``WRITERS``."""
    writer = WRITERS[name]
    getattr(_module(writer), writer.function)(instance, path)


def _module(entry: Reader | Writer) -> Any:
    return import_module(f"netopt.data.formats.{entry.module}")
