"""Ahead: the next piece of work is begun while the last one is still being used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")


def ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield what `pieces` yields, each made in a thread of its own one step before it is asked for.

    Worth it where making a piece and using it keep different cores busy, as checking rows and
    letting the database write them. At most two pieces are there at once.
    """
    end = object()
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, pieces, end)
        while (piece := coming.result()) is not end:
            coming = thread.submit(next, pieces, end)
            yield piece  # type: ignore[misc]
