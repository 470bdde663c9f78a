"""Rows of a question as files: CSV and FlatGeobuf part by part, GeoPackage on disk."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from sqlalchemy import Connection, Engine

from geo.access.principal import Principal
from geo.base.crs_uris import LONLAT, AxisCRS
from geo.base.json_objects import LayerRow
from geo.exchange.publish import questions
from geo.exchange.publish.questions import LayerQuestion
from geo.exchange.rules import published_columns
from geo.exchange.store import asked_rows
from geo.exchange.store.asked_rows import RowQuestion, Source

if TYPE_CHECKING:
    import pyarrow as pa

    from geo.base.crs import Geometries

PART: Final = 1_000
Bounds = tuple[float, float, float, float]
Extent = tuple[int, Bounds | None]
Opened = tuple[Connection, Source, RowQuestion, AxisCRS]
_GEOM: Final = "geometry"
_TYPES: Final = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}
_MANY: Final[Mapping[int, Callable[[Any], Any]]] = {
    shapely.GeometryType.LINESTRING: shapely.multilinestrings,
    shapely.GeometryType.POLYGON: shapely.multipolygons,
}


@dataclass(frozen=True)
class FileAsked:
    """Rows that are to go out as a file: who asks for which of which layer, and how many at most.

    `limit` is None for all.
    """

    reader: Principal
    layer: str
    asked: LayerQuestion
    limit: int | None
    zone: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the file but the place, in order."""
        known = published_columns.columns_of(self.layer)
        if self.asked.properties is None:
            return (*known, *questions.free_columns(self.layer, self.asked))
        return published_columns.parse_selection(self.asked.properties, known)


def count_rows(engine: Engine, wanted: FileAsked) -> int:
    """Return how many rows a file would have; what is asked wrongly is refused here.

    Parameters
    ----------
    engine
        Pool of the service.
    wanted
        What is to go out.
    """
    with _open(engine, wanted) as (connection, source, of, _):
        return _within(asked_rows.count_rows(connection, source, of), wanted.limit)


def write_layer(engine: Engine, wanted: FileAsked, form: str, path: Path) -> str:
    """Write the rows that fit into a file, some thousand at a time, all of one moment.

    Returns the URI of the system that they are in.

    Parameters
    ----------
    engine
        Pool of the service.
    wanted
        What is to go out.
    form
        "csv", "fgb" or "gpkg".
    path
        File to write.
    """
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
    with _open(snapshot, wanted) as (connection, source, of, crs):
        rows = asked_rows.select_rows(
            connection,
            source,
            of,
            limit=wanted.limit,
            more=questions.free_columns(wanted.layer, wanted.asked),
        )
        parts = _in_parts(rows)
        if form == "csv":
            _write_csv(parts, wanted, crs, path)
        elif form == "gpkg":
            _write_geopackage(parts, wanted, crs, path)
        else:
            count = _within(asked_rows.count_rows(connection, source, of), wanted.limit)
            box = asked_rows.box_of(connection, source, of)
            _write_flatgeobuf(parts, wanted, crs, path, (count, box))
        return crs.uri


def _open(engine: Engine, wanted: FileAsked) -> AbstractContextManager[Opened]:
    return questions.open_rows(engine, wanted.reader, wanted.layer, wanted.asked, zone=wanted.zone)


def _within(count: int, limit: int | None) -> int:
    return count if limit is None else min(count, limit)


def _in_parts(rows: Iterator[LayerRow]) -> Iterator[list[LayerRow]]:
    """Yield the rows some thousand at a time; one part at least, which may be empty."""
    part = list(islice(rows, PART))
    while True:
        yield part
        part = list(islice(rows, PART))
        if not part:
            return


def _write_csv(
    parts: Iterable[list[LayerRow]], wanted: FileAsked, crs: AxisCRS, path: Path
) -> None:
    from geo.files.formulas import escape_formula

    points = published_columns.shape_of(wanted.layer) == "point"
    places = (*(("lon", "lat") if crs is LONLAT else ("x", "y")),) if points else ("wkt",)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([*wanted.columns, *places])
        for part in parts:
            shapes = _placed(part, crs)
            for row, shape in zip(part, shapes, strict=True):
                cells = [escape_formula(_plain(row[name])) for name in wanted.columns]
                out.writerow([*cells, *_place(shape, points=points)])


