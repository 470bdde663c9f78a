"""Geographic files: GeoJSON, GeoPackage and Shapefile with their geometry and stated system."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from geo.crs import crs_of_definition, parse_crs
from geo.errors import CRSError, SourceError
from geo.sources.damage import damaged
from geo.sources.table import SourceNote, Table, unique_headers

_CRS_MEMBER: Final = re.compile(rb'"crs"\s*:\s*\{.{0,200}?"name"\s*:\s*"([^"]+)"', re.DOTALL)
# an escape is one only behind an even number of backslashes
_NUL_ESCAPE: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_HEAD_BYTES: Final = 65536
_TAIL_BYTES: Final = 4096


def read_geojson(path: Path) -> Table:
    """Return a GeoJSON file; its system is known only where it has a ``crs`` member.

    RFC 7946 says WGS 84, but files in other systems without a word about it are common.
    """
    table, stated = _read(path, content=_shielded(path)), _crs_member(path)
    if stated is None:
        return replace(table, crs=None, notes=())
    try:
        return replace(table, crs=parse_crs(stated), notes=())
    except CRSError:
        return replace(table, crs=None, notes=(SourceNote("CRS_UNIDENTIFIED", 0, "", stated),))


def read_geopackage(path: Path, *, sheet: str | None = None) -> Table:
    """Return one layer of a GeoPackage: the one named, else the only one with geometry."""
    layers = _layers(path)
    spatial = [name for name, kind in layers.items() if kind is not None]
    if sheet is None and len(spatial) != 1:
        raise SourceError("source.layers", path=path.name, known=", ".join(layers))
    if sheet is not None and sheet not in layers:
        raise SourceError("source.sheet", path=path.name, sheet=sheet, known=", ".join(layers))
    return _read(path, layer=sheet or spatial[0])


def read_shapefile(path: Path, *, encoding: str | None = None) -> Table:
    """Return a Shapefile; names beyond ASCII need a .cpg file or `encoding`."""
    missing = [part for part in (".shx", ".dbf") if not _sibling(path, part)]
    if missing:
        raise SourceError("source.shapefile", path=path.name, missing=", ".join(missing))
    if encoding is None and _sibling(path, ".cpg") is None and not _is_ascii(path):
        raise SourceError("source.dbf_encoding", path=path.name)
    return _read(path, encoding=encoding)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Refuse what the library cannot read; keep its warnings to itself.

    What it warns of (open rings, odd dates) shows again as findings of the rows.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            yield
    except (DataSourceError, DataLayerError, LookupError, RuntimeError, ValueError) as error:
        raise damaged(path, error) from error


def _layers(path: Path) -> dict[str, str | None]:
    with _reading(path):
        return {str(name): kind for name, kind in pyogrio.list_layers(path)}


def _read(
    path: Path,
    *,
    content: bytes | None = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> Table:
    with _reading(path):
        frame = pyogrio.read_dataframe(
            content or path, layer=layer, encoding=encoding, on_invalid="ignore"
        )
        return _table(frame)


def _table(frame: pd.DataFrame) -> Table:
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    if not isinstance(frame, gpd.GeoDataFrame):
        return Table(*_cells(frame))
    geometry = pd.Series(frame.geometry.to_numpy(), index=frame.index, dtype=object)
    headers, rows = _cells(pd.DataFrame(frame.drop(columns=str(frame.geometry.name))))
    if frame.crs is None:
        return Table(headers, rows, geometry)
    crs = crs_of_definition(frame.crs.to_wkt())
    notes = () if crs else (SourceNote("CRS_UNIDENTIFIED", 0, "", frame.crs.name),)
    return Table(headers, rows, geometry, crs, notes=notes)


def _cells(frame: pd.DataFrame) -> tuple[tuple[str, ...], pd.DataFrame]:
    rows = frame.astype(object).where(frame.notna(), None)
    for name in [each for each in frame if pd.api.types.is_object_dtype(frame[each])]:
        rows[name] = pd.Series(map(_plain, rows[name]), index=rows.index, dtype=object)
    headers = unique_headers(list(rows.columns))
    rows.columns = pd.Index(headers)
    return headers, rows


def _plain(cell: object) -> object:
    """Return lists of a cell as such."""
    return cell.tolist() if isinstance(cell, np.ndarray) else cell


def _crs_member(path: Path) -> str | None:
    """Return the name in the ``crs`` member, which stands before or after the features."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        tail = file.read()
    before, after = head.partition(b'"features"')[0], tail.rpartition(b"]")[2]
    member = _CRS_MEMBER.search(before) or _CRS_MEMBER.search(after)
    return member.group(1).decode("utf-8", "replace") if member else None


def _shielded(path: Path) -> bytes | None:
    """Return the file with each escaped NUL made another control character, None if it has none.

    The library ends a text at a NUL, so that nobody would see that something is missing.
    """
    raw = path.read_bytes()
    return _NUL_ESCAPE.sub(rb"\1\\u001a", raw) if _NUL_ESCAPE.search(raw) else None


def _sibling(path: Path, ending: str) -> Path | None:
    """Return the file beside `path` with the ending in whatever case."""
    endings = (ending, ending.upper())
    return next((p for e in endings if (p := path.with_suffix(e)).exists()), None)


def _is_ascii(path: Path) -> bool:
    dbf = _sibling(path, ".dbf")
    # the first 32 bytes are binary: date, counts and a language byte that is often wrong
    return dbf is None or dbf.read_bytes()[32:].isascii()
