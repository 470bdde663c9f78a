"""A buffer in the binary layout of FlatBuffers: tables, vectors and texts.

What is written first is what a reader asks first; references lead forward, as the layout demands.
Places of values are multiples of their size counted from the size that stands before the buffer.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Final

WORD: Final = 4
_SIZES: Final = {"B": 1, "?": 1, "H": 2, "i": 4, "I": 4, "Q": 8, "d": 8}
REFERENCE: Final = "I"
Fields = Mapping[int, tuple[str, object]]
"""By number, the format of a value and the value; of a reference the value is 0 until it is set."""


class FlatBuffer:
    """A buffer with its size before it, to be filled from its root on."""

    def __init__(self) -> None:
        self._data = bytearray(2 * WORD)

    def finish(self) -> bytes:
        """Return the buffer, filled up to a multiple of eight bytes."""
        self._align(8)
        struct.pack_into("<I", self._data, 0, len(self._data) - WORD)
        return bytes(self._data)

    def add_table(self, at: int, fields: Fields) -> dict[int, int]:
        """Add a table and let the reference at `at` lead to it; return where its fields stand.

        Parameters
        ----------
        at
            Where a reference stands; :data:`WORD` for the root of the buffer.
        fields
            Those that the table has.
        """
        self._align(2)
        listing, size = len(self._data), 2 * (2 + max(fields, default=-1) + 1)
        self._data += bytes(size)
        self._align(8, WORD)
        table, places = len(self._data), {}
        self._data += struct.pack("<i", table - listing)
        # the widest first, so that nothing is left free between them
        for number, (form, value) in sorted(fields.items(), key=lambda f: -_SIZES[f[1][0]]):
            places[number] = len(self._data)
            struct.pack_into("<H", self._data, listing + 4 + 2 * number, len(self._data) - table)
            self._data += struct.pack(f"<{form}", value)
        struct.pack_into("<HH", self._data, listing, size, len(self._data) - table)
        self._refer(at, table)
        return places

    def add_text(self, at: int, text: str) -> None:
        """Add a text and let the reference at `at` lead to it."""
        content = text.encode()
        self._align(WORD)
        self._refer(at, len(self._data))
        self._data += struct.pack("<I", len(content)) + content + b"\0"

    def add_vector(self, at: int, count: int, content: bytes, width: int) -> None:
        """Add a vector and let the reference at `at` lead to it.

        Parameters
        ----------
        at
            Where the reference stands.
        count
            How many values it holds.
        content
            The values.
        width
            Bytes of one.
        """
        self._align(max(width, WORD), WORD)
        self._refer(at, len(self._data))
        self._data += struct.pack("<I", count) + content

    def add_references(self, at: int, count: int) -> Sequence[int]:
        """Add a vector of references, to be set; return where they stand."""
        self.add_vector(at, count, bytes(WORD * count), WORD)
        first = len(self._data) - WORD * count
        return range(first, len(self._data), WORD)

    def _refer(self, at: int, to: int) -> None:
        struct.pack_into("<I", self._data, at, to - at)

    def _align(self, width: int, over: int = 0) -> None:
        """Fill up until `over` bytes more end at a multiple of `width`."""
        self._data += bytes(-(len(self._data) + over) % width)
