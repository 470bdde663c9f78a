"""Events for those who listen: written with what happened, read once that is settled.

Write an event in the transaction of what happened, so that both are kept or neither is::

    with open_as(engine, reader) as connection:
        ...  # the change itself
        add_event(
            connection,
            Event("incidents", "moved", code=code, boxes=[(lon, lat, lon, lat)], units=[unit]),
        )

`layer` and `kind` are words that a program reads, `code` names the row. An event carries no texts:
its receivers read the row, by the rules of that row. The event itself decides who receives it
(:mod:`geo.access.event_access`): `action` is the permission that is needed; `boxes` is where the
row was and where it is, both for one that moved; `units` receive it wherever it is; `owner_kind` is
that of a camera, "unknown" where it has none. Without boxes (None) an event concerns every place:
only for events that reveal no place.

Read in the order of transactions, and only of those before which none is still running::

    events = read_events(connection, after)
    after = events[-1].position if events else after

Numbers are given before COMMIT. Who reads by number alone misses what was numbered early and
committed late, without ever noticing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from sqlalchemy import Connection, column, text

from geo.base.errors import InputError
from geo.store import statements

CHANNEL: Final = "govgrid"
"""Of the messages of PostgreSQL that wake who listens: ``LAYER REVISION``."""

Box = tuple[float, float, float, float]

_ADD: Final = text(
    "INSERT INTO govgrid.outbox (layer, code, kind, action, areas, units, owner_kind, boxes, data)"
    " SELECT e.layer, e.code, e.kind, e.action, govgrid.areas_of_boxes(b), e.units, e.owner_kind,"
    "  b, e.data"
    " FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS e (layer text, code text, kind text,"
    "  action text, units text[], owner_kind text, boxes jsonb, data jsonb),"
    " govgrid.collect_boxes(e.boxes) AS b"
)
# `xid8` is compared as such: as text or bigint the index would not be used.
_READ: Final = text(
    "SELECT xact::text::bigint AS xact, id, at, layer, code, kind, action, areas, units,"
    " owner_kind,"
    " ST_XMin(boxes) AS west, ST_YMin(boxes) AS south, ST_XMax(boxes) AS east,"
    " ST_YMax(boxes) AS north, data"
    " FROM govgrid.outbox WHERE (xact, id) > (CAST(:xact AS xid8), :id)"
    " AND xact < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xact, id LIMIT :limit"
).columns(
    *map(
        column,
        (
            *("xact", "id", "at", "layer", "code", "kind", "action", "areas", "units"),
            *("owner_kind", "west", "south", "east", "north", "data"),
        ),
    )
)
# Those that cannot be read yet count as well.
_BEHIND: Final = text(
    "SELECT EXISTS (SELECT FROM govgrid.outbox WHERE (xact, id) > (CAST(:xact AS xid8), :id))"
)
_RECENT: Final = text(
    "SELECT xact::text::bigint AS xact, id FROM (SELECT xact, id FROM govgrid.outbox"
    "  WHERE xact < pg_snapshot_xmin(pg_current_snapshot())"
    "  ORDER BY xact DESC, id DESC LIMIT 1 + :number) AS newest ORDER BY newest.xact, id LIMIT 1"
)
_KNOWN: Final = text(
    "SELECT EXISTS (SELECT FROM govgrid.outbox WHERE (xact, id) = (CAST(:xact AS xid8), :id))"
)
_DELETE_ALL: Final = text("DELETE FROM govgrid.outbox")
# What comes from the future was written by another server, whose data were restored here.
_DELETE: Final = text(
    "DELETE FROM govgrid.outbox WHERE (at < govgrid.now() - :age AND (xact, id) < ("
    "  SELECT xact, id FROM govgrid.outbox ORDER BY xact DESC, id DESC LIMIT 1))"
    " OR xact >= pg_snapshot_xmax(pg_current_snapshot())"
)


@dataclass(frozen=True, order=True)
class Position:
    """Where an event stands in the order of events."""

    xact: int = 0
    id: int = 0

    def __str__(self) -> str:
        """Return it as ``Last-Event-ID`` has it."""
        return f"{self.xact}-{self.id}"

    @classmethod
    def parse(cls, written: str) -> Self:
        """Return the position that a text names.

        Raises
        ------
        InputError
            If it is none.
        """
        xact, mark, number = written.partition("-")
        parts = (xact, number)
        # ISO digits only: `isdigit` takes others as well, and PostgreSQL keeps 63 bits
        if not mark or not all(p.isascii() and p.isdigit() and len(p) < 19 for p in parts):
            raise InputError("events.position", found=written[:40])
        return cls(int(xact), int(number))


@dataclass(frozen=True)
class Event:
    """What happened to what, and what decides who receives it; see the module.

    `data` holds numbers and codes, no texts.
    """

    layer: str
    kind: str
    code: str | None = None
    action: str = "map"
    boxes: Sequence[Box] | None = None
    units: Sequence[str] = ()
    owner_kind: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredEvent:
    """An event as it was written; `box` is around all its boxes, `areas` holds unit_ids.

    `areas` is None where it concerns every place.
    """

    position: Position
    at: datetime
    layer: str
    kind: str
    code: str | None
    action: str
    areas: frozenset[int] | None
    units: frozenset[str]
    owner_kind: str | None
    box: Box | None
    data: Mapping[str, object]


def add_event(connection: Connection, event: Event) -> None:
    """Write an event; see the module.

    Parameters
    ----------
    connection
        Transaction of what happened.
    event
        What happened.
    """
    add_events(connection, [event])


def add_events(connection: Connection, events: Iterable[Event]) -> None:
    """Write events in their order.

    Parameters
    ----------
    connection
        Transaction of what happened.
    events
        What happened.
    """
    rows = [
        {
            "layer": each.layer,
            "code": each.code,
            "kind": each.kind,
            "action": each.action,
            "units": list(each.units),
            "owner_kind": each.owner_kind,
            "boxes": None if each.boxes is None else [list(box) for box in each.boxes],
            "data": dict(each.data),
        }
        for each in events
    ]
    if rows:
        connection.execute(_ADD, {"events": statements.to_json(rows)})


def read_events(
    connection: Connection, after: Position, *, limit: int = 500
) -> tuple[StoredEvent, ...]:
    """Return the events after a position, those of transactions that are over, in order.

    Parameters
    ----------
    connection
        Open transaction with the rights of the reading role, begun after the last one ended.
    after
        Position of the last event that was read.
    limit
        Most events.
    """
    found = connection.execute(_READ, {"xact": str(after.xact), "id": after.id, "limit": limit})
    return tuple(
        StoredEvent(
            Position(row.xact, row.id),
            row.at,
            row.layer,
            row.kind,
            row.code,
            row.action,
            None if row.areas is None else frozenset(row.areas),
            frozenset(row.units),
            row.owner_kind,
            None if row.west is None else (row.west, row.south, row.east, row.north),
            row.data,
        )
        for row in found
    )


def recent_position(connection: Connection, number: int = 0) -> Position:
    """Return the position after which some of the newest events stand; of all, if there are less.

    Parameters
    ----------
    connection
        As for :func:`read_events`.
    number
        How many events stand after it at most; 0: it is that of the newest one.
    """
    row = connection.execute(_RECENT, {"number": number}).one_or_none()
    return Position() if row is None else Position(row.xact, row.id)


def is_behind(connection: Connection, position: Position) -> bool:
    """Return whether there are events after a position, also such as cannot be read yet.

    Parameters
    ----------
    connection
        As for :func:`read_events`.
    position
        Of the last event that was read.
    """
    asked = {"xact": str(position.xact), "id": position.id}
    return bool(connection.execute(_BEHIND, asked).scalar_one())


def is_position_kept(connection: Connection, position: Position) -> bool:
    """Return whether all events after a position are still there.

    Parameters
    ----------
    connection
        As for :func:`read_events`.
    position
        Of an event that was read; events are deleted from the oldest on.
    """
    asked = {"xact": str(position.xact), "id": position.id}
    return bool(connection.execute(_KNOWN, asked).scalar_one())


def delete_old_events(connection: Connection, age: timedelta) -> int:
    """Delete the events that are older than `age`, never the newest one; return how many.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables.
    age
        How long an event is kept.
    """
    return int(connection.execute(_DELETE, {"age": age}).rowcount)


def delete_all_events(connection: Connection) -> int:
    """Delete all events and return how many: numbers of transactions begin anew on another server.

    Who comes back with a position of the old one reads everything anew.
    """
    return int(connection.execute(_DELETE_ALL).rowcount)
