"""Files that carry the marking of a state secret: found before anything of them is read in.

The whole file is looked through, what no import reads included: hidden sheets, notes, page headers.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from geo.base import marking
from geo.base.errors import MarkedError
from geo.files.readers import marked_parts, marked_text
from geo.files.readers.marked_text import Found

_BOOKS: Final = frozenset({".xlsx", ".xlsm", ".ods"})
_PARQUET: Final = frozenset({".parquet", ".geoparquet"})


def require_name(path: Path) -> None:
    """Refuse a file whose name carries a marking.

    Raises
    ------
    MarkedError
        Without the name.
    """
    marking.require_unmarked(path.name, "name")


def require_unmarked(path: Path) -> None:
    """Refuse a file that carries a marking anywhere.

    Raises
    ------
    MarkedError
        With its grade and where it stands: line, record, or sheet and row.
    """
    state = path.stat()
    _require(str(path), (state.st_ino, state.st_size, state.st_mtime_ns))


@lru_cache(maxsize=32)
def _require(path: str, _: tuple[int, int, int]) -> None:
    found = next(_found(Path(path)), None)
    if found is not None:
        raise MarkedError(found.grade, found.place, **found.at)


def _found(path: Path) -> Iterator[Found]:
    ending = path.suffix.lower()
    if ending in _BOOKS:
        yield from marked_parts.in_workbook(path)
    elif ending == ".zip":
        yield from marked_parts.in_archive(path)
    elif ending == ".gpkg":
        yield from marked_parts.in_geopackage(path)
    elif ending in _PARQUET:
        yield from marked_parts.in_parquet(path)
    else:
        if ending == ".xls":
            yield from marked_parts.in_old_workbook(path)
        for table in _companions(path):
            yield from marked_parts.in_dbf(table)
        with path.open("rb") as file:
            yield from marked_text.in_stream(file, lines=ending not in (".xls", ".shp"))


def _companions(path: Path) -> Iterator[Path]:
    """Yield what is read together with a file: of a Shapefile its table."""
    if path.suffix.lower() == ".shp":
        same = re.escape(path.stem)
        yield from (p for p in path.parent.iterdir() if re.fullmatch(rf"{same}\.dbf", p.name, re.I))
