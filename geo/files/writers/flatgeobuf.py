"""FlatGeobuf part by part: a file of any number of rows in the memory of some thousand.

GDAL writes each part as a file of its own; the first one gives the head, with the number of rows
and the box of the whole put in, and all of them give their features. There is no spatial index: it
stands before the features, and takes all of them to be made.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC: Final = 8
_ENVELOPE, _COUNT = 1, 8
"""Numbers of fields in the table *Header* of the format."""
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class FileHead:
    """What the head says of all parts: name, type of geometry, SRID, rows, and their box."""

    layer: str
    shape: str
    srid: int
    rows: int
    bounds: Bounds | None


def stream_flatgeobuf(parts: Iterable["pa.Table"], whole: FileHead) -> Iterator[bytes]:
    """Yield a layer as FlatGeobuf.

    Parameters
    ----------
    parts
        Tables of one form, whose last column ``geometry`` is WKB; there is one at least.
    whole
        What they are together.
    """
    begun = False
    for part in parts:
        content = _written(part, whole)
        size = struct.unpack_from("<I", content, MAGIC)[0]
        first = MAGIC + 4 + size
        if not begun:
            head = bytearray(content[:first])
            _complete(head, whole)
            yield bytes(head)
            begun = True
        yield content[first:]


def _written(part: "pa.Table", whole: FileHead) -> bytes:
    import pyogrio

    file = BytesIO()
    pyogrio.write_arrow(
        part,
        file,
        driver="FlatGeobuf",
        layer=whole.layer,
        geometry_name="geometry",
        geometry_type=whole.shape,
        crs=f"EPSG:{whole.srid}",
        SPATIAL_INDEX="NO",
    )
    return file.getvalue()


def _complete(head: bytearray, whole: FileHead) -> None:
    """Write into a head how many rows follow, and their box."""
    start = MAGIC + 4
    table = start + struct.unpack_from("<I", head, start)[0]
    count = _field(head, table, _COUNT)
    if count is not None:
        struct.pack_into("<Q", head, count, whole.rows)
    at = _field(head, table, _ENVELOPE)
    if at is None or whole.bounds is None:
        return
    vector = at + struct.unpack_from("<I", head, at)[0]
    if struct.unpack_from("<I", head, vector)[0] == len(whole.bounds):
        struct.pack_into("<4d", head, vector + 4, *whole.bounds)


def _field(head: bytearray, table: int, number: int) -> int | None:
    """Return where a field of a table of FlatBuffers stands; None where it is left out."""
    listing = table - struct.unpack_from("<i", head, table)[0]
    size = struct.unpack_from("<H", head, listing)[0]
    at = 4 + 2 * number
    offset = struct.unpack_from("<H", head, listing + at)[0] if at + 2 <= size else 0
    return table + offset if offset else None
