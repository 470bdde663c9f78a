"""Workbooks of other programs, written byte by byte: what an old Excel and an office suite save."""

import struct
import zipfile

SECTOR = 512
# a stream below this size would stand in a stream of small sectors
SMALLEST = 4096
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
ERRORS = {"#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17, "#N/A": 0x2A}


def xls(path, rows, *, merged=(), title="Sheet1", before=b""):
    """Write an XLS (BIFF8 in a compound file); merged: first and last row, then column, from 0.

    `before` are records of formats and the like.
    """
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 6))
    sheet += record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet += cell_record(at, column, cell)
    if merged:
        spans = b"".join(struct.pack("<HHHH", *span) for span in merged)
        sheet += record(0xE5, struct.pack("<H", len(merged)) + spans)
    sheet += record(0x0A, b"")
    begin = record(0x809, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 6)) + before
    named = struct.pack("<HBB", 0, len(title), 1) + title.encode("utf-16-le")
    offset = len(begin) + 4 + 4 + len(named) + 4
    globe = begin + record(0x85, struct.pack("<I", offset) + named) + record(0x0A, b"")
    path.write_bytes(compound(b"Workbook", globe + sheet))
    return path


def xls_cells(path, rows, *, from_1904=False):
    """Write an XLS in which a cell may be an error, or (shown, number, format)."""
    cells = [cell for row in rows for cell in row]
    formats = sorted({cell[2] for cell in cells if isinstance(cell, tuple)})
    before = record(0x22, struct.pack("<H", int(from_1904)))
    for number, code in enumerate(formats):
        text = code.encode("utf-16-le")
        before += record(0x41E, struct.pack("<HHB", 164 + number, len(code), 1) + text)
    for number in range(-1, len(formats)):  # the first look is that of all other cells
        before += record(0xE0, struct.pack("<HH16x", 0, 164 + number if number >= 0 else 0))
    plain = [[_of_xls(cell, formats) for cell in row] for row in rows]
    return xls(path, plain, before=before)


def _of_xls(cell, formats):
    return (cell[1], formats.index(cell[2]) + 1) if isinstance(cell, tuple) else cell


def record(kind, content):
    return struct.pack("<HH", kind, len(content)) + content


def cell_record(at, column, cell):
    cell, look = cell if isinstance(cell, tuple) else (cell, 0)
    place = struct.pack("<HHH", at, column, look)
    if cell is None:
        return b""
    if cell in ERRORS:
        return record(0x205, place + struct.pack("<BB", ERRORS[cell], 1))
    if isinstance(cell, str) and cell.startswith("="):  # a formula with its stored result
        kind, value = (2, ERRORS[cell[1:]]) if cell[1:] in ERRORS else (1, int(cell == "=TRUE"))
        result = struct.pack("<BxBxxxH", kind, value, 0xFFFF)
        return record(0x06, place + result + struct.pack("<HIHB", 0, 0, 2, 0x1D) + b"\x01")
    if isinstance(cell, str):
        text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
        return record(0x204, place + text)
    return record(0x203, place + struct.pack("<d", cell))


def compound(name, stream):
    """Return a compound file of one stream: header, table of sectors, directory, the stream."""
    stream = stream.ljust(max(SMALLEST, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    count = len(stream) // SECTOR
    table = [TABLE, END, *range(3, count + 2), END]
    sectors = struct.pack(f"<{len(table)}I", *table).ljust(SECTOR, b"\xff")
    folder = entry(b"Root Entry", 5, child=1, start=END, size=0)
    folder += entry(name, 2, child=FREE, start=2, size=len(stream))
    folder += entry(b"", 0, child=FREE, start=0, size=0) * 2
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, SMALLEST, END, 0, END, 0, 0)
    return head + struct.pack("<108I", *[FREE] * 108) + sectors + folder + stream


def entry(name, kind, *, child, start, size):
    text = name.decode().encode("utf-16-le")
    length = len(text) + 2 if name else 0
    packed = text.ljust(64, b"\0") + struct.pack("<HBBIII", length, kind, 1, FREE, FREE, child)
    return packed + bytes(36) + struct.pack("<IQ", start, size)


OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
MIME = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = (
    f'<m:manifest xmlns:m="{OFFICE}:manifest:1.0">'
    f'<m:file-entry m:full-path="/" m:media-type="{MIME}"/></m:manifest>'
)


def ods(path, rows, *, title="Sheet1"):
    """Write an ODS of texts and numbers."""
    lines = "".join(
        f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows
    )
    content = (
        f'<office:document-content xmlns:office="{OFFICE}:office:1.0" '
        f'xmlns:table="{OFFICE}:table:1.0" xmlns:text="{OFFICE}:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="{title}">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("mimetype", MIME)
        parts.writestr("content.xml", content)
        parts.writestr("META-INF/manifest.xml", MANIFEST)
    return path


def ods_cells(path, rows):
    """Write an ODS in which a cell may be an error, or (shown, number, format)."""
    return ods(path, rows)


def ods_cell(cell):
    if cell is None:
        return "<table:table-cell/>"
    shown, cell = cell[:2] if isinstance(cell, tuple) else (cell, cell)
    kind = "string" if isinstance(cell, str) else "float"
    value = "" if isinstance(cell, str) else f' office:value="{cell}"'
    if cell in ERRORS:  # as an office suite has it
        value = ' office:string-value="" table:formula="of:=1/0"'
    return (
        f'<table:table-cell office:value-type="{kind}"{value}><text:p>{shown}</text:p>'
        "</table:table-cell>"
    )
