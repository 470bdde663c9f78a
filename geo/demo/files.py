"""The demo's files: GeoJSON as plain rounded text, GeoPackage, CSV and sheets."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from openpyxl import Workbook
from shapely.geometry.base import BaseGeometry

from geo.base.crs import WGS84, project

DECIMALS = 7
SYNTHETIC = "演示数据（界线、点位均为虚构）"


def lonlat(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the geometries in lon/lat rounded to 7 decimals, wherever they come from."""
    source = (frame.crs.to_epsg() if frame.crs is not None else None) or WGS84
    shapes = frame.geometry.to_numpy()
    moved = shapes if source == WGS84 else project(shapes, source=source, target=WGS84)
    return np.asarray(shapely.transform(moved, lambda xy: np.round(xy, DECIMALS)))


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a layer as GeoJSON, one feature a line, each marked synthetic.

    Equal rows give equal bytes.

    Parameters
    ----------
    frame
        Layer in any CRS; written in WGS 84, coordinates rounded.
    path
        File to write.
    """
    columns = [name for name in frame.columns if name != "geometry"]
    rows = frame[columns].to_dict("records")
    lines = [
        json.dumps(
            {"type": "Feature", "properties": {**_plain(row), "remark": SYNTHETIC},
             "geometry": {"type": shape.geom_type, "coordinates": _rings(shape)}},
            ensure_ascii=False, separators=(",", ":"),
        )
        for row, shape in zip(rows, lonlat(frame), strict=True)
    ]  # fmt: skip
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        key: value.item() if isinstance(value, np.generic) else value for key, value in row.items()
    }


def _rings(shape: BaseGeometry) -> object:
    """Return a shape's coordinates as nested lists, rounded."""
    if shape.geom_type == "Polygon":
        return [_pairs(ring) for ring in shapely.get_rings(shape)]
    if shape.geom_type.startswith("Multi"):
        return [_rings(part) for part in shapely.get_parts(shape)]
    pairs = _pairs(shape)
    return pairs[0] if shape.geom_type == "Point" else pairs


def _pairs(line: BaseGeometry) -> list[list[float]]:
    return [
        [round(x, DECIMALS), round(y, DECIMALS)] for x, y in shapely.get_coordinates(line).tolist()
    ]


def write_gpkg(frame: gpd.GeoDataFrame, path: Path, *, layer: str) -> None:
    """Write a layer as GeoPackage in WGS 84, each row marked synthetic.

    Parameters
    ----------
    frame
        Layer in any CRS.
    path
        File to write; an older one is replaced.
    layer
        Name of the layer in the file.
    """
    path.unlink(missing_ok=True)
    moved = frame.drop(columns="geometry").assign(remark=SYNTHETIC)
    gpd.GeoDataFrame(moved, geometry=lonlat(frame), crs=WGS84).to_file(
        path, layer=layer, driver="GPKG"
    )


def with_lonlat(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the rows with columns 经度 and 纬度 (empty where there is no position)."""
    shapes = lonlat(frame)
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    there = ~shapely.is_missing(shapes)
    for column, read in (("经度", shapely.get_x), ("纬度", shapely.get_y)):
        plain[column] = [
            f"{value:.7f}" if ok else "" for value, ok in zip(read(shapes), there, strict=True)
        ]
    return plain


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV in UTF-8 with byte order mark, as office programs expect it.

    Parameters
    ----------
    frame
        Plain table; a column 备注 marks each row synthetic.
    path
        File to write.
    """
    frame.assign(备注=SYNTHETIC).to_csv(
        path, index=False, encoding="utf-8-sig", lineterminator="\r\n"
    )


def write_sheet(frame: pd.DataFrame, path: Path, *, title: str) -> None:
    """Write a table as a workbook of one sheet; texts stay text, so long codes keep their digits.

    Parameters
    ----------
    frame
        Plain table; missing values are blank cells.
    path
        XLSX file to write.
    title
        Name of the sheet.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet(title)
    page.append(list(frame.columns))
    for row in frame.astype(object).itertuples(index=False):
        page.append([None if value is None or value != value else value for value in row])
    book.save(path)
