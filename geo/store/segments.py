"""Rows as byte segments by code, in a file that all processes of a machine map into memory."""

import mmap
import os
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Row = tuple[str, Sequence[bytes]]
"""A code and the segments of its row; all rows have as many."""

Piece = Callable[[int, int], bytes]
"""Gives the segments of a row from the first up to, but not including, the second."""

HEAD: Final = 4
"""So many numbers stand first: rows, bytes of a code, segments of a row, bytes of all segments."""


@dataclass(frozen=True)
class Segments:
    """Rows by code, ascending: segment `j` of row `i` is ``parts[part[i]][bounds[i, j]:…]``.

    A row's segments follow each other, and in a file so do the rows.
    """

    codes: NDArray[np.bytes_]
    bounds: NDArray[np.int64]
    part: NDArray[np.uint16]
    parts: tuple[Any, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    def position(self, code: str, *, after: bool = False) -> int:
        """Return where a code stands or would stand; with `after` where greater ones begin."""
        width = self.codes.dtype.itemsize
        encoded = code.encode()
        # a longer one is behind all that are equal as far as they go
        side = "right" if after or len(encoded) > width else "left"
        asked = np.array(encoded[:width], dtype=self.codes.dtype)
        return int(np.searchsorted(self.codes, asked, side=side))  # type: ignore[call-overload]

    def positions(self, codes: Sequence[str]) -> NDArray[np.intp]:
        """Return the positions of codes, -1 for those that are not there."""
        asked = _as_codes(codes)
        if not len(asked) or not len(self):
            return np.full(len(asked), -1, dtype=np.intp)
        found = np.minimum(np.searchsorted(self.codes, asked), len(self) - 1)
        return np.where(self.codes[found] == asked, found, -1).astype(np.intp)

    def code(self, row: int) -> str:
        """Return the code of a row."""
        return bytes(self.codes[row]).decode()

    def piece(self, row: int, first: int, last: int) -> bytes:
        """Return the segments of a row from `first` up to, but not including, `last`."""
        return _piece(self.parts[self.part[row]], self.bounds[row], first, last)

    def pieces(self, rows: NDArray[np.intp]) -> Iterator[Piece]:
        """Yield for each of several rows what gives its segments, as :meth:`piece` does."""
        for part, bounds in zip(self.part[rows].tolist(), self.bounds[rows].tolist(), strict=True):
            yield partial(_piece, self.parts[part], bounds)

    def join(self, rows: NDArray[np.intp], first: int, last: int) -> bytes:
        """Return these segments of several rows, one after the other."""
        starts, ends, part = self.bounds[rows, first], self.bounds[rows, last], self.part[rows]
        if (part[1:] == part[:-1]).all() and (starts[1:] == ends[:-1]).all():
            return bytes(self.parts[part[0]][starts[0] : ends[-1]])
        return b"".join(
            self.parts[p][a:b]
            for p, a, b in zip(part.tolist(), starts.tolist(), ends.tolist(), strict=True)
        )

    def patch(self, gone: Set[str], rows: Iterable[Row]) -> "Segments":
        """Return the same without some rows, and with others in their order."""
        codes, bounds, blob = _packed(rows)
        before = self.bounds
        if not len(codes):
            bounds = np.empty((0, before.shape[1]), dtype=np.int64)
        elif not len(self):  # how many segments a row has only rows say
            before = np.empty((0, bounds.shape[1]), dtype=np.int64)
        at = self.positions(sorted({*gone, *(bytes(c).decode() for c in codes)}))
        stay = np.ones(len(self), dtype=bool)
        stay[at[at >= 0]] = False
        every = np.concatenate([self.codes[stay], codes])
        part = np.concatenate(
            [self.part[stay], np.full(len(codes), len(self.parts), dtype=np.uint16)]
        )
        order = np.argsort(every, kind="stable")
        return Segments(
            every[order],
            np.concatenate([before[stay], bounds])[order],
            part[order],
            (*self.parts, blob),
        )


def keep_in_memory(rows: Iterable[Row]) -> Segments:
    """Return rows, ascending by code, as segments of this process alone."""
    codes, bounds, blob = _packed(rows)
    return Segments(codes, bounds, np.zeros(len(codes), dtype=np.uint16), (blob,))


def write_file(path: Path, rows: Iterable[Row]) -> None:
    """Write rows, ascending by code, into a file that its owner alone may read.

    The file is there when it is complete, and not before.

    Parameters
    ----------
    path
        Of the file; its folder is made.
    rows
        Each with as many segments.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as file:
            _write(file, rows)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def map_file(path: Path) -> Segments:
    """Return the rows of a file, mapped into memory once for all processes."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    count, width, segments, size = np.frombuffer(mapped, dtype=np.int64, count=HEAD).tolist()
    first = HEAD * 8
    bounds_at = first + size + -size % 8
    codes_at = bounds_at + count * (segments + 1) * 8
    bounds = np.frombuffer(mapped, np.int64, count * (segments + 1), bounds_at)
    codes = np.frombuffer(mapped, f"S{width}", count, codes_at)
    part = np.zeros(count, dtype=np.uint16)
    return Segments(codes, bounds.reshape(count, segments + 1) + first, part, (mapped,))


def _write(file: Any, rows: Iterable[Row]) -> None:  # noqa: ANN401 - an open file
    file.write(bytes(HEAD * 8))
    codes, bounds, size, segments = [], [], 0, 0
    for code, pieces in rows:
        codes.append(code)
        bounds.append(_ends(size, pieces))
        size, segments = bounds[-1][-1], len(pieces)
        file.write(b"".join(pieces))
    file.write(bytes(-size % 8))
    file.write(np.array(bounds, dtype=np.int64).tobytes())
    packed = _as_codes(codes)
    file.write(packed.tobytes())
    file.seek(0)
    file.write(np.array([len(codes), packed.dtype.itemsize, segments, size], np.int64).tobytes())


def _packed(rows: Iterable[Row]) -> tuple[NDArray[np.bytes_], NDArray[np.int64], bytes]:
    codes, bounds, size = [], [], 0
    parts: list[bytes] = []
    for code, pieces in rows:
        codes.append(code)
        bounds.append(_ends(size, pieces))
        size = bounds[-1][-1]
        parts.extend(pieces)
    found = np.array(bounds, dtype=np.int64).reshape(len(codes), -1 if codes else 1)
    return _as_codes(codes), found, b"".join(parts)


def _ends(start: int, pieces: Sequence[bytes]) -> list[int]:
    found = [start]
    for piece in pieces:
        found.append(found[-1] + len(piece))
    return found


def _piece(blob: Any, bounds: Sequence[int], first: int, last: int) -> bytes:  # noqa: ANN401 - mapped or bytes
    return bytes(blob[bounds[first] : bounds[last]])


def _as_codes(codes: Sequence[str]) -> NDArray[np.bytes_]:
    if not codes:
        return np.empty(0, dtype="S1")
    return np.array([code.encode() for code in codes])