def _place(shape: Any, *, points: bool) -> Sequence[object]:  # noqa: ANN401 - a geometry, or None
    if points:
        return ("", "") if shape is None else (shape.x, shape.y)
    return ("" if shape is None else shapely.to_wkt(shape, rounding_precision=-1),)


def _plain(value: object) -> object:
    """Return a value as a cell: dates and times by RFC 3339, what is nested as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else value


def _write_geopackage(
    parts: Iterable[list[LayerRow]], wanted: FileAsked, crs: AxisCRS, path: Path
) -> None:
    import pyogrio

    shape = _TYPES[published_columns.shape_of(wanted.layer)]
    for n, part in enumerate(parts):
        pyogrio.write_arrow(
            _table(part, wanted, crs),
            path,
            driver="GPKG",
            layer=wanted.layer,
            geometry_name=_GEOM,
            geometry_type=shape,
            crs=f"EPSG:{crs.srid}",
            append=n > 0,
        )


def _write_flatgeobuf(
    parts: Iterable[list[LayerRow]], wanted: FileAsked, crs: AxisCRS, path: Path, extent: Extent
) -> None:
    from geo.files.writers.flatgeobuf import FileHead, stream_flatgeobuf

    shape = _TYPES[published_columns.shape_of(wanted.layer)]
    known = published_columns.columns_of(wanted.layer)
    columns = {name: known.get(name, "text") for name in wanted.columns}
    whole = FileHead(wanted.layer, columns, shape, crs.srid, extent[0], _box(extent[1], crs))
    with path.open("wb") as file:
        for content in stream_flatgeobuf(_features(parts, wanted, crs), whole):
            file.write(content)


def _features(
    parts: Iterable[list[LayerRow]], wanted: FileAsked, crs: AxisCRS
) -> Iterator[tuple[list[object], Any]]:
    """Yield cells and shape of each row, as a format that has no axes but x and y takes them."""
    for part in parts:
        shapes = _many(_placed(part, crs.east_first()))
        for row, shape in zip(part, shapes, strict=True):
            yield [_cell(row[name]) for name in wanted.columns], shape


def _box(lonlat: Bounds | None, crs: AxisCRS) -> Bounds | None:
    """Return a box in the system of a file that holds one in lon/lat."""
    if lonlat is None or crs.is_lonlat:
        return lonlat
    fine = shapely.segmentize(shapely.box(*lonlat), max((lonlat[2] - lonlat[0]) / 20, 1e-6))
    west, south, east, north = (
        crs.east_first().from_lonlat(np.array([fine], dtype=object))[0].bounds
    )
    return west, south, east, north


def _table(part: list[LayerRow], wanted: FileAsked, crs: AxisCRS) -> pa.Table:
    import pyarrow as pa

    known = published_columns.columns_of(wanted.layer)
    # files have their axes as their formats say, whatever the order of the system
    shapes = _many(_placed(part, crs.east_first()))
    arrays = {
        name: pa.array([_cell(row[name]) for row in part], _arrow(known.get(name, "text")))
        for name in wanted.columns
    }
    return pa.table({**arrays, _GEOM: pa.array(shapely.to_wkb(shapes).tolist(), pa.binary())})


def _cell(value: object) -> object:
    return _plain(value) if isinstance(value, dict | list) else value


def _arrow(kind: str) -> pa.DataType:
    import pyarrow as pa

    return {
        "text": pa.string(),
        "number": pa.float64(),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "time": pa.timestamp("ms", tz="UTC"),
    }[kind]


def _placed(part: list[LayerRow], crs: AxisCRS) -> Geometries:
    shapes = shapely.from_wkb(np.array([row["geom"] for row in part], dtype=object))
    shapes[shapely.is_empty(shapes)] = None  # as in pages
    moved: Geometries = shapes if crs is LONLAT or not len(shapes) else crs.from_lonlat(shapes)
    return shapely.set_srid(moved, 0)


def _many(shapes: Geometries) -> Geometries:
    """Return lines and polygons as those of several parts: a layer has one type of geometry."""
    kinds, found = shapely.get_type_id(shapes), shapes.copy()
    for kind, unite in _MANY.items():
        for at in np.flatnonzero(kinds == kind):
            found[at] = unite([found[at]])
    return found
