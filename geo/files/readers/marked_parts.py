"""Markings of state secrets in files that are made of parts: workbooks, archives, databases."""

import io
import re
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Final

from geo.base import marking
from geo.base.errors import SourceError
from geo.files.readers import limits, marked_text
from geo.files.readers.marked_text import Found

_BOOKS: Final = (".xlsx", ".xlsm", ".ods")
_SHEET: Final = re.compile(r"xl/worksheets/sheet(\d+)\.xml$")
_SHARED: Final = "xl/sharedStrings.xml"
_NAMES: Final = "xl/workbook.xml"
_TEXT: Final = re.compile(r"<si>.*?</si>|<si/>", re.DOTALL)
_CELL: Final = re.compile(r'<c r="[A-Z]+(\d+)"[^>]*t="s"[^>]*><v>(\d+)</v>')
_TAG: Final = re.compile(r"<[^<>]*>")
_ROW: Final = re.compile(r'[^>]*?r="(\d+)"')
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError)


def in_workbook(path: Path | IO[bytes]) -> Iterator[Found]:
    """Yield the first marking in a workbook, with sheet and row if it is in a cell."""
    with _opened(path) as archive:
        for part in _parts(archive):
            found = _in_part(archive, part)
            if found is not None:
                yield _placed(archive, part.filename, found)
                return
        yield from _in_neighbours(archive)


def in_archive(path: Path) -> Iterator[Found]:
    """Yield markings in a ZIP, in the names of its files as well."""
    from geo.files.readers.zip_archive import meant_name

    with _opened(path) as archive:
        names = (marking.find_marking(meant_name(part)) for part in archive.infolist())
        yield from (Found(marked[0], "name") for marked in names if marked is not None)
        for part in _parts(archive):
            found = _in_part(archive, part)
            if found is not None:
                yield found


def in_geopackage(path: Path) -> Iterator[Found]:
    """Yield markings in the tables of a GeoPackage; nothing that the file says is run."""
    try:
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            base.text_factory = lambda raw: raw.decode("utf-8", "ignore")
            for (made,) in base.execute("SELECT sql FROM sqlite_master WHERE type <> 'table'"):
                marked = marking.find_marking(made or "")
                if marked is not None:
                    yield Found(marked[0], "sheet_name")
            tables = base.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
                " AND sql NOT LIKE '%VIRTUAL%' ORDER BY"
                " name LIKE 'gpkg%' OR name LIKE 'rtree%' OR name LIKE 'sqlite%', name"
            ).fetchall()
            for number, (name, made) in enumerate(tables, start=1):
                marked = marking.find_marking(made)
                if marked is not None:
                    yield Found(marked[0], "sheet_name")
                numbered = "rowid" if "without rowid" not in made.lower() else "0"
                yield from _in_table(base, name, numbered, number)
    except sqlite3.DatabaseError:
        return  # damaged: the reader says so


def in_dbf(path: Path) -> Iterator[Found]:
    """Yield the first marking in the table of a Shapefile, with the number of the record."""
    with path.open("rb") as file:
        found = _in_padded(file)
        if found is None:
            return
        file.seek(0)
        start, length = struct.unpack_from("<8xHH", file.read(32).ljust(32, b"\0"))
        file.seek(start)
        for row, record in enumerate(iter(lambda: file.read(length), b""), start=1):
            if _in_padded(io.BytesIO(record)) is not None:
                yield Found(found.grade, "record", {"row": row})
                return
    yield found


def in_parquet(path: Path) -> Iterator[Found]:
    """Yield markings in the texts of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            found = marked_text.in_bytes(str(schema).encode())
            if found is not None:
                yield Found(found[0])
            texts = [f.name for f in schema if not _is_plain(f.type)]
            first = 1
            for batch in file.iter_batches(columns=texts) if texts else ():
                for row, cells in enumerate(batch.to_pylist(), start=first):
                    yield from _in_cells(cells.values(), "record", row=row)
                first += batch.num_rows
    except (pa.ArrowException, OSError, ValueError):
        return  # damaged: the reader says so


def in_old_workbook(path: Path) -> Iterator[Found]:
    """Yield markings in the visible sheets of a workbook of the old kind."""
    from geo.files.readers.workbook import read_workbook

    try:
        tables = read_workbook(path, sheet=None, all_sheets=True, header_row=1, known=None)
        for number, table in enumerate(tables, start=1):
            yield from _in_cells([table.sheet], "sheet_name")
            yield from _in_cells(table.headers, "cell", sheet=number, row=1)
            for at, cells in zip(table.rows.index, table.rows.to_numpy(), strict=True):
                row = int(at) - table.rows_ahead
                yield from _in_cells(cells, "cell", sheet=number, row=row)
    except SourceError:
        return  # the reader says so


def _opened(path: Path | IO[bytes]) -> zipfile.ZipFile:
    """Return an archive; an empty one where it is broken, which its reader will say."""
    try:
        return zipfile.ZipFile(path)
    except _BROKEN:
        return zipfile.ZipFile(io.BytesIO(), "w")


def _parts(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of an archive.

    Raises
    ------
    SourceError
        If they are too large together.
    """
    parts = [part for part in archive.infolist() if not part.is_dir()]
    size = sum(part.file_size for part in parts)
    if size > limits.MAX_UNPACKED_BYTES:
        raise limits.unpacked_too_large(Path(archive.filename or ""), size)
    return parts


