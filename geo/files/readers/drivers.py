"""One driver for each ending: no content makes the library open other files or addresses."""

import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from geo.base.errors import SourceError
from geo.files.readers.limits import damaged_error, sibling_file

_SHAPE_SIGN: Final = b"\x00\x00\x27\x0a"
_SQLITE_SIGN: Final = b"SQLite format 3\x00"
_ESRI: Final = re.compile(rb'"(?:spatialReference|geometryType)"')
_HEAD_BYTES: Final = 65536
_SPACE: Final = rb"(?:\s|/\*.*?\*/|//[^\n]*\n)*"
# in either kind of quotes, with letters escaped, with comments: the library reads all of it
_CRS_OBJECT: Final = re.compile(
    rb"""(["'])(?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)\1(?=%(s)s:%(s)s\{)""" % {b"s": _SPACE},
    re.DOTALL,
)
_NUL_ESCAPE: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
# what a table of a GeoPackage is made of; its index of places is the one virtual table
_PLAIN: Final = re.compile(
    r"CREATE\s+(?:TABLE|(?:UNIQUE\s+)?INDEX|TRIGGER)\s"
    r"|CREATE\s+VIRTUAL\s+TABLE\s+\S+\s+USING\s+rtree\b",
    re.IGNORECASE,
)
_COMPUTED: Final = (2, 3)  # kinds of columns that are computed when they are read


@contextmanager
def json_source(path: Path, raw: bytes, *, changed: bool = False) -> Iterator[str]:
    """Yield the name by which GDAL opens a GeoJSON file: with its own driver and nothing else.

    GDAL would fetch the address in a ``crs`` member of the old kind, and end a text at an escaped
    NUL; a file with either is read from a temporary copy without them.

    Parameters
    ----------
    path
        The file.
    raw
        Its text in UTF-8.
    changed
        Whether `raw` differs from the bytes of the file: the copy is needed then too.
    """
    head = raw[:_HEAD_BYTES]
    esri = _ESRI.search(head) and b'"FeatureCollection"' not in head
    driver = "ESRIJSON" if esri else "GeoJSON"
    safe = raw
    if b"crs" in raw or b"\\u00" in raw:
        safe = _NUL_ESCAPE.sub(rb"\1\\u001a", _CRS_OBJECT.sub(rb'"-crs"', raw))
    if safe == raw and not changed:
        yield f"{driver}:{path.absolute()}"
        return
    with tempfile.NamedTemporaryFile(suffix=path.suffix) as copy:
        copy.write(safe)
        copy.flush()
        yield f"{driver}:{copy.name}"


def shapefile_source(path: Path) -> str:
    """Return what the library is to open of a Shapefile.

    Raises
    ------
    SourceError
        If the file or its index is of another kind.
    """
    for file in (path, sibling_file(path, ".shx")):
        if file is not None:
            _require_sign(path, file, _SHAPE_SIGN)
    return _named(path)


def geopackage_source(path: Path) -> str:
    """Return what the library is to open of a GeoPackage.

    Raises
    ------
    SourceError
        If the file is of another kind, or holds a view, a virtual table or a computed column:
        reading those calls functions of the library that open files.
    """
    _require_sign(path, path, _SQLITE_SIGN)
    try:
        computed = _computed(path)
    except sqlite3.Error as error:
        raise damaged_error(path, error) from error
    if computed:
        raise SourceError("source.view", path=path.name, name=computed[:100])
    return _named(path)


def _named(path: Path) -> str:
    # the library's wrapper takes what stands before the sign for an archive
    if "!" in str(path.absolute()):
        raise SourceError("source.name", path=path.name, sign="!")
    return str(path.absolute())


def _require_sign(path: Path, file: Path, sign: bytes) -> None:
    with file.open("rb") as content:
        if content.read(len(sign)) != sign:
            raise damaged_error(path, ValueError())


def _computed(path: Path) -> str | None:
    """Return the name of something in a GeoPackage that is computed when it is read."""
    # beside a log of changes the file alone is not the whole
    fixed = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    address = f"{path.absolute().as_uri()}?mode=ro{fixed}"
    with closing(sqlite3.connect(address, uri=True)) as database:
        database.execute("PRAGMA trusted_schema = OFF")
        made = database.execute("SELECT name, type, sql FROM sqlite_master WHERE sql <> ''")
        for name, kind, statement in made.fetchall():
            if not _PLAIN.match(str(statement)):
                return str(name)
            columns = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (?, ?)"
            found = database.execute(columns, (name, *_COMPUTED)).fetchone()
            if kind == "table" and found and not str(name).lower().startswith("rtree_"):
                return f"{name}.{found[0]}"
    return None
