"""Geographic files: GeoJSON, GeoPackage and Shapefile with their geometry and stated system."""

import csv
import itertools
import math
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
from pyogrio.errors import DataLayerError, DataSourceError

from geo.base.crs import InputCRS, crs_of_definition, parse_crs
from geo.base.errors import CRSError, SourceError
from geo.files.readers.control_characters import LOST, with_broken_marked
from geo.files.readers.dbf import Dbf, read_dbf
from geo.files.readers.drivers import geopackage_source, json_source, shapefile_source
from geo.files.readers.encoding import UTF8, encoding_of, text_of_bytes
from geo.files.readers.json_kind import kind_of_json
from geo.files.readers.limits import check_columns, damaged_error, sibling_file
from geo.files.readers.rows import row_index
from geo.files.readers.table import EXACT, SourceNote, Table, unique_headers
from geo.files.writers.output_file import NAMES_ENDING

_CRS_MEMBER: Final = re.compile(rb'"crs"\s*:\s*\{.{0,200}?"name"\s*:\s*"([^"]+)"', re.DOTALL)
_BROKEN_BYTES: Final = re.compile(rb"(?:\xed[\xb2\xb3][\x80-\xbf])+")
_HEAD_BYTES: Final = 65536
_TAIL_BYTES: Final = 4096


def read_geojson(path: Path, *, encoding: str | None = None) -> Table:
    """Return a GeoJSON file; its system is known only where it has a ``crs`` member.

    RFC 7946 says WGS 84, but files in other systems that do not say so are common. JSON of ArcGIS
    has its ``spatialReference``.

    Parameters
    ----------
    path
        GeoJSON, or JSON of ArcGIS.
    encoding
        As the user says, None to judge by the bytes; UTF-8 is expected.

    Raises
    ------
    SourceError
        If it is no GeoJSON; the message says what it is instead.
    """
    raw = path.read_bytes()
    used = encoding_of(lambda: [raw], encoding, stated="UTF-8", name=path.name)
    changed = used.broken or used.name != UTF8
    if changed:
        raw = text_of_bytes(raw, used).encode("utf-8", "surrogatepass")
        raw = _BROKEN_BYTES.sub(LOST.encode(), raw)
    with json_source(path, raw, changed=changed) as source:
        try:
            # a text that looks like a date is a text
            table = _read(path, source, DATE_AS_STRING="YES")
        except SourceError as error:
            raise kind_of_json(path, raw) or error from error
    if used.broken:
        table = with_broken_marked(table)
    table = replace(table, encoding=used.name)
    if source.startswith("ESRIJSON:"):
        return replace(table, notes=(*used.notes(), *table.notes))
    stated = _crs_member(path)
    if stated is None:
        return replace(table, crs=None, notes=used.notes())
    try:
        return replace(table, crs=parse_crs(stated), notes=used.notes())
    except CRSError:
        unknown = SourceNote("CRS_UNIDENTIFIED", 0, "", stated)
        return replace(table, crs=None, notes=(*used.notes(), unknown))


def read_geopackage(path: Path, *, sheet: str | None = None, rows: int) -> Iterator[Table]:
    """Yield a layer of a GeoPackage in parts, at least one.

    Parameters
    ----------
    path
        GeoPackage.
    sheet
        Name of the layer, None for the only one with geometry.
    rows
        Most features per part.

    Raises
    ------
    SourceError
        If there is no such layer, or several to choose from.
    """
    source = geopackage_source(path)
    layers = _layers(path, source)
    spatial = [name for name, kind in layers.items() if kind is not None]
    if sheet is None and len(spatial) != 1:
        raise SourceError("source.layers", path=path.name, known=", ".join(layers))
    if sheet is not None and sheet not in layers:
        raise SourceError("source.sheet", path=path.name, sheet=sheet, known=", ".join(layers))
    yield from _batches(path, source, sheet or spatial[0], rows)


def read_shapefile(path: Path, *, encoding: str | None = None) -> Table:
    """Return a Shapefile; names beyond ASCII need a .cpg file or `encoding`.

    Rows marked as deleted are left out, and their shapes with them.

    Parameters
    ----------
    path
        The .shp; .dbf and .shx must be beside it.
    encoding
        Of the .dbf as the user says, None for the .cpg or the bytes.

    Raises
    ------
    SourceError
        If a part is missing or damaged, or shapes and rows differ in number.
    """
    files = {part: sibling_file(path, part) for part in (".shx", ".dbf", ".prj", ".cpg")}
    missing = [part for part in (".shx", ".dbf") if not files[part]]
    table, index = files[".dbf"], files[".shx"]
    if table is None or index is None:
        raise SourceError("source.shapefile", path=path.name, missing=", ".join(missing))
    shapefile_source(path)
    stated = files[".cpg"].read_text("latin-1").strip() if files[".cpg"] else None
    found = read_dbf(table, path, given=encoding, stated=stated)
    shapes = _shapes(path, index, files[".prj"])
    if len(shapes.rows) != len(found.deleted):
        facts = {"shapes": len(shapes.rows), "rows": len(found.deleted)}
        raise SourceError("source.shape_rows", path=path.name, **facts)
    return _with_full_names(path, _with_cells(shapes, found))


