"""Shapefiles written byte by byte: what other programs leave behind, faults included."""

import struct

WGS84 = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def shapefile(path, fields, rows, *, points=None, cpg=None, prj=None, encoding="utf-8"):
    """Write a Shapefile of points with its table.

    `fields` are (name, kind, width, decimals), names and cells text or bytes; a row is a list of
    cells, or of one more, "*", where it is marked as deleted.
    """
    count = len(rows) if points is None else points
    _shapes(path, count)
    _table(path.with_suffix(".dbf"), fields, rows, encoding)
    for ending, text in ((".cpg", cpg), (".prj", prj)):
        if text is not None:
            path.with_suffix(ending).write_text(text, encoding="utf-8")
    return path


def _shapes(path, count):
    records, index = b"", b""
    for number in range(count):
        index += struct.pack(">ii", (100 + len(records)) // 2, 10)
        place = (117.0451 + number / 1000, 30.5031)
        records += struct.pack(">ii", number + 1, 10) + struct.pack("<idd", 1, *place)
    for file, content in ((path, records), (path.with_suffix(".shx"), index)):
        head = struct.pack(">i20xi", 9994, (100 + len(content)) // 2) + struct.pack("<ii", 1000, 1)
        head += struct.pack("<8d", 117, 30, 118, 31, 0, 0, 0, 0)
        file.write_bytes(head + content)


def _table(path, fields, rows, encoding):
    width = 1 + sum(length for _, _, length, _ in fields)
    begins = 32 + 32 * len(fields) + 1
    content = struct.pack("<BBBBIHH20x", 3, 126, 11, 23, len(rows), begins, width)
    for name, kind, length, decimals in fields:
        plain = _bytes(name, encoding)[:10]
        # a text longer than a byte can tell has the rest of its length where decimals are
        more, less = divmod(length, 256)
        content += struct.pack("<11sc4xBB14x", plain, kind.encode(), less, more or decimals)
    content += b"\x0d"
    for row in rows:
        content += b"*" if len(row) > len(fields) else b" "
        for cell, (_, kind, length, _) in zip(row, fields, strict=False):
            raw = _bytes(cell, encoding)[:length]
            content += raw.rjust(length) if kind in "NF" else raw.ljust(length)
    path.write_bytes(content + b"\x1a")


def _bytes(cell, encoding):
    return cell if isinstance(cell, bytes) else str(cell).encode(encoding)
