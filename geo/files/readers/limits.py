"""Limits: how large a file of each kind may be, so that it can be read in the memory there is."""

import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from geo.base.errors import SourceError

_MB: Final = 1_000_000
_WHOLE: Final = 200 * _MB
# what comes in parts may be long
MAX_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    dict.fromkeys((".csv", ".txt", ".tsv", ".gpkg"), 2_000 * _MB)
)
MAX_SHEET_ROWS: Final = 100_000
MAX_UNPACKED_BYTES: Final = 1_000 * _MB
MAX_COLUMNS: Final = 1_000
# a matrix of so many cells takes about a gigabyte
MAX_CELLS: Final = 25_000_000


def check_size(path: Path) -> None:
    """Refuse a file that is too large for its kind.

    Raises
    ------
    SourceError
        With the size found, the limit, and what to do.
    """
    ending = path.suffix.lower()
    files = [path, sibling_file(path, ".dbf")] if ending == ".shp" else [path]
    size = sum(file.stat().st_size for file in files if file)
    limit = MAX_BYTES.get(ending, _WHOLE)
    if size > limit:
        key = "source.large_parts" if ending in MAX_BYTES else "source.large"
        raise SourceError(
            key, path=path.name, found_mb=math.ceil(size / _MB), limit_mb=limit // _MB
        )


def check_unpacked(path: Path) -> None:
    """Refuse a workbook whose sheets would fill the memory once unpacked."""
    try:
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise damaged_error(path, error) from error
    if size > MAX_UNPACKED_BYTES:
        raise unpacked_too_large(path, size)


def check_columns(name: str, found: int) -> None:
    """Raise if a table has more columns than `MAX_COLUMNS`, before there are cells for them.

    Parameters
    ----------
    name
        File name for the message.
    found
        Number of columns.

    Raises
    ------
    SourceError
        With the number found and the limit.
    """
    if found > MAX_COLUMNS:
        raise SourceError("source.columns", path=name, found=found, limit=MAX_COLUMNS)


def unpacked_too_large(path: Path, size: int) -> SourceError:
    """Return the error for an archive that is too large once unpacked.

    Parameters
    ----------
    path
        Archive, named in the error.
    size
        Unpacked size in bytes.
    """
    found, limit = math.ceil(size / _MB), MAX_UNPACKED_BYTES // _MB
    return SourceError("source.unpacked", path=path.name, found_mb=found, limit_mb=limit)


def sibling_file(path: Path, ending: str) -> Path | None:
    """Return the file beside another with an ending in lower or upper case, None if there is none.

    Parameters
    ----------
    path
        File whose name is shared, as ``roads.shp``.
    ending
        With its dot, lower case, as ``.dbf``.
    """
    endings = (ending, ending.upper())
    return next((p for e in endings if (p := path.with_suffix(e)).exists()), None)


# advice to programmers, paths of this machine, and what the sentence says anyway
_NOISE: Final = re.compile(
    r"not recognized|might help|specify|config option|driver|/|\\|Failed to read|Zip archive|codec",
    re.IGNORECASE,
)
_LONGEST: Final = 100


def damaged_error(path: Path, error: Exception) -> SourceError:
    """Return the error for a file that is not what its ending says.

    Parameters
    ----------
    path
        The file.
    error
        From the library: its last clause with a fact about the file is kept, if there is one.
    """
    clauses = [clause.strip().rstrip(".") for clause in str(error).split(";")]
    telling = [clause for clause in clauses if clause and not _NOISE.search(clause)]
    reason = telling[-1][:_LONGEST] if telling else ""
    kind = path.suffix.lstrip(".").upper()
    detail = f" ({reason})" if reason else ""
    return SourceError("source.damaged", path=path.name, kind=kind, detail=detail)