def _shapes(path: Path, index: Path, projection: Path | None) -> Table:
    """Return the shapes alone: the library reads of two columns of one name only one."""
    with tempfile.TemporaryDirectory() as folder:
        for file, ending in ((path, ".shp"), (index, ".shx"), (projection, ".prj")):
            if file is not None:
                (Path(folder) / f"shapes{ending}").symlink_to(file.absolute())
        return _read(path, str(Path(folder) / "shapes.shp"))


def _with_cells(shapes: Table, found: Dbf) -> Table:
    kept = ~found.deleted
    headers = unique_headers(found.names)
    index = shapes.rows.index[kept]
    columns = {
        header: pd.Series(cells, index=shapes.rows.index, dtype=object)[kept]
        for header, cells in zip(headers, found.cells, strict=True)
    }
    rows = pd.DataFrame(columns, columns=pd.Index(list(headers)), index=index, dtype=object)
    deleted = int(found.deleted.sum())
    notes = [SourceNote("ROWS_DELETED", 0, "", str(deleted))] if deleted else []
    return replace(
        shapes,
        headers=headers,
        rows=rows,
        geometry=None if shapes.geometry is None else shapes.geometry[kept],
        encoding=found.encoding.name if found.encoding else None,
        notes=(*shapes.notes, *(found.encoding.notes() if found.encoding else ()), *notes),
    )


def _with_full_names(path: Path, table: Table) -> Table:
    """Return the table with the names that its export has written beside it, if it has."""
    beside = path.with_suffix(NAMES_ENDING)
    if not beside.exists():
        return table
    with beside.open(encoding="utf-8-sig", newline="") as file:
        full = dict(line[:2] for line in csv.reader(file) if len(line) > 1)
    headers = unique_headers([full.get(header, header) for header in table.headers])
    return replace(table, headers=headers, rows=table.rows.set_axis(list(headers), axis=1))


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
        raise damaged_error(path, error) from error


def _layers(path: Path, source: str) -> dict[str, str | None]:
    with _reading(path):
        return {str(name): kind for name, kind in pyogrio.list_layers(source)}


def _read(path: Path, source: str, **options: str) -> Table:
    _info(path, source)
    with _reading(path):
        frame = pyogrio.read_dataframe(source, on_invalid="ignore", **options)
        return table_of(frame)


def _info(path: Path, source: str, **options: str | None) -> dict[str, Any]:
    """Return what a layer says of itself, unless it is too wide to be read."""
    with _reading(path):
        info: dict[str, Any] = pyogrio.read_info(source, **options)
    check_columns(path.name, len(info["fields"]))
    return info


def _batches(path: Path, source: str, layer: str, rows: int) -> Iterator[Table]:
    info = _info(path, source, layer=layer)
    types = dict(zip(info["fields"], info["dtypes"], strict=True))
    for before in itertools.count(0, rows):
        with _reading(path):
            frame = pyogrio.read_dataframe(
                source, layer=layer, skip_features=before, max_features=rows, on_invalid="ignore"
            )
            table = table_of(_typed(frame, types), before)
        if not before:
            yield table
        elif not table.rows.index.empty:
            yield replace(table, notes=())
        if len(frame) < rows:
            return


def _typed(frame: pd.DataFrame, types: Mapping[str, str]) -> pd.DataFrame:
    """Return the fields as their layer has them; a blank had made numbers of the whole column.

    So a value reads the same in each part, whatever stands beside it.
    """
    for name in frame:
        wanted, found = types.get(str(name), ""), frame[name]
        if wanted.startswith(("int", "uint", "bool")) and str(found.dtype) != wanted:
            as_is = bool if wanted == "bool" else _whole
            cells = [None if math.isnan(cell) else as_is(cell) for cell in found.tolist()]
            frame[name] = pd.Series(cells, index=found.index, dtype=object)
    return frame


def _whole(number: float) -> float:
    """Return a whole number as such, unless digits may be lost already."""
    return int(number) if abs(number) < EXACT else number


def table_of(frame: pd.DataFrame, before: int = 0) -> Table:
    """Return a frame as a table whose rows are numbered on from earlier features.

    Parameters
    ----------
    frame
        Features as read; its index is replaced.
    before
        Number of features in earlier parts.
    """
    frame.index = row_index(range(before + 1, before + len(frame) + 1))
    if not isinstance(frame, gpd.GeoDataFrame):
        return Table(*_cells(frame))
    geometry = pd.Series(frame.geometry.to_numpy(), index=frame.index, dtype=object)
    headers, rows = _cells(pd.DataFrame(frame.drop(columns=str(frame.geometry.name))))
    if frame.crs is None:
        return Table(headers, rows, geometry)
    crs = _stated(frame.crs)
    notes = () if crs else (SourceNote("CRS_UNIDENTIFIED", 0, "", frame.crs.name),)
    return Table(headers, rows, geometry, crs, notes=notes)


def _stated(crs: pyproj.CRS) -> InputCRS | None:
    # the default of GeoParquet is of another authority, which has no EPSG number
    if crs.to_authority() == ("OGC", "CRS84"):
        return parse_crs("OGC:CRS84")
    return crs_of_definition(crs.to_wkt())


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
