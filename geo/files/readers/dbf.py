"""Tables of Shapefiles (DBF): columns in their order, also those of one name, cells as written."""

import datetime as dt
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.base.errors import SourceError
from geo.files.readers.encoding import Encoding, encoding_of, stated_name, text_of_bytes
from geo.files.readers.limits import check_columns
from geo.files.readers.table import EXACT

Bytes = NDArray[np.bytes_]

_HEAD_BYTES: Final = 32
_FIELD_BYTES: Final = 32
_NAME_BYTES: Final = 11
_END_OF_FIELDS: Final = 0x0D
_DELETED: Final = b"*"
_TRUE: Final = frozenset(b"TtYy")
_FALSE: Final = frozenset(b"FfNn")
_DAY_0: Final = 1721425  # the Julian day before the first of the year 1
_BLANK: Final = b" \0"


@dataclass(frozen=True)
class _Field:
    """One column: its name as bytes, kind and place in a record."""

    name: bytes
    kind: str
    begins: int
    width: int


@dataclass(frozen=True)
class Dbf:
    """DBF table as in the file.

    Attributes
    ----------
    names
        Of the columns, as often as they stand there.
    cells
        One list a column; None where blank.
    deleted
        Which rows are marked as deleted.
    encoding
        Of names and texts, None where all is ASCII.
    """

    names: tuple[str, ...]
    cells: tuple[list[object], ...]
    deleted: NDArray[np.bool_]
    encoding: Encoding | None


def read_dbf(path: Path, shapefile: Path, *, given: str | None, stated: str | None) -> Dbf:
    """Return the table beside a Shapefile.

    Parameters
    ----------
    path
        Of the table.
    shapefile
        Named in refusals.
    given, stated
        Encoding as the user and as a .cpg file says it; a word that names none counts as none.

    Raises
    ------
    SourceError
        If the table is cut short or of an unknown version, or texts beyond ASCII have no encoding.
    """
    raw = path.read_bytes()
    try:
        fields, records = _records(raw)
    except (struct.error, ValueError) as error:
        raise SourceError("source.dbf", path=shapefile.name, table=path.name) from error
    check_columns(shapefile.name, len(fields))
    columns = [records[f"f{number}"] for number in range(len(fields))]
    known = stated if stated and stated_name(stated) else None
    encoding = _encoding(fields, columns, shapefile, given, known)
    return Dbf(
        tuple(_name(field, encoding) for field in fields),
        tuple(
            _column(field, cells, encoding) for field, cells in zip(fields, columns, strict=True)
        ),
        np.asarray(records["deleted"] == _DELETED, dtype=np.bool_),
        encoding,
    )


def _records(raw: bytes) -> tuple[list[_Field], NDArray[np.void]]:
    count, begins, width = struct.unpack_from("<xxxxIHH", raw)
    fields = _fields(raw, begins, width)
    if len(raw) < begins + count * width:
        raise ValueError("fewer records than stated")
    names = ["deleted", *(f"f{number}" for number in range(len(fields)))]
    formats = ["S1", *(f"S{field.width}" for field in fields)]
    offsets = [0, *(field.begins for field in fields)]
    kind = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": width})
    return fields, np.frombuffer(raw, dtype=kind, count=count, offset=begins)


def _fields(raw: bytes, ends: int, width: int) -> list[_Field]:
    found, place = [], 1
    for at in range(_HEAD_BYTES, ends - 1, _FIELD_BYTES):
        if raw[at] == _END_OF_FIELDS:
            break
        name, kind, length, decimals = struct.unpack_from(f"<{_NAME_BYTES}sc4xBB", raw, at)
        # texts longer than a byte can tell have the rest of their length in the next one
        length += 256 * decimals if kind == b"C" else 0
        found.append(_Field(name.partition(b"\0")[0], kind.decode("ascii"), place, length))
        place += length
    if place != width or not all(field.width for field in found):
        raise ValueError("columns that do not fill a record")
    return found


def _encoding(
    fields: Sequence[_Field],
    columns: Sequence[Bytes],
    shapefile: Path,
    given: str | None,
    stated: str | None,
) -> Encoding | None:
    texts = {field.name for field in fields if not field.name.isascii()}
    for field, cells in zip(fields, columns, strict=True):
        if field.kind == "C":
            texts |= {cell for cell in set(cells.tolist()) if not cell.isascii()}
    if not texts:
        return None
    if given is None and stated is None:
        raise SourceError("source.dbf_encoding", path=shapefile.name)
    together = b"\n".join(sorted(texts))
    return encoding_of(lambda: [together], given, stated=stated, name=shapefile.name)


def _name(field: _Field, encoding: Encoding | None) -> str:
    """Return the name of a column; the format cuts long ones, and characters with them."""
    return field.name.decode(encoding.name if encoding else "ascii", "ignore").strip()


def _column(field: _Field, cells: Bytes, encoding: Encoding | None) -> list[object]:
    read = _READERS.get(field.kind, _text)
    known = {cell: read(cell, encoding) for cell in dict.fromkeys(cells.tolist())}
    return [known[cell] for cell in cells.tolist()]


def _text(cell: bytes, encoding: Encoding | None) -> object:
    bare = cell.rstrip(_BLANK)
    if not bare.strip(_BLANK):
        return None
    return text_of_bytes(bare, encoding) if encoding else bare.decode("ascii", "replace")


def _number(cell: bytes, encoding: Encoding | None) -> object:
    """Return a number; whole ones to the last digit, unless a program has lost some of them."""
    text = cell.strip(_BLANK)
    if not text.strip(b"*"):  # the library writes stars for no number
        return None
    try:
        whole = int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return _text(cell, encoding)
    # of the numbers beyond the exact ones hardly any is one that a float can hold
    return float(whole) if abs(whole) >= EXACT and int(float(whole)) == whole else whole


def _date(cell: bytes, encoding: Encoding | None) -> object:
    text = cell.strip(_BLANK).decode("ascii", "replace")
    if not text.strip("0"):
        return None
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return _text(cell, encoding)


def _logical(cell: bytes, _: Encoding | None) -> object:
    if cell and cell[0] in _TRUE:
        return True
    return False if cell and cell[0] in _FALSE else None


def _integer(cell: bytes, _: Encoding | None) -> object:
    return int(struct.unpack("<i", cell.ljust(4, b"\0"))[0])


def _double(cell: bytes, _: Encoding | None) -> object:
    number = float(struct.unpack("<d", cell.ljust(8, b"\0"))[0])
    return None if np.isnan(number) else number


def _moment(cell: bytes, _: Encoding | None) -> object:
    day, milliseconds = struct.unpack("<ii", cell.ljust(8, b"\0"))
    if not _DAY_0 < day <= _DAY_0 + dt.date.max.toordinal():
        return None
    date = dt.datetime.fromordinal(day - _DAY_0)
    return date + dt.timedelta(milliseconds=milliseconds)


_READERS: Final[dict[str, Callable[[bytes, Encoding | None], object]]] = {
    "N": _number,
    "F": _number,
    "D": _date,
    "L": _logical,
    "I": _integer,
    "B": _double,
    "O": _double,
    "T": _moment,
}
