"""FlatGeobuf row by row: a file of any number of rows in the memory of some thousand.

There is no spatial index: it stands before the features, and takes all of them to be made. It is
written without GDAL, which would hold three times as much memory as all that is written at once.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import shapely

from geo.files.writers.flatbuffers import REFERENCE, WORD, FlatBuffer

MAGIC: Final = b"fgb\x03fgb\x00"
Bounds = tuple[float, float, float, float]
Cells = Sequence[object]
"""Values of a row, in the order of the columns; a column without one is left out."""
SHAPES: Final[Mapping[str, int]] = MappingProxyType(
    {"Point": 1, "MultiLineString": 5, "MultiPolygon": 6}
)
_POLYGON: Final = 3
_POINT: Final = struct.Struct("<IIHHHHiIIHHHHiIIdd")
_POINT_SIZE: Final = _POINT.size


@dataclass(frozen=True)
class FileHead:
    """What the head says of all rows: name, columns and their kinds, shape, SRID, rows, their box.

    Kinds are those of :data:`KINDS`, shapes those of :data:`SHAPES`.
    """

    layer: str
    columns: Mapping[str, str]
    shape: str
    srid: int
    rows: int
    bounds: Bounds | None


def stream_flatgeobuf(rows: Iterable[tuple[Cells, Any]], whole: FileHead) -> Iterator[bytes]:
    """Yield a layer as FlatGeobuf: its head, then feature by feature.

    Parameters
    ----------
    rows
        The values of each, and its shape, of several parts where the layer is; None for none.
    whole
        What they are together.
    """
    yield MAGIC + _head(whole)
    writers = [
        partial(write, struct.pack("<H", n))
        for n, (_, write) in enumerate(KINDS[kind] for kind in whole.columns.values())
    ]
    for cells, shape in rows:
        properties = b"".join(
            write(cell) for write, cell in zip(writers, cells, strict=True) if cell is not None
        )
        if shape is not None and whole.shape == "Point":
            yield _point(shape.x, shape.y, properties)
        else:
            yield _feature(shape, properties)


def _text(number: bytes, value: object) -> bytes:
    content = str(value).encode()
    return number + struct.pack("<I", len(content)) + content


def _packed(form: str) -> Callable[[bytes, Any], bytes]:
    pack = struct.Struct(form).pack
    return lambda number, value: number + pack(value)


def _moment(number: bytes, value: datetime) -> bytes:
    return _text(number, value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")


def _day(number: bytes, value: date) -> bytes:
    return _text(number, f"{value.isoformat()}T00:00:00")


KINDS: Final[Mapping[str, tuple[int, Callable[[bytes, Any], bytes]]]] = MappingProxyType(
    {
        "text": (11, _text),
        "number": (10, _packed("<d")),
        "integer": (7, _packed("<q")),
        "boolean": (2, _packed("<?")),
        "date": (13, _day),
        "time": (13, _moment),
    }
)
"""By kind of a column, the number of its type in the format, and what writes a value."""


def _head(whole: FileHead) -> bytes:
    """Return the table *Header* of the format, with its size before it."""
    made = FlatBuffer()
    box = {} if whole.bounds is None else {1: (REFERENCE, 0)}
    fields = {
        **{0: (REFERENCE, 0), 2: ("B", SHAPES[whole.shape]), 7: (REFERENCE, 0)},
        **{8: ("Q", whole.rows), 9: ("H", 0), 10: (REFERENCE, 0), **box},
    }
    at = made.add_table(WORD, fields)
    made.add_text(at[0], whole.layer)
    if whole.bounds is not None:
        made.add_vector(at[1], 4, struct.pack("<4d", *whole.bounds), 8)
    columns = made.add_references(at[7], len(whole.columns))
    for place, (name, kind) in zip(columns, whole.columns.items(), strict=True):
        column = made.add_table(place, {0: (REFERENCE, 0), 1: ("B", KINDS[kind][0])})
        made.add_text(column[0], name)
    system = made.add_table(at[10], {0: (REFERENCE, 0), 1: ("i", whole.srid)})
    made.add_text(system[0], "EPSG")
    return made.finish()


def _point(x: float, y: float, properties: bytes) -> bytes:
    """Return a feature at a point; what :func:`_feature` makes, of which most features are."""
    # reference to the table; table of the feature with geometry and properties, its listing
    # before it; table of the geometry with its coordinates, likewise
    fixed = (12, 8, 12, 4, 8, 8, 16, 40, 8, 8, 0, 4, 8, 4, 2, x, y)
    content = struct.pack("<I", len(properties)) + properties
    free = -(_POINT_SIZE + len(content)) % 8
    size = _POINT_SIZE + len(content) + free - WORD
    return _POINT.pack(size, *fixed) + content + bytes(free)


def _feature(shape: Any, properties: bytes) -> bytes:  # noqa: ANN401 - a geometry, or None
    """Return the table *Feature* of the format, with its size before it."""
    made = FlatBuffer()
    geometry = {} if shape is None else {0: (REFERENCE, 0)}
    at = made.add_table(WORD, {**geometry, 1: (REFERENCE, 0)})
    if shape is not None:
        _add_shape(made, at[0], shape)
    made.add_vector(at[1], len(properties), properties, 1)
    return made.finish()


def _add_shape(made: FlatBuffer, at: int, shape: Any) -> None:  # noqa: ANN401 - a geometry
    """Add lines, or polygons each of which is a part of its own with its rings."""
    if shape.geom_type == "MultiLineString":
        _add_lines(made, at, shape.geoms, {})
        return
    place = made.add_table(at, {7: (REFERENCE, 0)})[7]
    for part, polygon in zip(
        made.add_references(place, len(shape.geoms)), shape.geoms, strict=True
    ):
        rings = [polygon.exterior, *polygon.interiors]
        _add_lines(made, part, rings, {6: ("B", _POLYGON)})


def _add_lines(
    made: FlatBuffer, at: int, lines: Sequence[Any], more: Mapping[int, tuple[str, object]]
) -> None:
    """Add coordinates of lines, one after the other, with where each ends."""
    corners = [shapely.get_coordinates(line) for line in lines]
    place = made.add_table(at, {0: (REFERENCE, 0), 1: (REFERENCE, 0), **more})
    ends = np.cumsum([len(each) for each in corners]).astype("<u4")
    made.add_vector(place[0], len(ends), ends.tobytes(), 4)
    flat = np.concatenate(corners).astype("<f8")
    made.add_vector(place[1], flat.size, flat.tobytes(), 8)
