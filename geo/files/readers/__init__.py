"""Files as they are: tables, drawings and geographic files, read into one kind of table.

Each reader loads when a file with its ending is met: what can be refused by name, size and rights
is refused without any of them.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Final

from geo.base.errors import SourceError
from geo.files.readers import secret_markings
from geo.files.readers.content import require_content
from geo.files.readers.header_row import Known
from geo.files.readers.limits import check_size
from geo.files.readers.table import SourceNote, Table
from geo.files.readers.zip_archive import unpack_archive

__all__ = [
    "NO_WISH",
    "ReadOptions",
    "SourceNote",
    "Table",
    "read_file",
    "read_parts",
    "require_readable",
]

ROWS: Final = 50_000
# notes that say why there are no rows
_EXPLAINED: Final = frozenset({"CATALOG_NODES"})


@dataclass(frozen=True)
class ReadOptions:
    """The user's options for reading a file.

    Attributes
    ----------
    sheet
        Sheet of a workbook (default: the first that is visible and filled), layer of a GeoPackage
        or drawing (default: the only one), file in a ZIP (default: the only one).
    encoding
        Of text files, GeoJSON, catalogs, Shapefiles and drawings; default: what their bytes tell.
    header_row
        Row of the headers of a text file or sheet, from 1; default: it is looked for.
    all_sheets
        Whether all visible sheets of a workbook are read, one below the other.
    known
        Tells how many of some texts are known headers, so that the row of the headers is found.
    """

    sheet: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    all_sheets: bool = False
    known: Known | None = None


NO_WISH: Final = ReadOptions()
Reader = Callable[[Path, ReadOptions, int], Iterator[Table]]


def read_file(
    path: Path,
    wish: ReadOptions = NO_WISH,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Table:
    """Return the rows of a file as written, with what the file says about itself.

    Parameters
    ----------
    path
        CSV, TXT, TSV, XLSX, XLSM, XLS, ODS, GeoJSON, GeoPackage, Shapefile, GeoParquet, DXF,
        GB/T 28181 catalog (XML), or a ZIP of one of them, recognised by its ending.
    wish
        How it is to be read.
    sheet, encoding
        Two of that, for short.

    Returns
    -------
    Table
        ``rows`` has dtype object and at least one row; no text holds control characters.

    Raises
    ------
    SourceError
        If the file is missing, a folder, empty, too large, of an unknown kind, damaged, without
        rows, or in another encoding; each with its own sentence.
    """
    found = list(read_parts(path, wish, sheet=sheet, encoding=encoding))
    from geo.files.readers.rows import join_parts

    return join_parts(found)


def read_parts(
    path: Path,
    wish: ReadOptions = NO_WISH,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    rows: int = ROWS,
) -> Iterator[Table]:
    """Yield a file in parts of at most `rows` rows, so that it need not fit into memory.

    Text files and GeoPackages come in parts, every other kind as one, of several sheets as one
    each. All parts share headers, system, encoding and header row; their rows count through the
    whole file, their notes are their own, those on the file as a whole stand in the first.

    Parameters
    ----------
    path, wish, sheet, encoding
        See :func:`read_file`.
    rows
        Most lines or features of a part, at least 1.

    Raises
    ------
    SourceError
        See :func:`read_file`; when the first part is asked for, or the part that cannot be read.
    """
    wish = replace(wish, sheet=sheet or wish.sheet, encoding=encoding or wish.encoding)
    for number, table in zip(count(), _tables(path, wish, rows), strict=False):
        if not len(table.rows) and not number and not _EXPLAINED & {n.code for n in table.notes}:
            key = "source.no_rows" if table.header_row else "source.no_features"
            raise SourceError(key, path=path.name)
        yield _cleaned(table, later=number > 0)


def _cleaned(table: Table, *, later: bool) -> Table:
    """Return a part without control characters; headers of a later one are not noted again."""
    from geo.files.readers.control_characters import without_controls

    return without_controls(table, headers_noted=later)


def _tables(path: Path, wish: ReadOptions, rows: int) -> Iterator[Table]:
    ending = path.suffix.lower()
    require_readable(path)
    for number, table in zip(count(), READERS[ending](path, wish, rows), strict=False):
        unused = () if number else _unused(ending, wish, table.header_row)
        yield replace(table, notes=(*unused, *table.notes)) if unused else table


def _unused(ending: str, wish: ReadOptions, row: int) -> Iterable[SourceNote]:
    """Return a note on each option that a file of this kind has no use for."""
    said = {
        "sheet": f"--sheet {wish.sheet}" if wish.sheet else "",
        "encoding": f"--encoding {wish.encoding}" if wish.encoding else "",
        "header_row": f"--header-row {wish.header_row}" if wish.header_row else "",
        "all_sheets": "--all-sheets" if wish.all_sheets else "",
    }
    unused = [text for name, text in said.items() if text and ending not in _OPTIONS[name]]
    return tuple(SourceNote("OPTION_UNUSED", row, "", text) for text in unused)


def require_readable(path: Path) -> None:
    """Refuse a file of which its name, its size and its rights tell that it cannot be read.

    Raises
    ------
    SourceError
        See :func:`read_file`.
    MarkedError
        If it carries the marking of a state secret, in its name or anywhere in it.
    """
    secret_markings.require_name(path)
    ending = path.suffix.lower()
    if not path.exists():
        raise SourceError("source.missing", path=str(path))
    if path.is_dir():
        raise SourceError("source.directory", path=str(path))
    if ending == ".dwg":
        raise SourceError("source.dwg", path=path.name)
    if ending in _SAVE_AS:
        raise SourceError("source.save_as", path=path.name, wanted=_SAVE_AS[ending])
    if ending not in READERS:
        known = ", ".join(each.lstrip(".").upper() for each in READERS)
        raise SourceError("source.ending", path=path.name, known=known)
    if path.stat().st_size == 0:
        raise SourceError("source.empty", path=path.name)
    if not os.access(path, os.R_OK):  # GDAL would call it damaged
        raise SourceError("source.closed", path=str(path))
    check_size(path)
    require_content(path)
    secret_markings.require_unmarked(path)


def _text(path: Path, wish: ReadOptions, rows: int) -> Iterator[Table]:
    from geo.files.readers.delimited import read_text

    yield from read_text(
        path, encoding=wish.encoding, header_row=wish.header_row, known=wish.known, rows=rows
    )


def _workbook(path: Path, wish: ReadOptions, _: int) -> Iterator[Table]:
    from geo.files.readers.workbook import read_workbook

    yield from read_workbook(
        path,
        sheet=wish.sheet,
        all_sheets=wish.all_sheets,
        header_row=wish.header_row,
        known=wish.known,
    )


def _geojson(path: Path, wish: ReadOptions, _: int) -> Iterator[Table]:
    from geo.files.readers.vector import read_geojson

    yield read_geojson(path, encoding=wish.encoding)


def _geopackage(path: Path, wish: ReadOptions, rows: int) -> Iterator[Table]:
    from geo.files.readers.vector import read_geopackage

    yield from read_geopackage(path, sheet=wish.sheet, rows=rows)


def _shapefile(path: Path, wish: ReadOptions, _: int) -> Iterator[Table]:
    from geo.files.readers.vector import read_shapefile

    yield read_shapefile(path, encoding=wish.encoding)


def _drawing(path: Path, wish: ReadOptions, _: int) -> Iterator[Table]:
    from geo.files.readers.dxf import read_drawing

    yield read_drawing(path, sheet=wish.sheet, encoding=wish.encoding)


def _catalog(path: Path, wish: ReadOptions, _: int) -> Iterator[Table]:
    from geo.files.readers.gb28181 import read_catalog

    yield read_catalog(path, encoding=wish.encoding)


def _parquet(path: Path, _: ReadOptions, __: int) -> Iterator[Table]:
    from geo.files.readers.parquet import read_parquet

    yield read_parquet(path)


def _archive(path: Path, wish: ReadOptions, rows: int) -> Iterator[Table]:
    with unpack_archive(path, wish.sheet, wanted=_IN_ARCHIVES) as (inner, sheet):
        yield from _tables(inner, replace(wish, sheet=sheet), rows)


READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        **dict.fromkeys((".csv", ".txt", ".tsv"), _text),
        **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods"), _workbook),
        **dict.fromkeys((".geojson", ".json"), _geojson),
        ".gpkg": _geopackage,
        ".shp": _shapefile,
        ".dxf": _drawing,
        ".xml": _catalog,
        **dict.fromkeys((".parquet", ".geoparquet"), _parquet),
        ".zip": _archive,
    }
)
# formats people have and what to make of them first
_SAVE_AS: Final = {".et": "XLSX", ".wps": "XLSX"}
# what counts as data in a ZIP; text, XML and JSON beside it mostly tell about it
_IN_ARCHIVES: Final = frozenset(READERS) - {".zip", ".txt", ".json", ".xml"}
_TEXTS: Final = frozenset({".csv", ".txt", ".tsv"})
_BOOKS: Final = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
# which endings have a use for an option; of a ZIP its file decides
_OPTIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "sheet": _BOOKS | {".gpkg", ".dxf", ".zip"},
        "encoding": _TEXTS | {".geojson", ".json", ".shp", ".dxf", ".xml", ".zip"},
        "header_row": _TEXTS | _BOOKS | {".zip"},
        "all_sheets": _BOOKS | {".zip"},
    }
)
