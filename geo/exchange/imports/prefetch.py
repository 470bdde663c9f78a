"""Ahead: the next piece of work is begun while the last one is still being used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")


def prefetch(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield what `pieces` yields, each but the first made in a thread one step before it is needed.

    Worth it where making a piece and using it keep different cores busy, as checking rows and
    letting the database write them. At most two pieces are there at once. A single piece is made
    without the thread, in which every library would have to begin anew.
    """
    for first in pieces:
        yield from _following(first, pieces)


def _following(piece: Piece, pieces: Iterator[Piece]) -> Iterator[Piece]:
    end = object()
    with ThreadPoolExecutor(1) as thread:
        while piece is not end:
            coming = thread.submit(next, pieces, end)
            yield piece
            piece = coming.result()  # type: ignore[assignment]
