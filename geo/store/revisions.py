"""Revisions of layers, for caches: a layer that was written to has another revision."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, PoolProxiedConnection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from geo.base import clock
from geo.base.errors import UnavailableError
from geo.store.driver_errors import translate_error

Revisions = tuple[tuple[str, int], ...]
_READ = text("SELECT layer, revision FROM govgrid.layer_revision ORDER BY layer")
_DAY = text("SELECT govgrid.today()")
# One row that is compared whole: where nothing was written it needs not be taken apart.
_PREPARE = (
    "PREPARE govgrid_revisions AS SELECT govgrid.today(), array_agg(layer ORDER BY layer),"
    " array_agg(revision ORDER BY layer) FROM govgrid.layer_revision"
)
_CLOCK = "SELECT set_config('govgrid.clock', %s, false)"
_MARKS = text(
    "SELECT r.layer, c.mark FROM govgrid.layer_revision r JOIN govgrid.layer_change c"
    " USING (layer, revision) WHERE r.layer = ANY(:layers) ORDER BY r.layer"
)
_CHANGES = text(
    "SELECT revision, codes FROM govgrid.layer_change"
    " WHERE layer = :layer AND revision > :before AND revision <= :now"
)


def read_revisions(connection: Connection) -> Revisions:
    """Return the revision of every layer, with the day, from which on other areas may be valid.

    A cache reads it before what it keeps: what is written meanwhile then makes it stale.
    """
    day = connection.execute(_DAY).scalar_one()
    rows = connection.execute(_READ).all()
    return (("", day.toordinal()), *((row.layer, row.revision) for row in rows))


def current_revisions(connection: Connection) -> "LayerRevisions":
    """Return :class:`LayerRevisions` as this transaction sees them."""
    return LayerRevisions(
        connection.execute(_DAY).scalar_one(),
        {row.layer: row.revision for row in connection.execute(_READ)},
    )


def state_marks(connection: Connection, layers: Iterable[str]) -> tuple[str, ...]:
    """Return names for the states of layers, distinct even after a database was restored.

    Parameters
    ----------
    connection
        Open transaction.
    layers
        Names of the layers; the result is in alphabetical order.
    """
    found = connection.execute(_MARKS, {"layers": list(layers)})
    return tuple(f"{row.layer} {row.mark}" for row in found)


def changed_codes(
    connection: Connection, layer: str, *, before: int, now: int
) -> frozenset[str] | None:
    """Return which rows of a layer were written between two revisions; None: any may have been.

    Parameters
    ----------
    before, now
        The revision that is kept, and the newer one.
    """
    found = connection.execute(_CHANGES, {"layer": layer, "before": before, "now": now}).all()
    if len(found) != now - before or any(row.codes is None for row in found):
        return None
    return frozenset(code for row in found for code in row.codes)


@dataclass(frozen=True)
class LayerRevisions:
    """The revision of every layer, and the day."""

    day: date
    by_layer: Mapping[str, int]

    def of(self, layers: Iterable[str]) -> tuple[int, ...]:
        """Return what a value made of some layers is kept under: the day and their revisions."""
        return (self.day.toordinal(), *(self.by_layer[layer] for layer in layers))


class RevisionReader:
    """Reads all revisions in a tenth of a millisecond, on a connection of its own.

    One thread at a time may ask.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._row: Any = None
        self._clock = ""
        self._found: LayerRevisions | None = None

    def read(self) -> LayerRevisions:
        """Return the revisions of this moment; the same object as before where nothing changed.

        Raises
        ------
        UnavailableError
            If the database cannot be reached.
        """
        try:
            row = self._asked()
        except (psycopg2.Error, DBAPIError):
            self.close()
            try:  # the server may have been started anew since the last question
                row = self._asked()
            except (psycopg2.Error, DBAPIError) as error:
                self.close()
                raise translate_error(error) from error
            except PoolTimeout as error:
                raise UnavailableError("store.busy") from error
        if self._found is None or row != self._row:
            self._row = row
            self._found = LayerRevisions(row[0], dict(zip(row[1], row[2], strict=True)))
        return self._found

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _asked(self) -> Any:  # noqa: ANN401 - a row
        if self._connection is None:
            self._connection = self._engine.raw_connection()
            self._connection.driver_connection.autocommit = True  # type: ignore[union-attr]
            self._clock = ""
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(_PREPARE)
        at = clock.set_time()
        set_to = "" if at is None else at.isoformat()
        with closing(self._connection.cursor()) as cursor:
            if set_to != self._clock:
                cursor.execute(_CLOCK, (set_to,))
                self._clock = set_to
            cursor.execute("EXECUTE govgrid_revisions")
            return cursor.fetchone()
