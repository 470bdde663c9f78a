"""Content of a file by its first bytes, where its name says otherwise."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from geo.base.errors import SourceError

_HEAD_BYTES: Final = 4096
_TEXTS: Final = (".csv", ".txt", ".tsv")
_BOOKS: Final = (".xlsx", ".xlsm", ".xls", ".ods")
_SIGNS: Final = (
    (b"PK\x03\x04", "archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"),
    (b"%PDF", "pdf"),
    (b"Rar!", "packed"),
    (b"7z\xbc\xaf\x27\x1c", "packed"),
    (b"\x1f\x8b", "packed"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"SQLite format 3\0", "geopackage"),
    (b"PAR1", "parquet"),
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"AC10", "dwg"),
    (b"version https://git-lfs", "pointer"),
)
_MARKUP: Final = (
    (re.compile(rb"<!doctype html|<(?:html|head|body|meta|table|div|script)\b"), "html"),
    (re.compile(rb"<(?:\w+:)?workbook\b"), "xml_book"),
    (re.compile(rb"<kml\b"), "kml"),
    (re.compile(rb"<(?:\?xml|[a-z])"), "xml"),
)
_JSON: Final = re.compile(rb"""\{\s*["}]|\[\s*[{\[\]"]""")
# bytes that no text has
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# what the reader of an ending accepts, beside contents that cannot be recognised
_READ: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        **dict.fromkeys(_TEXTS, frozenset({"text"})),
        **dict.fromkeys(_BOOKS, frozenset({"workbook"})),
        **dict.fromkeys((".geojson", ".json"), frozenset({"json", "text"})),
        ".gpkg": frozenset({"geopackage"}),
        ".shp": frozenset({"shapefile"}),
        ".dxf": frozenset({"text"}),
        ".xml": frozenset({"xml", "xml_book", "kml", "text"}),
        **dict.fromkeys((".parquet", ".geoparquet"), frozenset({"parquet"})),
        ".zip": frozenset({"archive", "workbook"}),
    }
)


def require_content(path: Path) -> None:
    """Refuse a file that is plainly of another kind than its ending says.

    Raises
    ------
    SourceError
        With what it is and what to do.
    """
    ending = path.suffix.lower()
    kind = kind_of(path)
    taken = _READ.get(ending)
    if kind is None or taken is None or kind in taken:
        return
    raise SourceError(f"source.is_{kind}", path=path.name, ending=ending)


def kind_of(path: Path) -> str | None:
    """Return the kind of a file by its content, None if unknown.

    A workbook in a ZIP is one, like an old one; "archive" is any other ZIP.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for sign, kind in _SIGNS:
        if head.startswith(sign):
            return _packed(path) if kind == "archive" else kind
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begin.startswith(b"<"):
        return next((kind for sign, kind in _MARKUP if _begins(sign, kind, begin)), None)
    if _JSON.match(begin):
        return "json"
    return None if not begin or _BINARY.search(head) else "text"


def _begins(sign: re.Pattern[bytes], kind: str, begin: bytes) -> bool:
    """Tell whether markup is of a kind: XML may have a declaration and comments before it."""
    return (sign.match(begin) if kind in ("html", "xml") else sign.search(begin)) is not None


def _packed(path: Path) -> str | None:
    """Return what stands in a ZIP: a workbook, a text document, or other files."""
    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
            office = "mimetype" in names and package.read("mimetype")[:80]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    if any(name.startswith("xl/") for name in names):
        return "workbook"
    if any(name.startswith(("word/", "ppt/")) for name in names):
        return "document"
    if office:
        return "workbook" if b"spreadsheet" in office else "document"
    if any(name.lower().endswith(".kml") for name in names):
        return "kml"
    return "archive"
