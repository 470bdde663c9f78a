"""Vector files: GeoPackage, Shapefile, GeoJSON and GeoParquet."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from geo.base.errors import InputError
from geo.files.writers.flat_table import plain_cells
from geo.files.writers.output_file import DRIVERS, NAMES_ENDING, TABLES

# Seventeen figures are what a coordinate has: with fewer, no file would come back the same.
_OPTIONS: Final = {".geojson": {"SIGNIFICANT_FIGURES": "17"}, ".shp": {"ENCODING": "UTF-8"}}
NAME_BYTES: Final = 10  # of a column of a Shapefile
TEXT_BYTES: Final = 254  # of a text in it


def write_vector(frame: pd.DataFrame, path: Path, ending: str, layer: str) -> None:
    """Write a layer as a vector file; truth values become the words true and false.

    Parameters
    ----------
    frame
        Layer; for Parquet a plain table as well.
    path
        File to write.
    ending
        Format by its ending: a key of `DRIVERS`, or ".parquet".
    layer
        Name of the layer in the file.

    Raises
    ------
    InputError
        If `frame` has no geometry, or a text is too long for a Shapefile.
    OSError
        If the file cannot be written.
    """
    if ending == ".parquet":
        _parquet(frame, path)
        return
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError("export.no_geometry", layer=layer, known=" ".join(TABLES))
    table = plain_cells(frame)
    for name in [n for n in table.columns if n != table.geometry.name]:
        if table[name].dtype == object:
            table[name] = table[name].map(_word)
    if ending == ".shp":
        table = _shortened(gpd.GeoDataFrame(table), path)
    options = _OPTIONS.get(ending, {})
    try:
        pyogrio.write_dataframe(
            table, path, driver=DRIVERS[ending], layer=layer, layer_options=options
        )
    except (DataSourceError, DataLayerError) as error:
        raise OSError(str(error)) from error


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    table = plain_cells(frame)
    for name in [n for n in table.columns if table[n].dtype == object]:
        if len({type(cell) for cell in table[name] if cell is not None}) > 1:
            table[name] = table[name].map(_word)
    table.to_parquet(path, index=False)


def _word(cell: object) -> object:
    if isinstance(cell, bool):
        return str(cell).lower()
    return None if cell is None or cell != cell else str(cell)  # a NaN is not itself


def _shortened(table: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
    """Return the layer with names that a Shapefile can hold; the full ones go into a file beside.

    With that file at its side, a Shapefile is read with the full names.
    """
    shapes = str(table.geometry.name)
    names = short_names([str(name) for name in table.columns if name != shapes])
    for name in names:
        _require_short(table[name], name)
    with path.with_suffix(NAMES_ENDING).open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("column", "name"), *((s, n) for n, s in names.items())])
    return table.rename(columns=names)


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return name → a name of at most ten bytes, which is all that a Shapefile holds.

    Each short name stands once; a Shapefile does not tell upper case from lower.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        short, number = _cut(name, NAME_BYTES), 1
        while short.casefold() in taken:
            tail = f"_{number}"
            short, number = _cut(name, NAME_BYTES - len(tail)) + tail, number + 1
        found[name] = short
        taken.add(short.casefold())
    return found


def _cut(name: str, length: int) -> str:
    return name.encode()[:length].decode(errors="ignore")


def _require_short(column: pd.Series, name: str) -> None:
    if column.dtype != object and not isinstance(column.dtype, pd.StringDtype):
        return
    longest = max((len(str(cell).encode()) for cell in column if cell is not None), default=0)
    if longest > TEXT_BYTES:
        raise InputError("export.text_long", column=name, length=longest, most=TEXT_BYTES)