def _in_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Found | None:
    """Return the first marking in a file of an archive, workbooks in it included."""
    try:
        with archive.open(part) as file:
            if part.filename.lower().endswith(_BOOKS):
                return next(in_workbook(io.BytesIO(file.read())), None)
            if part.filename.lower().endswith(".dbf"):
                return _in_padded(io.BytesIO(file.read()))
            return next(marked_text.in_stream(file), None)
    except _BROKEN:
        return None  # the reader says so, where it needs it


def _in_padded(file: IO[bytes]) -> Found | None:
    """Return the first marking in a table of fixed widths."""
    start = file.tell()
    found = next(marked_text.in_stream(file), None)
    if found is None:
        file.seek(start)
        found = next(marked_text.in_stream(file, padded=True), None)
    return found


def _in_neighbours(archive: zipfile.ZipFile) -> Iterator[Found]:
    """Yield the first marking that is split over two cells, whose texts stand apart in the file."""
    try:
        held = _SHARED in archive.namelist()
        texts = (
            [_TAG.sub("", each) for each in _TEXT.findall(_read(archive, _SHARED))] if held else []
        )
    except _BROKEN:
        return  # the reader says so
    known = {n: text for n, text in enumerate(texts) if marking.is_part(text)}
    for name in archive.namelist() if len(known) > 1 else ():
        sheet = _SHEET.search(name)
        cells = (
            [(int(row), int(n)) for row, n in _CELL.findall(_read(archive, name))] if sheet else []
        )
        for (row, first), (_, second) in pairwise(cells):
            marked = marking.find_marking(f"{known.get(first, '')}\0{known.get(second, '')}")
            if sheet and marked is not None:
                yield Found(marked[0], "cell", {"sheet": int(sheet[1]), "row": row})
                return


def _placed(archive: zipfile.ZipFile, part: str, found: Found) -> Found:
    """Return a marking with where people find it in the workbook."""
    if part == _NAMES:
        return Found(found.grade, "sheet_name")
    if part == _SHARED:
        texts = _TEXT.findall(_read(archive, part))
        marked = {n for n, text in enumerate(texts) if marked_text.holds_marking(text)}
        for name in archive.namelist():
            sheet = _SHEET.search(name)
            named = _CELL.findall(_read(archive, name)) if sheet else []
            row = next((int(at) for at, text in named if int(text) in marked), None)
            if sheet and row:
                return Found(found.grade, "cell", {"sheet": int(sheet[1]), "row": row})
    at_sheet = _SHEET.search(part)
    for piece in _read(archive, part).split("<row ")[1:] if at_sheet else ():
        cells, number = piece.partition("</row>")[0], _ROW.match(piece)
        if at_sheet and number and marked_text.holds_marking(f"<row {cells}"):
            at = {"sheet": int(at_sheet[1]), "row": int(number[1])}
            return Found(found.grade, "cell", at)
    return found


def _read(archive: zipfile.ZipFile, part: str) -> str:
    return archive.read(part).decode("utf-8", "replace")


def _in_table(base: sqlite3.Connection, name: str, numbered: str, number: int) -> Iterator[Found]:
    quoted = _quoted(name)
    columns = [
        _quoted(row[1])
        for row in base.execute(f"PRAGMA table_xinfo({quoted})")
        if row[6] == 0  # computed ones are not touched
    ]
    holds = " OR ".join(f"(typeof({each}) = 'text' AND instr({each}, '密'))" for each in columns)
    if not columns:
        return
    chosen = ", ".join(columns)
    rows = base.execute(f"SELECT {numbered}, {chosen} FROM {quoted} WHERE {holds}")  # noqa: S608
    for at, *cells in rows:
        yield from _in_cells(cells, "table", sheet=number, row=at)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _in_cells(cells: Any, place: str, **at: int) -> Iterator[Found]:  # noqa: ANN401 - cells
    texts = [cell for cell in cells if isinstance(cell, str)]
    for text in (*texts, "\0".join(texts)):
        marked = marking.find_marking(text)
        if marked is not None:
            yield Found(marked[0], place, dict(at))


def _is_plain(kind: Any) -> bool:  # noqa: ANN401 - a type of arrow
    import pyarrow.types as types

    kinds = (types.is_integer, types.is_floating, types.is_boolean, types.is_temporal)
    return types.is_binary(kind) or any(is_one(kind) for is_one in kinds)
