"""Files as they are: text, workbooks and geographic files, read into one kind of table."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from geo.errors import SourceError
from geo.sources.control import without_controls
from geo.sources.table import SourceNote, Table
from geo.sources.text import read_text
from geo.sources.vector import read_geojson, read_geopackage, read_shapefile
from geo.sources.workbook import read_workbook

__all__ = ["SourceNote", "Table", "read"]

Reader = Callable[[Path, str | None, str | None], Table]

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        ".csv": lambda path, _, encoding: read_text(path, encoding=encoding),
        ".txt": lambda path, _, encoding: read_text(path, encoding=encoding),
        ".tsv": lambda path, _, encoding: read_text(path, encoding=encoding),
        ".xlsx": lambda path, sheet, _: read_workbook(path, sheet=sheet),
        ".xlsm": lambda path, sheet, _: read_workbook(path, sheet=sheet),
        ".geojson": lambda path, _sheet, _encoding: read_geojson(path),
        ".json": lambda path, _sheet, _encoding: read_geojson(path),
        ".gpkg": lambda path, sheet, _: read_geopackage(path, sheet=sheet),
        ".shp": lambda path, _, encoding: read_shapefile(path, encoding=encoding),
    }
)
# formats people have and what to make of them first
_SAVE_AS: Final = {".dwg": "DXF → GeoPackage", ".xls": "XLSX", ".et": "XLSX", ".ods": "XLSX"}


def read(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Table:
    """Return the rows of a file as written, with what the file says about itself.

    Parameters
    ----------
    path
        CSV, TXT, TSV, XLSX, XLSM, GeoJSON, GeoPackage or Shapefile, told by its ending.
    sheet
        Sheet of a workbook (default: the first) or layer of a GeoPackage (default: the only one).
    encoding
        Of text files and Shapefiles; default: UTF-8, then GB18030, strictly.

    Returns
    -------
    Table
        ``rows`` has dtype object and at least one row; no text holds control characters.

    Raises
    ------
    SourceError
        If the file is missing, a folder, empty, of an unknown kind, damaged, without rows, or in
        another encoding; each with its own sentence.
    """
    ending = path.suffix.lower()
    _check(path, ending)
    table = READERS[ending](path, sheet, encoding)
    if table.rows.empty:
        key = "source.no_rows" if table.header_row else "source.no_features"
        raise SourceError(key, path=path.name)
    return without_controls(table)


def _check(path: Path, ending: str) -> None:
    if not path.exists():
        raise SourceError("source.missing", path=str(path))
    if path.is_dir():
        raise SourceError("source.directory", path=str(path))
    if ending in _SAVE_AS:
        raise SourceError("source.save_as", path=path.name, wanted=_SAVE_AS[ending])
    if ending not in READERS:
        known = ", ".join(each.lstrip(".").upper() for each in READERS)
        raise SourceError("source.ending", path=path.name, known=known)
    if path.stat().st_size == 0:
        raise SourceError("source.empty", path=path.name)
    if not os.access(path, os.R_OK):  # GDAL would call it damaged
        raise SourceError("source.closed", path=str(path))
