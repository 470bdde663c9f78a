"""Frames to files, by the ending of the name; formulas of spreadsheets are disarmed."""

import errno
import glob
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geo.errors import InputError

DRIVERS = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".shp": "ESRI Shapefile"}
ENDINGS = (*DRIVERS, ".csv", ".xlsx")
LONGEST_REASON = 120  # characters: GDAL tells a story where the disk is full
# Type numbers of shapely: no geometry, and a point.
MISSING, POINT = -1, 0
# What a spreadsheet takes for the start of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def require_ending(path: Path) -> str:
    """Return the ending of `path`, lower case.

    Raises
    ------
    InputError
        If no writer goes by it; the sentence names those that do.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError("export.ending", file=path.name, known=" ".join(ENDINGS))
    require_writable(path)
    return ending


def require_writable(path: Path) -> None:
    """Refuse a name that is a folder, or whose folder is missing or closed.

    Raises
    ------
    InputError
        With what stands in the way.
    """
    folder = path.resolve().parent
    if not folder.is_dir():
        raise InputError("export.no_folder", folder=str(path.parent))
    if not path.name or path.is_dir():
        raise InputError("export.is_folder", file=str(path))
    if not os.access(folder, os.W_OK):
        raise InputError("export.cannot_write", file=str(path), reason=os.strerror(errno.EACCES))


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Give a name to write to that becomes `path` at the end, so that nothing is half written.

    Companions of the draft (a Shapefile has several) move along; after a failure all are gone.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    require_writable(path)
    draft = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield draft
        for part in draft.parent.glob(f"{glob.escape(draft.stem)}.*"):
            part.replace(path.with_name(path.stem + part.suffix))
    except (OSError, DataSourceError, DataLayerError) as error:
        reason = (getattr(error, "strerror", None) or str(error).splitlines()[0])[:LONGEST_REASON]
        raise InputError("export.cannot_write", file=str(path), reason=reason) from error
    finally:
        with suppress(OSError):
            for part in draft.parent.glob(f"{glob.escape(draft.stem)}.*"):
                part.unlink()


def write(frame: pd.DataFrame, path: Path, *, layer: str, remark: str = "") -> None:
    """Write `frame` to `path`; nothing is left half written.

    Parameters
    ----------
    frame
        A layer (with its CRS), or a plain table for CSV and XLSX. In these two, points become the
        columns ``lon`` and ``lat``, other shapes WKT.
    layer
        Name of the layer or sheet inside the file.
    remark
        Stands in a column of its own in every row, where it is not empty.
    """
    ending = require_ending(path)
    if remark:
        frame = frame.assign(remark=remark)
    with draft_of(path) as draft:
        if ending in DRIVERS:
            _vector(frame, draft, ending, layer)
        elif ending == ".csv":
            flat(frame).map(disarm).to_csv(draft, index=False, encoding="utf-8-sig")
        else:
            _sheets({layer: flat(frame)}, draft)


def workbook(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write plain tables as sheets of one workbook, header frozen and columns of a fair width."""
    with draft_of(path) as draft:
        _sheets(sheets, draft)


def _sheets(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    buffer = io.BytesIO()  # a full disk then fails in one write, not while the archive is closed
    with pd.ExcelWriter(buffer, engine="openpyxl") as writer:
        for name, table in sheets.items():
            table.map(disarm).to_excel(writer, sheet_name=name[:31], index=False)
            sheet = writer.sheets[name[:31]]
            sheet.freeze_panes = "A2"
            for position, column in enumerate(table.columns, start=1):
                letter = sheet.cell(1, position).column_letter
                longest = table[column].head(200).astype("str").str.len().max()
                width = max(len(str(column)) * 2, 0 if pd.isna(longest) else int(longest)) + 2
                sheet.column_dimensions[letter].width = min(width, 48)
    path.write_bytes(buffer.getvalue())


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without geometry: points as lon, lat (or x, y), other shapes as WKT."""
    table = pd.DataFrame(frame).copy()
    for name in table.columns:
        table[name] = _plain_column(table[name])
    if not isinstance(frame, gpd.GeoDataFrame):
        return table
    geometry = frame.geometry
    table = table.drop(columns=geometry.name)
    kinds = shapely.get_type_id(geometry.to_numpy())
    if np.isin(kinds, (MISSING, POINT)).all():
        lonlat = frame.crs is None or frame.crs.is_geographic
        names = ("lon", "lat") if lonlat else ("x", "y")
        values = (np.asarray(geometry.x), np.asarray(geometry.y))
        return table.assign(**{n: v for n, v in zip(names, values, strict=True) if n not in table})
    return table.assign(wkt=shapely.to_wkt(geometry.to_numpy(), rounding_precision=7))


def disarm(value: object) -> object:
    """Return `value`; a text that a spreadsheet would run as a formula gets an apostrophe."""
    if isinstance(value, str) and value.startswith(FORMULA) and not _is_number(value):
        return "'" + value
    return value


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _short(names: list[str]) -> dict[str, str]:
    """Return names of at most ten bytes, which is all that a Shapefile holds, each one once."""
    found: dict[str, str] = {}
    for name in names:
        short, number = name.encode()[:10].decode(errors="ignore"), 1
        while short in found.values():
            tail = f"_{number}"
            short = name.encode()[: 10 - len(tail)].decode(errors="ignore") + tail
            number += 1
        found[name] = name if name == "geometry" else short
    return found


def _plain_column(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.map(
            lambda t: None if pd.isna(t) else t.isoformat(sep=" ", timespec="seconds")
        )
    if column.dtype == object:
        return column.map(_plain_cell)
    return column


def _plain_cell(value: object) -> object:
    if isinstance(value, list | tuple | dict):
        return str(value)
    if isinstance(value, pd.Timestamp) and value.tzinfo is not None:
        return value.isoformat(sep=" ", timespec="seconds")
    return value


def _vector(frame: pd.DataFrame, path: Path, ending: str, layer: str) -> None:
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError("export.no_geometry", layer=layer, known=".csv .xlsx")
    table = frame.copy()
    for name in [n for n in table.columns if n != table.geometry.name]:
        table[name] = _plain_column(table[name])
    if ending == ".shp":
        table = table.rename(columns=_short(list(table.columns)))
    options = {".geojson": {"COORDINATE_PRECISION": "7"}, ".shp": {"ENCODING": "UTF-8"}}
    pyogrio.write_dataframe(
        table, path, driver=DRIVERS[ending], layer=layer, layer_options=options.get(ending, {})
    )
