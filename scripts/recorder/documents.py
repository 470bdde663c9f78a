"""Files as lines of text that say all that a reader finds in them, without when they were made."""

import io
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .normal import Normal, short_digest

# A library or a picture within a page: told by its digest, so that pages stay readable.
LONGEST_LINE = 20_000
TEXTS = frozenset({".csv", ".json", ".geojson", ".html", ".txt", ".xml", ".prj", ".cpg", ".qmd"})
_DRAWING_BY_CHANCE = re.compile(r"\$(?:TD|TDU)\w+|\$(?:FINGERPRINT|VERSION)GUID")


def lines(content: bytes, ending: str, normal: Normal) -> list[str]:
    """Return what a file says; of a kind that is not known, its length and digest.

    Parameters
    ----------
    content
        The bytes of the file.
    ending
        How its name ends, with the dot.
    normal
        What is replaced.
    """
    read = _READERS.get(ending)
    if ending in TEXTS:
        return _text(content, normal)
    if read is None:
        return [f"{len(content)} bytes {short_digest(content)}"]
    try:
        return [_short(normal.text(line)) for line in read(content)]
    except Exception as error:
        return [f"unreadable: {type(error).__name__}", f"{len(content)} bytes"]


def _text(content: bytes, normal: Normal) -> list[str]:
    written = normal.text(content.decode("utf-8", "backslashreplace"))
    return [_short(line) for line in written.splitlines()]


def _short(line: str) -> str:
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[:200]}… {len(line)} letters {short_digest(line.encode())}"


def _workbook(content: bytes) -> list[str]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content))
    found = []
    for sheet in book.worksheets:
        found.append(f"[{sheet.title}] {sheet.dimensions} {sheet.sheet_state} {sheet.freeze_panes}")
        found += _rules(sheet)
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None or cell.comment:
                    note = f" # {cell.comment.text}" if cell.comment else ""
                    look = f" {cell.number_format} {cell.fill.fgColor.rgb}"
                    found.append(f"{cell.coordinate} {cell.value!r}{look}{note}")
    return found


def _rules(sheet: Any) -> list[str]:
    found = [
        f"validation {rule.sqref} {rule.type} {rule.formula1}"
        for rule in sheet.data_validations.dataValidation
    ]
    foot = [part.text for part in (sheet.oddFooter.left, sheet.oddFooter.right) if part.text]
    return [*sorted(found), f"foot {foot}", f"protected {sheet.protection.sheet}"]


def _package(content: bytes) -> list[str]:
    with tempfile.NamedTemporaryFile(suffix=".gpkg") as file:
        Path(file.name).write_bytes(content)
        connection = sqlite3.connect(file.name)
        try:
            return _tables(connection)
        finally:
            connection.close()


def _tables(connection: sqlite3.Connection) -> list[str]:
    named = "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
    found = []
    for name, statement in connection.execute(named).fetchall():
        if name.startswith("rtree_"):
            continue
        found.append(" ".join(str(statement).split()))
        rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
        found += [repr(tuple(map(_cell, row))) for row in rows]
    return found


def _cell(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _parquet(content: bytes) -> list[str]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(io.BytesIO(content))
    schema = [f"{each.name} {each.type}" for each in table.schema]
    geo = (table.schema.metadata or {}).get(b"geo", b"").decode()
    rows = [repr({n: _cell(v) for n, v in row.items()}) for row in table.to_pylist()]
    return [*schema, geo, *rows]


def _drawing(content: bytes) -> list[str]:
    written = content.decode("utf-8", "backslashreplace").splitlines()
    found, skipped = [], 0
    for line in written:
        if _DRAWING_BY_CHANCE.search(line):
            skipped = 3  # its name, the number of its kind, its value
        if skipped:
            skipped -= 1
            continue
        found.append(line)
    return found


def _table_of_shapes(content: bytes) -> list[str]:
    undated = content[:1] + b"\0\0\0" + content[4:]  # its second to fourth byte are a day
    return [f"{len(content)} bytes {short_digest(undated)}"]


def _archive(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [f"{i.filename} {i.file_size} {i.CRC}" for i in archive.infolist()]


_READERS: dict[str, Callable[[bytes], list[str]]] = {
    ".xlsx": _workbook,
    ".gpkg": _package,
    ".parquet": _parquet,
    ".dxf": _drawing,
    ".dbf": _table_of_shapes,
    ".zip": _archive,
}
