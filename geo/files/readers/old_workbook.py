"""Old workbooks (XLS): how far the cells reach, from the records of the compound file."""

import struct
from collections.abc import Iterator
from typing import Final

SIGN: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD_BYTES: Final = 512
_ENTRY_BYTES: Final = 128
_LAST: Final = 0xFFFFFFFA  # numbers above are marks, not sectors
_SIZES: Final = ((9, 6), (12, 6))  # powers of two of sectors and short sectors
_STREAM, _ROOT = 2, 5
_KINDS: Final = (_STREAM, _ROOT)
_BOOKS: Final = ("workbook", "book")
_DIMENSIONS: Final = 0x0200
_ROW_OF_NUMBERS: Final = 0x00BD
# numbers, labels, formulas and what else puts something into a cell, in all versions of the format
_CELLS: Final = frozenset(
    {0x0006, 0x0206, 0x0406, 0x0003, 0x0203, 0x0004, 0x0204, 0x0005, 0x0205}
    | {0x0002, 0x007E, 0x027E, 0x00D6, 0x00FD, 0x0007, 0x0207}
)
Extent = tuple[int, int, int]


def filled_extent(file: bytes) -> Extent:
    """Return rows and columns up to the last filled cell of any sheet, and how many are filled.

    What a sheet states of its own size counts as well: readers set memory aside for it.

    Raises
    ------
    ValueError
        If the file is cut short or its tables of sectors make no sense.
    """
    rows = columns = cells = 0
    for kind, content in _records(stream_of(file)):
        if kind == _DIMENSIONS:
            last_row, last_column = _stated(content)
        elif kind in _CELLS and len(content) >= 4:
            last_row, last_column = (number + 1 for number in struct.unpack_from("<HH", content))
            cells += 1
        elif kind == _ROW_OF_NUMBERS and len(content) >= 6:
            last_row = struct.unpack_from("<H", content)[0] + 1
            last_column = struct.unpack_from("<H", content, len(content) - 2)[0] + 1
            cells += last_column
        else:
            continue
        rows, columns = max(rows, last_row), max(columns, last_column)
    return rows, columns, cells


def stream_of(file: bytes) -> bytes:
    """Return the stream of the workbook out of its compound file.

    Raises
    ------
    ValueError
        See :func:`filled_extent`.
    """
    try:
        return b"".join(_Compound(file).streams(_BOOKS))
    except (struct.error, IndexError) as error:
        raise ValueError("truncated") from error


def _stated(content: bytes) -> tuple[int, int]:
    """Return the rows and columns that a sheet says it has."""
    if len(content) >= 12:
        _, rows, _, columns = struct.unpack_from("<IIHH", content)
    elif len(content) >= 8:
        _, rows, _, columns = struct.unpack_from("<HHHH", content)
    else:
        rows = columns = 0
    return rows, columns


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size


class _Compound:
    """A compound file: chains of sectors, a folder of streams, short streams apart."""

    def __init__(self, file: bytes) -> None:
        self._file = file
        powers = struct.unpack_from("<HH", file, 30)
        if powers not in _SIZES:
            raise ValueError("sectors of an unknown size")
        self._sector_bytes, self._short_bytes = (1 << power for power in powers)
        folder, _, self._smallest, short_table, short, more, further = struct.unpack_from(
            "<7I", file, 48
        )
        folders, tables = struct.unpack_from("<II", file, 40)
        # readers set aside what is stated, and go round in a circle for ever
        self._most = len(file) // self._sector_bytes
        if max(folders, tables, short, further) > self._most:
            raise ValueError("more sectors than the file has")
        self._table = self._numbers(self._table_sectors(more))
        entries = b"".join(map(self._sector, self._chain(folder, self._table)))
        self._entries = [
            entries[at : at + _ENTRY_BYTES]
            for at in range(0, len(entries) - _ENTRY_BYTES + 1, _ENTRY_BYTES)
        ]
        self._short_table = self._numbers(self._chain(short_table, self._table))

    def streams(self, names: tuple[str, ...]) -> Iterator[bytes]:
        """Yield the content of each stream of one of these names."""
        short = b""
        for entry in self._entries:
            length, kind = struct.unpack_from("<HB", entry, 64)
            begins, size = struct.unpack_from("<II", entry, 116)
            if kind in _KINDS and size > len(self._file):
                raise ValueError("a stream longer than the file")
            if kind == _ROOT and begins <= _LAST:
                short = b"".join(map(self._sector, self._chain(begins, self._table)))
            name = entry[: max(length - 2, 0)].decode("utf-16-le", "replace").lower()
            if kind == _STREAM and name in names:
                yield self._stream(begins, size, short)

    def _stream(self, begins: int, size: int, short: bytes) -> bytes:
        if size >= self._smallest:
            return b"".join(map(self._sector, self._chain(begins, self._table)))[:size]
        step = self._short_bytes
        chain = self._chain(begins, self._short_table)
        return b"".join(short[at * step : (at + 1) * step] for at in chain)[:size]

    def _table_sectors(self, more: int) -> list[int]:
        """Return the sectors that hold the table of sectors: the first ones stand in the head."""
        found = list(struct.unpack_from("<109I", self._file, 76))
        while more <= _LAST:
            *numbers, more = self._numbers([more])
            found += numbers
            if len(found) > len(self._file):
                raise ValueError("sectors in a circle")
        tables = [number for number in found if number <= _LAST]
        if len(tables) > self._most:
            raise ValueError("more sectors than the file has")
        return tables

    def _numbers(self, sectors: list[int]) -> list[int]:
        content = b"".join(map(self._sector, sectors))
        return list(struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4]))

    def _chain(self, begins: int, table: list[int]) -> list[int]:
        found: list[int] = []
        while begins <= _LAST:
            if len(found) > len(table):
                raise ValueError("sectors in a circle")
            found.append(begins)
            begins = table[begins]
        return found

    def _sector(self, number: int) -> bytes:
        at = max(self._sector_bytes, _HEAD_BYTES) + number * self._sector_bytes
        return self._file[at : at + self._sector_bytes]
