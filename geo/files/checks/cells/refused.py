"""Columns that are not taken from a file: they hold persons, or addresses of devices."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refused:
    """Headers of columns that are not taken: those with persons, those with device addresses."""

    persons: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    @property
    def columns(self) -> frozenset[str]:
        """All of them."""
        return self.persons | self.addresses


class RefusedLater(Exception):  # noqa: N818 - a turn of the work, no error of anybody's
    """A later part of a file shows columns to be refused: the check starts again without them."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(", ".join(sorted(refused.columns)))
        self.refused = refused
